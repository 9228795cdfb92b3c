//! Chats, members, dialogs and likes of the first generation.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{App, Handler, SOON, of, only, post, with_v1_bot};

/// The smallest picture that counts as one: the head of a GIF of 1 × 1.
const PICTURE: &str = "R0lGODlhAQABAA==";

#[tokio::test]
async fn a_bot_makes_a_chat_and_finds_it_again() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let olga = portal.employee("Olga").user_id();
    let chat = app
        .ok(
            "imbot.chat.add",
            json!({"TYPE": "OPEN", "TITLE": "Orders", "DESCRIPTION": "All of them", "COLOR": "MINT", "USERS": [olga],
                "MESSAGE": "Welcome", "AVATAR": PICTURE, "ENTITY_TYPE": "SHOP", "ENTITY_ID": "15"}),
        )
        .await
        .as_i64()
        .unwrap();
    assert_eq!(portal.transcript(chat).matches("Welcome").count(), 1);
    let dialog = format!("chat{chat}");
    let seen = app.ok("imbot.chat.get", json!({"dialog_id": dialog})).await;
    assert_eq!((&seen["name"], &seen["description"]), (&json!("Orders"), &json!("All of them")));
    assert_eq!((&seen["message_type"], &seen["type"]), (&json!("O"), &json!("open")));
    assert_eq!((&seen["entity_type"], &seen["color"]), (&json!("SHOP"), &json!("#4ba984")));
    assert_eq!(seen["owner"], bot_id);
    let picture = reqwest::get(seen["avatar"].as_str().unwrap()).await.unwrap();
    assert_eq!(&picture.bytes().await.unwrap()[..6], b"GIF89a");
    let by_entity = json!({"ENTITY_TYPE": "SHOP", "ENTITY_ID": "15"});
    assert_eq!(app.ok("imbot.chat.get", by_entity).await, json!({"ID": chat}));
    assert_eq!(
        app.ok("imbot.chat.get", json!({"ENTITY_TYPE": "SHOP", "ENTITY_ID": "16"})).await,
        Value::Null
    );
    assert_eq!(
        app.ok("imbot.chat.user.list", json!({"CHAT_ID": chat})).await,
        json!([olga, bot_id].iter().copied().collect::<std::collections::BTreeSet<i64>>())
    );
    assert_eq!(app.refused("imbot.chat.add", json!({"USERS": "all"}), 400).await, "INVALID_FORMAT");
    assert_eq!(app.refused("imbot.chat.add", json!({"USERS": [999_999]}), 400).await, "WRONG_REQUEST");
}

#[tokio::test]
async fn chat_methods_look_at_bot_dialog_chat_and_general_chat_in_this_order() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let general = portal.general_chat_id();
    for method in [
        "setOwner",
        "setManager",
        "updateColor",
        "updateTitle",
        "updateAvatar",
        "user.add",
        "user.delete",
        "leave",
    ] {
        let method = format!("imbot.chat.{method}");
        assert_eq!(app.refused(&method, json!({"BOT_ID": 5, "DIALOG_ID": "x"}), 400).await, "BOT_ID_ERROR");
        assert_eq!(
            app.refused(&method, json!({"DIALOG_ID": "27", "CHAT_ID": 5}), 400).await,
            "DIALOG_ID_EMPTY"
        );
        assert_eq!(app.refused(&method, json!({}), 400).await, "CHAT_ID_EMPTY");
        assert_eq!(app.refused(&method, json!({"CHAT_ID": general}), 403).await, "ACCESS_ERROR", "{method}");
    }
    assert_eq!(app.refused("imbot.chat.user.list", json!({}), 400).await, "CHAT_ID_EMPTY");
    assert_eq!(app.ok("imbot.chat.user.list", json!({"CHAT_ID": 5})).await, json!([]));
}

