//! `openlines-bench`: what the framework costs, each figure beside its goal.
//!
//! `cargo run --release -p openlines-bench -- events` measures everything and prints a table; `--only cpu` one row,
//! `--events 5000` fewer events. The measured bot and the baseline are this program again, in a role of its own and on
//! a core of its own, so that what drives them costs them nothing.
//!
//! **Trap:** times depend on the machine and its disk; what counts are the ratios, each taken within one run.

mod emulated;
mod event;
mod http;
mod load;
mod process;
mod role;
mod rows;
mod seed;
mod stage;
mod stub;
mod table;
mod tally;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What can go wrong: the text says what and where.
type Failed = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(
    about = "Measures what openlines costs, beside raw axum and reqwest.",
    disable_help_subcommand = true
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures, and prints the table.
    Events(rows::Settings),
    /// A measured process; started by `events`.
    #[command(hide = true)]
    Role {
        #[command(subcommand)]
        role: role::Role,
    },
}

fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Events(settings) => rows::run(settings),
        Command::Role { role } => role::run(role).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("events were lost, doubled or out of order: see the table of counts");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("openlines-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
