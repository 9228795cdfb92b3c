//! What is counted at the door. The handles are made once: an event costs an addition each.

use std::sync::LazyLock;

use metrics::{Counter, Histogram, counter, histogram};

use super::RefusalKind;

/// Counters of what came in.
pub(super) struct Figures {
    pub(super) accepted: Counter,
    pub(super) duplicate: Counter,
    pub(super) parked: Counter,
    pub(super) repaired: Counter,
    pub(super) poll_lag: Histogram,
    refused: Vec<(RefusalKind, Counter)>,
}

pub(super) static FIGURES: LazyLock<Figures> = LazyLock::new(|| Figures {
    accepted: counter!("openlines_events_total", "outcome" => "accepted"),
    duplicate: counter!("openlines_events_total", "outcome" => "duplicate"),
    parked: counter!("openlines_events_total", "outcome" => "unreadable"),
    repaired: counter!("openlines_gap_repaired_messages_total"),
    poll_lag: histogram!("openlines_poll_lag_seconds"),
    refused: RefusalKind::ALL
        .into_iter()
        .map(|kind| (kind, counter!("openlines_refusals_total", "reason" => kind.code())))
        .collect(),
});

impl Figures {
    /// A request was refused.
    pub(super) fn refused(&self, kind: RefusalKind) {
        if let Some((_, counter)) = self.refused.iter().find(|(known, _)| *known == kind) {
            counter.increment(1);
        }
    }
}
