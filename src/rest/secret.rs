//! Secrets that travel as parameters.
//!
//! ```
//! use openlines::rest::BotToken;
//!
//! let token = BotToken::from("s3cret");
//! assert_eq!(format!("{token:?}"), "BotToken(***)");
//! assert_eq!(serde_json::to_value(&token)?, "s3cret");
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! **Trap:** it is sent as it is, so what is made of parameters is a secret too.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

/// The token of a bot on a portal reached by incoming webhook: `botToken` in v2, `CLIENT_ID` in v1; one namespace
/// (protocol 4.8). Masked wherever it is shown, and sent as it is.
#[derive(Clone)]
pub struct BotToken(SecretString);

impl BotToken {
    /// Wraps the token.
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }
}

impl From<SecretString> for BotToken {
    fn from(token: SecretString) -> Self {
        Self(token)
    }
}

impl From<&str> for BotToken {
    fn from(token: &str) -> Self {
        Self(SecretString::from(token))
    }
}

impl fmt::Debug for BotToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BotToken(***)")
    }
}

impl Serialize for BotToken {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.expose_secret())
    }
}
