//! One server a database: an operating-system lock on a file beside it, free as soon as its process is gone.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use crate::store::{StoreError, StoreErrorKind};

/// The lock, held until dropped.
#[derive(Debug)]
pub(super) struct ServerLock {
    _file: File,
}

impl ServerLock {
    /// Takes the lock of the database at `path`, or says who has it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let place = beside(path);
        let failed = |error: std::io::Error| {
            StoreError::new(
                StoreErrorKind::Io,
                format!("cannot lock {}: {error}; let this user write to its directory", place.display()),
            )
            .with_source(error)
        };
        let mut file = private().truncate(false).create(true).open(&place).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => return Err(refusal(path, &mut file)),
        }
        // The name is for people only: a lock without it still holds.
        let _ = file.set_len(0).and_then(|()| write!(file, "{} {}", std::process::id(), program()));
        Ok(Self { _file: file })
    }
}

fn refusal(path: &Path, file: &mut File) -> StoreError {
    let mut owner = String::new();
    let _ = file.take(200).read_to_string(&mut owner);
    let owner = match owner.split_once(' ') {
        Some((pid, name)) => format!("process {pid} ({name})"),
        None => "another process".to_owned(),
    };
    StoreError::new(
        StoreErrorKind::Locked,
        format!(
            "{} is in use by {owner}; one server a database: stop that one, or name another file",
            path.display()
        ),
    )
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Options for files that only this user may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
