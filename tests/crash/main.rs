//! Real processes: the bot is killed in the middle of its work, again and again, and nothing is lost, doubled or out
//! of order. `OPENLINES_SOAK=1` kills ten times as often.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bot;
mod broadcast;
mod crowd;
mod dialog;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    match std::env::var(bot::BOT).as_deref() {
        Ok(dialog::ECHO) => return runtime().block_on(dialog::bot()),
        Ok(crowd::CROWD) => return runtime().block_on(crowd::bot()),
        Ok(broadcast::HERALD) => return runtime().block_on(broadcast::bot()),
        _ => {}
    }
    let arguments = Arguments::from_args();
    let more = if std::env::var_os("OPENLINES_SOAK").is_some() { 10 } else { 1 };
    let tests = vec![
        Trial::test(
            "killed_in_the_middle_of_a_dialog_every_acknowledged_message_is_answered_once_in_order",
            move || {
                runtime().block_on(dialog::killed(20 * more));
                Ok::<(), Failed>(())
            },
        ),
        Trial::test(
            "killed_under_load_with_doubled_and_reordered_deliveries_all_is_handled_once_in_order",
            move || {
                runtime().block_on(crowd::killed(false, 20 * more));
                Ok::<(), Failed>(())
            },
        ),
        Trial::test(
            "killed_under_load_while_it_fetches_its_events_all_is_handled_once_in_order",
            move || {
                runtime().block_on(crowd::killed(true, 20 * more));
                Ok::<(), Failed>(())
            },
        ),
        Trial::test("killed_five_times_in_a_network_broadcast_of_500_each_gets_exactly_one", move || {
            for _ in 0..more {
                runtime().block_on(broadcast::killed(5));
            }
            Ok::<(), Failed>(())
        }),
    ];
    libtest_mimic::run(&arguments, tests).exit_code()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
