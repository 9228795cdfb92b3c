//! Who is added to a chat without its history sees what comes after, and nothing else.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use serde_json::json;
use support::stage;

#[tokio::test]
async fn a_bot_that_is_added_without_the_history_sees_what_comes_after() {
    for (hide, hidden) in [("Y", true), ("N", false)] {
        let (_emulator, handler, app, portal) = stage().await;
        let helper = app.register_v1("helper", &handler).await;
        let fields = json!({"code": "watcher", "type": "supervisor", "properties": {"name": "Watcher"}});
        let made = app.ok("imbot.v2.Bot.register", json!({"fields": fields})).await;
        let watcher = made["bot"]["id"].as_i64().unwrap();
        let chat_id =
            app.ok("imbot.chat.add", json!({"BOT_ID": helper, "TITLE": "Shift", "USERS": [1]})).await;
        let dialog = format!("chat{chat_id}");
        let say = async |text: &str| {
            let params = json!({"BOT_ID": helper, "DIALOG_ID": dialog, "MESSAGE": text});
            app.ok("imbot.message.add", params).await.as_i64().unwrap()
        };
        let (first, second) = (say("first").await, say("second").await);
        let add = json!({"BOT_ID": helper, "CHAT_ID": chat_id, "USERS": [watcher], "HIDE_HISTORY": hide});
        app.ok("imbot.chat.user.add", add.clone()).await;
        let third = say("third").await;

        let about = |id: i64| json!({"botId": watcher, "messageId": id, "reaction": "like"});
        for method in ["imbot.v2.Chat.Message.get", "imbot.v2.Chat.Message.Reaction.add"] {
            if hidden {
                assert_eq!(
                    app.refused(method, about(second), 400).await,
                    "MESSAGE_ACCESS_DENIED",
                    "{method}"
                );
            } else {
                app.ok(method, about(second)).await;
            }
            app.ok(method, about(third)).await;
        }
        let context = app.ok("imbot.v2.Chat.Message.getContext", about(third)).await;
        let ids: Vec<i64> =
            context["messages"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, if hidden { vec![third] } else { vec![first, second, third] });
        assert_eq!(context["hasPrevPage"], false);
        let read = json!({"botId": watcher, "dialogId": dialog});
        let viewed = app.ok("imbot.v2.Chat.Message.read", read).await["viewedMessages"].clone();
        assert_eq!(viewed.as_array().unwrap().len(), if hidden { 1 } else { 3 });

        let send = |fields| json!({"botId": watcher, "dialogId": dialog, "fields": fields});
        let answer = send(json!({"message": "as you said", "replyId": first}));
        let uuid = "6b1cde7e-6f0a-4b5c-8d8e-0a1b2c3d4e5f";
        let forward = send(json!({"forwardIds": {uuid: first}}));
        let like = json!({"BOT_ID": watcher, "MESSAGE_ID": first});
        if hidden {
            assert_eq!(app.refused("imbot.v2.Chat.Message.send", answer, 400).await, "REPLY_ERROR");
            assert_eq!(
                app.refused("imbot.v2.Chat.Message.send", forward, 400).await,
                "MESSAGE_ACCESS_DENIED"
            );
            assert_eq!(app.refused("imbot.message.like", like, 400).await, "WITHOUT_CHANGES");
        } else {
            app.ok("imbot.v2.Chat.Message.send", answer).await;
            app.ok("imbot.v2.Chat.Message.send", forward).await;
            app.ok("imbot.message.like", like).await;
        }
        // Who comes again with the history has it.
        let leave = json!({"BOT_ID": helper, "CHAT_ID": chat_id, "USER_ID": watcher});
        app.ok("imbot.chat.user.delete", leave).await;
        let again = json!({"BOT_ID": helper, "CHAT_ID": chat_id, "USERS": [watcher]});
        app.ok("imbot.chat.user.add", again).await;
        app.ok("imbot.v2.Chat.Message.get", about(first)).await;
        assert_eq!(portal.messages(chat_id.as_i64().unwrap())[0].id, first, "the chat has lost nothing");
    }
}
