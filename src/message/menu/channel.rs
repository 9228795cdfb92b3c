//! What the client's channel shows of a message (protocol 3.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::wire::{Chat, ChatEntity, ConnectorId};

/// Which buttons reach the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Buttons {
    /// None: the message arrives without its keyboard.
    #[default]
    None,
    /// All but commands.
    WithoutCommands,
    /// All.
    All,
}

/// What a channel shows to the client.
///
/// ```
/// use openlines::{message::{Buttons, Capabilities}, wire::ConnectorId};
///
/// assert_eq!(Capabilities::from(&ConnectorId::from("telegrambot")), Capabilities::TEXT);
/// assert!(Capabilities::from(&ConnectorId::from("livechat")).attach);
/// assert_eq!(Capabilities::PORTAL.buttons, Buttons::All);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Capabilities {
    /// Which buttons.
    pub buttons: Buttons,
    /// Whether attachments.
    pub attach: bool,
}

impl Capabilities {
    /// Chats inside the portal: all.
    pub const PORTAL: Self = Self { buttons: Buttons::All, attach: true };

    /// The site widget: attachments, no buttons.
    pub const LIVECHAT: Self = Self { buttons: Buttons::None, attach: true };

    /// What is sent by `imopenlines.network.message.add`, which drops commands (protocol 4.2). What a bot says in a
    /// line of the connector `network` is [`LIVECHAT`](Self::LIVECHAT): its keyboard stays on the portal.
    pub const NETWORK_MESSAGE: Self = Self { buttons: Buttons::WithoutCommands, attach: true };

    /// Messengers: text and files.
    pub const TEXT: Self = Self { buttons: Buttons::None, attach: false };
}

impl From<&Capabilities> for Capabilities {
    fn from(capabilities: &Capabilities) -> Self {
        *capabilities
    }
}

impl From<&ConnectorId> for Capabilities {
    fn from(connector: &ConnectorId) -> Self {
        known(connector.as_str())
    }
}

impl From<&ChatEntity> for Capabilities {
    fn from(entity: &ChatEntity) -> Self {
        Channels::default().of_chat(entity)
    }
}

impl From<&Chat> for Capabilities {
    fn from(chat: &Chat) -> Self {
        Self::from(&chat.entity)
    }
}

/// The connectors that show more than text.
fn known(connector: &str) -> Capabilities {
    match connector.to_ascii_lowercase().as_str() {
        "livechat" | "network" => Capabilities::LIVECHAT,
        _ => Capabilities::TEXT,
    }
}

/// [`Capabilities`] by connector, with what you know of connectors of your own.
///
/// ```
/// use openlines::{message::{Buttons, Capabilities, Channels}, wire::ConnectorId};
///
/// let kiosk = Capabilities { buttons: Buttons::All, attach: false };
/// let channels = Channels::default().with("shop_kiosk", kiosk);
/// assert_eq!(channels.of(&ConnectorId::from("shop_kiosk")), kiosk);
/// assert_eq!(channels.of(&ConnectorId::from("viber")), Capabilities::TEXT);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channels(BTreeMap<String, Capabilities>);

impl Channels {
    /// Says what a connector shows.
    #[must_use]
    pub fn with(mut self, connector: impl AsRef<str>, capabilities: Capabilities) -> Self {
        self.0.insert(connector.as_ref().to_ascii_lowercase(), capabilities);
        self
    }

    /// What a connector shows; one that nobody named, text.
    pub fn of(&self, connector: &ConnectorId) -> Capabilities {
        let own = self.0.get(&connector.as_str().to_ascii_lowercase());
        own.copied().unwrap_or_else(|| known(connector.as_str()))
    }

    /// What the other side of a chat sees: the client of an open line, else a user of the portal.
    pub fn of_chat(&self, entity: &ChatEntity) -> Capabilities {
        match entity {
            ChatEntity::Lines(line) => self.of(&line.connector),
            ChatEntity::Livechat { .. } => self.of(&ConnectorId::from("livechat")),
            _ => Capabilities::PORTAL,
        }
    }
}
