//! Watching: what happens in the dialogs of all portals, told inside of this process as it happens. For a supervisor's page,
//! or for figures of one's own.
//!
//! ```no_run
//! use openlines::{dispatch::What, prelude::*};
//!
//! # async fn example() -> Result<(), AppError> {
//! let echo = async |cx: Context, message: Message| cx.reply(format!("You said: {}", literal(&message.text)));
//! let app = App::from_env()?.bot(BotProfile::openline("echo"), echo).beside(async |desks| {
//!     let mut happenings = desks.watch();
//!     while let Some(happening) = happenings.next().await {
//!         if let What::Said { text } = happening.what {
//!             println!("{} in chat {}: {text}", happening.portal, happening.chat);
//!         }
//!     }
//! });
//! app.run().await
//! # }
//! ```
//!
//! **Trap:** it is news, not a record: nothing of it is stored, what happened before somebody watched is not told, and an
//! event may be told twice, after a restart too.

use tokio::sync::broadcast;

use super::ownership::Holder;
use crate::wire::{Author, ChatId, CommandContext, Event, Incoming, PortalKey, Timestamp, UserId};

/// What is kept for a watcher who is slow; one who is slower misses some.
const KEPT: usize = 1_024;

/// Something that happened in the chat of an open line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Happening {
    /// The portal.
    pub portal: PortalKey,
    /// The chat.
    pub chat: ChatId,
    /// What it was.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// Somebody wrote: the event came into its lane.
    Wrote {
        /// What the author is.
        author: Author,
        /// The author's user id.
        user: UserId,
        /// The author's name, empty where it is not told.
        name: String,
        /// The text.
        text: String,
        /// When the event was accepted.
        at: Timestamp,
    },
    /// Somebody else has the session, or it is over.
    Session {
        /// Who has it.
        holder: Holder,
        /// The person who has it, where that is known.
        operator: Option<UserId>,
        /// Since when.
        since: Timestamp,
    },
    /// A message of the bot's was sent to the client.
    Said {
        /// The text.
        text: String,
    },
    /// A message of the bot's was held back, because a person has the session.
    Withheld {
        /// The text.
        text: String,
    },
}

/// Tells all who watch.
#[derive(Debug, Clone)]
pub(super) struct Watch(broadcast::Sender<Happening>);

/// What happens from the moment it was asked for, see [`Desks::watch`](crate::app::Desks::watch).
#[derive(Debug)]
pub struct Happenings(broadcast::Receiver<Happening>);

impl Watch {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    pub(super) fn happenings(&self) -> Happenings {
        Happenings(self.0.subscribe())
    }

    pub(super) fn is_on(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Tells what `what` makes, if somebody watches.
    pub(super) fn tell(&self, portal: &PortalKey, chat: ChatId, what: impl FnOnce() -> Option<What>) {
        if chat.get() > 0
            && self.is_on()
            && let Some(what) = what()
        {
            // The last of them may have gone meanwhile.
            let _ = self.0.send(Happening { portal: portal.clone(), chat, what });
        }
    }
}

impl Happenings {
    /// The next one; `None` once the app has stopped. One who is too slow misses some, which is logged.
    pub async fn next(&mut self) -> Option<Happening> {
        loop {
            match self.0.recv().await {
                Ok(happening) => return Some(happening),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(
                        missed,
                        "who watches the dialogs was too slow and missed some of what happened"
                    );
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// What somebody wrote by this event.
pub(super) fn wrote(incoming: &Incoming, at: Timestamp) -> Option<What> {
    let named = |author, user, name: Option<String>, text: String| {
        Some(What::Wrote { author, user, name: name.unwrap_or_default(), text, at })
    };
    match &incoming.event {
        Event::Message(message) if !message.system => {
            let name = message.user.as_ref().map(|user| user.name.clone());
            named(message.author, message.author_id, name, message.text.clone())
        }
        Event::Command(command) if command.context == CommandContext::Typed => {
            let name = command.user.as_ref().map(|user| user.name.clone());
            named(command.author, command.author_id, name, command.text.clone())
        }
        Event::LineMessage(message) if !message.system => {
            let (name, text) = signed(&message.text);
            named(message.author, message.user_id, name, text)
        }
        _ => None,
    }
}

/// Who signed a message of the channel, and what they wrote: `[b]Ann Lee:[/b] [br]Good day` (protocol 3.5).
fn signed(text: &str) -> (Option<String>, String) {
    let signed = text.strip_prefix("[b]").and_then(|text| text.split_once(":[/b] [br]"));
    match signed.filter(|(name, _)| !name.contains(['[', '\n'])) {
        Some((name, text)) => (Some(name.to_owned()), text.to_owned()),
        None => (None, text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_of_the_channel_is_the_name_and_not_the_text() {
        let read = |text| signed(text).0.map(|name| (name, signed(text).1));
        assert_eq!(
            read("[b]Ann Lee:[/b] [br]Good [b]day:[/b] [br]!"),
            Some(("Ann Lee".into(), "Good [b]day:[/b] [br]!".into()))
        );
        for text in ["Good day", "[b]Order 15:[/b] it is packed", "", "[b]one\n[b]two:[/b] [br]three"] {
            assert_eq!(signed(text), (None, text.to_owned()));
        }
    }
}
