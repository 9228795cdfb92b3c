//! The emulator's clock: everything with a date or a deadline in the portal reads it.
//!
//! It follows real time until a test moves it, so a week or an hour passes without a sleep:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use std::time::Duration;
//! let emulator = openlines_emulator::Emulator::start().await;
//! let clock = emulator.portal().clock();
//! let before = clock.unix();
//! clock.advance(Duration::from_secs(3_600));
//! assert!(clock.unix() >= before + 3_600);
//! # }
//! ```
//!
//! The trap: network time-outs and the deadlines of the `wait_for_…` methods run on real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A handle to the clock of one emulated portal. Clones move the same clock.
#[derive(Clone, Debug, Default)]
pub struct PortalClock {
    /// How far the clock is ahead of real time, in microseconds.
    ahead: Arc<AtomicI64>,
    /// Real time in microseconds at which the clock was stopped; 0 while it runs.
    stopped: Arc<AtomicI64>,
}

impl PortalClock {
    /// Microseconds since the Unix epoch.
    pub(crate) fn micros(&self) -> i64 {
        let stopped = self.stopped.load(Ordering::SeqCst);
        let real = if stopped == 0 { real_micros() } else { stopped };
        real.saturating_add(self.ahead.load(Ordering::SeqCst))
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub fn unix(&self) -> i64 {
        self.micros().div_euclid(1_000_000)
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX / 4);
        self.ahead.fetch_add(by, Ordering::SeqCst);
    }

    /// Stops the clock where it is; only [`advance`](Self::advance) moves it from now on.
    pub fn stop(&self) {
        let _ = self.stopped.compare_exchange(0, real_micros(), Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The present moment in the form the portal writes dates in, such as `2026-03-17T12:46:27+00:00`.
    #[must_use]
    pub fn iso(&self) -> String {
        iso(self.unix())
    }
}

/// A Unix time in the portal's ISO-8601 form.
pub(crate) fn iso(unix: i64) -> String {
    match jiff::Timestamp::from_second(unix) {
        Ok(at) => at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        Err(_) => String::new(),
    }
}

fn real_micros() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX / 4))
}
