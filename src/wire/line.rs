//! Open-line events (protocol 2.3): what went through a line, and sessions.
//!
//! ```
//! use openlines::wire::{ChatId, LineSessionEvent};
//!
//! let mut started = LineSessionEvent::default();
//! started.chat = ChatId::new(1777);
//! assert!(started.session.is_none(), "sessions are known by their chat");
//! ```
//!
//! **Trap:** every application hears every line of the portal, and of live chat only what clients write.

use super::{Author, ChatId, LineAddress, MessageId, SessionState, UserId};

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
    /// What the writer is: inbound the client, outbound an operator or a bot.
    pub author: Author,
    /// Files sent with it.
    pub files: Vec<LineFile>,
    /// Attachments of an outbound message, each as JSON text.
    pub attachments: Vec<String>,
    /// When it was written, as the channel says; inbound only, and it may be empty.
    pub date: String,
    /// The page that the client wrote from, of channels that tell; inbound only.
    pub page: String,
    /// Sent outside of a session; outbound only.
    pub without_session: bool,
}

/// A file that went through a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineFile {
    /// Name.
    pub name: String,
    /// `image`, `file`, …
    pub kind: String,
    /// MIME type; empty when it is not told.
    pub mime: String,
    /// Where it is shown.
    pub link: String,
    /// Where it can be had.
    pub download_link: String,
    /// Bytes, 0 when unknown.
    pub size: i64,
    /// Pixels, of an image.
    pub width: i64,
    /// Pixels, of an image.
    pub height: i64,
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

/// A session of an open line began or ended. Portals send no session id; the one that the documentation draws is read
/// where it comes (protocol 2.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineSessionEvent {
    /// Connector, line and client; the external chat is not carried.
    pub address: LineAddress,
    /// Portal chat.
    pub chat: ChatId,
    /// Name of the line.
    pub line_name: String,
    /// The session, where it comes.
    pub session: Option<SessionState>,
}
