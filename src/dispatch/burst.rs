//! Turn policies: whether each message is a turn of its own, or several quick ones are one.
//!
//! ```
//! use std::time::Duration;
//! use openlines::prelude::*;
//!
//! let talk = async |cx: Context, message: Message| {
//!     format!("Heard {} messages, which say: {}", cx.burst().len(), literal(&message.text))
//! };
//! let router = Router::new()
//!     .text("menu", async |_cx: Context, _message: Message| "1. Delivery")
//!     .nest(Router::new().burst(Duration::from_secs(2)).fallback(talk));
//! # let _ = router;
//! ```
//!
//! **Trap:** a burst is routed by its joined text. Keep routes that wait for exact words out of a router with
//! bursts: where the policy is another, a message ends the burst and is a turn of its own.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use super::Services;
use crate::{
    store::JournalRow,
    wire::{BotId, Event, Incoming, Message, PortalKey, Timestamp, UserId},
};

/// Messages that one burst has at most.
pub(super) const MOST: usize = 32;
/// An endless writer is answered after so many times the quiet.
const PATIENCE: u32 = 10;

/// What one turn is. Asked when a message comes into its lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TurnPolicy {
    /// Each message is a turn.
    #[default]
    Each,
    /// Messages of one author that follow one another are one turn, which starts when so much time has passed since the
    /// last of them was accepted; at the latest after ten times that, or with 32 messages. Any other event of the dialog
    /// ends the burst at once and comes after it, but the client's own messages as the channel tells of them
    /// (`ONOPENLINEMESSAGEADD`), which only come after it.
    ///
    /// The handler gets the last message with the texts of all, in lines, and the files of all;
    /// [`Context::burst`](crate::dispatch::Context::burst) has them one by one. What a burst holds does not change once
    /// its turn has started: not when it is tried again, and not by a restart.
    Burst(Duration),
}

impl TurnPolicy {
    /// [`Burst`](Self::Burst) after this quiet.
    pub const fn burst(quiet: Duration) -> Self {
        Self::Burst(quiet)
    }
}

/// What messages must have in common to be one burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gather {
    pub(super) quiet: Duration,
    pub(super) bot: BotId,
    pub(super) author: UserId,
}

impl Gather {
    /// What the handler wants of this event; `None` if it is to be a turn of its own.
    pub(super) fn asked(services: &Services, portal: &PortalKey, incoming: &Incoming) -> Option<Self> {
        let Event::Message(message) = &incoming.event else { return None };
        let bot = services.bot_for(portal, incoming.bot.as_ref())?;
        if !bot.profile.hears(&incoming.event) || ends_session(message) {
            return None;
        }
        // The handler's own code. Its turn will panic again and fail, and the others go on.
        let asked = std::panic::catch_unwind(AssertUnwindSafe(|| bot.handler.turn_policy(incoming)));
        match asked {
            Ok(TurnPolicy::Burst(quiet)) => {
                let bot = incoming.bot.as_ref().map(|bot| bot.id).unwrap_or_default();
                Some(Self { quiet, bot, author: message.author_id })
            }
            Ok(TurnPolicy::Each) => None,
            Err(_) => {
                tracing::error!(%portal, bot = bot.profile.code(), "`turn_policy` panicked; the message is a turn of its own");
                None
            }
        }
    }

    /// When a burst of these members starts, if nothing else comes.
    pub(super) fn due<'r>(&self, members: impl Iterator<Item = &'r JournalRow> + Clone) -> Timestamp {
        let accepted = members.map(|row| row.accepted);
        let first = accepted.clone().min().unwrap_or_default();
        let last = accepted.max().unwrap_or_default();
        last.plus(self.quiet).min(first.plus(self.quiet.saturating_mul(PATIENCE)))
    }
}

/// The portal itself ends the bot's session at this text (protocol 2.1).
pub(super) fn ends_session(message: &Message) -> bool {
    message.text.trim() == "0" && message.chat.is_line()
}

/// The members of a burst, in their order, as one event, and one by one. `None` if they are not all messages.
pub(super) fn join(members: Vec<Incoming>) -> Option<(Incoming, Arc<[Message]>)> {
    let single = |member: &Incoming| match &member.event {
        Event::Message(message) => Some(message.clone()),
        _ => None,
    };
    let singles: Option<Vec<Message>> = members.iter().map(single).collect();
    let singles = singles?;
    let mut joined = members.into_iter().next_back()?;
    if let Event::Message(message) = &mut joined.event {
        let whole = |single: &Message| single.original_text.clone().unwrap_or_else(|| single.text.clone());
        if singles.iter().any(|single| single.original_text.is_some()) {
            message.original_text = Some(lines(singles.iter().map(whole)));
        }
        message.text = lines(singles.iter().map(|single| single.text.clone()));
        message.files = singles.iter().flat_map(|single| single.files.clone()).collect();
        message.mentioned = singles.iter().flat_map(|single| single.mentioned.clone()).collect();
        message.mentioned.sort_unstable();
        message.mentioned.dedup();
    }
    Some((joined, singles.into()))
}

/// A message of files alone has no line.
pub(super) fn lines(texts: impl Iterator<Item = String>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Author, Chat, FileRef, MessageId, Origin};

    fn said(id: i64, text: &str) -> Incoming {
        let mut message =
            Message::new(MessageId::new(id), text, Chat::default(), UserId::new(7), Author::Client);
        if text.is_empty() {
            message.files = vec![FileRef { id, ..FileRef::default() }];
        }
        Incoming::new("ONIMBOTV2MESSAGEADD", Event::Message(message), Origin::BotV2)
    }

    #[test]
    fn a_burst_is_its_last_message_with_all_texts_and_files() {
        let (joined, singles) =
            join(vec![said(1, "hi"), said(2, ""), said(3, "a question"), said(4, "")]).unwrap();
        let Event::Message(message) = joined.event else { panic!("a message") };
        assert_eq!((message.id.get(), message.text.as_str()), (4, "hi\na question"));
        assert_eq!(message.files.iter().map(|file| file.id).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(singles.iter().map(|single| single.id.get()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn what_is_no_message_joins_nothing() {
        let other = Incoming::new("X", Event::Other, Origin::Other);
        assert!(join(vec![said(1, "hi"), other]).is_none());
        assert!(join(Vec::new()).is_none());
    }
}
