//! The first line. See the bot's README.

use openlines::prelude::*;

fn main() -> std::process::ExitCode {
    openlines::app::main(async { triage::app(App::from_env()?)?.run().await })
}
