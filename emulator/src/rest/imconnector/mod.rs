//! `imconnector.*`: an application brings a channel of its own.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use openlines_emulator::Emulator;
//! let emulator = Emulator::start().await;
//! // A webhook is no application.
//! let url = format!("{}imconnector.list", emulator.portal().webhook_url());
//! assert_eq!(reqwest::get(url).await.unwrap().status(), 403);
//! # }
//! ```
//!
//! The trap: some of these methods refuse by an answer of status 200 that holds `error` beside `result: false`, and
//! `send.messages` has `SUCCESS` and `DATA` in its result. All of them need the application's token.

pub(super) mod channel;
pub(super) mod messages;

use serde_json::{Map, Value, json};

use super::call::{loose_int, scalar_text};
use super::{Answer, Call, Reply, RestError};
use crate::world::connectors::Channel;

/// A refusal in the legacy form: status 200, with the error inside.
fn legacy(code: &str, text: &str) -> Reply {
    Ok(Answer::new(json!({"result": false, "error": code, "error_description": text})))
}

/// The value with all keys of maps turned.
fn turned(value: &Value, turn: fn(&str) -> String) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (turn(key), turned(value, turn))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().map(|value| turned(value, turn)).collect(),
        other => other.clone(),
    }
}

/// Connector and line, both of which must at least be there.
fn address(call: &Call<'_>) -> Result<(String, i64), RestError> {
    call.auth.app()?;
    let code = call.value("CONNECTOR").ok_or_else(|| RestError::missing("CONNECTOR"))?;
    let line = call.value("LINE").ok_or_else(|| RestError::missing("LINE"))?;
    Ok((scalar_text(code).unwrap_or_default().to_lowercase(), loose_int(line)))
}

/// The messages of a call, with all their keys in lower case.
fn messages(call: &Call<'_>) -> Result<Vec<Value>, RestError> {
    let given = call.value("MESSAGES").ok_or_else(|| RestError::missing("MESSAGES"))?;
    rows(given).ok_or_else(|| RestError::wrong_type("MESSAGES"))
}

/// The rows of a list or a map, with all their keys in lower case.
fn rows(given: &Value) -> Option<Vec<Value>> {
    match turned(given, str::to_ascii_lowercase) {
        Value::Array(list) => Some(list),
        Value::Object(map) => Some(map.into_iter().map(|(_, value)| value).collect()),
        _ => None,
    }
}

/// The line's channel that takes messages now.
fn open_channel(call: &Call<'_>, code: &str, line_id: i64) -> Result<(), RestError> {
    if call.world.connectors.get(code).is_none() {
        let text = "Could not find a suitable provider for the connector";
        return Err(RestError::bad("IMCONNECTOR_NO_CORRECT_PROVIDER", text));
    }
    let on = call
        .world
        .lines
        .get(&line_id)
        .is_some_and(|line| line.active && line.channels.get(code).is_some_and(Channel::takes));
    if on {
        Ok(())
    } else {
        Err(RestError::bad("NOT_ACTIVE_LINE", "Line with this ID is inactive or does not exist"))
    }
}