#[tokio::test]
async fn a_chat_changes_its_colour_title_and_picture() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let chat = app.ok("imbot.chat.add", json!({"TITLE": "A", "COLOR": "RED"})).await;
    let board = portal.group_chat("Board", &[]);
    let with = |name: &str, value: &str| json!({"CHAT_ID": chat, name: value});
    let foreign = |name: &str, value: &str| json!({"CHAT_ID": board, name: value});
    assert_eq!(app.refused("imbot.chat.updateColor", with("COLOR", "BLACK"), 400).await, "WRONG_COLOR");
    assert_eq!(app.ok("imbot.chat.updateColor", with("COLOR", "COPILOT")).await, true);
    assert_eq!(app.refused("imbot.chat.updateColor", with("COLOR", "COPILOT"), 400).await, "WRONG_REQUEST");
    assert_eq!(app.refused("imbot.chat.updateTitle", with("TITLE", " "), 400).await, "TITLE_EMPTY");
    assert_eq!(app.refused("imbot.chat.updateTitle", foreign("TITLE", "x"), 403).await, "ACCESS_ERROR");
    assert_eq!(app.ok("imbot.chat.updateTitle", with("TITLE", "B")).await, true);
    assert_eq!(app.refused("imbot.chat.updateAvatar", with("AVATAR", "bm8="), 400).await, "AVATAR_ERROR");
    assert_eq!(
        app.refused("imbot.chat.updateAvatar", foreign("AVATAR", PICTURE), 400).await,
        "ACCESS_DENIED"
    );
    assert_eq!(app.ok("imbot.chat.updateAvatar", with("AVATAR", PICTURE)).await, true);
    let seen = app.ok("imbot.chat.get", json!({"DIALOG_ID": format!("chat{chat}")})).await;
    assert_eq!((&seen["name"], &seen["color"]), (&json!("B"), &json!("#8e52ec")));
    assert_ne!(seen["avatar"], "");
}

#[tokio::test]
async fn members_come_go_and_lead() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let (olga, ivan) = (portal.employee("Olga").user_id(), portal.operator("Ivan").user_id());
    let chat = app.ok("imbot.chat.add", json!({"TITLE": "A"})).await;
    let user = |id: i64| json!({"CHAT_ID": chat, "USER_ID": id});
    for method in ["setOwner", "setManager", "user.delete"] {
        assert_eq!(app.refused(&format!("imbot.chat.{method}"), user(0), 400).await, "USER_ID_EMPTY");
        assert_eq!(app.refused(&format!("imbot.chat.{method}"), user(olga), 400).await, "WRONG_REQUEST");
    }
    let add = json!({"CHAT_ID": chat, "USERS": [olga, ivan]});
    assert_eq!(app.ok("imbot.chat.user.add", add.clone()).await, true);
    assert_eq!(app.refused("imbot.chat.user.add", add, 400).await, "WRONG_REQUEST", "nobody is new");
    assert_eq!(app.ok("imbot.chat.setManager", user(olga)).await, true);
    let managers = |seen: Value| seen["manager_list"].clone();
    let dialog = json!({"DIALOG_ID": format!("chat{chat}")});
    assert_eq!(managers(app.ok("imbot.chat.get", dialog.clone()).await), json!([olga]));
    let revoke = json!({"CHAT_ID": chat, "USER_ID": olga, "IS_MANAGER": "N"});
    assert_eq!(app.ok("imbot.chat.setManager", revoke).await, true);
    assert_eq!(managers(app.ok("imbot.chat.get", dialog.clone()).await), json!([]));
    assert_eq!(app.ok("imbot.chat.user.delete", user(ivan)).await, true);
    assert_eq!(app.ok("imbot.chat.setOwner", user(olga)).await, true);
    assert_eq!(
        app.refused("imbot.chat.user.delete", user(olga), 400).await,
        "WRONG_REQUEST",
        "no longer the owner"
    );
    assert_eq!(app.ok("imbot.chat.leave", json!({"CHAT_ID": chat})).await, true);
    assert_eq!(app.refused("imbot.chat.leave", json!({"CHAT_ID": chat}), 400).await, "WRONG_REQUEST");
    assert_eq!(app.ok("imbot.chat.user.list", json!({"CHAT_ID": chat})).await, json!([olga]));
    assert_ne!(bot_id, olga);
}

#[tokio::test]
async fn a_bot_added_to_a_chat_by_another_hears_of_it() {
    let (_emulator, handler, app, portal, _) = with_v1_bot().await;
    let second = app.register_v1("second", &handler).await;
    let chat = app.ok("imbot.chat.add", json!({"TITLE": "A"})).await;
    app.ok("imbot.chat.user.add", json!({"CHAT_ID": chat, "USERS": [second]})).await;
    portal.settled(SOON).await;
    let join = only(&portal, "ONIMBOTJOINCHAT");
    assert_eq!(join["data"]["PARAMS"]["DIALOG_ID"], format!("chat{chat}"));
    assert_eq!(join["data"]["PARAMS"]["BOT_ID"], second.to_string());
}

