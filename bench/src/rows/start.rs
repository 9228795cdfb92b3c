//! From the start of the process to `/readyz`.

use std::time::Duration;

use super::{Bench, millis};
use crate::{
    Failed,
    stage::{Application, Bot, Home, Rate},
};

const TRIES: usize = 5;

pub(super) async fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let home = Home::new()?;
    Bot::installed(bench.cores, &home, &bench.stub, Rate::UNLIMITED).await?.process.stop()?;
    let mut tries = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let application = Application::of(&bench.stub);
        let bot = Bot::start(bench.cores, &home, application, Rate::UNLIMITED, 1).await?;
        tries.push(bot.ready);
        bot.process.stop()?;
    }
    let best = tries.iter().min().copied().unwrap_or_default();
    let all: Vec<String> = tries.iter().map(|took| format!("{:.0}", millis(*took))).collect();
    bench.report.figure(
        "start to ready, best of 5",
        "<= 100 ms",
        format!("{:.0} ms", millis(best)),
        best <= Duration::from_millis(100),
        vec![format!("{} ms, on a database with one installed portal", all.join(", "))],
    );
    Ok(())
}
