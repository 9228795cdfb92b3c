//! The portal's leaky bucket as we keep it, and the line before it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::{clock::Clock, wire::Timestamp};

/// One call raises the level by this; a rate of `n` a second lowers it by `n` a millisecond.
const CALL: u64 = 1000;

/// How full the portal's bucket is, and who waits for it. Only the first in line watches the clock.
#[derive(Debug)]
pub(super) struct Bucket {
    state: Mutex<State>,
    /// The level at which no call is made: one call short of the portal's, because calls arrive less evenly than
    /// they are sent.
    full: u64,
    /// The level above which the portal refuses.
    brim: u64,
    per_milli: u64,
}

#[derive(Debug)]
struct State {
    level: u64,
    at: Timestamp,
    not_before: Timestamp,
    next: u64,
    line: BTreeMap<u64, Arc<Notify>>,
    /// Methods over their operating limit, until when.
    paused: HashMap<String, Timestamp>,
}

impl Bucket {
    pub(super) fn new(burst: u32, per_second: u32, now: Timestamp) -> Self {
        let brim = u64::from(burst.max(1)) * CALL;
        Self {
            state: Mutex::new(State {
                level: 0,
                at: now,
                not_before: now,
                next: 0,
                line: BTreeMap::new(),
                paused: HashMap::new(),
            }),
            full: brim.saturating_sub(CALL).max(CALL),
            brim,
            per_milli: u64::from(per_second.max(1)),
        }
    }

    /// A place at the end of the line.
    pub(super) fn join(&self) -> Place<'_> {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        drop(state);
        let mut place = Place { bucket: self, number, turn: Arc::new(Notify::new()), waiting: false };
        place.rejoin();
        place
    }

    /// The portal said that it is full.
    pub(super) fn overflowed(&self, now: Timestamp, wait: Option<Duration>) {
        let mut state = self.lock();
        state.leak(now, self.per_milli);
        state.level = self.brim;
        if let Some(wait) = wait {
            state.not_before = state.not_before.max(now.plus(wait));
        }
    }

    /// The portal said that this method has used up its operating time.
    pub(super) fn pause(&self, method: &str, until: Timestamp) {
        self.lock().paused.insert(method.to_owned(), until);
    }

    /// Whether nothing is known that a new bucket would not know.
    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        let mut state = self.lock();
        state.leak(now, self.per_milli);
        state.paused.retain(|_, until| *until > now);
        state.level == 0 && state.line.is_empty() && state.not_before <= now && state.paused.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn leak(&mut self, now: Timestamp, per_milli: u64) {
        let millis = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        self.level = self.level.saturating_sub(millis.saturating_mul(per_milli));
        self.at = self.at.max(now);
    }

    /// The next one moves up.
    fn leave(&mut self, number: u64) {
        self.line.remove(&number);
        if let Some((_, turn)) = self.line.first_key_value() {
            turn.notify_one();
        }
    }
}

/// A place in the line. Dropped, it leaves the line and the next one moves up.
#[derive(Debug)]
pub(super) struct Place<'a> {
    bucket: &'a Bucket,
    number: u64,
    turn: Arc<Notify>,
    waiting: bool,
}

impl Place<'_> {
    /// Waits for its turn and for room, and takes it. A call of a method that has to wait leaves the line for that
    /// time and comes back to its place.
    pub(super) async fn pass(&mut self, method: &str, clock: &dyn Clock) {
        loop {
            match self.try_pass(method, clock.now()) {
                Turn::Passed => return,
                Turn::Paused(until) => {
                    clock.sleep_until(until).await;
                    self.rejoin();
                }
                Turn::Behind => self.turn.notified().await,
                Turn::First(room) => tokio::select! {
                    () = clock.sleep_until(room) => {}
                    () = self.turn.notified() => {}
                },
            }
        }
    }

    /// Back to the place it had, before all that came later.
    pub(super) fn rejoin(&mut self) {
        self.waiting = true;
        self.bucket.lock().line.insert(self.number, Arc::clone(&self.turn));
    }

    fn try_pass(&mut self, method: &str, now: Timestamp) -> Turn {
        let mut state = self.bucket.lock();
        if state.line.first_key_value().is_none_or(|(first, _)| *first != self.number) {
            return Turn::Behind;
        }
        if let Some(until) = state.paused.get(method).copied() {
            if until > now {
                self.waiting = false;
                state.leave(self.number);
                return Turn::Paused(until);
            }
            state.paused.remove(method);
        }
        state.leak(now, self.bucket.per_milli);
        let over = (state.level + CALL).saturating_sub(self.bucket.full);
        let room =
            now.plus(Duration::from_millis(over.div_ceil(self.bucket.per_milli))).max(state.not_before);
        if room > now {
            return Turn::First(room);
        }
        state.level += CALL;
        self.waiting = false;
        state.leave(self.number);
        Turn::Passed
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.waiting {
            self.bucket.lock().leave(self.number);
        }
    }
}

enum Turn {
    Passed,
    Paused(Timestamp),
    Behind,
    First(Timestamp),
}