#[tokio::test]
async fn a_text_field_that_is_off_stops_people_and_not_bots() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let with = |value: Value| json!({"DIALOG_ID": ann.dialog_id(), "TEXT_FIELD_ENABLED": value});
    let method = "imbot.chat.updateTextFieldEnabled";
    assert_eq!(app.refused(method, with(Value::Null), 400).await, "TEXT_FIELD_ENABLED_EMPTY");
    let foreign = json!({"CHAT_ID": portal.group_chat("Board", &[]), "TEXT_FIELD_ENABLED": "N"});
    assert_eq!(app.refused(method, foreign, 400).await, "ACCESS_ERROR");
    assert_eq!(app.ok(method, with(json!("N"))).await, true);
    app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "still here"})).await;
    let as_admin = json!({"CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY": ann.deal_id(), "USER_ID": bot_id,
        "CHAT_ID": ann.chat_id(), "MESSAGE": "from the bot"});
    app.ok("imopenlines.crm.message.add", as_admin.clone()).await;
    portal.operator("Ivan").takes(&ann).await;
    let mut as_ivan = as_admin;
    as_ivan["USER_ID"] = json!(portal.operator("Ivan").user_id());
    let refused = app.refused("imopenlines.crm.message.add", as_ivan, 400).await;
    assert_eq!(refused, "TEXT_FIELD_DISABLED", "the inner code replaces the documented one");
}

#[tokio::test]
async fn a_dialog_is_seen_with_the_eyes_of_the_tokens_user() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let dialog = |id: &str| json!({"DIALOG_ID": id});
    let seen = app.ok("imbot.dialog.get", dialog(&ann.dialog_id())).await;
    assert_eq!((&seen["type"], &seen["entity_type"]), (&json!("lines"), &json!("LINES")));
    assert_eq!(app.refused("imbot.dialog.get", dialog(""), 400).await, "DIALOG_ID_EMPTY");
    assert_eq!(app.refused("imbot.dialog.get", dialog("room5"), 400).await, "DIALOG_ID_EMPTY");
    assert_eq!(app.refused("imbot.dialog.get", dialog("chat5"), 400).await, "ACCESS_ERROR");
    let own = app.ok("imbot.chat.add", json!({"TITLE": "The admin is not in it"})).await;
    assert_eq!(app.refused("imbot.dialog.get", dialog(&format!("chat{own}")), 403).await, "ACCESS_ERROR");
}

#[tokio::test]
async fn votes_and_likes_stay_with_their_message() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let ann = portal.client("Ann");
    let id = ann.says("hello").await;
    let vote = |rating: &str| json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE_ID": id, "RATING": rating});
    assert_eq!(app.ok("imbot.dialog.vote", vote("like")).await, true);
    assert_eq!(app.refused("imbot.dialog.vote", vote("five"), 400).await, "ERROR_ARGUMENT");
    assert_eq!(app.refused("imbot.dialog.vote", json!({}), 400).await, "DIALOG_ID_EMPTY");
    let foreign = json!({"DIALOG_ID": format!("chat{}", portal.group_chat("Board", &[])), "RATING": "like"});
    assert_eq!(app.refused("imbot.dialog.vote", foreign, 403).await, "ACCESS_ERROR");
    let history = app.ok("imopenlines.session.history.get", json!({"CHAT_ID": ann.chat_id()})).await;
    assert_eq!(history["message"][id.to_string()]["params"]["imolVote"], "like");

    let like = |action: &str| json!({"BOT_ID": bot_id, "MESSAGE_ID": id, "ACTION": action});
    assert_eq!(app.refused("imbot.message.like", json!({}), 400).await, "MESSAGE_ID_ERROR");
    assert_eq!(app.refused("imbot.message.like", json!({"MESSAGE_ID": 5}), 400).await, "WITHOUT_CHANGES");
    assert_eq!(app.refused("imbot.message.like", like("minus"), 400).await, "WITHOUT_CHANGES");
    assert_eq!(app.ok("imbot.message.like", like("plus")).await, true);
    assert_eq!(app.refused("imbot.message.like", like("plus"), 400).await, "WITHOUT_CHANGES");
    assert_eq!(app.ok("imbot.message.like", like("auto")).await, true, "auto takes it back");
    assert_eq!(app.refused("imbot.message.like", like("minus"), 400).await, "WITHOUT_CHANGES");
}

