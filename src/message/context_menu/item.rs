//! One item: a text and exactly one action.

use serde_json::{Map, Value, json};

use crate::{
    message::{
        Action, BuildError, Button, ButtonContext, ButtonPayload,
        keyboard::{
            Place, action_constructors, html_escaped,
            wire::{Flag, ItemWire},
        },
        trim::trimmed,
    },
    wire::{BotId, DialogId},
};

/// An item of a [`ContextMenu`](super::ContextMenu), whose rules are checked when the menu is built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an item is shown once it is in a menu"]
pub struct ContextItem {
    text: String,
    action: Action,
    /// Why the payload could not be written; said when the menu is built.
    fault: Option<BuildError>,
    context: ButtonContext,
    disabled: bool,
}

impl ContextItem {
    /// An item with any action.
    pub fn new(text: impl AsRef<str>, action: Action) -> Self {
        Self {
            text: trimmed(text.as_ref()).to_owned(),
            action: action.tidied(),
            fault: None,
            context: ButtonContext::All,
            disabled: false,
        }
    }

    /// Sends the bot the command, as [`Button::command`] does.
    pub fn command(text: impl AsRef<str>, command: impl Into<String>) -> Self {
        Self::command_with(text, command, "")
    }

    /// Sends the bot the command with parameters.
    pub fn command_with(
        text: impl AsRef<str>,
        command: impl Into<String>,
        params: impl Into<String>,
    ) -> Self {
        Self::new(text, Action::Command { command: command.into(), params: params.into() })
    }

    /// Sends the bot a value, which [`ButtonPayload::press`] reads back.
    pub fn payload<T: ButtonPayload>(text: impl AsRef<str>, payload: &T) -> Self {
        let button = Button::payload("", payload);
        Self { fault: button.fault().cloned(), ..Self::new(text, button.action().clone()) }
    }

    /// Opens an application of the portal.
    pub fn app(text: impl AsRef<str>, id: i64) -> Self {
        Self::new(text, Action::App { id, params: None })
    }

    /// Opens an application of the portal with parameters.
    pub fn app_with(text: impl AsRef<str>, id: i64, params: impl Into<String>) -> Self {
        Self::new(text, Action::App { id, params: Some(params.into()) })
    }

    action_constructors!();

    /// Where it is shown.
    pub fn context(mut self, context: ButtonContext) -> Self {
        self.context = context;
        self
    }

    /// Shown, but cannot be pressed.
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
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

    pub(super) fn is_command(&self) -> bool {
        matches!(self.action, Action::Command { .. })
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if self.text.is_empty() {
            return Err(BuildError::blank("TEXT", Place::MenuItem.section()));
        }
        self.action.check(Place::MenuItem)
    }

    pub(super) fn normalised(&self, bot: BotId) -> Value {
        let mut stored = Map::new();
        stored.insert("BOT_ID".to_owned(), json!(bot));
        stored.extend(self.action.stored().into_iter().map(|(name, value)| (name.to_owned(), value)));
        stored.insert("TEXT".to_owned(), json!(html_escaped(&self.text)));
        stored.insert("CONTEXT".to_owned(), json!(self.context));
        stored.insert("DISABLED".to_owned(), json!(if self.disabled { "Y" } else { "N" }));
        Value::Object(stored)
    }
}

impl From<&ContextItem> for ItemWire {
    fn from(item: &ContextItem) -> Self {
        let mut wire = Self {
            text: Some(item.text.clone()),
            context: (item.context != ButtonContext::All).then_some(item.context),
            disabled: item.disabled.then_some(Flag::Y),
            ..Self::default()
        };
        wire.put_action(&item.action);
        wire
    }
}

impl TryFrom<ItemWire> for ContextItem {
    type Error = BuildError;

    fn try_from(mut wire: ItemWire) -> Result<Self, BuildError> {
        let section = Place::MenuItem.section();
        let action = wire.take_action(section)?;
        let mut item = Self::new(wire.text.take().unwrap_or_default(), action);
        item.context = wire.context.take().unwrap_or_default();
        item.disabled = wire.disabled.take() == Some(Flag::Y);
        if wire != ItemWire::default() {
            return Err(BuildError::bad(
                "MENU",
                section,
                "holds a field that only buttons of a keyboard have",
            ));
        }
        Ok(item)
    }
}
