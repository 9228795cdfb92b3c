//! Timers of a dialog: when they fire, where, how often, and when not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use openlines::{
    clock::{Clock, ManualClock, SystemClock},
    prelude::*,
    store::{InboxEntry, InboxRequest},
    testing::Conversation,
};
use openlines_emulator::{Emulator, Portal};
use stage::{SOON, Stage, settings, stage};

const MINUTE: Duration = Duration::from_secs(60);

/// What the client says is what is done with timers: `10 tea` sets one for ten minutes, `10 tea with session` one that
/// goes with it, `cancel tea` cancels it.
#[derive(Default)]
struct Kettle {
    fired: Arc<Mutex<Vec<String>>>,
    /// The end of a session is parked, and the timer `kettle`.
    fails: Arc<AtomicBool>,
}

#[async_trait]
impl BotHandler for Kettle {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        let words: Vec<&str> = message.text.split(' ').collect();
        match words[..] {
            ["cancel", name] => cx.cancel_timer(name),
            [minutes, name] => cx.timer(name).payload(&message.text).after(MINUTE * minutes.parse()?),
            [minutes, name, "with", "session"] => {
                cx.timer(name).payload(&message.text).with_session().after(MINUTE * minutes.parse()?);
            }
            [minutes, name, "cancels", other] => {
                cx.timer(name).payload(&format!("cancels {other}")).after(MINUTE * minutes.parse()?);
            }
            _ => {}
        }
        Ok(Done)
    }

    async fn on_timer(&self, cx: &Context, fired: &TimerFired) -> Handled {
        if fired.name == "kettle" && self.fails.load(Ordering::SeqCst) {
            return Err(HandlerError::msg("there is no kettle").permanent());
        }
        self.fired.lock().unwrap().push(fired.name.clone());
        let payload: String = fired.payload_as()?;
        if let Some(other) = payload.strip_prefix("cancels ") {
            cx.cancel_timer(other);
        }
        let line = cx.chat().is_some_and(Chat::is_line);
        cx.reply(format!("{} of {payload} (in a line: {line})", fired.name));
        Ok(Done)
    }

    async fn on_session_finish(&self, _cx: &Context, _session: &LineSessionEvent) -> Handled {
        if self.fails.load(Ordering::SeqCst) {
            return Err(HandlerError::msg("the bill cannot be written").permanent());
        }
        Ok(Done)
    }
}

fn clock() -> ManualClock {
    ManualClock::new(SystemClock.now())
}

async fn kettle(clock: &ManualClock) -> Stage {
    stage(|app| app.clock(Arc::new(clock.clone())).bot(BotProfile::openline("kettle"), Kettle::default()))
        .await
}

impl Stage {
    async fn after(&self, clock: &ManualClock, span: Duration) -> Vec<String> {
        clock.advance(span);
        self.quiet().await;
        self.said()
    }

    async fn parked(&self) -> Vec<InboxEntry> {
        self.running.store().inbox(None, 99).await.unwrap()
    }

    /// Puts the one event that is parked back, and lets it run.
    async fn puts_back(&self, clock: &ManualClock) {
        let [parked] = &self.parked().await[..] else { panic!("one is parked") };
        self.running.store().request(InboxRequest::Retry(parked.item), clock.now()).await.unwrap();
        let deadline = std::time::Instant::now() + SOON;
        while !self.parked().await.is_empty() {
            assert!(std::time::Instant::now() < deadline, "it is not taken up");
            clock.advance(Duration::from_millis(500));
            tokio::task::yield_now().await;
        }
        self.quiet().await;
    }
}

/// A database in a file, and the address of the process that has it.
struct Shelf {
    directory: tempfile::TempDir,
    address: SocketAddr,
}

impl Shelf {
    fn new() -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { directory: tempfile::tempdir().unwrap(), address }
    }

    fn app(&self, portal: &Portal, clock: &ManualClock, kettle: Kettle) -> App {
        let config = settings(portal)
            .listen(self.address)
            .public_url(format!("http://{}", self.address))
            .database_url(format!("sqlite://{}", self.directory.path().join("bot.db").display()));
        App::new(config).clock(Arc::new(clock.clone())).bot(BotProfile::openline("kettle"), kettle)
    }

    async fn stage(&self, clock: &ManualClock, kettle: Kettle) -> Stage {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let running = self.app(&portal, clock, kettle).start().await.unwrap();
        portal.install(&format!("{}/install", running.url())).await;
        tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
        Stage { emulator, portal, running }
    }
}

