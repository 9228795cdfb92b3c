//! The test kit against a bot: what it finds, what it waits for, and how its failures read.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod parrot {
    include!("../examples/parrot/mod.rs");
}

use std::future::{Future, IntoFuture};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use openlines_emulator::{DeliveryFault, Emulator, Portal, anything, containing};
use parrot::Parrot;

/// So long that a failure is certain, so short that nobody waits.
const BRIEFLY: Duration = Duration::from_millis(30);

async fn nest() -> (Emulator, Portal, Parrot) {
    let emulator = Emulator::strict().await;
    let portal = emulator.portal();
    let parrot = Parrot::start(&portal).await;
    (emulator, portal, parrot)
}

/// The text of the panic that this must end with.
async fn failure<F: IntoFuture>(future: F) -> String
where
    F::Output: std::fmt::Debug,
{
    let panic = AssertUnwindSafe(future.into_future()).catch_unwind().await.unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

fn text_of(panic: Box<dyn std::any::Any + Send>) -> String {
    panic.downcast_ref::<String>().unwrap().clone()
}

#[track_caller]
fn tells(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[tokio::test]
async fn a_bot_is_tested_in_ten_lines() {
    let (_emulator, portal, _parrot) = nest().await;
    let ann = portal.client("Ann");
    ann.says("menu").await;
    ann.hears("You said: menu").with_button("Again").await;
    ann.presses("Again").await;
    ann.hears(containing("again")).await;
    portal.operator("Ivan").takes(&ann).await;
    ann.says("thanks").await;
    ann.hears_nothing_more().await;
    portal.expect_call("imbot.v2.Chat.Message.send").times(2).await;
}

#[tokio::test]
async fn each_expectation_wants_a_message_of_its_own_in_order() {
    let (_emulator, portal, _parrot) = nest().await;
    let ann = portal.client("Ann");
    ann.says("one").await;
    ann.hears("You said: one").await;
    let text = failure(ann.hears("You said: one").within(BRIEFLY)).await;
    tells(&text, &["in vain for a message to Ann ", "\"You said: one\"", "tests/kit.rs:", "Ann: one"]);
    ann.says("two").await;
    ann.says("three").await;
    portal.wait_for_bot_messages(3, Duration::from_secs(10)).await;
    ann.hears(containing("three")).await;
    failure(ann.hears(containing("two")).within(BRIEFLY)).await;
    let text = failure(ann.hears_nothing_more().for_at_least(BRIEFLY)).await;
    tells(&text, &["heard more than was expected", "You said: two", "tests/kit.rs:"]);
    portal.expect_bot_message("You said: two").where_message(|message| message.keyboard.is_none()).await;
    ann.hears_nothing_more().for_at_least(BRIEFLY).await;
}

#[tokio::test]
async fn operators_are_heard_and_internal_things_are_not() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.operator("Ivan").says(&ann, "Ivan here").await;
    assert_eq!(ann.hears(anything()).await.text, "Ivan here");
    portal.operator("Ivan").finishes(&ann).await;
    ann.hears_nothing_more().for_at_least(BRIEFLY).await;
}

#[tokio::test]
async fn an_employee_hears_a_bot_in_private() {
    let (_emulator, portal, _parrot) = nest().await;
    let john = portal.employee("John");
    john.says_to(portal.bot_id("parrot").unwrap(), "psst").await;
    john.hears("You said: psst").await;
    failure(john.hears(anything()).within(BRIEFLY)).await;
}

#[tokio::test]
async fn calls_are_counted_by_method_parameters_and_condition() {
    let (_emulator, portal, _parrot) = nest().await;
    let ann = portal.client("Ann");
    ann.says("one").await;
    ann.says("two").await;
    let sends = || portal.expect_call("imbot.v2.Chat.Message.send");
    assert_eq!(sends().times(2).await.len(), 2);
    assert_eq!(sends().where_param("fields.message", "You said: two").times(1).await.len(), 1);
    let dialog = ann.dialog_id();
    sends().where_param("dialogId", dialog).where_call(|call| call.status == 200).at_least(2).await;
    sends().at_most(2).await;
    sends().from_now_on().never().await;
    let text = failure(sends().where_param("fields.message", "You said: three").within(BRIEFLY)).await;
    tells(
        &text,
        &[
            "expected at least 1 calls of imbot.v2.chat.message.send, fields.message = \"You said: three\", but there were 0",
            "tests/kit.rs:",
            "calls of this method (2 in all)",
            "- 200 {\"botToken\":\"***\"",
            "You said: two",
        ],
    );
    let text = failure(sends().times(1).within(BRIEFLY)).await;
    tells(&text, &["expected 1 calls of", "but there were 2"]);
}

#[tokio::test]
async fn an_expectation_that_nobody_awaits_is_checked_when_it_is_dropped() {
    let (_emulator, portal, _parrot) = nest().await;
    let checked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let _calls = portal.expect_call("imbot.v2.Bot.get");
    }));
    tells(
        &text_of(checked.unwrap_err()),
        &["expected at least 1 calls of imbot.v2.bot.get, but there were 0"],
    );
    drop(portal.expect_call("imbot.v2.Bot.register"));
    let unwinding = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let _calls = portal.expect_call("imbot.v2.Bot.get");
        panic!("{}", "the first panic".to_owned());
    }));
    assert_eq!(text_of(unwinding.unwrap_err()), "the first panic");
}

