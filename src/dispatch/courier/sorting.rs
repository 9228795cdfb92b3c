//! Which rows go out now, alone or together, by what the portal has room for.

use std::{collections::HashMap, time::Duration};

use super::{
    batch::Load,
    dialogs::{Among, Dialogs},
    letter::Letter,
    pace::Pace,
    post::{Post, Sent},
};
use crate::{rest::CallPriority, store::OutboxRow, wire::Timestamp};

/// The rows of a portal that are not settled, and what goes next.
pub(super) struct Sorting<'a> {
    post: &'a Post,
    dialogs: Dialogs,
    pace: Pace,
    /// Under way by themselves, and how many of them are no replies.
    singles: usize,
    lesser: usize,
    /// Since when rows wait for a batch to go.
    since: Option<Timestamp>,
    around: Around,
}

/// How things stand at this moment.
struct Around {
    now: Timestamp,
    /// Slots that nobody has.
    free: u32,
    /// How long a batch that is not full waits.
    pause: Duration,
    /// Methods over their operating limit, and until when.
    held: HashMap<Box<str>, Timestamp>,
}

impl<'a> Sorting<'a> {
    pub(super) fn new(post: &'a Post) -> Self {
        let around = Around { now: post.now(), free: u32::MAX, pause: Duration::ZERO, held: HashMap::new() };
        Self { post, dialogs: Dialogs::new(), pace: Pace::new(), singles: 0, lesser: 0, since: None, around }
    }

    /// Rows that are to be sent.
    pub(super) fn came(&mut self, rows: Vec<OutboxRow>) {
        self.pace.came(rows.len(), self.post.now());
        for row in rows {
            self.post.fence.room().is_busy(&row.dialog);
            self.dialogs.push(row);
        }
    }

    /// Looks how things stand, before anything is sent.
    pub(super) fn look_around(&mut self) {
        let now = self.post.now();
        self.around.now = now;
        self.dialogs.wake(now);
        self.pace.pass(now);
        if self.dialogs.ready() > 0
            && let Some(slots) = &self.post.services.slots
        {
            let portal = &self.post.lease.portal;
            let (free, pause) = (slots.free(&portal.member), slots.pause(&portal.member));
            self.around = Around { now, free, pause, held: slots.held(portal) };
        }
    }

    /// How many rows that come now would leave at once.
    pub(super) fn room(&self) -> usize {
        if self.dialogs.is_resting() || !self.around.held.is_empty() {
            return 0;
        }
        let portal = &self.post.lease.portal;
        let free = self.post.services.slots.as_ref().map_or(u32::MAX, |slots| slots.free(&portal.member));
        let places = self.post.services.policy.calls_at_once.saturating_sub(self.singles);
        places.min(self.pace.room(free)).saturating_sub(self.dialogs.ready())
    }

    /// The next row that goes by itself.
    pub(super) fn next_single(&mut self) -> Option<Letter> {
        let places = self.post.services.policy.calls_at_once;
        // What can wait does not take the places of replies.
        let for_lesser = (places / 2).max(1);
        while self.singles < places {
            let among = if self.is_crowded() { Among::Single } else { Among::All };
            let lesser = self.lesser;
            let may_start = |priority| priority == CallPriority::Reply || lesser < for_lesser;
            let letter = self.dialogs.next(among, may_start)?;
            let Some(letter) = self.unheld(letter) else { continue };
            self.singles += 1;
            self.lesser += usize::from(letter.priority() != CallPriority::Reply);
            self.around.free = self.around.free.saturating_sub(1);
            return Some(letter);
        }
        None
    }

    /// The next batch, if it is time for one and none is under way.
    pub(super) fn next_load(&mut self) -> Option<Load> {
        let waiting = self.dialogs.joining();
        if waiting == 0 {
            self.since = None;
            return None;
        }
        let since = *self.since.get_or_insert(self.around.now);
        let is_time = if self.is_crowded() {
            waiting >= self.pace.most() || since.plus(self.around.pause) <= self.around.now
        } else {
            // More than a whole round of calls by themselves.
            waiting > self.post.services.policy.calls_at_once
        };
        if !is_time {
            return None;
        }
        let mut load = Load::new(self.post);
        while load.letters.len() < self.pace.most()
            && load.has_room()
            && let Some(letter) = self.dialogs.next(Among::Joining, |_| true)
        {
            let Some(letter) = self.unheld(letter) else { continue };
            if let Some(single) = load.pack(self.post, letter) {
                self.dialogs.back(single);
            }
        }
        self.since = (self.dialogs.joining() > 0).then_some(self.around.now);
        (!load.letters.is_empty()).then_some(load)
    }

    /// The letter, unless its method has to wait: then it rests, and its dialog with it.
    fn unheld(&mut self, letter: Letter) -> Option<Letter> {
        let until = match &letter.call {
            Ok(call) if !self.around.held.is_empty() => {
                self.around.held.get(call.method.to_ascii_lowercase().as_str()).copied()
            }
            _ => None,
        };
        let Some(until) = until else { return Some(letter) };
        self.dialogs.again(OutboxRow { retry_at: Some(until), ..letter.row });
        None
    }

    fn is_crowded(&self) -> bool {
        self.pace.is_crowded(self.dialogs.ready(), self.around.free)
    }

    pub(super) fn single_ended(&mut self, priority: CallPriority) {
        self.singles -= 1;
        self.lesser -= usize::from(priority != CallPriority::Reply);
    }

    pub(super) fn batch_ended(&mut self, well: Option<bool>) {
        if let Some(well) = well {
            self.pace.batch_ended(well);
        }
    }

    /// What became of a row under way; false if another process owns the portal.
    pub(super) fn ended(&mut self, sent: Sent) -> bool {
        match sent {
            Sent::Settled { dialog } => {
                if !self.dialogs.settled(&dialog) {
                    self.post.fence.room().is_over(&dialog);
                }
            }
            Sent::Again(row) => self.dialogs.again(row),
            Sent::Back { row, alone } => {
                let mut letter = Letter::open(row);
                letter.alone = alone;
                self.dialogs.back(letter);
            }
            Sent::Fenced => return false,
        }
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.dialogs.is_empty()
    }

    /// When there is something to do that only the clock tells.
    pub(super) fn wake(&self) -> Option<Timestamp> {
        let full = self.since.map(|since| since.plus(self.around.pause));
        // A moment that has passed waits for something else: for the batch under way, or for places.
        let full = full.filter(|moment| *moment > self.around.now);
        self.dialogs.next_try().into_iter().chain(full).min()
    }
}
