//! Events for pages of the application: the RT channel (protocol 4.9).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::{BuildError, BuildErrorKind, quoted};
use crate::wire::UserId;

const SECTION: &str = "4.9";

/// Bytes of the parameters; the push server takes 1 MiB a message, envelope included (protocol 8.6).
const PARAMS_LIMIT: usize = 1_000_000;

/// Characters of a text that counts as an id.
const ID_LIMIT: usize = 64;

/// Who sees an RT event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RtRecipients {
    /// These users, each in the channel of their own.
    Users(Vec<UserId>),
    /// Every user of the application on the portal, whatever they may see otherwise. So it takes ids only: numbers,
    /// flags, and texts that are names of things (at most 64 letters, digits and `_ : | . -`). The page asks for the
    /// rest.
    Shared,
    /// The same, and the parameters may hold anything.
    SharedWithContent,
}

impl RtRecipients {
    /// One user.
    pub fn user(user: impl Into<UserId>) -> Self {
        Self::Users(vec![user.into()])
    }

    /// These users.
    pub fn users<U: Into<UserId>>(users: impl IntoIterator<Item = U>) -> Self {
        Self::Users(users.into_iter().map(Into::into).collect())
    }
}

/// A type whose values are RT events: what makes a page of the application update itself.
///
/// ```
/// use openlines::{message::{RtEvent, RtMessage, RtRecipients}};
///
/// #[derive(serde::Serialize)]
/// struct OrderPaid {
///     order: i64,
/// }
///
/// impl RtEvent for OrderPaid {
///     const COMMAND: &'static str = "order_paid";
/// }
///
/// let message = RtMessage::of(&OrderPaid { order: 15 }, RtRecipients::user(27))?;
/// assert_eq!(message.to_params()["PARAMS"]["order"], 15);
/// # Ok::<(), openlines::message::BuildError>(())
/// ```
///
/// The value has to serialise to an object or a list, of at most a megabyte.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no RT event",
    note = "derive `serde::Serialize` and write `impl RtEvent for {Self} {{ const COMMAND: &'static str = \"…\"; }}`"
)]
pub trait RtEvent: Serialize {
    /// Its name, by which a page tells it from others: letters, digits and `_ : | . -`.
    const COMMAND: &'static str;
}

/// An RT event with its recipients, checked: whatever it holds, the portal takes.
///
/// ```
/// use openlines::message::{RtMessage, RtRecipients};
/// use serde_json::json;
///
/// let event = RtMessage::new("order_new", RtRecipients::user(27), json!({"id": 15}))?;
/// assert_eq!(event.to_params()["USER_ID"], "27");
/// assert!(RtMessage::new("order new", RtRecipients::Shared, json!({})).is_err());
/// let told = RtMessage::new("order_new", RtRecipients::Shared, json!({"client": "Ann Lee"}));
/// assert!(told.unwrap_err().to_string().contains("PARAMS.client"));
/// # Ok::<(), openlines::message::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct RtMessage(Parts);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parts {
    command: String,
    module: Option<String>,
    recipients: RtRecipients,
    params: Value,
}

impl RtMessage {
    /// `event` for `recipients`.
    pub fn of<E: RtEvent>(event: &E, recipients: RtRecipients) -> Result<Self, BuildError> {
        Self::new(E::COMMAND, recipients, event)
    }

    /// The event `command` with `params`, which must serialise to an object or a list; for names that are known at
    /// run time only.
    pub fn new(
        command: impl Into<String>,
        recipients: RtRecipients,
        params: impl Serialize,
    ) -> Result<Self, BuildError> {
        let params = serde_json::to_value(params)
            .map_err(|error| BuildError::bad("PARAMS", SECTION, format!("cannot be JSON: {error}")))?;
        Parts { command: command.into(), module: None, recipients, params }.try_into()
    }

    /// Under another module id than `application`, which pages listen to by default.
    pub fn module(mut self, module: impl Into<String>) -> Result<Self, BuildError> {
        self.0.module = Some(module.into());
        self.0.try_into()
    }

    /// Its name.
    pub fn command(&self) -> &str {
        &self.0.command
    }

    /// Who sees it.
    pub fn recipients(&self) -> &RtRecipients {
        &self.0.recipients
    }

