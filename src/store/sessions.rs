//! Sessions of open lines that bots were heard to take part in, by their chats: where to look for what was said while
//! nobody listened. Session events carry no session id (protocol 2.3).

use async_trait::async_trait;

use super::{LaneKey, StoreError};
use crate::wire::{BotId, ChatId, PortalKey, Timestamp};

/// A session that a bot takes part in, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Its chat.
    pub chat: ChatId,
    /// The bot.
    pub bot: BotId,
    /// `connector|line|external chat|client`.
    pub address: String,
    /// The lane of its events.
    pub lane: LaneKey,
    /// Highest message id known to be handled; of a session just met, the one before the message it was met by.
    pub last_message: i64,
    /// When something was heard of it, to the hour.
    pub seen: Timestamp,
}

/// What became known of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionChange {
    /// It is open. One that is known already keeps the message it was met by.
    Open(OpenSession),
    /// It is over: all that is known of this chat goes.
    Over(ChatId),
}

/// Remembers open sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Takes in `changes` in their order, all or none, durable when it returns.
    async fn note_sessions(&self, portal: &PortalKey, changes: Vec<SessionChange>) -> Result<(), StoreError>;

    /// The portal's open sessions of which something was heard after `since`, the latest first; with the highest message
    /// id that a committed turn of their lane had. For the process that works on the store.
    async fn open_sessions(
        &self,
        portal: &PortalKey,
        since: Timestamp,
    ) -> Result<Vec<OpenSession>, StoreError>;
}
