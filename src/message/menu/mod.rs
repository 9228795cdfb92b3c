//! A question with answers to choose from: buttons where the channel shows them, numbered lines where it does not.
//!
//! ```
//! use openlines::{
//!     message::{Capabilities, Menu},
//!     wire::ConnectorId,
//! };
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
//! enum Topic {
//!     Delivery,
//!     Payment,
//! }
//!
//! # fn main() -> Result<(), openlines::message::BuildError> {
//! let menu = Menu::new("What is it about?")
//!     .item(Topic::Delivery, "Delivery")
//!     .synonym("shipping")
//!     .item(Topic::Payment, "Payment");
//!
//! let messenger = menu.reply_for(&ConnectorId::from("telegrambot"))?;
//! assert_eq!(messenger.text, "What is it about?\n1. Delivery\n2. Payment");
//! let portal = menu.reply_for(Capabilities::PORTAL)?;
//! assert!(portal.keyboard.is_some());
//!
//! for answer in ["1", "1.", "№1", "1️⃣", "delivery!", "Shipping", "1. Delivery"] {
//!     assert_eq!(menu.choice(answer), Some(&Topic::Delivery), "{answer}");
//! }
//! assert_eq!(menu.choice("0"), None);
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** the text `0` ends the bot's session on the portal before the bot can answer (protocol 2.1). Numbers begin at
//! 1, and no label or synonym may be `0`.

mod channel;
mod plain;
mod press;
mod reading;

use serde::{Deserialize, Serialize};

pub use channel::{Buttons, Capabilities, Channels};
pub use press::MenuPress;
pub use reading::{MenuAnswer, MenuReading};

use super::{
    BuildError, BuildErrorKind, Button, ButtonDisplay, Keyboard, Reply,
    error::quoted,
    literal,
    trim::{one_line, trimmed},
};

/// Why menus are what they are, for errors.
const SECTION: &str = "3.5";

/// A question with answers, each a value with a label and synonyms. It can be kept in the state of a dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "a menu is shown by `reply_for()` and read by `choice()`"]
pub struct Menu<T> {
    prompt: String,
    name: Option<String>,
    hint: Option<String>,
    columns: usize,
    by_command: bool,
    items: Vec<Item<T>>,
    stray_synonym: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Item<T> {
    value: T,
    label: String,
    synonyms: Vec<String>,
}

impl<T> Item<T> {
    /// All that the item answers to.
    fn words(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.label).chain(&self.synonyms).map(String::as_str)
    }
}

