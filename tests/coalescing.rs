//! Bursts of replies: within the portal's rate, in batches, each reply once, also across faults and restarts.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use openlines::{
    app::Running,
    dispatch::Policy,
    prelude::*,
    rest::Limits,
    store::{MemoryStore, Store},
};
use openlines_emulator::{Emulator, Exchange, Portal, RateLimit, RestFault};
use rstest::rstest;
use stage::{SOON, settings};
use tokio::sync::watch;

const SEND: &str = "imbot.v2.chat.message.send";

/// A bot whose handlers all wait until the test opens the gate, so that their answers come at once.
#[derive(Clone)]
struct Gate {
    open: Arc<watch::Sender<bool>>,
    inside: Arc<AtomicUsize>,
}

impl Gate {
    fn new() -> Self {
        Self { open: Arc::new(watch::Sender::new(false)), inside: Arc::default() }
    }

    fn bot(
        &self,
    ) -> impl Fn(Context, Message) -> std::pin::Pin<Box<dyn Future<Output = String> + Send>> + use<> {
        let gate = self.clone();
        move |_cx, message| {
            let gate = gate.clone();
            Box::pin(async move {
                gate.inside.fetch_add(1, Ordering::SeqCst);
                let _ = gate.open.subscribe().wait_for(|open| *open).await;
                format!("You said: {}", literal(&message.text))
            })
        }
    }

    fn shut(&self) {
        self.inside.store(0, Ordering::SeqCst);
        self.open.send_replace(false);
    }

    fn open(&self) {
        self.open.send_replace(true);
    }

    async fn holds(&self, turns: usize) {
        until(|| self.inside.load(Ordering::SeqCst) == turns).await;
    }
}

async fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON * 2;
    while !done() {
        assert!(Instant::now() < deadline, "it does not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn impatient() -> Policy {
    let mut policy = Policy::default();
    policy.first_wait = Duration::from_millis(5);
    // All of them wait at the gate, and one portal gets half at the most.
    policy.turns_at_once = 2048;
    policy
}

async fn start(
    portal: &Portal,
    gate: &Gate,
    store: &Arc<dyn Store>,
    build: impl FnOnce(App) -> App,
) -> Running {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = settings(portal).listen(port).public_url(format!("http://{port}"));
    let app = App::new(config)
        .store(store.clone())
        .policy(impatient())
        .bot(BotProfile::openline("echo").name("Echo"), gate.bot());
    build(app).start().await.unwrap()
}

/// So many clients write at once; returns when all handlers wait at the gate.
async fn all_write(portal: &Portal, gate: &Gate, who: &str, clients: usize) {
    gate.shut();
    let mut writing = tokio::task::JoinSet::new();
    for client in 0..clients {
        let name = format!("{who} {client}");
        let client = portal.client(&name);
        writing.spawn(async move { client.says(&name).await });
    }
    writing.join_all().await;
    gate.holds(clients).await;
}

fn expected(who: &str, clients: usize) -> Vec<String> {
    let mut all: Vec<String> = (0..clients).map(|client| format!("You said: {who} {client}")).collect();
    all.sort_unstable();
    all
}

fn said(portal: &Portal) -> Vec<String> {
    let mut said: Vec<String> = portal.bot_messages().into_iter().map(|message| message.text).collect();
    said.sort_unstable();
    said
}

fn refusals(portal: &Portal) -> usize {
    portal.calls().iter().filter(|call| call.status == 503).count()
}

fn batches(portal: &Portal) -> usize {
    portal.calls().iter().filter(|call| call.method == "batch").count()
}

async fn installed(portal: &Portal, running: &Running) {
    portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_hundred_dialogs_answered_at_once_hear_it_within_two_seconds_and_the_portal_refuses_nothing() {
    let emulator = Emulator::builder().rate_limit(RateLimit::STANDARD).start().await.unwrap();
    let (portal, gate) = (emulator.portal(), Gate::new());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let running = start(&portal, &gate, &store, |app| app).await;
    installed(&portal, &running).await;
    all_write(&portal, &gate, "Ann", 600).await;
    let before = portal.exchanges().last().map_or(0, |last| last.id);
    gate.open();
    tokio::time::timeout(SOON * 2, running.idle()).await.expect("the app comes to rest");
    let requests: Vec<Exchange> = portal.exchanges().into_iter().filter(|one| one.id > before).collect();
    let first = requests.iter().map(|one| one.unix_micros).min().unwrap();
    let last = requests.iter().map(|one| one.unix_micros + one.took.as_micros() as i64).max().unwrap();
    let took = Duration::from_micros((last - first).unsigned_abs());
    println!("600 replies in {} requests, {} of them batches, in {took:?}", requests.len(), batches(&portal));
    assert_eq!(said(&portal), expected("Ann", 600));
    assert_eq!(refusals(&portal), 0);
    assert!(requests.len() <= 48, "{}", requests.len());
    // The emulator runs in the same process, and slowly where it is not optimised.
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 6 } else { 2 });
    assert!(took <= limit, "{took:?}");
    running.stop().await;
}

