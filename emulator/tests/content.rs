//! Keyboards and attachments as the portal stores them, through the methods that take them.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use serde_json::json;
use support::{with_v1_bot, with_v2_bot};

#[tokio::test]
async fn what_is_stored_is_what_the_portal_makes_of_it() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let fields = json!({"message": "hi", "attach": [{"MESSAGE": "one"}, {"UNKNOWN": 1}],
        "keyboard": [{"TEXT": "Pay", "COMMAND": "/pay"}, {"TEXT": "No action"}]});
    let send = json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields});
    app.ok("imbot.v2.Chat.Message.send", send).await;
    let message = portal.bot_messages().remove(0);
    let keyboard = message.keyboard.unwrap();
    assert_eq!(keyboard.as_array().unwrap().len(), 1, "a button without an action vanishes");
    assert_eq!((&keyboard[0]["BOT_ID"], &keyboard[0]["COMMAND"]), (&json!(bot_id), &json!("pay")));
    assert_eq!(keyboard[0]["DISPLAY"], "BLOCK", "defaults are stored");
    let attach = message.attach.unwrap();
    assert_eq!(attach["BLOCKS"], json!([{"MESSAGE": "one"}]));
    assert_eq!(attach["ID"], portal.bot_messages()[0].unix);
}

#[tokio::test]
async fn each_method_names_an_oversize_in_its_own_way() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let big = json!([{"TEXT": "x".repeat(60_000), "LINK": "/x"}]);
    let blocks = json!([{"MESSAGE": "x".repeat(60_000)}]);
    let v1 = |name: &str, value: &serde_json::Value| {
        let mut params = json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "hi"});
        params[name] = value.clone();
        params
    };
    assert_eq!(app.refused("imbot.message.add", v1("KEYBOARD", &big), 400).await, "PARAM_KEYBOARD_ERROR");
    assert_eq!(app.refused("imbot.message.add", v1("MENU", &big), 400).await, "PARAM_MENU_ERROR");
    assert_eq!(app.refused("imbot.message.add", v1("ATTACH", &blocks), 400).await, "ATTACH_OVERSIZE");
    let id = app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "hi"})).await;
    let update = json!({"MESSAGE_ID": id, "KEYBOARD": big});
    assert_eq!(app.refused("imbot.message.update", update, 400).await, "KEYBOARD_OVERSIZE");
    let fields = json!({"message": "hi", "attach": blocks});
    let send = json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields});
    assert_eq!(app.refused("imbot.v2.Chat.Message.send", send, 400).await, "PARAM_ATTACH_ERROR");
}
