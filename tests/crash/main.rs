//! Real processes: the bot is killed in the middle of its work, again and again, or told to stop, and nothing is lost,
//! doubled or out of order. `OPENLINES_SOAK=1` kills ten times as often.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bot;
mod broadcast;
mod crowd;
mod dialog;
mod disk;
mod locked;
mod start;
mod stopping;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    match std::env::var(bot::BOT).as_deref() {
        Ok(dialog::ECHO) => return runtime().block_on(dialog::bot()),
        Ok(crowd::CROWD) => return runtime().block_on(crowd::bot()),
        Ok(broadcast::HERALD) => return runtime().block_on(broadcast::bot()),
        Ok(stopping::SLOW) => return runtime().block_on(stopping::bot()),
        _ => {}
    }
    let arguments = Arguments::from_args();
    let more = if std::env::var_os("OPENLINES_SOAK").is_some() { 10 } else { 1 };
    let tests = vec![
        trial(
            "killed_in_the_middle_of_a_dialog_every_acknowledged_message_is_answered_once_in_order",
            move || dialog::killed(20 * more),
        ),
        trial(
            "killed_under_load_with_doubled_and_reordered_deliveries_all_is_handled_once_in_order",
            move || crowd::killed(false, 20 * more),
        ),
        trial("killed_under_load_while_it_fetches_its_events_all_is_handled_once_in_order", move || {
            crowd::killed(true, 20 * more)
        }),
        trial("killed_five_times_in_a_network_broadcast_of_500_each_gets_exactly_one", move || async move {
            for _ in 0..more {
                broadcast::killed(5).await;
            }
        }),
    ];
    let tests = tests.into_iter().chain(bad_databases()).chain(stops()).collect();
    libtest_mimic::run(&arguments, tests).exit_code()
}

/// Ends that are asked for.
fn stops() -> Vec<Trial> {
    vec![
        trial(
            "told_to_stop_under_load_it_ends_within_ten_seconds_and_what_was_under_way_runs_again",
            stopping::under_load,
        ),
        trial("told_to_stop_it_ends_in_time_beside_a_blocked_thread_and_half_a_request", stopping::held_up),
        trial(
            "told_to_stop_it_ends_in_time_beside_a_portal_that_does_not_answer_and_says_it_once",
            stopping::unanswered,
        ),
        trial("told_to_stop_while_it_starts_it_ends_at_once_and_well", stopping::at_once),
    ]
}

/// Disks and files that a bot cannot work with.
fn bad_databases() -> Vec<Trial> {
    use disk::Bound;
    vec![
        trial("what_does_not_fit_on_the_disk_is_refused_and_with_room_again_all_goes_on", || {
            disk::full_in_the_middle(Bound::Disk, false)
        }),
        trial("a_bot_that_fetches_waits_with_its_events_until_the_disk_has_room", || {
            disk::full_in_the_middle(Bound::Disk, true)
        }),
        trial("a_file_that_may_not_grow_is_as_a_full_disk", || disk::full_in_the_middle(Bound::Limit, false)),
        trial("a_database_locked_by_another_program_refuses_by_name_until_it_is_free", locked::for_a_while),
        trial("a_file_that_is_no_sound_database_is_refused_by_name_at_the_start", start::is_refused_by_name),
        trial(
            "a_place_that_cannot_be_written_to_is_refused_by_name_at_the_start",
            start::is_refused_where_it_lies,
        ),
    ]
}

fn trial<F: Future<Output = ()>>(name: &str, test: impl Fn() -> F + Send + 'static) -> Trial {
    Trial::test(name, move || {
        runtime().block_on(test());
        Ok::<(), Failed>(())
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
