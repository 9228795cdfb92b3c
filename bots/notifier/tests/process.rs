//! The program, as it is started.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::collections::BTreeMap;

use bot_trials::{Home, chat, demo, refused, stopped_under_load, until};
use openlines_emulator::{Emulator, Portal, RestFault};

const NOTIFIER: &str = env!("CARGO_BIN_EXE_notifier");

#[test]
fn at_the_terminal() {
    insta::assert_snapshot!(chat(NOTIFIER, "", "STOP\nstop!\nSTART\n"));
}

#[test]
fn in_the_browser() {
    demo(NOTIFIER);
}

#[test]
fn a_wrong_setting_is_named() {
    let said = refused(NOTIFIER, "line = \"short\"");
    assert!(
        said.contains("settings.toml: `line`: 5 characters; the code of a network line has 32"),
        "{said}"
    );
    let said = refused(NOTIFIER, "words.stopp = []");
    assert!(said.contains("settings.toml: `words.stopp`: unknown field"), "{said}");
    let said = refused(NOTIFIER, "opt_outs = \"no/such/folder.csv\"");
    assert!(said.contains("`opt_outs` of the settings: no/such/folder.csv: it cannot be read"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_in_the_midst_of_it() {
    stopped_under_load(NOTIFIER, "", "notifier", "STOP", "no more messages").await;
}

/// A campaign for so many employees in `people.csv`, and its home.
fn campaign(portal: &Portal, users: usize) -> (Home, Vec<i64>) {
    let settings = format!("line = \"{}\"\nmessage = \"Dear {{name}}\"", portal.network_code());
    let home = Home::new(portal, &settings);
    let users: Vec<i64> = (0..users).map(|at| portal.employee(&format!("E{at}")).user_id()).collect();
    let rows: String = users.iter().map(|user| format!("{user},E [b]{user}\n")).collect();
    std::fs::write(home.path().join("people.csv"), format!("user,name\n{rows}")).unwrap();
    (home, users)
}

fn send(home: &Home, more: &[&str]) -> String {
    let output = home.command(NOTIFIER).args(["send", "people.csv"]).args(more).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// How often each got something.
fn arrived(portal: &Portal) -> BTreeMap<i64, usize> {
    let mut arrived = BTreeMap::new();
    portal.network_messages().iter().for_each(|one| *arrived.entry(one.user_id).or_default() += 1);
    arrived
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_paused_it_goes_on_and_nobody_gets_it_twice() {
    const USERS: usize = 70;
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let portal = emulator.portal();
    let (home, users) = campaign(&portal, USERS);
    let slow = RestFault::SlowAnswer(std::time::Duration::from_millis(50));
    portal.faults().rest("*", slow, u32::MAX);
    for (at, kill) in [true, true, false].into_iter().enumerate() {
        let sent = portal.network_messages().len();
        let process = home.start(NOTIFIER, &["send", "people.csv"]);
        until("some arrive", || home.log(), || portal.network_messages().len() > sent + 3).await;
        if kill {
            process.kill();
        } else {
            process.terminate().await;
        }
        let after = portal.network_messages().len();
        println!("stop {at}: {sent} to {after} of {USERS} had it");
        assert!(after < USERS, "it was stopped in the midst of it");
    }
    portal.faults().clear();
    let said = tokio::task::spawn_blocking(move || {
        let said = send(&home, &[]);
        let rows = std::fs::read_to_string(home.path().join("people.result.csv")).unwrap();
        assert_eq!(rows.lines().count(), USERS + 1);
        assert!(rows.lines().skip(1).all(|row| row.contains(",sent,")), "{rows}");
        said
    })
    .await
    .unwrap();
    assert!(said.contains("      70  Sent\nall done; people.result.csv"), "{said}");
    let arrived = arrived(&portal);
    assert!(users.iter().all(|user| arrived.get(user) == Some(&1)), "{arrived:?}");
    for message in portal.network_messages() {
        assert_eq!(message.text.replace('\u{2060}', ""), format!("Dear E [b]{}", message.user_id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_done_beside_a_server_and_does_nothing() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let (home, users) = campaign(&portal, 3);
    let server = home.serve(NOTIFIER, &portal, "notifier").await;
    let calls = portal.network_messages().len();
    let said = send(&home, &["--dry-run"]);
    assert!(said.contains("3 of 3 would be sent; nothing was done"), "{said}");
    assert!(said.replace('\u{2060}', "").contains(&format!("{0}: Dear E [b]{0}", users[0])), "{said}");
    assert_eq!(portal.network_messages().len(), calls);
    assert!(!home.path().join("people.result.csv").exists() && !home.path().join("opt-outs.csv").exists());

    server.terminate().await;
    let said = send(&home, &["--campaign", "first"]);
    assert!(said.contains("3  Sent"), "{said}");
    let said = send(&home, &["--dry-run"]);
    assert!(
        said.contains("0 of 3 would be sent") && said.contains("TooEarly the next is allowed at"),
        "{said}"
    );
    let refused = home.command(NOTIFIER).args(["send", "nowhere.csv"]).output().unwrap();
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && why.contains("nowhere.csv: "), "{why}");
}

#[test]
fn its_own_subcommand_stands_beside_those_of_every_bot() {
    let help = std::process::Command::new(NOTIFIER).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for command in ["serve", "demo", "chat", "doctor", "inbox", "send"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{help}");
    }
    let without = std::process::Command::new(NOTIFIER).args(["send", "people.csv"]).output().unwrap();
    assert_eq!(without.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&without.stderr).contains("`line` of the settings is not set"));
}
