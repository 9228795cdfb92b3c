//! Nothing twice: duplicate deliveries, both generations of one message, buttons, calls with unknown outcomes.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use openlines::{dispatch::Policy, prelude::*};
use openlines_emulator::RestFault;
use rstest::rstest;
use stage::{Stage, stage};

async fn echo(cx: Context, message: Message) {
    cx.reply(format!("You said: {}", literal(&message.text)));
}

fn impatient() -> Policy {
    let mut policy = Policy::default();
    policy.first_wait = Duration::from_millis(5);
    policy.look_up_window = Duration::from_millis(50);
    policy
}

#[tokio::test]
async fn the_same_body_delivered_twice_runs_once() {
    let stage = stage(|app| app.bot(BotProfile::openline("echo"), echo)).await;
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    let sent = stage.portal.deliveries();
    let message = sent.iter().find(|delivery| delivery.event == "ONIMBOTV2MESSAGEADD").unwrap();
    let again = stage.portal.redeliver(message).await;
    assert_eq!(again.status, Ok(200), "a duplicate is acknowledged");
    stage.quiet().await;
    assert_eq!(stage.said(), ["You said: hi"]);
}

#[tokio::test]
async fn with_every_delivery_doubled_nothing_runs_twice() {
    let stage = stage(|app| app.bot(BotProfile::openline("echo"), echo)).await;
    stage.portal.faults().duplicate_deliveries(true);
    let client = stage.portal.client("Ann");
    for text in ["one", "two", "three"] {
        client.says(text).await;
    }
    stage.quiet().await;
    assert_eq!(stage.said(), ["You said: one", "You said: two", "You said: three"]);
}

async fn shop() -> Stage {
    let keyboard = Keyboard::builder().button(Button::command("Pay", "pay").params("15")).build().unwrap();
    let pressed = Arc::new(AtomicU32::new(0));
    let router = Router::new()
        .text("order", move |_cx: Context, _message: Message| {
            let keyboard = keyboard.clone();
            async move { Reply::text("Your order").keyboard(keyboard) }
        })
        .command("pay", move |_cx: Context, command: Command| {
            let pressed = pressed.clone();
            async move {
                assert_eq!(command.context, CommandContext::Button);
                format!(
                    "Paid {} for the {}. time",
                    command.params,
                    pressed.fetch_add(1, Ordering::SeqCst) + 1
                )
            }
        });
    stage(|app| app.bot(BotProfile::openline("shop").command("pay", ""), router)).await
}

#[tokio::test]
async fn the_same_button_pressed_twice_runs_twice() {
    let stage = shop().await;
    let client = stage.portal.client("Ann");
    client.says("order").await;
    stage.quiet().await;
    client.presses("Pay").await;
    // The wire tells two presses apart by their second.
    stage.portal.clock().advance(Duration::from_secs(1));
    client.presses("Pay").await;
    stage.quiet().await;
    assert_eq!(stage.said(), ["Your order", "Paid 15 for the 1. time", "Paid 15 for the 2. time"]);
}

#[tokio::test]
async fn one_press_delivered_twice_runs_once() {
    let stage = shop().await;
    let client = stage.portal.client("Ann");
    client.says("order").await;
    stage.quiet().await;
    stage.portal.faults().duplicate_deliveries(true);
    client.presses("Pay").await;
    stage.quiet().await;
    assert_eq!(stage.said(), ["Your order", "Paid 15 for the 1. time"]);
}

/// An application with a bot of each generation has the subscriptions of both, so each bot is told everything twice.
#[rstest]
#[case::the_v1_bot_leads("old")]
#[case::the_v2_bot_leads("new")]
#[tokio::test]
async fn v1_and_v2_callbacks_of_one_message_run_once(#[case] leads: &str) {
    let stage =
        stage(|app| app.bot(BotProfile::openline("old").v1(), echo).bot(BotProfile::openline("new"), echo))
            .await;
    let bot = stage.portal.bot_id(leads).unwrap();
    stage.portal.line().welcome_bot(Some(bot));
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    let events: Vec<String> = stage.portal.deliveries().into_iter().map(|delivery| delivery.event).collect();
    for event in ["ONIMBOTMESSAGEADD", "ONIMBOTV2MESSAGEADD"] {
        assert!(events.iter().any(|sent| sent == event), "the portal sent both: {events:?}");
    }
    assert_eq!(stage.said(), ["You said: hi"]);
}

#[rstest]
#[case::the_answer_is_lost(RestFault::CloseAfterExecution)]
#[case::the_call_is_lost(RestFault::CloseBeforeExecution)]
#[case::the_front_is_overloaded(RestFault::QueryLimitExceeded)]
#[case::html_instead_of_json(RestFault::HtmlBody)]
#[tokio::test]
async fn a_v2_reply_arrives_exactly_once_whatever_happens_to_its_call(#[case] fault: RestFault) {
    let stage = stage(|app| app.policy(impatient()).bot(BotProfile::openline("echo"), echo)).await;
    stage.portal.faults().rest("imbot.v2.Chat.Message.send", fault, 2);
    let client = stage.portal.client("Ann");
    client.says("one").await;
    client.says("two").await;
    stage.quiet().await;
    assert_eq!(stage.said(), ["You said: one", "You said: two"], "{}", client.transcript());
}

/// One call of two is lost; the history knows whether it arrived.
#[rstest]
#[case::it_arrived(RestFault::CloseAfterExecution, &["You said: one", "You said: two"], 0)]
#[case::it_did_not(RestFault::CloseBeforeExecution, &["You said: two"], 1)]
#[tokio::test]
async fn a_v1_reply_with_an_unknown_outcome_is_never_sent_again(
    #[case] fault: RestFault,
    #[case] said: &[&str],
    #[case] shown: usize,
) {
    let stage = stage(|app| app.policy(impatient()).bot(BotProfile::openline("echo").v1(), echo)).await;
    stage.portal.faults().rest("imbot.message.add", fault, 1);
    let client = stage.portal.client("Ann");
    client.says("one").await;
    client.says("two").await;
    stage.quiet().await;
    assert_eq!(stage.said(), said);
    let inbox = stage.running.store().inbox(None, 10).await.unwrap();
    assert_eq!(inbox.len(), shown, "{inbox:?}");
    assert!(inbox.iter().all(|entry| entry.state == openlines::store::InboxState::Uncertain));
}

#[tokio::test]
async fn a_message_sent_at_once_is_sent_once_although_its_turn_runs_again() {
    let tries = Arc::new(AtomicU32::new(0));
    let stage = stage(|app| {
        let tries = tries.clone();
        app.policy(impatient()).bot(BotProfile::openline("now"), move |cx: Context, _message: Message| {
            let tries = tries.clone();
            async move {
                let id = cx.send_now("first", format!("try {}", tries.load(Ordering::SeqCst))).await?;
                if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Err(HandlerError::msg("after it was sent"));
                }
                Ok(format!("That was message {id}"))
            }
        })
    })
    .await;
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    let first = stage.portal.bot_messages()[0].id;
    assert_eq!(stage.said(), ["try 0".to_owned(), format!("That was message {first}")]);
}
