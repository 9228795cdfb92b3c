//! What of a portal's journal is in memory: the lanes, and the dialogs of which only the beginning is.
//!
//! Events are read in the journal's order. A dialog with a huge backlog holds a bounded part of it in memory, so that
//! it keeps no other dialog out; the rest of it is read when that part has run down.
//!
//! **Trap:** of a dialog whose events were left out, later ones must be left out too, or they would overtake them.

use std::collections::HashMap;

use super::{burst::MOST, heard::Arrival, lanes::Lanes};
use crate::store::{JournalRow, LaneKey, Seq};

/// Events read at once.
const PAGE: u32 = 512;
/// Events of one portal in memory; more stay in the journal until there is room.
const HELD: usize = 5_000;
/// Events of one dialog in memory, while there is plenty of room and when there is not. A whole burst has to fit in.
const OF_LANE: usize = 2 * MOST;
const OF_LANE_WHEN_CROWDED: usize = MOST;

/// What was read of the journal.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) lanes: Lanes,
    /// The journal was read up to here.
    read: Seq,
    /// There may be something behind that.
    more: bool,
    /// Dialogs of which something was left out: all before this place is in memory or done, the rest up to `read` is
    /// neither.
    left_out: HashMap<LaneKey, Seq>,
    /// What was left out has its turn before what is new.
    behind_first: bool,
}

/// A part of the journal to be read: at most so many rows after a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) after: Seq,
    pub(super) limit: u32,
    is_new: bool,
}

impl Feed {
    pub(super) fn new() -> Self {
        Self {
            lanes: Lanes::default(),
            read: Seq::default(),
            more: true,
            left_out: HashMap::new(),
            behind_first: false,
        }
    }

    /// There may be new events.
    pub(super) fn look_again(&mut self) {
        self.more = true;
    }

    /// Nothing waits, here or in what was read of the journal.
    pub(super) fn is_idle(&self) -> bool {
        self.lanes.len() == 0 && !self.more && self.left_out.is_empty()
    }

    /// What to read next, if there is room for it. What is new and what was left out take turns.
    pub(super) fn next_page(&mut self) -> Option<Page> {
        if self.lanes.len() >= HELD {
            return None;
        }
        let new = self.more.then_some(Page { after: self.read, limit: PAGE, is_new: true });
        let behind = self
            .left_out
            .iter()
            .filter(|(lane, _)| self.lanes.of(lane) <= self.room() / 2)
            .map(|(_, from)| Page { after: Seq(from.0 - 1), limit: PAGE, is_new: false })
            .min_by_key(|page| page.after);
        let page = if self.behind_first { behind.or(new) } else { new.or(behind) };
        self.behind_first = page.is_some_and(|page| page.is_new);
        page
    }

    /// Takes in what was read of `page`; `read` tells what an event says.
    pub(super) fn take_in(
        &mut self,
        page: Page,
        rows: Vec<JournalRow>,
        read: impl FnMut(JournalRow) -> Arrival,
    ) {
        let is_last = rows.len() < page.limit as usize;
        if page.is_new {
            self.more = !is_last;
            self.take_new(rows, read);
        } else {
            self.take_left_out(page.after, is_last, rows, read);
        }
    }

    /// Takes in events that wait again: a person has put them back.
    pub(super) fn put_back(&mut self, rows: Vec<JournalRow>, mut read: impl FnMut(JournalRow) -> Arrival) {
        for row in rows {
            // One that was left out is read in its place.
            let is_read_later = self.left_out.get(&row.lane).is_some_and(|from| row.seq >= *from);
            if !is_read_later && !self.lanes.knows(row.seq) {
                self.lanes.push(read(row));
            }
        }
    }

    fn take_new(&mut self, rows: Vec<JournalRow>, mut read: impl FnMut(JournalRow) -> Arrival) {
        for row in rows {
            self.read = row.seq;
            if self.lanes.knows(row.seq) {
                continue;
            }
            // What is frozen stands before all that waits in its lane.
            if row.frozen.is_empty() {
                if self.left_out.contains_key(&row.lane) {
                    continue;
                }
                if self.lanes.of(&row.lane) >= self.room() {
                    self.left_out.insert(row.lane, row.seq);
                    continue;
                }
            }
            self.lanes.push(read(row));
        }
    }

    fn take_left_out(
        &mut self,
        after: Seq,
        is_last: bool,
        rows: Vec<JournalRow>,
        mut read: impl FnMut(JournalRow) -> Arrival,
    ) {
        let end = if is_last { self.read } else { rows.last().map_or(self.read, |row| row.seq.min(self.read)) };
        let mut full: HashMap<LaneKey, Seq> = HashMap::new();
        for row in rows.into_iter().take_while(|row| row.seq <= end) {
            let Some(from) = self.left_out.get(&row.lane).copied().filter(|from| *from > after) else { continue };
            if row.seq < from || full.contains_key(&row.lane) || self.lanes.knows(row.seq) {
                continue;
            }
            if self.lanes.of(&row.lane) >= self.room() {
                full.insert(row.lane, row.seq);
                continue;
            }
            self.lanes.push(read(row));
        }
        let read = self.read;
        self.left_out.retain(|lane, from| {
            match full.get(lane) {
                Some(still) => *from = *still,
                None if *from > after => *from = (*from).max(Seq(end.0 + 1)),
                None => {}
            }
            *from <= read
        });
    }

    /// How many events of one dialog are held at most.
    fn room(&self) -> usize {
        if self.lanes.len() < HELD / 2 { OF_LANE } else { OF_LANE_WHEN_CROWDED }
    }
}
