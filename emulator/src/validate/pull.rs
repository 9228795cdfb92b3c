//! `pull.application.event.add`: an RT event on its way to the queue (protocol 4.9).
//!
//! ```
//! use openlines_emulator::validate::pull::{self, Caller, Recipients, Verdict};
//! use serde_json::json;
//!
//! let sent = json!({"COMMAND": "order.changed", "PARAMS": {"id": 15}, "USER_ID": [27, 28]});
//! let Verdict::Sent(event) = pull::check(&sent, &Caller::Admin) else { unreachable!() };
//! assert_eq!(event.recipients, Recipients::Many(vec![27, 28]));
//! assert_eq!(event.module_id, "application");
//!
//! let other = json!({"COMMAND": "x", "USER_ID": 27});
//! let caller = Caller::User { id: "27".to_owned() };
//! assert_eq!(pull::check(&other, &caller), Verdict::Error { code: "USER_ID_ACCESS_ERROR" });
//! ```
//!
//! The trap: a user who is no administrator must send its own id as a *string*; the number 27 is refused. And an
//! empty list of recipients is no error: nothing is sent, and the method still answers `true`.

use super::php::{Fatal, Php, from_json_or_js_literal, string_argument, to_int};
use serde_json::{Value, json};
use std::collections::HashSet;

/// The channel that every user of the application hears, as a user id.
const SHARED_CHANNEL: i64 = 0;

/// Whom the request acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// An administrator: may name any recipients.
    Admin,
    /// Anybody else: may name nobody, or itself.
    User {
        /// Its id, as the text that the portal compares with.
        id: String,
    },
}

/// Who gets an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipients {
    /// `[0]`: the channel that every user of the application hears.
    Shared,
    /// One id as an administrator gave it, which may also be 0 or below.
    One(i64),
    /// The caller itself, by the text of its id.
    Own(String),
    /// Ids above zero without repeats; with none, nothing is sent.
    Many(Vec<i64>),
}

impl Recipients {
    /// The value that reaches the queue.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Shared => json!([SHARED_CHANNEL]),
            Self::One(id) => json!(id),
            Self::Own(id) => json!(id),
            Self::Many(ids) => json!(ids),
        }
    }
}

/// What reaches the queue.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Who gets it.
    pub recipients: Recipients,
    /// `MODULE_ID` as it came, `application` without one; a number or a boolean stays one.
    pub module_id: Value,
    /// `COMMAND` as it came; a number or `true` stays one.
    pub command: Value,
    /// `PARAMS`, read if it was text; `[]` without one, and for an empty object.
    pub params: Value,
}

/// The portal's answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// `true`, and this goes to the queue.
    Sent(Box<Event>),
    /// HTTP 400 with this code.
    Error {
        /// `USER_ID_ACCESS_ERROR`, `MODULE_ID_ERROR`, `COMMAND_ERROR` or `PARAMS_ERROR`.
        code: &'static str,
    },
    /// The portal's own code breaks on the value and answers HTTP 500.
    Fatal {
        /// The PHP error, for logs.
        detail: String,
    },
}

/// Checks the parameters of `pull.application.event.add`, names in any case (protocol 4.9).
///
/// That the request comes from an OAuth application (`WRONG_AUTH_TYPE`) is checked before. Errors in this order:
/// `USER_ID_ACCESS_ERROR`, `MODULE_ID_ERROR`, `COMMAND_ERROR`, `PARAMS_ERROR`.
#[must_use]
pub fn check(input: &Value, caller: &Caller) -> Verdict {
    match event(input, caller) {
        Ok(event) => Verdict::Sent(Box::new(event)),
        Err(Refusal::Code(code)) => Verdict::Error { code },
        Err(Refusal::Fatal(Fatal(detail))) => Verdict::Fatal { detail },
    }
}

