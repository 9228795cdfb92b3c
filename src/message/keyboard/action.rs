//! What a press does: the one action of a button or of a context menu's item (protocol 5.2, 5.4).

use serde_json::{Value, json};

use crate::{
    message::{
        BuildError,
        error::quoted,
        link,
        trim::{TRIMMED, trimmed},
    },
    wire::DialogId,
};

/// What a press does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Opens an address.
    Link(String),
    /// Opens an application of the portal.
    App {
        /// Its number on the portal.
        id: i64,
        /// Parameters for it.
        params: Option<String>,
    },
    /// Puts a text into the input field.
    Put(String),
    /// Sends a text as the user.
    Send(String),
    /// Copies a text.
    Copy(String),
    /// Calls a number.
    Call(String),
    /// Opens a dialog.
    Dialog(DialogId),
    /// Opens a live chat. Undocumented; in keyboards only.
    Livechat(String),
    /// Opens an article of the help. Undocumented; in keyboards only.
    Help(String),
    /// Sends the bot a command; the bot hears it as such.
    Command {
        /// Without the slash.
        command: String,
        /// What comes after it.
        params: String,
    },
}

/// Where an action stands, for the two have rules of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::message) enum Place {
    Button,
    MenuItem,
}

impl Place {
    pub(in crate::message) fn section(self) -> &'static str {
        match self {
            Self::Button => "5.2",
            Self::MenuItem => "5.4",
        }
    }
}

/// Constructors that buttons and menu items have alike.
macro_rules! action_constructors {
    () => {
        /// Opens an address.
        pub fn link(text: impl AsRef<str>, address: impl Into<String>) -> Self {
            Self::new(text, Action::Link(address.into()))
        }

        /// Sends a text as the user.
        pub fn send(text: impl AsRef<str>, what: impl Into<String>) -> Self {
            Self::new(text, Action::Send(what.into()))
        }

        /// Puts a text into the input field.
        pub fn put(text: impl AsRef<str>, what: impl Into<String>) -> Self {
            Self::new(text, Action::Put(what.into()))
        }

        /// Copies a text.
        pub fn copy(text: impl AsRef<str>, what: impl Into<String>) -> Self {
            Self::new(text, Action::Copy(what.into()))
        }

        /// Calls a number.
        pub fn call(text: impl AsRef<str>, number: impl Into<String>) -> Self {
            Self::new(text, Action::Call(number.into()))
        }

        /// Opens a dialog.
        pub fn dialog(text: impl AsRef<str>, dialog: DialogId) -> Self {
            Self::new(text, Action::Dialog(dialog))
        }
    };
}
pub(in crate::message) use action_constructors;

impl Action {
    /// A command without its slash; what follows its first word are parameters, as if it had been typed.
    pub(in crate::message) fn tidied(self) -> Self {
        let Self::Command { command, params } = self else { return self };
        let command = trimmed(&command);
        let command = trimmed(command.strip_prefix('/').unwrap_or(command));
        match command.split_once(TRIMMED) {
            None => Self::Command { command: command.to_owned(), params },
            Some((command, rest)) => {
                let rest = trimmed(rest);
                let params = if params.is_empty() { rest.to_owned() } else { format!("{rest} {params}") };
                Self::Command { command: command.to_owned(), params }
            }
        }
    }

    pub(in crate::message) fn check(&self, place: Place) -> Result<(), BuildError> {
        match self {
            Self::Link(address) => link::check(address, "LINK", place.section()),
            Self::App { id, params } => check_app(*id, params.as_deref(), place),
            Self::Livechat(_) | Self::Help(_) if place == Place::MenuItem => Err(BuildError::bad(
                "ACTION",
                place.section(),
                "must be one of PUT, SEND, COPY, CALL, DIALOG; LIVECHAT and HELP are for keyboards",
            )),
            Self::Command { command, params } => check_command(command, params, place),
            _ => check_value(self.value().unwrap_or_default(), place),
        }
    }

    /// `ACTION` and `ACTION_VALUE`.
    fn value(&self) -> Option<&str> {
        match self {
            Self::Put(value)
            | Self::Send(value)
            | Self::Copy(value)
            | Self::Call(value)
            | Self::Livechat(value)
            | Self::Help(value) => Some(value),
            Self::Dialog(dialog) => Some(dialog.as_str()),
            Self::Link(_) | Self::App { .. } | Self::Command { .. } => None,
        }
    }

    /// The fields as the portal stores them.
    pub(in crate::message) fn stored(&self) -> Vec<(&'static str, Value)> {
        let acting = |name: &str| {
            vec![("ACTION", json!(name)), ("ACTION_VALUE", json!(self.value().unwrap_or_default()))]
        };
        match self {
            Self::Link(address) => vec![("LINK", json!(html_escaped(address)))],
            Self::App { id, params: None } => vec![("APP_ID", json!(id))],
            Self::App { id, params: Some(params) } => {
                vec![("APP_ID", json!(id)), ("APP_PARAMS", json!(params))]
            }
            Self::Put(_) => acting("PUT"),
            Self::Send(_) => acting("SEND"),
            Self::Copy(_) => acting("COPY"),
            Self::Call(_) => acting("CALL"),
            Self::Dialog(_) => acting("DIALOG"),
            Self::Livechat(_) => acting("LIVECHAT"),
            Self::Help(_) => acting("HELP"),
            Self::Command { command, params } => {
                vec![("COMMAND", json!(command)), ("COMMAND_PARAMS", json!(params))]
            }
        }
    }
}

fn check_app(id: i64, params: Option<&str>, place: Place) -> Result<(), BuildError> {
    if id <= 0 {
        return Err(BuildError::bad("APP_ID", place.section(), format!("must be above 0, not {id}")));
    }
    match params {
        Some(params) if trimmed(params).is_empty() => {
            Err(BuildError::blank("APP_PARAMS", place.section()).rule("must not be blank; leave them away"))
        }
        _ => Ok(()),
    }
}

fn check_value(value: &str, place: Place) -> Result<(), BuildError> {
    if trimmed(value).is_empty() { Err(BuildError::blank("ACTION_VALUE", place.section())) } else { Ok(()) }
}

fn check_command(command: &str, params: &str, place: Place) -> Result<(), BuildError> {
    if trimmed(command).is_empty() {
        return Err(BuildError::blank("COMMAND", place.section()));
    }
    let vanishes = match trimmed(params) {
        "" => !params.is_empty(),
        // PHP's `empty()` takes the text for nothing; menus do not ask it.
        _ => params == "0" && place == Place::Button,
    };
    if vanishes {
        return Err(BuildError::bad(
            "COMMAND_PARAMS",
            place.section(),
            format!("must be empty or say something, {} is dropped by the portal", quoted(params)),
        ));
    }
    Ok(())
}

/// PHP's `htmlspecialchars` as the portal stores links and menu texts with it.
pub(in crate::message) fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
