//! What an event costs when much is known: many dialogs, a long journal.

use std::sync::Arc;

use super::{Bench, DIALOGS, WINDOW, cpu_of, micros_each};
use crate::{
    Failed,
    load::Load,
    seed::{self, Past},
    stage::{Bot, Home, Rate},
    tally::Tally,
};

/// Done events of each known dialog.
const EACH: u32 = 10;
/// Turns of measuring, the two bots in turn.
const ROUNDS: usize = 2;

pub(super) async fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let known = bench.events;
    let events = bench.share(2 * ROUNDS);
    let (few_home, many_home) = (Home::new()?, Home::new()?);
    let few = Bot::installed(bench.cores, &few_home, &bench.stub, Rate::UNLIMITED).await?;
    Bot::installed(bench.cores, &many_home, &bench.stub, Rate::UNLIMITED).await?.process.stop()?;
    seed::write(&many_home, Past { dialogs: known, each: EACH, done: true }).await?;
    let many = Bot::again(bench.cores, &many_home, &bench.stub, Rate::UNLIMITED).await?;

    let (mut few_load, few_tally) = bench.load(DIALOGS, WINDOW);
    let many_tally = Arc::new(Tally::new());
    let mut many_load = Load::going_on(known, EACH, WINDOW, Arc::clone(&many_tally));
    bench.stub.count_in(&few_tally);
    few_load.run(few.address, bench.share(20)).await?;
    bench.stub.count_in(&many_tally);
    many_load.run(many.address, bench.share(20)).await?;

    let (mut few_cpu, mut many_cpu) = Default::default();
    for _ in 0..ROUNDS {
        bench.stub.count_in(&few_tally);
        few_cpu += cpu_of(&few.process, few.address, &mut few_load, events).await?;
        bench.stub.count_in(&many_tally);
        many_cpu += cpu_of(&many.process, many.address, &mut many_load, events).await?;
    }
    let (few_each, many_each) =
        (micros_each(few_cpu, ROUNDS * events), micros_each(many_cpu, ROUNDS * events));
    let ratio = many_each / few_each;
    let size = std::fs::metadata(many_home.database())?.len() as f64 / 1e9;
    bench.report.figure(
        "many dialogs, long journal",
        "<= 1.20 x",
        format!("{ratio:.2} x"),
        ratio <= 1.2,
        vec![format!(
            "{many_each:.1} us with {known} dialogs and {} done rows ({size:.2} GB), {few_each:.1} us with {DIALOGS} dialogs",
            known * EACH as usize
        )],
    );
    bench.report.run("dialogs, few", few_tally.counts(few_load.accepted()));
    bench.report.run("dialogs, many", many_tally.counts(many_load.accepted()));
    few.process.stop()?;
    many.process.stop()
}
