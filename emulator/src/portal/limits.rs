//! Limits and refusals of the portal that a test may turn.

use std::net::IpAddr;
use std::time::Duration;

use super::Portal;
use crate::limits::RateLimit;
use crate::rest::SystemRefusal;

impl Portal {
    /// Another rate limit, or none. Every bucket is empty again.
    pub fn set_rate_limit(&self, limit: Option<RateLimit>) {
        self.shared.limiter.set(limit);
    }

    /// The rate limit that is on, and how many requests are in the bucket of an address now.
    #[must_use]
    pub fn rate_level(&self, from: IpAddr) -> Option<(RateLimit, f64)> {
        self.shared.limiter.level(from, self.shared.clock.micros())
    }

    /// What a call of the method costs from now on. A request that costs up to 0.1 s is not counted.
    pub fn set_operating_cost(&self, method: &str, cost: Duration) {
        self.shared.hit(|world| world.operating.set_cost(method, cost.as_secs_f64()));
    }

    /// How much operating time each method has in ten minutes, for each caller; 420 s by default. `None` turns the
    /// limit off, and the fields `operating` and `operating_reset_at` of answers with it.
    pub fn set_operating_limit(&self, limit: Option<Duration>) {
        self.shared.hit(|world| world.operating.limit = limit.map(|limit| limit.as_secs_f64()));
    }

    /// Every call meets this refusal until `None` ends it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use openlines_emulator::{Emulator, SystemRefusal};
    /// let emulator = Emulator::start().await;
    /// emulator.portal().refuse_calls(Some(SystemRefusal::OnHold));
    /// # }
    /// ```
    pub fn refuse_calls(&self, refusal: Option<SystemRefusal>) {
        self.shared.hit(|world| world.refusal = refusal);
    }

    /// The application's name; `pull.application.push.add` refuses an application without one.
    pub fn set_app_name(&self, name: &str) {
        let client_id = &self.shared.names.client_id;
        self.shared.hit(|world| {
            if let Some(app) = world.apps.get_mut(client_id) {
                name.clone_into(&mut app.name);
            }
        });
    }

    /// Whether the plan has offline events that are collected in steps (`clear=0`); it has by default.
    pub fn set_offline_steps(&self, on: bool) {
        self.shared.hit(|world| world.offline.only_at_once = !on);
    }
}
