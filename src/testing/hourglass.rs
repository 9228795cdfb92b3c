//! The clock of a conversation: stands still, and knows the moments that are waited for.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    clock::{Clock, ManualClock},
    wire::Timestamp,
};

/// A clock that stands still until it is moved. Clones share the time.
#[derive(Debug, Clone)]
pub(super) struct Hourglass {
    clock: ManualClock,
    waits: Arc<Mutex<Waits>>,
    /// How many of the handlers' own calls wait; only of the clock that those are made with.
    resting: Option<Arc<AtomicUsize>>,
}

#[derive(Debug, Default)]
struct Waits {
    next: u64,
    moments: BTreeMap<u64, Timestamp>,
}

impl Hourglass {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { clock: ManualClock::new(now), waits: Arc::default(), resting: None }
    }

    /// The same time, for the calls that handlers wait for: `resting` counts those.
    pub(super) fn of_calls(&self, resting: Arc<AtomicUsize>) -> Self {
        Self { resting: Some(resting), ..self.clone() }
    }

    /// The first moment after now that somebody waits for.
    pub(super) fn next_moment(&self) -> Option<Timestamp> {
        let now = self.now();
        self.waits().moments.values().copied().filter(|moment| *moment > now).min()
    }

    /// Moves the time forward to `moment`.
    pub(super) fn move_to(&self, moment: Timestamp) {
        self.clock.advance(moment.since(self.now()));
    }

    /// The moment after `span`.
    pub(super) fn after(&self, span: Duration) -> Timestamp {
        self.now().plus(span)
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits; gone when it is dropped.
struct Waiting<'a>(&'a Hourglass, u64);

impl<'a> Waiting<'a> {
    fn begin(clock: &'a Hourglass, moment: Timestamp) -> Self {
        if let Some(resting) = &clock.resting {
            resting.fetch_add(1, Ordering::SeqCst);
        }
        let mut waits = clock.waits();
        waits.next += 1;
        let id = waits.next;
        waits.moments.insert(id, moment);
        Self(clock, id)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waits().moments.remove(&self.1);
        if let Some(resting) = &self.0.resting {
            resting.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[async_trait::async_trait]
impl Clock for Hourglass {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        if moment <= self.now() {
            return;
        }
        let _waiting = Waiting::begin(self, moment);
        self.clock.sleep_until(moment).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_moment_that_is_waited_for_is_known_until_nobody_waits() {
        let clock = Hourglass::new(Timestamp::from_seconds(100));
        assert_eq!(clock.next_moment(), None);
        let mut waits = tokio::task::JoinSet::new();
        for seconds in [120, 110] {
            let clock = clock.clone();
            waits.spawn(async move { clock.sleep_until(Timestamp::from_seconds(seconds)).await });
        }
        tokio::task::yield_now().await;
        assert_eq!(clock.next_moment(), Some(Timestamp::from_seconds(110)));
        clock.move_to(Timestamp::from_seconds(110));
        waits.join_next().await.unwrap().unwrap();
        assert_eq!(clock.next_moment(), Some(Timestamp::from_seconds(120)));
        waits.shutdown().await;
        assert_eq!(clock.next_moment(), None);
    }
}
