//! The outbox: committed effects on their way to the portal.

use async_trait::async_trait;
use uuid::Uuid;

use super::{Lease, StoreError};
use crate::wire::Timestamp;

/// Place of a row in the outbox; grows in the order of commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxId(pub i64);

/// Who goes first between dialogs. Within a dialog the order of commit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// A reply somebody waits for.
    Reply,
    /// A hand-over to people.
    HandOver,
    /// An edit or a deletion.
    Edit,
    /// An RT event.
    Rt,
    /// Everything that can wait.
    Bulk,
}

/// A call to be made, as a turn commits it.
#[derive(Debug, Clone)]
pub struct NewOutboxRow {
    /// Rows of one dialog are sent in order, one at a time.
    pub dialog: String,
    /// Order between dialogs.
    pub priority: Priority,
    /// The call with its route, JSON text, as dispatch wrote it.
    pub call: String,
    /// Idempotency key.
    pub uuid: Uuid,
    /// Counts as being sent from its commit on, as by [`Outbox::mark_sending`]. For a call that leaves at once and may
    /// be repeated by its key.
    pub marked: bool,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxState {
    /// Not sent.
    Queued,
    /// Marked by its commit, and not sent: told only to the first who reads the row. Who reads it later, and anybody
    /// after a restart, finds `Sending`.
    Marked,
    /// Was being sent, since this moment; found after a restart its outcome is unknown.
    Sending(Timestamp),
}

/// A row that is not settled.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    /// Its place.
    pub id: OutboxId,
    /// Its dialog.
    pub dialog: String,
    /// Order between dialogs.
    pub priority: Priority,
    /// The call, JSON text.
    pub call: String,
    /// Idempotency key.
    pub uuid: Uuid,
    /// Where it stands.
    pub state: OutboxState,
    /// Tries so far.
    pub attempts: u32,
    /// Moment of the first try, from which the life of the idempotency key counts.
    pub first_sent: Option<Timestamp>,
    /// Not before this moment.
    pub retry_at: Option<Timestamp>,
    /// When its turn was committed.
    pub created: Timestamp,
    /// What was noted before it was sent, by [`Outbox::note`].
    pub note: Option<String>,
}

/// What went before a row in its dialog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentBefore {
    /// Results of the rows sent before it, the last one first.
    pub results: Vec<String>,
    /// Whether one before it is uncertain.
    pub uncertain: bool,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The portal answered; its result as JSON text.
    Sent(String),
    /// The portal refused it for good; the error, without secrets.
    Rejected(String),
    /// Nobody knows whether it was sent and it must not be tried again unasked. Shown in the inbox.
    Uncertain(String),
    /// To be tried again, not before this moment. `unknown` tells whether this try may have been executed.
    Retry {
        /// Not before.
        at: Timestamp,
        /// The error, without secrets.
        error: String,
        /// The outcome of this try is unknown.
        unknown: bool,
    },
    /// Not sent on purpose, with the reason (a person has the session).
    Withheld(String),
}

/// Carries committed effects out.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// At most `limit` unsettled rows after `after`, in the order of commit.
    async fn unsettled(
        &self,
        lease: &Lease,
        after: OutboxId,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError>;

    /// Marks rows as being sent, durable when it returns: only then may a call start. Counts a try and clears
    /// `retry_at`. All or none: [`Gone`](super::StoreErrorKind::Gone) if one of them is settled.
    async fn mark_sending(&self, lease: &Lease, rows: &[OutboxId], now: Timestamp) -> Result<(), StoreError>;

    /// Keeps a note with an unsettled row, durable when it returns, until the row is settled; the last one stays.
    async fn note(&self, lease: &Lease, row: OutboxId, note: &str) -> Result<(), StoreError>;

    /// What went before `row` in its dialog: at most `limit` results of rows that are not swept yet.
    /// [`Gone`](super::StoreErrorKind::Gone) if it never was. For what happens seldom: it may read much.
    async fn sent_before(&self, lease: &Lease, row: OutboxId, limit: u32) -> Result<SentBefore, StoreError>;

    /// Records what became of a row. After [`SendOutcome::Retry`] with `unknown` the row stays `Sending`. The first
    /// final outcome stays: settling a settled row again changes nothing and is no error.
    async fn settle(
        &self,
        lease: &Lease,
        row: OutboxId,
        outcome: SendOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Records what became of several rows, in this order: as so many [`settle`](Self::settle)s, and where the store
    /// can, in one. After an error some may be recorded; recording all again is right.
    async fn settle_all(
        &self,
        lease: &Lease,
        rows: Vec<(OutboxId, SendOutcome)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for (row, outcome) in rows {
            self.settle(lease, row, outcome, now).await?;
        }
        Ok(())
    }
}
