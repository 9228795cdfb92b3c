//! What is counted of turns, lanes and the outbox. The handles are made once: an event costs an addition each.

use std::sync::LazyLock;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::store::SendOutcome;

/// Counters of the engine.
pub(super) struct Figures {
    pub(super) turns_ok: Counter,
    pub(super) turns_failed: Counter,
    pub(super) turns_parked: Counter,
    pub(super) turn_seconds: Histogram,
    pub(super) waiting: Gauge,
    sent: Counter,
    again: Counter,
    rejected: Counter,
    uncertain: Counter,
    withheld: Counter,
}

pub(super) static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    let turns = |outcome: &'static str| counter!("openlines_turns_total", "outcome" => outcome);
    let outbox = |outcome: &'static str| counter!("openlines_outbox_total", "outcome" => outcome);
    Figures {
        turns_ok: turns("ok"),
        turns_failed: turns("failed"),
        turns_parked: turns("parked"),
        turn_seconds: histogram!("openlines_turn_seconds"),
        waiting: gauge!("openlines_events_waiting"),
        sent: outbox("sent"),
        again: outbox("again"),
        rejected: outbox("rejected"),
        uncertain: outbox("uncertain"),
        withheld: outbox("withheld"),
    }
});

impl Figures {
    /// A row of the outbox was tried.
    pub(super) fn tried(&self, outcome: &SendOutcome) {
        let counter = match outcome {
            SendOutcome::Sent(_) => &self.sent,
            SendOutcome::Retry { .. } => &self.again,
            SendOutcome::Rejected(_) => &self.rejected,
            SendOutcome::Uncertain(_) => &self.uncertain,
            SendOutcome::Withheld(_) => &self.withheld,
        };
        counter.increment(1);
    }
}

/// A part of [`Figures::waiting`]: the events that one portal's lanes hold.
#[derive(Default)]
pub(super) struct Waiting(usize);

impl Waiting {
    /// So many they are now.
    pub(super) fn are(&mut self, count: usize) {
        if count != self.0 {
            FIGURES.waiting.increment(count as f64 - self.0 as f64);
            self.0 = count;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.are(0);
    }
}
