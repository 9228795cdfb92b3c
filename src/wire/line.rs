//! Open-line events (protocol 2.3): what went through a line, and sessions.

use super::{ChatId, LineAddress, MessageId, UserId};

/// A message that went through an open line, in either direction.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LineMessage {
    /// Client to line (`false`), or operator or bot to client (`true`).
    pub outbound: bool,
    /// Connector, line, external chat and client.
    pub address: LineAddress,
    /// Portal chat; inbound events do not carry it.
    pub chat: Option<ChatId>,
    /// Portal message id of an outbound message.
    pub message_id: Option<MessageId>,
    /// Id in the channel, as text, of an inbound message.
    pub external_id: String,
    /// Who wrote it, portal id.
    pub user_id: UserId,
    /// Text; outbound text may begin with the operator's name in bold.
    pub text: String,
    /// A system message.
    pub system: bool,
}

/// A message of a line was edited.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LineMessageUpdated {
    /// Operator or bot to client.
    pub outbound: bool,
    /// Connector, line and external chat; the client only inbound.
    pub address: LineAddress,
    /// Portal chat of an outbound message.
    pub chat: Option<ChatId>,
    /// Portal id of an outbound message.
    pub message_id: Option<MessageId>,
    /// Ids in the channel.
    pub external_ids: Vec<String>,
    /// New text.
    pub text: String,
}

/// A message of a line was deleted.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LineMessageDeleted {
    /// Operator or bot to client.
    pub outbound: bool,
    /// Connector, line and external chat; the client only inbound.
    pub address: LineAddress,
    /// Portal chat of an outbound message.
    pub chat: Option<ChatId>,
    /// Portal id of an outbound message.
    pub message_id: Option<MessageId>,
    /// Ids in the channel.
    pub external_ids: Vec<String>,
}

/// A session of an open line began or ended. The wire carries no session id (protocol 2.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineSessionEvent {
    /// Connector, line and client; the external chat is not carried.
    pub address: LineAddress,
    /// Portal chat.
    pub chat: ChatId,
    /// Name of the line.
    pub line_name: String,
}
