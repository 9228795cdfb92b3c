//! A store behind points.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Notify;
use uuid::Uuid;

use super::Points;
use crate::{
    store::{
        Appended, BucketLevel, Committed, DedupeKey, DueTimer, Inbox, InboxEntry, InboxItem, InboxRequest,
        InboxState, Journal, JournalRow, LaneKey, LaneState, Lease, Ledger, LedgerEntry, Levels, NewEvent,
        NodeId, OpenSession, Outbox, OutboxId, OutboxRow, Parking, PendingId, PendingPortal, PortalRecord,
        Portals, PutPending, Reopened, Retention, SendOutcome, SentBefore, Seq, SessionChange, Sessions,
        StepValue, Store, StoreError, Swept, Trace, Turn, TurnCommit, TurnId, Upkeep, Work,
    },
    wire::{MemberId, PortalKey, Timestamp, UserId},
};

#[derive(Debug)]
pub(super) struct PointedStore {
    pub(super) inner: Arc<dyn Store>,
    pub(super) points: Points,
    /// When requests of the inbox are to be carried out; without it, whenever somebody asks.
    pub(super) requested: Option<Arc<Notify>>,
}

/// Each method of a store trait between two points.
macro_rules! pointed {
    ($($trait:ident { $(fn $method:ident(&self $(, $name:ident: $kind:ty)*) -> $result:ty;)+ })+) => {$(
        #[async_trait]
        impl $trait for PointedStore {
            $(
                async fn $method(&self $(, $name: $kind)*) -> Result<$result, StoreError> {
                    self.points.pass("before", stringify!($method)).await;
                    let result = self.inner.$method($($name),*).await;
                    self.points.pass("after", stringify!($method)).await;
                    result
                }
            )+
        }
    )+};
}

pointed! {
    Journal {
        fn append(&self, events: Vec<NewEvent>, now: Timestamp) -> Vec<Appended>;
    }
    Work {
        fn acquire(&self, portals: &[PortalKey], node: &NodeId, now: Timestamp) -> Vec<Lease>;
        fn load(&self, lease: &Lease, after: Seq, limit: u32) -> Vec<JournalRow>;
        fn telling(&self, lease: &Lease, after: Seq, limit: u32) -> Vec<JournalRow>;
        fn lane(&self, lease: &Lease, lane: &LaneKey) -> LaneState;
        fn start_turn(&self, lease: &Lease, seqs: &[Seq], now: Timestamp) -> Turn;
        fn put_step(&self, lease: &Lease, turn: TurnId, name: &str, value: StepValue) -> StepValue;
        fn commit(&self, lease: &Lease, commit: TurnCommit, now: Timestamp) -> Committed;
        fn fail(&self, lease: &Lease, turn: TurnId, error: &str, retry_at: Timestamp) -> ();
        fn park(&self, lease: &Lease, parking: Parking, now: Timestamp) -> Committed;
        fn due_timers(&self, lease: &Lease, limit: u32, now: Timestamp) -> Vec<DueTimer>;
        fn next_timer(&self, lease: &Lease) -> Option<Timestamp>;
        fn timer_fired(&self, lease: &Lease, timer: &DueTimer) -> ();
    }
    Outbox {
        fn unsettled(&self, lease: &Lease, after: OutboxId, limit: u32) -> Vec<OutboxRow>;
        fn mark_sending(&self, lease: &Lease, rows: &[OutboxId], now: Timestamp) -> ();
        fn note(&self, lease: &Lease, row: OutboxId, note: &str) -> ();
        fn sent_before(&self, lease: &Lease, row: OutboxId, limit: u32) -> SentBefore;
        fn settle(&self, lease: &Lease, row: OutboxId, outcome: SendOutcome, now: Timestamp) -> ();
    }
    Ledger {
        fn ledger(&self, portal: &PortalKey, line: &str, user: UserId) -> Option<LedgerEntry>;
        fn enter(&self, lease: &Lease, entry: LedgerEntry) -> ();
        fn strike(&self, lease: &Lease, line: &str, user: UserId, row: Uuid) -> ();
    }
    Sessions {
        fn note_sessions(&self, portal: &PortalKey, changes: Vec<SessionChange>) -> ();
        fn open_sessions(&self, portal: &PortalKey, since: Timestamp) -> Vec<OpenSession>;
    }
    Portals {
        fn portal(&self, key: &PortalKey) -> Option<PortalRecord>;
        fn portals(&self) -> Vec<PortalRecord>;
        fn put_portal(&self, record: PortalRecord, now: Timestamp) -> Option<u64>;
        fn forget_portal(&self, key: &PortalKey) -> ();
        fn put_pending(&self, pending: PendingPortal, max: u32, max_age: Duration, now: Timestamp) -> PutPending;
        fn pending(&self, max_age: Duration, now: Timestamp) -> Vec<PendingPortal>;
        fn drop_pending(&self, id: PendingId) -> ();
        fn begin_refresh(&self, key: &PortalKey, generation: u64, ttl: Duration, now: Timestamp) -> bool;
    }
}

// Housekeeping, levels and the inbox run by the clock, not by the scenario: they would make the points differ from run to
// run.

#[async_trait]
impl Levels for PointedStore {
    async fn level(&self, egress: &str, member: &MemberId) -> Result<Option<BucketLevel>, StoreError> {
        self.inner.level(egress, member).await
    }

    async fn keep_levels(&self, egress: &str, levels: Vec<BucketLevel>) -> Result<(), StoreError> {
        self.inner.keep_levels(egress, levels).await
    }
}

#[async_trait]
impl Inbox for PointedStore {
    async fn inbox(&self, state: Option<InboxState>, limit: u32) -> Result<Vec<InboxEntry>, StoreError> {
        self.inner.inbox(state, limit).await
    }

    async fn inbox_entry(&self, item: InboxItem) -> Result<Option<InboxEntry>, StoreError> {
        self.inner.inbox_entry(item).await
    }

    async fn trace(
        &self,
        portal: &PortalKey,
        keys: Vec<DedupeKey>,
    ) -> Result<Vec<Option<Trace>>, StoreError> {
        self.inner.trace(portal, keys).await
    }

    async fn request(&self, request: InboxRequest, now: Timestamp) -> Result<(), StoreError> {
        self.inner.request(request, now).await?;
        if let Some(requested) = &self.requested {
            requested.notify_one();
        }
        Ok(())
    }

    async fn carry_out_requests(&self, now: Timestamp) -> Result<Reopened, StoreError> {
        if let Some(requested) = &self.requested {
            requested.notified().await;
        }
        self.inner.carry_out_requests(now).await
    }
}

#[async_trait]
impl Upkeep for PointedStore {
    async fn sweep(&self, retention: &Retention, limit: u32, now: Timestamp) -> Result<Swept, StoreError> {
        self.inner.sweep(retention, limit, now).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.inner.probe().await
    }

    fn identity(&self) -> [u8; 16] {
        self.inner.identity()
    }
}
