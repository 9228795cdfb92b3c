//! A row at the head of its dialog, read.

use crate::{
    dispatch::Outgoing,
    rest::{CallPriority, Repeat},
    store::{OutboxRow, Priority},
};

/// A row whose turn it is in its dialog, and what it asks for.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) row: OutboxRow,
    /// An error says why the row cannot be read.
    pub(super) call: Result<Outgoing, String>,
    /// Whether it goes by itself in any case.
    pub(super) alone: bool,
}

impl Letter {
    pub(super) fn open(row: OutboxRow) -> Self {
        let call = serde_json::from_str(&row.call).map_err(|error| error.to_string());
        Self { row, call, alone: false }
    }

    /// Whether it may go in a batch: only what may be made again, for the outcome of a whole batch may be unknown.
    pub(super) fn joins(&self) -> bool {
        !self.alone && self.call.as_ref().is_ok_and(|call| call.route.repeat() != Repeat::Once)
    }

    pub(super) fn priority(&self) -> CallPriority {
        priority_of(self.row.priority)
    }
}

/// How urgent the call of a row is.
pub(super) fn priority_of(row: Priority) -> CallPriority {
    match row {
        Priority::Reply => CallPriority::Reply,
        Priority::HandOver => CallPriority::HandOver,
        Priority::Edit => CallPriority::Edit,
        Priority::Rt => CallPriority::Rt,
        Priority::Bulk => CallPriority::Bulk,
    }
}