impl<T> Menu<T> {
    /// A menu under this text with BB code; user text inside goes through [`literal()`].
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            name: None,
            hint: None,
            columns: 1,
            by_command: false,
            items: Vec::new(),
            stray_synonym: None,
        }
    }

    /// Adds an answer. The label is shown as it is, whatever it holds.
    pub fn item(mut self, value: T, label: impl AsRef<str>) -> Self {
        self.items.push(Item { value, label: one_line(label.as_ref()), synonyms: Vec::new() });
        self
    }

    /// Another word for the answer just added.
    pub fn synonym(mut self, word: impl Into<String>) -> Self {
        match self.items.last_mut() {
            Some(item) => item.synonyms.push(word.into()),
            None => self.stray_synonym = Some(word.into()),
        }
        self
    }

    /// A line below the numbered answers, with BB code: `Answer with a number.`
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// How many buttons stand side by side, 1 unless told otherwise.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns.max(1);
        self
    }

    /// Buttons send the command `menu` with the answer's value, where the channel has commands, instead of its label
    /// as a message: they are heard in group chats too, and still mean the same value when its label has changed.
    ///
    /// The bot must have the command [`MenuPress::COMMAND`](super::ButtonPayload::COMMAND) registered;
    /// [`Router::menu`](crate::dispatch::Router::menu) sees to that.
    pub fn by_command(mut self) -> Self {
        self.by_command = true;
        self
    }

    /// What its buttons are known by; without one, they are void once the prompt is worded anew.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Values and labels, as they are numbered from 1.
    pub fn items(&self) -> impl Iterator<Item = (&T, &str)> {
        self.items.iter().map(|item| (&item.value, item.label.as_str()))
    }

    /// What it is called among others: its name, else its prompt.
    pub(crate) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.prompt)
    }

    /// Its prompt.
    pub(crate) fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The same under another prompt; its buttons stay what they are.
    pub(crate) fn reworded(&self, prompt: &str) -> Self
    where
        T: Clone,
    {
        Self { prompt: prompt.to_owned(), name: Some(self.key()), ..self.clone() }
    }

    /// The same with values of any type.
    pub(crate) fn into_values(self) -> Result<Menu<serde_json::Value>, serde_json::Error>
    where
        T: Serialize,
    {
        let key = self.key();
        let item = |Item { value, label, synonyms }: Item<T>| {
            Ok(Item { value: serde_json::to_value(value)?, label, synonyms })
        };
        let items: Result<Vec<_>, serde_json::Error> = self.items.into_iter().map(item).collect();
        let Self { prompt, hint, columns, by_command, stray_synonym, .. } = self;
        Ok(Menu { prompt, name: Some(key), hint, columns, by_command, items: items?, stray_synonym })
    }

    /// Whether its buttons send the command.
    pub(crate) fn is_by_command(&self) -> bool {
        self.by_command
    }

    /// The question as the channel shows it.
    pub fn reply_for(&self, channel: impl Into<Capabilities>) -> Result<Reply, BuildError>
    where
        T: Serialize,
    {
        self.check()?;
        let reply = match channel.into().buttons {
            Buttons::None => Reply::text(self.numbered()),
            Buttons::WithoutCommands => Reply::text(&self.prompt).keyboard(self.keyboard(false)?),
            Buttons::All => Reply::text(&self.prompt).keyboard(self.keyboard(self.by_command)?),
        };
        reply.check()?;
        Ok(reply)
    }

    fn numbered(&self) -> String {
        let mut text = trimmed(&self.prompt).to_owned();
        for (at, item) in self.items.iter().enumerate() {
            text.push_str(&format!("\n{}. {}", at + 1, literal(&item.label)));
        }
        if let Some(hint) = &self.hint {
            text.push('\n');
            text.push_str(hint);
        }
        text
    }

    fn keyboard(&self, by_command: bool) -> Result<Keyboard, BuildError>
    where
        T: Serialize,
    {
        let mut builder = Keyboard::builder();
        for (at, item) in self.items.iter().enumerate() {
            if at > 0 && at % self.columns == 0 {
                builder = builder.row();
            }
            let button = if by_command {
                let press = MenuPress::of(self, &item.value).map_err(|error| self.at(at, error))?;
                Button::payload(&item.label, &press).into()
            } else {
                Button::send(&item.label, &item.label)
            };
            let display = if self.columns > 1 { ButtonDisplay::Line } else { ButtonDisplay::Block };
            builder = builder.button(button.display(display));
        }
        builder.build()
    }

    /// What [`reply_for`](Self::reply_for) refuses: nothing to choose, a blank or second-hand label, `0`.
    pub fn check(&self) -> Result<(), BuildError> {
        if trimmed(&self.prompt).is_empty() {
            return Err(BuildError::blank("PROMPT", SECTION));
        }
        if let Some(word) = &self.stray_synonym {
            let rule = format!("{} must come after an item", quoted(word));
            return Err(BuildError::bad("SYNONYM", SECTION, rule));
        }
        if self.items.is_empty() {
            return Err(BuildError::new(BuildErrorKind::Empty, "MENU", SECTION).rule("has no item"));
        }
        let mut taken = std::collections::HashMap::new();
        for (at, item) in self.items.iter().enumerate() {
            for (word_at, word) in item.words().enumerate() {
                let field = if word_at == 0 { "LABEL" } else { "SYNONYM" };
                let refuse = |section, rule: String| {
                    let rule = format!("{} {rule}", quoted(word));
                    Err(self.at(at, BuildError::bad(field, section, rule)))
                };
                let light = plain::light(word);
                if light.is_empty() || trimmed(word).is_empty() {
                    return Err(self.at(at, BuildError::blank(field, SECTION)));
                }
                match plain::number(&light) {
                    Some(0) => return refuse("2.1", "is 0, which ends the bot's session".to_owned()),
                    Some(number) if number != at + 1 && number <= self.items.len() => {
                        return refuse(SECTION, format!("is the number of item {number}"));
                    }
                    _ => {}
                }
                match taken.insert(light, at) {
                    Some(other) if other != at => {
                        return refuse(SECTION, format!("means item {} already", other + 1));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn at(&self, at: usize, error: BuildError) -> BuildError {
        let label = self.items.get(at).map_or("", |item| &item.label);
        error.at(format_args!("item {} {}", at + 1, quoted(label)))
    }
}

#[cfg(test)]
mod tests;
