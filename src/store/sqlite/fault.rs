//! SQLite's errors in words: which file, what was being done, what to do.

use std::path::Path;

use rusqlite::{ErrorCode, ffi::SQLITE_IOERR_SHMSIZE};

use crate::store::{StoreError, StoreErrorKind};

/// Why an operation of a group did not happen.
pub(super) enum Halt {
    /// This one was refused before it wrote anything; the others of the group go on.
    Refused(StoreError),
    /// SQL failed; the whole group is rolled back.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// What a failed group tells each of its members.
#[derive(Clone)]
pub(super) struct Fault {
    kind: StoreErrorKind,
    text: String,
}

impl Fault {
    pub(super) fn of(path: &Path, doing: &str, error: &rusqlite::Error) -> Self {
        let (kind, advice) = classify(error);
        Self { kind, text: format!("{}: {doing} failed: {error}; {advice}", path.display()) }
    }

    pub(super) fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    pub(super) fn error(&self) -> StoreError {
        StoreError::new(self.kind, self.text.clone())
    }
}

pub(super) fn error(path: &Path, doing: &str, error: &rusqlite::Error) -> StoreError {
    Fault::of(path, doing, error).error()
}

const FULL: &str = "the disk is full; free space, then try again";

fn classify(error: &rusqlite::Error) -> (StoreErrorKind, &'static str) {
    if error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_SHMSIZE) {
        // There is no room for the index of the log, which SQLite reports as a fault of the disk.
        return (StoreErrorKind::Io, FULL);
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => (
            StoreErrorKind::Damaged,
            "it is no SQLite database; name another file in the database URL, or restore a copy if its first bytes were damaged",
        ),
        Some(ErrorCode::DatabaseCorrupt) => {
            (StoreErrorKind::Damaged, "the file is damaged; stop the server and restore a copy of it")
        }
        Some(ErrorCode::DiskFull) => (StoreErrorKind::Io, FULL),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (StoreErrorKind::ReadOnly, "let this user write to the file and its directory")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (StoreErrorKind::Locked, "another process holds its write lock; end that one, then try again")
        }
        Some(ErrorCode::CannotOpen) => {
            (StoreErrorKind::Io, "check that its directory exists and this user may write to both")
        }
        Some(_) => (StoreErrorKind::Io, "nothing was acknowledged; look at the disk, then try again"),
        None => {
            (StoreErrorKind::Damaged, "a row holds what this program never wrote; restore a copy of the file")
        }
    }
}
