//! Leases, turns and lane state: what the engine does with accepted events.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use super::{JournalRow, LaneKey, NewOutboxRow, OutboxId, Seq, StoreError};
use crate::wire::{PortalKey, Timestamp};

/// A process that works for portals.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// The node of this name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The right to work for one portal, until another node takes it with a higher epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The portal.
    pub portal: PortalKey,
    /// Grows with every acquisition; every write is checked against it.
    pub epoch: u64,
}

/// A turn's name: stable over retries and restarts, different in every database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnId(pub Uuid);

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A remembered result of a step, JSON text.
pub type StepValue = Bytes;

/// A turn as started: its membership does not change any more.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Its name, derived from the store's identity and the first member.
    pub id: TurnId,
    /// Its members in the order they are handed to the handler.
    pub seqs: Vec<Seq>,
    /// Failed tries so far.
    pub attempts: u32,
    /// Results remembered by earlier tries.
    pub steps: BTreeMap<String, StepValue>,
}

/// What is known of a lane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneState {
    /// Grows by one with every change; 0 if nothing was ever stored.
    pub revision: u64,
    /// Highest message id of a turn committed so far, 0 for none.
    pub last_message: i64,
    /// Dialogue state, as dispatch wrote it.
    pub dialogue: Option<Bytes>,
    /// Session ownership, as dispatch wrote it.
    pub ownership: Option<Bytes>,
}

/// A change of lane state, stored only if the lane is still at `expected`.
#[derive(Debug, Clone)]
pub struct LaneChange {
    /// Revision that was read.
    pub expected: u64,
    /// New state; its `revision` is ignored, the store sets `expected + 1`.
    pub state: LaneState,
}

/// Sets or cancels a durable timer.
#[derive(Debug, Clone)]
pub enum TimerChange {
    /// (Re)arms the timer; its generation grows by one, also over a cancellation or a firing.
    Set {
        /// Name, unique within the lane.
        id: String,
        /// When it is due.
        at: Timestamp,
        /// What the handler gets.
        payload: Bytes,
    },
    /// Cancels it; a generation that was already journaled still runs.
    Cancel {
        /// Name, unique within the lane.
        id: String,
    },
}

/// A timer whose moment has come.
#[derive(Debug, Clone)]
pub struct DueTimer {
    /// Its lane.
    pub lane: LaneKey,
    /// Its name.
    pub id: String,
    /// Its generation.
    pub generation: u64,
    /// When it was due.
    pub at: Timestamp,
    /// What the handler gets.
    pub payload: Bytes,
}

/// Everything one turn changes.
#[derive(Debug, Clone)]
pub struct TurnCommit {
    /// The turn.
    pub turn: TurnId,
    /// Its lane.
    pub lane: LaneKey,
    /// Its members, all of them, done with this commit; their order does not count.
    pub consumed: Vec<Seq>,
    /// New lane state, if it changed.
    pub change: Option<LaneChange>,
    /// Rows for the outbox, in the order the handler asked for them.
    pub outbox: Vec<NewOutboxRow>,
    /// Timers.
    pub timers: Vec<TimerChange>,
}

/// A turn that is given up, for a person to look at. Nothing that its handler asked for is done; what its events say by
/// themselves stays true: who has the session, and that it is over.
#[derive(Debug, Clone)]
pub struct Parking {
    /// The turn.
    pub turn: TurnId,
    /// Its lane.
    pub lane: LaneKey,
    /// Why, for the inbox; no secrets in it.
    pub error: String,
    /// New lane state, if it changed. Its `last_message` is that of the turns committed: a turn that is put back was not
    /// overtaken by itself.
    pub change: Option<LaneChange>,
    /// Timers.
    pub timers: Vec<TimerChange>,
}

/// The answer to a commit or a parking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// All of it is durable; the ids of the outbox rows, in their order. A parking has none.
    Done(Vec<OutboxId>),
    /// The lane was not at the expected revision; nothing was written.
    Conflict,
}

/// Turns events into effects. Every call with a lease answers [`Fenced`](super::StoreErrorKind::Fenced) when its
/// epoch is not the newest, and [`Gone`](super::StoreErrorKind::Gone) when the events it names are not open; nothing
/// is written then.
#[async_trait]
pub trait Work: Send + Sync {
    /// Takes the lease of each portal for `node`, with a higher epoch than any before. A store that one process
    /// owns alone gives every lease that is asked for.
    async fn acquire(
        &self,
        portals: &[PortalKey],
        node: &NodeId,
        now: Timestamp,
    ) -> Result<Vec<Lease>, StoreError>;

    /// At most `limit` events after `after` that are neither done nor parked nor dropped, in the order of acceptance.
    async fn load(&self, lease: &Lease, after: Seq, limit: u32) -> Result<Vec<JournalRow>, StoreError>;

    /// State of a lane; the default if nothing was stored.
    async fn lane(&self, lease: &Lease, lane: &LaneKey) -> Result<LaneState, StoreError>;

    /// Freezes `seqs` (not empty, one lane) as one turn named after the first of them, or returns the turn that one
    /// of them was frozen into before: work on the members of the answer, not on `seqs`. Several are frozen on disk.
    /// A single one costs no write and is frozen by its first step or failure; that it is done or dropped already
    /// may be told by [`commit`](Self::commit) only.
    async fn start_turn(&self, lease: &Lease, seqs: &[Seq], now: Timestamp) -> Result<Turn, StoreError>;

    /// Remembers a step's result by name, durable when it returns. The first value stays: returns what is stored.
    async fn put_step(
        &self,
        lease: &Lease,
        turn: TurnId,
        name: &str,
        value: StepValue,
    ) -> Result<StepValue, StoreError>;

    /// Commits a turn, all or none. A turn that is done already answers `Done` with the ids given then, whatever
    /// the lane's revision is by now.
    async fn commit(
        &self,
        lease: &Lease,
        commit: TurnCommit,
        now: Timestamp,
    ) -> Result<Committed, StoreError>;

    /// Records a failed try: `attempts` of every member grows by one, `error` (no secrets in it) is kept for the
    /// inbox, and the moment before which it does not run again outlives a restart.
    async fn fail(
        &self,
        lease: &Lease,
        turn: TurnId,
        error: &str,
        retry_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Records the last failed try and parks every member, together with what stays true of the turn, all or none: at
    /// another revision of the lane it answers [`Committed::Conflict`] and nothing is parked. The lane goes on; the
    /// turn's steps stay until its members are retried and done, or dropped. Parking it again answers
    /// [`Gone`](super::StoreErrorKind::Gone).
    async fn park(&self, lease: &Lease, parking: Parking, now: Timestamp) -> Result<Committed, StoreError>;

    /// At most `limit` timers due at `now`, earliest first; they stay until [`timer_fired`](Self::timer_fired).
    async fn due_timers(
        &self,
        lease: &Lease,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<DueTimer>, StoreError>;

    /// Moment of the earliest timer, if there is one.
    async fn next_timer(&self, lease: &Lease) -> Result<Option<Timestamp>, StoreError>;

    /// Forgets a timer that has been journaled, if it is still at this generation.
    async fn timer_fired(&self, lease: &Lease, timer: &DueTimer) -> Result<(), StoreError>;
}
