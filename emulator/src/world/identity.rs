//! Who the portal is: its addresses, its member id, and fresh secrets.

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

/// Fresh lower-case hexadecimal text.
pub(crate) fn random_hex(length: usize) -> String {
    let mut out = String::with_capacity(length + 32);
    while out.len() < length {
        out.push_str(&Uuid::new_v4().simple().to_string());
    }
    out.truncate(length);
    out
}
