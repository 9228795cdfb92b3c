//! Events for applications that bring a channel of their own (protocol 2.4).
//!
//! ```
//! use openlines::wire::{ConnectorMessage, LineId};
//!
//! let mut message = ConnectorMessage::default();
//! message.place.line = LineId::new(107);
//! assert_eq!((message.place.line.get(), message.files.len()), (107, 0));
//! ```
//!
//! **Trap:** `chat` is the portal's chat, `place.external_chat` the one in the channel.

use super::{ChatId, ConnectorId, LineFile, LineId, MessageId, SessionId, User, UserId};

/// Where a connector event belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectorPlace {
    /// The channel.
    pub connector: ConnectorId,
    /// The line it is connected to.
    pub line: LineId,
    /// The chat in the channel; empty where an event is of the channel as a whole.
    pub external_chat: String,
}

/// Somebody in the line wrote to the channel: `ONIMCONNECTORMESSAGEADD`.
///
/// **Trap:** until [`SendStatusDelivery`](crate::rest::methods::imconnector::SendStatusDelivery) the operator sees it as
/// undelivered.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ConnectorMessage {
    /// Channel, line and chat in the channel.
    pub place: ConnectorPlace,
    /// Portal chat.
    pub chat: ChatId,
    /// Portal message.
    pub message_id: MessageId,
    /// Who wrote it: an operator or a bot.
    pub user_id: UserId,
    /// That user in full, where the event carries it.
    pub user: Option<User>,
    /// Text; may begin with the writer's name in bold.
    pub text: String,
    /// Files sent with it.
    pub files: Vec<LineFile>,
    /// Attachments, each as JSON text.
    pub attachments: Vec<String>,
}

/// A message to the channel was edited: `ONIMCONNECTORMESSAGEUPDATE`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ConnectorMessageUpdated {
    /// Channel, line and chat in the channel.
    pub place: ConnectorPlace,
    /// Portal chat.
    pub chat: ChatId,
    /// Portal message.
    pub message_id: MessageId,
    /// Its ids in the channel, as the application told them when it was delivered.
    pub external_ids: Vec<String>,
    /// New text.
    pub text: String,
}

/// A message to the channel was deleted: `ONIMCONNECTORMESSAGEDELETE`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ConnectorMessageDeleted {
    /// Channel, line and chat in the channel.
    pub place: ConnectorPlace,
    /// Portal chat.
    pub chat: ChatId,
    /// Portal message.
    pub message_id: MessageId,
    /// Its ids in the channel.
    pub external_ids: Vec<String>,
}

/// A session of the channel began or ended: `ONIMCONNECTORDIALOGSTART`, `ONIMCONNECTORDIALOGFINISH`. Unlike
/// [`LineSessionEvent`](super::LineSessionEvent) it carries the session's id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectorDialog {
    /// Channel, line and chat in the channel.
    pub place: ConnectorPlace,
    /// Portal id of the client.
    pub user: UserId,
    /// The session.
    pub session: SessionState,
}

/// What an event says of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionState {
    /// Its id.
    pub id: SessionId,
    /// It is closed.
    pub closed: bool,
    /// The session it goes on from; 0 for none.
    pub parent: SessionId,
    /// Minutes without a word until it is closed.
    pub close_term: i64,
}

/// The channel was taken from a line: `ONIMCONNECTORSTATUSDELETE`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectorRemoved {
    /// Channel and line.
    pub place: ConnectorPlace,
}

/// A line was removed: `ONIMCONNECTORLINEDELETE`. Every application hears of it, whatever its channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineRemoved {
    /// The line.
    pub line: LineId,
}
