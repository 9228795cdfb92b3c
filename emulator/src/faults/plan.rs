//! What is planned to go wrong, and the callbacks that a fault holds back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::TOKEN_ENDPOINT;
use super::kinds::{DeliveryFault, RestFault};
use crate::record::Delivery;

/// A callback on its way to the delivery task.
pub(crate) struct Queued {
    pub(crate) delivery: Delivery,
    /// Not before this.
    pub(crate) due: Option<Instant>,
    /// Out of order: it neither waits for its handler's other callbacks nor keeps them waiting.
    pub(crate) alone: bool,
}

/// Which callbacks a rule means.
#[derive(Clone)]
pub(super) enum Which {
    /// The upper-case code, or `*`.
    Event(String),
    Predicate(Arc<dyn Fn(&Delivery) -> bool + Send + Sync>),
}

/// A fault for the next callbacks that fit.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) which: Which,
    pub(super) fault: DeliveryFault,
    pub(super) times: u32,
}

/// A fault for the next calls of a method.
#[derive(Clone)]
pub(super) struct PlannedCall {
    pub(super) method: String,
    pub(super) fault: RestFault,
    pub(super) times: u32,
}

/// What becomes of one callback.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fate {
    pub(crate) drop: bool,
    pub(crate) duplicate: bool,
    pub(crate) overtaken: bool,
    /// With the others, in order.
    pub(crate) delay: Duration,
    /// By itself.
    pub(crate) late: Option<Duration>,
}

/// The faults of one portal, and what they hold.
#[derive(Default)]
pub(crate) struct Plan {
    pub(super) duplicate: bool,
    pub(super) drop: bool,
    pub(super) hold: bool,
    pub(super) reorder: usize,
    pub(super) delay: Duration,
    pub(super) rules: Vec<Rule>,
    pub(super) rest: Vec<PlannedCall>,
    pub(super) invalid_grants: u32,
    held: VecDeque<Queued>,
    overtaken: VecDeque<Queued>,
    out: Option<mpsc::UnboundedSender<Queued>>,
}

impl Plan {
    /// Where released callbacks go.
    pub(crate) fn deliver_to(&mut self, out: mpsc::UnboundedSender<Queued>) {
        self.out = Some(out);
    }

    /// Decides what happens to a callback, and counts the rules that decided it.
    pub(crate) fn fate_of(&mut self, delivery: &Delivery) -> Fate {
        let mut fate =
            Fate { drop: self.drop, duplicate: self.duplicate, delay: self.delay, ..Fate::default() };
        let found = self.rules.iter().position(|rule| match &rule.which {
            Which::Event(event) => event == "*" || *event == delivery.event,
            Which::Predicate(fits) => fits(delivery),
        });
        let Some(at) = found else { return fate };
        match self.rules[at].fault {
            DeliveryFault::Drop => fate.drop = true,
            DeliveryFault::Duplicate => fate.duplicate = true,
            DeliveryFault::Delay(by) => fate.late = Some(by),
            DeliveryFault::Overtaken => fate.overtaken = true,
        }
        let times = &mut self.rules[at].times;
        *times = if *times == u32::MAX { u32::MAX } else { times.saturating_sub(1) };
        if *times == 0 {
            self.rules.remove(at);
        }
        fate
    }

    /// Takes callbacks in; [`release`](Self::release) sends them.
    pub(crate) fn take_in(&mut self, deliveries: impl Iterator<Item = Delivery>, fate: Fate) {
        let wait = fate.late.unwrap_or(fate.delay);
        let due = (!wait.is_zero()).then(|| Instant::now() + wait);
        let queued = deliveries.map(|delivery| Queued { delivery, due, alone: fate.late.is_some() });
        if fate.overtaken {
            self.overtaken.extend(queued);
        } else {
            self.held.extend(queued);
        }
    }

    /// Sends what no fault holds back.
    pub(crate) fn release(&mut self) {
        if self.hold {
            return;
        }
        if self.reorder > 1 {
            if self.held.len() < self.reorder {
                return;
            }
            self.held.make_contiguous().reverse();
            self.reorder = 0;
        }
        if !self.held.is_empty() {
            self.held.append(&mut self.overtaken);
        }
        for queued in self.held.drain(..) {
            if let Some(out) = &self.out {
                // The receiver lives as long as the emulator; when it is gone nobody waits any more.
                let _ = out.send(queued);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        held.append(&mut self.overtaken);
        *self = Self { held, out: self.out.take(), ..Self::default() };
    }

    pub(super) fn next_rest(&mut self, method: &str) -> Option<RestFault> {
        let any = method != TOKEN_ENDPOINT;
        let fits = |planned: &PlannedCall| planned.method == method || (any && planned.method == "*");
        let at = self.rest.iter().position(fits)?;
        Some(self.use_up(at))
    }

    /// The refusal that an item of a batch meets: no other fault means a part of a request.
    pub(super) fn next_of_batch(&mut self, method: &str) -> Option<RestFault> {
        let at = self.rest.iter().position(|planned| {
            matches!(planned.fault, RestFault::Error { .. })
                && (planned.method == method || planned.method == "*")
        })?;
        Some(self.use_up(at))
    }

    fn use_up(&mut self, at: usize) -> RestFault {
        let planned = &mut self.rest[at];
        let fault = planned.fault.clone();
        if planned.times != u32::MAX {
            planned.times = planned.times.saturating_sub(1);
        }
        if planned.times == 0 {
            self.rest.remove(at);
        }
        fault
    }
}
