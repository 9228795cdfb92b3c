//! Holds the form decoder against what PHP makes of the same bytes, row by row.
//!
//! `OPENLINES_FIXTURES=DIR` reads `DIR/events.jsonl`; a relative directory starts at the workspace root, and one that is
//! set and missing fails. Without it the project's own rows in `tests/fixtures` are held.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fmt::Write as _, fs, path::PathBuf, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use openlines::{
    codec::{self, Callback, form},
    wire::{Event, Node, Origin, Raw},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    event: String,
    content_type: String,
    body: Option<String>,
    body_b64: Option<String>,
    body_repeat: Option<Repeat>,
    decoded: Option<Value>,
    decoded_flat_b64: Option<Vec<(Vec<String>, String)>>,
    decoded_summary: Option<Summary>,
    application_token: Option<String>,
    hostile: bool,
    #[serde(default)]
    truncated_by_php: bool,
}

#[derive(Deserialize)]
struct Repeat {
    prefix: String,
    unit: String,
    times: usize,
    suffix: String,
}

#[derive(Deserialize)]
struct Summary {
    sha256: String,
}

/// How a row was held.
enum Held {
    /// Decoded and equal.
    Equal,
    /// Refused whole by a named limit.
    Refused,
}

#[test]
fn every_row_decodes_as_php_decodes_it() {
    let (path, rows) = rows();
    let (mut equal, mut refused, mut typed, mut differ) = (0, 0, 0, Vec::new());
    for row in &rows {
        match hold(row) {
            Ok(Held::Equal) => equal += 1,
            Ok(Held::Refused) => refused += 1,
            Err(why) => differ.push(format!("{}: {why}", row.name)),
        }
        if !row.hostile {
            match types(row) {
                Ok(true) => typed += 1,
                Ok(false) => {}
                Err(why) => differ.push(format!("{}: {why}", row.name)),
            }
        }
    }
    println!(
        "events: {} rows held ({equal} equal, {refused} refused by a named limit, {typed} typed) of {} in {}",
        equal + refused,
        rows.len(),
        path.display()
    );
    assert!(!rows.is_empty(), "{} has no rows", path.display());
    assert!(differ.is_empty(), "{} rows differ:\n{}", differ.len(), differ.join("\n"));
}

fn rows() -> (PathBuf, Vec<Row>) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let directory = match std::env::var_os("OPENLINES_FIXTURES") {
        Some(directory) => {
            let directory = root.join(directory);
            assert!(
                directory.is_dir(),
                "OPENLINES_FIXTURES names {}, which is no directory",
                directory.display()
            );
            directory
        }
        None => root.join("tests/fixtures"),
    };
    let path = directory.join("events.jsonl");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let rows = rows.map(|(at, line)| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}:{}: {error}", path.display(), at + 1))
    });
    (path.clone(), rows.collect())
}

impl Row {
    fn body(&self) -> Vec<u8> {
        match (&self.body, &self.body_b64, &self.body_repeat) {
            (Some(body), _, _) => body.clone().into_bytes(),
            (_, Some(body), _) => BASE64_STANDARD.decode(body).expect("body_b64 is base64"),
            (_, _, Some(Repeat { prefix, unit, times, suffix })) => {
                format!("{prefix}{}{suffix}", unit.repeat(*times)).into_bytes()
            }
            _ => panic!("{}: the row has no body", self.name),
        }
    }

    fn decode(&self) -> Result<Raw, form::FormError> {
        codec::decode(Some(&self.content_type), &self.body(), &form::Limits::default())
    }
}

fn hold(row: &Row) -> Result<Held, String> {
    let raw = match row.decode() {
        Ok(raw) => raw,
        Err(error) => {
            use form::FormErrorKind::{BodyTooLarge, KeyTooLong, TooManyBrackets, TooManyPairs};
            let limit = matches!(
                error.kind(),
                BodyTooLarge { .. } | TooManyPairs { .. } | TooManyBrackets { .. } | KeyTooLong { .. }
            );
            return match limit && (row.hostile || row.truncated_by_php) {
                true => Ok(Held::Refused),
                false => Err(format!("refused: {error}")),
            };
        }
    };
    if row.truncated_by_php {
        let expected = row.decoded.as_ref().ok_or("a truncated row without `decoded`")?;
        return contains(raw.root(), expected, "").map(|()| Held::Equal);
    }
    equal(row, &raw)?;
    let token = codec::application_token(&raw);
    if token != row.application_token.as_deref() {
        return Err("another application token".to_owned());
    }
    Ok(Held::Equal)
}

