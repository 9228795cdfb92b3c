//! What a portal is asked for whoever looks at a page: kept for a while, and not so often that strangers spend the portal's
//! rate on it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::wire::{PortalKey, Timestamp};

/// How long an answer is good for the same token; reloading a page costs the portal nothing.
const KEPT: Duration = Duration::from_secs(300);
/// Answers that are kept.
const KEPT_MAX: usize = 4_096;
/// A portal is asked so often at once for pages, and then once every [`PAUSE`]: a quarter of its rate, whoever asks.
const AT_ONCE: u32 = 20;
const PAUSE: Duration = Duration::from_secs(2);

/// Why a portal is not asked.
pub(in crate::app) const TOO_MANY: &str = "too many pages are being opened on this portal at once";

/// A portal and the digest of a token.
pub(in crate::app) type Place = (PortalKey, [u8; 32]);

#[derive(Debug)]
pub(in crate::app) struct Questions<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    kept: HashMap<Place, (Timestamp, T)>,
    /// Questions that a portal has left, and since when they are counted.
    left: HashMap<PortalKey, (u32, Timestamp)>,
}

impl<T> Default for Questions<T> {
    fn default() -> Self {
        Self(Mutex::new(State { kept: HashMap::new(), left: HashMap::new() }))
    }
}

impl<T: Clone> Questions<T> {
    pub(in crate::app) fn place(portal: &PortalKey, token: &SecretString) -> Place {
        (portal.clone(), Sha256::digest(token.expose_secret()).into())
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::app) fn kept(&self, place: &Place, now: Timestamp) -> Option<T> {
        self.state().kept.get(place).filter(|(until, _)| *until > now).map(|(_, answer)| answer.clone())
    }

    /// Whether the portal may be asked once more.
    pub(in crate::app) fn take(&self, portal: &PortalKey, now: Timestamp) -> bool {
        let mut state = self.state();
        let (left, since) = state.left.entry(portal.clone()).or_insert((AT_ONCE, now));
        let grown = now.since(*since).as_millis() / PAUSE.as_millis();
        if grown > 0 {
            *left = left.saturating_add(u32::try_from(grown).unwrap_or(AT_ONCE)).min(AT_ONCE);
            *since = now;
        }
        let may = *left > 0;
        *left = left.saturating_sub(1);
        may
    }

    pub(in crate::app) fn keep(&self, place: Place, now: Timestamp, answer: T) {
        let mut state = self.state();
        if state.kept.len() >= KEPT_MAX {
            state.kept.retain(|_, (until, _)| *until > now);
        }
        if state.kept.len() < KEPT_MAX {
            state.kept.insert(place, (now.plus(KEPT), answer));
        }
    }

    pub(in crate::app) fn forget(&self, place: &Place) {
        self.state().kept.remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MemberId;

    #[test]
    fn strangers_cannot_spend_a_portals_rate() {
        let questions = Questions::<()>::default();
        let portal = PortalKey::new("app", MemberId::from("m"));
        let start = Timestamp::from_seconds(1_000);
        let asked = |now| (0..1_000).filter(|_| questions.take(&portal, now)).count();
        assert_eq!(asked(start), 20);
        assert_eq!(asked(start.plus(Duration::from_secs(1))), 0);
        assert_eq!(asked(start.plus(Duration::from_secs(60))), 20);
        assert_eq!(asked(start.plus(Duration::from_secs(64))), 2);
    }
}
