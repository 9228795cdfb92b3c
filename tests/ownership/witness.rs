//! What is seen of a take-over: when the process knew of it, and when a message to the client began and ended.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use openlines::{
    rest::{Api, Call, CallError, Departure},
    store::{
        Appended, BucketLevel, Committed, DedupeKey, DueTimer, Inbox, InboxEntry, InboxItem, InboxRequest,
        InboxState, Journal, JournalRow, LaneKey, LaneState, Lease, Ledger, LedgerEntry, Levels, MemoryStore,
        NewEvent, NodeId, OpenSession, Outbox, OutboxId, OutboxRow, Parking, PendingId, PendingPortal,
        PortalRecord, Portals, PutPending, Reopened, Retention, SendOutcome, SentBefore, Seq, SessionChange,
        Sessions, StepValue, Store, StoreError, Swept, Trace, Turn, TurnCommit, TurnId, Upkeep, Work,
    },
    wire::{MemberId, PortalKey, Timestamp, UserId},
};
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

/// The words by which operators take over in these tests.
pub(crate) const TAKES: &str = "I take over";

/// One thing seen, in the order in which they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An operator's word is accepted, in the lane of this name.
    Known(String),
    /// A message into this chat leaves.
    Began(i64),
    /// Its call is over.
    Ended(i64),
}

/// Looks on. Clones see together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witness {
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Withheld rows are not settled: the process ends before that.
    pub(crate) never_settles: Arc<AtomicBool>,
    /// While this is so, messages reach the portal, and its answers wait here.
    holds: Arc<watch::Sender<bool>>,
    held: Arc<Mutex<Vec<Vec<i64>>>>,
}

impl Witness {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// From now on the answers to messages wait, or those that wait come.
    pub(crate) fn hold_answers(&self, on: bool) {
        self.holds.send_replace(on);
    }

    /// The chats of each call whose answer waited, or waits.
    pub(crate) fn held(&self) -> Vec<Vec<i64>> {
        self.held.lock().unwrap().clone()
    }

    async fn hold(&self, chats: &[i64]) {
        if !chats.is_empty() && *self.holds.borrow() {
            self.held.lock().unwrap().push(chats.to_vec());
            let _ = self.holds.subscribe().wait_for(|holds| !holds).await;
        }
    }

    fn sees(&self, what: Seen) {
        self.seen.lock().unwrap().push(what);
    }

    pub(crate) fn api(&self, inner: Arc<dyn Api>) -> Arc<dyn Api> {
        Arc::new(WatchedApi { inner, witness: self.clone() })
    }

    pub(crate) fn store(&self, inner: Arc<MemoryStore>) -> Arc<dyn Store> {
        Arc::new(WatchedStore { inner, witness: self.clone() })
    }
}

#[derive(Debug)]
struct WatchedApi<A> {
    inner: A,
    witness: Witness,
}

/// Asked after the engine's own departure: it goes out now.
struct Leaving {
    witness: Witness,
    chats: Vec<i64>,
    left: AtomicBool,
}

#[async_trait]
impl Departure for Leaving {
    async fn leaving(&self, _call: &Call) -> Result<(), CallError> {
        if !self.left.swap(true, Ordering::SeqCst) {
            self.chats.iter().for_each(|chat| self.witness.sees(Seen::Began(*chat)));
        }
        Ok(())
    }
}

/// The chats that a call speaks into, alone or in a batch.
fn chats_spoken_in(call: &Call) -> Vec<i64> {
    const SEND: &str = "imbot.v2.Chat.Message.send";
    let chat = |dialog: &str| dialog.strip_prefix("chat")?.parse().ok();
    match &*call.method {
        SEND => call.params["dialogId"].as_str().and_then(chat).into_iter().collect(),
        "batch" => {
            let commands = call.params["cmd"].as_object().into_iter().flat_map(|commands| commands.values());
            let sends = commands.filter_map(Value::as_str).filter(|command| command.starts_with(SEND));
            let pairs = sends.flat_map(|command| command.split(['?', '&']));
            pairs.filter_map(|pair| chat(pair.strip_prefix("dialogId=")?)).collect()
        }
        _ => Vec::new(),
    }
}

