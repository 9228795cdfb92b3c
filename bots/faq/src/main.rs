//! The program: `demo`, `chat`, `serve`, and what else every bot has.

use std::process::ExitCode;

use openlines::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    openlines::app::main(async { faq::app(App::from_env()?)?.run().await })
}
