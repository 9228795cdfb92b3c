//! Memory of an idle process, and with many dialogs that are idle.

use std::time::Duration;

use super::{Bench, WINDOW};
use crate::{
    Failed,
    stage::{Bot, Home, Rate},
};

/// What is given back is given back by then.
const REST: Duration = Duration::from_secs(2);

pub(super) async fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let home = Home::new()?;
    let bot = Bot::installed(bench.cores, &home, &bench.stub, Rate::UNLIMITED).await?;
    tokio::time::sleep(REST).await;
    let idle = bot.process.memory()?;
    let dialogs = bench.events;
    let (mut load, tally) = bench.load(dialogs, WINDOW);
    bench.stub.count_in(&tally);
    load.run(bot.address, dialogs).await?;
    bot.process.quiet().await?;
    tokio::time::sleep(REST).await;
    let full = bot.process.memory()?;
    bench.report.figure(
        "memory, 100,000 idle dialogs",
        "<= 100 MB",
        format!("{full:.1} MB"),
        full <= 100.0,
        vec![format!("resident after one message and answer of each of {dialogs} dialogs")],
    );
    let note = "resident, installed on one portal".to_owned();
    bench.report.figure(
        "memory, idle process",
        "<= 25 MB",
        format!("{idle:.1} MB"),
        idle <= 25.0,
        vec![note],
    );
    bench.report.run("memory", tally.counts(load.accepted()));
    bot.process.stop()
}
