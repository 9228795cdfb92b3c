//! Tries again what may be tried again.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

use super::{Api, Call, CallError, CallErrorKind, Repeat};
use crate::clock::Clock;

/// Makes a call again when that is safe and may help: after an unreachable portal or a limit always, after an
/// unknown outcome only what is idempotent or has a key. For calls made directly; the outbox has rules of its own.
///
/// The waits double, with jitter, and are never shorter than what the portal asked for.
pub struct Retrying<A> {
    inner: A,
    clock: Arc<dyn Clock>,
    tries: u32,
    first_wait: Duration,
    longest_wait: Duration,
}

impl<A: Api> Retrying<A> {
    /// At most 5 tries, half a second to 30 seconds apart.
    pub fn new(inner: A, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            clock,
            tries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        }
    }

    /// At most so many tries, the first one included.
    #[must_use]
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries.max(1);
        self
    }

    /// The first wait, and the longest that doubling leads to.
    #[must_use]
    pub fn waits(mut self, first: Duration, longest: Duration) -> Self {
        self.first_wait = first;
        self.longest_wait = longest;
        self
    }

    fn wait(&self, tried: u32, error: &CallError) -> Duration {
        let doubled = self.first_wait.saturating_mul(1_u32.checked_shl(tried - 1).unwrap_or(u32::MAX));
        let wait = doubled.min(self.longest_wait);
        // A half to the whole of it, so that those who failed together do not come back together.
        let share = u32::from(Uuid::new_v4().as_bytes()[0]);
        let wait = wait / 2 + wait / 2 * share / 255;
        wait.max(error.retry_after().unwrap_or_default())
    }
}

fn may_repeat(repeat: Repeat, error: &CallError) -> bool {
    match error.kind() {
        CallErrorKind::Unreachable | CallErrorKind::Limited => true,
        CallErrorKind::Unknown => repeat != Repeat::Once,
        _ => false,
    }
}

#[async_trait]
impl<A: Api> Api for Retrying<A> {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let mut tried = 1;
        loop {
            match self.inner.call(call.clone()).await {
                Err(error) if tried < self.tries && may_repeat(call.repeat, &error) => {
                    let wait = self.wait(tried, &error);
                    tracing::debug!(portal = %call.portal, tried, ?wait, %error, "trying again");
                    self.clock.sleep_until(self.clock.now().plus(wait)).await;
                    tried += 1;
                }
                result => return result,
            }
        }
    }
}

impl<A: fmt::Debug> fmt::Debug for Retrying<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("inner", &self.inner)
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}
