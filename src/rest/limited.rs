//! Keeps a portal's rate.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::Value;

use super::{Api, Call, CallError, CallErrorKind, bucket::Bucket};
use crate::{
    clock::Clock,
    wire::{MemberId, Timestamp},
};

/// How long a method over its operating limit waits when the portal does not say.
const OPERATING_WAIT: Duration = Duration::from_secs(30);

/// How many portals are known before those without a call are forgotten.
const MANY_PORTALS: usize = 1024;

/// What a portal allows (protocol 8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "limits do nothing until calls are limited by them"]
pub struct Limits {
    burst: u32,
    per_second: u32,
    deadline: Option<Duration>,
}

impl Limits {
    /// 50 at once, 2 a second: every plan but the largest.
    pub const fn standard() -> Self {
        Self::new(50, 2)
    }

    /// 250 at once, 5 a second: Enterprise.
    pub const fn enterprise() -> Self {
        Self::new(250, 5)
    }

    /// So many at once, so many a second.
    pub const fn new(burst: u32, per_second: u32) -> Self {
        Self { burst, per_second, deadline: None }
    }

    /// How long a call may wait for its turn; then it fails with [`CallErrorKind::Limited`], not executed. Without
    /// it a call waits as long as its caller does.
    pub const fn deadline(mut self, span: Duration) -> Self {
        self.deadline = Some(span);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::standard()
    }
}

/// Keeps the rate of every portal: a call waits for its turn, first come first served, and goes out when the portal
/// has room. All applications on one portal share its bucket.
///
/// A refusal by the portal's limit was not executed: the call goes back to where it stood in line and is made
/// again. A dropped call leaves the line.
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use openlines::{clock::ManualClock, rest::{Api, Call, CallError, Limited, Limits}, wire::PortalKey};
/// use serde_json::{Value, json};
///
/// struct Echo;
///
/// #[async_trait]
/// impl Api for Echo {
///     async fn call(&self, call: Call) -> Result<Value, CallError> {
///         Ok(json!(call.method))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), CallError> {
/// let api = Limited::new(Echo, Limits::standard(), Arc::new(ManualClock::at_seconds(1_773_682_918)));
/// let answer = api.call(Call::new(PortalKey::new("app", "7c1f"), "profile", json!({}))).await?;
/// assert_eq!(answer, "profile");
/// # Ok(())
/// # }
/// ```
///
/// **Trap:** it knows of its own calls only. Whatever else calls the portal from the same address uses the same
/// bucket, and shows here as refusals that are waited out.
pub struct Limited<A> {
    inner: A,
    limits: Limits,
    clock: Arc<dyn Clock>,
    portals: Mutex<HashMap<MemberId, Arc<Bucket>>>,
}

impl<A: Api> Limited<A> {
    /// Limits the calls of `inner`.
    pub fn new(inner: A, limits: Limits, clock: Arc<dyn Clock>) -> Self {
        Self { inner, limits, clock, portals: Mutex::default() }
    }

    fn bucket(&self, member: &MemberId) -> Arc<Bucket> {
        let mut portals = self.portals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = portals.get(member) {
            return Arc::clone(bucket);
        }
        let now = self.clock.now();
        if portals.len() >= MANY_PORTALS {
            portals.retain(|_, bucket| Arc::strong_count(bucket) > 1 || !bucket.is_idle(now));
        }
        let bucket = Arc::new(Bucket::new(self.limits.burst, self.limits.per_second, now));
        portals.insert(member.clone(), Arc::clone(&bucket));
        bucket
    }

    /// Waits for `what`, but not beyond the deadline.
    async fn within<F: Future<Output = ()>>(
        &self,
        deadline: Option<Timestamp>,
        call: &Call,
        what: F,
    ) -> Result<(), CallError> {
        let Some(deadline) = deadline else {
            what.await;
            return Ok(());
        };
        tokio::select! {
            biased;
            () = what => Ok(()),
            () = self.clock.sleep_until(deadline) => {
                Err(CallError::new(CallErrorKind::Limited, call.method.clone())
                    .describe("it waited for the portal's limit until its deadline and was not sent"))
            }
        }
    }
}

#[async_trait]
impl<A: Api> Api for Limited<A> {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let bucket = self.bucket(&call.portal.member);
        let deadline = self.limits.deadline.map(|span| self.clock.now().plus(span));
        let mut place = bucket.join();
        loop {
            self.within(deadline, &call, place.pass(&call.method, &*self.clock)).await?;
            match self.inner.call(call.clone()).await {
                Err(error) if error.kind() == CallErrorKind::Limited => {
                    let now = self.clock.now();
                    tracing::debug!(portal = %call.portal, method = %call.method, %error, "waiting for the portal's limit");
                    if error.code().eq_ignore_ascii_case("OPERATION_TIME_LIMIT") {
                        bucket.pause(&call.method, now.plus(error.retry_after().unwrap_or(OPERATING_WAIT)));
                    } else {
                        bucket.overflowed(now, error.retry_after());
                    }
                    place.rejoin();
                }
                result => return result,
            }
        }
    }
}

impl<A: fmt::Debug> fmt::Debug for Limited<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited")
            .field("inner", &self.inner)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
