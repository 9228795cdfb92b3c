//! Things that go wrong on purpose: in deliveries, and in the answers to REST calls.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use openlines_emulator::{Emulator, RestFault};
//! let emulator = Emulator::start().await;
//! let faults = emulator.portal().faults();
//! faults.duplicate_deliveries(true);
//! faults.rest("imbot.v2.Chat.Message.send", RestFault::CloseAfterExecution, 1);
//! # }
//! ```
//!
//! The trap: a fault counts only calls of its own method, and `"*"` means every method.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What happens to a REST call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestFault {
    /// 503 `QUERY_LIMIT_EXCEEDED`; the method does not run.
    QueryLimitExceeded,
    /// 502 with an HTML page; the method does not run.
    HtmlBody,
    /// The connection closes without an answer; the method does not run.
    CloseBeforeExecution,
    /// The method runs, then the connection closes without an answer.
    CloseAfterExecution,
    /// The method runs, the answer comes only after this long.
    SlowAnswer(Duration),
}

/// A handle to the faults of one portal.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Plan {
    duplicate: bool,
    drop: bool,
    reorder: usize,
    rest: Vec<Planned>,
}

#[derive(Debug)]
struct Planned {
    method: String,
    fault: RestFault,
    times: u32,
}

/// What the delivery queue does with a callback.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DeliveryFaults {
    pub(crate) duplicate: bool,
    pub(crate) drop: bool,
    pub(crate) reorder: usize,
}

impl Faults {
    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every callback is sent twice, byte for byte.
    pub fn duplicate_deliveries(&self, on: bool) {
        self.plan().duplicate = on;
    }

    /// No callback is sent; each is recorded as dropped.
    pub fn drop_deliveries(&self, on: bool) {
        self.plan().drop = on;
    }

    /// The next `count` callbacks are held until the last of them is there, then sent in reverse order.
    /// 0 or 1 sends what is held and ends the fault.
    pub fn reorder_deliveries(&self, count: usize) {
        self.plan().reorder = count;
    }

    /// The next `times` calls of `method` (`"*"` for any) meet this fault. Faults of one method queue up.
    pub fn rest(&self, method: &str, fault: RestFault, times: u32) {
        self.plan().rest.push(Planned { method: method.to_ascii_lowercase(), fault, times });
    }

    /// Ends every fault.
    pub fn clear(&self) {
        *self.plan() = Plan::default();
    }

    pub(crate) fn for_delivery(&self) -> DeliveryFaults {
        let plan = self.plan();
        DeliveryFaults { duplicate: plan.duplicate, drop: plan.drop, reorder: plan.reorder }
    }

    /// The faults as they stand: of deliveries, and of calls by method with how many calls they still meet.
    pub(crate) fn planned(&self) -> (DeliveryFaults, Vec<(String, RestFault, u32)>) {
        let calls = self.plan().rest.iter().map(|one| (one.method.clone(), one.fault, one.times)).collect();
        (self.for_delivery(), calls)
    }

    pub(crate) fn reordered(&self) {
        self.plan().reorder = 0;
    }

    /// The fault that the next call of this method meets.
    pub(crate) fn next_rest(&self, method: &str) -> Option<RestFault> {
        let mut plan = self.plan();
        let at = plan.rest.iter().position(|planned| planned.method == method || planned.method == "*")?;
        let planned = &mut plan.rest[at];
        let fault = planned.fault;
        planned.times = planned.times.saturating_sub(1);
        if planned.times == 0 {
            plan.rest.remove(at);
        }
        Some(fault)
    }
}
