//! Buttons under a message (protocol 5.1 to 5.3).

mod action;
mod button;
pub(super) mod payload;
pub(super) mod wire;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use action::Action;
pub(super) use action::{Place, action_constructors, html_escaped};
pub use button::{AnyAction, Button, ButtonContext, ButtonDisplay, OfApp, OfCommand};
pub use payload::{ButtonPayload, ButtonPress, StaleButton};

use super::{BuildError, BuildErrorKind, Color, JSON_LIMIT, error::quoted, size::php_json_chars};
use crate::wire::BotId;
use wire::KeyboardWire;

/// The longest bot id that size is counted with before the bot is known.
pub(super) const LONGEST_BOT: BotId = BotId::new(2_147_483_647);

/// The shortest one: what was once built for a bot is read back without knowing for which.
pub(super) const SHORTEST_BOT: BotId = BotId::new(1);

/// Buttons of which the portal will drop none. Made by [`Keyboard::builder`].
///
/// Not every channel shows keyboards: the portal's own chats do, live chat and most messengers do not
/// (protocol 3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "KeyboardWire", into = "KeyboardWire")]
pub struct Keyboard {
    items: Vec<Item>,
    defaults: Defaults,
}

/// What the whole keyboard says for its buttons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Defaults {
    colors: KeyboardColors,
    vote: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Button(Button),
    Row,
}

/// Colours of all buttons that set none themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
#[non_exhaustive]
pub struct KeyboardColors {
    /// Background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bg_color: Option<Color>,
    /// Text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_color: Option<Color>,
    /// Background of a disabled button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_bg_color: Option<Color>,
    /// Text of a disabled button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_text_color: Option<Color>,
}

impl Keyboard {
    /// Begins a keyboard.
    pub fn builder() -> KeyboardBuilder {
        KeyboardBuilder { items: Vec::new(), defaults: Defaults::default() }
    }

    /// The buttons, row by row.
    pub fn rows(&self) -> impl Iterator<Item = Vec<&Button>> {
        self.items.split(|item| matches!(item, Item::Row)).map(|row| {
            row.iter()
                .filter_map(|item| match item {
                    Item::Button(button) => Some(button),
                    Item::Row => None,
                })
                .collect()
        })
    }

    /// As it is sent: an array, or an object if it has colours of its own. Never a string, which
    /// `imopenlines.network.message.add` refuses.
    pub fn to_value(&self) -> Value {
        json!(KeyboardWire::from(self.clone()))
    }

    /// As `imbot.v2.Chat.Message.update` and `imbot.v2.Command.answer` want it, which drop command buttons of a
    /// keyboard without its bot (protocol 5.1).
    pub fn to_value_for(&self, bot: BotId) -> Value {
        let mut value = match self.to_value() {
            buttons @ Value::Array(_) => json!({ "BUTTONS": buttons }),
            full => full,
        };
        value["BOT_ID"] = json!(bot);
        value
    }

    /// What the portal stores, with all its defaults.
    pub fn normalised(&self, bot: BotId) -> Value {
        Value::Array(
            self.items
                .iter()
                .map(|item| match item {
                    Item::Button(button) => button.normalised(bot, &self.defaults),
                    Item::Row => json!({"TYPE": "NEWLINE"}),
                })
                .collect(),
        )
    }

    /// Characters as the portal counts them: of the JSON of what it stores (protocol 5.3). At most
    /// [`JSON_LIMIT`].
    pub fn size(&self, bot: BotId) -> usize {
        php_json_chars(&self.normalised(bot))
    }

    /// Whether it has command buttons. `imopenlines.network.message.add` drops those unless a bot id is sent along
    /// (protocol 4.2).
    pub fn has_commands(&self) -> bool {
        self.items.iter().any(
            |item| matches!(item, Item::Button(button) if matches!(button.action(), Action::Command { .. })),
        )
    }
}

/// Collects buttons for a [`Keyboard`].
#[derive(Debug, Clone)]
#[must_use = "a keyboard is made by `build()`"]
pub struct KeyboardBuilder {
    items: Vec<Item>,
    defaults: Defaults,
}

impl KeyboardBuilder {
    /// Adds a button to the row.
    pub fn button(mut self, button: impl Into<Button>) -> Self {
        self.items.push(Item::Button(button.into()));
        self
    }

    /// Begins a new row.
    pub fn row(mut self) -> Self {
        self.items.push(Item::Row);
        self
    }

    /// Background of all buttons that set none.
    pub fn bg_color(mut self, color: Color) -> Self {
        self.defaults.colors.bg_color = Some(color);
        self
    }

    /// Text colour of all buttons that set none.
    pub fn text_color(mut self, color: Color) -> Self {
        self.defaults.colors.text_color = Some(color);
        self
    }

    /// Background of all disabled buttons that set none.
    pub fn off_bg_color(mut self, color: Color) -> Self {
        self.defaults.colors.off_bg_color = Some(color);
        self
    }

    /// Text colour of all disabled buttons that set none.
    pub fn off_text_color(mut self, color: Color) -> Self {
        self.defaults.colors.off_text_color = Some(color);
        self
    }

    /// All buttons are votes. Undocumented on the portal's side.
    pub fn vote(mut self) -> Self {
        self.defaults.vote = true;
        self
    }

    /// The keyboard, if the portal would take it whole; else the button, the field and the rule.
    ///
    /// Its size depends on the bot's id, which is taken to be as long as any; [`build_for`](Self::build_for) counts
    /// to the character.
    pub fn build(self) -> Result<Keyboard, BuildError> {
        self.build_for(LONGEST_BOT)
    }

    /// The keyboard, if the portal would take it whole from this bot.
    pub fn build_for(self, bot: BotId) -> Result<Keyboard, BuildError> {
        let rows = self.items.split(|item| matches!(item, Item::Row));
        let several = self.items.contains(&Item::Row);
        let mut count = 0;
        for (row, items) in rows.enumerate() {
            for item in items {
                let Item::Button(button) = item else { continue };
                count += 1;
                button.check().map_err(|error| {
                    let row = if several { format!(" (row {})", row + 1) } else { String::new() };
                    error.at(format_args!("button {count} {}{row}", quoted(button.text())))
                })?;
            }
        }
        if count == 0 {
            return Err(BuildError::new(BuildErrorKind::Empty, "KEYBOARD", "5.3").rule("has no button"));
        }
        let keyboard = Keyboard { items: self.items, defaults: self.defaults };
        let size = keyboard.size(bot);
        if size > JSON_LIMIT {
            return Err(BuildError::too_long("KEYBOARD", "5.3", size, JSON_LIMIT));
        }
        Ok(keyboard)
    }
}

#[cfg(test)]
mod tests;
