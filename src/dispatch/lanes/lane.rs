//! One lane: which of its waiting events are its next turn.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
};

use crate::{
    dispatch::{
        burst::{Gather, MOST},
        heard::Arrival,
    },
    store::Seq,
    wire::Timestamp,
};

#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) waiting: VecDeque<Arrival>,
    /// The turn that is running or rests before its next try; its membership does not change.
    pub(super) head: Option<Vec<Arrival>>,
    /// The moment it waits for, whether for a next try or for more of a burst.
    pub(super) until: Option<Timestamp>,
}

/// What a lane without a head has to do.
#[derive(Debug)]
pub(super) enum Next {
    Turn(Vec<Arrival>),
    /// A burst that may still grow.
    Gathers(Timestamp),
    Nothing,
}

impl Lane {
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.head.as_ref().map_or(0, Vec::len)
    }

    /// Takes the next turn out of what waits.
    pub(super) fn next_turn(&mut self, now: Timestamp) -> Next {
        if let Some(members) = self.frozen() {
            return Next::Turn(self.take(members));
        }
        let Some(place) = self.lowest() else { return Next::Nothing };
        if let Some(gather) = self.waiting[place].gather {
            let (members, may_grow) = self.burst(&gather);
            let due = gather.due(members.iter().map(|place| &self.waiting[*place].row));
            if may_grow && due > now {
                return Next::Gathers(due);
            }
            return Next::Turn(self.take(members));
        }
        self.waiting.remove(place).map_or(Next::Nothing, |one| Next::Turn(vec![one]))
    }

    /// Places of the members of a turn that was frozen by an earlier life, in their order. It was this lane's head then,
    /// so it is now; one that failed stood before one that a person put back.
    fn frozen(&self) -> Option<Vec<usize>> {
        let rows = self.waiting.iter().map(|one| &one.row);
        let first = rows
            .filter(|row| !row.frozen.is_empty())
            .max_by_key(|row| (row.attempts > 0, Reverse(row.seq)))?;
        let places: HashMap<Seq, usize> =
            self.waiting.iter().enumerate().map(|(place, one)| (one.row.seq, place)).collect();
        Some(first.frozen.iter().filter_map(|seq| places.get(seq).copied()).collect())
    }

    /// The place of the first event, or of the message with the lowest id if that is one.
    fn lowest(&self) -> Option<usize> {
        self.waiting.front()?.row.message.map_or(Some(0), |_| {
            let messages = self.waiting.iter().enumerate();
            messages.filter_map(|(place, one)| Some((one.row.message?, place))).min().map(|(_, place)| place)
        })
    }

    /// Places of the messages that are one burst now, in the order of their ids, and whether it may grow.
    fn burst(&self, gather: &Gather) -> (Vec<usize>, bool) {
        let mut by_id: Vec<usize> =
            (0..self.waiting.len()).filter(|place| self.waiting[*place].row.message.is_some()).collect();
        by_id.sort_by_key(|place| (self.waiting[*place].row.message, *place));
        let mut by_id = by_id.into_iter();
        let mut members = Vec::new();
        // In the order in which they would run alone: messages by their ids, other events in their places.
        for one in self.waiting.iter().filter(|one| !one.echo) {
            let next = if one.row.message.is_some() { by_id.next() } else { None };
            match next.filter(|place| self.waiting[*place].gather.as_ref() == Some(gather)) {
                Some(place) if members.len() < MOST => members.push(place),
                _ => return (members, false),
            }
        }
        let may_grow = members.len() < MOST;
        (members, may_grow)
    }

    fn take(&mut self, places: Vec<usize>) -> Vec<Arrival> {
        let mut all: Vec<Option<Arrival>> = std::mem::take(&mut self.waiting).into_iter().map(Some).collect();
        let taken = places.into_iter().filter_map(|place| all.get_mut(place)?.take()).collect();
        self.waiting = all.into_iter().flatten().collect();
        taken
    }
}
