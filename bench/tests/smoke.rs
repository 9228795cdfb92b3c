//! The bench measures everything there is, small, and nothing goes wrong in it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;

/// Every row, as the table names it.
const ROWS: [&str; 13] = [
    "CPU an event, single calls",
    "CPU an event, coalesced",
    "form to event, 1.8 KB",
    "form to event, 4.3 KB",
    "ack p99 at 500 events/s",
    "calls a portal, virtual time",
    "calls a portal, real time",
    "600 calls at once, bucket 50, 2/s",
    "many dialogs, long journal",
    "start with 100,000 pending",
    "memory, 100,000 idle dialogs",
    "memory, idle process",
    "start to ready, best of 5",
];

/// Runs that send events.
const RUNS: usize = 9;

#[test]
fn every_row_is_measured_and_no_event_is_lost_doubled_or_out_of_order() {
    let bench = env!("CARGO_BIN_EXE_openlines-bench");
    let output = Command::new(bench).args(["events", "--events", "300", "--seconds", "2"]).output().unwrap();
    let (table, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{table}\n{log}");
    for row in ROWS {
        let line = table.lines().find(|line| line.starts_with(row) && !line[row.len()..].starts_with(':'));
        let line = line.unwrap_or_else(|| panic!("no row `{row}` in\n{table}\n{log}"));
        assert!(line.ends_with("met") || line.ends_with("MISSED"), "{line}");
    }
    let counts: Vec<&str> = table
        .lines()
        .skip_while(|line| !line.starts_with("run "))
        .skip(1)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(counts.len(), RUNS, "{table}");
    for line in counts {
        let numbers: Vec<u64> =
            line.rsplit("  ").filter_map(|cell| cell.trim().parse().ok()).take(4).collect();
        let [out_of_order, duplicate, lost, events] = numbers[..] else { panic!("{line}") };
        assert!(events > 0, "{line}");
        assert_eq!((lost, duplicate, out_of_order), (0, 0, 0), "{line}");
    }
}

#[test]
fn a_single_row_can_be_measured_alone() {
    let bench = env!("CARGO_BIN_EXE_openlines-bench");
    let output =
        Command::new(bench).args(["events", "--only", "decode", "--events", "300"]).output().unwrap();
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && table.contains("form to event, 4.3 KB"), "{table}");
    assert!(!table.contains("CPU an event"), "{table}");
}