#[tokio::test]
async fn a_timer_fires_once_when_its_moment_has_come_and_answers_in_its_chat() {
    let clock = clock();
    let stage = kettle(&clock).await;
    let (ann, bob) = (stage.portal.client("Ann"), stage.portal.client("Bob"));
    ann.says("10 tea").await;
    bob.says("20 tea").await;
    stage.quiet().await;
    assert!(stage.after(&clock, 10 * MINUTE - Duration::from_millis(1)).await.is_empty());
    let tea = "tea of 10 tea (in a line: true)";
    assert_eq!(stage.after(&clock, Duration::from_millis(1)).await, [tea]);
    assert_eq!(stage.portal.bot_messages()[0].chat_id, ann.chat_id(), "in the chat it was set in");
    assert_eq!(stage.after(&clock, MINUTE).await.len(), 1, "not again");
    assert_eq!(stage.after(&clock, 60 * MINUTE).await[1..], ["tea of 20 tea (in a line: true)"]);
}

#[test]
fn a_timer_set_again_fires_at_its_new_moment_only_and_a_cancelled_one_never() {
    let mut talk = Conversation::with(Kettle::default());
    for text in ["10 tea", "5 coffee", "15 tea", "cancel coffee", "cancel nothing"] {
        talk.client_says(text);
    }
    talk.after(14 * MINUTE).expect_nothing();
    talk.after(60 * MINUTE).expect("tea of 15 tea (in a line: true)").expect_nothing();
    talk.client_says("1 coffee").after(MINUTE).expect("coffee of 1 coffee (in a line: true)");
}

#[tokio::test]
async fn a_timer_that_waits_behind_the_turn_that_cancels_it_does_not_fire() {
    let clock = clock();
    let stage = kettle(&clock).await;
    let ann = stage.portal.client("Ann");
    ann.says("10 first cancels second").await;
    ann.says("10 second").await;
    stage.quiet().await;
    // Both are due, and in the journal before the first of them runs.
    assert_eq!(stage.after(&clock, 20 * MINUTE).await, ["first of cancels second (in a line: true)"]);
}

/// Known of other frameworks: "are you still there?" to somebody who was served and has gone.
#[tokio::test]
async fn a_timer_of_a_session_does_not_fire_after_the_session_closed() {
    let clock = clock();
    let fired = Arc::new(Mutex::new(Vec::new()));
    let kettle = Kettle { fired: fired.clone(), ..Kettle::default() };
    let stage =
        stage(|app| app.clock(Arc::new(clock.clone())).bot(BotProfile::openline("kettle"), kettle)).await;
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    ann.says("10 mine with session").await;
    ann.says("20 later").await;
    stage.quiet().await;
    ivan.finishes(&ann).await;
    stage.quiet().await;
    clock.advance(60 * MINUTE);
    stage.quiet().await;
    assert_eq!(*fired.lock().unwrap(), ["later"], "the other is not the session's");
}

#[test]
fn a_timer_of_a_session_fires_while_the_session_lasts() {
    let mut talk = Conversation::with(Kettle::default());
    talk.client_says("10 mine with session").after(10 * MINUTE).expect_containing("mine of");
}

#[tokio::test]
async fn a_timer_of_a_session_whose_end_was_parked_does_not_fire_after_a_restart() {
    let (clock, shelf, fired) = (clock(), Shelf::new(), Arc::new(Mutex::new(Vec::new())));
    let kettle = || Kettle { fired: fired.clone(), fails: Arc::new(AtomicBool::new(true)) };
    let stage = shelf.stage(&clock, kettle()).await;
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    ann.says("10 mine with session").await;
    ann.says("20 later").await;
    stage.quiet().await;
    ivan.finishes(&ann).await;
    stage.quiet().await;
    let parked = stage.parked().await;
    assert_eq!((parked.len(), parked[0].error.as_str()), (1, "the bill cannot be written"));
    let again = shelf.app(&stage.portal, &clock, kettle());
    stage.running.stop().await;
    let stage = Stage { running: again.start().await.unwrap(), ..stage };
    clock.advance(60 * MINUTE);
    stage.quiet().await;
    assert_eq!(*fired.lock().unwrap(), ["later"], "the other went with its session");
}

