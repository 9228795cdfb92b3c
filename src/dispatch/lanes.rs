//! Lanes in memory: which event of which dialog runs next.
//!
//! Fed in the journal's order. Among waiting messages of a lane the lowest message id goes first, each kind of event
//! keeping its place otherwise; a turn that failed stays at the head of its lane until it is done or parked.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::heard::Arrival;
use crate::{
    store::{LaneKey, Seq},
    wire::Timestamp,
};

/// Every lane of one portal that has something to do.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<LaneKey, Lane>,
    ready: VecDeque<LaneKey>,
    resting: BTreeSet<(Timestamp, LaneKey)>,
    known: HashSet<Seq>,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Arrival>,
    /// The turn that is running or rests before its next try; its membership does not change.
    head: Option<Vec<Arrival>>,
}

impl Lanes {
    /// Whether the event is here already.
    pub(super) fn knows(&self, seq: Seq) -> bool {
        self.known.contains(&seq)
    }

    /// Takes an event in; one that is here already is left out.
    pub(super) fn push(&mut self, arrival: Arrival) {
        if !self.known.insert(arrival.row.seq) {
            return;
        }
        let key = arrival.row.lane.clone();
        let lane = self.lanes.entry(key.clone()).or_default();
        let idle = lane.head.is_none() && lane.waiting.is_empty();
        lane.waiting.push_back(arrival);
        if idle {
            self.ready.push_back(key);
        }
    }

    /// The next turn to start, with its lane: one event, or the members it was frozen with before a restart.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<(LaneKey, Vec<Arrival>)> {
        while let Some((at, _)) = self.resting.first() {
            if *at > now {
                break;
            }
            if let Some((_, key)) = self.resting.pop_first() {
                self.ready.push_back(key);
            }
        }
        while let Some(key) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            if lane.head.is_none() {
                lane.head = lane.next_turn();
            }
            let Some(head) = &mut lane.head else { continue };
            if let Some(at) =
                head.iter().filter_map(|member| member.row.retry_at).max().filter(|at| *at > now)
            {
                self.resting.insert((at, key));
                continue;
            }
            let members = head
                .iter_mut()
                .map(|Arrival { row, heard }| Arrival { row: row.clone(), heard: heard.take() });
            return Some((key, members.collect()));
        }
        None
    }

    /// The running turn of `lane` is done or parked; the lane goes on.
    pub(super) fn finished(&mut self, key: &LaneKey) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        for member in lane.head.take().unwrap_or_default() {
            self.known.remove(&member.row.seq);
        }
        if lane.waiting.is_empty() {
            self.lanes.remove(key);
        } else {
            self.ready.push_back(key.clone());
        }
    }

    /// The running turn of `lane` is to run again, not before `at`.
    pub(super) fn rest(&mut self, key: &LaneKey, at: Timestamp) {
        if let Some(head) = self.lanes.get_mut(key).and_then(|lane| lane.head.as_mut()) {
            for member in head {
                member.row.retry_at = Some(at);
                member.row.attempts += 1;
            }
            self.resting.insert((at, key.clone()));
        }
    }

    /// The moment the next resting lane wakes.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.resting.first().map(|(at, _)| *at)
    }

    /// Events that are waiting, resting or running.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

impl Lane {
    fn next_turn(&mut self) -> Option<Vec<Arrival>> {
        let first = &self.waiting.front()?.row;
        if first.frozen.len() > 1 {
            let members: HashSet<Seq> = first.frozen.iter().copied().collect();
            let (turn, waiting) =
                std::mem::take(&mut self.waiting).into_iter().partition(|one| members.contains(&one.row.seq));
            self.waiting = waiting;
            return Some(Vec::from(turn as VecDeque<Arrival>));
        }
        let place = if first.message.is_some() {
            let lowest = self
                .waiting
                .iter()
                .enumerate()
                .filter_map(|(place, one)| Some((one.row.message?, place)))
                .min();
            lowest.map_or(0, |(_, place)| place)
        } else {
            0
        };
        self.waiting.remove(place).map(|one| vec![one])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::JournalRow, wire::MessageId};
    use proptest::prelude::*;

