//! The rate limit of protocol 8.6: a leaky bucket for each source address.
//!
//! Off unless a test or the command line turns it on, so that a bot can be tried without waiting for it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Size and leak of the bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests that fit before the portal refuses.
    pub bucket: f64,
    /// Requests that leak out each second.
    pub per_second: f64,
}

impl RateLimit {
    /// What most portals have: 50, leaking 2 a second.
    pub const STANDARD: Self = Self { bucket: 50.0, per_second: 2.0 };
    /// What Enterprise portals have: 250, leaking 5 a second.
    pub const ENTERPRISE: Self = Self { bucket: 250.0, per_second: 5.0 };
}

/// The buckets of one portal.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    limit: Option<RateLimit>,
    /// Level and time in microseconds, by source.
    buckets: HashMap<IpAddr, (f64, i64)>,
}

impl Limiter {
    pub(crate) fn set(&self, limit: Option<RateLimit>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.limit = limit;
        state.buckets.clear();
    }

    pub(crate) fn limit(&self) -> Option<RateLimit> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).limit
    }

    /// How full the source's bucket is and how much it holds; `None` while there is no limit.
    pub(crate) fn level(&self, from: IpAddr, now_micros: i64) -> Option<(f64, f64)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = state.limit?;
        let filled = state.buckets.get(&from).map_or(0.0, |(level, at)| {
            let passed = (now_micros - at).max(0) as f64 / 1_000_000.0;
            (level - passed * limit.per_second).max(0.0)
        });
        Some((filled, limit.bucket))
    }

    /// Counts a request; false when the bucket is full.
    pub(crate) fn admits(&self, from: IpAddr, now_micros: i64) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(limit) = state.limit else { return true };
        let (level, at) = state.buckets.entry(from).or_insert((0.0, now_micros));
        let passed = (now_micros - *at).max(0) as f64 / 1_000_000.0;
        *level = (*level - passed * limit.per_second).max(0.0);
        *at = now_micros;
        if *level + 1.0 > limit.bucket {
            return false;
        }
        *level += 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Limiter, RateLimit};

    #[test]
    fn the_bucket_holds_fifty_and_leaks_two_a_second() {
        let limiter = Limiter::default();
        let here = std::net::IpAddr::from([127, 0, 0, 1]);
        assert!((0..1_000).all(|_| limiter.admits(here, 0)), "off by default");
        limiter.set(Some(RateLimit::STANDARD));
        assert_eq!((0..60).filter(|_| limiter.admits(here, 0)).count(), 50);
        assert_eq!((0..60).filter(|_| limiter.admits(here, 3_000_000)).count(), 6);
        assert!(limiter.admits(std::net::IpAddr::from([127, 0, 0, 2]), 3_000_000), "each source has its own");
    }
}
