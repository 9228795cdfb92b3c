//! What bots send: idempotency, refusals, edits.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{App, with_v1_bot, with_v2_bot};

const KEY: &str = "796c45aa-70e5-45aa-930c-c7fb32710c62";

fn send(bot_id: i64, dialog: &str, key: &str) -> Value {
    json!({"botId": bot_id, "dialogId": dialog, "fields": {"message": "hi", "templateId": key}})
}

#[tokio::test]
async fn the_same_template_id_is_the_same_message() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let first = app.ok("imbot.v2.Chat.Message.send", send(bot_id, &ann.dialog_id(), KEY)).await;
    assert_eq!(first["uuidMap"][KEY], first["id"]);
    let again = app.ok("imbot.v2.Chat.Message.send", send(bot_id, &ann.dialog_id(), KEY)).await;
    assert_eq!(again["id"], first["id"]);
    assert_eq!(portal.bot_messages().len(), 1);
    assert_eq!(portal.bot_messages()[0].uuid, KEY);
    for other in ["796C45AA-70E5-45AA-930C-C7FB32710C63", "order-15"] {
        app.ok("imbot.v2.Chat.Message.send", send(bot_id, &ann.dialog_id(), other)).await;
        app.ok("imbot.v2.Chat.Message.send", send(bot_id, &ann.dialog_id(), other)).await;
    }
    assert_eq!(portal.bot_messages().len(), 5, "only lower-case version 4 counts");
}

#[tokio::test]
async fn a_refused_send_blocks_its_template_id_for_an_hour() {
    let (emulator, handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.line().active(false);
    let params = send(bot_id, &ann.dialog_id(), KEY);
    assert_eq!(app.refused("imbot.v2.Chat.Message.send", params.clone(), 400).await, "SENDING_FAILED");
    portal.line().active(true);
    portal.clock().advance(Duration::from_secs(3_500));
    let blocked = app.refused("imbot.v2.Chat.Message.send", params.clone(), 400).await;
    assert_eq!(blocked, "MESSAGE_DUPLICATED_BY_UUID");
    portal.clock().advance(Duration::from_secs(100));
    let app = App::install(&emulator, &handler).await;
    app.ok("imbot.v2.Chat.Message.send", params).await;
    assert_eq!(portal.bot_messages().len(), 1);
}

#[tokio::test]
async fn v2_sends_are_refused_by_name() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let other = portal.group_chat("Board", &[]);
    let long = "x".repeat(256);
    for (dialog, fields, code) in [
        ("chat1".to_owned(), json!({"message": "x"}), "CHAT_NOT_FOUND"),
        (format!("chat{other}"), json!({"message": "x"}), "ACCESS_DENIED"),
        (ann.dialog_id(), json!({"message": " "}), "EMPTY_MESSAGE"),
        (ann.dialog_id(), json!({"message": "x", "attach": "nonsense"}), "PARAM_ATTACH_ERROR"),
        (ann.dialog_id(), json!({"message": "x", "keyboard": "nonsense"}), "PARAM_KEYBOARD_ERROR"),
        (ann.dialog_id(), json!({"message": "x", "templateId": long}), "WRONG_UUID"),
    ] {
        let params = json!({"botId": bot_id, "dialogId": dialog, "fields": fields});
        assert_eq!(app.refused("imbot.v2.Chat.Message.send", params, 400).await, code);
    }
    let attach_only = json!({"botId": bot_id, "dialogId": ann.dialog_id(),
        "fields": {"message": "", "attach": [{"MESSAGE": "block"}]}});
    app.ok("imbot.v2.Chat.Message.send", attach_only).await;
}

#[tokio::test]
async fn v1_sends_surface_the_inner_code() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let add = |dialog: &str, text: &str| json!({"DIALOG_ID": dialog, "MESSAGE": text});
    assert_eq!(app.refused("imbot.message.add", add("room5", "x"), 400).await, "DIALOG_ID_EMPTY");
    assert_eq!(app.refused("imbot.message.add", add("chat5", " "), 400).await, "MESSAGE_EMPTY");
    assert_eq!(app.refused("imbot.message.add", add("chat5", "x"), 400).await, "CHAT_ID");
    let board = format!("chat{}", portal.group_chat("Board", &[]));
    assert_eq!(app.refused("imbot.message.add", add(&board, "x"), 400).await, "CANCELED");
    portal.line().active(false);
    let refused = app.refused("imbot.message.add", add(&ann.dialog_id(), "x"), 400).await;
    assert_eq!(refused, "ERROR_FROM_OTHER_MODULE");
}

#[tokio::test]
async fn a_bot_edits_and_deletes_for_three_days_in_v1_and_without_limit_in_v2() {
    let (emulator, handler, app, portal, bot_id) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let id = app
        .ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "[BR]one[BR]two "}))
        .await;
    assert_eq!(portal.bot_messages()[0].text, "one\ntwo");
    app.ok("imbot.message.update", json!({"MESSAGE_ID": id, "MESSAGE": "three"})).await;
    assert_eq!((portal.bot_messages()[0].text.as_str(), portal.bot_messages()[0].edited), ("three", true));
    portal.clock().advance(Duration::from_secs(259_201));
    let app = App::install(&emulator, &handler).await;
    let late = app.refused("imbot.message.update", json!({"MESSAGE_ID": id, "MESSAGE": "four"}), 403).await;
    assert_eq!(late, "CANT_EDIT_MESSAGE");
    app.ok(
        "imbot.v2.Chat.Message.update",
        json!({"botId": bot_id, "messageId": id, "fields": {"message": "four"}}),
    )
    .await;
    assert_eq!(portal.bot_messages()[0].text, "four");
    app.ok("imbot.v2.Chat.Message.delete", json!({"botId": bot_id, "messageId": id})).await;
    assert!(portal.bot_messages()[0].deleted);
    let gone =
        app.refused("imbot.v2.Chat.Message.delete", json!({"botId": bot_id, "messageId": id}), 400).await;
    assert_eq!(gone, "MESSAGE_ACCESS_DENIED");
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    for (length, stored) in [(20_006, 20_006), (20_007, 20_006)] {
        app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "я".repeat(length)}))
            .await;
        let text = portal.bot_messages().pop().unwrap().text;
        assert_eq!(text.chars().count(), stored);
        assert_eq!(text.ends_with(" (...)"), length > 20_006);
    }
}
