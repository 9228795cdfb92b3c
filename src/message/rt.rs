//! Events for pages of the application: the RT channel (protocol 4.9).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::{BuildError, BuildErrorKind, quoted};
use crate::wire::UserId;

const SECTION: &str = "4.9";

/// Bytes of the parameters; the push server takes 1 MiB a message, envelope included (protocol 8.6).
const PARAMS_LIMIT: usize = 1_000_000;

/// Who sees an RT event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RtRecipients {
    /// These users, each in the channel of their own.
    Users(Vec<UserId>),
    /// Every user of the application on the portal: send ids only, and let the page ask for the rest.
    Shared,
}

impl RtRecipients {
    /// One user.
    pub fn user(user: UserId) -> Self {
        Self::Users(vec![user])
    }
}

/// An event that makes a page of the application update itself. Whatever it holds, the portal takes.
///
/// ```
/// use openlines::{message::{RtEvent, RtRecipients}, wire::UserId};
/// use serde_json::json;
///
/// let event = RtEvent::new("order_new", RtRecipients::user(UserId::new(27)), json!({"id": 15}))?;
/// assert_eq!(event.to_params()["USER_ID"], "27");
/// assert!(RtEvent::new("order new", RtRecipients::Shared, json!({})).is_err());
/// # Ok::<(), openlines::message::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct RtEvent(Parts);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parts {
    command: String,
    module: Option<String>,
    recipients: RtRecipients,
    params: Value,
}

impl RtEvent {
    /// The event `command` with `params`, which must serialise to an object or a list.
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

impl From<RtEvent> for Parts {
    fn from(event: RtEvent) -> Self {
        event.0
    }
}

impl TryFrom<Parts> for RtEvent {
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
        let size = parts.params.to_string().len();
        if size > PARAMS_LIMIT {
            return Err(BuildError::too_long("PARAMS", "8.6", size, PARAMS_LIMIT));
        }
        Ok(Self(parts))
    }
}
