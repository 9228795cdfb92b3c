//! Who has the session of an open line: the bot, nobody yet, a person, or nobody any more.
//!
//! What events say of it is evidence. It counts from the moment an event is accepted, before its turn: the running turn
//! of the dialog is cancelled, and what waits in the outbox for the client is withheld. While a person has the session, the
//! handler does not hear what the client writes; session events, timers and what operators do still come.
//!
//! ```
//! use openlines::{dispatch::Holder, prelude::*};
//!
//! struct Shop;
//!
//! #[async_trait]
//! impl BotHandler for Shop {
//!     async fn on_timer(&self, cx: &Context, _fired: &TimerFired) -> Handled {
//!         if cx.session().is_some_and(|session| session.holder == Holder::Human) {
//!             cx.reply(Reply::text("Nobody has answered for an hour").internal_note());
//!         }
//!         Ok(Done)
//!     }
//!     async fn on_withheld(&self, _cx: &Context, withheld: &Withheld) -> Handled {
//!         tracing::info!(text = withheld.text, "not said: {}", withheld.why);
//!         Ok(Done)
//!     }
//! }
//!
//! // An operator gives the session back by writing `/bot`.
//! let profile = BotProfile::openline("shop").return_command("/bot");
//! # let _ = App::new(Config::new()).bot(profile, Shop);
//! ```
//!
//! **Trap:** an operator who takes a session by a click writes nothing, and no event tells. The next event of the chat
//! does, and so does the portal when it is asked before a message that comes long after the last evidence.

mod act;
mod evidence;
mod fence;
mod graph;
mod inquiry;
mod kept;
mod sessions;
mod table;

use std::time::Duration;

pub use graph::Holder;

pub(super) use act::Act;
pub(super) use evidence::{
    Evidence, Stamp, gives_back, is_cancelled_by_a_person, is_for_the_holder, line_chat,
};
pub(super) use fence::{Fence, Guard, May, Passing, held_back, not_known};
pub(super) use kept::Ownership;
pub(super) use sessions::{Begun, Sessions, UnderWay};

use crate::wire::{SessionId, Timestamp, UserId};

/// What is known of an open line's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Who has it.
    pub holder: Holder,
    /// Since when, as far as was seen; the epoch where nothing was seen yet.
    pub since: Timestamp,
    /// The person who has it, where that is known.
    pub operator: Option<UserId>,
    /// How old the newest evidence is; `None` where there is none.
    pub evidence_age: Option<Duration>,
    /// Its number on the portal, where an event told it.
    pub id: Option<SessionId>,
}

impl Session {
    fn of(ownership: &Ownership, now: Timestamp) -> Self {
        Self {
            holder: ownership.holder,
            since: ownership.since,
            operator: ownership.operator.filter(|_| ownership.holder == Holder::Human),
            evidence_age: ownership.seen.map(|seen| now.since(seen)),
            id: ownership.session,
        }
    }
}
