//! What can go wrong with portals.

use std::fmt;

use super::VaultError;
use crate::store::StoreError;

/// The kinds of [`PortalError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PortalErrorKind {
    /// A setting is missing or wrong.
    Setting,
    /// An authorisation server that is not on the list was named; nothing was sent to it.
    HostNotAllowed,
    /// An address that must be HTTPS is not.
    Insecure,
    /// An installation does not say what it has to.
    BadClaim,
    /// An installation was not proven: the authorisation server refused it or named another portal.
    NotProven,
    /// As many installations as allowed wait for their proof.
    TooManyPending,
    /// No such portal.
    UnknownPortal,
    /// The portal or the authorisation server did not answer; later it may.
    Unavailable,
    /// The portal refused a call.
    Refused,
    /// A stored record could not be sealed, opened or read.
    Sealed,
    /// The store failed.
    Store,
}

/// A portal could not be installed, proven or kept; says what, where, and what to do. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub struct PortalError {
    kind: PortalErrorKind,
    what: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl PortalError {
    /// An error of `kind` with its explanation.
    pub fn new(kind: PortalErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None }
    }

    pub(super) fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind, to match on.
    pub fn kind(&self) -> PortalErrorKind {
        self.kind
    }
}

impl fmt::Display for PortalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<StoreError> for PortalError {
    fn from(error: StoreError) -> Self {
        Self::new(PortalErrorKind::Store, error.to_string()).with_source(error)
    }
}

impl From<VaultError> for PortalError {
    fn from(error: VaultError) -> Self {
        Self::new(PortalErrorKind::Sealed, error.to_string()).with_source(error)
    }
}