#[async_trait]
impl Api for WatchedApi<Arc<dyn Api>> {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let (witness, chats) = (self.witness.clone(), chats_spoken_in(&call));
        let leaving = Arc::new(Leaving { witness, chats, left: AtomicBool::new(false) });
        let answer = self.inner.call(call.departing(leaving.clone())).await;
        if leaving.left.load(Ordering::SeqCst) {
            self.witness.hold(&leaving.chats).await;
            leaving.chats.iter().for_each(|chat| self.witness.sees(Seen::Ended(*chat)));
        }
        answer
    }
}

#[derive(Debug)]
struct WatchedStore {
    inner: Arc<MemoryStore>,
    witness: Witness,
}

#[async_trait]
impl Journal for WatchedStore {
    async fn append(&self, events: Vec<NewEvent>, now: Timestamp) -> Result<Vec<Appended>, StoreError> {
        let by_operators = events.iter().filter(|event| String::from_utf8_lossy(&event.body).contains(TAKES));
        let lanes: Vec<String> = by_operators.map(|event| event.lane.as_str().to_owned()).collect();
        let appended = self.inner.append(events, now).await?;
        lanes.into_iter().for_each(|lane| self.witness.sees(Seen::Known(lane)));
        Ok(appended)
    }
}

/// Methods that are handed on as they are.
macro_rules! handed_on {
    ($($trait:ident { $(fn $method:ident(&self $(, $name:ident: $kind:ty)*) -> $result:ty;)+ $(=> $($own:item)+)? })+) => {$(
        #[async_trait]
        impl $trait for WatchedStore {
            $(
                async fn $method(&self $(, $name: $kind)*) -> Result<$result, StoreError> {
                    self.inner.$method($($name),*).await
                }
            )+
            $($($own)+)?
        }
    )+};
}

handed_on! {
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
    Levels {
        fn level(&self, egress: &str, member: &MemberId) -> Option<BucketLevel>;
        fn keep_levels(&self, egress: &str, levels: Vec<BucketLevel>) -> ();
    }
    Sessions {
        fn note_sessions(&self, portal: &PortalKey, changes: Vec<SessionChange>) -> ();
        fn open_sessions(&self, portal: &PortalKey, since: Timestamp) -> Vec<OpenSession>;
    }
    Ledger {
        fn ledger(&self, portal: &PortalKey, line: &str, user: UserId) -> Option<LedgerEntry>;
        fn enter(&self, lease: &Lease, entry: LedgerEntry) -> ();
        fn strike(&self, lease: &Lease, line: &str, user: UserId, row: Uuid) -> ();
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
    Inbox {
        fn inbox(&self, state: Option<InboxState>, limit: u32) -> Vec<InboxEntry>;
        fn inbox_entry(&self, item: InboxItem) -> Option<InboxEntry>;
        fn trace(&self, portal: &PortalKey, keys: Vec<DedupeKey>) -> Vec<Option<Trace>>;
        fn request(&self, request: InboxRequest, now: Timestamp) -> ();
        fn carry_out_requests(&self, now: Timestamp) -> Reopened;
    }
    Outbox {
        fn unsettled(&self, lease: &Lease, after: OutboxId, limit: u32) -> Vec<OutboxRow>;
        fn mark_sending(&self, lease: &Lease, rows: &[OutboxId], now: Timestamp) -> ();
        fn note(&self, lease: &Lease, row: OutboxId, note: &str) -> ();
        fn sent_before(&self, lease: &Lease, row: OutboxId, limit: u32) -> SentBefore;
        =>
        async fn settle(
            &self,
            lease: &Lease,
            row: OutboxId,
            outcome: SendOutcome,
            now: Timestamp,
        ) -> Result<(), StoreError> {
            let withheld = matches!(outcome, SendOutcome::Withheld(_));
            if withheld && self.witness.never_settles.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            self.inner.settle(lease, row, outcome, now).await
        }
    }
    Upkeep {
        fn sweep(&self, retention: &Retention, limit: u32, now: Timestamp) -> Swept;
        fn probe(&self) -> ();
        =>
        fn identity(&self) -> [u8; 16] {
            self.inner.identity()
        }
    }
}
