//! Starting with a journal full of events that wait.

use std::{sync::Arc, time::Duration};

use super::{Bench, WINDOW, millis};
use crate::{
    Failed,
    load::Load,
    seed::{self, Past},
    stage::{Application, Bot, Home, Rate},
    tally::Tally,
};

/// Waiting events of each dialog.
const EACH: u32 = 10;
/// Longest wait for the first answer.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let home = Home::new()?;
    Bot::installed(bench.cores, &home, &bench.stub, Rate::UNLIMITED).await?.process.stop()?;
    let dialogs = (bench.events / EACH as usize).max(1);
    let pending = dialogs as u64 * u64::from(EACH);
    seed::write(&home, Past { dialogs, each: EACH, done: false }).await?;

    let tally = Arc::new(Tally::new());
    bench.stub.count_in(&tally);
    let bot = Bot::start(bench.cores, &home, Application::of(&bench.stub), Rate::UNLIMITED, 1).await?;
    let first = tokio::time::timeout(PATIENCE, tally.wait_for(1)).await;
    let first = first.map_or(PATIENCE, |()| bot.process.begun.elapsed());
    let took = first.max(bot.ready);
    let cpu = bot.process.cpu()?;
    bench.report.figure(
        "start with 100,000 pending",
        "<= 300 ms",
        format!("{:.0} ms", millis(took)),
        took <= Duration::from_millis(300),
        vec![format!(
            "{pending} events of {dialogs} dialogs; ready after {:.0} ms, first answer sent after {:.0} ms, {:.0} ms of CPU until then",
            millis(bot.ready),
            millis(first),
            millis(cpu)
        )],
    );
    // All that waited is to be answered, in order; nothing more is posted.
    let mut rest = Load::new(dialogs, WINDOW, Arc::clone(&tally));
    rest.expect(pending).await;
    bench.report.run("pending", tally.counts(rest.accepted()));
    bot.process.stop()
}