    /// As parameters of `pull.application.event.add`. User ids go out as text: a portal user without
    /// administrator's rights is refused its own id as a number.
    pub fn to_params(&self) -> Map<String, Value> {
        let mut params = Map::new();
        params.insert("COMMAND".to_owned(), json!(self.0.command));
        if let Some(module) = &self.0.module {
            params.insert("MODULE_ID".to_owned(), json!(module));
        }
        if !self.0.params.is_null() {
            params.insert("PARAMS".to_owned(), self.0.params.clone());
        }
        if let RtRecipients::Users(users) = &self.0.recipients {
            let mut ids: Vec<String> = users.iter().map(UserId::to_string).collect();
            let ids = if ids.len() == 1 { json!(ids.remove(0)) } else { json!(ids) };
            params.insert("USER_ID".to_owned(), ids);
        }
        params
    }
}

/// Where `value` holds more than ids, if it does.
fn content_in(value: &Value, at: &mut String) -> bool {
    let length = at.len();
    let mut within = |name: &str, value: &Value| {
        at.push('.');
        at.push_str(name);
        let found = content_in(value, at);
        if !found {
            at.truncate(length);
        }
        found
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => {
            let id = |sign: u8| sign.is_ascii_alphanumeric() || b"_:|.-".contains(&sign);
            text.len() > ID_LIMIT || !text.bytes().all(id)
        }
        Value::Array(items) => items.iter().enumerate().any(|(place, item)| within(&place.to_string(), item)),
        Value::Object(fields) => fields.iter().any(|(name, field)| within(name, field)),
    }
}

impl From<RtMessage> for Parts {
    fn from(event: RtMessage) -> Self {
        event.0
    }
}

impl TryFrom<Parts> for RtMessage {
    type Error = BuildError;

    fn try_from(parts: Parts) -> Result<Self, BuildError> {
        let allowed = |sign: u8| sign.is_ascii_alphanumeric() || b"_:|.-".contains(&sign);
        if parts.command.is_empty() || !parts.command.bytes().all(allowed) {
            let rule = format!("must be letters, digits and _ : | . - only, not {}", quoted(&parts.command));
            return Err(BuildError::bad("COMMAND", SECTION, rule));
        }
        if let Some(module) = &parts.module {
            let allowed =
                |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || b"._".contains(&sign);
            if module.is_empty() || !module.bytes().all(allowed) {
                let rule = format!("must be a-z, digits, . and _ only, not {}", quoted(module));
                return Err(BuildError::bad("MODULE_ID", SECTION, rule));
            }
        }
        if let RtRecipients::Users(users) = &parts.recipients {
            if users.is_empty() {
                return Err(BuildError::new(BuildErrorKind::Empty, "USER_ID", SECTION)
                    .rule("names nobody; the portal would send nothing and say nothing"));
            }
            if let Some(user) = users.iter().find(|user| user.get() <= 0) {
                return Err(BuildError::bad("USER_ID", SECTION, format!("must be above 0, not {user}")));
            }
        }
        if !matches!(parts.params, Value::Object(_) | Value::Array(_) | Value::Null) {
            return Err(BuildError::bad("PARAMS", SECTION, "must be an object or a list"));
        }
        let mut at = "PARAMS".to_owned();
        if parts.recipients == RtRecipients::Shared && content_in(&parts.params, &mut at) {
            let rule = format!(
                "hold more than an id at {at}, and every user of the application reads the shared channel; name the users, or use RtRecipients::SharedWithContent"
            );
            return Err(BuildError::bad("PARAMS", SECTION, rule));
        }
        let size = parts.params.to_string().len();
        if size > PARAMS_LIMIT {
            return Err(BuildError::too_long("PARAMS", "8.6", size, PARAMS_LIMIT));
        }
        Ok(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(json!({"chat": 15, "who": "chat1777", "open": true, "code": "livechat|22|1775|599"}), None)]
    #[case(json!({"a": {"b": [1, "two words"]}}), Some("PARAMS.a.b.1"))]
    #[case(json!({"a": [{"b": 1}], "text": "x".repeat(65)}), Some("PARAMS.text"))]
    fn everybody_is_told_ids_only(#[case] params: Value, #[case] wrong: Option<&str>) {
        let told = RtMessage::new("changed", RtRecipients::Shared, params.clone());
        match wrong {
            None => drop(told.unwrap()),
            Some(place) => assert!(told.unwrap_err().to_string().contains(place)),
        }
        assert!(RtMessage::new("changed", RtRecipients::SharedWithContent, params.clone()).is_ok());
        assert!(RtMessage::new("changed", RtRecipients::user(UserId::new(1)), params).is_ok());
    }
}
