//! What a line says by itself, and the bots and queues of lines that dialogs are transferred to.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{BotLeaves, Client};
use serde_json::json;
use support::{SOON, of, stage};

const HOUR: Duration = Duration::from_secs(3_600);

/// What others said to the client.
fn heard(client: &Client) -> Vec<String> {
    client.sees().into_iter().filter(|seen| !seen.own).map(|seen| seen.text).collect()
}

#[tokio::test]
async fn a_line_welcomes_a_client_whom_no_bot_meets_once_a_session() {
    let (_emulator, handler, app, _) = stage().await;
    let portal = &app.portal;
    portal.line().welcome_text(Some("Good day!"));
    app.ok("event.bind", json!({"event": "OnOpenLineMessageAdd", "handler": handler.url})).await;
    let tom = portal.client_on("Tom", "whatsapp", portal.line_id());
    tom.says("hello").await;
    tom.says("anyone?").await;
    assert_eq!(heard(&tom), ["Good day!"], "without a signature: nobody wrote it");
    assert_eq!(portal.session_status(tom.chat_id()), Some(0), "a line's text is no answer");
    let ivan = portal.operator("Ivan");
    ivan.finishes(&tom).await;
    tom.says("me again").await;
    assert_eq!(heard(&tom), ["Good day!", "Good day!"]);
    portal.settled(SOON).await;
    let out: Vec<_> =
        of(portal, "ONOPENLINEMESSAGEADD").iter().map(openlines_emulator::Delivery::form).collect();
    let welcome = out.iter().find(|form| form["data"].get("CONNECTOR").is_some()).unwrap();
    assert_eq!(
        (&welcome["data"]["DATA"]["message"]["system"], &welcome["data"]["DATA"]["no_session"]),
        (&json!("Y"), &json!("Y"))
    );

    app.register_v1("helper", &handler).await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    ann.says("0").await;
    ann.says("waiting").await;
    assert!(heard(&ann).is_empty(), "the bot met her");
    portal.settled(SOON).await;
    assert_eq!(of(portal, "ONIMBOTMESSAGEADD").len(), 2, "no bot hears what a line says");
}

#[tokio::test]
async fn outside_its_hours_a_line_says_so_to_who_waits_for_an_operator() {
    let (_emulator, handler, app, _) = stage().await;
    let portal = &app.portal;
    let bot_id = app.register_v1("helper", &handler).await;
    portal.line().welcome_bot(None);
    portal.clock().stop();
    let into_the_day = portal.clock().unix() % 86_400;
    let to_noon = (12 * 3_600 - into_the_day).rem_euclid(86_400);
    portal.clock().advance(Duration::from_secs(to_noon.unsigned_abs()));
    portal.line().working_hours(9, 18, "We are away.");
    let ann = portal.client("Ann");
    ann.says("hello").await;
    assert!(heard(&ann).is_empty(), "it is noon");
    portal.clock().advance(8 * HOUR);
    ann.says("hello?").await;
    ann.says("hello??").await;
    assert_eq!(heard(&ann), ["We are away."], "once a session");
    portal.operator("Ivan").answers(&ann).await;
    portal.line().welcome_bot(Some(bot_id));
    let bob = portal.client("Bob");
    bob.says("hello").await;
    assert!(heard(&bob).is_empty(), "the bot works at night");
    bob.says("0").await;
    assert_eq!(heard(&bob), ["We are away."]);
}

#[tokio::test]
async fn a_line_asks_for_a_rating_when_an_operator_finishes() {
    let (_emulator, handler, app, _) = stage().await;
    let portal = &app.portal;
    portal.line().vote_text(Some("Satisfied?")).waits_before_closing(HOUR);
    let (ann, bob, ivan) = (portal.client("Ann"), portal.client("Bob"), portal.operator("Ivan"));
    ann.says("hello").await;
    ivan.finishes(&ann).await;
    assert_eq!(
        (heard(&ann), portal.session_status(ann.chat_id())),
        (vec!["Satisfied?".to_owned()], Some(50))
    );
    ivan.finishes(&ann).await;
    assert_eq!((heard(&ann).len(), portal.session_status(ann.chat_id())), (1, Some(60)));
    app.register_v1("helper", &handler).await;
    bob.says("hello").await;
    app.ok("imopenlines.bot.session.finish", json!({"CHAT_ID": bob.chat_id()})).await;
    assert!(heard(&bob).is_empty(), "a bot asks for itself");
}

