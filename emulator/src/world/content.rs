//! What a message carries besides its text: keyboard, menu and attachment, taken from a method's parameters.
//!
//! This is the one place where foreign input becomes stored content. The trap: an empty value is not an error, the
//! method goes on without it.

use serde_json::{Value, json};

/// Why a keyboard, menu or attachment was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentFault {
    /// Nothing valid is left of it.
    Invalid,
    /// Its stored JSON is too long.
    #[allow(dead_code, reason = "raised by the validators")]
    Oversize,
    /// The portal's own code breaks on it: HTTP 500.
    #[allow(dead_code, reason = "raised by the validators")]
    Fatal,
}

type Content = Result<Option<Value>, ContentFault>;

/// A KEYBOARD parameter of a bot's method, as it is stored.
pub(crate) fn keyboard(input: Option<&Value>, bot_id: i64) -> Content {
    let Some(value) = present(input)? else { return Ok(None) };
    let list = match value {
        Value::Object(mut map) => map.remove("BUTTONS").ok_or(ContentFault::Invalid)?,
        other => other,
    };
    let Value::Array(mut buttons) = list else { return Err(ContentFault::Invalid) };
    for button in &mut buttons {
        if let Value::Object(map) = button
            && map.get("TYPE").and_then(Value::as_str) != Some("NEWLINE")
        {
            map.insert("BOT_ID".to_owned(), json!(bot_id));
        }
    }
    if buttons.is_empty() { Err(ContentFault::Invalid) } else { Ok(Some(Value::Array(buttons))) }
}

/// A MENU parameter, as it is stored.
pub(crate) fn menu(input: Option<&Value>, bot_id: i64) -> Content {
    let _ = bot_id;
    present(input)
}

/// An ATTACH parameter, as it is stored.
pub(crate) fn attach(input: Option<&Value>, now: i64) -> Content {
    let Some(value) = present(input)? else { return Ok(None) };
    match value {
        Value::Array(blocks) => Ok(Some(stored_attach(Value::Array(blocks), now))),
        Value::Object(mut map) => {
            let blocks = map.remove("BLOCKS").ok_or(ContentFault::Invalid)?;
            Ok(Some(stored_attach(blocks, now)))
        }
        _ => Err(ContentFault::Invalid),
    }
}

/// An attachment around ready blocks, as the portal itself makes them.
pub(crate) fn stored_attach(blocks: Value, now: i64) -> Value {
    json!({"ID": now, "BLOCKS": blocks, "DESCRIPTION": "", "COLOR": "#29619b", "COLOR_TOKEN": "base"})
}

/// The value if there is one; text is read as JSON.
fn present(input: Option<&Value>) -> Content {
    match input {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ContentFault::Invalid),
        Some(Value::Array(list)) if list.is_empty() => Ok(None),
        Some(Value::Object(map)) if map.is_empty() => Ok(None),
        Some(other) => Ok(Some(other.clone())),
    }
}
