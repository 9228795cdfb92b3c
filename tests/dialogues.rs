//! Dialogues: a state that lasts, survives changes of its type, and ends in time.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use openlines::{
    clock::{Clock, ManualClock, SystemClock},
    dispatch::assert_shape,
    prelude::*,
    testing::Conversation,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stage::stage;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Order {
    Start,
    Address { dish: String },
}

impl DialogState for Order {
    const VERSION: u32 = 1;
    fn fallback() -> Self {
        Self::Start
    }
    fn time_out(&self) -> Option<Duration> {
        match self {
            Self::Start => None,
            Self::Address { .. } => Some(10 * MINUTE),
        }
    }
}

async fn take_order(cx: Context, message: Message) -> String {
    match cx.state::<Order>() {
        Order::Start => {
            cx.goto(Order::Address { dish: message.text });
            "Where to?".into()
        }
        Order::Address { dish } => {
            cx.goto(Order::Start);
            format!("{dish} to {}", message.text)
        }
    }
}

fn restaurant() -> Router {
    Router::new()
        .on(async |cx: Context, _fired: TimerFired| match cx.timed_out::<Order>() {
            Some(Order::Address { dish }) => {
                cx.goto(Order::Start);
                Some(format!("No {dish} then"))
            }
            _ => None,
        })
        .fallback(take_order)
}

#[tokio::test]
async fn each_client_is_in_a_state_of_their_own() {
    let stage = stage(|app| app.bot(BotProfile::openline("food"), restaurant())).await;
    let (ann, bob) = (stage.portal.client("Ann"), stage.portal.client("Bob"));
    for (client, text) in
        [(&ann, "soup"), (&bob, "rice"), (&ann, "Elm Street"), (&bob, "Oak Street"), (&ann, "tea")]
    {
        client.says(text).await;
        stage.quiet().await;
    }
    assert_eq!(
        stage.said(),
        ["Where to?", "Where to?", "soup to Elm Street", "rice to Oak Street", "Where to?"]
    );
}

#[derive(Serialize, Deserialize)]
struct Count(Vec<String>);

impl DialogState for Count {
    const VERSION: u32 = 1;
    fn fallback() -> Self {
        Self(Vec::new())
    }
}

/// Known of other frameworks: both turns read the same state, and the later write wins.
#[tokio::test]
async fn two_quick_messages_do_not_corrupt_the_state() {
    let count = async |cx: Context, message: Message| {
        let Count(mut heard) = cx.state();
        // Where another turn of the dialog would come in between, if it could.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        heard.push(message.text);
        let said = heard.join(" ");
        cx.goto(Count(heard));
        said
    };
    let stage = stage(|app| app.bot(BotProfile::openline("count"), count)).await;
    let ann = stage.portal.client("Ann");
    for text in ["a", "b", "c", "d"] {
        ann.says(text).await;
    }
    stage.quiet().await;
    assert_eq!(stage.said(), ["a", "a b", "a b c", "a b c d"]);
}

#[test]
fn a_turn_that_fails_leaves_the_state_as_it_was() {
    let count = async |cx: Context, message: Message| {
        let Count(mut heard) = cx.state();
        heard.push(message.text.clone());
        cx.goto(Count(heard.clone()));
        assert_eq!(cx.state::<Count>().0, heard, "its own turn sees it at once");
        match (message.text.as_str(), cx.failed_before()) {
            ("once", 0) | ("always", _) => Err(HandlerError::msg("no")),
            _ => Ok(heard.join(" ")),
        }
    };
    let mut talk = Conversation::with(count);
    talk.client_says("once").after(MINUTE).expect("once");
    talk.client_says("always").after(10 * MINUTE).expect_nothing().expect_parked("no");
    talk.client_says("last").expect("once last");
}

