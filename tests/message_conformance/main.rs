//! Keyboards, context menus, attachments and RT events against what a portal's own validators made of them.
//!
//! Each row is met twice: what the portal stored is read as builder calls, which must give the same form and size;
//! and what was sent is read as the outbox reads its rows, which must refuse what the portal refuses.
//!
//! `OPENLINES_FIXTURES=DIR` names a directory of more rows; without it the few below run.

#![allow(clippy::unwrap_used, clippy::panic)]

mod blocks;
mod buttons;
mod rows;

use openlines::{
    message::{Attach, BuildError, ContextMenu, JSON_LIMIT, Keyboard, RtMessage, RtRecipients},
    wire::{BotId, UserId},
};
use serde_json::{Value, json};

use buttons::Form;
use rows::{Tally, input, rows, stored, unescaped};

/// The size that a refusal names, if it is one for size.
fn size_of_refusal<T: std::fmt::Debug>(built: Result<T, BuildError>) -> Result<usize, String> {
    match built {
        Err(error) => error.over().map(|over| JSON_LIMIT + over).ok_or_else(|| error.to_string()),
        Ok(built) => panic!("built, but the portal finds it oversize: {built:?}"),
    }
}

/// Runs through the rows that were stored or found oversize. `read` builds from JSON in the given form, for a bot, and
/// tells the stored form and its size.
fn meet(
    kind: &str,
    rows: &[Value],
    read: impl Fn(&Value, Form, BotId) -> Result<Result<(Value, usize), BuildError>, String>,
) {
    let mut tally = Tally::default();
    for row in rows {
        let bot = BotId::new(row["bot_id"].as_i64().unwrap_or(0));
        if row["outcome"] == "oversize" {
            let said = read(&input(row), Form::Sent, bot).and_then(size_of_refusal);
            tally.oversize(
                row,
                said.map(|size| assert_eq!(json!(size), row["json_chars"], "{}", row["name"])),
            );
        } else if let Some(expected) = stored(row) {
            let said = read(&expected, Form::Stored, bot).and_then(|built| {
                let (mut normalised, size) = built.map_err(|error| error.to_string())?;
                if normalised.get("ID").is_some() {
                    normalised["ID"] = json!("@time");
                    if expected["COLOR"] == "@random" {
                        normalised["COLOR"] = json!("@random");
                    }
                }
                if normalised != expected {
                    return Err(format!("would be stored as {normalised:.300}"));
                }
                assert_eq!(json!(size), row["json_chars"], "{}", row["name"]);
                Ok(())
            });
            tally.stored(row, said);
        }
    }
    tally.print(kind);
}

#[test]
fn every_stored_keyboard_is_built_with_the_size_that_the_portal_counts() {
    let own = vec![
        json!({"name": "command", "bot_id": 39, "outcome": "ok", "json_chars": 190, "normalized": [
        {"BOT_ID": 39, "TYPE": "BUTTON", "COMMAND": "go", "COMMAND_PARAMS": "\u{2028}", "TEXT": "T", "VOTE": "N",
            "BLOCK": "Y", "WAIT": "N", "CONTEXT": "ALL", "DISABLED": "N", "DISPLAY": "BLOCK",
            "BG_COLOR_TOKEN": "base"}]}),
    ];
    meet("keyboard", &rows("keyboard.jsonl", own), |given, form, bot| {
        let built = buttons::keyboard(given, form)?.build_for(bot);
        Ok(built.map(|keyboard| (keyboard.normalised(bot), keyboard.size(bot))))
    });
}

#[test]
fn every_stored_context_menu_is_built_with_the_size_that_the_portal_counts() {
    let own = vec![json!({"name": "link", "bot_id": 39, "outcome": "ok", "json_chars": 85, "normalized": [
        {"BOT_ID": 39, "LINK": "/?a=1&amp;b=2", "TEXT": "&lt;T", "CONTEXT": "ALL", "DISABLED": "N"}]})];
    meet("menu", &rows("menu.jsonl", own), |given, form, bot| {
        let built = buttons::menu(given, form)?.build_for(bot);
        Ok(built.map(|menu| (menu.normalised(bot), menu.size(bot))))
    });
}

#[test]
fn every_stored_attachment_is_built_with_the_size_that_the_portal_counts() {
    let own = vec![json!({"name": "message", "outcome": "ok", "json_chars": 100, "normalized":
        {"ID": "@time", "BLOCKS": [{"MESSAGE": "m"}], "DESCRIPTION": "", "COLOR": "@random",
        "COLOR_TOKEN": "base"}})];
    meet("attach", &rows("attach.jsonl", own), |given, form, _| {
        let mut given = given.clone();
        if form == Form::Sent {
            unescaped(&mut given)?;
        }
        Ok(blocks::attach(&given)?.build().map(|attach| (attach.normalised(), attach.size())))
    });
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
        let bot = BotId::new(row["bot_id"].as_i64().unwrap());
        // What is read back was built for a bot that is not known any more.
        if keyboard.size(bot) > JSON_LIMIT {
            assert_eq!(row["oversize"], true, "{name}");
            continue;
        }
        assert_eq!(row["accepted"], true, "{name} was built, but the portal refuses it");
        if !says_the_same(&given, &keyboard.to_value()) {
            continue;
        }
        built += 1;
        if row.get("normalized").is_some_and(|stored| !stored.is_null()) {
            assert_eq!(keyboard.normalised(bot), row["normalized"], "{name}");
        }
        assert_eq!(json!(keyboard.size(bot)), row["json_chars"], "{name}");
    }
    println!("keyboard: {built} rows built and computed alike, {refused} refused");
    assert!(built >= 1 && refused >= 1);
}

#[test]
fn every_context_menu_that_can_be_built_is_accepted() {
    let own = vec![
        json!({"name": "link", "input": [{"TEXT": "T", "LINK": "/x"}], "bot_id": 39, "accepted": true,
            "json_chars": 70, "normalized": [
            {"BOT_ID": 39, "LINK": "/x", "TEXT": "T", "CONTEXT": "ALL", "DISABLED": "N"}]}),
        json!({"name": "no action", "input": [{"TEXT": "T"}], "bot_id": 39, "accepted": false}),
    ];
    let (mut built, mut refused) = (0, 0);
    for row in rows("menu.jsonl", own) {
        let name = &row["name"];
        let Ok(menu) = serde_json::from_value::<ContextMenu>(input(&row)) else {
            refused += 1;
            continue;
        };
        if row["bot_id"].as_i64().is_none_or(|bot| bot <= 0) && menu.has_commands() {
            continue;
        }
        if menu.size(BotId::new(row["bot_id"].as_i64().unwrap())) > JSON_LIMIT {
            assert_eq!(row["oversize"], true, "{name}");
            continue;
        }
        assert_eq!(row["accepted"], true, "{name} was built, but the portal refuses it");
        built += 1;
    }
    println!("menu: {built} rows read, {refused} refused");
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
