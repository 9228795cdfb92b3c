//! Sessions through their whole life: queue, operators, time, endings and beginnings.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{BotJoins, BotLeaves, Emulator};
use support::{SOON, of, stage};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_click_answers_and_no_bot_hears_it() {
    let (_emulator, handler, app, portal) = stage().await;
    portal.line().bot_leaves(BotLeaves::WhenClosed);
    let bot_id = app.register_v1("helper", &handler).await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    assert_eq!(portal.session_operator(ann.chat_id()), Some(bot_id));
    let ivan = portal.operator("Ivan");
    ivan.answers(&ann).await;
    portal.settled(SOON).await;
    assert_eq!(portal.session_operator(ann.chat_id()), Some(ivan.user_id()));
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 1, "the client's message and nothing else");
}

#[tokio::test]
async fn a_session_goes_through_its_statuses() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    portal.line().waits_before_closing(HOUR);
    let (ann, ivan) = (portal.client("Ann"), portal.operator("Ivan"));
    let status = || portal.session_status(ann.chat_id()).unwrap();
    ann.says("hello").await;
    assert_eq!(status(), 0);
    ivan.skips(&ann).await;
    assert_eq!(status(), 5);
    ivan.answers(&ann).await;
    assert_eq!(status(), 10);
    ann.says("anyone?").await;
    assert_eq!(status(), 20);
    ivan.says(&ann, "me").await;
    assert_eq!(status(), 40);
    ann.says("good").await;
    assert_eq!(status(), 25);
    ivan.finishes(&ann).await;
    assert_eq!(status(), 50);
    ann.says("one more thing").await;
    assert_eq!(status(), 25, "the client has come back in time");
    ivan.finishes(&ann).await;
    portal.clock().advance(HOUR);
    portal.close_due_sessions();
    assert_eq!(status(), 60);
    for (end, wanted) in [(0, 65), (1, 69), (2, 75)] {
        ann.says("again").await;
        assert_eq!(status(), 0, "a closed session is followed by a new one");
        match end {
            0 => ivan.marks_spam(&ann).await,
            1 => ivan.marks_duplicate(&ann).await,
            _ => ivan.closes_silently(&ann).await,
        }
        assert_eq!(status(), wanted);
    }
}

#[tokio::test]
async fn the_queue_asks_the_least_busy_and_moves_on() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let (ivan, olga, petr) = (portal.operator("Ivan"), portal.operator("Olga"), portal.operator("Petr"));
    portal.line().queue(&[&ivan, &olga, &petr]).queue_moves_on_after(Duration::from_secs(60));
    petr.pauses(true).await;
    let ask = |name: &str| portal.client(name);
    let (ann, bob) = (ask("Ann"), ask("Bob"));
    ann.says("hello").await;
    bob.says("hello").await;
    let asked = |client: &openlines_emulator::Client| portal.session_asked(client.chat_id());
    assert_eq!(asked(&ann), Some(ivan.user_id()));
    assert_eq!(asked(&bob), Some(olga.user_id()), "Ivan is asked already");
    ivan.skips(&ann).await;
    assert_eq!(asked(&ann), Some(olga.user_id()));
    petr.pauses(false).await;
    portal.clock().advance(Duration::from_secs(61));
    portal.close_due_sessions();
    assert_eq!(asked(&ann), Some(petr.user_id()), "Ivan has refused, Olga's time is up");
    petr.answers(&ann).await;
    assert_eq!((asked(&ann), portal.session_operator(ann.chat_id())), (None, Some(petr.user_id())));
}

#[tokio::test]
async fn an_operator_transfers_to_a_colleague_and_to_a_line() {
    let (_emulator, _handler, app, portal) = stage().await;
    let (ivan, olga) = (portal.operator("Ivan"), portal.operator("Olga"));
    let sales = portal.add_line("Sales");
    sales.queue(&[&ivan]);
    let ann = portal.client("Ann");
    ann.says("hello").await;
    ivan.answers(&ann).await;
    ivan.transfers(&ann, &olga).await;
    assert_eq!(portal.session_operator(ann.chat_id()), Some(olga.user_id()));
    olga.transfers(&ann, &sales).await;
    assert_eq!(portal.session_operator(ann.chat_id()), Some(0));
    assert_eq!(portal.session_line(ann.chat_id()), Some(sales.id()));
    assert_eq!(portal.session_asked(ann.chat_id()), Some(ivan.user_id()));
    let params = serde_json::json!({"CHAT_ID": ann.chat_id()});
    let dialog = app.ok("imopenlines.dialog.get", params).await;
    let data: Vec<&str> = dialog["entity_data_1"].as_str().unwrap().split('|').collect();
    assert_eq!(data[7], sales.id().to_string(), "the line that works on it now");
    let entity = dialog["entity_id"].as_str().unwrap();
    assert!(entity.starts_with(&format!("livechat|{}|", portal.line_id())), "the chat stays where it was");
}

