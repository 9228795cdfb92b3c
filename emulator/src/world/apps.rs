//! Applications and incoming webhooks: who may call the portal, and whose token proves an event.

use sha2::{Digest, Sha256};

use super::World;
use crate::record::Unheard;

/// One OAuth application as the portal knows it.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// What people see; phone notices need one.
    pub(crate) name: String,
    /// Number of the application's row; a new installation gets a new one, and so a new application token.
    pub(crate) row_id: i64,
    pub(crate) scope: Vec<String>,
    pub(crate) version: i64,
    /// Present on the portal at all.
    pub(crate) active: bool,
    /// `INSTALLED=Y`: without it no event leaves the portal.
    pub(crate) installed: bool,
    pub(crate) payment_expired: bool,
    /// `status`: `L` local, `P` paid, and so on.
    pub(crate) status: &'static str,
    /// Days of a paid period.
    pub(crate) days: Option<i64>,
    /// `URL_SETTINGS`: where the settings form of an application without a page comes from.
    pub(crate) settings_url: Option<String>,
    /// Where an administrator is sent until the application is installed, if it has a page for that.
    pub(crate) install_url: Option<String>,
    /// The page of an application that has one.
    pub(crate) page_url: Option<String>,
    /// Where an authorisation code is sent.
    pub(crate) redirect_uri: Option<String>,
}

/// One incoming webhook.
#[derive(Clone)]
pub(crate) struct IncomingWebhook {
    pub(crate) user_id: i64,
    pub(crate) code: String,
    pub(crate) scope: Vec<String>,
}

/// Whose a bot or a handler row is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Owner {
    /// The OAuth application with this client id.
    App(String),
    /// `custom<CLIENT_ID>`: a bot registered by webhook with this `CLIENT_ID` or `botToken`.
    Custom(String),
}

impl World {
    /// The application token of protocol 1.7; empty when the application is unknown.
    pub(crate) fn application_token(&self, client_id: &str) -> String {
        let Some(app) = self.apps.get(client_id) else { return String::new() };
        let mut digest = Sha256::new();
        for part in [&self.identity.member_id, &app.row_id.to_string(), &app.client_secret] {
            digest.update(part.as_bytes());
            digest.update(b"|");
        }
        hex(&digest.finalize())[..32].to_owned()
    }

    /// Why the application gets no events, if it gets none.
    pub(crate) fn deaf_because(&self, client_id: &str) -> Option<Unheard> {
        match self.apps.get(client_id) {
            Some(app) if !app.active || !app.installed => Some(Unheard::NotInstalled),
            Some(app) if app.payment_expired => Some(Unheard::Unpaid),
            Some(_) => None,
            None => Some(Unheard::NotInstalled),
        }
    }

    pub(crate) fn app_hears_events(&self, client_id: &str) -> bool {
        self.deaf_because(client_id).is_none()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
