//! Keyboards, attachments and RT events against what a portal's own validators made of them.
//!
//! `OPENLINES_FIXTURES=DIR` names a directory of more rows; without it the few below run.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use openlines::{
    message::{Attach, Keyboard, RtMessage, RtRecipients},
    wire::{BotId, UserId},
};
use serde_json::{Value, json};

fn rows(file: &str, own: Vec<Value>) -> Vec<Value> {
    let Some(dir) = std::env::var_os("OPENLINES_FIXTURES") else { return own };
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(dir);
    let text =
        std::fs::read_to_string(dir.join(file)).unwrap_or_else(|error| panic!("{file} in {dir:?}: {error}"));
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn input(row: &Value) -> Value {
    let Some(repeat) = row.get("input_repeat") else { return row["input"].clone() };
    let part = |name: &str| repeat[name].as_str().unwrap();
    let times = usize::try_from(repeat["times"].as_u64().unwrap()).unwrap();
    let text = format!("{}{}{}", part("prefix"), part("unit").repeat(times), part("suffix"));
    serde_json::from_str(&text).unwrap()
}

/// Whether `sent` says just what `given` says: fields with their default value aside.
fn says_the_same(given: &Value, sent: &Value) -> bool {
    match (given, sent) {
        (Value::Object(given), Value::Object(sent)) => {
            given.iter().all(|(name, value)| match sent.get(name) {
                Some(other) => says_the_same(value, other),
                None => is_default(name, value),
            })
        }
        (Value::Array(given), Value::Array(sent)) => {
            given.len() == sent.len()
                && given.iter().zip(sent).all(|(given, sent)| says_the_same(given, sent))
        }
        // A list of one is what is meant by the one.
        (Value::Array(given), sent) if given.len() == 1 => says_the_same(&given[0], sent),
        (given, Value::Array(sent)) if sent.len() == 1 => says_the_same(given, &sent[0]),
        (given, sent) => given == sent,
    }
}

fn is_default(name: &str, value: &Value) -> bool {
    matches!(
        (name, value.as_str()),
        ("BLOCK" | "DISABLED", Some("N"))
            | ("CONTEXT", Some("ALL"))
            | ("DISPLAY", Some("BLOCK"))
            | ("TYPE", Some("BUTTON"))
            | ("BG_COLOR_TOKEN" | "COLOR_TOKEN", Some("base"))
            | ("COMMAND_PARAMS" | "DESCRIPTION", Some(""))
            | ("COLOR", Some("CHAT"))
    )
}

#[test]
fn every_keyboard_that_can_be_built_is_stored_as_computed() {
    let own = vec![
        json!({"name": "link", "input": [{"TEXT": "T", "LINK": "/x"}], "bot_id": 39, "accepted": true,
            "json_chars": 162, "normalized": [{"BOT_ID": 39, "TYPE": "BUTTON", "LINK": "/x", "TEXT": "T",
            "VOTE": "N", "BLOCK": "N", "WAIT": "N", "CONTEXT": "ALL", "DISABLED": "N", "DISPLAY": "BLOCK",
            "BG_COLOR_TOKEN": "base"}]}),
        json!({"name": "two actions", "input": [{"TEXT": "T"}], "bot_id": 39, "accepted": false}),
    ];
    let (mut built, mut refused) = (0, 0);
    for row in rows("keyboard.jsonl", own) {
        let name = &row["name"];
        let given = input(&row);
        let Ok(keyboard) = serde_json::from_value::<Keyboard>(given.clone()) else {
            refused += 1;
            continue;
        };
        // Whether a bot owns the request is not the keyboard's matter.
        if row["bot_id"].as_i64().is_none_or(|bot| bot <= 0) && keyboard.has_commands() {
            continue;
        }
        assert_eq!(row["accepted"], true, "{name} was built, but the portal refuses it");
        if !says_the_same(&given, &keyboard.to_value()) {
            continue;
        }
        built += 1;
        let bot = BotId::new(row["bot_id"].as_i64().unwrap());
        if row.get("normalized").is_some_and(|stored| !stored.is_null()) {
            assert_eq!(keyboard.normalised(bot), row["normalized"], "{name}");
        }
        assert_eq!(json!(keyboard.size(bot)), row["json_chars"], "{name}");
    }
    println!("keyboard: {built} rows built and computed alike, {refused} refused");
    assert!(built >= 1 && refused >= 1);
}

#[test]
fn every_attachment_that_can_be_built_is_stored_as_computed() {
    let own = vec![
        json!({"name": "message", "input": [{"MESSAGE": "m"}], "accepted": true, "json_chars": 100, "normalized":
            {"ID": "@time", "BLOCKS": [{"MESSAGE": "m"}], "DESCRIPTION": "", "COLOR": "@random",
            "COLOR_TOKEN": "base"}}),
        json!({"name": "empty", "input": [{"MESSAGE": " "}], "accepted": false}),
    ];
    let (mut built, mut refused) = (0, 0);
    for row in rows("attach.jsonl", own) {
        let name = &row["name"];
        let given = match input(&row) {
            list @ Value::Array(_) => json!({ "BLOCKS": list }),
            full => full,
        };
        let Ok(attach) = serde_json::from_value::<Attach>(given.clone()) else {
            refused += 1;
            continue;
        };
        assert_eq!(row["accepted"], true, "{name} was built, but the portal refuses it");
        if !says_the_same(&given, &attach.to_value()) {
            continue;
        }
        built += 1;
        if row.get("normalized").is_some_and(|stored| !stored.is_null()) {
            let mut stored = attach.normalised();
            stored["ID"] = json!("@time");
            if row["normalized"]["COLOR"] == "@random" {
                stored["COLOR"] = json!("@random");
            }
            assert_eq!(stored, row["normalized"], "{name}");
        }
        assert_eq!(json!(attach.size()), row["json_chars"], "{name}");
    }
    println!("attach: {built} rows built and computed alike, {refused} refused");
    assert!(built >= 1 && refused >= 1);
}

#[test]
fn every_rt_event_that_can_be_built_is_accepted() {
    let own = vec![
        json!({"name": "good", "input": {"COMMAND": "a|b", "PARAMS": {"a": 1}}, "admin": true, "accepted": true}),
        json!({"name": "bad", "input": {"COMMAND": "a b"}, "admin": true, "accepted": false}),
    ];
    let (mut built, mut refused) = (0, 0);
    for row in rows("pull.jsonl", own) {
        let (name, given) = (&row["name"], &row["input"]);
        let Some(command) = given["COMMAND"].as_str() else { continue };
        let recipients = match given.get("USER_ID") {
            None => RtRecipients::Shared,
            Some(Value::Number(id)) => RtRecipients::user(UserId::new(id.as_i64().unwrap_or(0))),
            Some(_) => continue,
        };
        // Whose id it is, is for the portal to know.
        if row["error_code"] == "USER_ID_ACCESS_ERROR" {
            continue;
        }
        let event = RtMessage::new(command, recipients, given.get("PARAMS").cloned().unwrap_or_default());
        let event = match given.get("MODULE_ID").and_then(Value::as_str) {
            Some(module) => event.and_then(|event| event.module(module)),
            None => event,
        };
        match event {
            Ok(_) => {
                assert_eq!(row["accepted"], true, "{name} was built, but the portal refuses it");
                built += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("pull: {built} rows built, {refused} refused");
    assert!(built >= 1 && refused >= 1);
}
