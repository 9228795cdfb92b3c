//! The tables, named and keyed as in the SQLite store.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;

use crate::{
    store::{
        BucketLevel, InboxRequest, InboxState, JournalRow, LaneKey, LaneState, Lease, LedgerEntry, NewEvent,
        NewOutboxRow, OpenSession, OutboxId, OutboxRow, OutboxState, PendingId, PendingPortal, PortalRecord,
        Seq, StepValue, StoreError, TurnId, naming,
    },
    wire::{BotId, ChatId, MemberId, PortalKey, Timestamp, UserId},
};

/// (portal, bot, message or other, ordinal, digest); a plain message has no digest.
pub(super) type Fact = (i64, i64, u8, i64, Option<[u8; 16]>);

pub(super) struct Known {
    pub(super) no: i64,
    pub(super) epoch: u64,
}

pub(super) struct Event {
    pub(super) no: i64,
    pub(super) fact: Fact,
    pub(super) event: NewEvent,
    pub(super) accepted: Timestamp,
}

pub(super) struct Parked {
    pub(super) at: Timestamp,
    pub(super) error: String,
}

#[derive(Default)]
pub(super) struct Tries {
    pub(super) attempts: u32,
    pub(super) retry_at: Option<Timestamp>,
    pub(super) error: String,
}

pub(super) struct Timer {
    pub(super) generation: u64,
    pub(super) at: Option<Timestamp>,
    pub(super) payload: Bytes,
}

pub(super) struct Call {
    pub(super) no: i64,
    pub(super) row: NewOutboxRow,
    pub(super) created: Timestamp,
}

pub(super) struct OpenCall {
    pub(super) state: OutboxState,
    pub(super) attempts: u32,
    pub(super) first_sent: Option<Timestamp>,
    pub(super) retry_at: Option<Timestamp>,
    pub(super) error: String,
    pub(super) note: Option<String>,
}

impl OpenCall {
    /// As new, or as marked at a moment.
    pub(super) fn new(marked: Option<Timestamp>) -> Self {
        Self {
            state: if marked.is_some() { OutboxState::Marked } else { OutboxState::Queued },
            attempts: u32::from(marked.is_some()),
            first_sent: marked,
            retry_at: None,
            error: String::new(),
            note: None,
        }
    }
}

pub(super) struct Stuck {
    pub(super) state: InboxState,
    pub(super) attempts: u32,
    pub(super) at: Timestamp,
    pub(super) error: String,
}

pub(super) struct Tables {
    identity: [u8; 16],
    next_no: i64,
    pub(super) next_seq: i64,
    pub(super) next_call: i64,
    /// A portal that is met for the first time, or again after it was forgotten, starts at this epoch.
    pub(super) epoch_floor: u64,
    pub(super) known: HashMap<PortalKey, Known>,
    pub(super) facts: BTreeMap<Fact, i64>,
    pub(super) events: BTreeMap<i64, Event>,
    pub(super) bodies: BTreeMap<i64, Bytes>,
    pub(super) waiting: BTreeSet<(i64, i64)>,
    pub(super) parked: BTreeMap<i64, Parked>,
    pub(super) tries: BTreeMap<i64, Tries>,
    /// Turn of each frozen event.
    pub(super) frozen: BTreeMap<i64, i64>,
    /// Members of each frozen turn, in their order.
    pub(super) members: BTreeMap<i64, Vec<i64>>,
    pub(super) steps: BTreeMap<i64, BTreeMap<String, StepValue>>,
    pub(super) done: BTreeMap<i64, Vec<OutboxId>>,
    pub(super) lanes: BTreeMap<(i64, LaneKey), LaneState>,
    pub(super) timers: BTreeMap<(i64, LaneKey, String), Timer>,
    pub(super) calls: BTreeMap<i64, Call>,
    pub(super) open_calls: BTreeMap<(i64, i64), OpenCall>,
    /// When, and the result of what was sent.
    pub(super) settled: BTreeMap<i64, (Timestamp, Option<String>)>,
    pub(super) stuck: BTreeMap<i64, Stuck>,
    pub(super) ledger: BTreeMap<(i64, String, UserId), LedgerEntry>,
    pub(super) sessions: BTreeMap<(i64, ChatId, BotId), OpenSession>,
    pub(super) levels: BTreeMap<(String, MemberId), BucketLevel>,
    pub(super) records: BTreeMap<PortalKey, PortalRecord>,
    pub(super) pending: BTreeMap<PendingId, PendingPortal>,
    pub(super) refreshing: BTreeMap<PortalKey, (u64, Timestamp)>,
    pub(super) requests: Vec<InboxRequest>,
}

