//! What became of each: `user,outcome,when,why`. While a campaign is at work it is its memory, with a row for each step;
//! once it is over there is one row for each user, in the order of the campaign's file.
//!
//! **Trap:** `asked` is written before anything is asked for, so that a campaign which is killed knows of whom it has to
//! find out.

use std::{collections::BTreeMap, path::Path};

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Person, journal::Journal};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was asked for; what came of it is not known yet.
    Asked,
    /// It arrived.
    Sent,
    /// It was perhaps sent, and is not sent again.
    Uncertain,
    /// The portal refused it.
    Refused,
    /// Not asked for: the user got one within the week.
    TooEarly,
    /// Not asked for: the user wants none.
    OptedOut,
    /// Somebody dropped it from the inbox before it was sent.
    Dropped,
}

impl Outcome {
    /// Whether nothing more is to be done, today and later.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Sent | Self::Uncertain | Self::Refused | Self::Dropped)
    }
}

/// A row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// Who.
    pub user: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// When, UTC: `2026-03-16T17:41:58Z`.
    pub when: String,
    /// Why, if it was not sent.
    pub why: String,
}

impl Row {
    pub(crate) fn new(user: UserId, outcome: Outcome, when: Timestamp, why: impl Into<String>) -> Self {
        Self { user: user.get(), outcome, when: written(when), why: why.into() }
    }

    /// The moment.
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_millis(
            self.when.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond),
        )
    }
}

/// The file.
#[derive(Debug)]
pub struct Results {
    journal: Journal,
    last: BTreeMap<i64, Row>,
}

impl Results {
    /// Opens the file, which is made with its first row.
    pub fn open(path: &Path) -> Result<Self, AppError> {
        let (journal, rows) = Journal::open::<Row>(path)?;
        Ok(Self { journal, last: rows.into_iter().map(|row| (row.user, row)).collect() })
    }

    /// What was known last.
    pub fn of(&self, user: UserId) -> Option<&Row> {
        self.last.get(&user.get())
    }

    /// Adds what is new, on disk when it returns.
    pub(crate) fn add(&mut self, rows: Vec<Row>) -> Result<(), AppError> {
        let is_new = |row: &Row| {
            let last = self.last.get(&row.user);
            last.is_none_or(|last| (last.outcome, &last.why) != (row.outcome, &row.why))
        };
        let rows: Vec<Row> = rows.into_iter().filter(is_new).collect();
        self.journal.append(&rows)?;
        self.last.extend(rows.into_iter().map(|row| (row.user, row)));
        Ok(())
    }

    /// One row for each, in their order; those of others behind.
    pub(crate) fn close(&mut self, people: &[Person]) -> Result<(), AppError> {
        let mut others = self.last.clone();
        let mut rows: Vec<Row> = people.iter().filter_map(|one| others.remove(&one.user.get())).collect();
        rows.extend(others.into_values());
        self.journal.replace(&rows)
    }

    /// How many of these have which outcome; `None` is none yet.
    pub fn count(&self, people: &[Person]) -> BTreeMap<Option<Outcome>, usize> {
        let mut counts = BTreeMap::new();
        for person in people {
            *counts.entry(self.of(person.user).map(|row| row.outcome)).or_default() += 1;
        }
        counts
    }
}

/// A moment as people read it.
pub(crate) fn written(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().to_string()
}