enum Refusal {
    Code(&'static str),
    Fatal(Fatal),
}

impl From<Fatal> for Refusal {
    fn from(fatal: Fatal) -> Self {
        Self::Fatal(fatal)
    }
}

fn event(input: &Value, caller: &Caller) -> Result<Event, Refusal> {
    let user_id = parameter(input, "USER_ID");
    let recipients = match caller {
        Caller::Admin => recipients(user_id)?,
        Caller::User { id } => match user_id {
            None => Recipients::Shared,
            Some(Php::Str(text)) if text == *id => Recipients::Own(text),
            Some(_) => return Err(Refusal::Code("USER_ID_ACCESS_ERROR")),
        },
    };
    let module_id = parameter(input, "MODULE_ID").unwrap_or_else(|| Php::text("application"));
    if !matched_text(&module_id)?.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_'))
    {
        return Err(Refusal::Code("MODULE_ID_ERROR"));
    }
    let command = parameter(input, "COMMAND").unwrap_or(Php::Null);
    if !is_command(&matched_text(&command)?) {
        return Err(Refusal::Code("COMMAND_ERROR"));
    }
    let params = match parameter(input, "PARAMS") {
        None => json!([]),
        Some(given) => match read(given)? {
            params @ Php::Array(_) => params.to_json(),
            _ => return Err(Refusal::Code("PARAMS_ERROR")),
        },
    };
    Ok(Event { recipients, module_id: module_id.to_json(), command: command.to_json(), params })
}

fn recipients(user_id: Option<Php>) -> Result<Recipients, Fatal> {
    Ok(match user_id.map(read).transpose()? {
        None | Some(Php::Null) => Recipients::Shared,
        Some(ids @ Php::Array(_)) => {
            let mut seen = HashSet::new();
            Recipients::Many(ids.items().map(to_int).filter(|id| *id > 0 && seen.insert(*id)).collect())
        }
        Some(id) => Recipients::One(to_int(&id)),
    })
}

/// The users of `pull.application.push.add`: a number, a list, or text that is read as one of them; `None` when the
/// portal's own code breaks on it.
pub(crate) fn user_ids(given: Option<&Value>) -> Option<Vec<i64>> {
    let given = given.map(Php::from_json).filter(|value| *value != Php::Null);
    Some(match recipients(given).ok()? {
        Recipients::Many(ids) => ids,
        Recipients::One(id) if id > 0 => vec![id],
        _ => Vec::new(),
    })
}

/// Text is read as JSON or as a JavaScript literal, anything else is taken as it is.
fn read(given: Php) -> Result<Php, Fatal> {
    match given {
        Php::Str(text) => from_json_or_js_literal(&text),
        other => Ok(other),
    }
}

fn matched_text(value: &Php) -> Result<String, Fatal> {
    Ok(string_argument(value, "preg_match(): Argument #2 ($subject)")?.into_owned())
}

/// One newline at the end passes: the portal's pattern ends in a plain `$`.
fn is_command(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'|' | b'.' | b'-');
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// The parameter of this name in any ASCII case, the last one if there are several; `None` for null.
fn parameter(input: &Value, name: &str) -> Option<Php> {
    let fields = input.as_object()?;
    let (_, value) = fields.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(Php::from_json(value)).filter(|value| *value != Php::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(user_id: Value) -> Verdict {
        check(&json!({"COMMAND": "x", "USER_ID": user_id}), &Caller::User { id: "27".to_owned() })
    }

    fn recipients_of(verdict: Verdict) -> Option<Recipients> {
        match verdict {
            Verdict::Sent(event) => Some(event.recipients),
            _ => None,
        }
    }

    #[test]
    fn a_user_may_name_itself_as_text_only() {
        assert_eq!(recipients_of(user(json!("27"))), Some(Recipients::Own("27".to_owned())));
        assert_eq!(recipients_of(user(json!(null))), Some(Recipients::Shared));
        for refused in [json!(27), json!("28"), json!(["27"]), json!("")] {
            assert_eq!(user(refused), Verdict::Error { code: "USER_ID_ACCESS_ERROR" });
        }
    }

    #[test]
    fn the_first_rule_that_is_broken_gives_the_error() {
        let broken = json!({"COMMAND": "a b", "MODULE_ID": "A", "PARAMS": 1, "USER_ID": 1});
        let caller = Caller::User { id: "27".to_owned() };
        assert_eq!(check(&broken, &caller), Verdict::Error { code: "USER_ID_ACCESS_ERROR" });
        assert_eq!(check(&broken, &Caller::Admin), Verdict::Error { code: "MODULE_ID_ERROR" });
    }

    #[test]
    fn of_one_name_in_several_cases_the_last_counts() {
        let sent = json!({"COMMAND": "first", "command": "last"});
        assert!(matches!(check(&sent, &Caller::Admin), Verdict::Sent(event) if event.command == "last"));
    }

    #[test]
    fn what_is_no_object_has_no_command() {
        assert_eq!(check(&json!(["x"]), &Caller::Admin), Verdict::Error { code: "COMMAND_ERROR" });
    }
}
