//! The ledger of network messages: one a week for each bot and user (protocol 4.2), remembered on our side so that
//! it is known beforehand when the next one is allowed.

use async_trait::async_trait;
use uuid::Uuid;

use super::{Lease, StoreError};
use crate::wire::{PortalKey, Timestamp, UserId};

/// What is known of the last message to a user through a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LedgerState {
    /// It was sent.
    Sent,
    /// It was perhaps sent.
    Uncertain,
}

/// The last message to one user through one network line. A line has one bot on a portal, so this is the portal's
/// own pair of bot and user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The line's code.
    pub line: String,
    /// To whom.
    pub user: UserId,
    /// When it was sent, by our clock; of an uncertain one, when it was tried first.
    pub at: Timestamp,
    /// What is known of it.
    pub state: LedgerState,
    /// Key of the outbox row that sent it.
    pub row: Uuid,
}

/// Remembers who got a message through which network line.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The last entry for `user` through the line; `None` for a portal that is not known.
    async fn ledger(
        &self,
        portal: &PortalKey,
        line: &str,
        user: UserId,
    ) -> Result<Option<LedgerEntry>, StoreError>;

    /// Writes an entry in place of the last one for its line and user, durable when it returns. An entry of another
    /// row stays if it is younger.
    async fn enter(&self, lease: &Lease, entry: LedgerEntry) -> Result<(), StoreError>;

    /// Takes out the entry of `row`, for it turned out not to be sent. Nothing happens if another row has it.
    async fn strike(&self, lease: &Lease, line: &str, user: UserId, row: Uuid) -> Result<(), StoreError>;
}
