//! A user has the events of their chats logged and collects them, alone or together with a bot's.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::Portal;
use serde_json::{Value, json};
use support::{App, post, stage, with_v2_bot};

async fn collected(app: &App, params: Value) -> Value {
    app.ok("im.v2.Event.get", params).await
}

fn types(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().unwrap();
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// A group of the administrator, whose token the application has, and Olga; no bot is in it.
fn group(portal: &Portal) -> (i64, openlines_emulator::Employee) {
    let olga = portal.employee("Olga");
    (portal.group_chat("Shift", &[olga.user_id()]), olga)
}

#[tokio::test]
async fn a_subscribed_user_hears_every_message_of_their_chats_and_nothing_from_before() {
    let (_emulator, handler, app, portal) = stage().await;
    let bot_id = app.register_v1("helper", &handler).await;
    let (ann, ivan) = (portal.client("Ann"), portal.operator("Ivan"));
    ann.says("too early").await;
    assert_eq!(collected(&app, json!({})).await, json!({"events": [], "nextOffset": 0, "hasMore": false}));
    assert_eq!(app.ok("im.v2.Event.subscribe", json!({})).await, true);
    ann.says("not in this chat yet").await;
    app.ok("imopenlines.session.join", json!({"CHAT_ID": ann.chat_id()})).await;
    let said = ann.says("hello").await;
    app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "hi"})).await;
    ivan.answers(&ann).await;
    let page = collected(&app, json!({})).await;
    let all =
        ["ONIMV2JOINCHAT", "ONIMV2MESSAGEADD", "ONIMV2MESSAGEADD", "ONIMV2JOINCHAT", "ONIMV2MESSAGEADD"];
    assert_eq!(types(&page), all, "the bot's words and the portal's notice too");
    let data = |at: usize| page["events"][at]["data"].clone();
    assert_eq!(
        (&data(0)["user"]["id"], &data(0)["dialogId"]),
        (&json!(portal.admin_id()), &json!(ann.dialog_id()))
    );
    assert_eq!((&data(1)["message"]["id"], &data(1)["user"]["connector"]), (&json!(said), &json!(true)));
    assert_eq!((&data(1)["chat"]["dialogId"], &data(1)["language"]), (&json!(ann.dialog_id()), &json!("en")));
    assert!(data(1)["chat"].get("role").is_none() && data(1).get("bot").is_none());
    assert_eq!(data(2)["user"]["id"], bot_id);
    assert_eq!(data(3)["user"]["id"], ivan.user_id());
    assert_eq!(data(4)["message"]["isSystem"], true);
}

#[tokio::test]
async fn edits_deletions_and_reactions_are_events_of_their_own() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    let said = ann.says("helo").await;
    app.ok("imopenlines.session.join", json!({"CHAT_ID": ann.chat_id()})).await;
    app.ok("im.v2.Event.subscribe", json!({})).await;
    ann.edits(said, "hello").await;
    let reaction = json!({"botId": bot_id, "messageId": said, "reaction": "like"});
    app.ok("imbot.v2.Chat.Message.Reaction.add", reaction.clone()).await;
    app.ok("imbot.v2.Chat.Message.Reaction.delete", reaction).await;
    ann.deletes(said).await;
    let page = collected(&app, json!({})).await;
    assert_eq!(
        types(&page),
        ["ONIMV2MESSAGEUPDATE", "ONIMV2REACTIONCHANGE", "ONIMV2REACTIONCHANGE", "ONIMV2MESSAGEDELETE"]
    );
    let data = |at: usize| page["events"][at]["data"].clone();
    assert_eq!(data(0)["message"]["text"], "hello");
    for (at, action) in [(1, "add"), (2, "delete")] {
        assert_eq!((&data(at)["reaction"], &data(at)["action"]), (&json!("like"), &json!(action)));
        assert_eq!(data(at)["user"]["id"], bot_id);
    }
    assert_eq!((&data(3)["messageId"], data(3).get("message")), (&json!(said), None));
    assert_eq!(data(3)["user"]["id"], ann.user_id());
}

