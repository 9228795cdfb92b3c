//! The program, as it is started.
#![allow(clippy::unwrap_used, reason = "a test says by a panic what is wrong")]

use std::path::{Path, PathBuf};

use bot_trials::{chat, demo, refused, stopped_under_load};

const DASHBOARD: &str = env!("CARGO_BIN_EXE_dashboard");

/// The bots and the page in one process.
fn contact_centre() -> PathBuf {
    let program = Path::new(DASHBOARD).parent().unwrap().join("examples/contact_centre");
    assert!(program.is_file(), "{} is not built: `cargo build -p dashboard --examples`", program.display());
    program
}

#[test]
fn at_the_terminal_it_passes_clients_on() {
    insta::assert_snapshot!(chat(DASHBOARD, "", "hello\nare you there?\n"));
    assert_eq!(chat(DASHBOARD, "greeting = \"\"", "hello\n"), "");
}

#[test]
fn in_the_browser() {
    demo(DASHBOARD);
    demo(contact_centre());
}

#[test]
fn a_wrong_setting_is_named() {
    for (settings, said) in [
        ("supervisor = [1]", "`supervisor`: unknown field"),
        ("supervisors = [\"Ivan\"]", "`supervisors[0]`: invalid type: string \"Ivan\""),
        ("administrators = false", "`supervisors`: there is none, and `administrators` is off"),
        ("late_seconds = 0", "`late_seconds`: invalid value: integer `0`"),
        ("days = 70000", "`days`: invalid value: integer `70000`"),
    ] {
        let told = refused(DASHBOARD, settings);
        assert!(told.contains(said), "{settings}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_in_the_midst_of_it() {
    // The first line asks again about what is no topic, each time; the page watches.
    stopped_under_load(contact_centre(), "", "triage", "a question", "What is it about?").await;
}
