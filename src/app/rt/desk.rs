//! Asks the portal for the channels of a page's user, and keeps strangers from spending the portal's rate on it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::channels::Channels;
use crate::{
    clock::Clock,
    portal::Registry,
    rest::{Api, CallErrorKind, Method, methods::pull::ConfigGet},
    store::PortalStatus,
    wire::{MemberId, PortalKey, Timestamp},
};

/// How long an answer is good for the same token; reloading a page costs the portal nothing.
const KEPT: Duration = Duration::from_secs(300);
/// Answers that are kept.
const KEPT_MAX: usize = 4_096;
/// A portal is asked so often at once for pages, and then once every [`PAUSE`]: a quarter of its rate, whoever asks.
const AT_ONCE: u32 = 20;
const PAUSE: Duration = Duration::from_secs(2);

/// What a page's question led to.
pub(super) enum Asked {
    /// The channels, JSON text.
    Channels(String),
    /// No portal that has RT events.
    NoPortal,
    /// The portal refused the token.
    NoUser,
    /// Not now, and why.
    Later(String),
}

pub(super) struct Desk {
    registry: Registry,
    api: Arc<dyn Api>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By portal and digest of the token.
    kept: HashMap<(PortalKey, [u8; 32]), (Timestamp, String)>,
    /// Questions that a portal has left, and since when they are counted.
    left: HashMap<PortalKey, (u32, Timestamp)>,
}

impl Desk {
    pub(super) fn new(registry: Registry, api: Arc<dyn Api>, clock: Arc<dyn Clock>) -> Self {
        Self { registry, api, clock, state: Mutex::default() }
    }

    /// The channels of the owner of `token`; `fresh` asks the portal in any case.
    pub(super) async fn ask(
        &self,
        app: Option<&str>,
        member: &str,
        token: SecretString,
        fresh: bool,
    ) -> Asked {
        let Some(app) = self.registry.app(app).filter(|app| self.registry.oauth_app(app).is_some()) else {
            return Asked::NoPortal;
        };
        let portal = PortalKey::new(app, MemberId::from(member));
        if self.registry.portal(&portal).is_none_or(|portal| portal.status != PortalStatus::Active) {
            return Asked::NoPortal;
        }
        let place = (portal.clone(), Sha256::digest(token.expose_secret()).into());
        let now = self.clock.now();
        {
            let mut state = self.state();
            if let Some((until, text)) = state.kept.get(&place)
                && !fresh
                && *until > now
            {
                return Asked::Channels(text.clone());
            }
            if !state.take(&portal, now) {
                return Asked::Later("too many pages are being opened on this portal at once".into());
            }
        }
        let call = match ConfigGet::new().to_call(&portal) {
            Ok(call) => call.acting_as(token),
            Err(error) => return Asked::Later(error.to_string()),
        };
        match self.api.call(call).await {
            Ok(config) => match ConfigGet::read_answer(config)
                .map_err(|error| error.to_string())
                .and_then(|config| Channels::read(&config).map_err(str::to_owned))
            {
                Ok(channels) => {
                    let text = json!(channels).to_string();
                    if channels.is_open(now) {
                        self.state().keep(place, now, text.clone());
                    }
                    Asked::Channels(text)
                }
                Err(why) => {
                    tracing::error!(portal = %place.0, why, "pages get no RT events");
                    Asked::Later(why)
                }
            },
            Err(error) if error.kind() == CallErrorKind::Unauthorised => {
                self.state().kept.remove(&place);
                tracing::debug!(portal = %place.0, %error, "a page's user was refused");
                Asked::NoUser
            }
            Err(error) => {
                tracing::warn!(portal = %place.0, %error, "a page gets no RT events for now");
                Asked::Later(error.to_string())
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the portal may be asked once more.
    fn take(&mut self, portal: &PortalKey, now: Timestamp) -> bool {
        let (left, since) = self.left.entry(portal.clone()).or_insert((AT_ONCE, now));
        let grown = now.since(*since).as_millis() / PAUSE.as_millis();
        if grown > 0 {
            *left = left.saturating_add(u32::try_from(grown).unwrap_or(AT_ONCE)).min(AT_ONCE);
            *since = now;
        }
        let may = *left > 0;
        *left = left.saturating_sub(1);
        may
    }

    fn keep(&mut self, place: (PortalKey, [u8; 32]), now: Timestamp, text: String) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.retain(|_, (until, _)| *until > now);
        }
        if self.kept.len() < KEPT_MAX {
            self.kept.insert(place, (now.plus(KEPT), text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_spend_a_portals_rate() {
        let mut state = State::default();
        let portal = PortalKey::new("app", MemberId::from("m"));
        let start = Timestamp::from_seconds(1_000);
        let asked = |state: &mut State, now| (0..1_000).filter(|_| state.take(&portal, now)).count();
        assert_eq!(asked(&mut state, start), 20);
        assert_eq!(asked(&mut state, start.plus(Duration::from_secs(1))), 0);
        assert_eq!(asked(&mut state, start.plus(Duration::from_secs(60))), 20);
        assert_eq!(asked(&mut state, start.plus(Duration::from_secs(64))), 2);
    }
}