/// What a strict emulator says at its end.
async fn verdict<F: Future>(act: impl FnOnce(Portal) -> F) -> Result<(), String> {
    let emulator = Emulator::strict().await;
    act(emulator.portal()).await;
    std::panic::catch_unwind(AssertUnwindSafe(|| drop(emulator))).map_err(text_of)
}

#[tokio::test]
async fn a_strict_emulator_fails_for_methods_that_are_not_modelled() {
    let text = verdict(async |portal| {
        let url = format!("{}imbot.v2.Chat.Message.sent", portal.webhook_url());
        for _ in 0..2 {
            assert_eq!(reqwest::get(&url).await.unwrap().status(), 404);
        }
        let batch = format!("{}batch?cmd[a]=crm.magic", portal.webhook_url());
        assert_eq!(reqwest::get(&batch).await.unwrap().status(), 200);
        assert_eq!(portal.complaints().len(), 2);
    })
    .await
    .unwrap_err();
    tells(&text, &["imbot.v2.chat.message.sent is not modelled (called 2 times)", "crm.magic"]);
}

#[tokio::test]
async fn a_strict_emulator_fails_for_callbacks_that_nobody_takes_unless_a_fault_took_them() {
    let text = verdict(async |portal| {
        drop(Parrot::start(&portal).await);
        portal.client("Ann").says("hello").await;
        portal.settled(Duration::from_secs(10)).await;
    })
    .await
    .unwrap_err();
    tells(&text, &["undelivered: ONIMBOTV2JOINCHAT to http://127.0.0.1", "undelivered: ONIMBOTV2MESSAGEADD"]);
    verdict(async |portal| {
        let _parrot = Parrot::start(&portal).await;
        portal.faults().delivery("*", DeliveryFault::Drop, u32::MAX);
        portal.client("Ann").says("hello").await;
        portal.settled(Duration::from_secs(10)).await;
        portal.client("Ann").hears_nothing_more().await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_strict_emulator_fails_for_events_without_a_handler() {
    let text = verdict(async |portal| {
        let fields = serde_json::json!({"code": "mute", "type": "openline", "properties": {"name": "Mute"},
            "eventMode": "webhook", "webhookUrl": "http://127.0.0.1:9/events"});
        let url = format!("{}imbot.v2.Bot.register", portal.webhook_url());
        let params = serde_json::json!({"botToken": "t", "fields": fields});
        assert_eq!(reqwest::Client::new().post(url).json(&params).send().await.unwrap().status(), 200);
        portal.client("Ann").says("hello").await;
        portal.settled(Duration::from_secs(10)).await;
    })
    .await
    .unwrap_err();
    tells(&text, &["nobody heard ONIMBOTV2MESSAGEADD"]);
}

#[tokio::test]
async fn a_failure_names_the_place_the_person_and_what_was_nearly_right() {
    let (_emulator, portal, _parrot) = nest().await;
    let (ann, ivan) = (portal.client("Ann"), portal.operator("Ivan"));
    let text = failure(ivan.takes(&ann)).await;
    tells(&text, &["Ann has no open session to take", "expected at emulator/tests/kit.rs:"]);
    ann.says("menu").await;
    portal.wait_for_bot_messages(1, Duration::from_secs(10)).await;
    let text = failure(ann.hears("you  SAID: menu").within(BRIEFLY)).await;
    tells(&text, &["a message to Ann", "near miss", "\"You said: menu\" differs in case or spaces only"]);
    let text = failure(ann.hears("You said: menu").with_button("Pay").within(BRIEFLY)).await;
    tells(&text, &["has not that button, but \"Again\""]);
    tokio::time::pause();
    let text = failure(ann.presses("again")).await;
    tokio::time::resume();
    tells(
        &text,
        &[
            "a button \"again\" for Ann",
            "near miss: \"Again\" differs in case",
            "expected at emulator/tests/kit.rs:",
        ],
    );
}

#[tokio::test]
async fn a_failure_says_that_there_is_no_bot() {
    let emulator = Emulator::start().await;
    let ann = emulator.portal().client("Ann");
    ann.says("hello").await;
    tells(&failure(ann.hears("Hello").within(BRIEFLY)).await, &["no bot is registered"]);
}
