//! What may be done, in small numbers that often meet: an index picks among what the run has come to know.

use openlines::store::DedupeKind;
use proptest::prelude::*;

pub(super) type Pick = u8;

#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) portal: Pick,
    pub(super) lane: Pick,
    pub(super) kind: DedupeKind,
    pub(super) ordinal: i64,
    pub(super) digest: u8,
    pub(super) park: bool,
}

#[derive(Debug, Clone)]
pub(super) enum TimerOp {
    Set(Pick, i64),
    Cancel(Pick),
}

#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Sent,
    Withheld,
    Rejected,
    Uncertain,
    Retry { unknown: bool },
}

#[derive(Debug, Clone)]
pub(super) enum Op {
    Reopen,
    Append(Vec<Arrival>),
    Acquire(Vec<Pick>),
    Load {
        lease: Pick,
        after: Pick,
        limit: u32,
    },
    Lane {
        lease: Pick,
        lane: Pick,
    },
    StartTurn {
        lease: Pick,
        seqs: Vec<Pick>,
    },
    PutStep {
        lease: Pick,
        turn: Pick,
        name: Pick,
        value: u8,
    },
    Commit {
        lease: Pick,
        turn: Pick,
        lane: Pick,
        /// Other events than the turn's.
        consumed: Option<Vec<Pick>>,
        /// Revision and dialogue.
        change: Option<(u64, u8)>,
        calls: u8,
        timers: Vec<TimerOp>,
    },
    Fail {
        lease: Pick,
        turn: Pick,
    },
    Park {
        lease: Pick,
        turn: Pick,
        lane: Pick,
        /// Revision and dialogue.
        change: Option<(u64, u8)>,
        timers: Vec<TimerOp>,
    },
    DueTimers {
        lease: Pick,
        limit: u32,
    },
    NextTimer {
        lease: Pick,
    },
    TimerFired {
        lease: Pick,
        timer: Pick,
    },
    Unsettled {
        lease: Pick,
        after: Pick,
        limit: u32,
    },
    MarkSending {
        lease: Pick,
        calls: Vec<Pick>,
    },
    Settle {
        lease: Pick,
        call: Pick,
        outcome: Outcome,
    },
    Inbox {
        state: Pick,
        limit: u32,
    },
    Entry {
        call: bool,
        item: Pick,
    },
    Request {
        retry: bool,
        call: bool,
        item: Pick,
    },
    CarryOut,
    Sweep {
        bodies: u64,
        keys: u64,
        sent: u64,
        parked: u64,
        limit: u32,
    },
    Forget {
        portal: Pick,
    },
    PutPortal {
        portal: Pick,
        generation: u64,
    },
    PutPending {
        id: u8,
        max: u32,
    },
    Pending,
    DropPending {
        id: u8,
    },
    BeginRefresh {
        portal: Pick,
        generation: u64,
    },
}

fn arrival() -> impl Strategy<Value = Arrival> {
    let kind = prop_oneof![
        4 => Just(DedupeKind::Message),
        2 => Just(DedupeKind::TypedCommand),
        2 => Just(DedupeKind::Other),
    ];
    (0..2u8, 0..2u8, kind, 0..12i64, 0..3u8, prop::bool::weighted(0.1)).prop_map(
        |(portal, lane, kind, ordinal, digest, park)| Arrival { portal, lane, kind, ordinal, digest, park },
    )
}

fn timers() -> impl Strategy<Value = Vec<TimerOp>> {
    let timer = prop_oneof![
        (0..3u8, 0..200i64).prop_map(|(id, after)| TimerOp::Set(id, after)),
        (0..3u8).prop_map(TimerOp::Cancel),
    ];
    prop::collection::vec(timer, 0..3)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Sent),
        Just(Outcome::Withheld),
        Just(Outcome::Rejected),
        Just(Outcome::Uncertain),
        any::<bool>().prop_map(|unknown| Outcome::Retry { unknown }),
    ]
}

/// Mostly the newest, which is what works.
fn lease() -> impl Strategy<Value = Pick> {
    prop_oneof![8 => 0..2u8, 1 => any::<Pick>()]
}