#[tokio::test]
async fn a_command_is_changed_by_its_owner_only() {
    let (_emulator, handler, app, portal, bot_id) = with_v1_bot().await;
    let register = json!({"BOT_ID": bot_id, "COMMAND": "order", "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Order"}],
        "EVENT_COMMAND_ADD": handler.url});
    let id = app.ok("imbot.command.register", register).await;
    let update = |id: &Value, fields: Value| json!({"COMMAND_ID": id, "FIELDS": fields});
    let second = Handler::start().await;
    let fields = json!({"HIDDEN": "Y", "EVENT_COMMAND_ADD": second.url});
    assert_eq!(app.ok("imbot.command.update", update(&id, fields)).await, true);
    portal.client("Ann").says("/order 15").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMCOMMANDADD")[0].url, second.url);
    let shown = app.ok("imbot.v2.Command.list", json!({"botId": bot_id})).await;
    assert_eq!(shown["commands"][0]["hidden"], true);

    let refused = |params: Value, code: &'static str| {
        let app = &app;
        async move { assert_eq!(app.refused("imbot.command.update", params, 400).await, code) }
    };
    refused(update(&json!(5), json!({"HIDDEN": "N"})), "COMMAND_ID_ERROR").await;
    refused(update(&id, json!({})), "WRONG_REQUEST").await;
    refused(update(&id, json!({"EVENT_COMMAND_ADD": "http://localhost/"})), "EVENT_COMMAND_ADD_ERROR").await;
    let fetching = app.register_fetch("fetching").await;
    let command = json!({"botId": fetching, "fields": {"command": "x", "hidden": true}});
    let fetched = app.ok("imbot.v2.Command.register", command).await["command"]["id"].clone();
    refused(update(&fetched, json!({"HIDDEN": "N"})), "FETCH_NOT_SUPPORTED").await;
    let hook = format!("{}imbot.command.update", portal.webhook_url());
    let foreign = json!({"CLIENT_ID": "other", "COMMAND_ID": id, "FIELDS": {"HIDDEN": "N"}});
    let (status, body) = post(&app.http, &hook, &foreign).await;
    assert_eq!((status, &body["error"]), (400, &json!("APP_ID_ERROR")));
}

#[tokio::test]
async fn an_old_message_cannot_be_changed_and_is_not_by_halves() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let id = app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "one"})).await;
    assert_eq!(app.refused("imbot.message.update", json!({"MESSAGE": "x"}), 400).await, "MESSAGE_ID_ERROR");
    let both =
        json!({"MESSAGE_ID": id, "ATTACH": [{"MESSAGE": "new"}], "MENU": "nonsense", "MESSAGE": "two"});
    assert_eq!(app.refused("imbot.message.update", both, 400).await, "menu_ERROR");
    let now = portal.messages(ann.chat_id()).pop().unwrap();
    assert!(now.attach.is_some(), "what came before the error stays");
    assert_eq!(now.text, "one");
    portal.clock().advance(Duration::from_secs(259_201));
    let hook = |method: &str| format!("{}{method}", portal.webhook_url());
    // The token has expired meanwhile; a fresh installation gives a new one.
    let handler = Handler::start().await;
    let app = App {
        portal: portal.clone(),
        token: portal.install(&handler.url).await.form()["auth"]["access_token"].as_str().unwrap().to_owned(),
        refresh: String::new(),
        http: app.http.clone(),
    };
    let late = json!({"MESSAGE_ID": id, "MESSAGE": "late"});
    assert_eq!(app.refused("imbot.message.update", late.clone(), 403).await, "CANT_EDIT_MESSAGE");
    assert_eq!(app.refused("imbot.message.delete", late, 403).await, "CANT_EDIT_MESSAGE");
    assert_eq!(post(&app.http, &hook("imbot.message.update"), &json!({})).await.0, 403, "no client id");
}
