//! Bugs that other frameworks are known for, each as a test of ours. Those of dialogues and timers stand with theirs:
//!
//! | known of others | test |
//! |---|---|
//! | two quick messages corrupt the state | `dialogues.rs`: `two_quick_messages_do_not_corrupt_the_state` |
//! | a renamed state locks its user out | `dialogues.rs`: `a_state_with_a_renamed_variant_opens_under_its_migration`, `a_renamed_state_without_a_migration_begins_anew_and_says_so` |
//! | a timer fires after the session closed | `timers.rs`: `a_timer_of_a_session_does_not_fire_after_the_session_closed` |
//! | a lock expires under a slow handler | `a_handler_slower_than_any_lock_keeps_its_dialog` |
//! | a wake-up is lost between commit and sleep | `a_message_that_comes_as_the_last_is_done_with_needs_no_other_to_be_heard` |
//! | a duplicate arrives while the first runs | `a_duplicate_that_arrives_while_the_first_runs_is_not_run` |
//! | a slow handler holds up everybody | `a_handler_that_sleeps_delays_none_of_a_thousand_others` |
//! | a panic ends the bot | `a_handler_that_panics_parks_its_event_and_everything_else_goes_on` |
//! | a portal that is gone holds up the others | `a_dead_portal_delays_no_other` |
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
    clock::{Clock, ManualClock, SystemClock},
    dispatch::Policy,
    prelude::*,
    rest::Limits,
    store::InboxState,
};
use openlines_emulator::{Emulator, Portal, RestFault};
use stage::{SOON, Shifted, settings, stage};
use tokio::sync::watch;

/// For a thousand answers on a busy machine.
const LONG: Duration = Duration::from_secs(90);

