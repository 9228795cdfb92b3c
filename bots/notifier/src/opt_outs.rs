//! Who wants no messages. `opt-outs.csv` has a row for each time somebody said so: portal, user, whether they stopped,
//! when; the last one counts.
//!
//! **Trap:** users are numbered by each portal on its own; a number without its portal says nothing.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

use super::journal::Journal;

/// Who wants none, on disk. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OptOuts(Arc<Mutex<Kept>>);

type Kept = Journal<(String, UserId), Row>;

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    portal: String,
    user: UserId,
    stopped: bool,
    when: String,
}

impl OptOuts {
    /// Opens the file, which is made with its first row.
    pub fn open(path: &Path) -> Result<Self, AppError> {
        let kept = Journal::open(path, |row: &Row| (row.portal.clone(), row.user))?;
        Ok(Self(Arc::new(Mutex::new(kept))))
    }

    /// Whether this user of this portal wants none.
    pub fn has(&self, portal: &str, user: UserId) -> bool {
        self.rows().of(&(portal.to_owned(), user)).is_some_and(|last| last.stopped)
    }

    /// Remembers what the user wants, on disk when it returns.
    pub fn set(&self, portal: &str, user: UserId, stopped: bool, now: Timestamp) -> Result<(), AppError> {
        if self.has(portal, user) == stopped {
            return Ok(());
        }
        self.rows().add(vec![Row { portal: portal.to_owned(), user, stopped, when: now.to_string() }])
    }

    fn rows(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
