//! Emulated portals, where a row is about a portal's own bucket.

use async_trait::async_trait;
use openlines::{
    rest::{Access, Authorization, TokenError, TokenErrorKind, TokenSource},
    wire::PortalKey,
};
use openlines_emulator::Portal;

use crate::stage::Application;

/// The way to an emulated portal by incoming webhook.
#[derive(Debug)]
pub(crate) struct Webhook(Access);

impl Webhook {
    /// To `portal`.
    pub(crate) fn of(portal: &Portal) -> Self {
        let endpoint = portal.webhook_url().into();
        Self(Access { endpoint, authorization: Authorization::InAddress, generation: 0 })
    }
}

#[async_trait]
impl TokenSource for Webhook {
    async fn access(&self, _: &PortalKey) -> Result<Access, TokenError> {
        Ok(self.0.clone())
    }

    async fn renew(&self, _: &PortalKey, _: u64) -> Result<Access, TokenError> {
        Err(TokenError::new(TokenErrorKind::Unavailable, "an incoming webhook has nothing to renew"))
    }
}

/// The application that is known at `portal`.
pub(crate) fn application(portal: &Portal) -> Application {
    let app = portal.app();
    Application { id: app.client_id, secret: app.client_secret, host: app.oauth_host }
}
