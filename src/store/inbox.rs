//! What needs a person: parked events and uncertain calls. The command line looks and asks; the server acts. And what
//! became of an event, for whoever asked for it.

use async_trait::async_trait;

use super::{DedupeKey, JournalRow, OutboxId, OutboxRow, Seq, StoreError, TurnId};
use crate::wire::{PortalKey, Timestamp};

/// One thing in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InboxItem {
    /// An event.
    Event(Seq),
    /// An outbox row.
    Call(OutboxId),
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InboxState {
    /// An event accepted and not done, or a call committed and not settled.
    Pending,
    /// Given up after the last try, or could not be typed.
    Parked,
    /// Was perhaps sent.
    Uncertain,
    /// Refused by the portal for good.
    Rejected,
}

/// A row of the inbox.
#[derive(Debug, Clone)]
pub struct InboxEntry {
    /// What it is.
    pub item: InboxItem,
    /// Its portal.
    pub portal: PortalKey,
    /// Where it stands.
    pub state: InboxState,
    /// Event code, or REST method: the first `method` found in the call's JSON text, empty if it names none.
    pub what: String,
    /// Lane or dialog.
    pub lane: String,
    /// When it was accepted or committed.
    pub since: Timestamp,
    /// Failed tries.
    pub attempts: u32,
    /// Last error, empty if none.
    pub error: String,
    /// Token-free pairs of an event, JSON text of a call. Empty in lists.
    pub body: bytes::Bytes,
}

/// What a person asks for. Asked of anything but a parked event or an uncertain or rejected call, it does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InboxRequest {
    /// Put it back. A parked event runs again with attempts at zero, and so do the other parked members of its
    /// turn; their steps are kept, and so is what was written when they were [parked](super::Work::park). An uncertain or rejected call is sent again under its old UUID, with attempts
    /// and first try forgotten.
    Retry(InboxItem),
    /// Give it up for good. A member dropped leaves its turn; the others keep theirs.
    Drop(InboxItem),
}

/// What the requests put back to work.
#[derive(Debug, Clone, Default)]
pub struct Reopened {
    /// Events, with their portal, in the order of acceptance.
    pub events: Vec<(PortalKey, JournalRow)>,
    /// Calls, with their portal, in the order of commit.
    pub calls: Vec<(PortalKey, OutboxRow)>,
}

/// What is known of an accepted event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trace {
    /// When it was accepted.
    pub accepted: Timestamp,
    /// The name of the turn that it is, or was, the first member of.
    pub turn: TurnId,
    /// What became of it.
    pub fate: Fate,
}

/// What became of an event, and of the first call of its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// The event waits for its turn, or the call to be made.
    Open,
    /// The portal answered the call at this moment.
    Sent(Timestamp),
    /// It is in the inbox, with this error.
    Stuck(InboxState, String),
    /// Nothing is left to be done or to be seen: there was no call, it was withheld or dropped, or it is so long ago that
    /// its row was swept.
    Gone,
}

/// Looks into the store and asks it to act.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// At most `limit` entries, oldest first, of `state` or of all states but [`InboxState::Pending`]. Events
    /// come before calls of the same moment.
    async fn inbox(&self, state: Option<InboxState>, limit: u32) -> Result<Vec<InboxEntry>, StoreError>;

    /// One entry with its body; `None` if there is no such row or it is done with.
    async fn inbox_entry(&self, item: InboxItem) -> Result<Option<InboxEntry>, StoreError>;

    /// What became of the events that were accepted under these keys: as many as the keys, `None` for a key that is not
    /// known, or no longer. One that was not the first of its turn is [`Fate::Gone`] once that is done.
    async fn trace(&self, portal: &PortalKey, keys: Vec<DedupeKey>)
    -> Result<Vec<Option<Trace>>, StoreError>;

    /// Writes a request; the server acts on it within a second, also when another process wrote it.
    async fn request(&self, request: InboxRequest, now: Timestamp) -> Result<(), StoreError>;

    /// Carries out the requests written so far and removes them.
    async fn carry_out_requests(&self, now: Timestamp) -> Result<Reopened, StoreError>;
}
