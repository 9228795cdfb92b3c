//! One button: a text and exactly one action (protocol 5.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::KeyboardColors;
use crate::{
    message::{BuildError, Color, ColorToken, error::quoted, link, trim::trimmed},
    wire::{BotId, DialogId},
};

const SECTION: &str = "5.2";

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
    /// Sends the bot a command; the bot hears it as such.
    Command {
        /// Without the slash.
        command: String,
        /// What comes after it.
        params: String,
    },
}

/// Where a button is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ButtonContext {
    /// Everywhere.
    #[default]
    All,
    /// In the mobile application only.
    Mobile,
    /// In the browser and the desktop application only.
    Desktop,
}

/// How wide a button is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ButtonDisplay {
    /// The whole row.
    #[default]
    Block,
    /// Beside others.
    Line,
}

/// A button. Its rules are checked when the [`Keyboard`](super::Keyboard) is built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a button is shown once it is in a keyboard"]
pub struct Button {
    pub(super) text: String,
    pub(super) action: Action,
    pub(super) block: bool,
    pub(super) disabled: bool,
    pub(super) context: ButtonContext,
    pub(super) display: ButtonDisplay,
    pub(super) width: Option<u32>,
    pub(super) colors: KeyboardColors,
    pub(super) token: ColorToken,
}

impl Button {
    /// A button with any action.
    pub fn new(text: impl AsRef<str>, action: Action) -> Self {
        Self {
            text: trimmed(text.as_ref()).to_owned(),
            action,
            block: false,
            disabled: false,
            context: ButtonContext::All,
            display: ButtonDisplay::Block,
            width: None,
            colors: KeyboardColors::default(),
            token: ColorToken::Base,
        }
    }

    /// Sends the bot the command; a slash before it is cut.
    pub fn command(text: impl AsRef<str>, command: impl AsRef<str>) -> Self {
        let command = command.as_ref();
        let command = command.strip_prefix('/').unwrap_or(command).to_owned();
        Self::new(text, Action::Command { command, params: String::new() })
    }

    /// Opens an address.
    pub fn link(text: impl AsRef<str>, address: impl Into<String>) -> Self {
        Self::new(text, Action::Link(address.into()))
    }

