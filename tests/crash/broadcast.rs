//! Killed in the middle of a broadcast through a network line.

use std::{
    collections::BTreeMap,
    process::ExitCode,
    time::{Duration, Instant},
};

use openlines::{
    prelude::*,
    rest::Limits,
    store::{Ledger, LedgerState, OpenMode, Portals, SqliteStore},
};
use openlines_emulator::{Emulator, Portal, RestFault};

use crate::bot::{Dice, Home};

/// The name of this test's bot.
pub(crate) const HERALD: &str = "herald";
const LINE: &str = "OPENLINES_TEST_LINE";
const USERS: &str = "OPENLINES_TEST_USERS";
const RECIPIENTS: usize = 500;

/// The bot that is killed: whenever it starts, it asks for the whole broadcast.
pub(crate) async fn bot() -> ExitCode {
    let app = App::from_args(["bot", "serve"]).unwrap();
    let quiet = async |_cx: Context, _message: Message| {};
    let app = app.limits(Limits::new(100_000, 10_000)).bot(BotProfile::openline(HERALD), quiet);
    let running = app.start().await.unwrap();
    let code = std::env::var(LINE).unwrap();
    let users: Vec<i64> =
        std::env::var(USERS).unwrap().split(',').map(|user| user.parse().unwrap()).collect();
    running.set_up(1).await;
    let member = running.registry().portals().remove(0).key.member;
    let desk = running.portal(member.as_str()).unwrap();
    let messages = users.into_iter().map(|user| (UserId::new(user), Reply::text(format!("For {user}"))));
    desk.broadcast("campaign", &code, messages).await.unwrap();
    std::future::pending().await
}

fn arrived(portal: &Portal) -> usize {
    portal.network_messages().len()
}

pub(crate) async fn killed(kills: usize) {
    let mut dice = Dice::new();
    let directory = tempfile::tempdir().unwrap();
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    portal.set_rate_limit(None);
    let users: Vec<i64> =
        (0..RECIPIENTS).map(|at| portal.employee(&format!("Employee {at}")).user_id()).collect();
    let list: Vec<String> = users.iter().map(i64::to_string).collect();
    let home = Home::new(HERALD, &portal, directory.path())
        .with(LINE, portal.network_code())
        .with(USERS, list.join(","));
    let mut bot = home.start().await;
    portal.install(&home.install_url()).await;

    let step = RECIPIENTS / (kills + 1);
    let mut seen = Vec::new();
    for kill in 1..=kills {
        // Some answers are lost without a kill as well.
        portal.faults().rest("imopenlines.network.message.add", RestFault::CloseAfterExecution, 3);
        home.until("the next part of the broadcast", || arrived(&portal) >= kill * step).await;
        // The moment of the kill is what is random here: while calls are made, answered, entered or settled.
        tokio::time::sleep(Duration::from_micros(dice.below(3_000))).await;
        bot.kill();
        seen.push(arrived(&portal));
        bot = home.start().await;
    }
    assert!(seen.iter().all(|arrived| *arrived < RECIPIENTS), "every kill came in the middle: {seen:?}");
    home.until("the end of the broadcast", || arrived(&portal) >= RECIPIENTS).await;

    // Everybody has it; the last answers may still be on their way into the ledger.
    let inspect = || SqliteStore::open(directory.path().join("bot.db"), OpenMode::Inspect).unwrap();
    let code = portal.network_code();
    let deadline = Instant::now() + Duration::from_secs(30);
    let ledger = loop {
        let store = inspect();
        let key = store.portals().await.unwrap().remove(0).key;
        let mut ledger = BTreeMap::new();
        for user in &users {
            if let Some(entry) = store.ledger(&key, &code, UserId::new(*user)).await.unwrap() {
                ledger.insert(*user, entry);
            }
        }
        if ledger.len() == RECIPIENTS {
            break ledger;
        }
        assert!(Instant::now() < deadline, "the ledger has {} of {RECIPIENTS}", ledger.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    bot.kill();

    let mut times: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for message in portal.network_messages() {
        assert_eq!(message.text, format!("For {}", message.user_id));
        times.entry(message.user_id).or_default().push(message.unix);
    }
    for user in &users {
        let got = times.get(user).map_or(&[][..], Vec::as_slice);
        assert_eq!(got.len(), 1, "user {user} got {} messages", got.len());
        let entry = &ledger[user];
        assert_eq!(entry.state, LedgerState::Sent, "{entry:?}");
        let apart = (entry.at.seconds() - got[0]).abs();
        assert!(apart < 120, "user {user}: the ledger is {apart} s from the portal");
    }
    assert_eq!(times.len(), RECIPIENTS);
    println!(
        "{kills} kills after {seen:?} of {RECIPIENTS} messages; each arrived once, and so says the ledger"
    );
}
