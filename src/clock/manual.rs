//! A clock that stands still until a test moves it.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::Clock;
use crate::wire::Timestamp;

/// A clock that stands still until [`advance`](Self::advance) moves it. Clones share the time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<watch::Sender<Timestamp>>,
}

impl ManualClock {
    /// A clock at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { now: Arc::new(watch::Sender::new(now)) }
    }

    /// A clock at so many Unix seconds.
    pub fn at_seconds(seconds: i64) -> Self {
        Self::new(Timestamp::from_seconds(seconds))
    }

    /// Moves the time forward and wakes whoever waited for a moment passed.
    pub fn advance(&self, span: Duration) {
        self.now.send_modify(|now| *now = now.plus(span));
    }
}

#[async_trait::async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut now = self.now.subscribe();
        // The sender lives as long as `self`, so waiting ends only when the moment has come.
        let _ = now.wait_for(|now| *now >= moment).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_waiter_wakes_when_time_is_moved_past_its_moment() {
        let clock = ManualClock::at_seconds(100);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(Timestamp::from_seconds(105)).await }
        });
        clock.advance(Duration::from_secs(4));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(1));
        waiting.await.unwrap();
    }
}