/// Its session ended when it was parked: what has begun since is another one.
#[tokio::test]
async fn a_parked_end_that_is_put_back_leaves_the_next_session_its_timers() {
    let (clock, fired, fails) = (clock(), Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(true)));
    let kettle = Kettle { fired: fired.clone(), fails: fails.clone() };
    let stage =
        stage(|app| app.clock(Arc::new(clock.clone())).bot(BotProfile::openline("kettle"), kettle)).await;
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    ann.says("10 first with session").await;
    stage.quiet().await;
    ivan.finishes(&ann).await;
    stage.quiet().await;
    clock.advance(MINUTE);
    ann.says("10 second with session").await;
    stage.quiet().await;
    fails.store(false, Ordering::SeqCst);
    stage.puts_back(&clock).await;
    clock.advance(60 * MINUTE);
    stage.quiet().await;
    assert_eq!(*fired.lock().unwrap(), ["second"]);
}

#[tokio::test]
async fn a_parked_timer_that_is_put_back_fires_and_one_that_went_with_its_session_does_not() {
    for finishes in [false, true] {
        let (clock, fails) = (clock(), Arc::new(AtomicBool::new(true)));
        let fired = Arc::new(Mutex::new(Vec::new()));
        let kettle = Kettle { fired: fired.clone(), fails: fails.clone() };
        let stage =
            stage(|app| app.clock(Arc::new(clock.clone())).bot(BotProfile::openline("kettle"), kettle)).await;
        let ann = stage.portal.client("Ann");
        ann.says("10 kettle with session").await;
        stage.quiet().await;
        clock.advance(10 * MINUTE);
        stage.quiet().await;
        fails.store(false, Ordering::SeqCst);
        if finishes {
            stage.portal.operator("Ivan").finishes(&ann).await;
            stage.quiet().await;
        }
        stage.puts_back(&clock).await;
        let expected: &[&str] = if finishes { &[] } else { &["kettle"] };
        assert_eq!(*fired.lock().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_timer_that_came_due_while_nobody_was_there_fires_after_the_restart() {
    let (clock, shelf) = (clock(), Shelf::new());
    let stage = shelf.stage(&clock, Kettle::default()).await;
    let ann = stage.portal.client("Ann");
    ann.says("10 tea").await;
    ann.says("90 cake").await;
    stage.quiet().await;
    let again = shelf.app(&stage.portal, &clock, Kettle::default());
    stage.running.stop().await;
    clock.advance(60 * MINUTE);
    let stage = Stage { running: again.start().await.unwrap(), ..stage };
    stage.quiet().await;
    assert_eq!(stage.said(), ["tea of 10 tea (in a line: true)"]);
    assert_eq!(stage.after(&clock, 30 * MINUTE).await[1..], ["cake of 90 cake (in a line: true)"]);
}

#[test]
fn a_timer_within_working_hours_waits_for_them() {
    // A Friday, 17:30 in Moscow.
    let friday = Timestamp::from_seconds(1_773_412_200);
    let hours =
        WorkingHours::builder("Europe/Moscow").days(Weekday::WORKDAYS, "09:00-18:00").build().unwrap();
    let routes = Router::new()
        .on(async |_cx: Context, fired: TimerFired| format!("{} at {}", fired.name, fired.due.seconds()))
        .fallback(move |cx: Context, _message: Message| {
            cx.timer("answer").within(&hours, 60 * MINUTE);
            async {}
        });
    let mut talk = Conversation::builder().clock(friday).with(routes);
    // It is the weekend.
    talk.client_says("help").after(60 * 60 * MINUTE).expect_nothing();
    // Monday, 09:30.
    talk.after(24 * 60 * MINUTE).expect("answer at 1773642600");
}

#[test]
fn a_timer_whose_handler_fails_runs_again_and_its_effects_come_once() {
    let routes = Router::new()
        .on(async |cx: Context, fired: TimerFired| {
            cx.timer("next").after(MINUTE);
            cx.reply(format!("{} after {} failures", fired.name, cx.failed_before()));
            match (fired.name.as_str(), cx.failed_before()) {
                ("tea", 0) => Err(HandlerError::msg("the kettle is empty")),
                _ => Ok(()),
            }
        })
        .fallback(async |cx: Context, _message: Message| cx.timer("tea").after(MINUTE));
    let mut talk = Conversation::with(routes);
    talk.client_says("tea").after(MINUTE).expect_nothing();
    talk.after(MINUTE / 2).expect("tea after 1 failures").expect_nothing();
    // Set once, by the try that was committed.
    talk.after(MINUTE).expect("next after 0 failures").expect_nothing();
}
