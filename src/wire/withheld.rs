//! A message that was not sent because a person has the session: no event of the portal, but one of the same lane.
//!
//! ```
//! use openlines::wire::{UserId, Withheld};
//!
//! let mut withheld = Withheld::new("an operator has the session");
//! withheld.text = Some("Your order is on its way".into());
//! withheld.operator = Some(UserId::new(27));
//! assert!(!withheld.turn_cancelled());
//! ```
//!
//! **Trap:** what is said to the client in answer to this is withheld as well, and not told of again. A note to
//! operators ([`Reply::internal_note`](crate::message::Reply::internal_note)) is sent.

use super::{Chat, MessageId, UserId};

/// What the bot did not say, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Withheld {
    /// The chat: id, dialog and kind.
    pub chat: Option<Chat>,
    /// The text that was not sent; `None` if the turn was cancelled, for then nobody knows what it would have said.
    pub text: Option<String>,
    /// The client's message that it would have answered.
    pub answers: Option<MessageId>,
    /// Why, in words for a log.
    pub why: String,
    /// Who has the session, where that is known.
    pub operator: Option<UserId>,
}

impl Withheld {
    /// Something was withheld, for this reason.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), ..Self::default() }
    }

    /// Whether a whole turn was cancelled: its handler was stopped, and nothing that it had asked for is done.
    pub fn turn_cancelled(&self) -> bool {
        self.text.is_none()
    }
}