    fn row(seq: i64, lane: &str, message: Option<i64>) -> Arrival {
        let row = JournalRow {
            seq: Seq(seq),
            lane: LaneKey::new(lane),
            code: "ONIMBOTV2MESSAGEADD".into(),
            message: message.map(MessageId::new),
            body: bytes::Bytes::new(),
            accepted: Timestamp::default(),
            attempts: 0,
            retry_at: None,
            frozen: Vec::new(),
        };
        Arrival { row, heard: None }
    }

    fn drain(lanes: &mut Lanes) -> Vec<i64> {
        let mut order = Vec::new();
        while let Some((key, rows)) = lanes.start(Timestamp::default()) {
            order.extend(rows.iter().map(|one| one.row.seq.0));
            lanes.finished(&key);
        }
        order
    }

    #[test]
    fn the_lowest_waiting_message_goes_first_and_other_events_keep_their_place() {
        let mut lanes = Lanes::default();
        for (seq, message) in [(1, None), (2, Some(12)), (3, Some(11)), (4, None), (5, Some(13))] {
            lanes.push(row(seq, "a", message));
        }
        assert_eq!(drain(&mut lanes), [1, 3, 2, 4, 5]);
        assert_eq!(lanes.len(), 0);
    }

    #[test]
    fn a_lane_runs_one_turn_at_a_time_while_others_go_on() {
        let mut lanes = Lanes::default();
        lanes.push(row(1, "a", Some(1)));
        lanes.push(row(2, "a", Some(2)));
        lanes.push(row(3, "b", Some(3)));
        let (a, _) = lanes.start(Timestamp::default()).unwrap();
        let (b, rows) = lanes.start(Timestamp::default()).unwrap();
        assert_eq!((a.as_str(), b.as_str(), rows[0].row.seq), ("a", "b", Seq(3)));
        assert!(lanes.start(Timestamp::default()).is_none());
        lanes.finished(&a);
        assert_eq!(lanes.start(Timestamp::default()).unwrap().1[0].row.seq, Seq(2));
    }

    #[test]
    fn a_failed_turn_stays_at_the_head_although_a_lower_message_arrives() {
        let mut lanes = Lanes::default();
        lanes.push(row(1, "a", Some(20)));
        let (key, _) = lanes.start(Timestamp::default()).unwrap();
        lanes.push(row(2, "a", Some(10)));
        lanes.rest(&key, Timestamp::from_seconds(5));
        assert!(lanes.start(Timestamp::from_seconds(4)).is_none());
        assert_eq!(lanes.next_wake(), Some(Timestamp::from_seconds(5)));
        assert_eq!(lanes.start(Timestamp::from_seconds(5)).unwrap().1[0].row.seq, Seq(1));
    }

    #[test]
    fn a_turn_frozen_before_a_restart_runs_with_the_same_members() {
        let mut lanes = Lanes::default();
        let mut first = row(1, "a", Some(1));
        first.row.frozen = vec![Seq(1), Seq(2)];
        let mut second = row(2, "a", Some(2));
        second.row.frozen = vec![Seq(1), Seq(2)];
        lanes.push(first);
        lanes.push(second);
        lanes.push(row(3, "a", Some(3)));
        let (_, rows) = lanes.start(Timestamp::default()).unwrap();
        assert_eq!(rows.iter().map(|one| one.row.seq.0).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_row_that_is_loaded_twice_runs_once() {
        let mut lanes = Lanes::default();
        lanes.push(row(1, "a", Some(1)));
        lanes.push(row(1, "a", Some(1)));
        assert_eq!(drain(&mut lanes), [1]);
    }

    proptest! {
        #[test]
        fn every_row_runs_once_and_messages_of_a_lane_in_id_order_when_all_wait(
            rows in prop::collection::vec((0..4u8, prop::option::of(0..1000i64)), 0..60)
        ) {
            let mut lanes = Lanes::default();
            for (seq, (lane, message)) in rows.iter().enumerate() {
                lanes.push(row(seq as i64, &lane.to_string(), *message));
            }
            let order = drain(&mut lanes);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..rows.len() as i64).collect::<Vec<_>>());
            for lane in 0..4u8 {
                let ids: Vec<i64> = order.iter().map(|seq| &rows[*seq as usize]).filter(|row| row.0 == lane)
                    .filter_map(|row| row.1).collect();
                prop_assert!(ids.is_sorted());
            }
        }
    }
}
