//! Races: an operator takes over at a random moment, in many dialogs at once.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use openlines_emulator::RestFault;
use rstest::rstest;

use crate::{
    bench::{Bench, By, Echo, profile},
    stage::SOON,
    witness::{Seen, TAKES},
};

/// A small generator, so that a seed is all that a race needs.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 33) % limit
    }
}

fn races() -> u64 {
    if std::env::var_os("OPENLINES_SOAK").is_some() { 500 } else { 50 }
}

fn seed() -> u64 {
    let given = std::env::var("OPENLINES_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 >> 16)
}

#[rstest]
#[case::by_callback(By::Callback)]
#[case::by_fetch(By::Fetch)]
#[tokio::test]
async fn no_message_begins_once_an_operator_is_known(#[case] by: By) {
    let seed = seed();
    println!("OPENLINES_TEST_SEED={seed}");
    let bench = Bench::of(by, |app, notes| app.bot(profile(), Echo(notes))).await;
    let portal = bench.portal().clone();
    let mut dice = Dice(seed);
    portal.faults().rest(
        "imbot.v2.Chat.Message.send",
        RestFault::SlowAnswer(Duration::from_millis(dice.below(40))),
        u32::try_from(races()).unwrap(),
    );
    let clients: Vec<_> = (0..races()).map(|number| portal.client(&format!("Client {number}"))).collect();
    let mut said = HashSet::new();
    let dialogs: Vec<_> = (0..)
        .zip(&clients)
        .map(|(number, client)| {
            let texts: Vec<String> = (0..1 + dice.below(5)).map(|part| format!("{number}.{part}")).collect();
            said.extend(texts.clone());
            let (wait, after_the_first) = (dice.below(60), dice.below(2) == 0);
            let portal = portal.clone();
            async move {
                for text in &texts {
                    client.says(text).await;
                }
                if after_the_first {
                    let chat = client.chat_id();
                    portal.wait_for_bot_message(|said| said.chat_id == chat, SOON).await;
                }
                // The moment is the dice's: this is a race.
                tokio::time::sleep(Duration::from_millis(wait)).await;
                portal.operator(&format!("Operator {number}")).says(client, TAKES).await;
                client.says("thank you").await;
            }
        })
        .collect();
    join_all(dialogs).await;
    bench.quiet().await;
    let known =
        |seen: &Seen, user: i64| matches!(seen, Seen::Known(lane) if lane.ends_with(&format!("|{user}")));
    tokio::time::timeout(SOON, async {
        loop {
            let seen = bench.witness.seen();
            if clients.iter().all(|client| seen.iter().any(|seen| known(seen, client.user_id()))) {
                return;
            }
            bench.quiet().await;
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("every take-over is heard of");
    bench.quiet().await;

    let seen = bench.witness.seen();
    let (mut begun_later, mut most_in_flight, mut in_flight, mut sent) = (0, 0, 0, 0);
    for client in &clients {
        let at = seen.iter().position(|seen| known(seen, client.user_id())).unwrap();
        let count = |part: &[Seen], wanted: &Seen| part.iter().filter(|seen| *seen == wanted).count();
        let (began, ended) = (Seen::Began(client.chat_id()), Seen::Ended(client.chat_id()));
        begun_later += count(&seen[at..], &began);
        let under_way = count(&seen[..at], &began) - count(&seen[..at], &ended);
        most_in_flight = most_in_flight.max(under_way);
        in_flight += under_way;
        sent += bench.said_to(client).len();
    }
    let answered: HashSet<String> = bench
        .stage
        .said()
        .iter()
        .filter_map(|text| text.strip_prefix("You said: ").map(str::to_owned))
        .collect();
    let withheld: HashSet<String> =
        bench.notes.withheld_texts().iter().map(|text| text.replace("You said: ", "")).collect();
    let cancelled = bench.notes.withheld().iter().filter(|withheld| withheld.turn_cancelled()).count();
    let heard: HashSet<String> = bench.notes.heard().into_iter().collect();
    println!(
        "{by:?}: {} take-overs, {} messages of clients, {} heard, {sent} answers sent, {} withheld, {cancelled} turns cancelled, {in_flight} in flight, {begun_later} begun later",
        clients.len(),
        said.len(),
        heard.len(),
        withheld.len(),
    );
    assert_eq!(begun_later, 0, "messages that began after the take-over was known");
    assert!(most_in_flight <= 1, "{most_in_flight} messages of one dialog were in flight");
    assert_eq!(answered.len(), sent, "no answer twice");
    assert!(answered.is_disjoint(&withheld), "what was withheld was not said");
    assert_eq!(heard.len(), sent + withheld.len() + cancelled, "whatever was heard was answered or told of");
    assert!(!heard.contains("thank you") && heard.is_subset(&said));
    bench.nobody_is_needed().await;
}
