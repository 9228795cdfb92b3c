//! The program's flags, its log, and what it leaves behind.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openlines-emulator"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// The program and the last word of the line that begins like this.
fn started(arguments: &[&str], beginning: &str) -> (Child, String) {
    let mut child =
        program().args(["--listen", "127.0.0.1:0", "--no-install"]).args(arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.starts_with(beginning)).unwrap();
    (child, line.split_whitespace().last().unwrap().to_owned())
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn wrong_flags_end_it_with_a_sentence_before_anything_is_printed() {
    for (arguments, sentence) in [
        (["--install", "notaurl"], "write an address with http:// or https://"),
        (["--install-page", "ftp://x"], "write an address with http:// or https://"),
        (["--redirect-uri", "x"], "write an address with http:// or https://"),
        (["--scope", "nonsense"], "there is no scope \"nonsense\""),
        (["--scope", ""], "an application needs a scope"),
        (["--listen", "nowhere"], "write IP:PORT"),
        (["--operating-limit", "-3"], "write whole seconds, or 0 for no limit"),
    ] {
        let output = ended(&arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(sentence), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn every_way_of_asking_it_to_stop_removes_the_certificate() {
    for name in ["-TERM", "-HUP", "-INT"] {
        let (mut child, ca) = started(&["--tls"], "CA certificate");
        let ca = PathBuf::from(ca);
        assert!(ca.exists());
        signal(&child, name);
        let status = child.wait().unwrap();
        assert!(!ca.exists(), "{name} left it behind");
        assert!(status.success(), "{name}: {status}");
    }
}

#[tokio::test]
async fn a_log_in_a_file_has_no_colours() {
    let (child, hook) = started(&[], "Webhook");
    assert_eq!(reqwest::get(format!("{hook}no.such.method")).await.unwrap().status(), 404);
    signal(&child, "-TERM");
    let log = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(log.contains("no.such.method") && !log.contains('\u{1b}'), "{log:?}");
}
