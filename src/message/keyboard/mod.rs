//! Buttons under a message (protocol 5).

mod button;
mod wire;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use button::{Action, Button, ButtonContext, ButtonDisplay};

use super::{BuildError, BuildErrorKind, Color, JSON_LIMIT, error::quoted, size::php_json_chars};
use crate::wire::BotId;
use wire::KeyboardWire;

/// The longest bot id that size is counted with before the bot is known.
const LONGEST_BOT: BotId = BotId::new(2_147_483_647);

/// Buttons of which the portal will drop none. Made by [`Keyboard::builder`].
///
/// Not every channel shows keyboards: the portal's own chats do, live chat and most messengers do not
/// (protocol 3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "KeyboardWire", into = "KeyboardWire")]
pub struct Keyboard {
    items: Vec<Item>,
    colors: KeyboardColors,
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
        KeyboardBuilder { items: Vec::new(), colors: KeyboardColors::default() }
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
        let buttons = self.buttons();
        if self.colors == KeyboardColors::default() {
            buttons
        } else {
            json!({"BUTTONS": buttons, "COLORS": self.colors})
        }
    }

    /// As `imbot.v2.Chat.Message.update` and `imbot.v2.Command.answer` want it, which drop command buttons of a
    /// keyboard without its bot (protocol 5.1).
    pub fn to_value_for(&self, bot: BotId) -> Value {
        let mut value = json!({"BOT_ID": bot, "BUTTONS": self.buttons()});
        if self.colors != KeyboardColors::default() {
            value["COLORS"] = json!(self.colors);
        }
        value
    }

    /// What the portal stores, with all its defaults.
    pub fn normalised(&self, bot: BotId) -> Value {
        Value::Array(
            self.items
                .iter()
                .map(|item| match item {
                    Item::Button(button) => button.normalised(bot, &self.colors),
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

    fn buttons(&self) -> Value {
        json!(self.items.iter().map(wire::ItemWire::from).collect::<Vec<_>>())
    }
}

/// Collects buttons for a [`Keyboard`].
#[derive(Debug, Clone)]
#[must_use = "a keyboard is made by `build()`"]
pub struct KeyboardBuilder {
    items: Vec<Item>,
    colors: KeyboardColors,
}

impl KeyboardBuilder {
    /// Adds a button to the row.
    pub fn button(mut self, button: Button) -> Self {
        self.items.push(Item::Button(button));
        self
    }

    /// Begins a new row.
    pub fn row(mut self) -> Self {
        self.items.push(Item::Row);
        self
    }

    /// Background of all buttons that set none.
    pub fn bg_color(mut self, color: Color) -> Self {
        self.colors.bg_color = Some(color);
        self
    }

    /// Text colour of all buttons that set none.
    pub fn text_color(mut self, color: Color) -> Self {
        self.colors.text_color = Some(color);
        self
    }

    /// Background of all disabled buttons that set none.
    pub fn off_bg_color(mut self, color: Color) -> Self {
        self.colors.off_bg_color = Some(color);
        self
    }

    /// Text colour of all disabled buttons that set none.
    pub fn off_text_color(mut self, color: Color) -> Self {
        self.colors.off_text_color = Some(color);
        self
    }

    /// The keyboard, if the portal would take it whole; else the button, the field and the rule.
    pub fn build(self) -> Result<Keyboard, BuildError> {
        let buttons = self.items.iter().filter_map(|item| match item {
            Item::Button(button) => Some(button),
            Item::Row => None,
        });
        let mut count = 0;
        for (at, button) in buttons.enumerate() {
            count += 1;
            button
                .check()
                .map_err(|error| error.at(format_args!("button {} {}", at + 1, quoted(button.text()))))?;
        }
        if count == 0 {
            return Err(BuildError::new(BuildErrorKind::Empty, "KEYBOARD", "5.3").rule("has no button"));
        }
        let keyboard = Keyboard { items: self.items, colors: self.colors };
        let size = keyboard.size(LONGEST_BOT);
        if size > JSON_LIMIT {
            return Err(BuildError::too_long("KEYBOARD", "5.3", size, JSON_LIMIT));
        }
        Ok(keyboard)
    }
}

#[cfg(test)]
mod tests;
