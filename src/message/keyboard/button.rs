//! One button: a text and exactly one action (protocol 5.2).

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Defaults, KeyboardColors,
    action::{Action, Place, action_constructors},
    payload::{self, ButtonPayload},
};
use crate::{
    message::{BuildError, Color, ColorToken, trim::trimmed},
    wire::{BotId, DialogId},
};

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

/// Any action: the kind of [`Button`] that a keyboard holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyAction;

/// A command, which has parameters and can block the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfCommand;

/// An application, which has parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfApp;

/// A button: a text and exactly one action. What only some actions have, only their buttons have.
///
/// ```
/// use openlines::message::Button;
///
/// let pay = Button::command("Pay", "pay").params("15").block();
/// ```
///
/// ```compile_fail
/// # use openlines::message::Button;
/// let link = Button::link("Shop", "/shop").params("15"); // a link has no parameters
/// ```
///
/// The other rules are checked when the [`Keyboard`](super::Keyboard) is built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a button is shown once it is in a keyboard"]
pub struct Button<K = AnyAction> {
    pub(super) text: String,
    pub(super) action: Action,
    /// Why the payload could not be written; said when the keyboard is built.
    fault: Option<BuildError>,
    pub(super) block: bool,
    pub(super) disabled: bool,
    pub(super) context: ButtonContext,
    pub(super) display: ButtonDisplay,
    pub(super) width: Option<u32>,
    pub(super) colors: KeyboardColors,
    pub(super) token: ColorToken,
    kind: PhantomData<K>,
}

impl Button {
    /// A button with any action.
    pub fn new(text: impl AsRef<str>, action: Action) -> Self {
        Self::with(text, action)
    }

    /// Sends the bot the command. A slash before it is cut, and what follows its first word are parameters: `order
    /// 15` is `order` with `15`.
    pub fn command(text: impl AsRef<str>, command: impl Into<String>) -> Button<OfCommand> {
        Button::with(text, Action::Command { command: command.into(), params: String::new() })
    }

    /// Sends the bot a value, which [`ButtonPayload::press`] reads back.
    pub fn payload<T: ButtonPayload>(text: impl AsRef<str>, payload: &T) -> Button<OfCommand> {
        let (params, fault) = match payload::written(payload) {
            Ok(params) => (params, None),
            Err(error) => (String::new(), Some(error)),
        };
        Button { fault, ..Self::command(text, T::COMMAND).params(params) }
    }

    /// Opens an application of the portal.
    pub fn app(text: impl AsRef<str>, id: i64) -> Button<OfApp> {
        Button::with(text, Action::App { id, params: None })
    }

    /// Opens a live chat. Undocumented on the portal's side.
    pub fn livechat(text: impl AsRef<str>, what: impl Into<String>) -> Self {
        Self::new(text, Action::Livechat(what.into()))
    }

    /// Opens an article of the help. Undocumented on the portal's side.
    pub fn help(text: impl AsRef<str>, article: impl Into<String>) -> Self {
        Self::new(text, Action::Help(article.into()))
    }

    action_constructors!();
}

impl Button<OfCommand> {
    /// What the bot hears after the command.
    pub fn params(mut self, given: impl Into<String>) -> Self {
        if let Action::Command { params, .. } = &mut self.action {
            *params = given.into();
        }
        self
    }

    /// A press disables the keyboard until the bot answers.
    pub fn block(mut self) -> Self {
        self.block = true;
        self
    }
}

impl Button<OfApp> {
    /// What the application gets.
    pub fn params(mut self, given: impl Into<String>) -> Self {
        if let Action::App { params, .. } = &mut self.action {
            *params = Some(given.into());
        }
        self
    }
}

impl<K> Button<K> {
    fn with(text: impl AsRef<str>, action: Action) -> Self {
        Self {
            text: trimmed(text.as_ref()).to_owned(),
            action: action.tidied(),
            fault: None,
            block: false,
            disabled: false,
            context: ButtonContext::All,
            display: ButtonDisplay::Block,
            width: None,
            colors: KeyboardColors::default(),
            token: ColorToken::Base,
            kind: PhantomData,
        }
    }

    fn of_any_kind(self) -> Button {
        Button {
            text: self.text,
            action: self.action,
            fault: self.fault,
            block: self.block,
            disabled: self.disabled,
            context: self.context,
            display: self.display,
            width: self.width,
            colors: self.colors,
            token: self.token,
            kind: PhantomData,
        }
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

    pub(in crate::message) fn fault(&self) -> Option<&BuildError> {
        self.fault.as_ref()
    }
}

impl Button {
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let section = Place::Button.section();
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if self.text.is_empty() {
            return Err(BuildError::blank("TEXT", section));
        }
        if self.text == "0" {
            let rule = "must not be \"0\", which the portal takes for nothing";
            return Err(BuildError::bad("TEXT", section, rule));
        }
        if self.width == Some(0) {
            return Err(BuildError::bad("WIDTH", section, "must be above 0"));
        }
        self.action.check(Place::Button)
    }

    pub(super) fn normalised(&self, bot: BotId, defaults: &Defaults) -> Value {
        let mut stored = Map::new();
        let mut put = |name: &str, value: Value| {
            stored.insert(name.to_owned(), value);
        };
        let flag = |set: bool| json!(if set { "Y" } else { "N" });
        put("BOT_ID", json!(bot));
        put("TYPE", json!("BUTTON"));
        for (name, value) in self.action.stored() {
            put(name, value);
        }
        put("TEXT", json!(self.text));
        put("VOTE", flag(defaults.vote));
        put("BLOCK", flag(self.block));
        put("WAIT", flag(false));
        put("CONTEXT", json!(self.context));
        put("DISABLED", flag(self.disabled));
        put("DISPLAY", json!(self.display));
        if let Some(width) = self.width {
            put("WIDTH", json!(width));
        }
        let (own, root) = (&self.colors, &defaults.colors);
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
}

macro_rules! any_kind {
    ($($kind:ty),+) => {$(
        impl From<Button<$kind>> for Button {
            fn from(button: Button<$kind>) -> Self {
                button.of_any_kind()
            }
        }
    )+};
}

any_kind!(OfCommand, OfApp);
