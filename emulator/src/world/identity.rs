//! Who the portal is: its addresses, its member id, and fresh secrets.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The names and addresses of the portal.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// `127.0.0.1:PORT`.
    pub(crate) domain: String,
    /// `http://127.0.0.1:PORT`, or `https` with TLS.
    pub(crate) origin: String,
    /// Host and origin of the authorisation server, which no renaming of the portal touches.
    pub(crate) oauth_domain: String,
    pub(crate) oauth_origin: String,
    pub(crate) member_id: String,
    /// The site language, lower case.
    pub(crate) language: String,
}

impl Identity {
    pub(crate) fn client_endpoint(&self) -> String {
        format!("{}/rest/", self.origin)
    }

    /// The authorisation server lives on the same port. Its root must end in `/rest/`: clients derive the address of
    /// `/oauth/token/` from what stands before.
    pub(crate) fn server_endpoint(&self) -> String {
        format!("{}/rest/", self.oauth_origin)
    }
}

/// The names and secrets by which others know the portal.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) member_id: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) webhook_code: String,
    pub(crate) network_code: String,
    pub(crate) unjoined_network_code: String,
}

impl Secrets {
    pub(crate) fn random() -> Self {
        Self {
            member_id: random_hex(32),
            client_id: format!("local.{}.12345677", random_hex(14)),
            client_secret: random_hex(50),
            webhook_code: random_hex(16),
            network_code: random_hex(32),
            unjoined_network_code: random_hex(32),
        }
    }
}

/// Fresh lower-case hexadecimal text.
pub(crate) fn random_hex(length: usize) -> String {
    let mut out = String::with_capacity(length + 32);
    while out.len() < length {
        out.push_str(&Uuid::new_v4().simple().to_string());
    }
    out.truncate(length);
    out
}
