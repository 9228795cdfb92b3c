//! Why a file could not be had.

use std::{fmt, sync::Arc};

use crate::rest::{CallError, TokenError};

/// The kinds of [`DownloadError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DownloadErrorKind {
    /// The portal did not give its address; the source says why.
    NoAddress,
    /// The address leads to a host that must not be asked.
    Elsewhere,
    /// It is larger than allowed.
    TooLarge,
    /// It is of a type that is not allowed, or not of the type that its name says.
    WrongType,
    /// The portal did not give the file under its address.
    Refused,
    /// The connection failed or broke.
    Broken,
    /// It could not be written.
    Disk,
}

/// A file that could not be had: which, and why. Holds no address.
#[derive(Debug, Clone)]
pub struct DownloadError {
    kind: DownloadErrorKind,
    file: i64,
    what: String,
    source: Option<Arc<CallError>>,
}

impl DownloadError {
    pub(super) fn new(kind: DownloadErrorKind, file: i64, what: impl Into<String>) -> Self {
        Self { kind, file, what: what.into(), source: None }
    }

    pub(super) fn no_address(file: i64, error: CallError) -> Self {
        let what = "the portal gave no address for it";
        Self { source: Some(Arc::new(error)), ..Self::new(DownloadErrorKind::NoAddress, file, what) }
    }

    pub(super) fn no_access(file: i64, error: &TokenError) -> Self {
        Self::new(DownloadErrorKind::NoAddress, file, error.to_string())
    }

    /// The kind, to match on.
    pub fn kind(&self) -> DownloadErrorKind {
        self.kind
    }

    /// The file.
    pub fn file(&self) -> i64 {
        self.file
    }
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file {} could not be had: {}", self.file, self.what)
    }
}

impl std::error::Error for DownloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|error| error as _)
    }
}
