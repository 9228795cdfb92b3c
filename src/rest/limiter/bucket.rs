//! The portal's leaky bucket as we keep it.
//!
//! Calls are counted when they are sent and arrive less evenly than that, and no two clocks go alike. So the level is
//! kept [`SPARE`] calls short of the portal's, which costs a burst that much once, and leaks a thousandth slower.

use std::time::Duration;

use super::{Level, Limits};
use crate::wire::Timestamp;

/// One call raises the level by this.
const CALL: u64 = 1_000_000;

/// What a rate of one call a second lowers the level by in a millisecond: a thousandth less than the portal does.
const LEAK: u64 = 999;

/// So many calls may be on their way when those sent after them have arrived: at 2 a second a spread of one second
/// between the slowest and the quickest, at 5 a second of 0.4.
const SPARE: u64 = 2;

/// Threads read the clock before they take the lock, so `now` may go back a little; more is a clock that was set.
const SET_BACK: Duration = Duration::from_secs(1);

/// How full the bucket is.
#[derive(Debug)]
pub(super) struct Bucket {
    level: u64,
    at: Timestamp,
    not_before: Timestamp,
    /// The level that no call of ours goes beyond.
    full: u64,
    /// The level beyond which the portal refuses.
    brim: u64,
    per_milli: u64,
    /// How often the portal said that it is full.
    overflows: u64,
}

/// A call that was let through and may be taken back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    at: Timestamp,
    overflows: u64,
}

impl Bucket {
    pub(super) fn new(limits: &Limits, now: Timestamp) -> Self {
        let burst = u64::from(limits.burst.max(1));
        // A small bucket has less to spare.
        let spare = SPARE.min(burst / 3).max(1);
        Self {
            level: 0,
            at: now,
            not_before: now,
            full: burst.saturating_sub(spare).max(1) * CALL,
            brim: burst * CALL,
            per_milli: u64::from(limits.per_second.max(1)) * LEAK,
            overflows: 0,
        }
    }

    /// Lets time pass.
    pub(super) fn leak(&mut self, now: Timestamp) {
        let set_back = self.at.since(now);
        if set_back > SET_BACK {
            self.at = now;
            self.not_before = self.not_before.minus(set_back);
        }
        self.level = self.level.saturating_sub(self.leaked(self.at, now));
        self.at = self.at.max(now);
    }

    /// When there is room for one more; not after `now` if there is now.
    pub(super) fn room(&self, now: Timestamp) -> Timestamp {
        let over = (self.level + CALL).saturating_sub(self.full);
        self.at.max(now).plus(Duration::from_millis(over.div_ceil(self.per_milli))).max(self.not_before)
    }

    /// Whether there is room now.
    pub(super) fn has_room(&self, now: Timestamp) -> bool {
        self.level + CALL <= self.full && self.not_before <= now
    }

    /// How many more there is room for now.
    pub(super) fn free(&self, now: Timestamp) -> u32 {
        if self.not_before > now {
            return 0;
        }
        u32::try_from(self.full.saturating_sub(self.level) / CALL).unwrap_or(u32::MAX)
    }

    /// How long a call that others may join is to wait for them: not at all while half of the bucket is free, then
    /// longer and longer, up to the time in which one slot comes free.
    pub(super) fn pause(&self, now: Timestamp) -> Duration {
        let half = (self.full / 2).max(1);
        let free = if self.not_before > now { 0 } else { self.full.saturating_sub(self.level) };
        let missing = half.saturating_sub(free);
        Duration::from_millis(CALL / self.per_milli * missing / half)
    }

    pub(super) fn take(&mut self) -> Taken {
        self.level += CALL;
        Taken { at: self.at, overflows: self.overflows }
    }

    /// The call is not made after all. What has leaked since then stays gone.
    pub(super) fn put_back(&mut self, taken: Taken, now: Timestamp) {
        self.leak(now);
        if taken.overflows == self.overflows {
            self.level = self.level.saturating_sub(CALL.saturating_sub(self.leaked(taken.at, now)));
        }
    }

