//! What needs a person: looked at and asked for beside a running server, as the command line does.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use openlines::{
    clock::{Clock, ManualClock, SystemClock},
    dispatch::Policy,
    prelude::*,
    store::{self, InboxRequest, InboxState},
};
use openlines_emulator::Emulator;
use stage::{SOON, Stage, settings};

/// A bot that fails until it is mended, with its database in a file, on a clock that stands still.
async fn broken(directory: &std::path::Path, mended: Arc<AtomicBool>) -> (Stage, String, ManualClock) {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let database = format!("sqlite://{}", directory.join("bot.db").display());
    let config =
        settings(&portal).listen(address).public_url(format!("http://{address}")).database_url(&database);
    let mut policy = Policy::default();
    policy.first_wait = Duration::ZERO;
    let bot = move |_cx: Context, message: Message| {
        let mended = mended.clone();
        async move {
            if mended.load(Ordering::SeqCst) {
                Ok(format!("Now I know: {}", literal(&message.text)))
            } else {
                Err(HandlerError::msg("the price list is not there"))
            }
        }
    };
    let clock = ManualClock::new(SystemClock.now());
    let app = App::new(config).policy(policy).clock(Arc::new(clock.clone()));
    let running = app.bot(BotProfile::openline("shop"), bot).start().await.unwrap();
    portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    let stage = Stage { emulator, portal, running };
    stage.portal.client("Ann").says("price?").await;
    stage.quiet().await;
    (stage, database, clock)
}

#[tokio::test]
async fn a_parked_event_put_back_beside_the_server_is_handled_within_a_second() {
    let directory = tempfile::tempdir().unwrap();
    let mended = Arc::new(AtomicBool::new(false));
    let (stage, database, clock) = broken(directory.path(), mended.clone()).await;
    let beside = store::inspect(&database).unwrap();
    let parked = beside.inbox(None, 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(
        (parked[0].state, parked[0].error.as_str()),
        (InboxState::Parked, "the price list is not there")
    );
    let shown = beside.inbox_entry(parked[0].item).await.unwrap().unwrap();
    let raw = openlines::codec::from_stored(&shown.body).unwrap();
    assert_eq!(raw.path(&["data", "message", "text"]).and_then(|text| text.as_str()), Some("price?"));

    mended.store(true, Ordering::SeqCst);
    beside.request(InboxRequest::Retry(parked[0].item), clock.now()).await.unwrap();
    clock.advance(Duration::from_secs(1));
    let said = stage.portal.wait_for_bot_messages(1, SOON).await;
    assert_eq!(said[0].text, "Now I know: price?");
    assert!(beside.inbox(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dropped_event_is_gone_and_runs_never() {
    let directory = tempfile::tempdir().unwrap();
    let mended = Arc::new(AtomicBool::new(false));
    let (stage, database, clock) = broken(directory.path(), mended.clone()).await;
    let beside = store::inspect(&database).unwrap();
    let item = beside.inbox(None, 10).await.unwrap()[0].item;
    mended.store(true, Ordering::SeqCst);
    beside.request(InboxRequest::Drop(item), clock.now()).await.unwrap();
    clock.advance(Duration::from_secs(1));
    let deadline = std::time::Instant::now() + SOON;
    while !beside.inbox(None, 10).await.unwrap().is_empty() {
        assert!(std::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    stage.quiet().await;
    assert!(stage.said().is_empty());
}

#[tokio::test]
async fn a_second_server_on_the_same_database_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let (stage, database, _clock) = broken(directory.path(), Arc::new(AtomicBool::new(true))).await;
    let second = App::new(settings(&stage.portal).database_url(&database))
        .bot(BotProfile::openline("shop"), async |_cx: Context, _message: Message| "never");
    let error = second.start().await.unwrap_err().to_string();
    assert!(error.contains(&std::process::id().to_string()), "{error}");
}
