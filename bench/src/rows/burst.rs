//! 600 dialogs that answer at the same moment, on a portal whose bucket holds 50.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use openlines_emulator::{Emulator, RateLimit};

use super::Bench;
use crate::{
    Failed, emulated,
    event::Mark,
    stage::{Bot, Home, Rate},
    tally::Tally,
};

const DIALOGS: usize = 600;
/// One by one they would take 275 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// A portal as it should be, and its bucket empty, by then.
const SET_UP_LIMIT: Duration = Duration::from_secs(90);

pub(super) async fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let dialogs = DIALOGS.min(bench.events);
    let emulator = Emulator::builder().rate_limit(RateLimit::STANDARD).start().await?;
    let portal = emulator.portal();
    let home = Home::new()?;
    let rate = Rate { burst: 50, per_second: 2 };
    let bot = Bot::start(bench.cores, &home, emulated::application(&portal), rate, dialogs).await?;
    portal.install(&format!("http://{}/install", bot.address)).await;
    let begun = Instant::now();
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let is_empty = || portal.rate_level(local).is_some_and(|(_, level)| level <= 0.0);
    while portal.bot_id("bench").is_none() || !is_empty() {
        if begun.elapsed() > SET_UP_LIMIT {
            return Err(format!("the bot is not set up: {}", bot.process.logged()).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let clients: Vec<_> = (0..dialogs).map(|number| portal.client(&format!("Client {number}"))).collect();
    for (dialog, client) in (0..).zip(&clients) {
        let Mark { dialog, number } = Mark { dialog, number: 0 };
        client.says(&format!("q{dialog}x{number}z")).await;
    }
    // The handler of the last one lets all of them answer.
    let begun = Instant::now();
    let calls_before = portal.calls().len();
    let sent = || portal.bot_messages();
    while sent().len() < dialogs && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = begun.elapsed();
    let said = sent();
    let made = portal.calls();
    let refused = made.iter().filter(|call| matches!(call.status, 429 | 503)).count();
    let requests = made.iter().skip(calls_before).filter(|call| !call.in_batch).count();
    let all = said.len() >= dialogs;
    let shown =
        if all { format!("{:.2} s", took.as_secs_f64()) } else { format!("> {} s", PATIENCE.as_secs()) };
    bench.report.figure(
        "600 calls at once, bucket 50, 2/s",
        "<= 2 s, 0 refusals",
        format!("{shown}, {refused}"),
        all && took <= Duration::from_secs(2) && refused == 0,
        vec![format!(
            "emulated portal; {} of {dialogs} sent in {requests} requests",
            said.len().min(dialogs)
        )],
    );
    let tally = Tally::new();
    said.iter().flat_map(|message| Mark::all(message.text.as_bytes())).for_each(|mark| tally.answer(mark));
    let waiting = if all { dialogs } else { said.len() };
    bench.report.run("600 at once", tally.counts(waiting as u64));
    bot.process.stop()
}
