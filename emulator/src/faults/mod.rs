//! Things that go wrong on purpose: in deliveries, in the answers to REST calls, and at the authorisation server.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use std::time::Duration;
//! use openlines_emulator::{DeliveryFault, Emulator, RestFault};
//! let emulator = Emulator::start().await;
//! let faults = emulator.portal().faults();
//! faults.duplicate_deliveries(true);
//! faults.delivery("ONIMBOTV2MESSAGEADD", DeliveryFault::Delay(Duration::from_millis(50)), 1);
//! faults.rest("imbot.v2.Chat.Message.send", RestFault::CloseAfterExecution, 1);
//! assert_eq!(faults.state().rest[0].times, 1);
//! # }
//! ```
//!
//! The trap: a fault counts only calls of its own method, and `"*"` means every method. Faults of the authorisation
//! server are asked for by the name `oauth/token`, which `"*"` does not mean.

mod kinds;
mod plan;
mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::record::Delivery;
pub use kinds::{DeliveryFault, RestFault};
pub(crate) use plan::{Plan, Queued};
use plan::{PlannedCall, Rule, Which};
pub use state::{DeliveryFaultRow, FaultState, FaultStateError, RestFaultRow};

/// The name by which [`Faults::rest`] means the token endpoint of the authorisation server.
pub(crate) const TOKEN_ENDPOINT: &str = "oauth/token";

/// A handle to the faults of one portal. Clones are the same faults.
#[derive(Clone, Default)]
pub struct Faults {
    plan: Arc<Mutex<Plan>>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faults").field(&self.state()).finish()
    }
}

impl Faults {
    pub(crate) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the plan, and sends what nothing holds back any more.
    fn change(&self, change: impl FnOnce(&mut Plan)) {
        let mut plan = self.plan();
        change(&mut plan);
        plan.release();
    }

    /// Every callback is sent twice, byte for byte.
    pub fn duplicate_deliveries(&self, on: bool) {
        self.change(|plan| plan.duplicate = on);
    }

    /// No callback is sent; each is recorded as dropped.
    pub fn drop_deliveries(&self, on: bool) {
        self.change(|plan| plan.drop = on);
    }

    /// The next `count` callbacks are held until the last of them is there, then sent in reverse order.
    /// 0 or 1 sends what is held and ends the fault.
    pub fn reorder_deliveries(&self, count: usize) {
        self.change(|plan| plan.reorder = count);
    }

    /// Every callback from now on is sent this long after it was raised, in the order of raising. Zero ends the fault.
    pub fn delay_deliveries(&self, by: Duration) {
        self.change(|plan| plan.delay = by);
    }

    /// Holds every callback from now on until this is switched off; then all go out in their order. Unlike a delay it
    /// needs no time: raise events, look, and let go.
    pub fn hold_deliveries(&self, on: bool) {
        self.change(|plan| plan.hold = on);
    }

    /// The next `times` callbacks of `event` (`"*"` for any) meet this fault; `u32::MAX` means all of them.
    pub fn delivery(&self, event: &str, fault: DeliveryFault, times: u32) {
        let which = Which::Event(event.to_ascii_uppercase());
        self.change(|plan| plan.rules.push(Rule { which, fault, times }));
    }

    /// The next `times` callbacks that fit meet this fault. The predicate runs while the portal is locked: it must look
    /// at the delivery only.
    pub fn delivery_when(
        &self,
        fits: impl Fn(&Delivery) -> bool + Send + Sync + 'static,
        fault: DeliveryFault,
        times: u32,
    ) {
        self.change(|plan| plan.rules.push(Rule { which: Which::Predicate(Arc::new(fits)), fault, times }));
    }

    /// The next `times` calls of `method` (`"*"` for any) meet this fault. Faults of one method queue up.
    ///
    /// [`RestFault::error`] answers any error code there is, also those for which no test can make the reason:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use openlines_emulator::{Emulator, RestFault};
    /// let emulator = Emulator::start().await;
    /// let portal = emulator.portal();
    /// portal.faults().rest("imbot.v2.Bot.register", RestFault::error(400, "BOT_REGISTER_FAILED"), 1);
    /// let url = format!("{}imbot.v2.Bot.register", portal.webhook_url());
    /// assert!(reqwest::get(url).await.unwrap().text().await.unwrap().contains("BOT_REGISTER_FAILED"));
    /// # }
    /// ```
    pub fn rest(&self, method: &str, fault: RestFault, times: u32) {
        let method = method.to_ascii_lowercase();
        self.change(|plan| plan.rest.push(PlannedCall { method, fault, times }));
    }

    /// The next `times` token requests answer `invalid_grant`, whatever they bring; the grant stays good.
    pub fn invalid_grants(&self, times: u32) {
        self.change(|plan| plan.invalid_grants = times);
    }

    /// Ends every fault and sends what was held.
    pub fn clear(&self) {
        self.change(Plan::clear);
    }

    /// The fault that the next call of this method meets.
    pub(crate) fn next_rest(&self, method: &str) -> Option<RestFault> {
        self.plan().next_rest(method)
    }

    /// The refusal that the next item of a batch of this method meets.
    pub(crate) fn next_of_batch(&self, method: &str) -> Option<RestFault> {
        self.plan().next_of_batch(method)
    }

    /// Whether this token request is refused by a fault.
    pub(crate) fn refuses_grant(&self) -> bool {
        let mut plan = self.plan();
        let refuses = plan.invalid_grants > 0;
        plan.invalid_grants = plan.invalid_grants.saturating_sub(1);
        refuses
    }
}
