//! How often and how soon a failed turn or call is tried again.

use std::time::Duration;

use super::NetworkLimit;

/// The settings of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Tries of a turn before its event is parked.
    pub turn_tries: u32,
    /// Longest time one try of a turn may take.
    pub turn_limit: Duration,
    /// Wait after the first failed try; doubles with each.
    pub first_wait: Duration,
    /// Longest wait between tries.
    pub longest_wait: Duration,
    /// How long a v2 message is sent again under its key after an unknown outcome.
    pub unknown_window: Duration,
    /// How long a message without a key is looked for in its session's history after an unknown outcome; then it is
    /// shown as uncertain.
    pub look_up_window: Duration,
    /// Age of a key after which it is not used again unasked; the server frees it after 60 minutes.
    pub key_life: Duration,
    /// How long a call waits for a portal that cannot be reached or refuses the authorisation.
    pub patience: Duration,
    /// Age of what is known of an open line's session after which the portal is asked before a message goes to the
    /// client.
    pub evidence_life: Duration,
    /// Whether the portal allows one network message a week for each user.
    pub network_limit: NetworkLimit,
    /// Turns that run at once, over all portals; a single portal never has more than are still free, so it leaves room
    /// for others.
    pub turns_at_once: usize,
    /// Calls under way by themselves at once, for each portal; beside them there may be one batch.
    pub calls_at_once: usize,
}

impl Default for Policy {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            turn_tries: 5,
            turn_limit: MINUTE * 5,
            first_wait: Duration::from_secs(1),
            longest_wait: MINUTE,
            unknown_window: Duration::from_secs(90),
            look_up_window: Duration::from_secs(10),
            key_life: MINUTE * 50,
            patience: MINUTE * 60,
            evidence_life: Duration::from_secs(10),
            network_limit: NetworkLimit::default(),
            turns_at_once: 1024,
            calls_at_once: 16,
        }
    }
}

impl Policy {
    /// The wait before the next try after `failed` failed ones: doubling, bounded, with jitter drawn from `salt` so
    /// that what failed together does not come back together.
    pub(crate) fn wait(&self, failed: u32, salt: u64) -> Duration {
        let doubled =
            self.first_wait.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(self.longest_wait);
        let part = u32::try_from(salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54).unwrap_or(0);
        doubled / 2 + (doubled / 2) * part / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_keep_at_least_half() {
        let policy = Policy::default();
        for salt in 0..200 {
            let waits: Vec<Duration> = (1..10).map(|failed| policy.wait(failed, salt)).collect();
            assert!(waits[0] >= Duration::from_millis(500) && waits[0] <= Duration::from_secs(1));
            assert!(waits[8] >= Duration::from_secs(30) && waits[8] <= Duration::from_secs(60));
        }
    }
}
