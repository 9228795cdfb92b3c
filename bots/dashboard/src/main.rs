//! The dashboard's program: `demo`, `chat`, `serve`, and what else every bot has.

use std::process::ExitCode;

use openlines::prelude::*;

fn main() -> ExitCode {
    openlines::app::main(async { dashboard::app(App::from_env()?)?.run().await })
}
