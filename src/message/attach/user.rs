//! A user, chat or bot shown by name and picture.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::check::{self, SECTION};
use crate::{
    message::BuildError,
    wire::{BotId, ChatId, UserId},
};

/// What a press on the name opens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserTarget {
    /// The user's card.
    User(UserId),
    /// A chat.
    Chat(ChatId),
    /// A bot.
    Bot(BotId),
    /// An address.
    Address(String),
    /// Somebody of the vendor's network, `b123`: one sign and a number.
    Network(String),
}

/// The shape of the picture when there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum AvatarKind {
    /// A person.
    #[default]
    User,
    /// A chat.
    Chat,
    /// A bot.
    Bot,
}

/// A name with a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a block is shown once it is in an attachment"]
pub struct UserBlock {
    pub(super) name: String,
    pub(super) target: Option<UserTarget>,
    pub(super) avatar: Option<String>,
    pub(super) kind: Option<AvatarKind>,
}

impl UserBlock {
    /// By this name.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self { name: check::line(name.as_ref()), target: None, avatar: None, kind: None }
    }

    /// What a press opens.
    pub fn target(mut self, target: UserTarget) -> Self {
        self.target = Some(target);
        self
    }

    /// Address of the picture.
    pub fn avatar(mut self, address: impl Into<String>) -> Self {
        self.avatar = Some(address.into());
        self
    }

    /// Shape of the picture when there is none; without it, that of the target.
    pub fn avatar_kind(mut self, kind: AvatarKind) -> Self {
        self.kind = Some(kind);
        self
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        if self.name.is_empty() {
            return Err(BuildError::blank("NAME", SECTION));
        }
        match &self.target {
            Some(UserTarget::User(id)) => check::above_zero(Some(id.get()), "USER_ID")?,
            Some(UserTarget::Chat(id)) => check::above_zero(Some(id.get()), "CHAT_ID")?,
            Some(UserTarget::Bot(id)) => check::above_zero(Some(id.get()), "BOT_ID")?,
            Some(UserTarget::Address(address)) => check::address(address, "LINK")?,
            Some(UserTarget::Network(id)) => check::network_id(id)?,
            None => {}
        }
        check::address_if_any(self.avatar.as_deref(), "AVATAR")
    }

    pub(super) fn sent(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("NAME".to_owned(), json!(self.name));
        match &self.target {
            Some(UserTarget::User(id)) => fields.insert("USER_ID".to_owned(), json!(id)),
            Some(UserTarget::Chat(id)) => fields.insert("CHAT_ID".to_owned(), json!(id)),
            Some(UserTarget::Bot(id)) => fields.insert("BOT_ID".to_owned(), json!(id)),
            Some(UserTarget::Address(address)) => fields.insert("LINK".to_owned(), json!(address)),
            Some(UserTarget::Network(id)) => fields.insert("NETWORK_ID".to_owned(), json!(id)),
            None => None,
        };
        if let Some(avatar) = &self.avatar {
            fields.insert("AVATAR".to_owned(), json!(avatar));
        }
        if let Some(kind) = self.kind {
            fields.insert("AVATAR_TYPE".to_owned(), json!(kind));
        }
        Value::Object(fields)
    }

    pub(super) fn stored(&self) -> Value {
        let kind = self.kind.unwrap_or(match self.target {
            Some(UserTarget::Chat(_)) => AvatarKind::Chat,
            Some(UserTarget::Bot(_)) => AvatarKind::Bot,
            _ => AvatarKind::User,
        });
        let mut fields = self.sent();
        fields["AVATAR_TYPE"] = json!(kind);
        fields
    }
}
