//! Floor 2: durable truth. The traits that dispatch, ingest and portal stand on, and their implementations.
//!
//! The cut: batch-first, `now` passed in, no driver type and no transaction closure in a signature, and a lease's
//! epoch checked by every call that acts for a portal. One conformance suite runs over every implementation.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), openlines::store::StoreError> {
//! use openlines::{store::*, wire::{BotId, PortalKey, Timestamp}};
//!
//! let (store, now) = (openlines::store::open("memory:")?, Timestamp::from_seconds(1));
//! let event = NewEvent {
//!     portal: PortalKey::new("local.app", "d58a"),
//!     lane: LaneKey::new("livechat|1|7"),
//!     dedupe: DedupeKey { bot: BotId::new(39), kind: DedupeKind::Message, ordinal: 41, digest: [0; 16] },
//!     code: "ONIMBOTMESSAGEADD".into(),
//!     message: None,
//!     body: "token-free pairs".into(),
//!     park: None,
//!     quiet: false,
//!     read: None,
//! };
//! let leases = store.acquire(&[event.portal.clone()], &NodeId::new("here"), now).await?;
//! store.append(vec![event.clone()], now).await?;
//! assert_eq!(store.append(vec![event], now).await?, [Appended::Duplicate]);
//!
//! let row = store.load(&leases[0], Seq(0), 10).await?.remove(0);
//! let turn = store.start_turn(&leases[0], &[row.seq], now).await?;
//! let commit = TurnCommit {
//!     turn: turn.id,
//!     lane: row.lane,
//!     consumed: turn.seqs,
//!     change: None,
//!     outbox: Vec::new(),
//!     timers: Vec::new(),
//! };
//! assert_eq!(store.commit(&leases[0], commit, now).await?, Committed::Done(vec![]));
//! # Ok(()) }
//! ```
//!
//! **Trap:** a call that answers [`Fenced`](StoreErrorKind::Fenced) means another process owns the portal now: stop
//! working for it, do not try again.

mod error;
mod inbox;
mod journal;
mod ledger;
mod levels;
mod memory;
mod naming;
mod outbox;
mod portals;
mod sessions;
mod sqlite;
mod url;
mod work;

pub use error::{StoreError, StoreErrorKind};
pub use inbox::{Fate, Inbox, InboxEntry, InboxItem, InboxRequest, InboxState, Reopened, Trace};
pub use journal::{Appended, DedupeKey, DedupeKind, Journal, JournalRow, LaneKey, NewEvent, Seq};
pub use ledger::{Ledger, LedgerEntry, LedgerState};
pub use levels::{BucketLevel, Levels};
pub use memory::MemoryStore;
pub use outbox::{NewOutboxRow, Outbox, OutboxId, OutboxRow, OutboxState, Priority, SendOutcome, SentBefore};
pub use portals::{PendingId, PendingPortal, PortalRecord, PortalStatus, Portals, PutPending};
pub use sessions::{OpenSession, SessionChange, Sessions};
pub use sqlite::{OpenMode, SqliteStore};
pub use url::{inspect, open};
pub use work::{
    Committed, DueTimer, LaneChange, LaneState, Lease, NodeId, Parking, StepValue, TimerChange, Turn,
    TurnCommit, TurnId, Work,
};

use crate::wire::Timestamp;
use std::time::Duration;

/// How long rows are kept once they are done with: bodies 24 h, keys 31 days, sent 7 days, parked 30 days, the ledger
/// 31 days, open sessions 3 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Bodies of done events.
    pub bodies: Duration,
    /// Dedupe keys.
    pub keys: Duration,
    /// Settled outbox rows.
    pub sent: Duration,
    /// Parked events and uncertain outbox rows.
    pub parked: Duration,
    /// Entries of the ledger of network messages. Shorter than the week of their limit, the limit is forgotten.
    pub ledger: Duration,
    /// Open sessions of which nothing more was heard. After a downtime those are looked into for messages that were
    /// missed.
    pub sessions: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        Self {
            bodies: DAY,
            keys: DAY * 31,
            sent: DAY * 7,
            parked: DAY * 30,
            ledger: DAY * 31,
            sessions: DAY * 3,
        }
    }
}

/// What one [`Upkeep::sweep`] removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Bodies.
    pub bodies: u64,
    /// Dedupe keys.
    pub keys: u64,
    /// Outbox rows.
    pub sent: u64,
    /// Parked rows.
    pub parked: u64,
    /// Entries of the ledger.
    pub ledger: u64,
    /// Open sessions.
    pub sessions: u64,
}

/// Housekeeping.
#[async_trait::async_trait]
pub trait Upkeep: Send + Sync {
    /// Removes at most `limit` rows of each kind that are older than `retention` allows, in key order.
    async fn sweep(&self, retention: &Retention, limit: u32, now: Timestamp) -> Result<Swept, StoreError>;

    /// Writes something that means nothing: an error is what the next event would get.
    async fn probe(&self) -> Result<(), StoreError>;

    /// 16 random bytes drawn when the store was created. They begin every UUID derived from a turn, so that a new
    /// database never repeats the UUIDs of an old one.
    fn identity(&self) -> [u8; 16];
}

/// Everything the engine needs of a store.
pub trait Store:
    Journal + Work + Outbox + Ledger + Levels + Sessions + Portals + Inbox + Upkeep + std::fmt::Debug + 'static
{
}

impl<S> Store for S where
    S: Journal
        + Work
        + Outbox
        + Ledger
        + Levels
        + Sessions
        + Portals
        + Inbox
        + Upkeep
        + std::fmt::Debug
        + 'static
{
}
