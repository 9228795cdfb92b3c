//! A store to try, and short ways to say what is done with it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use openlines::{
    store::{
        Appended, Committed, DedupeKey, DedupeKind, JournalRow, LaneChange, LaneKey, LaneState, Lease,
        MemoryStore, NewEvent, NewOutboxRow, NodeId, OpenMode, OutboxId, Parking, Priority, Retention, Seq,
        SqliteStore, Store, StoreError, StoreErrorKind, TimerChange, Turn, TurnCommit,
    },
    wire::{BotId, MessageId, PortalKey, Timestamp},
};
use uuid::Uuid;

/// Which implementation is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
}

/// A store that can be closed and opened again.
pub(crate) struct Bed {
    store: Option<Arc<dyn Store>>,
    again: Again,
}

enum Again {
    Memory(MemoryStore),
    Sqlite(tempfile::TempDir),
}

impl Bed {
    pub(crate) fn new(kind: Kind) -> Self {
        let again = match kind {
            Kind::Memory => Again::Memory(MemoryStore::new()),
            Kind::Sqlite => Again::Sqlite(tempfile::tempdir().unwrap()),
        };
        let mut bed = Self { store: None, again };
        bed.reopen();
        bed
    }

    /// Closes the store and opens it again, as a restart does.
    pub(crate) fn reopen(&mut self) {
        self.store = None;
        self.store = Some(match &self.again {
            Again::Memory(store) => Arc::new(store.clone()),
            Again::Sqlite(dir) => {
                Arc::new(SqliteStore::open(dir.path().join("bot.db"), OpenMode::Server).unwrap())
            }
        });
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_deref().unwrap()
    }

    pub(crate) async fn lease(&self, portal: &PortalKey) -> Lease {
        let leases = self.store().acquire(std::slice::from_ref(portal), &NodeId::new("n"), at(0)).await;
        leases.unwrap().remove(0)
    }

    /// Appends one message and returns its place.
    pub(crate) async fn message(&self, portal: &PortalKey, lane: &str, id: i64, now: i64) -> Seq {
        self.append(message(portal, lane, id), now).await.expect("fresh")
    }

    pub(crate) async fn append(&self, event: NewEvent, now: i64) -> Option<Seq> {
        match self.store().append(vec![event], at(now)).await.unwrap()[..] {
            [Appended::Fresh(seq)] => Some(seq),
            [Appended::Duplicate] => None,
            _ => panic!("one event, one answer"),
        }
    }

    pub(crate) async fn start(&self, lease: &Lease, seqs: &[Seq]) -> Turn {
        self.store().start_turn(lease, seqs, at(0)).await.unwrap()
    }

    /// Starts and commits a turn of one event with these calls.
    pub(crate) async fn finish(&self, lease: &Lease, lane: &str, seq: Seq, calls: &[&str]) -> Vec<OutboxId> {
        let turn = self.start(lease, &[seq]).await;
        let mut commit = commit_of(&turn, lane);
        commit.outbox = calls.iter().map(|name| call(lane, name)).collect();
        done(self.store().commit(lease, commit, at(50)).await)
    }

    /// Parks a turn that changes nothing else.
    pub(crate) async fn park(&self, lease: &Lease, turn: &Turn, error: &str, now: i64) {
        done(self.store().park(lease, parking_of(turn, "a", error), at(now)).await);
    }

    pub(crate) async fn waiting(&self, lease: &Lease) -> Vec<JournalRow> {
        self.store().load(lease, Seq(0), 1000).await.unwrap()
    }

    pub(crate) async fn waiting_seqs(&self, lease: &Lease) -> Vec<Seq> {
        self.waiting(lease).await.iter().map(|row| row.seq).collect()
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

pub(crate) fn portal(name: &str) -> PortalKey {
    PortalKey::new("app", name)
}

pub(crate) fn key(kind: DedupeKind, ordinal: i64, digest: u8) -> DedupeKey {
    DedupeKey { bot: BotId::new(39), kind, ordinal, digest: [digest; 16] }
}

pub(crate) fn event(portal: &PortalKey, lane: &str, dedupe: DedupeKey) -> NewEvent {
    NewEvent {
        portal: portal.clone(),
        lane: LaneKey::new(lane),
        code: "ONIMBOTMESSAGEADD".into(),
        message: (dedupe.kind == DedupeKind::Message).then_some(MessageId::new(dedupe.ordinal)),
        body: Bytes::from(format!("body of {}", dedupe.ordinal)),
        dedupe,
        park: None,
        quiet: false,
        read: None,
    }
}

pub(crate) fn message(portal: &PortalKey, lane: &str, id: i64) -> NewEvent {
    event(portal, lane, key(DedupeKind::Message, id, 0))
}

pub(crate) fn call(dialog: &str, name: &str) -> NewOutboxRow {
    NewOutboxRow {
        dialog: dialog.into(),
        priority: Priority::Reply,
        call: format!(r#"{{"method":"{name}"}}"#),
        uuid: Uuid::new_v4(),
        marked: false,
    }
}

/// A commit that changes nothing but that the turn is done.
pub(crate) fn commit_of(turn: &Turn, lane: &str) -> TurnCommit {
    TurnCommit {
        turn: turn.id,
        lane: LaneKey::new(lane),
        consumed: turn.seqs.clone(),
        change: None,
        outbox: Vec::new(),
        timers: Vec::new(),
    }
}

/// A parking that changes nothing of the lane.
pub(crate) fn parking_of(turn: &Turn, lane: &str, error: &str) -> Parking {
    let (lane, error) = (LaneKey::new(lane), error.to_owned());
    Parking { turn: turn.id, lane, error, change: None, timers: Vec::new() }
}

pub(crate) fn change(expected: u64, dialogue: &str) -> Option<LaneChange> {
    let dialogue = Some(Bytes::copy_from_slice(dialogue.as_bytes()));
    Some(LaneChange { expected, state: LaneState { dialogue, last_message: 7, ..LaneState::default() } })
}

pub(crate) fn set_timer(id: &str, due: i64) -> TimerChange {
    TimerChange::Set { id: id.into(), at: at(due), payload: Bytes::from_static(b"wake") }
}

pub(crate) fn done(committed: Result<Committed, StoreError>) -> Vec<OutboxId> {
    match committed.unwrap() {
        Committed::Done(ids) => ids,
        Committed::Conflict => panic!("a conflict where the commit should have gone through"),
    }
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, StoreError>, kind: StoreErrorKind) {
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
}

/// Retention of so many seconds for everything.
pub(crate) fn retention(seconds: u64) -> Retention {
    let span = Duration::from_secs(seconds);
    let mut retention = Retention::default();
    (retention.bodies, retention.keys, retention.sent, retention.parked) = (span, span, span, span);
    (retention.ledger, retention.sessions) = (span, span);
    retention
}
