//! What is kept of a portal, sealed.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{PortalError, PortalErrorKind, Purpose, RegisteredBot, Vault};
use crate::wire::PortalKey;

/// A secret that goes into sealed JSON and nowhere else.
#[derive(Clone)]
pub(super) struct Sealed(SecretString);

impl Sealed {
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl From<SecretString> for Sealed {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

/// The application's own tokens on a portal, and where they are good.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Tokens {
    /// Grows with every pair; not the record's generation, which also grows when a bot is registered.
    pub(super) generation: u64,
    pub(super) access: Sealed,
    pub(super) refresh: Sealed,
    /// Unix seconds on our clock.
    pub(super) expires: i64,
    /// REST root of the portal, as the authorisation server named it.
    pub(super) client_endpoint: String,
    /// Where the pair is renewed; its host was on the list when it was first used.
    pub(super) token_endpoint: String,
}

/// Everything about a portal that is sealed. Fields added later need a default.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct PortalState {
    pub(super) tokens: Option<Tokens>,
    pub(super) application_token: Option<Sealed>,
    pub(super) user_id: i64,
    pub(super) scope: Vec<String>,
    pub(super) bots: BTreeMap<String, RegisteredBot>,
    /// Installation that was proven last, so that a proof interrupted after its commit is not tried again.
    pub(super) proven: String,
    /// It was removed with the wish that its records go too.
    pub(super) clean: bool,
}

impl PortalState {
    pub(super) fn seal(&self, vault: &Vault, key: &PortalKey) -> Result<Bytes, PortalError> {
        let plain = serde_json::to_vec(self).map_err(|error| unreadable(key, &error))?;
        Ok(vault.seal(Purpose::Portal, &key.to_string(), &plain)?)
    }

    pub(super) fn open(vault: &Vault, key: &PortalKey, sealed: &[u8]) -> Result<Self, PortalError> {
        let plain = vault.open(Purpose::Portal, &key.to_string(), sealed)?;
        serde_json::from_slice(&plain).map_err(|error| unreadable(key, &error))
    }
}

/// Only the place is told: the text of a serde error may quote what it read.
fn unreadable(key: &PortalKey, error: &serde_json::Error) -> PortalError {
    PortalError::new(
        PortalErrorKind::Sealed,
        format!(
            "the record of {key} cannot be read (line {}, column {}); forget the portal and install it again",
            error.line(),
            error.column()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_an_older_version_opens_and_shows_no_secret() {
        let old =
            br#"{"application_token":"very secret","tokens":{"generation":3,"access":"acc","refresh":"ref",
            "expires":5,"client_endpoint":"https://p/rest/","token_endpoint":"https://o/oauth/token/"}}"#;
        let vault = Vault::keyless();
        let key = PortalKey::new("app", "member");
        let sealed = vault.seal(Purpose::Portal, &key.to_string(), old).unwrap();
        let state = PortalState::open(&vault, &key, &sealed).unwrap();
        assert_eq!(state.tokens.as_ref().unwrap().generation, 3);
        let shown = format!("{state:?}");
        for secret in ["very secret", "\"acc\"", "\"ref\""] {
            assert!(!shown.contains(secret), "{shown}");
        }
        let again = PortalState::open(&vault, &key, &state.seal(&vault, &key).unwrap()).unwrap();
        assert_eq!(again.application_token.unwrap().expose(), "very secret");
    }

    #[test]
    fn an_unreadable_record_is_reported_without_quoting_it() {
        let vault = Vault::keyless();
        let key = PortalKey::new("app", "member");
        let sealed = vault.seal(Purpose::Portal, &key.to_string(), br#"{"user_id":"s3cret"}"#).unwrap();
        let error = PortalState::open(&vault, &key, &sealed).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}
