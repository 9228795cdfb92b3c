//! Holds the validators against rows of facts: what a portal stores, refuses and counts for an input.
//!
//! `OPENLINES_FIXTURES=DIR cargo test -p openlines-emulator --test conformance` reads `DIR/KIND.jsonl` for every kind
//! (a relative DIR starts at the workspace root); without the variable the rows in `tests/fixtures` are read. A line is
//! one JSON object. `input_repeat` and `normalized_repeat` stand for a big value: JSON text made of prefix, unit × times
//! and suffix. `"@time"` stands for the Unix time, `"@random"` for a colour of the portal's palette.

use openlines_emulator::validate::pull::{self, Caller, Verdict};
use openlines_emulator::validate::text::{html_to_bb_code, plain};
use openlines_emulator::validate::{Outcome, attach, keyboard, menu};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A time with as many digits as every other of this century.
const NOW: i64 = 1_770_000_000;

/// Who sends the rows of `pull` that no administrator sends.
const OWN_ID: &str = "27";

#[test]
fn every_keyboard_row_holds() {
    hold("keyboard", true, |row| outcome_differences(row, &keyboard::check(&input(row), bot_id(row))));
}

#[test]
fn every_menu_row_holds() {
    hold("menu", true, |row| outcome_differences(row, &menu::check(&input(row), bot_id(row))));
}

#[test]
fn every_attach_row_holds() {
    hold("attach", true, |row| {
        outcome_differences(row, &attach::check(&input(row), NOW, || "@random".to_owned()))
    });
}

#[test]
fn every_pull_row_holds() {
    hold("pull", true, pull_differences);
}

#[test]
fn every_text_row_holds() {
    hold("text", false, |row| {
        let text = row["input"].as_str().expect("the input of a text row is a string");
        let output = match row["kind"].as_str() {
            Some("text_plain") => plain(text, |id| format!("{{USER {id}}}")),
            Some("html2bb") => html_to_bb_code(text),
            other => panic!("no such kind of text row: {other:?}"),
        };
        let mut differences = Vec::new();
        compare("output", &row["output"], &json!(output), &mut differences);
        differences
    });
}

/// Reads the rows of one kind, says how many hold, and fails with every row that does not.
fn hold(kind: &str, required: bool, differences: impl Fn(&Value) -> Vec<String>) {
    let file = fixtures().join(format!("{kind}.jsonl"));
    if !required && !file.exists() {
        return;
    }
    assert!(file.is_file(), "there are no rows in {}", file.display());
    let text = std::fs::read_to_string(&file).expect("a file of rows is UTF-8 text");
    let rows: Vec<Value> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .expect("a line is one JSON object");
    assert!(!rows.is_empty(), "{} has no rows", file.display());
    let failed: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let differences = differences(row);
            let name = row["name"].as_str().unwrap_or("a row without a name");
            (!differences.is_empty()).then(|| format!("{kind}: {name}\n    {}", differences.join("\n    ")))
        })
        .collect();
    // Written around the capture of the test harness, so that a run that passes shows it too.
    writeln!(std::io::stdout(), "{kind}: {} of {} rows hold", rows.len() - failed.len(), rows.len())
        .expect("standard output takes a line");
    assert!(failed.is_empty(), "{} {kind} rows differ:\n{}", failed.len(), failed.join("\n"));
}

fn fixtures() -> PathBuf {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match std::env::var_os("OPENLINES_FIXTURES") {
        None => crate_root.join("tests/fixtures"),
        Some(directory) => {
            let directory = crate_root.join("..").join(directory);
            assert!(directory.is_dir(), "OPENLINES_FIXTURES names no directory: {}", directory.display());
            directory
        }
    }
}

fn input(row: &Value) -> Value {
    match row.get("input_repeat") {
        Some(repeat) => repeated(repeat),
        None => row["input"].clone(),
    }
}

fn repeated(repeat: &Value) -> Value {
    let part = |name: &str| repeat[name].as_str().expect("prefix, unit and suffix are strings");
    let times =
        repeat["times"].as_u64().and_then(|times| usize::try_from(times).ok()).expect("times is a count");
    let text = format!("{}{}{}", part("prefix"), part("unit").repeat(times), part("suffix"));
    serde_json::from_str(&text).expect("prefix, unit and suffix make JSON")
}

fn bot_id(row: &Value) -> i64 {
    row["bot_id"].as_i64().expect("bot_id is an integer")
}

fn outcome_differences(row: &Value, outcome: &Outcome) -> Vec<String> {
    let (word, json_chars) = match outcome {
        Outcome::Ok { json_chars, .. } => ("ok", Some(*json_chars)),
        Outcome::Ignored => ("ignored", None),
        Outcome::Error { .. } => ("error", None),
        Outcome::Oversize { json_chars, .. } => ("oversize", Some(*json_chars)),
        Outcome::Fatal { .. } => ("fatal", None),
        _ => ("an outcome without a word", None),
    };
    let mut differences = Vec::new();
    compare("accepted", &row["accepted"], &json!(outcome.accepted()), &mut differences);
    compare("outcome", &row["outcome"], &json!(word), &mut differences);
    compare("error_code", &row["error_code"], &json!(outcome.error_code()), &mut differences);
    if let Some(expected) = row.get("json_chars") {
        compare("json_chars", expected, &json!(json_chars), &mut differences);
    }
    let expected = row.get("normalized_repeat").map_or_else(|| row["normalized"].clone(), repeated);
    let mut normalised = outcome.normalised().cloned().unwrap_or(Value::Null);
    if let Some(id) = normalised.get_mut("ID").filter(|id| **id == json!(NOW)) {
        *id = json!("@time");
    }
    compare("normalized", &expected, &normalised, &mut differences);
    differences
}

fn pull_differences(row: &Value) -> Vec<String> {
    let caller = match row["admin"].as_bool() {
        Some(true) => Caller::Admin,
        _ => Caller::User { id: OWN_ID.to_owned() },
    };
    let (word, code, sent) = match pull::check(&row["input"], &caller) {
        Verdict::Sent(event) => {
            let sent = json!({
                "recipients": event.recipients.to_value(),
                "module_id": event.module_id,
                "command": event.command,
                "params": event.params,
            });
            ("ok", None, sent)
        }
        Verdict::Error { code } => ("error", Some(code), Value::Null),
        Verdict::Fatal { .. } => ("fatal", None, Value::Null),
        _ => ("a verdict without a word", None, Value::Null),
    };
    let mut differences = Vec::new();
    compare("accepted", &row["accepted"], &json!(word == "ok"), &mut differences);
    compare("outcome", &row["outcome"], &json!(word), &mut differences);
    compare("error_code", &row["error_code"], &json!(code), &mut differences);
    compare("sent", &row["sent"], &sent, &mut differences);
    differences
}

/// Compares as text: the order of fields counts too.
fn compare(what: &str, expected: &Value, got: &Value, differences: &mut Vec<String>) {
    let (expected, got) = (expected.to_string(), got.to_string());
    if expected != got {
        differences.push(format!("{what}: expected {}, got {}", shortened(&expected), shortened(&got)));
    }
}

fn shortened(text: &(impl AsRef<str> + Debug)) -> String {
    let text = text.as_ref();
    match text.char_indices().nth(600) {
        Some((cut, _)) => format!("{}… ({} bytes)", &text[..cut], text.len()),
        None => text.to_owned(),
    }
}
