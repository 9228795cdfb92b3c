//! The program: `send`, and what every bot has.

use std::process::ExitCode;

use notifier::Task;
use openlines::prelude::*;

fn main() -> ExitCode {
    openlines::app::main(async {
        let (app, task) = App::from_args_with::<Task>(std::env::args_os())?;
        notifier::run(app, task).await
    })
}
