//! The keyboard as JSON, sent and stored in the outbox; reading it back runs the same checks as building it.

use serde::{Deserialize, Serialize};

use super::{
    Action, Button, ButtonContext, ButtonDisplay, Defaults, Item, Keyboard, KeyboardBuilder, KeyboardColors,
    SHORTEST_BOT,
};
use crate::message::{BuildError, Color, ColorToken};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum KeyboardWire {
    List(Vec<ItemWire>),
    Full(FullWire),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub(super) struct FullWire {
    buttons: Vec<ItemWire>,
    #[serde(default, skip_serializing_if = "is_colorless")]
    colors: KeyboardColors,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vote: Option<Flag>,
}

fn is_colorless(colors: &KeyboardColors) -> bool {
    *colors == KeyboardColors::default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::message) enum Kind {
    Button,
    Newline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::message) enum Flag {
    Y,
    N,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::message) enum ActionName {
    Put,
    Send,
    Copy,
    Call,
    Dialog,
    Livechat,
    Help,
}

macro_rules! wire_fields {
    ($($name:ident: $kind:ty),+ $(,)?) => {
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
        pub(in crate::message) struct ItemWire {
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub(in crate::message) $name: Option<$kind>,
            )+
        }
    };
}

wire_fields! {
    r#type: Kind,
    text: String,
    link: String,
    app_id: i64,
    app_params: String,
    action: ActionName,
    action_value: String,
    command: String,
    command_params: String,
    block: Flag,
    disabled: Flag,
    context: ButtonContext,
    display: ButtonDisplay,
    width: u32,
    bg_color: Color,
    bg_color_token: ColorToken,
    text_color: Color,
    off_bg_color: Color,
    off_text_color: Color,
}

impl From<&Item> for ItemWire {
    fn from(item: &Item) -> Self {
        let Item::Button(button) = item else {
            return Self { r#type: Some(Kind::Newline), ..Self::default() };
        };
        let flag = |set: bool| set.then_some(Flag::Y);
        let colors = button.colors.clone();
        let mut wire = Self {
            text: Some(button.text.clone()),
            block: flag(button.block),
            disabled: flag(button.disabled),
            context: (button.context != ButtonContext::All).then_some(button.context),
            display: (button.display != ButtonDisplay::Block).then_some(button.display),
            width: button.width,
            bg_color: colors.bg_color,
            bg_color_token: (button.token != ColorToken::Base).then_some(button.token),
            text_color: colors.text_color,
            off_bg_color: colors.off_bg_color,
            off_text_color: colors.off_text_color,
            ..Self::default()
        };
        wire.put_action(&button.action);
        wire
    }
}

impl ItemWire {
    pub(in crate::message) fn put_action(&mut self, action: &Action) {
        let mut act = |name, value: &str| {
            self.action = Some(name);
            self.action_value = Some(value.to_owned());
        };
        match action {
            Action::Put(value) => act(ActionName::Put, value),
            Action::Send(value) => act(ActionName::Send, value),
            Action::Copy(value) => act(ActionName::Copy, value),
            Action::Call(value) => act(ActionName::Call, value),
            Action::Dialog(dialog) => act(ActionName::Dialog, dialog.as_str()),
            Action::Livechat(value) => act(ActionName::Livechat, value),
            Action::Help(value) => act(ActionName::Help, value),
            Action::Link(address) => self.link = Some(address.clone()),
            Action::App { id, params } => {
                self.app_id = Some(*id);
                self.app_params.clone_from(params);
            }
            Action::Command { command, params } => {
                // The portal cuts one slash, and takes the bare text "0" for nothing.
                let slash = if command == "0" || command.starts_with('/') { "/" } else { "" };
                self.command = Some(format!("{slash}{command}"));
                self.command_params = (!params.is_empty()).then(|| params.clone());
            }
        }
    }

    /// Takes the one action out.
    pub(in crate::message) fn take_action(&mut self, section: &'static str) -> Result<Action, BuildError> {
        let acting = |name, value: String| match name {
            ActionName::Put => Action::Put(value),
            ActionName::Send => Action::Send(value),
            ActionName::Copy => Action::Copy(value),
            ActionName::Call => Action::Call(value),
            ActionName::Dialog => Action::Dialog(value.into()),
            ActionName::Livechat => Action::Livechat(value),
            ActionName::Help => Action::Help(value),
        };
        let app_params = self.app_params.take();
        let command_params = self.command_params.take();
        let actions = [
            self.link.take().map(Action::Link),
            self.app_id.take().map(|id| Action::App { id, params: app_params }),
            self.action.take().map(|name| acting(name, self.action_value.take().unwrap_or_default())),
            self.command
                .take()
                .map(|command| Action::Command { command, params: command_params.unwrap_or_default() }),
        ];
        let mut actions = actions.into_iter().flatten();
        match (actions.next(), actions.next()) {
            (Some(action), None) => Ok(action),
            _ => {
                Err(BuildError::bad("LINK, APP_ID, ACTION, COMMAND", section, "must be exactly one of these"))
            }
        }
    }
}

impl TryFrom<ItemWire> for Item {
    type Error = BuildError;

    fn try_from(mut wire: ItemWire) -> Result<Self, BuildError> {
        if wire.r#type == Some(Kind::Newline) {
            return Ok(Self::Row);
        }
        let action = wire.take_action("5.2")?;
        let mut button = Button::new(wire.text.unwrap_or_default(), action);
        let blocks = matches!(button.action, Action::Command { .. });
        button.block = blocks && wire.block == Some(Flag::Y);
        button.disabled = wire.disabled == Some(Flag::Y);
        button.context = wire.context.unwrap_or_default();
        button.display = wire.display.unwrap_or_default();
        button.width = wire.width;
        button.token = wire.bg_color_token.unwrap_or_default();
        button.colors = KeyboardColors {
            bg_color: wire.bg_color,
            text_color: wire.text_color,
            off_bg_color: wire.off_bg_color,
            off_text_color: wire.off_text_color,
        };
        Ok(Self::Button(button))
    }
}

impl From<Keyboard> for KeyboardWire {
    fn from(keyboard: Keyboard) -> Self {
        let buttons = keyboard.items.iter().map(ItemWire::from).collect();
        if keyboard.defaults == Defaults::default() {
            Self::List(buttons)
        } else {
            let Defaults { colors, vote } = keyboard.defaults;
            Self::Full(FullWire { buttons, colors, vote: vote.then_some(Flag::Y) })
        }
    }
}

impl TryFrom<KeyboardWire> for Keyboard {
    type Error = BuildError;

    fn try_from(wire: KeyboardWire) -> Result<Self, BuildError> {
        let (buttons, defaults) = match wire {
            KeyboardWire::List(buttons) => (buttons, Defaults::default()),
            KeyboardWire::Full(full) => {
                (full.buttons, Defaults { colors: full.colors, vote: full.vote == Some(Flag::Y) })
            }
        };
        let items = buttons.into_iter().map(Item::try_from).collect::<Result<_, _>>()?;
        KeyboardBuilder { items, defaults }.build_for(SHORTEST_BOT)
    }
}
