//! Killed under load: many dialogs at once, every callback sent twice, many of them in the wrong order.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    process::ExitCode,
    time::{Duration, Instant},
};

use openlines::{
    prelude::*,
    rest::Limits,
    store::{Inbox, InboxState, OpenMode, SqliteStore},
};
use openlines_emulator::{Client, Delivery, Emulator, Portal};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::bot::{Dice, Home};

/// The name of this test's bot.
pub(crate) const CROWD: &str = "crowd";
const DIALOGS: usize = 50;
const EACH: usize = 20;
const EVENTS: usize = DIALOGS * EACH;
/// Messages that are on their way to the bot at once.
const BURST: u64 = 16;
const SOON: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct Heard(u32);

impl DialogState for Heard {
    const VERSION: u32 = 1;
    fn fallback() -> Self {
        Self(0)
    }
}

/// The bot that is killed. It answers with what it heard, how many messages that makes, and whether it came late; some
/// answers take longer than others, so that messages wait in their lanes.
pub(crate) async fn bot() -> ExitCode {
    let answer = async |cx: Context, message: Message| {
        tokio::time::sleep(Duration::from_millis(message.id.get().unsigned_abs() % 16)).await;
        let Heard(before) = cx.state();
        cx.goto(Heard(before + 1));
        let when = if cx.late() { "late" } else { "timely" };
        format!("{} {} {when}", message.text, before + 1)
    };
    let app = App::from_args(["bot", "serve"]).unwrap().limits(Limits::new(100_000, 10_000));
    match app.bot(BotProfile::openline(CROWD).name("Crowd"), answer).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A dialog, and the number of a message in it.
pub(crate) type Place = (usize, usize);

/// An answer as its text tells of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) place: Place,
    heard: usize,
    late: bool,
}

pub(crate) fn place(text: &str) -> Option<Place> {
    let (dialog, number) = text.split_once('/')?;
    Some((dialog.parse().ok()?, number.parse().ok()?))
}

fn answer(text: &str) -> Option<Answer> {
    let mut words = text.split(' ');
    let place = place(words.next()?)?;
    Some(Answer { place, heard: words.next()?.parse().ok()?, late: words.next()? == "late" })
}

/// What was found; printed as one line.
#[derive(Debug, Default)]
struct Found {
    acknowledged: BTreeSet<Place>,
    given_again: usize,
    reordered: usize,
    late: usize,
    unhandled: Vec<Place>,
    twice: Vec<Place>,
    disorder: Vec<String>,
}

pub(crate) async fn killed(fetches: bool, kills: usize) {
    let mut dice = Dice::new();
    let mut killed = 0;
    while killed < kills {
        let now = (kills - killed).min(20);
        one_crowd(&mut dice, fetches, now).await;
        killed += now;
    }
}

