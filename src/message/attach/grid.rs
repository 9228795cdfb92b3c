//! Rows of a grid.

use serde::{Deserialize, Serialize};

use super::check::{self, SECTION};
use crate::{
    message::{BuildError, Color, ColorToken, trim},
    wire::{ChatId, UserId},
};

/// How a row stands to the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum GridDisplay {
    /// Name above value, a row below the other.
    #[default]
    Block,
    /// Name above value, rows side by side.
    Line,
    /// Name left of value.
    Row,
    /// As a table.
    Table,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
#[must_use = "a row is shown once it is in a grid"]
pub struct GridRow {
    #[serde(default)]
    display: GridDisplay,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chat_id: Option<ChatId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    color: Option<Color>,
    #[serde(default)]
    color_token: ColorToken,
}

impl GridRow {
    /// A name and its value. BB code is shown as such in the value.
    pub fn new(name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        Self {
            display: GridDisplay::default(),
            name: check::line(name.as_ref()),
            value: check::lines(value.as_ref()),
            width: None,
            height: None,
            user_id: None,
            chat_id: None,
            link: None,
            color: None,
            color_token: ColorToken::default(),
        }
    }

    /// How it stands to the others.
    pub fn display(mut self, display: GridDisplay) -> Self {
        self.display = display;
        self
    }

    /// Width of the name in pixels.
    pub fn width(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }

    /// Height in pixels.
    pub fn height(mut self, pixels: u32) -> Self {
        self.height = Some(pixels);
        self
    }

    /// The value opens this user.
    pub fn user(mut self, user: UserId) -> Self {
        self.user_id = Some(user);
        self
    }

    /// The value opens this chat.
    pub fn chat(mut self, chat: ChatId) -> Self {
        self.chat_id = Some(chat);
        self
    }

    /// The value opens this address.
    pub fn link(mut self, address: impl Into<String>) -> Self {
        self.link = Some(address.into());
        self
    }

    /// Colour of the value.
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Colour of the value by meaning.
    pub fn token(mut self, token: ColorToken) -> Self {
        self.color_token = token;
        self
    }

    pub(super) fn tidied(self) -> Self {
        Self { name: check::line(&self.name), value: check::lines(&self.value), ..self }
    }

    pub(super) fn stored(&self) -> Self {
        Self { value: trim::stored_breaks(&self.value), ..self.clone() }
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        if self.name.is_empty() && self.value.is_empty() && self.display != GridDisplay::Line {
            return Err(BuildError::blank("NAME and VALUE", SECTION).rule("must not both be blank"));
        }
        check::above_zero(self.width.map(i64::from), "WIDTH")?;
        check::above_zero(self.height.map(i64::from), "HEIGHT")?;
        check::above_zero(self.user_id.map(UserId::get), "USER_ID")?;
        check::above_zero(self.chat_id.map(ChatId::get), "CHAT_ID")?;
        check::address_if_any(self.link.as_deref(), "LINK")
    }
}
