//! 1,000 dialogs of 10 messages each, answered by a trivial bot, all on one thread: portal, bot and clients.
//!
//! `cargo run --release -p openlines-emulator --example load` prints seconds, messages a second and the greatest memory.
//! With two numbers as arguments it takes other counts of dialogs and messages.

mod parrot {
    include!("parrot/mod.rs");
}

use std::time::{Duration, Instant};

use openlines_emulator::Emulator;

/// No machine is that slow.
const LIMIT: Duration = Duration::from_secs(600);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>().ok());
    let dialogs = arguments.next().flatten().unwrap_or(1_000);
    let rounds = arguments.next().flatten().unwrap_or(10);
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    portal.set_rate_limit(None);
    let _bot = parrot::Parrot::start(&portal).await;
    let started = Instant::now();
    let clients: Vec<_> = (0..dialogs).map(|number| portal.client(&format!("Client {number}"))).collect();
    for round in 1..=rounds {
        for client in &clients {
            client.says(&format!("message {round}")).await;
        }
        portal.wait_for_bot_messages(round * dialogs, LIMIT).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let messages = dialogs * rounds;
    println!("{dialogs} dialogs of {rounds} messages, each answered: {seconds:.2} s");
    println!("{:.0} messages/s, {:.0} answers/s", messages as f64 / seconds, messages as f64 / seconds);
    match peak_memory() {
        Some(megabytes) => println!("greatest memory: {megabytes:.1} MB"),
        None => println!("greatest memory: only /proc/self/status tells it, and there is none here"),
    }
    let unanswered =
        clients.iter().filter(|client| portal.messages(client.chat_id()).len() != 2 * rounds).count();
    assert_eq!(unanswered, 0, "dialogs without all their answers");
}

/// `VmHWM` of this process.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1_024.0)
}