fn commit() -> impl Strategy<Value = Op> {
    let consumed = prop::option::weighted(0.15, prop::collection::vec(any::<Pick>(), 0..3));
    let change = prop::option::weighted(0.5, (0..4u64, any::<u8>()));
    (lease(), any::<Pick>(), 0..2u8, consumed, change, 0..3u8, timers()).prop_map(
        |(lease, turn, lane, consumed, change, calls, timers)| Op::Commit {
            lease,
            turn,
            lane,
            consumed,
            change,
            calls,
            timers,
        },
    )
}

fn park() -> impl Strategy<Value = Op> {
    let change = prop::option::weighted(0.5, (0..4u64, any::<u8>()));
    (lease(), any::<Pick>(), 0..2u8, change, timers())
        .prop_map(|(lease, turn, lane, change, timers)| Op::Park { lease, turn, lane, change, timers })
}

fn turns() -> impl Strategy<Value = Op> {
    let seqs = prop::collection::vec(any::<Pick>(), 0..4);
    prop_oneof![
        6 => (lease(), seqs).prop_map(|(lease, seqs)| Op::StartTurn { lease, seqs }),
        3 => (lease(), any::<Pick>(), 0..2u8, any::<u8>())
            .prop_map(|(lease, turn, name, value)| Op::PutStep { lease, turn, name, value }),
        6 => commit(),
        2 => (lease(), any::<Pick>()).prop_map(|(lease, turn)| Op::Fail { lease, turn }),
        3 => park(),
        2 => (lease(), any::<Pick>(), 0..9u32)
            .prop_map(|(lease, after, limit)| Op::Load { lease, after, limit }),
        1 => (lease(), 0..2u8).prop_map(|(lease, lane)| Op::Lane { lease, lane }),
        1 => (lease(), 0..4u32).prop_map(|(lease, limit)| Op::DueTimers { lease, limit }),
        1 => lease().prop_map(|lease| Op::NextTimer { lease }),
        1 => (lease(), any::<Pick>()).prop_map(|(lease, timer)| Op::TimerFired { lease, timer }),
    ]
}

fn calls() -> impl Strategy<Value = Op> {
    let some = prop::collection::vec(any::<Pick>(), 0..3);
    prop_oneof![
        (lease(), any::<Pick>(), 0..9u32).prop_map(|(lease, after, limit)| Op::Unsettled {
            lease,
            after,
            limit
        }),
        (lease(), some).prop_map(|(lease, calls)| Op::MarkSending { lease, calls }),
        (lease(), any::<Pick>(), outcome()).prop_map(|(lease, call, outcome)| Op::Settle {
            lease,
            call,
            outcome
        }),
    ]
}

fn people() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0..5u8, 0..9u32).prop_map(|(state, limit)| Op::Inbox { state, limit }),
        (any::<bool>(), any::<Pick>()).prop_map(|(call, item)| Op::Entry { call, item }),
        (any::<bool>(), any::<bool>(), any::<Pick>()).prop_map(|(retry, call, item)| Op::Request {
            retry,
            call,
            item
        }),
        Just(Op::CarryOut),
    ]
}

fn portals() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0..2u8, 0..3u64).prop_map(|(portal, generation)| Op::PutPortal { portal, generation }),
        (0..4u8, 0..3u32).prop_map(|(id, max)| Op::PutPending { id, max }),
        Just(Op::Pending),
        (0..4u8).prop_map(|id| Op::DropPending { id }),
        (0..2u8, 0..3u64).prop_map(|(portal, generation)| Op::BeginRefresh { portal, generation }),
    ]
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let span = || prop_oneof![Just(0u64), 0..300u64, Just(1_000_000)];
    prop_oneof![
        3 => Just(Op::Reopen),
        20 => prop::collection::vec(arrival(), 0..4).prop_map(Op::Append),
        4 => prop::collection::vec(0..2u8, 0..3).prop_map(Op::Acquire),
        40 => turns(),
        14 => calls(),
        14 => people(),
        6 => portals(),
        4 => (span(), span(), span(), span(), 0..4u32)
            .prop_map(|(bodies, keys, sent, parked, limit)| Op::Sweep { bodies, keys, sent, parked, limit }),
        1 => (0..2u8).prop_map(|portal| Op::Forget { portal }),
    ]
}
