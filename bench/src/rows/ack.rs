//! How long a portal waits for its 200, which is sent when the event is on disk.

use std::{
    fs::File,
    io::Write as _,
    time::{Duration, Instant},
};

use super::{Bench, DIALOGS, WINDOW, millis, p99};
use crate::{
    Failed,
    stage::{Bot, Home, Rate, baseline},
};

/// 500 a second.
const EVERY: Duration = Duration::from_millis(2);
/// One in the other, and the middle one counts: a slow moment of the disk would decide over the p99 of all.
const ROUNDS: usize = 9;

pub(super) async fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let events = (bench.events / 4 / ROUNDS).clamp(20, 1_250);
    let home = Home::new()?;
    let bot = Bot::installed(bench.cores, &home, &bench.stub, Rate::UNLIMITED).await?;
    let (raw, raw_address) = baseline(bench.cores, &home, &bench.stub)?;
    let (mut load, tally) = bench.load(DIALOGS, WINDOW);
    let (mut bare_load, _) = bench.load(DIALOGS, WINDOW);
    bench.stub.count_in(&tally);
    // Connections and caches.
    load.paced(bot.address, "/events", 100, EVERY, true).await?;
    bare_load.paced(raw_address, "/bare", 100, EVERY, false).await?;

    let (mut rounds, mut synced, mut bare, mut acked) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let file = home.file("fsync");
        let mut of_sync = tokio::task::spawn_blocking(move || syncs(&file, events)).await??;
        let mut of_bare = bare_load.paced(raw_address, "/bare", events, EVERY, false).await?;
        let mut of_bot = load.paced(bot.address, "/events", events, EVERY, true).await?;
        let (sync, axum, ack) = (p99(&mut of_sync), p99(&mut of_bare), p99(&mut of_bot));
        rounds.push((ack.as_secs_f64() / (sync + axum).as_secs_f64(), ack, sync, axum));
        synced.extend(of_sync);
        bare.extend(of_bare);
        acked.extend(of_bot);
    }
    rounds.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, ack, sync, axum) = rounds[ROUNDS / 2];
    let middle = |samples: &mut [Duration]| {
        samples.sort_unstable();
        millis(samples[samples.len() / 2])
    };
    bench.report.figure(
        "ack p99 at 500 events/s",
        "<= 1.50 x (fsync + axum)",
        format!("{ratio:.2} x"),
        ratio <= 1.5,
        vec![format!(
            "{:.2} ms beside {:.2} ms for an fsync and {:.2} ms for bare axum in the middle one of {ROUNDS} rounds ({:.2} to {:.2} x), {events} samples each; medians of all {:.2}, {:.2}, {:.2} ms",
            millis(ack),
            millis(sync),
            millis(axum),
            rounds[0].0,
            rounds[ROUNDS - 1].0,
            middle(&mut acked),
            middle(&mut synced),
            middle(&mut bare),
        )],
    );
    bench.report.run("ack", tally.counts(load.accepted()));
    drop(raw);
    bot.process.stop()
}

/// A page appended and synced, at the same pace: what had to wait for a slow one before it counts the wait, as events do.
fn syncs(path: &std::path::Path, events: usize) -> Result<Vec<Duration>, Failed> {
    let mut file = File::options().create(true).append(true).open(path)?;
    let page = [7_u8; 4_096];
    let begun = Instant::now();
    let mut samples = Vec::with_capacity(events);
    for place in 0..events {
        let due = begun + EVERY * u32::try_from(place)?;
        let early = due.saturating_duration_since(Instant::now());
        std::thread::sleep(early);
        // Events come whether the one before is written or not; so one that is late has waited since it was due.
        let sent = if early.is_zero() { due } else { Instant::now() };
        file.write_all(&page)?;
        file.sync_data()?;
        samples.push(sent.elapsed());
    }
    Ok(samples)
}
