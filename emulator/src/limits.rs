//! The limits of protocol 8.6: a leaky bucket for each source address, and the operating time of each method.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use std::time::Duration;
//! use openlines_emulator::{Emulator, RateLimit};
//! let emulator = Emulator::builder().rate_limit(RateLimit::ENTERPRISE).start().await.expect("a free port");
//! let portal = emulator.portal();
//! portal.set_operating_cost("imbot.message.add", Duration::from_secs(30));
//! portal.set_operating_limit(Some(Duration::from_secs(60)));
//! # }
//! ```
//!
//! The trap: the bucket belongs to the address, so everything that runs behind it shares one.

use std::collections::{BTreeMap, HashMap, VecDeque};
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

    /// The limit that is on, and how full the address's bucket is now.
    pub(crate) fn level(&self, from: IpAddr, now_micros: i64) -> Option<(RateLimit, f64)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = state.limit?;
        let level = state.buckets.get(&from).map_or(0.0, |(level, at)| {
            let passed = (now_micros - at).max(0) as f64 / 1_000_000.0;
            (level - passed * limit.per_second).max(0.0)
        });
        Some((limit, level))
    }

    /// How full every bucket is now, by source.
    pub(crate) fn levels(&self, now_micros: i64) -> Vec<(IpAddr, f64)> {
        let mut sources: Vec<IpAddr> = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.buckets.keys().copied().collect()
        };
        sources.sort_unstable();
        let level = |from: IpAddr| self.level(from, now_micros).map(|(_, level)| (from, level));
        sources.into_iter().filter_map(level).collect()
    }
}

/// The operating time that one caller has used with one method.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spent {
    pub(crate) caller: String,
    pub(crate) method: String,
    pub(crate) seconds: f64,
    /// Unix seconds when its oldest minute is forgotten.
    pub(crate) resets_at: i64,
}

/// What the source has when the cloud does not say otherwise.
const OPERATING_SECONDS: f64 = 420.0;
/// Sums of one hit up to this are not counted.
const UNCOUNTED_SECONDS: f64 = 0.1;
const BUCKET_SECONDS: i64 = 60;
const BUCKETS: i64 = 10;

/// Who called what: the application or webhook, and the method.
type Account = (String, String);

/// One minute of one account.
#[derive(Clone, Copy, Debug)]
struct Minute {
    number: i64,
    /// Unix seconds of its first counted call.
    first: i64,
    seconds: f64,
}

/// Operating time: what each caller's calls of each method have cost in the last ten minutes.
#[derive(Debug)]
pub(crate) struct Operating {
    /// `None` turns the limit off, and with it the fields in `time`.
    pub(crate) limit: Option<f64>,
    costs: HashMap<String, f64>,
    spent: HashMap<Account, VecDeque<Minute>>,
    this_hit: HashMap<Account, f64>,
}

impl Default for Operating {
    fn default() -> Self {
        let (costs, spent, this_hit) = Default::default();
        Self { limit: Some(OPERATING_SECONDS), costs, spent, this_hit }
    }
}

impl Operating {
    /// What one call of the method costs from now on, in seconds; nothing unless set.
    pub(crate) fn set_cost(&mut self, method: &str, seconds: f64) {
        self.costs.insert(method.to_ascii_lowercase(), seconds);
    }

    /// What calls cost, by method.
    pub(crate) fn costs(&self) -> BTreeMap<String, f64> {
        self.costs.iter().map(|(method, seconds)| (method.clone(), *seconds)).collect()
    }

    /// The operating time used in the last ten minutes, the most first.
    pub(crate) fn spent(&self, now: i64) -> Vec<Spent> {
        let oldest = now.div_euclid(BUCKET_SECONDS) - BUCKETS;
        let mut all: Vec<Spent> = self
            .spent
            .iter()
            .filter_map(|((caller, method), minutes)| {
                let mut live = minutes.iter().filter(|minute| minute.number > oldest).peekable();
                let resets_at = live.peek()?.first + BUCKETS * BUCKET_SECONDS;
                let seconds = live.map(|minute| minute.seconds).sum();
                Some(Spent { caller: caller.clone(), method: method.clone(), seconds, resets_at })
            })
            .collect();
        all.sort_by(|one, other| {
            other.seconds.total_cmp(&one.seconds).then_with(|| one.method.cmp(&other.method))
        });
        all
    }

    /// Another request begins.
    pub(crate) fn begin_hit(&mut self) {
        self.this_hit.clear();
    }

    /// Whether the caller may call the method: blocked when strictly above the limit.
    pub(crate) fn admits(&mut self, caller: &str, method: &str, now: i64) -> bool {
        match self.limit {
            Some(limit) => self.sum(caller, method, now) <= limit,
            None => true,
        }
    }

