//! What clients wrote while the bot was down and the portal sent in vain is found in the histories of open sessions.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use openlines::{
    app::Running,
    prelude::*,
    rest::{Api, Call, CallError},
};
use openlines_emulator::{Client, Delivery, Emulator, Portal};
use stage::{SOON, settings};

/// A portal, and where the bot is to be: down or up, always at the same address with the same database.
struct Home {
    portal: Portal,
    address: SocketAddr,
    dir: tempfile::TempDir,
    runs: Arc<AtomicUsize>,
    v1: bool,
    _emulator: Emulator,
}

impl Home {
    async fn new() -> Self {
        let emulator = Emulator::start().await;
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self {
            portal: emulator.portal(),
            address,
            dir: tempfile::tempdir().unwrap(),
            runs: Arc::default(),
            v1: false,
            _emulator: emulator,
        }
    }

    async fn start(&self) -> Running {
        self.start_as(|app| app).await
    }

    async fn start_as(&self, change: impl FnOnce(App) -> App) -> Running {
        let database = format!("sqlite://{}", self.dir.path().join("bot.db").display());
        let config = settings(&self.portal)
            .listen(self.address)
            .public_url(format!("http://{}", self.address))
            .database_url(database);
        let runs = self.runs.clone();
        let router = Router::new()
            .command("order", async |_cx: Context, command: Command| format!("Order {}", command.params))
            .fallback(move |_cx: Context, message: Message| {
                runs.fetch_add(1, Ordering::SeqCst);
                async move { format!("You said: {} ({})", message.text, message.files.len()) }
            });
        let profile = BotProfile::openline("echo").command("order", "");
        let profile = if self.v1 { profile.v1() } else { profile };
        change(App::new(config).bot(profile, router)).start().await.unwrap()
    }

    /// Starts for the first time, with a client who has a session with the bot.
    async fn with_a_session(&self) -> (Running, Client) {
        let running = self.start().await;
        self.portal.install(&format!("{}/install", running.url())).await;
        tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
        let ann = self.portal.client("Ann");
        ann.says("hi").await;
        self.portal.wait_for_bot_messages(1, SOON).await;
        self.at_rest(&running).await;
        (running, ann)
    }

    async fn at_rest(&self, running: &Running) {
        self.portal.settled(SOON).await;
        tokio::time::timeout(SOON, running.idle()).await.unwrap();
    }

    fn said(&self) -> Vec<String> {
        self.portal.bot_messages().into_iter().map(|message| message.text).collect()
    }

    /// The callbacks of new messages that found nobody.
    fn lost(&self) -> Vec<Delivery> {
        let lost = |delivery: &Delivery| delivery.status.is_err() && delivery.event.ends_with("MESSAGEADD");
        self.portal.deliveries().into_iter().filter(lost).collect()
    }

    fn histories(&self) -> usize {
        let histories = self.portal.calls().into_iter();
        histories.filter(|call| call.method.eq_ignore_ascii_case("imopenlines.session.history.get")).count()
    }
}

async fn what_was_missed_is_answered_once_and_in_order(v1: bool) {
    let home = Home { v1, ..Home::new().await };
    let (running, ann) = home.with_a_session().await;
    running.stop().await;
    for text in ["one", "two", "three"] {
        ann.says(text).await;
    }
    home.portal.settled(SOON).await;
    let lost = home.lost();
    assert_eq!(lost.len(), 3, "the portal sent them in vain: {:?}", home.portal.deliveries());
    assert_eq!(home.said().len(), 1);

    let running = home.start().await;
    home.portal.wait_for_bot_messages(4, SOON).await;
    home.at_rest(&running).await;
    let all = ["You said: hi (0)", "You said: one (0)", "You said: two (0)", "You said: three (0)"];
    assert_eq!(home.said(), all);

    for late in lost {
        assert_eq!(home.portal.redeliver(&late).await.status, Ok(200));
    }
    home.at_rest(&running).await;
    assert_eq!(home.said(), all);
    assert_eq!(home.runs.load(Ordering::SeqCst), 4, "a callback that came late ran no handler");
    running.stop().await;
}

