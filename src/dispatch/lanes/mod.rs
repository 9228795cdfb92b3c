//! Lanes in memory: which events of which dialog are the next turn.
//!
//! Fed in the journal's order. Among waiting messages of a lane the lowest message id goes first, each kind of event
//! keeping its place otherwise; a turn that failed stays at the head of its lane until it is done or parked, and one
//! that was frozen before a restart is its head again. Messages of a burst wait for one another.

mod lane;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::heard::Arrival;
use crate::{
    store::{LaneKey, Seq},
    wire::Timestamp,
};
use lane::{Lane, Next};

/// Every lane of one portal that has something to do.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<LaneKey, Lane>,
    ready: VecDeque<LaneKey>,
    /// Lanes whose turn failed, and such that gather a burst.
    resting: BTreeSet<(Timestamp, LaneKey)>,
    known: HashSet<Seq>,
    /// Lanes that start no turn, and those of them that would.
    held: HashSet<LaneKey>,
    kept: Vec<LaneKey>,
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
        let was_empty = lane.len() == 0;
        lane.waiting.push_back(arrival);
        // What gathers is looked at again: it may have grown, or ended.
        let gathered = if lane.head.is_none() { lane.until.take() } else { None };
        if let Some(until) = gathered {
            self.resting.remove(&(until, key.clone()));
        }
        if was_empty || gathered.is_some() {
            self.ready.push_back(key);
        }
    }

    /// Starts no turn in these lanes, and goes on in all others.
    pub(super) fn hold(&mut self, held: HashSet<LaneKey>) {
        self.held = held;
        let released = self.kept.extract_if(.., |key| !self.held.contains(key));
        self.ready.extend(released);
    }

    /// Whether a turn may be there to start.
    pub(super) fn any_ready(&self, now: Timestamp) -> bool {
        !self.ready.is_empty() || self.resting.first().is_some_and(|(at, _)| *at <= now)
    }

    /// The next turn to start, with its lane: one event, a burst, or the members it was frozen with before a restart.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<(LaneKey, Vec<Arrival>)> {
        while self.resting.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, key)) = self.resting.pop_first() else { break };
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.until = None;
                self.ready.push_back(key);
            }
        }
        while let Some(key) = self.ready.pop_front() {
            if self.held.contains(&key) {
                self.kept.push(key);
                continue;
            }
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            if lane.head.is_none() {
                match lane.next_turn(now) {
                    Next::Turn(members) => lane.head = Some(members),
                    Next::Gathers(until) => {
                        lane.until = Some(until);
                        self.resting.insert((until, key));
                        continue;
                    }
                    Next::Nothing => continue,
                }
            }
            let Some(head) = &mut lane.head else { continue };
            let again = head.iter().filter_map(|member| member.row.retry_at).max();
            if let Some(at) = again.filter(|at| *at > now) {
                lane.until = Some(at);
                self.resting.insert((at, key));
                continue;
            }
            let member =
                |one: &mut Arrival| Arrival { row: one.row.clone(), heard: one.heard.take(), ..*one };
            return Some((key, head.iter_mut().map(member).collect()));
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
        let Some(lane) = self.lanes.get_mut(key) else { return };
        for member in lane.head.iter_mut().flatten() {
            member.row.retry_at = Some(at);
            member.row.attempts += 1;
        }
        lane.until = Some(at);
        self.resting.insert((at, key.clone()));
    }

    /// The moment the next lane that rests or gathers is to be looked at.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.resting.first().map(|(at, _)| *at)
    }

    /// Events that are waiting, resting or running.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The same of one lane.
    pub(super) fn of(&self, key: &LaneKey) -> usize {
        self.lanes.get(key).map_or(0, Lane::len)
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
