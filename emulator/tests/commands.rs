//! Slash commands, typed and pressed.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use serde_json::json;
use support::{SOON, of, only, with_v1_bot, with_v2_bot};

#[tokio::test]
async fn a_command_pre_empts_the_message_for_every_bot() {
    let (_emulator, handler, app, portal, bot_id) = with_v1_bot().await;
    let command = json!({"BOT_ID": bot_id, "COMMAND": "/order", "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Order"}],
        "EVENT_COMMAND_ADD": handler.url});
    let id = app.ok("imbot.command.register", command.clone()).await;
    assert_eq!(app.ok("imbot.command.register", command).await, id, "known commands keep their id");

    let ann = portal.client("Ann");
    let typed = ann.says("/order status 15").await;
    ann.says("/unknown").await;
    portal.settled(SOON).await;
    let run = &only(&portal, "ONIMCOMMANDADD")["data"]["COMMAND"][id.to_string()].clone();
    assert_eq!(run["COMMAND"], "order");
    assert_eq!(run["COMMAND_PARAMS"], "status 15");
    assert_eq!(run["COMMAND_CONTEXT"], "TEXTAREA");
    assert_eq!(run["MESSAGE_ID"], typed.to_string());
    assert_eq!(only(&portal, "ONIMBOTMESSAGEADD")["data"]["PARAMS"]["MESSAGE"], "/unknown");
}

#[tokio::test]
async fn a_pressed_button_runs_its_command_each_time() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let command = json!({"botId": bot_id, "fields": {"command": "pay", "title": {"en": "Pay"}}});
    let command = app.ok("imbot.v2.Command.register", command).await["command"].clone();
    assert_eq!(command["command"], "/pay");
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let fields = json!({"message": "choose", "keyboard": {"BUTTONS": [
        {"TEXT": "Pay", "COMMAND": "/pay", "COMMAND_PARAMS": "15"}, {"TEXT": "Again", "ACTION": "SEND", "ACTION_VALUE": "more"}]}});
    let sent = app
        .ok(
            "imbot.v2.Chat.Message.send",
            json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields}),
        )
        .await;
    ann.presses("Pay").await;
    ann.presses("Pay").await;
    ann.presses("Again").await;
    portal.settled(SOON).await;
    let runs = of(&portal, "ONIMBOTV2COMMANDADD");
    assert_eq!(runs.len(), 2);
    let data = &runs[0].form()["data"];
    assert_eq!(data["command"]["context"], "keyboard");
    assert_eq!(data["command"]["params"], "15");
    assert_eq!(data["message"]["id"], sent["id"].to_string(), "the id is the bot's message");
    assert!(portal.transcript(ann.chat_id()).contains("Ann: more"));
}

#[tokio::test]
async fn an_employees_button_speaks_in_the_chat_it_is_in() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let olga = portal.employee("Olga");
    olga.says_to(bot_id, "hi").await;
    let keyboard = json!([{"TEXT": "More", "ACTION": "SEND", "ACTION_VALUE": "more"}]);
    let message =
        json!({"BOT_ID": bot_id, "DIALOG_ID": olga.user_id(), "MESSAGE": "Well?", "KEYBOARD": keyboard});
    app.ok("imbot.message.add", message).await;
    olga.presses(bot_id, "More").await;
    portal.settled(SOON).await;
    assert!(portal.transcript(olga.chat_with(bot_id)).contains("Olga: more"));
    let heard = of(&portal, "ONIMBOTMESSAGEADD").pop().unwrap().form();
    assert_eq!(heard["data"]["PARAMS"]["MESSAGE"], "more");
    assert_eq!(heard["data"]["PARAMS"]["MESSAGE_TYPE"], "P");
}

#[tokio::test]
async fn an_answer_to_a_command_is_sent_for_ten_minutes_only() {
    let (_emulator, handler, app, portal, bot_id) = with_v1_bot().await;
    let command = json!({"BOT_ID": bot_id, "COMMAND": "order", "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Order"}],
        "EVENT_COMMAND_ADD": handler.url});
    let id = app.ok("imbot.command.register", command).await;
    let olga = portal.employee("Olga");
    let typed = olga.says_to(bot_id, "/order 15").await;
    let answer = json!({"COMMAND_ID": id, "MESSAGE_ID": typed, "MESSAGE": "on its way"});
    assert!(app.ok("imbot.command.answer", answer.clone()).await.as_i64().unwrap() > typed);
    portal.clock().advance(Duration::from_secs(600));
    assert_eq!(app.ok("imbot.command.answer", answer).await, true, "a success that sends nothing");
    assert_eq!(portal.bot_messages().len(), 1);
}

#[tokio::test]
async fn an_answer_into_a_line_that_is_off_is_refused_by_the_inner_code() {
    let (_emulator, handler, app, portal, bot_id) = with_v1_bot().await;
    let command = json!({"BOT_ID": bot_id, "COMMAND": "order", "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Order"}],
        "EVENT_COMMAND_ADD": handler.url});
    let id = app.ok("imbot.command.register", command).await;
    let typed = portal.client("Ann").says("/order 15").await;
    portal.line().active(false);
    let answer = json!({"COMMAND_ID": id, "MESSAGE_ID": typed, "MESSAGE": "on its way"});
    assert_eq!(app.refused("imbot.command.answer", answer, 400).await, "ERROR_FROM_OTHER_MODULE");
    let answer =
        json!({"botId": bot_id, "commandId": id, "messageId": typed, "fields": {"message": "on its way"}});
    assert_eq!(app.refused("imbot.v2.Command.answer", answer, 400).await, "COMMAND_ANSWER_FAILED");
}

#[tokio::test]
async fn one_message_runs_ten_commands_at_most_and_each_once() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    app.ok("imbot.v2.Command.register", json!({"botId": bot_id, "fields": {"command": "x", "hidden": true}}))
        .await;
    let lines: Vec<String> = (0..12).map(|at| format!("/x {at}")).collect();
    portal.client("Ann").says(&format!("/x 0\n{}", lines.join("\n"))).await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTV2COMMANDADD").len(), 10);
}
