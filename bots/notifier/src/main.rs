//! The program: `send`, and what every bot has.

use std::process::ExitCode;

use notifier::Task;
use openlines::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    openlines::app::main(async {
        let (app, task) = App::from_args_with::<Task>(std::env::args_os())?;
        notifier::run(app, task).await
    })
}
