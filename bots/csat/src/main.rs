//! How it was. See the bot's README.

use openlines::prelude::*;

fn main() -> std::process::ExitCode {
    openlines::app::main(async { csat::app(App::from_env()?)?.run().await })
}
