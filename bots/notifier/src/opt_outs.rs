//! Who wants no messages. `opt-outs.csv` has a row for each time somebody said so: portal, user, whether they stopped,
//! when; the last one counts.
//!
//! **Trap:** users are numbered by each portal on its own; a number without its portal says nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

use super::{journal::Journal, results::written};

/// Who wants none, on disk. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OptOuts {
    kept: Arc<Mutex<(Journal, BTreeSet<Who>)>>,
}

type Who = (String, i64);

#[derive(Serialize, Deserialize)]
struct Row {
    portal: String,
    user: i64,
    stopped: bool,
    when: String,
}

impl OptOuts {
    /// Opens the file, which is made with its first row.
    pub fn open(path: &Path) -> Result<Self, AppError> {
        let (journal, rows) = Journal::open::<Row>(path)?;
        let last: BTreeMap<Who, bool> =
            rows.into_iter().map(|row| ((row.portal, row.user), row.stopped)).collect();
        let who = last.into_iter().filter_map(|(who, stopped)| stopped.then_some(who)).collect();
        Ok(Self { kept: Arc::new(Mutex::new((journal, who))) })
    }

    /// Whether this user of this portal wants none.
    pub fn has(&self, portal: &str, user: UserId) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.contains(&(portal.to_owned(), user.get()))
    }

    /// Remembers what the user wants, on disk when it returns.
    pub fn set(&self, portal: &str, user: UserId, stopped: bool, now: Timestamp) -> Result<(), AppError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (journal, all) = &mut *kept;
        let who = (portal.to_owned(), user.get());
        if all.contains(&who) != stopped {
            journal.append([Row {
                portal: portal.to_owned(),
                user: user.get(),
                stopped,
                when: written(now),
            }])?;
            if stopped {
                all.insert(who)
            } else {
                all.remove(&who)
            };
        }
        Ok(())
    }
}