async fn one_crowd(dice: &mut Dice, fetches: bool, kills: usize) {
    let began = Instant::now();
    let directory = tempfile::tempdir().unwrap();
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let portal = emulator.portal();
    let home = Home::new(CROWD, &portal, directory.path()).fetching(fetches);
    let mut bot = home.start().await;
    portal.install(&home.install_url()).await;
    portal.wait_for_call(if fetches { "imbot.v2.Event.get" } else { "event.bind" }, SOON).await;

    let clients: Vec<Client> = (0..DIALOGS).map(|at| portal.client(&format!("Client {at}"))).collect();
    let speakers = speakers(dice);
    let mut places: Vec<usize> = (1..EVENTS).collect();
    dice.shuffle(&mut places);
    let mut places: Vec<usize> = places[..kills].to_vec();
    places.sort_unstable();
    portal.faults().duplicate_deliveries(true);
    let mut said: HashMap<i64, Place> = HashMap::new();
    let mut spoken = [0; DIALOGS];
    let mut from = 0;
    while from < EVENTS {
        let kill = places.first().copied();
        let to = (from + 1 + dice.below(BURST) as usize).min(kill.unwrap_or(EVENTS));
        if dice.below(2) == 0 {
            // The whole burst arrives in reverse order; the portal's limit counts both copies.
            portal.faults().reorder_deliveries(2 * (to - from));
        }
        for &dialog in &speakers[from..to] {
            let place = (dialog, spoken[dialog]);
            spoken[dialog] += 1;
            said.insert(clients[dialog].says(&format!("{}/{}", place.0, place.1)).await, place);
        }
        portal.faults().reorder_deliveries(0);
        from = to;
        if kill == Some(from) {
            places.remove(0);
            // The moment of the kill is what is random here: before the 200, in a turn, in the sending, after it.
            let longest = if fetches { 700_000 } else { 40_000 };
            tokio::time::sleep(Duration::from_micros(dice.below(longest))).await;
            bot.kill();
            portal.settled(SOON).await;
            bot = home.start().await;
        } else {
            portal.settled(SOON).await;
        }
    }

    let due: BTreeSet<Place> = match fetches {
        true => said.values().copied().collect(),
        false => portal.deliveries().iter().filter_map(acknowledged).collect(),
    };
    let has_all = || {
        if portal.bot_messages().len() < due.len() {
            return false;
        }
        let answered: BTreeSet<Place> = answers(&portal).iter().map(|answer| answer.place).collect();
        due.is_subset(&answered)
    };
    home.until("an answer to every acknowledged message", has_all).await;
    let store = SqliteStore::open(home.database(), OpenMode::Inspect).unwrap();
    let deadline = Instant::now() + SOON;
    while !store.inbox(Some(InboxState::Pending), 1).await.unwrap().is_empty() {
        assert!(Instant::now() < deadline, "something is never done\n{}", home.log());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let inbox = store.inbox(None, 10).await.unwrap();
    assert!(inbox.is_empty(), "nothing needs a person: {inbox:#?}\n{}", home.log());
    bot.kill();

    let found = verdict(&portal, fetches, due, &said, &accepted(&home));
    println!(
        "{}: {EVENTS} events, {} {}, {} given again, {} reordered, {} late, {kills} kills, unhandled {}, duplicates {}, disorder {}, {:.1} s",
        if fetches { "fetch" } else { "webhook" },
        found.acknowledged.len(),
        if fetches { "in the portal's log" } else { "acknowledged" },
        found.given_again,
        found.reordered,
        found.late,
        found.unhandled.len(),
        found.twice.len(),
        found.disorder.len(),
        began.elapsed().as_secs_f64(),
    );
    assert!(found.unhandled.is_empty(), "{:?}\n{}", found.unhandled, home.log());
    assert!(found.twice.is_empty(), "{:?}\n{}", found.twice, home.log());
    assert!(found.disorder.is_empty(), "{:#?}\n{}", found.disorder, home.log());
    // Otherwise the test has shown nothing.
    assert!(found.acknowledged.len() > EVENTS / 2, "most kills leave the delivery whole");
    assert!(found.given_again > 0 && (fetches || found.reordered > 0));
}

/// Who speaks when: runs of up to four messages of one dialog, shuffled.
fn speakers(dice: &mut Dice) -> Vec<usize> {
    let mut runs = Vec::new();
    for dialog in 0..DIALOGS {
        let mut left = EACH;
        while left > 0 {
            let length = (1 + dice.below(4) as usize).min(left);
            runs.push((dialog, length));
            left -= length;
        }
    }
    dice.shuffle(&mut runs);
    runs.into_iter().flat_map(|(dialog, length)| std::iter::repeat_n(dialog, length)).collect()
}

pub(crate) fn acknowledged(delivery: &Delivery) -> Option<Place> {
    if delivery.event != "ONIMBOTV2MESSAGEADD" || delivery.status != Ok(200) {
        return None;
    }
    place(delivery.form()["data"]["message"]["text"].as_str()?.split(' ').next()?)
}

/// The bot's answers in the order in which they were sent.
pub(crate) fn answers(portal: &Portal) -> Vec<Answer> {
    portal.bot_messages().iter().filter_map(|said| answer(&said.text)).collect()
}

/// The messages of each dialog in the order of acceptance, as the journal has it.
fn accepted(home: &Home<'_>) -> Vec<i64> {
    let journal = Connection::open(home.database()).unwrap();
    let mut rows = journal
        .prepare("SELECT message FROM events WHERE code = 'ONIMBOTV2MESSAGEADD' ORDER BY seq")
        .unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

/// An answer may come after a later one of its dialog only if its message was accepted after that one's, and then says
/// that it is late; every other says that it is not.
fn verdict(
    portal: &Portal,
    fetches: bool,
    due: BTreeSet<Place>,
    said: &HashMap<i64, Place>,
    accepted: &[i64],
) -> Found {
    let mut found = Found { given_again: given_again(portal, fetches), ..Found::default() };
    let mut acceptance: BTreeMap<Place, usize> = BTreeMap::new();
    let mut newest = [None; DIALOGS];
    for (at, id) in accepted.iter().enumerate() {
        let (dialog, number) = said[id];
        assert!(
            acceptance.insert((dialog, number), at).is_none(),
            "{dialog}/{number} is in the journal twice"
        );
        found.reordered += usize::from(newest[dialog] > Some(number));
        newest[dialog] = newest[dialog].max(Some(number));
    }
    let mut dialogs: BTreeMap<usize, Vec<Answer>> = BTreeMap::new();
    for answer in answers(portal) {
        dialogs.entry(answer.place.0).or_default().push(answer);
    }
    let mut answered = BTreeSet::new();
    for answer in dialogs.values().flatten() {
        if !answered.insert(answer.place) {
            found.twice.push(answer.place);
        }
    }
    for answers in dialogs.values() {
        for (at, answer) in answers.iter().enumerate() {
            let later: Vec<Place> =
                answers[..at].iter().map(|other| other.place).filter(|other| *other > answer.place).collect();
            found.late += usize::from(answer.late);
            let was_overtaken = |other: &Place| acceptance[other] < acceptance[&answer.place];
            if answer.late == later.is_empty() {
                found.disorder.push(format!("{answer:?} was answered after {later:?}"));
            } else if !later.iter().all(was_overtaken) {
                found
                    .disorder
                    .push(format!("{answer:?} was accepted before one of {later:?}, answered first"));
            } else if answer.heard != at + 1 {
                found.disorder.push(format!("{answer:?} is number {} of its dialog", at + 1));
            }
        }
    }
    found.unhandled = due.difference(&answered).copied().collect();
    found.acknowledged = due;
    found
}

/// Events that the bot was given more than once.
fn given_again(portal: &Portal, fetches: bool) -> usize {
    if !fetches {
        let taken: Vec<Place> = portal.deliveries().iter().filter_map(acknowledged).collect();
        return taken.len() - taken.iter().collect::<BTreeSet<_>>().len();
    }
    let mut known = BTreeSet::new();
    let polls = portal.calls().into_iter().filter(|call| call.method == "imbot.v2.event.get");
    let events =
        polls.flat_map(|poll| poll.answer["result"]["events"].as_array().cloned().unwrap_or_default());
    events.filter(|event| !known.insert(event["eventId"].as_i64())).count()
}
