//! A database that fails in the middle of the work and is mended again, under a bot that goes on all the while: nothing
//! is lost, nothing is sent twice, and the log says what is wrong.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use openlines::{
    app::Running,
    dispatch::Policy,
    prelude::*,
    store::{InboxState, OpenMode, SqliteStore, Store},
};
use openlines_emulator::{Emulator, Portal};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use stage::{SOON, settings};
use tokio::sync::watch;
use tracing::subscriber::DefaultGuard;

#[derive(Serialize, Deserialize)]
struct Heard(u32);

impl DialogState for Heard {
    const VERSION: u32 = 1;
    fn fallback() -> Self {
        Self(0)
    }
}

/// A bot that counts what it hears in a dialog, with its database in a file that a test can break.
struct Bench {
    emulator: Emulator,
    portal: Portal,
    store: Arc<dyn Store>,
    running: Option<Running>,
    address: std::net::SocketAddr,
    /// Handlers wait while it is shut.
    open: watch::Sender<bool>,
    runs: Arc<AtomicU32>,
    raw: Connection,
    log: Log,
    _logging: DefaultGuard,
    _directory: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bot.db");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, OpenMode::Server).unwrap());
        let log = Log::default();
        let sink = log.clone();
        let logged = tracing_subscriber::fmt().with_ansi(false).with_writer(move || sink.clone()).finish();
        let emulator = Emulator::start().await;
        let mut bench = Self {
            portal: emulator.portal(),
            emulator,
            store,
            running: None,
            address: std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap(),
            open: watch::Sender::new(true),
            runs: Arc::default(),
            raw: Connection::open(&path).unwrap(),
            log,
            _logging: tracing::subscriber::set_default(logged),
            _directory: directory,
        };
        bench.raw.busy_timeout(SOON).unwrap();
        bench.begin().await;
        bench.portal.install(&format!("http://{}/install", bench.address)).await;
        tokio::time::timeout(SOON, bench.running().set_up(1)).await.expect("the portal is set up");
        bench.quiet().await;
        bench
    }

    /// Starts the bot on what is stored.
    async fn begin(&mut self) {
        let mut policy = Policy::default();
        policy.first_wait = Duration::from_millis(5);
        policy.longest_wait = Duration::from_millis(20);
        policy.turn_tries = 2;
        let (open, runs) = (self.open.subscribe(), self.runs.clone());
        let count = move |cx: Context, message: Message| {
            let (mut open, runs) = (open.clone(), runs.clone());
            async move {
                open.wait_for(|open| *open).await?;
                runs.fetch_add(1, Ordering::SeqCst);
                if message.text == "fail" {
                    return Err(HandlerError::msg("the price list is not there"));
                }
                let Heard(before) = cx.state();
                cx.goto(Heard(before + 1));
                if message.text == "hello again" {
                    cx.reply("Welcome back");
                }
                Ok(format!("{} is number {}", literal(&message.text), before + 1))
            }
        };
        let config =
            settings(&self.portal).listen(self.address).public_url(format!("http://{}", self.address));
        let app = App::new(config).store(self.store.clone()).policy(policy);
        self.running = Some(app.bot(BotProfile::openline("count"), count).start().await.unwrap());
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    async fn quiet(&self) {
        self.portal.settled(SOON).await;
        tokio::time::timeout(SOON, self.running().idle()).await.expect("the app comes to rest");
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + SOON;
        while !holds() {
            assert!(Instant::now() < deadline, "in vain: {what}\n{}", self.log.text());
            tokio::task::yield_now().await;
        }
    }

    /// Says it in each chat, and waits until all is acknowledged and waits for its handler.
    async fn accepts(&self, said: &[(&str, &[&str])]) {
        self.open.send_replace(false);
        for (client, texts) in said {
            let client = self.portal.client(client);
            for text in *texts {
                client.says(text).await;
            }
        }
        self.portal.settled(SOON).await;
        assert!(self.portal.deliveries().iter().all(|delivery| delivery.status == Ok(200)));
    }

    /// From now on this fails: `INSERT ON turns`, for instance.
    fn breaks(&self, what: &str) {
        let trigger =
            format!("CREATE TRIGGER broken BEFORE {what} BEGIN SELECT raise(ABORT, 'a broken disk'); END");
        self.raw.execute_batch(&trigger).unwrap();
        self.open.send_replace(true);
    }

    fn mend(&self) {
        self.raw.execute_batch("DROP TRIGGER broken").unwrap();
    }

    fn said(&self) -> Vec<String> {
        self.portal.bot_messages().into_iter().map(|message| message.text).collect()
    }

    fn count(&self, method: &str) -> usize {
        let method = method.to_ascii_lowercase();
        self.portal.calls().iter().filter(|call| call.method == method).count()
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const SEND: &str = "imbot.v2.Chat.Message.send";

#[tokio::test]
async fn a_turn_that_cannot_be_committed_runs_again_and_its_answer_leaves_once() {
    let bench = Bench::new().await;
    bench.accepts(&[("Ann", &["one", "two"]), ("Bob", &["three"])]).await;
    bench.breaks("INSERT ON turns");
    bench.until("each turn ran several times", || bench.runs.load(Ordering::SeqCst) > 10).await;
    assert_eq!(bench.count(SEND), 0, "nothing leaves that is not on disk");
    let log = bench.log.text();
    assert!(log.contains("the store failed during a turn; it runs again"), "{log}");
    assert!(
        log.contains("bot.db: writing failed: a broken disk; nothing was acknowledged; look at the disk"),
        "{log}"
    );
    bench.mend();
    bench.quiet().await;
    let mut said = bench.said();
    said.sort_unstable();
    assert_eq!(said, ["one is number 1", "three is number 1", "two is number 2"]);
    assert!(bench.store.inbox(None, 9).await.unwrap().is_empty(), "no try was lost to it");
}

#[tokio::test]
async fn a_call_that_cannot_be_marked_on_disk_is_not_made_before_it_can() {
    let bench = Bench::new().await;
    bench.accepts(&[("Ann", &["hello again"])]).await;
    bench.breaks("UPDATE OF sending ON outbox_open WHEN new.sending IS NOT NULL");
    let told = "the store failed before a call was sent; it waits";
    bench.until("it was tried", || bench.log.text().matches(told).count() > 3).await;
    assert_eq!(bench.said(), ["Welcome back"], "the first was marked by its commit");
    bench.mend();
    bench.quiet().await;
    assert_eq!(bench.said(), ["Welcome back", "hello again is number 1"]);
    assert_eq!(bench.count(SEND), 2);
}

#[tokio::test]
async fn a_call_whose_outcome_cannot_be_recorded_is_not_made_again() {
    let bench = Bench::new().await;
    bench.accepts(&[("Ann", &["one", "two"])]).await;
    bench.breaks("INSERT ON outbox_settled");
    let told = "could not be recorded; trying again";
    bench.until("it was tried", || bench.log.text().matches(told).count() > 3).await;
    assert_eq!(bench.said(), ["one is number 1"], "the next of its dialog waits");
    bench.mend();
    bench.quiet().await;
    assert_eq!(bench.said(), ["one is number 1", "two is number 2"]);
    assert_eq!(bench.count(SEND), 2);
}

#[tokio::test]
async fn an_outcome_that_was_never_recorded_is_asked_for_after_a_restart_under_the_same_key() {
    let mut bench = Bench::new().await;
    bench.accepts(&[("Ann", &["one", "two"])]).await;
    bench.breaks("INSERT ON outbox_settled");
    let told = "could not be recorded; trying again";
    bench.until("it was tried", || bench.log.text().contains(told)).await;
    // As the process ends: nothing is waited for.
    drop(bench.running.take());
    bench.until("its address is free", || std::net::TcpListener::bind(bench.address).is_ok()).await;
    bench.mend();
    bench.begin().await;
    bench.quiet().await;
    assert_eq!(bench.said(), ["one is number 1", "two is number 2"], "visible once");
    assert_eq!(bench.count(SEND), 3, "and asked for once more");
}

#[tokio::test]
async fn a_failed_try_that_cannot_be_recorded_is_no_try() {
    let bench = Bench::new().await;
    bench.accepts(&[("Ann", &["fail", "one"])]).await;
    bench.breaks("INSERT ON tries");
    bench.until("it ran often", || bench.runs.load(Ordering::SeqCst) > 5).await;
    assert!(bench.store.inbox(None, 9).await.unwrap().is_empty());
    bench.mend();
    bench.quiet().await;
    let inbox = bench.store.inbox(None, 9).await.unwrap();
    assert_eq!(inbox.len(), 1, "{inbox:?}");
    assert_eq!(
        (inbox[0].state, inbox[0].attempts, inbox[0].error.as_str()),
        (InboxState::Parked, 2, "the price list is not there")
    );
    assert_eq!(bench.said(), ["one is number 1"], "its dialog went on");
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_at_the_start_is_read_once_it_can() {
    let mut bench = Bench::new().await;
    bench.accepts(&[("Ann", &["one", "two"])]).await;
    drop(bench.running.take());
    bench.until("its address is free", || std::net::TcpListener::bind(bench.address).is_ok()).await;
    // What is read with an event and is not written with it.
    bench.raw.execute_batch("ALTER TABLE tries RENAME TO lost").unwrap();
    bench.open.send_replace(true);
    bench.begin().await;
    bench.portal.client("Bob").says("three").await;
    bench.portal.settled(SOON).await;
    assert!(bench.portal.deliveries().iter().all(|delivery| delivery.status == Ok(200)));
    let told = "the journal could not be read; trying again";
    bench.until("it was tried", || bench.log.text().matches(told).count() > 3).await;
    assert!(
        bench.log.text().contains("bot.db: reading failed: no such table: tries"),
        "{}",
        bench.log.text()
    );
    assert!(bench.said().is_empty());
    bench.raw.execute_batch("ALTER TABLE lost RENAME TO tries").unwrap();
    bench.quiet().await;
    let mut said = bench.said();
    said.sort_unstable();
    assert_eq!(said, ["one is number 1", "three is number 1", "two is number 2"]);
    drop(bench.emulator);
}
