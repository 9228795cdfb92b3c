//! What is wrong with hours as they were written.

use std::fmt;

/// The kinds of [`HoursError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HoursErrorKind {
    /// No time zone has this name.
    Zone,
    /// Hours that cannot be read.
    Hours,
    /// Two spans of one day share time.
    Overlap,
    /// A date that cannot be read, or that no calendar has.
    Date,
    /// There is no working time in any week.
    Empty,
}

/// Why [`WorkingHours`](super::WorkingHours) cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursError {
    kind: HoursErrorKind,
    what: String,
}

impl HoursError {
    pub(super) fn new(kind: HoursErrorKind, what: String) -> Self {
        Self { kind, what }
    }

    /// The same, told with the day it was written for.
    pub(super) fn of(mut self, day: &str) -> Self {
        self.what = format!("{day}: {}", self.what);
        self
    }

    /// The kind, to match on.
    pub fn kind(&self) -> HoursErrorKind {
        self.kind
    }
}

impl fmt::Display for HoursError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "working hours: {}", self.what)
    }
}

impl std::error::Error for HoursError {}