    fn sum(&mut self, caller: &str, method: &str, now: i64) -> f64 {
        let Some(minutes) = self.spent.get_mut(&(caller.to_owned(), method.to_owned())) else { return 0.0 };
        minutes.retain(|minute| minute.number > now.div_euclid(BUCKET_SECONDS) - BUCKETS);
        minutes.iter().map(|minute| minute.seconds).sum()
    }

    /// Counts one call.
    pub(crate) fn count(&mut self, caller: &str, method: &str, now: i64) {
        let cost = self.costs.get(method).copied().unwrap_or(0.0);
        let account = (caller.to_owned(), method.to_owned());
        let hit = self.this_hit.entry(account.clone()).or_insert(0.0);
        let before = *hit;
        *hit += cost;
        let counted = match (before > UNCOUNTED_SECONDS, *hit > UNCOUNTED_SECONDS) {
            (true, _) => cost,
            (false, true) => *hit,
            (false, false) => return,
        };
        let number = now.div_euclid(BUCKET_SECONDS);
        let minutes = self.spent.entry(account).or_default();
        match minutes.back_mut().filter(|minute| minute.number == number) {
            Some(minute) => minute.seconds += counted,
            None => minutes.push_back(Minute { number, first: now, seconds: counted }),
        }
    }

    /// `operating_reset_at` and `operating` of the answer's `time`, where the limit is on.
    pub(crate) fn report(&mut self, caller: &str, method: &str, now: i64) -> Option<(i64, f64)> {
        self.limit?;
        let operating = self.sum(caller, method, now);
        let first = self
            .spent
            .get(&(caller.to_owned(), method.to_owned()))
            .and_then(|minutes| minutes.front())
            .map_or(now, |minute| minute.first);
        Some((first + BUCKETS * BUCKET_SECONDS, operating))
    }
}

#[cfg(test)]
mod tests {
    use super::{Limiter, Operating, RateLimit};

    #[test]
    fn the_bucket_holds_fifty_and_leaks_two_a_second() {
        let limiter = Limiter::default();
        let here = std::net::IpAddr::from([127, 0, 0, 1]);
        assert!((0..1_000).all(|_| limiter.admits(here, 0)), "no limit was set");
        assert_eq!(limiter.level(here, 0), None);
        limiter.set(Some(RateLimit::STANDARD));
        assert_eq!((0..60).filter(|_| limiter.admits(here, 0)).count(), 50);
        assert_eq!((0..60).filter(|_| limiter.admits(here, 3_000_000)).count(), 6);
        assert_eq!(limiter.level(here, 4_000_000), Some((RateLimit::STANDARD, 48.0)));
        let other = std::net::IpAddr::from([127, 0, 0, 2]);
        assert!(limiter.admits(other, 3_000_000), "each source has its own");
        assert_eq!(limiter.levels(3_000_000), [(here, 50.0), (other, 1.0)]);
    }

    #[test]
    fn a_method_is_blocked_when_ten_minutes_hold_more_than_the_limit() {
        let mut operating = Operating { limit: Some(10.0), ..Operating::default() };
        operating.set_cost("crm.deal.list", 5.0);
        for now in [30, 90] {
            operating.begin_hit();
            assert!(operating.admits("app", "crm.deal.list", now));
            operating.count("app", "crm.deal.list", now);
        }
        assert_eq!(operating.report("app", "crm.deal.list", 91), Some((630, 10.0)));
        assert!(operating.admits("app", "crm.deal.list", 92), "exactly the limit still passes");
        operating.begin_hit();
        operating.count("app", "crm.deal.list", 92);
        assert!(!operating.admits("app", "crm.deal.list", 93));
        assert!(operating.admits("app", "crm.deal.get", 93), "each method has its own account");
        assert!(operating.admits("hook", "crm.deal.list", 93), "and each caller");
        let spent = operating.spent(93);
        assert_eq!((spent.len(), spent[0].seconds, spent[0].resets_at), (1, 15.0, 630));
        assert!(operating.spent(10_000).is_empty());
        assert!(operating.admits("app", "crm.deal.list", 600), "the oldest minute is forgotten");
    }

    #[test]
    fn a_hit_of_a_tenth_of_a_second_is_not_counted_but_a_batch_is_summed_up() {
        let mut operating = Operating::default();
        operating.set_cost("im.user.get", 0.0625);
        operating.count("app", "im.user.get", 0);
        assert_eq!(operating.report("app", "im.user.get", 0), Some((600, 0.0)));
        operating.count("app", "im.user.get", 0);
        operating.count("app", "im.user.get", 0);
        assert_eq!(operating.report("app", "im.user.get", 0), Some((600, 0.1875)));
        operating.begin_hit();
        operating.count("app", "im.user.get", 1);
        assert_eq!(operating.report("app", "im.user.get", 1), Some((600, 0.1875)));
    }
}
