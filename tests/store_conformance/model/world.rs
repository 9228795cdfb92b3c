//! What a run has come to know, and the calls made with it.

use std::{fmt::Debug, time::Duration};

use bytes::Bytes;
use openlines::{
    store::{
        Appended, Committed, DueTimer, InboxItem, InboxRequest, InboxState, LaneChange, LaneKey, LaneState,
        Lease, NewEvent, NewOutboxRow, NodeId, OutboxId, OutboxState, Parking, PendingId, PendingPortal,
        PortalRecord, PortalStatus, Priority, Retention, SendOutcome, Seq, Store, StoreError, TimerChange,
        Turn, TurnCommit, TurnId,
    },
    wire::{PortalKey, Timestamp},
};
use uuid::Uuid;

use super::op::{Arrival, Op, Outcome, Pick, TimerOp};
use crate::bed::{at, event, key, portal};

const NAMES: [&str; 2] = ["p", "q"];
const TTL: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct World {
    seconds: i64,
    uuids: u128,
    /// Newest first.
    leases: Vec<Lease>,
    seqs: Vec<Seq>,
    turns: Vec<Turn>,
    calls: Vec<OutboxId>,
    timers: Vec<DueTimer>,
}

/// One call with its arguments.
pub(super) enum Call {
    Append(Vec<NewEvent>, Timestamp),
    Acquire(Vec<PortalKey>),
    Load(Lease, Seq, u32),
    Lane(Lease, LaneKey),
    StartTurn(Lease, Vec<Seq>),
    PutStep(Lease, TurnId, String, Bytes),
    Commit(Lease, TurnCommit, Timestamp),
    Fail(Lease, TurnId, Timestamp),
    Park(Lease, Parking, Timestamp),
    DueTimers(Lease, u32, Timestamp),
    NextTimer(Lease),
    TimerFired(Lease, DueTimer),
    Unsettled(Lease, OutboxId, u32),
    MarkSending(Lease, Vec<OutboxId>, Timestamp),
    Settle(Lease, OutboxId, SendOutcome, Timestamp),
    Inbox(Option<InboxState>, u32),
    Entry(InboxItem),
    Request(InboxRequest, Timestamp),
    CarryOut(Timestamp),
    Sweep(Retention, u32, Timestamp),
    Forget(PortalKey),
    PutPortal(PortalRecord, Timestamp),
    PutPending(PendingPortal, u32, Timestamp),
    Pending(Timestamp),
    DropPending(PendingId),
    BeginRefresh(PortalKey, u64, Timestamp),
    Portals,
}

/// An answer as text to be compared, and what can be learned from it.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) text: String,
    leases: Vec<Lease>,
    seqs: Vec<Seq>,
    turn: Option<Turn>,
    calls: Vec<OutboxId>,
    timers: Vec<DueTimer>,
}

