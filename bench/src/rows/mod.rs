//! The rows of the table, one module each.

mod ack;
mod burst;
mod calls;
mod cpu;
mod decode;
mod dialogs;
mod memory;
mod pending;
mod start;

use std::{sync::Arc, time::Duration};

use clap::{Args, ValueEnum};

use crate::{
    Failed,
    load::Load,
    process::{Cores, Process},
    stub::Stub,
    table::Report,
    tally::Tally,
};

/// Dialogs that talk at once where a row says nothing else.
const DIALOGS: usize = 256;
/// Events that may wait for their answers at once, where a row says nothing else.
const WINDOW: usize = 256;

/// What to measure, and how long.
#[derive(Debug, Clone, Args)]
pub(crate) struct Settings {
    /// Events of each measured run.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..))]
    events: u32,
    /// Seconds that the rows in real time take.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Only these rows; all of them otherwise.
    #[arg(long, value_enum)]
    only: Vec<Row>,
}

/// A row, or rows that are measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Row {
    /// CPU an event beside the baseline, on single calls and coalesced.
    Cpu,
    /// From the form to a typed event.
    Decode,
    /// How long a portal waits for its 200.
    Ack,
    /// What is used of a portal's bucket.
    Calls,
    /// Many answers at the same moment.
    Burst,
    /// What many known dialogs and a long journal cost.
    Dialogs,
    /// Starting with much to do.
    Pending,
    /// Memory, idle and with many dialogs.
    Memory,
    /// From the start of the process to being ready.
    Start,
}

/// What the rows work with.
struct Bench {
    events: usize,
    seconds: u32,
    cores: Cores,
    stub: Stub,
    report: Report,
}

/// Measures, prints, and tells whether no event was lost, doubled or out of order.
pub(crate) fn run(settings: Settings) -> Result<bool, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut bench = Bench {
            events: usize::try_from(settings.events)?,
            seconds: settings.seconds,
            cores: Cores::divide(),
            stub: Stub::start().await?,
            report: Report::default(),
        };
        for row in Row::value_variants() {
            if settings.only.is_empty() || settings.only.contains(row) {
                eprintln!("measuring {row:?} ...");
                bench.measure(*row).await?;
            }
        }
        println!("{}\n", bench.heading());
        print!("{}", bench.report.text());
        Ok(bench.report.clean())
    })
}

impl Bench {
    async fn measure(&mut self, row: Row) -> Result<(), Failed> {
        match row {
            Row::Cpu => cpu::measure(self).await,
            Row::Decode => decode::measure(self),
            Row::Ack => ack::measure(self).await,
            Row::Calls => calls::measure(self).await,
            Row::Burst => burst::measure(self).await,
            Row::Dialogs => dialogs::measure(self).await,
            Row::Pending => pending::measure(self).await,
            Row::Memory => memory::measure(self).await,
            Row::Start => start::measure(self).await,
        }
    }

    fn heading(&self) -> String {
        let cores = match self.cores {
            Cores::Pinned => "measured processes alone on core 0 (taskset), load and portal elsewhere",
            Cores::Shared => "no core of its own for what is measured: `taskset` or a second core is missing",
        };
        let build =
            if cfg!(debug_assertions) { "debug build: the figures mean nothing" } else { "release build" };
        format!(
            "openlines-bench, {build}, {} events a run, {cores}; OAuth application, webhook delivery, v2 bot, \
             SQLite on disk with synchronous=FULL",
            self.events
        )
    }

    /// Part of the events, at least as many as there are connections.
    fn share(&self, parts: usize) -> usize {
        (self.events / parts).max(64)
    }

    /// A load over so many dialogs.
    fn load(&self, dialogs: usize, window: usize) -> (Load, Arc<Tally>) {
        let tally = Arc::new(Tally::new());
        (Load::new(dialogs, window, Arc::clone(&tally)), tally)
    }
}

/// CPU time of `process` for `events` of `load`, everything they cause included.
async fn cpu_of(
    process: &Process,
    address: std::net::SocketAddr,
    load: &mut Load,
    events: usize,
) -> Result<Duration, Failed> {
    process.quiet().await?;
    let before = process.cpu()?;
    load.run(address, events).await?;
    process.quiet().await?;
    Ok(process.cpu()?.saturating_sub(before))
}

/// Microseconds an event.
fn micros_each(cpu: Duration, events: usize) -> f64 {
    cpu.as_secs_f64() * 1e6 / events.max(1) as f64
}

/// What 99 of 100 stay below.
fn p99(samples: &mut [Duration]) -> Duration {
    samples.sort_unstable();
    let place = (samples.len() * 99).div_ceil(100).max(1) - 1;
    samples.get(place).copied().unwrap_or_default()
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