#[tokio::test]
async fn a_state_whose_time_is_over_tells_the_bot_unless_it_was_left_or_the_session_closed() {
    let clock = ManualClock::new(SystemClock.now());
    let stage =
        stage(|app| app.clock(Arc::new(clock.clone())).bot(BotProfile::openline("food"), restaurant())).await;
    let [ann, bob, eve] = ["Ann", "Bob", "Eve"].map(|name| stage.portal.client(name));
    ann.says("soup").await;
    bob.says("rice").await;
    bob.says("Oak Street").await;
    eve.says("tea").await;
    stage.quiet().await;
    stage.portal.operator("Ivan").finishes(&eve).await;
    stage.quiet().await;
    let before = stage.said().len();
    clock.advance(10 * MINUTE - Duration::from_millis(1));
    stage.quiet().await;
    assert_eq!(stage.said().len(), before);
    clock.advance(MINUTE);
    stage.quiet().await;
    assert_eq!(stage.said()[before..], ["No soup then"]);
    ann.says("pie").await;
    stage.quiet().await;
    assert_eq!(stage.said()[before + 1..], ["Where to?"]);
}

/// What `Order` became: `Address` is called `Delivery` now. `MIGRATES` tells whether somebody thought of that.
#[derive(Debug, Serialize, Deserialize)]
enum Renamed<const MIGRATES: bool> {
    Start,
    Delivery { dish: String },
}

impl<const MIGRATES: bool> DialogState for Renamed<MIGRATES> {
    const VERSION: u32 = if MIGRATES { 2 } else { 1 };
    fn migrate(version: u32, state: Value) -> Option<Value> {
        match (version, state.get("Address")) {
            (1, Some(address)) => Some(json!({"Delivery": address})),
            (1, None) => Some(state),
            _ => None,
        }
    }
    fn fallback() -> Self {
        Self::Start
    }
}

async fn deliver<const MIGRATES: bool>(cx: Context, message: Message) -> String {
    match cx.state::<Renamed<MIGRATES>>() {
        Renamed::Start => {
            cx.goto(Renamed::<MIGRATES>::Delivery { dish: message.text });
            "Where shall we bring it?".into()
        }
        Renamed::Delivery { dish } => {
            cx.goto(Renamed::<MIGRATES>::Start);
            format!("We bring {dish} to {}", message.text)
        }
    }
}

/// Says something to a bot with `Order`, then more to its successor, which gives these answers; what was logged.
fn renamed(successor: Router, answers: [&str; 2]) -> String {
    let log = Log::default();
    let sink = log.clone();
    let logged = tracing_subscriber::fmt().with_ansi(false).with_writer(move || sink.clone()).finish();
    let _logging = tracing::subscriber::set_default(logged);
    let mut talk = Conversation::with(restaurant());
    talk.client_says("soup").expect("Where to?").restart_with(successor);
    talk.client_says("Elm Street").expect(answers[0]).client_says("Oak Street").expect(answers[1]);
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_state_with_a_renamed_variant_opens_under_its_migration() {
    let routes = Router::new().fallback(deliver::<true>);
    let log = renamed(routes, ["We bring soup to Elm Street", "Where shall we bring it?"]);
    assert!(!log.contains("begins anew"), "{log}");
}

/// Known of other frameworks: a renamed state locks its user out.
#[test]
fn a_renamed_state_without_a_migration_begins_anew_and_says_so() {
    let routes = Router::new().fallback(deliver::<false>);
    let log = renamed(routes, ["Where shall we bring it?", "We bring Elm Street to Oak Street"]);
    assert!(log.contains("the dialogue begins anew"), "{log}");
    assert!(
        log.contains("unknown variant `Address`") && log.contains("raise `VERSION` and migrate"),
        "{log}"
    );
}

const GOLDEN: &str = r#"{"1": ["Start", {"Address": {"dish": "soup"}}]}"#;

#[test]
fn the_shape_test_passes_while_the_type_is_written_as_before() {
    assert_shape(GOLDEN, &[Order::Start, Order::Address { dish: "soup".into() }]);
    let both = r#"{
        "1": ["Start", {"Address": {"dish": "soup"}}],
        "2": ["Start", {"Delivery": {"dish": "soup"}}]
    }"#;
    assert_shape(both, &[Renamed::<true>::Start, Renamed::Delivery { dish: "soup".into() }]);
}

#[test]
#[should_panic(expected = "Raise `VERSION` to 2")]
fn the_shape_test_fails_when_a_variant_is_renamed_without_a_new_version() {
    assert_shape(GOLDEN, &[Renamed::<false>::Start, Renamed::Delivery { dish: "soup".into() }]);
}
