//! A client writes, a bot answers: the main road through the emulator.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::AuthorKind;
use serde_json::json;
use support::{SOON, events, only, with_v1_bot, with_v2_bot};

#[tokio::test]
async fn a_client_writes_and_a_v2_bot_answers_with_a_keyboard() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;

    let ann = portal.client("Ann");
    let asked = ann.says("hello").await;
    portal.settled(SOON).await;
    assert_eq!(events(&portal), ["ONAPPINSTALL", "ONIMBOTV2JOINCHAT", "ONIMBOTV2MESSAGEADD"]);
    let heard = only(&portal, "ONIMBOTV2MESSAGEADD");
    assert_eq!(heard["data"]["message"]["id"], asked.to_string());
    assert_eq!(heard["data"]["message"]["text"], "hello");
    assert_eq!(heard["data"]["user"]["connector"], "1");

    let fields = json!({"message": "hi", "keyboard": [{"TEXT": "Pay", "COMMAND": "pay"}]});
    let sent = app
        .ok(
            "imbot.v2.Chat.Message.send",
            json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields}),
        )
        .await;
    let answer = portal.wait_for_bot_message(|message| message.text == "hi", SOON).await;
    assert_eq!(sent["id"], answer.id);
    assert_eq!((answer.author, answer.author_id), (AuthorKind::Bot, bot_id));
    assert!(portal.transcript(ann.chat_id()).contains("helper: hi [Pay]"));
}

#[tokio::test]
async fn a_client_writes_and_a_v1_bot_answers() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;

    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.settled(SOON).await;
    assert_eq!(events(&portal), ["ONAPPINSTALL", "ONIMBOTJOINCHAT", "ONIMBOTMESSAGEADD"]);
    let id = app.ok("imbot.message.add", json!({"dialog_id": ann.dialog_id(), "message": "hi"})).await;
    assert_eq!(portal.bot_messages()[0].id, id.as_i64().unwrap());
}