    /// The portal said that it is full.
    pub(super) fn overflow(&mut self, now: Timestamp, wait: Option<Duration>) {
        self.leak(now);
        self.level = self.brim;
        self.overflows += 1;
        if let Some(wait) = wait {
            self.not_before = self.not_before.max(now.plus(wait));
        }
    }

    /// Whether nothing is known that a new bucket would not know.
    pub(super) fn is_empty(&self, now: Timestamp) -> bool {
        self.level == 0 && self.not_before <= now
    }

    /// What is to be kept across restarts.
    pub(super) fn level(&self) -> Level {
        Level::new(self.level.div_ceil(CALL / 1000), self.at)
    }

    /// Takes over what was kept, unless more is known here.
    pub(super) fn restore(&mut self, kept: Level, now: Timestamp) {
        self.leak(now);
        let level = kept.millicalls().saturating_mul(CALL / 1000).min(self.brim);
        self.level = self.level.max(level.saturating_sub(self.leaked(kept.at(), now)));
    }

    fn leaked(&self, from: Timestamp, now: Timestamp) -> u64 {
        let millis = u64::try_from(now.since(from).as_millis()).unwrap_or(u64::MAX);
        millis.saturating_mul(self.per_milli)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn full_at(now: Timestamp) -> Bucket {
        let mut bucket = Bucket::new(&Limits::standard(), now);
        while bucket.has_room(now) {
            bucket.take();
        }
        bucket
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_leak() {
        let mut bucket = full_at(at(100_000));
        bucket.overflow(at(100_000), Some(Duration::from_secs(3)));
        bucket.leak(at(50_000));
        assert!(bucket.room(at(50_000)) <= at(50_004), "{bucket:?}");
        bucket.leak(at(50_010));
        assert!(bucket.has_room(at(50_010)));
    }

    #[test]
    fn a_call_put_back_frees_its_room_but_not_what_has_leaked() {
        let mut bucket = full_at(at(100));
        let taken = Taken { at: at(100), overflows: 0 };
        bucket.put_back(taken, at(100));
        assert_eq!(bucket.free(at(100)), 1);
        let mut idle = Bucket::new(&Limits::standard(), at(100));
        let early = idle.take();
        idle.leak(at(110));
        idle.take();
        idle.put_back(early, at(110));
        assert_eq!(idle.free(at(110)), 47, "the early call had leaked away, the late one counts");
    }

    #[test]
    fn the_pause_grows_from_nothing_at_half_a_bucket_to_the_time_of_a_slot() {
        let mut bucket = Bucket::new(&Limits::standard(), at(100));
        let mut pauses = Vec::new();
        while bucket.has_room(at(100)) {
            pauses.push(bucket.pause(at(100)).as_millis());
            bucket.take();
        }
        assert_eq!(pauses[..=24], [0; 25], "24 of 48 are free at the 25th");
        assert!(pauses[24..].windows(2).all(|two| two[0] < two[1]), "{pauses:?}");
        assert_eq!(bucket.pause(at(100)).as_millis(), 500);
        let mut refused = Bucket::new(&Limits::standard(), at(100));
        refused.overflow(at(100), Some(Duration::from_secs(60)));
        assert_eq!(refused.pause(at(140)).as_millis(), 500, "it has leaked, but nobody may pass yet");
    }

    #[test]
    fn a_call_put_back_after_an_overflow_changes_nothing() {
        let mut bucket = full_at(at(100));
        let taken = bucket.take();
        bucket.overflow(at(100), None);
        bucket.put_back(taken, at(100));
        assert_eq!(bucket.level(), Level::new(50_000, at(100)));
    }

    #[test]
    fn a_level_kept_goes_on_leaking_while_nobody_runs() {
        let mut bucket = Bucket::new(&Limits::standard(), at(100));
        bucket.restore(Level::new(48_000, at(90)), at(100));
        assert_eq!(bucket.free(at(100)), 19);
        bucket.restore(Level::new(u64::MAX, at(100)), at(100));
        assert_eq!((bucket.free(at(100)), bucket.level()), (0, Level::new(50_000, at(100))));
    }
}