#[tokio::test]
async fn the_bot_hands_over_when_its_time_is_up_unless_somebody_answers_first() {
    let (_emulator, handler, app, portal) = stage().await;
    portal.line().bot_hands_over_after(Duration::from_secs(180)).bot_leaves(BotLeaves::WhenClosed);
    let bot_id = app.register_v1("helper", &handler).await;
    let (ann, bob, ivan) = (portal.client("Ann"), portal.client("Bob"), portal.operator("Ivan"));
    ann.says("hello").await;
    bob.says("hello").await;
    ivan.answers(&bob).await;
    portal.clock().advance(Duration::from_secs(170));
    portal.close_due_sessions();
    assert_eq!(portal.session_operator(ann.chat_id()), Some(bot_id));
    portal.clock().advance(Duration::from_secs(10));
    portal.close_due_sessions();
    assert_eq!(portal.session_operator(ann.chat_id()), Some(0));
    assert_eq!(portal.session_asked(ann.chat_id()), Some(ivan.user_id()));
    assert_eq!(portal.session_operator(bob.chat_id()), Some(ivan.user_id()));
}

#[tokio::test]
async fn a_session_closes_by_itself_when_the_client_is_silent_after_an_answer() {
    let (_emulator, handler, app, portal) = stage().await;
    app.ok("event.bind", serde_json::json!({"event": "OnSessionFinish", "handler": handler.url})).await;
    portal.line().closes_after_silence_of(HOUR);
    let (ann, ivan) = (portal.client("Ann"), portal.operator("Ivan"));
    ann.says("hello").await;
    portal.clock().advance(2 * HOUR);
    portal.close_due_sessions();
    assert_eq!(portal.session_status(ann.chat_id()), Some(0), "nobody has answered yet");
    ivan.says(&ann, "Good day").await;
    portal.clock().advance(HOUR);
    portal.settled(SOON).await;
    portal.close_due_sessions();
    assert_eq!(portal.session_status(ann.chat_id()), Some(60));
    portal.settled(SOON).await;
    let finish = &of(&portal, "ONSESSIONFINISH")[0].form();
    assert!(finish["auth"].get("access_token").is_none(), "time has no user, so the event has no token");
}

#[tokio::test]
async fn time_passes_without_anybody_asking() {
    let (_emulator, handler, app, portal) = stage().await;
    app.ok("event.bind", serde_json::json!({"event": "OnSessionFinish", "handler": handler.url})).await;
    portal.line().closes_after_silence_of(HOUR);
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.operator("Ivan").says(&ann, "Good day").await;
    portal.clock().advance(HOUR);
    let deadline = std::time::Instant::now() + SOON;
    while of(&portal, "ONSESSIONFINISH").is_empty() {
        assert!(std::time::Instant::now() < deadline, "the session closes within a second of real time");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn reopening_is_a_new_session_which_the_bot_joins_as_the_line_says() {
    for (joins, wanted) in [(BotJoins::EverySession, 2), (BotJoins::FirstSession, 1)] {
        let (_emulator, handler, app, portal) = stage().await;
        portal.line().bot_joins(joins);
        app.register_v1("helper", &handler).await;
        let ann = portal.client("Ann");
        ann.says("hello").await;
        let first = portal.session_id(ann.chat_id());
        portal.operator("Ivan").finishes(&ann).await;
        ann.says("me again").await;
        assert_ne!(portal.session_id(ann.chat_id()), first);
        portal.settled(SOON).await;
        assert_eq!(of(&portal, "ONIMBOTJOINCHAT").len(), wanted);
    }
}

#[tokio::test]
async fn the_bot_leaves_after_the_hand_over_or_stays_to_the_end() {
    for (leaves, heard) in [(BotLeaves::AfterHandOver, 2), (BotLeaves::WhenClosed, 3)] {
        let (_emulator, handler, app, portal) = stage().await;
        portal.line().bot_leaves(leaves);
        app.register_v1("helper", &handler).await;
        let ann = portal.client("Ann");
        ann.says("hello").await;
        ann.says("0").await;
        ann.says("waiting").await;
        portal.settled(SOON).await;
        assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), heard, "{leaves:?}");
    }
}
