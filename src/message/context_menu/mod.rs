//! The context menu of a message (protocol 5.4): what the portal's user finds behind its dots.
//!
//! ```
//! use openlines::message::{ContextItem, ContextMenu, Reply};
//!
//! # fn main() -> Result<(), openlines::message::BuildError> {
//! let menu = ContextMenu::builder()
//!     .item(ContextItem::link("Terms & prices", "https://shop.example/terms"))
//!     .item(ContextItem::command_with("Cancel", "order", "cancel 15"))
//!     .build()?;
//! let reply = Reply::text("Order 15").context_menu(menu);
//! assert_eq!(reply.to_v1_params()["MENU"][1]["COMMAND"], "order");
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** only the first generation of bot methods takes menus: `imbot.v2.Chat.Message.send` ignores them without a
//! word, and so does `imbot.command.answer` in private dialogs. No open-line channel shows one.

mod item;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use item::ContextItem;

use super::{
    BuildError, BuildErrorKind, JSON_LIMIT,
    error::quoted,
    keyboard::{LONGEST_BOT, SHORTEST_BOT, wire::ItemWire},
    size::php_json_chars,
};
use crate::wire::BotId;

/// A context menu of which the portal will drop no item. Made by [`ContextMenu::builder`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ItemWire>", into = "Vec<ItemWire>")]
pub struct ContextMenu(Vec<ContextItem>);

impl ContextMenu {
    /// Begins a menu.
    pub fn builder() -> ContextMenuBuilder {
        ContextMenuBuilder(Vec::new())
    }

    /// Its items.
    pub fn items(&self) -> &[ContextItem] {
        &self.0
    }

    /// As it is sent.
    pub fn to_value(&self) -> Value {
        json!(self)
    }

    /// As it is sent where the portal does not know the acting bot.
    pub fn to_value_for(&self, bot: BotId) -> Value {
        json!({"BOT_ID": bot, "ITEMS": self})
    }

    /// What the portal stores, with all its defaults.
    pub fn normalised(&self, bot: BotId) -> Value {
        self.0.iter().map(|item| item.normalised(bot)).collect()
    }

    /// Characters as the portal counts them: of the JSON of what it stores (protocol 5.4). At most [`JSON_LIMIT`].
    pub fn size(&self, bot: BotId) -> usize {
        php_json_chars(&self.normalised(bot))
    }

    /// Whether a press of some item sends a command; the portal drops such items without a bot.
    pub fn has_commands(&self) -> bool {
        self.0.iter().any(ContextItem::is_command)
    }
}

/// Collects items for a [`ContextMenu`].
#[derive(Debug, Clone)]
#[must_use = "a menu is made by `build()`"]
pub struct ContextMenuBuilder(Vec<ContextItem>);

impl ContextMenuBuilder {
    /// Adds an item.
    pub fn item(mut self, item: ContextItem) -> Self {
        self.0.push(item);
        self
    }

    /// The menu, if the portal would take it whole; else the item, the field and the rule.
    ///
    /// Its size depends on the bot's id, which is taken to be as long as any; [`build_for`](Self::build_for) counts
    /// to the character.
    pub fn build(self) -> Result<ContextMenu, BuildError> {
        self.build_for(LONGEST_BOT)
    }

    /// The menu, if the portal would take it whole from this bot.
    pub fn build_for(self, bot: BotId) -> Result<ContextMenu, BuildError> {
        if self.0.is_empty() {
            return Err(BuildError::new(BuildErrorKind::Empty, "MENU", "5.4").rule("has no item"));
        }
        for (at, item) in self.0.iter().enumerate() {
            item.check()
                .map_err(|error| error.at(format_args!("item {} {}", at + 1, quoted(item.text()))))?;
        }
        let menu = ContextMenu(self.0);
        let size = menu.size(bot);
        if size > JSON_LIMIT {
            return Err(BuildError::too_long("MENU", "5.4", size, JSON_LIMIT));
        }
        Ok(menu)
    }
}

impl From<ContextMenu> for Vec<ItemWire> {
    fn from(menu: ContextMenu) -> Self {
        menu.0.iter().map(ItemWire::from).collect()
    }
}

impl TryFrom<Vec<ItemWire>> for ContextMenu {
    type Error = BuildError;

    fn try_from(items: Vec<ItemWire>) -> Result<Self, BuildError> {
        let items = items.into_iter().map(ContextItem::try_from).collect::<Result<_, _>>()?;
        ContextMenuBuilder(items).build_for(SHORTEST_BOT)
    }
}

#[cfg(test)]
mod tests;
