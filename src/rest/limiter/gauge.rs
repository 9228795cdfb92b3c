//! The operating time of one method.
//!
//! Below half the limit calls go as they come. Above it what is left is spread over the time until the oldest of what
//! was spent is forgotten; with nothing left the method waits for that moment, and one call finds out how much is
//! left then.

use std::time::Duration;

use super::Operating;
use crate::wire::Timestamp;

/// The ten minutes that the limit looks at.
const WINDOW_MILLIS: u64 = 600_000;

/// Whether a call of the method may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// Not before this moment.
    Until(Timestamp),
    /// Not before a call under way is answered.
    Answered,
}

/// What is known of one method of one application. Times are milliseconds.
#[derive(Debug)]
pub(super) struct Gauge {
    limit: u64,
    spent: u64,
    /// What one call costs, rather too much than too little.
    cost: u64,
    under_way: u64,
    resets_at: Timestamp,
    sent_at: Timestamp,
    /// Whether the portal ever spoke of it.
    known: bool,
}

impl Gauge {
    pub(super) fn new(limit: Duration, now: Timestamp) -> Self {
        Self {
            limit: millis(limit),
            spent: 0,
            cost: 0,
            under_way: 0,
            resets_at: now,
            sent_at: now,
            known: false,
        }
    }

    pub(super) fn gate(&self, now: Timestamp) -> Gate {
        // What the portal will have counted when a call sent now arrives, at the most.
        let ahead = self.spent.saturating_add(self.cost.saturating_mul(self.under_way));
        if !self.known || ahead < self.limit / 2 {
            return Gate::Open;
        }
        let left = self.guard().saturating_sub(ahead);
        if left < self.cost.max(1) {
            return match (self.resets_at > now, self.under_way) {
                (true, _) => Gate::Until(self.resets_at),
                (false, 0) => Gate::Open,
                (false, _) => Gate::Answered,
            };
        }
        let gap = if self.resets_at > now {
            let span = millis(self.resets_at.since(now));
            u128::from(self.cost) * u128::from(span) / u128::from(left)
        } else {
            u128::from(self.cost) * u128::from(WINDOW_MILLIS) / u128::from(self.guard().max(1))
        };
        let gap = Duration::from_millis(u64::try_from(gap).unwrap_or(u64::MAX));
        let next = self.sent_at.plus(gap);
        if next <= now {
            return Gate::Open;
        }
        // At the reset everything is looked at anew.
        Gate::Until(if self.resets_at > now { next.min(self.resets_at) } else { next })
    }

    pub(super) fn sent(&mut self, now: Timestamp) {
        self.under_way += 1;
        self.sent_at = now;
    }

    /// A call ended, and this is what its answer said.
    pub(super) fn ended(&mut self, told: Option<Operating>, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(told) = told else { return };
        let spent = millis(told.spent());
        let grown =
            if self.known { spent.saturating_sub(self.spent) } else { spent.min(millis(told.took())) };
        self.cost = grown.max(self.cost - self.cost / 10);
        // Nothing is forgotten before the reset, so a smaller sum is an older one, overtaken on its way.
        self.spent = if self.resets_at > now { self.spent.max(spent) } else { spent };
        self.resets_at = self.resets_at.max(now.plus(told.resets_in()));
        self.known = true;
    }

    /// A call was carried out and its answer said nothing: if that is so after a reset, nothing is known any more.
    pub(super) fn done_untold(&mut self, now: Timestamp) {
        if self.resets_at <= now {
            self.known = false;
            self.spent = 0;
        }
    }

    /// The portal refused a call of the method. It does not say until when, so an earlier answer counts before `wait`.
    pub(super) fn refused(&mut self, wait: Duration, now: Timestamp) {
        self.spent = self.spent.max(self.limit);
        self.known = true;
        if self.resets_at <= now {
            self.resets_at = now.plus(wait);
        }
    }

    /// Whether it may be forgotten: nothing is under way, and nothing would hold a call.
    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        self.under_way == 0 && (!self.known || self.resets_at <= now)
    }

    /// A twentieth of the limit is left alone: other processes may use the method too, and a call may cost more than
    /// those before it.
    fn guard(&self) -> u64 {
        self.limit - self.limit / 20
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn told(spent: u64, resets_in: u64) -> Option<Operating> {
        Some(Operating::new(secs(spent), secs(resets_in), secs(2)))
    }

    fn gauge() -> Gauge {
        let mut gauge = Gauge::new(secs(420), at(0));
        gauge.sent(at(0));
        gauge
    }

    #[test]
    fn a_method_far_from_its_limit_is_not_slowed() {
        let mut gauge = gauge();
        gauge.ended(told(200, 300), at(1));
        assert_eq!(gauge.gate(at(1)), Gate::Open);
    }

    #[test]
    fn what_is_left_is_spread_over_the_time_until_the_reset() {
        let mut gauge = gauge();
        gauge.ended(told(299, 300), at(1));
        gauge.sent(at(1));
        gauge.ended(told(301, 298), at(3));
        // 98 s are left of 399, 298 s to go, 2 s each.
        assert_eq!(gauge.gate(at(3)), Gate::Until(at(1).plus(Duration::from_millis(6081))));
        assert_eq!(gauge.gate(at(8)), Gate::Open);
    }

    #[test]
    fn with_nothing_left_it_waits_for_the_reset_and_one_call_looks() {
        let mut gauge = gauge();
        gauge.ended(told(400, 100), at(1));
        assert_eq!(gauge.gate(at(50)), Gate::Until(at(101)));
        assert_eq!(gauge.gate(at(101)), Gate::Open);
        gauge.sent(at(101));
        assert_eq!(gauge.gate(at(101)), Gate::Answered);
        gauge.ended(told(150, 60), at(102));
        assert_eq!(gauge.gate(at(102)), Gate::Open);
    }

    #[test]
    fn a_sum_that_was_overtaken_on_its_way_does_not_lower_the_gauge() {
        let mut gauge = gauge();
        gauge.sent(at(0));
        gauge.ended(told(400, 100), at(1));
        gauge.ended(told(10, 100), at(1));
        assert_eq!(gauge.gate(at(2)), Gate::Until(at(101)));
    }

    #[test]
    fn a_refusal_waits_for_the_reset_that_an_earlier_answer_told() {
        let mut gauge = gauge();
        gauge.ended(told(100, 500), at(0));
        gauge.sent(at(1));
        gauge.ended(None, at(1));
        gauge.refused(secs(30), at(1));
        assert_eq!(gauge.gate(at(100)), Gate::Until(at(500)));
    }
}
