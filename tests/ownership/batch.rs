//! Operators take sessions over exactly while a batch is under way.

use std::time::Duration;

use openlines::{
    dispatch::Policy,
    store::{InboxItem, InboxState},
};
use openlines_emulator::Client;

use crate::{
    bench::{Bench, By, Echo, profile},
    races::{is_known, known_of},
    stage::SOON,
    witness::{Seen, TAKES},
};

const CLIENTS: usize = 12;
/// Calls that go by themselves before others go together.
const ALONE: usize = 2;
const TEXTS: [&str; 3] = ["one", "two", "three"];

/// A bench whose calls go in batches as soon as a few wait.
async fn bench() -> Bench {
    let mut policy = Policy::default();
    policy.calls_at_once = ALONE;
    Bench::of(By::Callback, |app, notes| app.policy(policy).bot(profile(), Echo(notes))).await
}

/// Returns once all replies are committed and a batch of some is at the portal.
async fn all_wait(bench: &Bench) {
    let store = bench.stage.running.store();
    let soon = async {
        loop {
            let pending = store.inbox(Some(InboxState::Pending), 999).await.unwrap();
            let calls = pending.iter().filter(|entry| matches!(entry.item, InboxItem::Call(_))).count();
            let is_all = calls == CLIENTS * TEXTS.len() && pending.len() == calls;
            if is_all && bench.witness.held().iter().any(|chats| chats.len() > 1) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(SOON, soon).await.expect("all replies wait, some of them in a batch");
}

#[tokio::test]
async fn of_each_dialog_only_what_is_in_the_batch_is_sent_and_nothing_begins_later() {
    let bench = bench().await;
    let mut clients: Vec<Client> = Vec::new();
    for number in 0..CLIENTS {
        clients.push(bench.client(&format!("Client {number}")).await);
    }
    // The portal has each message, and nobody here knows it: the first ones alone, those behind them in a batch, and of
    // each dialog what comes after waits.
    bench.witness.hold_answers(true);
    for text in TEXTS {
        for client in &clients {
            client.says(text).await;
        }
    }
    all_wait(&bench).await;

    for (number, client) in clients.iter().enumerate() {
        bench.portal().operator(&format!("Operator {number}")).says(client, TAKES).await;
    }
    known_of(&bench, &clients).await;
    let held = bench.witness.held();
    let (alone, together): (Vec<_>, Vec<_>) = held.iter().partition(|chats| chats.len() == 1);
    assert_eq!((alone.len(), together.len()), (ALONE, 1), "{held:?}");
    bench.witness.hold_answers(false);
    bench.quiet().await;

    let seen = bench.witness.seen();
    let in_flight: Vec<i64> = held.concat();
    let mut withheld = 0;
    for client in &clients {
        let chat = client.chat_id();
        let known = seen.iter().position(|seen| is_known(seen, client)).unwrap();
        let count = |part: &[Seen], what: &Seen| part.iter().filter(|seen| *seen == what).count();
        let (before, after) = seen.split_at(known);
        let under_way = count(before, &Seen::Began(chat)) - count(before, &Seen::Ended(chat));
        assert_eq!(under_way, in_flight.iter().filter(|held| **held == chat).count(), "{seen:?}");
        assert!(under_way <= 1, "one of a dialog at a time");
        assert_eq!(count(after, &Seen::Began(chat)), 0, "nothing begins once the operator is known");
        let said: Vec<String> =
            ["hello"].iter().chain(&TEXTS[..under_way]).map(|text| format!("You said: {text}")).collect();
        assert_eq!(bench.said_to(client), said);
        let reports = bench.notes.withheld();
        let of_this =
            reports.iter().filter(|report| report.chat.as_ref().is_some_and(|of| of.id.get() == chat));
        let texts: Vec<String> = of_this.filter_map(|report| report.text.clone()).collect();
        let rest: Vec<String> = TEXTS[under_way..].iter().map(|text| format!("You said: {text}")).collect();
        assert_eq!(texts, rest, "told of in its order, each once");
        withheld += texts.len();
    }
    println!(
        "{CLIENTS} take-overs beside a batch of {} and {ALONE} single calls: {} sent, {withheld} withheld, 0 begun later",
        together[0].len(),
        in_flight.len()
    );
    bench.nobody_is_needed().await;
}
