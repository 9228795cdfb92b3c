//! What can go wrong with a store.

use std::fmt;

use super::Lease;

/// The kinds of [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Another process owns the portal now; the write did not happen.
    Fenced,
    /// Another server has the database open.
    Locked,
    /// The database was written by a newer program.
    NewerSchema,
    /// The database was written by an older program and is only looked at; a server start brings it up to date.
    OlderSchema,
    /// The database is damaged or is none of ours.
    Damaged,
    /// The disk or the driver failed; the write may be tried again.
    Io,
    /// The store is shutting down.
    Closed,
    /// What the call names is not open any more: done, parked, dropped, forgotten or never there. Nothing was
    /// written; forget it too.
    Gone,
    /// The database, or this handle to it, is for looking only.
    ReadOnly,
    /// The URL names no store that this program knows.
    UnknownScheme,
}

/// A store could not do what was asked; says which store, what it was doing, and what to do.
#[derive(Debug, thiserror::Error)]
pub struct StoreError {
    kind: StoreErrorKind,
    what: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// An error of `kind` with its explanation: what, where, what to do.
    pub fn new(kind: StoreErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None }
    }

    /// The same with the error that led to it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind, to match on.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl StoreError {
    pub(super) fn fenced(lease: &Lease) -> Self {
        Self::new(
            StoreErrorKind::Fenced,
            format!(
                "the lease of portal {} at epoch {} is not the newest; nothing was written, stop working for it",
                lease.portal, lease.epoch
            ),
        )
    }

    pub(super) fn gone(what: impl fmt::Display) -> Self {
        Self::new(
            StoreErrorKind::Gone,
            format!("{what} is not open any more; nothing was written, forget it here too"),
        )
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
