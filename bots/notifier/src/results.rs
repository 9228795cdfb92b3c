//! What became of each: `user,outcome,when,why`. While a campaign is at work it is its memory, with a row for each step;
//! once it is over there is one row for each user, in the order of the campaign's file.
//!
//! **Trap:** `asked` is written before anything is asked for, so that a campaign which was killed does not ask again for
//! what the database has forgotten by then.

use std::path::Path;

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

use super::journal::Journal;

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
    pub user: UserId,
    /// What became of it.
    pub outcome: Outcome,
    /// When, UTC: `2026-03-16T17:41:58Z`.
    pub when: String,
    /// Why, if it was not sent.
    pub why: String,
}

impl Row {
    pub(crate) fn new(user: UserId, outcome: Outcome, when: Timestamp, why: String) -> Self {
        Self { user, outcome, when: when.to_string(), why }
    }
}

/// The file: the last row of each user.
pub type Results = Journal<UserId, Row>;

/// Opens the file, which is made with its first row.
pub fn results(path: &Path) -> Result<Results, AppError> {
    Journal::open(path, |row: &Row| row.user)
}
