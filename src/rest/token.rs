//! Where a call gets its address and authorisation. Declared here, implemented by the portal floor.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::wire::PortalKey;

/// How a call proves who it is.
#[derive(Debug, Clone)]
pub enum Authorization {
    /// OAuth access token, sent in the header.
    Bearer(SecretString),
    /// Incoming webhook: the address itself is the secret.
    InAddress,
}

/// Address and authorisation of a portal.
#[derive(Debug, Clone)]
pub struct Access {
    /// REST root, with a slash at its end. Secret, since that of a webhook holds its code.
    pub endpoint: SecretString,
    /// How the call proves who it is.
    pub authorization: Authorization,
    /// Generation of the tokens, for [`TokenSource::renew`].
    pub generation: u64,
}

/// The kinds of [`TokenError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// No such portal, or it is not active.
    UnknownPortal,
    /// The authorisation server refused: the portal has to be installed again.
    Revoked,
    /// The authorisation server or the store could not be reached; later it may work.
    Unavailable,
}

/// No authorisation could be had. Holds no secret.
#[derive(Debug, Clone)]
pub struct TokenError {
    kind: TokenErrorKind,
    what: String,
}

impl TokenError {
    /// An error of `kind` with its explanation: what, where, what to do.
    pub fn new(kind: TokenErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }

    /// The kind, to match on.
    pub fn kind(&self) -> TokenErrorKind {
        self.kind
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for TokenError {}

/// Gives access to portals.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// Address and authorisation of the portal as known now.
    async fn access(&self, portal: &PortalKey) -> Result<Access, TokenError>;

    /// New authorisation after the portal refused that of generation `stale`. Many callers at once cause one refresh.
    async fn renew(&self, portal: &PortalKey, stale: u64) -> Result<Access, TokenError>;
}