fn equal(row: &Row, raw: &Raw) -> Result<(), String> {
    if let Some(expected) = &row.decoded {
        let decoded = raw.to_json();
        return match decoded == *expected {
            true => Ok(()),
            false => Err(format!("decodes to {}", cut(&decoded.to_string()))),
        };
    }
    if let Some(flat) = &row.decoded_flat_b64 {
        let lossy = |text: &String| {
            let bytes = BASE64_STANDARD.decode(text).expect("decoded_flat_b64 is base64");
            squeezed(&String::from_utf8_lossy(&bytes))
        };
        let expected: Vec<_> = flat
            .iter()
            .map(|(path, value)| (path.iter().map(lossy).collect::<Vec<_>>(), lossy(value)))
            .collect();
        let mut decoded = Vec::new();
        flatten(raw.root(), &mut Vec::new(), &mut decoded);
        return match decoded == expected {
            true => Ok(()),
            false => Err(format!("decodes to {}", cut(&format!("{decoded:?}")))),
        };
    }
    let summary = row.decoded_summary.as_ref().ok_or("a row that says nothing of what PHP decodes")?;
    let mut json = String::new();
    ordered_json(raw.root(), &mut json);
    let sum = Sha256::digest(json.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    match sum == summary.sha256 {
        true => Ok(()),
        false => Err(format!("the sum of the decoded JSON is {sum}")),
    }
}

/// Every variable that PHP kept is there, with the same value.
fn contains(node: Node<'_>, expected: &Value, path: &str) -> Result<(), String> {
    match expected {
        Value::Object(entries) => entries.iter().try_for_each(|(key, expected)| {
            let path = format!("{path}.{key}");
            let inner = node.get(key).ok_or_else(|| format!("{path} is missing"))?;
            contains(inner, expected, &path)
        }),
        expected => match node.as_str() == expected.as_str() {
            true => Ok(()),
            false => Err(format!("{path} differs")),
        },
    }
}

/// The number of U+FFFD for one broken sequence may differ.
fn squeezed(text: &str) -> String {
    let mut squeezed = String::new();
    for character in text.chars() {
        if character != '\u{fffd}' || !squeezed.ends_with('\u{fffd}') {
            squeezed.push(character);
        }
    }
    squeezed
}

fn flatten(node: Node<'_>, path: &mut Vec<String>, out: &mut Vec<(Vec<String>, String)>) {
    match node.as_str() {
        Some(text) => out.push((path.clone(), squeezed(text))),
        None => {
            for (key, inner) in node.entries() {
                path.push(squeezed(key));
                flatten(inner, path, out);
                path.pop();
            }
        }
    }
}

/// Compact JSON in PHP's order of keys.
fn ordered_json(node: Node<'_>, out: &mut String) {
    let text = |text: &str| Value::String(text.to_owned()).to_string();
    match node.as_str() {
        Some(value) => out.push_str(&text(value)),
        None => {
            out.push('{');
            for (at, (key, inner)) in node.entries().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&text(key));
                out.push(':');
                ordered_json(inner, out);
            }
            out.push('}');
        }
    }
}

/// Whether the row's event is one that is typed, and becomes its struct.
///
/// A row whose payload lacks what the event is about (a fixture of a portal that sends nulls only) cannot become one; it
/// must be refused by the name of the missing field, so that it is parked.
fn types(row: &Row) -> Result<bool, String> {
    let raw = Arc::new(row.decode().map_err(|error| error.to_string())?);
    let callback = Callback::read(raw.clone()).map_err(|error| error.to_string())?;
    if callback.code != row.event.to_uppercase() {
        return Err(format!("the code is {}", callback.code));
    }
    let events = match codec::events(&callback) {
        Ok(events) => events,
        Err(error) if lacks_its_message(&raw, error.path()) => return Ok(false),
        Err(error) => return Err(error.to_string()),
    };
    let expected = recipients(&raw);
    if events.len() != expected {
        return Err(format!("{} events for {expected} recipients", events.len()));
    }
    for event in &events {
        if !is_its_struct(&callback.code, &event.event) {
            return Err("another struct than the event's own".to_owned());
        }
        let again = codec::event_of_stored(&codec::stored(event)).map_err(|error| error.to_string())?;
        if format!("{:?}{:?}", again.event, again.bot) != format!("{:?}{:?}", event.event, event.bot) {
            return Err("reads back from the journal as another event".to_owned());
        }
    }
    let is_other = matches!(events[0].event, Event::Other);
    if events[0].origin == Origin::BotV2 {
        drop((callback, events));
        is_handed_on_as_it_reads_back(row)?;
    }
    Ok(!is_other)
}

/// What is handed to a handler without being read from the journal is what would be read there.
fn is_handed_on_as_it_reads_back(row: &Row) -> Result<(), String> {
    let raw = Arc::new(row.decode().map_err(|error| error.to_string())?);
    let callback = Callback::read(raw).map_err(|error| error.to_string())?;
    let mut event = codec::events(&callback).map_err(|error| error.to_string())?.remove(0);
    if codec::without_tokens(event.clone()).is_some() {
        return Err("an event is cut out of pairs that others hold too".to_owned());
    }
    drop(callback);
    let mut again = codec::event_of_stored(&codec::stored(&event)).map_err(|error| error.to_string())?;
    event = codec::without_tokens(event).ok_or("an event alone in its callback is not handed on")?;
    if event.raw != again.raw {
        return Err("other pairs are handed on than are stored".to_owned());
    }
    (event.raw, again.raw) = Default::default();
    if format!("{event:?}") != format!("{again:?}") {
        return Err("another event is handed on than is stored".to_owned());
    }
    Ok(())
}

