//! The indicator that the bot is busy.

use std::{sync::Arc, time::Duration};

use openlines::{dispatch::Policy, prelude::*, rest::methods::imbot_v2::InputAction};
use openlines_emulator::RestFault;
use rstest::rstest;
use tokio::sync::Notify;

use crate::{
    bench::{By, bench},
    stage::{SOON, Shifted, Stage, settings},
};

const NOTIFY: &str = "imbot.v2.Chat.InputAction.notify";

fn method(v2: bool) -> &'static str {
    if v2 { NOTIFY } else { "imbot.chat.sendTyping" }
}

/// A bot that types until it is let go, on a clock of the test's.
async fn typist(v2: bool) -> (Stage, Shifted, Arc<Notify>) {
    let emulator = openlines_emulator::Emulator::start().await;
    let portal = emulator.portal();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (clock, go) = (Shifted::new(), Arc::new(Notify::new()));
    let wait = go.clone();
    let profile = BotProfile::openline("typist");
    let running = App::new(settings(&portal).listen(port).public_url(format!("http://{port}")))
        .clock(Arc::new(clock.clone()))
        .policy(Policy::default())
        .bot(if v2 { profile } else { profile.v1() }, move |cx: Context, _message: Message| {
            let wait = wait.clone();
            async move {
                let typing = cx.typing();
                wait.notified().await;
                // Forgotten by its author: the end of the turn ends it.
                std::mem::forget(typing);
                "Done"
            }
        })
        .start()
        .await
        .unwrap();
    portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    (Stage { emulator, portal, running }, clock, go)
}

#[rstest]
#[tokio::test]
async fn it_is_shown_while_the_handler_works_and_not_after(#[values(false, true)] v2: bool) {
    let (stage, _clock, go) = typist(v2).await;
    stage.portal.client("Ann").says("hi").await;
    let call = stage.portal.wait_for_call(method(v2), SOON).await;
    assert_eq!(call.status, 200, "{call:?}");
    go.notify_one();
    stage.quiet().await;
    assert_eq!(stage.said(), ["Done"]);
    assert!(stage.running.store().inbox(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn it_is_kept_alive() {
    let (stage, clock, go) = typist(true).await;
    stage.portal.client("Ann").says("hi").await;
    stage.portal.wait_for_call(NOTIFY, SOON).await;
    clock.advance(Duration::from_secs(9));
    let calls = stage.portal.wait_for_calls(NOTIFY, 2, SOON).await;
    assert!(calls.iter().all(|call| call.params["duration"] == 10), "{calls:?}");
    go.notify_one();
    stage.quiet().await;
    assert_eq!(stage.said(), ["Done"]);
}

#[rstest]
#[case(RestFault::HtmlBody)]
#[case(RestFault::CloseBeforeExecution)]
#[case(RestFault::ErrorInSuccess)]
#[tokio::test]
async fn what_goes_wrong_with_it_harms_nobody(#[case] fault: RestFault) {
    let (stage, _clock, go) = typist(true).await;
    stage.portal.faults().rest(NOTIFY, fault, u32::MAX);
    stage.portal.client("Ann").says("hi").await;
    go.notify_one();
    stage.quiet().await;
    assert_eq!(stage.said(), ["Done"]);
    assert!(stage.running.store().inbox(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_agent_says_what_it_is_busy_with() {
    let bench = bench(BotProfile::openline("agent"), By::Webhook).await;
    let held = Arc::new(std::sync::Mutex::new(None));
    let holds = held.clone();
    bench.does(move |cx| {
        *holds.lock().unwrap() =
            Some(cx.agent_status(InputAction::ReadingDocs).map_err(|error| error.chain()));
    });
    bench.portal().client("Ann").says("do").await;
    bench.stage.quiet().await;
    assert!(matches!(*held.lock().unwrap(), Some(Ok(_))));
}

#[tokio::test]
async fn a_v1_bot_cannot_say_what_it_is_busy_with() {
    let bench = bench(BotProfile::openline("old").v1(), By::OAuth).await;
    let held = Arc::new(std::sync::Mutex::new(None));
    let holds = held.clone();
    bench.does(move |cx| {
        *holds.lock().unwrap() =
            Some(cx.agent_status(InputAction::Thinking).map(drop).map_err(|error| error.chain()));
    });
    bench.portal().client("Ann").says("do").await;
    bench.stage.quiet().await;
    let said = held.lock().unwrap().clone().unwrap().unwrap_err();
    assert!(said.contains("a v1 bot cannot show what it is busy with"), "{said}");
}