#[tokio::test]
async fn messages_missed_during_a_downtime_are_answered_once_and_in_order() {
    what_was_missed_is_answered_once_and_in_order(false).await;
}

/// Holds batches back until it is opened.
struct Slow {
    inner: Arc<dyn Api>,
    open: Arc<tokio::sync::Semaphore>,
}

#[async_trait]
impl Api for Slow {
    async fn call(&self, call: Call) -> Result<serde_json::Value, CallError> {
        if call.method == "batch" {
            drop(self.open.acquire().await.unwrap());
        }
        self.inner.call(call).await
    }
}

#[tokio::test]
async fn what_comes_while_the_history_is_read_waits_for_what_was_missed() {
    let home = Home::new().await;
    let (running, ann) = home.with_a_session().await;
    running.stop().await;
    ann.says("one").await;
    home.portal.settled(SOON).await;
    let open = Arc::new(tokio::sync::Semaphore::new(0));
    let slow = open.clone();
    let running = home.start_as(|app| app.wrap_api(|inner| Arc::new(Slow { inner, open: slow }))).await;
    ann.says("two").await;
    let ben = home.portal.client("Ben");
    ben.says("me too").await;
    home.portal.settled(SOON).await;
    home.portal.wait_for_bot_messages(2, SOON).await;
    assert_eq!(
        home.said()[1],
        "You said: me too (0)",
        "a dialog of which nothing was known waits for nothing"
    );
    open.add_permits(1);
    home.portal.wait_for_bot_messages(4, SOON).await;
    home.at_rest(&running).await;
    assert_eq!(home.said()[2..], ["You said: one (0)", "You said: two (0)"]);
    running.stop().await;
}

#[tokio::test]
async fn messages_that_a_v1_bot_missed_are_answered_once_and_in_order() {
    what_was_missed_is_answered_once_and_in_order(true).await;
}

#[tokio::test]
async fn a_missed_command_and_a_missed_file_arrive_as_what_they_are() {
    let home = Home::new().await;
    let (running, ann) = home.with_a_session().await;
    running.stop().await;
    ann.says("/order 15").await;
    ann.sends_file("invoice.pdf", *b"pdf").await;
    home.portal.settled(SOON).await;
    let running = home.start().await;
    let said = home.portal.wait_for_bot_messages(3, SOON).await;
    let texts: Vec<&str> = said.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts[1], "Order 15");
    assert!(texts[2].ends_with("(1)"), "{texts:?}");
    for late in home.portal.deliveries().iter().filter(|delivery| delivery.status.is_err()) {
        home.portal.redeliver(late).await;
    }
    home.at_rest(&running).await;
    assert_eq!(home.said().len(), 3, "{:?}", home.said());
    running.stop().await;
}

#[tokio::test]
async fn a_session_that_an_operator_took_meanwhile_is_left_alone() {
    let home = Home::new().await;
    let (running, ann) = home.with_a_session().await;
    let ben = home.portal.client("Ben");
    ben.says("hello").await;
    home.portal.wait_for_bot_messages(2, SOON).await;
    home.at_rest(&running).await;
    running.stop().await;
    ann.says("is anybody there?").await;
    ben.says("and here?").await;
    home.portal.operator("Olga").says(&ann, "I am").await;
    home.portal.settled(SOON).await;
    let running = home.start().await;
    home.portal.wait_for_bot_messages(3, SOON).await;
    home.at_rest(&running).await;
    assert_eq!(home.said()[2..], ["You said: and here? (0)"]);
    assert_eq!(home.runs.load(Ordering::SeqCst), 3);
    running.stop().await;
}

#[tokio::test]
async fn a_session_that_ended_is_not_looked_into() {
    let home = Home::new().await;
    let (running, ann) = home.with_a_session().await;
    let operator = home.portal.operator("Olga");
    operator.takes(&ann).await;
    operator.finishes(&ann).await;
    home.at_rest(&running).await;
    running.stop().await;
    let running = home.start().await;
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    home.at_rest(&running).await;
    let key = running.registry().portals()[0].key.clone();
    let open = running.store().open_sessions(&key, openlines::wire::Timestamp::default()).await.unwrap();
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(home.histories(), 0);
    running.stop().await;
}
