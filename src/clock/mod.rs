//! Floor 1: what time it is, and whether it is time to work ([`WorkingHours`]). Store calls take `now`; whoever waits asks a [`Clock`], so that tests move time.
//!
//! ```
//! use std::time::Duration;
//! use openlines::clock::{Clock, ManualClock};
//!
//! let clock = ManualClock::at_seconds(1_773_682_918);
//! clock.advance(Duration::from_secs(2));
//! assert_eq!(clock.now().seconds(), 1_773_682_920);
//! ```
//!
//! **Trap:** time-outs of sockets are not on this clock; they stay real also in a test that moves time.

mod hours;
mod manual;
mod system;

use crate::wire::Timestamp;

pub use hours::{HoursError, HoursErrorKind, Weekday, WorkingHours, WorkingHoursBuilder};
pub use manual::ManualClock;
pub use system::SystemClock;

/// Tells the time and waits for a moment.
#[async_trait::async_trait]
pub trait Clock: std::fmt::Debug + Send + Sync + 'static {
    /// This moment.
    fn now(&self) -> Timestamp;

    /// Returns once `now()` has reached `moment`; at once if it has.
    async fn sleep_until(&self, moment: Timestamp);
}