#[rstest]
#[case::the_answer_is_lost(RestFault::CloseAfterExecution)]
#[case::the_request_is_lost(RestFault::CloseBeforeExecution)]
#[case::the_front_is_overloaded(RestFault::QueryLimitExceeded)]
#[case::html_instead_of_json(RestFault::HtmlBody)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_in_a_batch_arrive_exactly_once_whatever_happens_to_it(#[case] fault: RestFault) {
    let emulator = Emulator::start().await;
    let (portal, gate) = (emulator.portal(), Gate::new());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let running = start(&portal, &gate, &store, |app| app.limits(Limits::new(9, 20))).await;
    installed(&portal, &running).await;
    portal.faults().rest("batch", fault, 2);
    all_write(&portal, &gate, "Ann", 40).await;
    gate.open();
    tokio::time::timeout(SOON, running.idle()).await.expect("the app comes to rest");
    assert_eq!(said(&portal), expected("Ann", 40));
    assert!(batches(&portal) >= 2, "{}", batches(&portal));
    assert!(running.store().inbox(None, 9).await.unwrap().is_empty());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_while_a_batch_is_under_way_says_nothing_twice_and_loses_nothing() {
    let emulator = Emulator::start().await;
    let (portal, gate) = (emulator.portal(), Gate::new());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let running = start(&portal, &gate, &store, |app| app.limits(Limits::new(9, 20))).await;
    installed(&portal, &running).await;
    all_write(&portal, &gate, "Ann", 40).await;
    // It is carried out, and its answer never comes.
    portal.faults().rest("batch", RestFault::SlowAnswer(Duration::from_secs(60)), 1);
    gate.open();
    until(|| portal.calls().iter().any(|call| call.in_batch && call.method == SEND)).await;
    let carried_out = portal.bot_messages().len();
    drop(running);
    let again = start(&portal, &gate, &store, |app| app.limits(Limits::new(9, 20))).await;
    tokio::time::timeout(SOON, again.idle()).await.expect("the app comes to rest");
    assert!(carried_out > 0, "the batch was under way");
    assert_eq!(said(&portal), expected("Ann", 40));
    assert!(again.store().inbox(None, 9).await.unwrap().is_empty());
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_right_after_a_restart_runs_into_no_refusal() {
    const BURST: usize = 16;
    let mut rate = RateLimit::STANDARD;
    (rate.bucket, rate.per_second) = (20.0, 10.0);
    let emulator = Emulator::builder().rate_limit(rate).start().await.unwrap();
    let portal = emulator.portal();
    let dir = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", dir.path().join("bot.db").display());
    let calls = async |cx: Context, _message: Message| {
        for _ in 0..BURST {
            cx.call("profile", serde_json::json!({})).await?;
        }
        Ok::<_, HandlerError>(())
    };
    let client = portal.client("Ann");
    let mut left = 0.0;
    for life in 0..3 {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = settings(&portal).listen(port).public_url(format!("http://{port}"));
        let running = App::new(config.database_url(&database))
            .limits(Limits::new(20, 10))
            .bot(BotProfile::openline("caller").name("Caller"), calls)
            .start()
            .await
            .unwrap();
        if life == 0 {
            portal.install(&format!("{}/install", running.url())).await;
        }
        tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
        client.says("do").await;
        portal.settled(SOON).await;
        tokio::time::timeout(SOON, running.idle()).await.expect("the app comes to rest");
        running.stop().await;
        left += portal.rate_level([127, 0, 0, 1].into()).unwrap().1;
    }
    let made = portal.calls().iter().filter(|call| call.method == "profile").count();
    assert!(made >= 3 * BURST, "{made}");
    assert!(left > 3.0 * 8.0, "each life leaves a bucket that is well filled: {left}");
    assert_eq!(refusals(&portal), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_a_batch_carry_the_bot_token_that_a_webhook_needs() {
    let emulator = Emulator::start().await;
    let (portal, gate) = (emulator.portal(), Gate::new());
    let config = Config::new()
        .listen("127.0.0.1:0".parse().unwrap())
        .without_admin()
        .database_url("memory:")
        .webhook(portal.webhook_url(), "a-token-of-our-own");
    let running = App::new(config)
        .limits(Limits::new(9, 20))
        .bot(BotProfile::openline("echo").name("Echo"), gate.bot())
        .start()
        .await
        .unwrap();
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    all_write(&portal, &gate, "Ann", 40).await;
    gate.open();
    portal.wait_for_bot_messages(40, SOON).await;
    tokio::time::timeout(SOON, running.idle()).await.expect("the app comes to rest");
    assert_eq!(said(&portal), expected("Ann", 40));
    assert!(portal.calls().iter().any(|call| call.in_batch && call.method == SEND));
    running.stop().await;
}
