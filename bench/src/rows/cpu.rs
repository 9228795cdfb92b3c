//! CPU an event, from the webhook to the reply, beside a bot of raw axum and reqwest.

use std::time::Instant;

use super::{Bench, DIALOGS, WINDOW, cpu_of, micros_each};
use crate::{
    Failed,
    stage::{Bot, Home, Rate, baseline},
};

/// So many dialogs wait at once where answers are to be coalesced.
const MANY: usize = 1_000;
/// Fewer calls than the machine makes, so that answers wait for a free slot as they do at a busy portal.
const NARROW: Rate = Rate { burst: 20, per_second: 200 };

pub(super) async fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let events = bench.events;
    let half = events / 2;
    let warm_up = bench.share(20);
    let (home, narrow_home) = (Home::new()?, Home::new()?);

    let (raw, raw_address) = baseline(bench.cores, &home, &bench.stub)?;
    let (mut raw_load, raw_tally) = bench.load(DIALOGS, WINDOW);
    let bot = Bot::installed(bench.cores, &home, &bench.stub, Rate::UNLIMITED).await?;
    let (mut load, tally) = bench.load(DIALOGS, WINDOW);

    bench.stub.count_in(&raw_tally);
    raw_load.run(raw_address, warm_up).await?;
    bench.stub.count_in(&tally);
    load.run(bot.address, warm_up).await?;

    // One in the other, so that what the machine does meanwhile meets both.
    bench.stub.count_in(&raw_tally);
    let mut raw_cpu = cpu_of(&raw, raw_address, &mut raw_load, half).await?;
    bench.stub.count_in(&tally);
    let begun = Instant::now();
    let cpu = cpu_of(&bot.process, bot.address, &mut load, 2 * half).await?;
    let took = begun.elapsed();
    bench.stub.count_in(&raw_tally);
    raw_cpu += cpu_of(&raw, raw_address, &mut raw_load, half).await?;

    let (each, raw_each) = (micros_each(cpu, 2 * half), micros_each(raw_cpu, 2 * half));
    let ratio = each / raw_each;
    bench.report.figure(
        "CPU an event, single calls",
        "<= 1.00 x raw axum",
        format!("{ratio:.2} x"),
        ratio <= 1.0,
        vec![format!(
            "{each:.1} us beside {raw_each:.1} us; {DIALOGS} dialogs, {:.0} events/s with waits for the disk",
            2.0 * half as f64 / took.as_secs_f64()
        )],
    );
    bench.report.run("CPU, baseline", raw_tally.counts(raw_load.accepted()));
    bench.report.run("CPU, single calls", tally.counts(load.accepted()));
    drop(raw);
    bot.process.stop()?;

    let bot = Bot::installed(bench.cores, &narrow_home, &bench.stub, NARROW).await?;
    let (mut load, tally) = bench.load(MANY.min(events), MANY);
    bench.stub.count_in(&tally);
    let before = bench.stub.batches();
    load.run(bot.address, warm_up.max(2 * NARROW.burst as usize).min(2 * MANY)).await?;
    let (measured, met, note) = if bench.stub.batches() == before {
        let note = "answers are sent one by one although they wait for the bucket".to_owned();
        ("not coalesced".to_owned(), false, note)
    } else {
        let (batches, requests) = (bench.stub.batches(), bench.stub.requests());
        let cpu = cpu_of(&bot.process, bot.address, &mut load, 2 * half).await?;
        let (batches, requests) = (bench.stub.batches() - batches, bench.stub.requests() - requests);
        let each = micros_each(cpu, 2 * half);
        let ratio = each / raw_each;
        let note = format!(
            "{each:.1} us; {} dialogs, {batches} batches, {requests} requests; bucket {}, {}/s",
            MANY, NARROW.burst, NARROW.per_second
        );
        (format!("{ratio:.2} x"), ratio <= 0.75, note)
    };
    bench.report.figure("CPU an event, coalesced", "<= 0.75 x raw axum", measured, met, vec![note]);
    bench.report.run("CPU, coalesced", tally.counts(load.accepted()));
    bot.process.stop()?;
    Ok(())
}