    /// Opens an application of the portal.
    pub fn app(text: impl AsRef<str>, id: i64) -> Self {
        Self::new(text, Action::App { id, params: None })
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

    /// Parameters of a command or an application; of no meaning to other actions, which are left as they are.
    pub fn params(mut self, given: impl Into<String>) -> Self {
        match &mut self.action {
            Action::Command { params, .. } => *params = given.into(),
            Action::App { params, .. } => *params = Some(given.into()),
            _ => {}
        }
        self
    }

    /// A press disables the keyboard until the bot answers. For commands.
    pub fn block(mut self) -> Self {
        self.block = true;
        self
    }

    /// Shown, but cannot be pressed.
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    /// Where it is shown.
    pub fn context(mut self, context: ButtonContext) -> Self {
        self.context = context;
        self
    }

    /// How wide it is.
    pub fn display(mut self, display: ButtonDisplay) -> Self {
        self.display = display;
        self
    }

    /// Width in pixels.
    pub fn width(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }

    /// Background.
    pub fn bg_color(mut self, color: Color) -> Self {
        self.colors.bg_color = Some(color);
        self
    }

    /// Background by meaning.
    pub fn token(mut self, token: ColorToken) -> Self {
        self.token = token;
        self
    }

    /// Text colour.
    pub fn text_color(mut self, color: Color) -> Self {
        self.colors.text_color = Some(color);
        self
    }

    /// Background while disabled.
    pub fn off_bg_color(mut self, color: Color) -> Self {
        self.colors.off_bg_color = Some(color);
        self
    }

    /// Text colour while disabled.
    pub fn off_text_color(mut self, color: Color) -> Self {
        self.colors.off_text_color = Some(color);
        self
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a press does.
    pub fn action(&self) -> &Action {
        &self.action
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        if self.text.is_empty() {
            return Err(BuildError::blank("TEXT", SECTION));
        }
        if self.text == "0" {
            return Err(BuildError::bad(
                "TEXT",
                SECTION,
                "must not be \"0\", which the portal takes for nothing",
            ));
        }
        if self.width == Some(0) {
            return Err(BuildError::bad("WIDTH", SECTION, "must be above 0"));
        }
        match &self.action {
            Action::Link(address) => link::check(address, "LINK", SECTION),
            Action::App { id, params } => check_app(*id, params.as_deref()),
            Action::Put(value) | Action::Send(value) | Action::Copy(value) | Action::Call(value) => {
                check_value(value)
            }
            Action::Dialog(dialog) => check_value(dialog.as_str()),
            Action::Command { command, params } => check_command(command, params),
        }
    }

    pub(super) fn normalised(&self, bot: BotId, defaults: &KeyboardColors) -> Value {
        let mut stored = Map::new();
        let mut put = |name: &str, value: Value| {
            stored.insert(name.to_owned(), value);
        };
        put("BOT_ID", json!(bot));
        put("TYPE", json!("BUTTON"));
        for (name, value) in self.action_fields() {
            let stored =
                if name == "LINK" { json!(html_escaped(value.as_str().unwrap_or_default())) } else { value };
            put(name, stored);
        }
        put("TEXT", json!(self.text));
        put("VOTE", json!("N"));
        let blocks = self.block && matches!(self.action, Action::Command { .. });
        put("BLOCK", json!(if blocks { "Y" } else { "N" }));
        put("WAIT", json!("N"));
        put("CONTEXT", json!(self.context));
        put("DISABLED", json!(if self.disabled { "Y" } else { "N" }));
        put("DISPLAY", json!(self.display));
        if let Some(width) = self.width {
            put("WIDTH", json!(width));
        }
        let (own, root) = (&self.colors, defaults);
        for (name, own, root) in [
            ("BG_COLOR", &own.bg_color, &root.bg_color),
            ("TEXT_COLOR", &own.text_color, &root.text_color),
            ("OFF_BG_COLOR", &own.off_bg_color, &root.off_bg_color),
            ("OFF_TEXT_COLOR", &own.off_text_color, &root.off_text_color),
        ] {
            if let Some(color) = own.as_ref().or(root.as_ref()) {
                put(name, json!(color));
            }
        }
        put("BG_COLOR_TOKEN", json!(self.token));
        Value::Object(stored)
    }

    fn action_fields(&self) -> Vec<(&'static str, Value)> {
        let action = |name: &str, value: &str| vec![("ACTION", json!(name)), ("ACTION_VALUE", json!(value))];
        match &self.action {
            Action::Link(address) => vec![("LINK", json!(address))],
            Action::App { id, params: None } => vec![("APP_ID", json!(id))],
            Action::App { id, params: Some(params) } => {
                vec![("APP_ID", json!(id)), ("APP_PARAMS", json!(params))]
            }
            Action::Put(value) => action("PUT", value),
            Action::Send(value) => action("SEND", value),
            Action::Copy(value) => action("COPY", value),
            Action::Call(value) => action("CALL", value),
            Action::Dialog(dialog) => action("DIALOG", dialog.as_str()),
            Action::Command { command, params } => {
                vec![("COMMAND", json!(command)), ("COMMAND_PARAMS", json!(params))]
            }
        }
    }
}

fn check_app(id: i64, params: Option<&str>) -> Result<(), BuildError> {
    if id <= 0 {
        return Err(BuildError::bad("APP_ID", SECTION, format!("must be above 0, not {id}")));
    }
    match params {
        Some(params) if vanishes(params) => Err(BuildError::bad(
            "APP_PARAMS",
            SECTION,
            format!("must say something, {} is dropped by the portal", quoted(params)),
        )),
        _ => Ok(()),
    }
}

fn check_value(value: &str) -> Result<(), BuildError> {
    if trimmed(value).is_empty() { Err(BuildError::blank("ACTION_VALUE", SECTION)) } else { Ok(()) }
}

fn check_command(command: &str, params: &str) -> Result<(), BuildError> {
    if command.is_empty() {
        return Err(BuildError::blank("COMMAND", SECTION));
    }
    if command == "0" || command.starts_with('/') || command.contains(char::is_whitespace) {
        return Err(BuildError::bad(
            "COMMAND",
            SECTION,
            format!("must be one word with no further slash, not {}", quoted(command)),
        ));
    }
    if !params.is_empty() && vanishes(params) {
        return Err(BuildError::bad(
            "COMMAND_PARAMS",
            SECTION,
            format!("must be empty or say something, {} is dropped by the portal", quoted(params)),
        ));
    }
    Ok(())
}

/// PHP's `empty()` takes `"0"` for nothing, and blanks are dropped.
fn vanishes(text: &str) -> bool {
    matches!(trimmed(text), "" | "0")
}

/// PHP's `htmlspecialchars` as the portal stores links with it.
fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
