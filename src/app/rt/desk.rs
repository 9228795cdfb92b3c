//! Asks the portal for the channels of a page's user.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;

use super::{
    channels::Channels,
    questions::{Questions, TOO_MANY},
};
use crate::{
    clock::Clock,
    portal::Registry,
    rest::{Api, CallErrorKind, Method, methods::pull::ConfigGet},
    store::PortalStatus,
    wire::{MemberId, PortalKey},
};

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
    questions: Questions<String>,
}

impl Desk {
    pub(super) fn new(registry: Registry, api: Arc<dyn Api>, clock: Arc<dyn Clock>) -> Self {
        Self { registry, api, clock, questions: Questions::default() }
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
        let now = self.clock.now();
        let place = Questions::<String>::place(&portal, &token);
        if let Some(text) = self.questions.kept(&place, now).filter(|_| !fresh) {
            return Asked::Channels(text);
        }
        if !self.questions.take(&portal, now) {
            return Asked::Later(TOO_MANY.into());
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
                        self.questions.keep(place, now, text.clone());
                    }
                    Asked::Channels(text)
                }
                Err(why) => {
                    tracing::error!(portal = %place.0, why, "pages get no RT events");
                    Asked::Later(why)
                }
            },
            Err(error) if error.kind() == CallErrorKind::Unauthorised => {
                self.questions.forget(&place);
                tracing::debug!(portal = %place.0, %error, "a page's user was refused");
                Asked::NoUser
            }
            Err(error) => {
                tracing::warn!(portal = %place.0, %error, "a page gets no RT events for now");
                Asked::Later(error.to_string())
            }
        }
    }
}