/// What no portal allows, for tests with more messages than one takes.
fn no_limits() -> Limits {
    Limits::new(100_000, 10_000)
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A bot whose turns begin, and then wait until they are let go.
#[derive(Clone)]
struct Slow {
    begun: Arc<AtomicUsize>,
    let_go: watch::Sender<bool>,
}

impl Slow {
    fn new() -> Self {
        Self { begun: Arc::default(), let_go: watch::Sender::new(false) }
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl BotHandler for Slow {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.let_go.subscribe().wait_for(|go| *go).await?;
        cx.reply(format!("You said: {}", literal(&message.text)));
        Ok(Done)
    }
}

/// Where a lock lies in Redis with a time to live, a handler that takes longer loses it, and a second worker begins.
#[tokio::test]
async fn a_handler_slower_than_any_lock_keeps_its_dialog() {
    let (bot, clock) = (Slow::new(), Shifted::new());
    let mut policy = Policy::default();
    policy.turn_limit = Duration::from_secs(7 * 86_400);
    let stage = stage(|app| {
        let app = app.clock(Arc::new(clock.clone())).policy(policy).limits(no_limits());
        app.bot(BotProfile::openline("slow"), bot.clone())
    })
    .await;
    stage.portal.set_rate_limit(None);
    let ann = stage.portal.client("Ann");
    ann.says("one").await;
    until("the handler works", || bot.begun() == 1).await;
    ann.says("two").await;
    stage.portal.settled(SOON).await;
    for hour in 1..=48 {
        clock.advance(Duration::from_secs(3_600));
        // Somebody else is heard at once, so the engine has looked at all that there is to do.
        stage.portal.client(&format!("Client {hour}")).says("hello").await;
        until("another dialog's turn", || bot.begun() == 1 + hour).await;
    }
    assert_eq!(bot.begun(), 1 + 48, "hers is the one turn of her dialog, for two days");
    bot.let_go.send_replace(true);
    stage.quiet().await;
    let hers: Vec<String> = stage
        .portal
        .bot_messages()
        .into_iter()
        .filter(|message| message.chat_id == ann.chat_id())
        .map(|message| message.text)
        .collect();
    assert_eq!(hers, ["You said: one", "You said: two"]);
    assert_eq!(bot.begun(), 2 + 48, "each message ran once");
}

/// A worker that looks, finds nothing and goes to sleep misses what came in between, until something else comes. Here
/// each message comes as the one before is being done with, and the clock stands still: nothing else ever comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_as_the_last_is_done_with_needs_no_other_to_be_heard() {
    const MESSAGES: usize = 200;
    let clock = ManualClock::new(SystemClock.now());
    let echo = async |_cx: Context, message: Message| message.text;
    let stage =
        stage(|app| app.clock(Arc::new(clock)).limits(no_limits()).bot(BotProfile::openline("echo"), echo))
            .await;
    stage.portal.set_rate_limit(None);
    let clients = ["Ann", "Bob"].map(|name| stage.portal.client(name));
    for number in 0..MESSAGES {
        // In one dialog and in two, and each time a little later after the answer.
        clients[number / 2 % 2].says(&format!("message {number}")).await;
        stage.portal.wait_for_bot_messages(number + 1, SOON).await;
        for _ in 0..number % 40 {
            tokio::task::yield_now().await;
        }
    }
    let said: Vec<String> = stage.said();
    assert_eq!(said, (0..MESSAGES).map(|number| format!("message {number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_duplicate_that_arrives_while_the_first_runs_is_not_run() {
    let bot = Slow::new();
    let stage = stage(|app| app.bot(BotProfile::openline("slow"), bot.clone())).await;
    let ann = stage.portal.client("Ann");
    ann.says("hi").await;
    until("the handler works", || bot.begun() == 1).await;
    stage.portal.settled(SOON).await;
    let sent = stage.portal.deliveries();
    let message = sent.iter().find(|delivery| delivery.event == "ONIMBOTV2MESSAGEADD").unwrap();
    for _ in 0..3 {
        assert_eq!(stage.portal.redeliver(message).await.status, Ok(200));
    }
    ann.says("and?").await;
    stage.portal.settled(SOON).await;
    bot.let_go.send_replace(true);
    stage.quiet().await;
    assert_eq!(stage.portal.redeliver(message).await.status, Ok(200), "and once more when all is over");
    stage.quiet().await;
    assert_eq!(stage.said(), ["You said: hi", "You said: and?"]);
    assert_eq!(bot.begun(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_sleeps_delays_none_of_a_thousand_others() {
    const OTHERS: usize = 1_000;
    let clock = ManualClock::new(SystemClock.now());
    let sleeper = clock.clone();
    let bot = move |cx: Context, message: Message| {
        let clock = sleeper.clone();
        async move {
            if message.text == "sleep" {
                clock.sleep_until(cx.now().plus(Duration::from_secs(30))).await;
                return "Good morning".to_owned();
            }
            message.text
        }
    };
    let stage = stage(|app| {
        app.clock(Arc::new(clock.clone())).limits(no_limits()).bot(BotProfile::openline("sleeper"), bot)
    })
    .await;
    stage.portal.set_rate_limit(None);
    let began = Instant::now();
    stage.portal.client("Ann").says("sleep").await;
    for number in 0..OTHERS {
        stage.portal.client(&format!("Client {number}")).says("awake").await;
    }
    stage.portal.wait_for_bot_messages(OTHERS, LONG).await;
    assert!(stage.said().iter().all(|text| text == "awake"), "Ann's handler sleeps");
    clock.advance(Duration::from_secs(30));
    stage.portal.wait_for_bot_messages(OTHERS + 1, SOON).await;
    assert_eq!(stage.said().last().unwrap(), "Good morning");
    println!("{OTHERS} dialogs were answered beside one that slept, in {:.1?}", began.elapsed());
}

struct Panics;

#[async_trait]
impl BotHandler for Panics {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        assert!(!message.text.starts_with("boom"), "there is no such dish");
        cx.reply(literal(&message.text));
        Ok(Done)
    }

    async fn on_error(&self, cx: &Context, _error: &HandlerError, _last: bool) -> Recovery {
        let twice = matches!(&cx.incoming().event, Event::Message(message) if message.text == "boom twice");
        assert!(!twice, "not even an excuse");
        Recovery::Retry
    }
}

#[tokio::test]
async fn a_handler_that_panics_parks_its_event_and_everything_else_goes_on() {
    let mut policy = Policy::default();
    policy.first_wait = Duration::from_millis(1);
    policy.turn_tries = 2;
    let stage = stage(|app| app.policy(policy).bot(BotProfile::openline("cook"), Panics)).await;
    let (ann, bob) = (stage.portal.client("Ann"), stage.portal.client("Bob"));
    for (client, text) in
        [(&ann, "boom"), (&bob, "soup"), (&ann, "boom twice"), (&ann, "rice"), (&bob, "tea")]
    {
        client.says(text).await;
    }
    stage.quiet().await;
    let mut said = stage.said();
    said.sort_unstable();
    assert_eq!(said, ["rice", "soup", "tea"]);
    let inbox = stage.running.store().inbox(None, 9).await.unwrap();
    assert_eq!(inbox.len(), 2, "{inbox:?}");
    for entry in inbox {
        assert_eq!((entry.state, entry.attempts), (InboxState::Parked, 2));
        assert_eq!(entry.error, "the handler panicked: there is no such dish");
    }
}

/// The first of two portals answers no call any more: its handlers hang, and so do its replies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_portal_delays_no_other() {
    const AT_ONCE: usize = 8;
    let (id, secret) = ("local.65f0a1b2c3d4e5.12345678", "a secret that protects nothing but tests");
    let start = || async { Emulator::builder().app(id, secret).no_rate_limit().start().await.unwrap() };
    let emulators = [start().await, start().await, start().await];
    let [dead, alive, new] = emulators.each_ref().map(Emulator::portal);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hosts = [&dead, &alive, &new].map(|portal| portal.app().oauth_host).join(",");
    let config = settings(&dead).listen(port).public_url(format!("http://{port}")).oauth_hosts(hosts);
    let mut policy = Policy::default();
    policy.turns_at_once = AT_ONCE;
    let asking = Arc::new(AtomicUsize::new(0));
    let asked = asking.clone();
    let bot = move |cx: Context, message: Message| {
        let asked = asked.clone();
        async move {
            if message.text == "ask" {
                asked.fetch_add(1, Ordering::SeqCst);
                cx.call("profile", serde_json::json!({})).await?;
            }
            Ok::<_, HandlerError>(message.text)
        }
    };
    let app = App::new(config).limits(no_limits()).policy(policy);
    let running = app.bot(BotProfile::openline("echo"), bot).start().await.unwrap();
    for (nth, portal) in [&dead, &alive].into_iter().enumerate() {
        portal.install(&format!("{}/install", running.url())).await;
        tokio::time::timeout(SOON, running.set_up(nth + 1)).await.expect("the portal is set up");
    }

    dead.faults().rest("*", RestFault::SilenceBeforeExecution, u32::MAX);
    for number in 0..3 * AT_ONCE {
        dead.client(&format!("Replied {number}")).says("reply").await;
    }
    dead.settled(SOON).await;
    for number in 0..3 * AT_ONCE {
        dead.client(&format!("Asked {number}")).says("ask").await;
    }
    dead.settled(SOON).await;
    until("handlers hang", || asking.load(Ordering::SeqCst) >= AT_ONCE / 2).await;

    let ann = alive.client("Ann");
    let texts: Vec<String> = (0..20)
        .map(|number| if number % 5 == 1 { "ask".into() } else { format!("message {number}") })
        .collect();
    for (nth, text) in texts.iter().enumerate() {
        ann.says(text).await;
        alive.wait_for_bot_messages(nth + 1, SOON).await;
    }
    let said: Vec<String> = alive.bot_messages().into_iter().map(|message| message.text).collect();
    assert_eq!(said, texts);
    assert!(dead.bot_messages().is_empty());

    // What keeps portals as they should be hangs at the dead one as well; a new one is set up all the same.
    dead.install(&format!("{}/install", running.url())).await;
    let asked = |portal: &Portal| {
        let exchanges = portal.exchanges().into_iter();
        exchanges.filter(|exchange| exchange.name.eq_ignore_ascii_case("imbot.v2.Bot.register")).count()
    };
    until("the dead portal is asked what it has", || asked(&dead) > 1).await;
    new.install(&format!("{}/install", running.url())).await;
    until("a new portal is set up", || new.bot_id("echo").is_some()).await;
    new.client("Bob").says("hello").await;
    new.wait_for_bot_messages(1, SOON).await;
}
