//! What a message carries besides its text: keyboard, menu and attachment, taken from a method's parameters.
//!
//! This is the one place where foreign input becomes stored content; what is kept of it is for [`crate::validate`] to
//! say. The trap: an empty value is not an error, the method goes on without it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::remarks::Remarks;
use crate::validate::{self, Outcome};

/// Colours that the portal draws from when an attachment has none of its own.
const PALETTE: [&str; 10] = [
    "#df532d", "#64a513", "#4ba984", "#4ba5c3", "#3e99ce", "#8474c8", "#1eb4aa", "#f76187", "#58cc47",
    "#29619b",
];

/// Why a keyboard, menu or attachment was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentFault {
    /// Nothing valid is left of it.
    Invalid,
    /// Its stored JSON is too long.
    Oversize,
    /// The portal's own code breaks on it: HTTP 500.
    Fatal,
}

type Content = Result<Option<Value>, ContentFault>;

/// A KEYBOARD parameter of a bot's method, as it is stored; what it loses on the way is remarked.
pub(crate) fn keyboard(input: Option<&Value>, bot_id: i64, remarks: &Remarks) -> Content {
    let explain = |value: &Value| validate::keyboard::explain(value, bot_id);
    input.map_or(Ok(None), |value| stored(value, validate::keyboard::check(value, bot_id), explain, remarks))
}

/// A MENU parameter, as it is stored; what it loses on the way is remarked.
pub(crate) fn menu(input: Option<&Value>, bot_id: i64, remarks: &Remarks) -> Content {
    let explain = |value: &Value| validate::menu::explain(value, bot_id);
    input.map_or(Ok(None), |value| stored(value, validate::menu::check(value, bot_id), explain, remarks))
}

/// An ATTACH parameter, as it is stored; what it loses on the way is remarked.
pub(crate) fn attach(input: Option<&Value>, now: i64, remarks: &Remarks) -> Content {
    let check = |value: &Value| validate::attach::check(value, now, draw_colour);
    input.map_or(Ok(None), |value| stored(value, check(value), validate::attach::explain, remarks))
}

/// An attachment around ready blocks, as the portal itself makes them.
pub(crate) fn stored_attach(blocks: Value, now: i64) -> Value {
    json!({"ID": now, "BLOCKS": blocks, "DESCRIPTION": "", "COLOR": draw_colour(), "COLOR_TOKEN": "base"})
}

fn stored(
    given: &Value,
    outcome: Outcome,
    explain: impl Fn(&Value) -> Vec<String>,
    remarks: &Remarks,
) -> Content {
    for text in explain(given) {
        remarks.add(text);
    }
    match outcome {
        Outcome::Ok { normalised, .. } => Ok(Some(normalised)),
        Outcome::Ignored => Ok(None),
        Outcome::Error { .. } => Err(ContentFault::Invalid),
        Outcome::Oversize { .. } => Err(ContentFault::Oversize),
        Outcome::Fatal { detail } => {
            remarks.add(format!("the portal's own code breaks on a value: {detail}"));
            Err(ContentFault::Fatal)
        }
    }
}

fn draw_colour() -> String {
    let chance = usize::from(Uuid::new_v4().as_bytes()[0]);
    PALETTE[chance % PALETTE.len()].to_owned()
}
