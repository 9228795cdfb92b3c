//! Whether calls go alone or together.
//!
//! Alone is sooner, together costs one slot. So calls go alone while there are more free slots than calls, and together
//! when there are not; and the fewer slots are left, the longer a batch that is not full waits for more.
//!
//! **Trap:** a burst trickles in, a few rows at a time, each few enough to go alone. So what came within the last
//! second counts, also what has gone already.

use std::{collections::VecDeque, time::Duration};

use crate::{rest::BATCH_LIMIT, wire::Timestamp};

/// How long a row that came counts.
const BURST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Pace {
    /// When how many rows came.
    came: VecDeque<(Timestamp, usize)>,
    in_burst: usize,
    /// How many calls a batch holds at the most.
    most: usize,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { came: VecDeque::new(), in_burst: 0, most: BATCH_LIMIT }
    }

    pub(super) fn came(&mut self, rows: usize, now: Timestamp) {
        if rows > 0 {
            self.came.push_back((now, rows));
            self.in_burst += rows;
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, now: Timestamp) {
        // A clock that was set back forgets what came after now.
        while let Some((at, rows)) = self.came.front()
            && (now.since(*at) >= BURST || *at > now)
        {
            self.in_burst -= rows;
            self.came.pop_front();
        }
    }

    /// Whether more is to be sent than there are free slots.
    pub(super) fn is_crowded(&self, ready: usize, free: u32) -> bool {
        self.in_burst.max(ready) > free as usize
    }

    /// How many more may come before it is crowded.
    pub(super) fn room(&self, free: u32) -> usize {
        (free as usize).saturating_sub(self.in_burst)
    }

    /// How many calls a batch holds at the most.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// A batch was answered as a whole, or failed as a whole. One call that spoils its batch is found by making them
    /// smaller.
    pub(super) fn batch_ended(&mut self, well: bool) {
        self.most = if well { (self.most * 2).min(BATCH_LIMIT) } else { (self.most / 2).max(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_burst_that_trickles_in_is_seen_as_one() {
        let (mut pace, mut free, mut alone) = (Pace::new(), 48, 0);
        for millis in 0..100 {
            pace.came(6, at(millis));
            pace.pass(at(millis));
            for _ in 0..6 {
                if !pace.is_crowded(1, free) {
                    (free, alone) = (free - 1, alone + 1);
                }
            }
        }
        assert_eq!(alone, 24, "half of the bucket is left for the batches of the other 576");
    }

    #[test]
    fn what_came_more_than_a_second_ago_and_after_a_clock_was_set_back_does_not_count() {
        let mut pace = Pace::new();
        pace.came(10, at(5_000));
        pace.pass(at(5_999));
        assert!(pace.is_crowded(0, 9) && !pace.is_crowded(0, 10));
        pace.pass(at(6_000));
        assert!(!pace.is_crowded(0, 0));
        pace.came(10, at(7_000));
        pace.pass(at(3_000));
        assert!(!pace.is_crowded(0, 0));
    }

    #[test]
    fn a_batch_that_failed_is_followed_by_smaller_ones_until_one_goes_well() {
        let mut pace = Pace::new();
        let sizes: Vec<usize> = std::iter::repeat_with(|| {
            pace.batch_ended(false);
            pace.most()
        })
        .take(7)
        .collect();
        assert_eq!(sizes, [25, 12, 6, 3, 1, 1, 1]);
        pace.batch_ended(true);
        assert_eq!(pace.most(), 2);
    }
}