impl Tables {
    pub(super) fn new(identity: [u8; 16]) -> Self {
        Self {
            identity,
            next_no: 1,
            next_seq: 1,
            next_call: 1,
            epoch_floor: 0,
            known: HashMap::new(),
            facts: BTreeMap::new(),
            events: BTreeMap::new(),
            bodies: BTreeMap::new(),
            waiting: BTreeSet::new(),
            parked: BTreeMap::new(),
            tries: BTreeMap::new(),
            frozen: BTreeMap::new(),
            members: BTreeMap::new(),
            steps: BTreeMap::new(),
            done: BTreeMap::new(),
            lanes: BTreeMap::new(),
            timers: BTreeMap::new(),
            calls: BTreeMap::new(),
            open_calls: BTreeMap::new(),
            settled: BTreeMap::new(),
            stuck: BTreeMap::new(),
            ledger: BTreeMap::new(),
            sessions: BTreeMap::new(),
            levels: BTreeMap::new(),
            records: BTreeMap::new(),
            pending: BTreeMap::new(),
            refreshing: BTreeMap::new(),
            requests: Vec::new(),
        }
    }

    pub(super) fn known(&mut self, portal: &PortalKey) -> &mut Known {
        let (next, epoch) = (&mut self.next_no, self.epoch_floor);
        self.known.entry(portal.clone()).or_insert_with(|| {
            let no = *next;
            *next += 1;
            Known { no, epoch }
        })
    }

    /// The portal's number, if the lease is the newest.
    pub(super) fn check(&self, lease: &Lease) -> Result<i64, StoreError> {
        match self.known.get(&lease.portal) {
            Some(known) if known.epoch == lease.epoch => Ok(known.no),
            _ => Err(StoreError::fenced(lease)),
        }
    }

    pub(super) fn turn_id(&self, portal: &PortalKey, first: i64) -> TurnId {
        naming::turn_id(&self.identity, portal, Seq(first))
    }

    /// The first event of an open turn: what it is kept under.
    pub(super) fn turn_of(&self, no: i64, portal: &PortalKey, turn: TurnId) -> Result<i64, StoreError> {
        let of_portal = self.waiting.range((no, i64::MIN)..=(no, i64::MAX)).map(|(_, seq)| *seq);
        of_portal
            .map(|seq| self.frozen.get(&seq).copied().unwrap_or(seq))
            .find(|first| self.turn_id(portal, *first) == turn)
            .ok_or_else(|| StoreError::gone(format_args!("turn {turn}")))
    }

    /// The members of an open turn.
    pub(super) fn members_of(&self, first: i64) -> Vec<i64> {
        self.members.get(&first).cloned().unwrap_or_else(|| vec![first])
    }

    pub(super) fn freeze(&mut self, first: i64, members: &[i64]) {
        self.members.insert(first, members.to_vec());
        self.frozen.extend(members.iter().map(|seq| (*seq, first)));
    }

    /// Takes an event out of its turn; the steps go with the last member.
    pub(super) fn thaw(&mut self, seq: i64) {
        self.tries.remove(&seq);
        let Some(first) = self.frozen.remove(&seq) else { return };
        let Some(members) = self.members.get_mut(&first) else { return };
        members.retain(|member| *member != seq);
        if members.is_empty() {
            self.members.remove(&first);
            self.steps.remove(&first);
        }
    }

    /// Gives a parked event up.
    pub(super) fn drop_parked(&mut self, seq: i64) -> bool {
        let was_parked = self.parked.remove(&seq).is_some();
        if was_parked {
            self.thaw(seq);
            self.bodies.remove(&seq);
        }
        was_parked
    }

    pub(super) fn row(&self, seq: i64) -> Option<JournalRow> {
        let Event { event, accepted, .. } = self.events.get(&seq)?;
        let tries = self.tries.get(&seq);
        let frozen = self.frozen.get(&seq).map(|first| self.members_of(*first)).unwrap_or_default();
        Some(JournalRow {
            seq: Seq(seq),
            lane: event.lane.clone(),
            code: event.code.clone(),
            message: event.message,
            body: self.bodies.get(&seq).cloned().unwrap_or_default(),
            accepted: *accepted,
            attempts: tries.map_or(0, |tries| tries.attempts),
            retry_at: tries.and_then(|tries| tries.retry_at),
            frozen: frozen.into_iter().map(Seq).collect(),
            read: None,
        })
    }

    pub(super) fn open_call(&self, no: i64, id: i64) -> Option<OutboxRow> {
        let (call, open) = (self.calls.get(&id)?, self.open_calls.get(&(no, id))?);
        Some(OutboxRow {
            id: OutboxId(id),
            dialog: call.row.dialog.clone(),
            priority: call.row.priority,
            call: call.row.call.clone(),
            uuid: call.row.uuid,
            state: open.state,
            attempts: open.attempts,
            first_sent: open.first_sent,
            retry_at: open.retry_at,
            created: call.created,
            note: open.note.clone(),
        })
    }
}