#[tokio::test]
async fn an_offset_confirms_and_a_subscription_that_ends_keeps_what_there_was() {
    let (_emulator, _handler, app, portal) = stage().await;
    let (chat_id, olga) = group(&portal);
    let say = async |text: &str| olga.says_in(chat_id, text).await;
    for _ in 0..2 {
        assert_eq!(app.ok("im.v2.Event.subscribe", json!({})).await, true, "it may be repeated");
    }
    for text in ["one", "two", "three"] {
        say(text).await;
    }
    let texts = |page: &Value| -> Vec<Value> {
        page["events"].as_array().unwrap().iter().map(|one| one["data"]["message"]["text"].clone()).collect()
    };
    let first = collected(&app, json!({"limit": 2})).await;
    assert_eq!((texts(&first), &first["hasMore"]), (vec![json!("one"), json!("two")], &json!(true)));
    assert_eq!(texts(&collected(&app, json!({"limit": 2})).await), ["one", "two"], "nothing was confirmed");
    for _ in 0..2 {
        assert_eq!(app.ok("im.v2.Event.unsubscribe", json!({})).await, true);
    }
    say("unheard").await;
    let rest = collected(&app, json!({"offset": first["nextOffset"]})).await;
    assert_eq!((texts(&rest), &rest["hasMore"]), (vec![json!("three")], &json!(false)));
    assert_eq!(texts(&collected(&app, json!({})).await), ["three"], "the others are gone for good");
    let webhook = format!("{}im.v2.Event.get", portal.webhook_url());
    let same = post(&app.http, &webhook, &json!({})).await.1;
    assert_eq!(texts(&same["result"]), ["three"], "the log is the user's, whoever asks");
    portal.clock().advance(std::time::Duration::from_secs(86_400));
    let later = post(&app.http, &webhook, &json!({})).await.1;
    assert!(texts(&later["result"]).is_empty(), "a day is over");
}

#[tokio::test]
async fn a_fetching_bot_gets_the_users_events_in_between_and_one_offset_confirms_both() {
    let (_emulator, _handler, app, portal) = stage().await;
    let bot_id = app.register_fetch("helper").await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    app.ok("imopenlines.session.join", json!({"CHAT_ID": ann.chat_id()})).await;
    app.ok("im.v2.Event.subscribe", json!({})).await;
    ann.says("again").await;
    let both = json!({"botId": bot_id, "withUserEvents": true});
    let page = app.ok("imbot.v2.Event.get", both).await;
    let bots = ["ONIMBOTV2JOINCHAT", "ONIMBOTV2MESSAGEADD"];
    assert_eq!(types(&page), [bots[0], bots[1], "ONIMV2MESSAGEADD", "ONIMBOTV2MESSAGEADD"]);
    let ids: Vec<i64> =
        page["events"].as_array().unwrap().iter().map(|event| event["eventId"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted() && page["nextOffset"] == ids[3] + 1, "{ids:?}");
    let less = json!({"botId": bot_id, "withUserEvents": true, "limit": 3});
    let part = app.ok("imbot.v2.Event.get", less).await;
    assert_eq!(
        (types(&part).len(), &part["nextOffset"], &part["hasMore"]),
        (3, &json!(ids[2] + 1), &json!(true))
    );
    let alone = app.ok("imbot.v2.Event.get", json!({"botId": bot_id})).await;
    assert_eq!(types(&alone), [bots[0], bots[1], bots[1]]);
    let next = json!({"botId": bot_id, "withUserEvents": true, "offset": page["nextOffset"]});
    assert!(types(&app.ok("imbot.v2.Event.get", next).await).is_empty());
    assert!(types(&collected(&app, json!({})).await).is_empty());
}
