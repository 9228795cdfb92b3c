//! The program as people start it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stub;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use bot_trials::{chat, demo, refused, stopped_under_load};
use rstest::rstest;
use stub::{Answers, KEY, Stub};

const PROGRAM: &str = env!("CARGO_BIN_EXE_assistant");

#[test]
fn without_a_key_it_answers_in_the_terminal_from_the_sample() {
    let scenario = "How long does delivery take?\nDo you repair bicycles?\nAnd how do I return a parcel?\noperator\nthank you\n";
    insta::assert_snapshot!(chat(PROGRAM, "quiet_seconds = 0", scenario));
}

#[rstest]
#[case("passages = 4", &["`passages`", "unknown field", "`person`"])]
#[case("answer_seconds = 0", &["`answer_seconds`", "nonzero u8"])]
#[case("tokens_per_day = -1", &["`tokens_per_day`", "nonzero u32"])]
#[case("folder = \"no/such/folder\"", &["assistant.toml", "`folder`", "no/such/folder", "a folder with Markdown files"])]
#[case("endpoint = \"http://10.0.0.1/v1\"", &["`endpoint`", "https://api.openai.com/v1"])]
#[case("endpoint = \"https://sk-secret@llm.example/v1\"", &["`endpoint`", "ASSISTANT_API_KEY"])]
#[case("endpoint = \"https://llm.example/v1?key=sk-secret\"", &["`endpoint`", "ASSISTANT_API_KEY"])]
#[case("api_key = \"sk-secret\"", &["`api_key`", "unknown field"])]
fn a_setting_that_cannot_be_is_named_and_a_secret_in_it_is_not(
    #[case] settings: &str,
    #[case] named: &[&str],
) {
    let said = refused(PROGRAM, settings);
    for part in named {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("sk-secret"), "{said}");
}

/// What `chat` says, on standard output and standard error, with a key and with every log.
fn chat_with_key(stub: &Stub, key: &str, scenario: &str) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let settings = format!("endpoint = \"{}\"\nquiet_seconds = 0\nanswer_seconds = 5", stub.url);
    std::fs::write(home.path().join("assistant.toml"), settings).unwrap();
    let mut program = Command::new(PROGRAM)
        .arg("chat")
        .current_dir(home.path())
        .env_remove("OPENLINES_SETTINGS")
        .env("ASSISTANT_API_KEY", key)
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    let scenario = scenario.to_owned();
    // One that refuses its settings ends without reading.
    let writing = std::thread::spawn(move || input.write_all(scenario.as_bytes()).is_ok());
    let output = program.wait_with_output().unwrap();
    writing.join().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[rstest]
#[case::refuses_it(Answers::Fails(401))]
#[case::babbles_of_it(Answers::Babbles)]
#[case::takes_it(Answers::Says("Two days."))]
fn the_key_is_in_no_log_whatever_the_endpoint_does_with_it(#[case] answers: Answers) {
    let stub = Stub::start(answers.clone());
    let (status, said, log) = chat_with_key(&stub, KEY, "How long does delivery take?\n");
    assert_eq!(status, Some(0), "{log}");
    assert!(!stub.asked().is_empty(), "it was asked");
    assert!(stub.keys().iter().all(|key| key == &format!("Bearer {KEY}")), "{:?}", stub.keys());
    let wanted = if matches!(answers, Answers::Says(_)) { "Two days." } else { "I will fetch a colleague" };
    assert!(said.contains(wanted), "{said}");
    assert!(log.contains("TRACE"), "everything is logged");
    assert!(!said.contains(KEY) && !log.contains(KEY), "{log}");
}

#[test]
fn a_key_that_no_header_can_carry_is_named_and_not_told() {
    let stub = Stub::start(Answers::Says("Two days."));
    let (status, _, log) = chat_with_key(&stub, "sk-ключ", "hello\n");
    assert_eq!(status, Some(2), "{log}");
    assert!(log.contains("ASSISTANT_API_KEY: only ASCII") && !log.contains("sk-ключ"), "{log}");
}

#[test]
fn in_the_browser_the_chat_page_answers() {
    demo(PROGRAM);
}

#[tokio::test]
async fn sigterm_under_load_loses_nothing_and_answers_nothing_twice() {
    let question = "How long does delivery take?";
    stopped_under_load(PROGRAM, "quiet_seconds = 0", "assistant", question, "We deliver on working days")
        .await;
}
