//! Races: an operator takes over at a random moment, in many dialogs at once.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::future::join_all;
use openlines_emulator::{Client, Portal, RestFault};
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

/// What happens in one dialog.
struct Race {
    /// What the client says, and so how long the handler takes for each.
    texts: Vec<String>,
    /// The operator comes after so many answers, and a little later.
    answers: usize,
    wait: Duration,
}

impl Race {
    /// `pace` is how many milliseconds things take.
    fn roll(dice: &mut Dice, number: u64, pace: u64) -> Self {
        let texts: Vec<String> = (0..1 + dice.below(5))
            .map(|part| format!("pause {} {number}.{part}", dice.below(pace)))
            .collect();
        let answers = usize::try_from(dice.below(texts.len() as u64)).unwrap();
        Self { texts, answers, wait: Duration::from_millis(dice.below(pace)) }
    }

    /// Runs it; the ids of what the client said.
    async fn run(self, portal: &Portal, client: &Client) -> Vec<(i64, String)> {
        let mut said = Vec::new();
        for text in self.texts {
            said.push((client.says(&text).await, text));
        }
        let chat = client.chat_id();
        let mut seen = HashSet::new();
        while seen.len() < self.answers {
            let answer = portal
                .wait_for_bot_message(|said| said.chat_id == chat && !seen.contains(&said.id), SOON)
                .await;
            seen.insert(answer.id);
        }
        // The moment is the dice's: this is a race.
        tokio::time::sleep(self.wait).await;
        portal.operator(&format!("Operator of {chat}")).says(client, TAKES).await;
        client.says("thank you").await;
        said
    }
}

#[rstest]
#[case::by_callback(By::Callback, 10, 200)]
#[case::by_fetch(By::Fetch, 25, 250)]
#[tokio::test]
async fn no_message_begins_once_an_operator_is_known(
    #[case] by: By,
    #[case] at_once: u64,
    #[case] pace: u64,
) {
    let given = std::env::var("OPENLINES_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 >> 16);
    let races = if std::env::var_os("OPENLINES_SOAK").is_some() { 500 } else { 50 };
    println!("OPENLINES_TEST_SEED={seed}");
    let bench = Bench::of(by, |app, notes| app.bot(profile(), Echo(notes))).await;
    let (portal, mut dice) = (bench.portal(), Dice(seed));
    let (mut clients, mut said) = (Vec::new(), HashMap::new());
    for wave in 0..races / at_once {
        let numbers = wave * at_once..(wave + 1) * at_once;
        let new: Vec<Client> =
            numbers.clone().map(|number| portal.client(&format!("Client {number}"))).collect();
        for method in ["imbot.v2.Chat.Message.send", "batch"] {
            let slow = RestFault::SlowAnswer(Duration::from_millis(dice.below(pace)));
            portal.faults().rest(method, slow, 1_000);
        }
        let dialogs =
            numbers.zip(&new).map(|(number, client)| Race::roll(&mut dice, number, pace).run(portal, client));
        said.extend(join_all(dialogs.collect::<Vec<_>>()).await.into_iter().flatten());
        clients.extend(new);
        portal.faults().clear();
        known_of(&bench, &clients).await;
        bench.quiet().await;
    }
    judge(&bench, by, &clients, &said).await;
}

pub(crate) fn is_known(seen: &Seen, client: &Client) -> bool {
    matches!(seen, Seen::Known(lane) if lane.ends_with(&format!("|{}", client.user_id())))
}

/// Returns once every take-over is heard of.
pub(crate) async fn known_of(bench: &Bench, clients: &[Client]) {
    let all = async {
        loop {
            let seen = bench.witness.seen();
            if clients.iter().all(|client| seen.iter().any(|seen| is_known(seen, client))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(SOON, all).await.expect("every take-over is heard of");
}

async fn judge(bench: &Bench, by: By, clients: &[Client], said: &HashMap<i64, String>) {
    let seen = bench.witness.seen();
    let (mut begun_later, mut most_in_flight, mut in_flight, mut sent) = (0, 0, 0, 0);
    for client in clients {
        let at = seen.iter().position(|seen| is_known(seen, client)).unwrap();
        let count = |part: &[Seen], wanted: Seen| part.iter().filter(|seen| **seen == wanted).count();
        let (before, after) = seen.split_at(at);
        begun_later += count(after, Seen::Began(client.chat_id()));
        let under_way =
            count(before, Seen::Began(client.chat_id())) - count(before, Seen::Ended(client.chat_id()));
        most_in_flight = most_in_flight.max(under_way);
        in_flight += under_way;
        sent += bench.said_to(client).len();
    }
    let text = |answer: String| answer.replace("You said: ", "");
    let answered: HashSet<String> = bench.stage.said().into_iter().map(text).collect();
    let withheld: HashSet<String> = bench.notes.withheld_texts().into_iter().map(text).collect();
    let reports = bench.notes.withheld();
    let cancelled: HashSet<String> = reports
        .iter()
        .filter(|report| report.turn_cancelled())
        .map(|report| said[&report.answers.unwrap().get()].clone())
        .collect();
    let heard: HashSet<String> = bench.notes.heard().into_iter().collect();
    println!(
        "{by:?}: {} take-overs, {} messages of clients, {sent} answered, {} withheld, {} turns cancelled, {} not heard; {in_flight} messages in flight when it was known, {begun_later} begun later",
        clients.len(),
        said.len(),
        withheld.len(),
        cancelled.len(),
        said.len() - heard.len(),
    );
    assert_eq!(begun_later, 0, "messages that began after the take-over was known");
    assert!(most_in_flight <= 1, "{most_in_flight} messages of one dialog were in flight");
    assert_eq!(answered.len(), sent, "no answer twice");
    assert_eq!(reports.len(), withheld.len() + cancelled.len(), "no report twice");
    assert!(
        answered.is_disjoint(&withheld) && answered.is_disjoint(&cancelled),
        "what was withheld was not said"
    );
    let accounted =
        |text: &&String| answered.contains(*text) || withheld.contains(*text) || cancelled.contains(*text);
    let lost: Vec<&String> = heard.iter().filter(|text| !accounted(text)).collect();
    assert!(lost.is_empty(), "neither answered nor told of: {lost:?}");
    assert!(!heard.contains("thank you"), "the person's client is not heard");
    // Which of the two it is, is chance; that a batch under way is caught in time has a test of its own.
    assert!(sent > 0 && withheld.len() + cancelled.len() > 0, "these were no races");
    bench.nobody_is_needed().await;
}
