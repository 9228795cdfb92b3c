//! What is known outlives the process, and a report comes once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use openlines::{clock::Clock, prelude::*, store::InboxRequest};
use openlines_emulator::RestFault;

use crate::{
    bench::{Bench, By, Echo, MINUTE, Notes, profile},
    stage::SOON,
    witness::TAKES,
};

fn echo(app: App, notes: Notes) -> App {
    app.bot(profile(), Echo(notes))
}

#[tokio::test]
async fn a_person_has_the_session_after_a_restart_too() {
    let bench = Bench::new().await;
    // Only what is stored can tell.
    bench.portal().faults().rest("imopenlines.dialog.get", RestFault::error(401, "insufficient_scope"), 99);
    let ann = bench.client("Ann").await;
    ann.says("later").await;
    bench.quiet().await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    bench.quiet().await;
    let bench = bench.restarted(echo).await;
    bench.clock.advance(MINUTE);
    bench.quiet().await;
    assert_eq!(bench.notes.heard().last().unwrap(), "timer while Human");
    assert_eq!(bench.notes.withheld_texts(), ["Are you there?"]);
    assert_eq!(bench.said_to(&ann), ["You said: hello", "You said: later"]);
}

/// The echo, which cannot cope with what operators write until it is mended.
struct Fragile {
    echo: Echo,
    mended: Arc<AtomicBool>,
}

#[async_trait]
impl BotHandler for Fragile {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        if message.author == Author::Client {
            return self.echo.on_message(cx, message).await;
        }
        if !self.mended.load(Ordering::SeqCst) {
            return Err(HandlerError::msg("no word for operators").permanent());
        }
        let late = if cx.late() { " late" } else { "" };
        self.echo.0.hears(format!("{}{late}", message.text));
        Ok(Done)
    }

    async fn on_line_message(&self, _cx: &Context, message: &LineMessage) -> Handled {
        match message.author {
            Author::Operator => Err(HandlerError::msg("no word for operators in a line").permanent()),
            _ => Ok(Done),
        }
    }

    async fn on_timer(&self, cx: &Context, fired: &TimerFired) -> Handled {
        self.echo.on_timer(cx, fired).await
    }

    async fn on_withheld(&self, cx: &Context, withheld: &Withheld) -> Handled {
        self.echo.on_withheld(cx, withheld).await
    }
}

/// Ann, whom the bot is to speak to in a minute, and Ivan, whose word to her was parked; then the process has ended.
async fn parked_and_restarted(mended: &Arc<AtomicBool>) -> (Bench, openlines_emulator::Client) {
    let fragile = |app: App, notes| {
        app.bot(profile().hears_operators(), Fragile { echo: Echo(notes), mended: mended.clone() })
    };
    let bench = Bench::of(By::Callback, fragile).await;
    // Only what is stored can tell.
    bench.portal().faults().rest("imopenlines.dialog.get", RestFault::error(401, "insufficient_scope"), 99);
    let ann = bench.client("Ann").await;
    ann.says("later").await;
    bench.quiet().await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    bench.quiet().await;
    let parked = bench.stage.running.store().inbox(None, 9).await.unwrap();
    assert!(!parked.is_empty() && parked.iter().all(|entry| entry.error.contains("no word for operators")));
    (bench.restarted(fragile).await, ann)
}

#[tokio::test]
async fn a_person_whose_word_was_parked_has_the_session_after_a_restart_too() {
    let (bench, ann) = parked_and_restarted(&Arc::default()).await;
    bench.clock.advance(MINUTE);
    bench.quiet().await;
    assert_eq!(bench.notes.heard().last().unwrap(), "timer while Human");
    assert_eq!(bench.notes.withheld_texts(), ["Are you there?"]);
    assert_eq!(bench.said_to(&ann), ["You said: hello", "You said: later"]);
}

#[tokio::test]
async fn a_parked_word_that_is_put_back_is_heard_and_was_not_overtaken_by_itself() {
    let mended = Arc::new(AtomicBool::new(false));
    let (bench, _ann) = parked_and_restarted(&mended).await;
    mended.store(true, Ordering::SeqCst);
    let store = bench.stage.running.store().clone();
    let parked = store.inbox(None, 9).await.unwrap();
    let word = parked.iter().find(|entry| !entry.error.contains("in a line")).unwrap().item;
    store.request(InboxRequest::Retry(word), bench.clock.now()).await.unwrap();
    tokio::time::timeout(SOON, async {
        while bench.notes.heard().last().unwrap() != TAKES {
            bench.clock.advance(std::time::Duration::from_millis(500));
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{:?}", bench.notes.heard()));
    assert!(bench.notes.withheld().is_empty());
}

#[tokio::test]
async fn a_process_that_ends_between_a_report_and_its_row_reports_once() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    bench.portal().faults().rest(
        "imbot.v2.Chat.Message.send",
        RestFault::SlowAnswer(std::time::Duration::from_millis(200)),
        1,
    );
    bench.witness.never_settles.store(true, Ordering::SeqCst);
    for text in ["one", "two"] {
        ann.says(text).await;
    }
    bench.portal().wait_for_calls("imbot.v2.Chat.Message.send", 2, SOON).await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    tokio::time::timeout(SOON, async {
        while bench.notes.withheld().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the report does not wait for its row");
    bench.witness.never_settles.store(false, Ordering::SeqCst);
    let bench = bench.restarted(echo).await;
    bench.quiet().await;
    assert_eq!(bench.notes.withheld_texts(), ["You said: two"]);
    assert_eq!(bench.said_to(&ann), ["You said: hello", "You said: one"]);
    bench.nobody_is_needed().await;
}