fn lacks_its_message(raw: &Raw, path: &str) -> bool {
    path == "data.message"
        && raw.path(&["data", "message"]).is_none()
        && raw.path(&["data", "chat"]).is_none()
}

/// One event for each bot or command of a v1 callback, and for each message of a connector's.
fn recipients(raw: &Raw) -> usize {
    let several = ["BOT", "COMMAND", "MESSAGES"].iter().find_map(|key| raw.path(&["data", key]));
    several.filter(|several| several.is_map()).map_or(1, Node::len)
}

fn is_its_struct(code: &str, event: &Event) -> bool {
    match code {
        "ONIMBOTMESSAGEADD" | "ONIMBOTV2MESSAGEADD" => matches!(event, Event::Message(_)),
        "ONIMBOTMESSAGEUPDATE" | "ONIMBOTV2MESSAGEUPDATE" => matches!(event, Event::MessageUpdated(_)),
        "ONIMBOTMESSAGEDELETE" | "ONIMBOTV2MESSAGEDELETE" => matches!(event, Event::MessageDeleted(_)),
        "ONIMBOTJOINCHAT" | "ONIMBOTV2JOINCHAT" => matches!(event, Event::Joined(_)),
        "ONIMBOTCONTEXTGET" | "ONIMBOTV2CONTEXTGET" => matches!(event, Event::ContextOpened(_)),
        "ONIMBOTDELETE" | "ONIMBOTV2DELETE" => matches!(event, Event::BotDeleted(_)),
        "ONIMCOMMANDADD" | "ONIMBOTV2COMMANDADD" => matches!(event, Event::Command(_)),
        "ONIMBOTV2REACTIONCHANGE" => matches!(event, Event::Reaction(_)),
        "ONOPENLINEMESSAGEADD" => matches!(event, Event::LineMessage(_)),
        "ONOPENLINEMESSAGEUPDATE" => matches!(event, Event::LineMessageUpdated(_)),
        "ONOPENLINEMESSAGEDELETE" => matches!(event, Event::LineMessageDeleted(_)),
        "ONSESSIONSTART" => matches!(event, Event::SessionStarted(_)),
        "ONSESSIONFINISH" => matches!(event, Event::SessionFinished(_)),
        "ONAPPINSTALL" => matches!(event, Event::AppInstalled(_)),
        "ONAPPUPDATE" => matches!(event, Event::AppUpdated(_)),
        "ONAPPUNINSTALL" => matches!(event, Event::AppUninstalled(_)),
        "ONAPPPAYMENT" => matches!(event, Event::AppPaid(_)),
        "ONSUBSCRIPTIONRENEW" => matches!(event, Event::SubscriptionRenewed(_)),
        "ONAPPMETHODCONFIRM" => matches!(event, Event::MethodConfirmed(_)),
        "ONAPPTEST" => matches!(event, Event::AppTested(_)),
        "ONOFFLINEEVENT" => matches!(event, Event::OfflineEvents(_)),
        "ONIMCONNECTORMESSAGEADD" => matches!(event, Event::ConnectorMessage(_)),
        "ONIMCONNECTORMESSAGEUPDATE" => matches!(event, Event::ConnectorMessageUpdated(_)),
        "ONIMCONNECTORMESSAGEDELETE" => matches!(event, Event::ConnectorMessageDeleted(_)),
        "ONIMCONNECTORDIALOGSTART" => matches!(event, Event::ConnectorDialogStarted(_)),
        "ONIMCONNECTORDIALOGFINISH" => matches!(event, Event::ConnectorDialogFinished(_)),
        "ONIMCONNECTORSTATUSDELETE" => matches!(event, Event::ConnectorRemoved(_)),
        "ONIMCONNECTORLINEDELETE" => matches!(event, Event::LineRemoved(_)),
        _ => matches!(event, Event::Other),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

#[test]
fn a_row_that_differs_is_found() {
    let row = |decoded: Value| Row {
        name: "case".to_owned(),
        event: String::new(),
        content_type: "application/x-www-form-urlencoded".to_owned(),
        body: Some("a[x]=1&a[]=2".to_owned()),
        body_b64: None,
        body_repeat: None,
        decoded: Some(decoded),
        decoded_flat_b64: None,
        decoded_summary: None,
        application_token: None,
        hostile: true,
        truncated_by_php: false,
    };
    assert!(hold(&row(serde_json::json!({"a": {"x": "1", "0": "2"}}))).is_ok());
    assert!(hold(&row(serde_json::json!({"a": {"x": "1", "1": "2"}}))).is_err());
    assert!(hold(&row(Value::Object(Map::new()))).is_err());
}
