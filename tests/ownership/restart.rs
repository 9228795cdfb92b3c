//! What is known outlives the process, and a report comes once.

use std::sync::atomic::Ordering;

use openlines::prelude::*;
use openlines_emulator::RestFault;

use crate::{
    bench::{Bench, Echo, MINUTE, Notes, profile},
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
