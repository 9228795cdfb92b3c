//! What of a portal's journal is in memory: the lanes, and the dialogs of which only the beginning is.
//!
//! Events are read in the journal's order. A dialog with a huge backlog holds a bounded part of it in memory, so that
//! it keeps no other dialog out; the rest of it is read when that part has run down.
//!
//! **Trap:** of a dialog whose events were left out, later ones must be left out too, or they would overtake them.

use std::collections::HashMap;

use super::{burst::MOST, heard::Arrival, lanes::Lanes};
use crate::store::{JournalRow, LaneKey, Seq};

/// How much of one portal is in memory.
#[derive(Debug)]
struct Bounds {
    /// Events read at once.
    page: u32,
    /// Events altogether; more stay in the journal until there is room.
    held: usize,
    /// Events of one dialog, while there is plenty of room and when there is not. A whole burst has to fit in.
    of_lane: usize,
    of_lane_when_crowded: usize,
}

const BOUNDS: Bounds = Bounds { page: 512, held: 5_000, of_lane: 2 * MOST, of_lane_when_crowded: MOST };

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
    /// What there is no room for was listened to up to here, and whether there may be more.
    overheard: Seq,
    more_to_overhear: bool,
    bounds: Bounds,
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
            overheard: Seq::default(),
            more_to_overhear: true,
            bounds: BOUNDS,
        }
    }

    /// There may be new events.
    pub(super) fn look_again(&mut self) {
        self.more = true;
        self.more_to_overhear = true;
    }

    /// Nothing waits, here or in what was read of the journal.
    pub(super) fn is_idle(&self) -> bool {
        self.lanes.len() == 0 && !self.more && self.left_out.is_empty()
    }

    /// What to read next, if there is room for it. What is new and what was left out take turns.
    pub(super) fn next_page(&mut self) -> Option<Page> {
        let page = self.page();
        self.behind_first = page.is_some_and(|page| page.is_new);
        page
    }

    /// There is something to read, taken in or listened to.
    pub(super) fn reads_on(&self) -> bool {
        self.page().or_else(|| self.next_to_overhear()).is_some()
    }

    fn page(&self) -> Option<Page> {
        if self.lanes.len() >= self.bounds.held {
            return None;
        }
        let new = self.more.then_some(Page { after: self.read, limit: self.bounds.page, is_new: true });
        let behind = self
            .left_out
            .iter()
            .filter(|(lane, _)| self.lanes.of(lane) <= self.room() / 2)
            .map(|(_, from)| Page { after: Seq(from.0 - 1), limit: self.bounds.page, is_new: false })
            .min_by_key(|page| page.after);
        if self.behind_first { behind.or(new) } else { new.or(behind) }
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

    /// What to listen to without taking it in, for there is no room: that a person has come must be known at once.
    pub(super) fn next_to_overhear(&self) -> Option<Page> {
        let after = self.overheard.max(self.read);
        (self.more && self.more_to_overhear).then_some(Page { after, limit: self.bounds.page, is_new: true })
    }

    /// Listens to what was read of `page`.
    pub(super) fn overhear(&mut self, page: Page, rows: Vec<JournalRow>, hear: impl FnMut(JournalRow)) {
        self.more_to_overhear = rows.len() == page.limit as usize;
        self.overheard = rows.last().map_or(page.after, |row| row.seq);
        rows.into_iter().for_each(hear);
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
                // What is left out is heard all the same.
                if self.left_out.contains_key(&row.lane) {
                    read(row);
                    continue;
                }
                if self.lanes.of(&row.lane) >= self.room() {
                    self.left_out.insert(row.lane.clone(), row.seq);
                    read(row);
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
        let end =
            if is_last { self.read } else { rows.last().map_or(self.read, |row| row.seq.min(self.read)) };
        let mut full: HashMap<LaneKey, Seq> = HashMap::new();
        for row in rows.into_iter().take_while(|row| row.seq <= end) {
            let Some(from) = self.left_out.get(&row.lane).copied().filter(|from| *from > after) else {
                continue;
            };
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
        let Bounds { held, of_lane, of_lane_when_crowded, .. } = self.bounds;
        if self.lanes.len() < held / 2 { of_lane } else { of_lane_when_crowded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{MessageId, Timestamp};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn row(seq: i64, lane: &str) -> JournalRow {
        JournalRow {
            seq: Seq(seq),
            lane: LaneKey::new(lane),
            code: String::new(),
            message: Some(MessageId::new(seq)),
            body: bytes::Bytes::new(),
            accepted: Timestamp::default(),
            attempts: 0,
            retry_at: None,
            frozen: Vec::new(),
            read: None,
        }
    }

    fn read(row: JournalRow) -> Arrival {
        Arrival { row, heard: None, gather: None, echo: false }
    }

    /// A journal and what was read of it.
    struct Reader {
        journal: BTreeMap<i64, JournalRow>,
        feed: Feed,
        pages: usize,
    }

    impl Reader {
        fn of(rows: impl IntoIterator<Item = JournalRow>, bounds: Bounds) -> Self {
            let journal = rows.into_iter().map(|row| (row.seq.0, row)).collect();
            Self { journal, feed: Feed { bounds, ..Feed::new() }, pages: 0 }
        }

        fn fill(&mut self) {
            while let Some(page) = self.feed.next_page() {
                self.pages += 1;
                let rows = self.journal.range(page.after.0 + 1..).take(page.limit as usize);
                self.feed.take_in(page, rows.map(|(_, row)| row.clone()).collect(), read);
            }
        }

        fn start(&mut self) -> Option<(LaneKey, i64)> {
            let (lane, members) = self.feed.lanes.start(Timestamp::default())?;
            Some((lane, members[0].row.seq.0))
        }

        fn ends(&mut self, lane: &LaneKey, seq: i64) {
            self.journal.remove(&seq);
            self.feed.lanes.finished(lane);
        }
    }

    #[test]
    fn a_dialog_with_a_huge_backlog_keeps_no_other_out_of_memory() {
        let huge = (1..=20_000).map(|seq| row(seq, "huge"));
        let mut reader = Reader::of(huge.chain([row(20_001, "small")]), BOUNDS);
        reader.fill();
        assert_eq!(reader.feed.lanes.len(), 2 * MOST + 1);
        let (huge, first) = reader.start().unwrap();
        assert_eq!(first, 1, "and it hangs");
        let (small, seq) = reader.start().unwrap();
        assert_eq!((small.as_str(), seq), ("small", 20_001));
        reader.ends(&small, seq);
        reader.ends(&huge, first);
        let mut order = vec![1];
        reader.fill();
        while let Some((lane, seq)) = reader.start() {
            order.push(seq);
            reader.ends(&lane, seq);
            reader.fill();
        }
        assert_eq!(order, (1..=20_000).collect::<Vec<_>>());
        assert!(reader.feed.is_idle());
        assert!(reader.pages < 20_000 / MOST + 100, "what was left out is read in pages: {}", reader.pages);
    }

    #[test]
    fn many_dialogs_with_huge_backlogs_leave_room_for_one_more() {
        let lanes = 200;
        let rows = (1..=200 * lanes).map(|seq| row(seq, &format!("huge {}", seq % lanes)));
        let mut reader = Reader::of(rows.chain([row(1_000_000, "small")]), BOUNDS);
        let mut started = Vec::new();
        // All that hang are started, and of those that do not hang each ends at once.
        loop {
            reader.fill();
            let Some((lane, seq)) = reader.start() else { break };
            if lane.as_str().starts_with("huge 1") {
                continue;
            }
            started.push(seq);
            reader.ends(&lane, seq);
        }
        assert!(started.contains(&1_000_000));
        assert!(reader.feed.lanes.len() <= BOUNDS.held + BOUNDS.page as usize);
    }

    #[test]
    fn what_was_frozen_is_read_although_its_dialog_is_full() {
        let mut rows: Vec<JournalRow> = (1..=300).map(|seq| row(seq, "a")).collect();
        rows[250].frozen = vec![Seq(251)];
        let mut reader = Reader::of(rows, BOUNDS);
        reader.fill();
        assert_eq!(reader.start().unwrap().1, 251);
    }

    #[test]
    fn what_a_person_put_back_runs_once_although_it_was_left_out() {
        let mut reader = Reader::of((1..=300).map(|seq| row(seq, "a")), BOUNDS);
        reader.fill();
        reader.feed.put_back(vec![row(299, "a"), row(1, "a")], read);
        assert_eq!(reader.feed.lanes.len(), 2 * MOST);
        reader.feed.put_back(vec![row(0, "a")], read);
        assert_eq!(reader.feed.lanes.len(), 2 * MOST + 1);
    }

    proptest! {
        #[test]
        fn every_event_runs_once_and_in_the_order_of_its_dialog(
            lanes in prop::collection::vec(0..6_u8, 0..150),
            later in prop::collection::vec((0..6_u8, any::<prop::sample::Index>()), 0..150),
            page in 1..20_u32,
            held in 1..40_usize,
            of_lane in 2..12_usize,
        ) {
            let bounds = Bounds { page, held, of_lane, of_lane_when_crowded: 1 + of_lane / 3 };
            let mut reader = Reader::of([], bounds);
            let mut next = 1;
            let mut accept = |reader: &mut Reader, lane: u8| {
                reader.journal.insert(next, row(next, &lane.to_string()));
                reader.feed.look_again();
                next += 1;
            };
            lanes.iter().for_each(|lane| accept(&mut reader, *lane));
            let mut running: Vec<(LaneKey, i64)> = Vec::new();
            let mut order: BTreeMap<LaneKey, Vec<i64>> = BTreeMap::new();
            let mut later = later.into_iter();
            loop {
                reader.fill();
                prop_assert!(reader.feed.lanes.len() <= held + page as usize);
                while let Some((lane, seq)) = reader.start() {
                    order.entry(lane.clone()).or_default().push(seq);
                    running.push((lane, seq));
                }
                let step = later.next();
                if running.is_empty() && step.is_none() {
                    break;
                }
                let mut ends = 0;
                if let Some((lane, which)) = step {
                    accept(&mut reader, lane);
                    ends = if running.is_empty() { 0 } else { which.index(running.len()) };
                }
                if !running.is_empty() {
                    let (lane, seq) = running.swap_remove(ends);
                    reader.ends(&lane, seq);
                }
            }
            prop_assert!(reader.feed.is_idle() && reader.journal.is_empty());
            prop_assert!(order.values().all(|seqs| seqs.is_sorted()));
            let all: BTreeSet<i64> = order.values().flatten().copied().collect();
            prop_assert_eq!(order.values().map(Vec::len).sum::<usize>(), all.len());
            prop_assert_eq!(all.len() as i64, next - 1);
        }
    }
}
