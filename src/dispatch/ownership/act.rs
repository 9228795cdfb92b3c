//! What a handler does to the session.

use super::{
    evidence::Stamp,
    graph::{Fact, Holder},
    kept::Ownership,
};
use crate::wire::{Timestamp, UserId};

/// An act of the bot's own, which counts from its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) enum Act {
    HandOver,
    Transfer(UserId),
    Finish,
    TakeBack,
}

impl Ownership {
    /// After an act in the turn of an event of this place.
    pub(in crate::dispatch) fn acted(&self, act: Act, event: Stamp, now: Timestamp) -> Self {
        let mut after = self.clone();
        // What was queued before the event that the act answers to is older than the act.
        after.stamp = self.stamp.max(event);
        match act {
            Act::HandOver => after.come(Fact::HandedOver, now),
            Act::Transfer(user) => {
                after.come(Fact::TakenOver, now);
                after.operator = Some(user);
                after.owner = None;
                after.released = None;
                after.farewell = self.holder != Holder::Human || self.farewell;
            }
            Act::Finish => after.end(now),
            Act::TakeBack => after.give_back(now),
        }
        after
    }
}