#[tokio::test]
async fn the_texts_of_a_line_are_settings_like_others() {
    let (_emulator, _handler, app, _) = stage().await;
    let portal = &app.portal;
    let id = portal.line_id();
    let params = json!({"WELCOME_MESSAGE": "Y", "WELCOME_MESSAGE_TEXT": "Hi!", "WORKTIME_ENABLE": "Y",
        "WORKTIME_FROM": "0", "WORKTIME_TO": "0.00", "WORKTIME_DAYOFF": ["MO", "su", "XX"],
        "WORKTIME_DAYOFF_RULE": "text", "WORKTIME_DAYOFF_TEXT": "Closed.", "VOTE_MESSAGE": "Y",
        "VOTE_MESSAGE_1_TEXT": "Well?"});
    app.ok("imopenlines.config.update", json!({"CONFIG_ID": id, "PARAMS": params})).await;
    let line = app.ok("imopenlines.config.get", json!({"CONFIG_ID": id})).await;
    for (name, value) in [
        ("WELCOME_MESSAGE_TEXT", json!("Hi!")),
        ("WORKTIME_ENABLE", json!("Y")),
        ("WORKTIME_TO", json!("0")),
        ("WORKTIME_DAYOFF", json!(["MO", "SU"])),
        ("WORKTIME_DAYOFF_RULE", json!("text")),
        ("VOTE_MESSAGE", json!("Y")),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.operator("Ivan").finishes(&ann).await;
    assert_eq!(heard(&ann), ["Hi!", "Closed.", "Well?"]);
}

#[tokio::test]
async fn a_bot_says_the_welcome_of_the_line_that_works_on_the_dialog() {
    let (_emulator, handler, app, _) = stage().await;
    let portal = &app.portal;
    app.register_v1("helper", &handler).await;
    portal.line().welcome_text(None);
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.line().welcome_text(Some("Good day!"));
    let send = json!({"CHAT_ID": ann.chat_id(), "NAME": "WELCOME"});
    app.ok("imopenlines.bot.session.message.send", send).await;
    assert_eq!(heard(&ann), ["Good day!"]);
}

#[tokio::test]
async fn a_dialog_that_is_transferred_is_met_by_the_other_lines_bot() {
    let (_emulator, handler, app, _) = stage().await;
    let portal = &app.portal;
    let (first, second) =
        (app.register_v1("first", &handler).await, app.register_v1("second", &handler).await);
    let sales = portal.add_line("Sales");
    let ivan = portal.operator("Ivan");
    sales.queue(&[&ivan]).welcome_bot(Some(second)).bot_hands_over_after(Duration::from_secs(60));
    portal.line().welcome_bot(Some(first));
    let ann = portal.client("Ann");
    ann.says("hello").await;
    assert_eq!(portal.session_operator(ann.chat_id()), Some(first));
    ivan.answers(&ann).await;
    ivan.transfers(&ann, &sales).await;
    assert_eq!(
        (portal.session_operator(ann.chat_id()), portal.session_line(ann.chat_id())),
        (Some(second), Some(sales.id()))
    );
    portal.settled(SOON).await;
    let joined: Vec<_> = of(portal, "ONIMBOTJOINCHAT")
        .iter()
        .map(|join| join.form()["data"]["PARAMS"]["BOT_ID"].clone())
        .collect();
    assert_eq!(joined, [json!(first.to_string()), json!(second.to_string())]);
    portal.clock().advance(Duration::from_secs(60));
    portal.close_due_sessions();
    assert_eq!(
        (portal.session_operator(ann.chat_id()), portal.session_asked(ann.chat_id())),
        (Some(0), Some(ivan.user_id()))
    );
}

#[tokio::test]
async fn a_bot_that_transfers_to_a_queue_stays_unless_it_leaves() {
    for (leave, leaves) in [("N", 2), ("Y", 1)] {
        let (_emulator, handler, app, _) = stage().await;
        let portal = &app.portal;
        app.register_v1("helper", &handler).await;
        let ann = portal.client("Ann");
        ann.says("hello").await;
        let transfer = json!({"CHAT_ID": ann.chat_id(), "QUEUE_ID": portal.line_id(), "LEAVE": leave});
        app.ok("imopenlines.bot.session.transfer", transfer).await;
        assert_eq!(
            portal.session_operator(ann.chat_id()),
            Some(0),
            "the queue of its own line, not the bot again"
        );
        ann.says("waiting").await;
        portal.settled(SOON).await;
        assert_eq!(of(portal, "ONIMBOTMESSAGEADD").len(), leaves, "LEAVE={leave}");
    }
}

#[tokio::test]
async fn a_bot_that_stays_until_the_close_stays_when_its_dialog_is_transferred() {
    let (_emulator, handler, app, _) = stage().await;
    let portal = &app.portal;
    portal.line().bot_leaves(BotLeaves::WhenClosed);
    app.register_v1("helper", &handler).await;
    let sales = portal.add_line("Sales");
    sales.welcome_bot(None);
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.operator("Ivan").transfers(&ann, &sales).await;
    ann.says("still there?").await;
    portal.settled(SOON).await;
    assert_eq!(of(portal, "ONIMBOTMESSAGEADD").len(), 2, "its own line says when it goes");
}
