//! Which row of which dialog goes next: one of a dialog under way at a time, in the order of commit.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::letter::Letter;
use crate::{
    rest::{CallPriority, Line, Spot},
    store::{OutboxId, OutboxRow},
    wire::Timestamp,
};

/// Rows of one portal, by dialog: one of a dialog under way at a time.
#[derive(Debug)]
pub(super) struct Dialogs {
    /// Of every dialog that has a row: ready, resting or under way.
    queues: HashMap<String, Queue>,
    /// Ready, and may go in a batch.
    joining: Line<Letter>,
    /// Ready, and must go by itself.
    single: Line<Letter>,
    resting: BTreeMap<(Timestamp, OutboxId), OutboxRow>,
}

/// One dialog.
#[derive(Debug)]
struct Queue {
    first: OutboxId,
    behind: VecDeque<OutboxRow>,
}

/// Among which rows the next one is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    All,
    /// Those that may go in a batch.
    Joining,
    /// Those that must go by themselves.
    Single,
}

impl Dialogs {
    pub(super) fn new() -> Self {
        Self { queues: HashMap::new(), joining: Line::new(), single: Line::new(), resting: BTreeMap::new() }
    }

    /// A row that is to be sent. One that is here already stays where it is.
    pub(super) fn push(&mut self, row: OutboxRow) {
        let Some(queue) = self.queues.get_mut(&row.dialog) else {
            self.queues.insert(row.dialog.clone(), Queue { first: row.id, behind: VecDeque::new() });
            return self.again(row);
        };
        if queue.first != row.id && !queue.behind.iter().any(|known| known.id == row.id) {
            queue.behind.push_back(row);
        }
    }

    /// Those that have rested until `now` are ready.
    pub(super) fn wake(&mut self, now: Timestamp) {
        while let Some(entry) = self.resting.first_entry()
            && entry.key().0 <= now
        {
            let row = entry.remove();
            self.back(Letter::open(row));
        }
    }

    /// Takes the next one that is ready, of the priorities wanted. It is under way until it is settled or comes back.
    pub(super) fn next(&mut self, among: Among, wanted: impl Fn(CallPriority) -> bool) -> Option<Letter> {
        let spot = |line: &Line<Letter>| Some(line.next_of(&wanted)?.0);
        let (joining, single) = match among {
            Among::All => (spot(&self.joining), spot(&self.single)),
            Among::Joining => (spot(&self.joining), None),
            Among::Single => (None, spot(&self.single)),
        };
        let (line, spot) = match (joining, single) {
            (Some(joining), Some(single)) if single < joining => (&mut self.single, single),
            (Some(joining), _) => (&mut self.joining, joining),
            (None, single) => (&mut self.single, single?),
        };
        let letter = line.remove(spot);
        line.served(spot);
        letter
    }

    /// How many are ready to go in a batch.
    pub(super) fn joining(&self) -> usize {
        self.joining.len()
    }

    /// How many are ready.
    pub(super) fn ready(&self) -> usize {
        self.joining.len() + self.single.len()
    }

    /// The one under way in `dialog` is settled; whether there are more.
    pub(super) fn settled(&mut self, dialog: &str) -> bool {
        let Some(queue) = self.queues.get_mut(dialog) else { return false };
        let Some(row) = queue.behind.pop_front() else {
            self.queues.remove(dialog);
            return false;
        };
        queue.first = row.id;
        self.again(row);
        true
    }

    /// The one under way is to be tried again, as it is now: when it has rested.
    pub(super) fn again(&mut self, row: OutboxRow) {
        match row.retry_at {
            Some(at) => drop(self.resting.insert((at, row.id), row)),
            None => self.back(Letter::open(row)),
        }
    }

    /// The one under way was not sent and is ready again.
    pub(super) fn back(&mut self, letter: Letter) {
        let spot = Spot::Waiting((letter.priority(), letter.row.id.0.unsigned_abs()));
        if letter.joins() { self.joining.insert(spot, letter) } else { self.single.insert(spot, letter) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    pub(super) fn is_resting(&self) -> bool {
        !self.resting.is_empty()
    }

    /// When the first of those that rest is to be tried again.
    pub(super) fn next_try(&self) -> Option<Timestamp> {
        self.resting.first_key_value().map(|((at, _), _)| *at)
    }
}

#[cfg(test)]
mod tests;
