//! The `main` of a program that is a bot.

use std::process::ExitCode;

use super::{AppError, AppErrorKind};

/// Exit status for what the one who started the bot has to mend, as for wrong flags.
const WRONG_SETTING: u8 = 2;

/// Runs a bot to its end, on a runtime of its own. An error is told on standard error; the exit status is 2 if a setting
/// is wrong, and 1 for everything else.
///
/// ```no_run
/// use openlines::prelude::*;
///
/// fn main() -> std::process::ExitCode {
///     openlines::app::main(async {
///         let hello = async |_cx: Context, _message: Message| "Good day!";
///         App::from_env()?.bot(BotProfile::openline("hello").name("Hello"), hello).run().await
///     })
/// }
/// ```
pub fn main(bot: impl Future<Output = Result<(), AppError>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the threads of the program could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(bot) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            match error.kind() {
                AppErrorKind::Setting => ExitCode::from(WRONG_SETTING),
                _ => ExitCode::FAILURE,
            }
        }
    }
}