/// Errors are compared by kind: their texts name the place.
fn text<T: Debug>(answer: &Result<T, StoreError>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn just<T: Debug>(answer: Result<T, StoreError>) -> Answer {
    Answer { text: text(&answer), ..Answer::default() }
}

impl Call {
    pub(super) async fn of(&self, store: &dyn Store) -> Answer {
        let now = at(0);
        match self {
            Self::Append(events, now) => {
                let answer = store.append(events.clone(), *now).await;
                let fresh = answer.iter().flatten().filter_map(|answer| match answer {
                    Appended::Fresh(seq) => Some(*seq),
                    Appended::Duplicate => None,
                });
                Answer { seqs: fresh.collect(), ..just(answer) }
            }
            Self::Acquire(portals) => {
                let answer = store.acquire(portals, &NodeId::new("n"), now).await;
                Answer { leases: answer.iter().flatten().cloned().collect(), ..just(answer) }
            }
            Self::Load(lease, after, limit) => just(store.load(lease, *after, *limit).await),
            Self::Lane(lease, lane) => just(store.lane(lease, lane).await),
            Self::StartTurn(lease, seqs) => {
                let answer = store.start_turn(lease, seqs, now).await;
                Answer { turn: answer.as_ref().ok().cloned(), ..just(answer) }
            }
            Self::PutStep(lease, turn, name, value) => {
                just(store.put_step(lease, *turn, name, value.clone()).await)
            }
            Self::Commit(lease, commit, now) => {
                let answer = store.commit(lease, commit.clone(), *now).await;
                let calls = match &answer {
                    Ok(Committed::Done(ids)) => ids.clone(),
                    _ => Vec::new(),
                };
                Answer { calls, ..just(answer) }
            }
            Self::Fail(lease, turn, retry_at) => just(store.fail(lease, *turn, "boom", *retry_at).await),
            Self::Park(lease, parking, now) => just(store.park(lease, parking.clone(), *now).await),
            Self::DueTimers(lease, limit, now) => {
                let answer = store.due_timers(lease, *limit, *now).await;
                Answer { timers: answer.iter().flatten().cloned().collect(), ..just(answer) }
            }
            Self::NextTimer(lease) => just(store.next_timer(lease).await),
            Self::TimerFired(lease, timer) => just(store.timer_fired(lease, timer).await),
            Self::Unsettled(lease, after, limit) => {
                let mut answer = store.unsettled(lease, *after, *limit).await;
                for row in answer.iter_mut().flatten() {
                    // Who reads a row first is told so, if the store still knows.
                    if let (OutboxState::Marked, Some(since)) = (row.state, row.first_sent) {
                        row.state = OutboxState::Sending(since);
                    }
                }
                just(answer)
            }
            Self::MarkSending(lease, calls, now) => just(store.mark_sending(lease, calls, *now).await),
            Self::Settle(lease, call, outcome, now) => {
                just(store.settle(lease, *call, outcome.clone(), *now).await)
            }
            Self::Inbox(state, limit) => just(store.inbox(*state, *limit).await),
            Self::Entry(item) => just(store.inbox_entry(*item).await),
            Self::Request(request, now) => just(store.request(*request, *now).await),
            Self::CarryOut(now) => just(store.carry_out_requests(*now).await),
            Self::Sweep(retention, limit, now) => just(store.sweep(retention, *limit, *now).await),
            Self::Forget(portal) => just(store.forget_portal(portal).await),
            Self::PutPortal(record, now) => just(store.put_portal(record.clone(), *now).await),
            Self::PutPending(pending, max, now) => {
                just(store.put_pending(pending.clone(), *max, TTL, *now).await)
            }
            Self::Pending(now) => just(store.pending(TTL, *now).await),
            Self::DropPending(id) => just(store.drop_pending(*id).await),
            Self::BeginRefresh(portal, generation, now) => {
                just(store.begin_refresh(portal, *generation, TTL, *now).await)
            }
            Self::Portals => just(store.portals().await),
        }
    }
}

fn pick<T: Clone>(from: &[T], pick: Pick) -> Option<T> {
    from.get(usize::from(pick) % from.len().max(1)).cloned()
}

fn named(pick: Pick) -> PortalKey {
    portal(NAMES[usize::from(pick) % 2])
}

fn lane(pick: Pick) -> LaneKey {
    LaneKey::new(["a", "b"][usize::from(pick) % 2])
}

fn lane_change((expected, dialogue): (u64, u8)) -> LaneChange {
    let dialogue = Some(Bytes::from(vec![dialogue]));
    LaneChange { expected, state: LaneState { dialogue, ..LaneState::default() } }
}

impl World {
    pub(super) fn pass(&mut self, seconds: u8) {
        self.seconds += i64::from(seconds);
    }

    pub(super) fn learn(&mut self, answer: Answer) {
        for lease in answer.leases {
            self.leases.insert(0, lease);
        }
        self.seqs.extend(answer.seqs);
        self.turns.extend(answer.turn);
        self.calls.extend(answer.calls);
        self.timers.extend(answer.timers);
    }

    /// What shows all that is left.
    pub(super) fn everything(&self) -> Vec<Call> {
        let now = at(self.seconds + 1_000_000);
        let mut calls =
            vec![Call::Portals, Call::Inbox(None, 999), Call::Inbox(Some(InboxState::Pending), 999)];
        for lease in &self.leases {
            let lease = || lease.clone();
            calls.push(Call::Load(lease(), Seq(0), 999));
            calls.push(Call::Unsettled(lease(), OutboxId(0), 999));
            calls.push(Call::DueTimers(lease(), 999, now));
            calls.extend([0, 1].map(|pick| Call::Lane(lease(), lane(pick))));
            calls.extend(self.turns.iter().map(|turn| Call::StartTurn(lease(), turn.seqs.clone())));
        }
        calls
    }

    fn lease(&self, index: Pick) -> Lease {
        pick(&self.leases, index).unwrap_or(Lease { portal: portal("p"), epoch: 9 })
    }

    fn seq(&self, index: Pick) -> Seq {
        pick(&self.seqs, index).unwrap_or(Seq(77))
    }

    fn turn(&self, index: Pick) -> Turn {
        // The latest are the ones still open.
        let latest = &self.turns[self.turns.len().saturating_sub(4)..];
        let never = || Turn { id: TurnId(Uuid::nil()), seqs: vec![Seq(77)], attempts: 0, steps: [].into() };
        pick(latest, index).unwrap_or_else(never)
    }

    fn outbox_id(&self, index: Pick) -> OutboxId {
        pick(&self.calls, index).unwrap_or(OutboxId(77))
    }

    fn item(&self, call: bool, index: Pick) -> InboxItem {
        if call { InboxItem::Call(self.outbox_id(index)) } else { InboxItem::Event(self.seq(index)) }
    }

    fn arrival(arrival: &Arrival) -> NewEvent {
        let lane = lane(arrival.lane);
        let mut event =
            event(&named(arrival.portal), lane.as_str(), key(arrival.kind, arrival.ordinal, arrival.digest));
        event.park = arrival.park.then(|| "odd".into());
        event
    }

    fn outbox_row(&mut self, lane: &LaneKey) -> NewOutboxRow {
        self.uuids += 1;
        NewOutboxRow {
            dialog: lane.as_str().to_owned(),
            priority: Priority::Edit,
            call: r#"{"method":"im.a"}"#.into(),
            uuid: Uuid::from_u128(self.uuids),
            marked: self.uuids.is_multiple_of(3),
        }
    }

    pub(super) fn call(&mut self, op: &Op) -> Call {
        let now = at(self.seconds);
        match op {
            Op::Reopen => Call::Portals,
            Op::Append(arrivals) => Call::Append(arrivals.iter().map(Self::arrival).collect(), now),
            Op::Acquire(portals) => Call::Acquire(portals.iter().copied().map(named).collect()),
            Op::Load { lease, after, limit } => Call::Load(self.lease(*lease), self.seq(*after), *limit),
            Op::Lane { lease, lane: of } => Call::Lane(self.lease(*lease), lane(*of)),
            Op::StartTurn { lease, seqs } => {
                let mut picked: Vec<Seq> = seqs.iter().map(|index| self.seq(*index)).collect();
                let mut seen = Vec::new();
                picked.retain(|seq| {
                    !seen.contains(seq) && {
                        seen.push(*seq);
                        true
                    }
                });
                Call::StartTurn(self.lease(*lease), picked)
            }
            Op::PutStep { lease, turn, name, value } => Call::PutStep(
                self.lease(*lease),
                self.turn(*turn).id,
                format!("step {name}"),
                Bytes::from(vec![*value]),
            ),
            Op::Commit { lease, turn, lane: of, consumed, change, calls, timers } => {
                let (turn, lane) = (self.turn(*turn), lane(*of));
                let commit = TurnCommit {
                    turn: turn.id,
                    consumed: match consumed {
                        Some(seqs) => seqs.iter().map(|index| self.seq(*index)).collect(),
                        None => turn.seqs,
                    },
                    change: change.map(lane_change),
                    outbox: (0..*calls).map(|_| self.outbox_row(&lane)).collect(),
                    timers: timers.iter().map(|timer| self.timer(timer)).collect(),
                    lane,
                };
                Call::Commit(self.lease(*lease), commit, now)
            }
            Op::Fail { lease, turn } => {
                Call::Fail(self.lease(*lease), self.turn(*turn).id, at(self.seconds + 5))
            }
            Op::Park { lease, turn, lane: of, change, timers } => {
                let parking = Parking {
                    turn: self.turn(*turn).id,
                    lane: lane(*of),
                    error: "gave up".into(),
                    change: change.map(lane_change),
                    timers: timers.iter().map(|timer| self.timer(timer)).collect(),
                };
                Call::Park(self.lease(*lease), parking, now)
            }
            Op::DueTimers { lease, limit } => Call::DueTimers(self.lease(*lease), *limit, now),
            Op::NextTimer { lease } => Call::NextTimer(self.lease(*lease)),
            Op::TimerFired { lease, timer } => match pick(&self.timers, *timer) {
                Some(timer) => Call::TimerFired(self.lease(*lease), timer),
                None => Call::NextTimer(self.lease(*lease)),
            },
            Op::Unsettled { lease, after, limit } => {
                Call::Unsettled(self.lease(*lease), self.outbox_id(*after), *limit)
            }
            Op::MarkSending { lease, calls } => {
                let ids = calls.iter().map(|index| self.outbox_id(*index)).collect();
                Call::MarkSending(self.lease(*lease), ids, now)
            }
            Op::Settle { lease, call, outcome } => {
                Call::Settle(self.lease(*lease), self.outbox_id(*call), self.outcome(outcome), now)
            }
            Op::Inbox { state, limit } => {
                let states = [
                    None,
                    Some(InboxState::Pending),
                    Some(InboxState::Parked),
                    Some(InboxState::Uncertain),
                    Some(InboxState::Rejected),
                ];
                Call::Inbox(states[usize::from(*state)], *limit)
            }
            Op::Entry { call, item } => Call::Entry(self.item(*call, *item)),
            Op::Request { retry, call, item } => {
                let item = self.item(*call, *item);
                let request = if *retry { InboxRequest::Retry(item) } else { InboxRequest::Drop(item) };
                Call::Request(request, now)
            }
            Op::CarryOut => Call::CarryOut(now),
            Op::Sweep { bodies, keys, sent, parked, limit } => {
                let mut retention = Retention::default();
                retention.bodies = Duration::from_secs(*bodies);
                retention.keys = Duration::from_secs(*keys);
                retention.sent = Duration::from_secs(*sent);
                retention.parked = Duration::from_secs(*parked);
                Call::Sweep(retention, *limit, now)
            }
            Op::Forget { portal } => Call::Forget(named(*portal)),
            Op::PutPortal { portal, generation } => {
                let record = PortalRecord {
                    key: named(*portal),
                    generation: *generation,
                    status: PortalStatus::Active,
                    domain: "x.example".into(),
                    sealed: Bytes::from_static(b"sealed"),
                    updated: at(0),
                };
                Call::PutPortal(record, now)
            }
            Op::PutPending { id, max } => {
                let pending =
                    PendingPortal { id: PendingId([*id; 16]), sealed: vec![*id].into(), received: now };
                Call::PutPending(pending, *max, now)
            }
            Op::Pending => Call::Pending(now),
            Op::DropPending { id } => Call::DropPending(PendingId([*id; 16])),
            Op::BeginRefresh { portal, generation } => Call::BeginRefresh(named(*portal), *generation, now),
        }
    }

    fn timer(&self, timer: &TimerOp) -> TimerChange {
        match timer {
            TimerOp::Set(id, after) => TimerChange::Set {
                id: format!("timer {id}"),
                at: at(self.seconds + after),
                payload: vec![*id].into(),
            },
            TimerOp::Cancel(id) => TimerChange::Cancel { id: format!("timer {id}") },
        }
    }

    fn outcome(&self, outcome: &Outcome) -> SendOutcome {
        match outcome {
            Outcome::Sent => SendOutcome::Sent("1".into()),
            Outcome::Withheld => SendOutcome::Withheld("why".into()),
            Outcome::Rejected => SendOutcome::Rejected("no".into()),
            Outcome::Uncertain => SendOutcome::Uncertain("maybe".into()),
            Outcome::Retry { unknown } => {
                SendOutcome::Retry { at: at(self.seconds + 3), error: "again".into(), unknown: *unknown }
            }
        }
    }
}
