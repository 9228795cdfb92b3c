//! A timer of the bot's own that has come due: no event of the portal, but one of the same lane.
//!
//! ```
//! use openlines::wire::TimerFired;
//!
//! let mut fired = TimerFired::new("reminder");
//! fired.payload = serde_json::json!({"order": 15});
//! #[derive(serde::Deserialize)]
//! struct Order { order: u32 }
//! assert_eq!(fired.payload_as::<Order>()?.order, 15);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! **Trap:** its chat is where the timer was set. Who owns that chat, and what its session was, is not told: that was
//! then.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Chat, Timestamp};

/// A timer has come due.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TimerFired {
    /// What it was called when it was set.
    pub name: String,
    /// The chat it was set in, if in one: id, dialog, kind and entity.
    pub chat: Option<Chat>,
    /// When it was due; it is handled later if nobody was there.
    pub due: Timestamp,
    /// Grows each time the timer is set.
    pub generation: u64,
    /// What it was set with; null for nothing.
    pub payload: Value,
}

impl TimerFired {
    /// The timer `name` has come due.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// What it was set with, as its type.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.payload)
    }
}
