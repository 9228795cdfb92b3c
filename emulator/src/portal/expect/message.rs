//! Waiting for a message.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::text::TextPattern;
use super::{Heard, PATIENCE};
use crate::portal::{Client, Employee, Portal};
use crate::record::{AuthorKind, ChatMessage};
use crate::world::World;
use crate::world::chats::ChatKind;
use crate::world::messages::Message;

/// Whose ears.
#[derive(Clone, Copy, Debug)]
enum Ears {
    /// Whatever bots say, anywhere.
    Portal,
    /// What leaves the portal to the client of a line's chat.
    Client { chat_id: i64 },
    /// What others say in an employee's private chats.
    Employee { user_id: i64 },
}

type Fits = Arc<dyn Fn(&ChatMessage) -> bool + Send + Sync>;

/// A message that is expected. Await it: it waits five seconds unless told otherwise, and gives the message.
#[must_use = "an expectation of a message waits only when it is awaited: add `.await`"]
#[derive(Clone)]
pub struct MessageExpectation {
    portal: Portal,
    ears: Ears,
    text: TextPattern,
    button: Option<String>,
    fits: Option<Fits>,
    within: Duration,
    at: &'static Location<'static>,
}

impl fmt::Debug for MessageExpectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageExpectation").field("wanted", &self.to_string()).finish_non_exhaustive()
    }
}

impl fmt::Display for MessageExpectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ears {
            Ears::Portal => f.write_str("a bot message ")?,
            Ears::Client { chat_id } => write!(f, "a message to the client of chat {chat_id} ")?,
            Ears::Employee { user_id } => write!(f, "a private message to employee {user_id} ")?,
        }
        write!(f, "{}", self.text)?;
        if let Some(button) = &self.button {
            write!(f, " with the button {button:?}")?;
        }
        if self.fits.is_some() {
            f.write_str(" that fits the test's condition")?;
        }
        Ok(())
    }
}

impl Portal {
    /// Expects a bot to say this, anywhere. A text is exact; see [`containing`](crate::containing).
    #[track_caller]
    pub fn expect_bot_message(&self, text: impl Into<TextPattern>) -> MessageExpectation {
        MessageExpectation::new(self, Ears::Portal, text.into())
    }
}

impl Client {
    /// Expects this to reach the client, from a bot or from an operator. A text is exact; see
    /// [`containing`](crate::containing).
    #[track_caller]
    pub fn hears(&self, text: impl Into<TextPattern>) -> MessageExpectation {
        MessageExpectation::new(&self.portal, Ears::Client { chat_id: self.chat_id() }, text.into())
    }
}

impl Employee {
    /// Expects this in one of the employee's private chats.
    #[track_caller]
    pub fn hears(&self, text: impl Into<TextPattern>) -> MessageExpectation {
        MessageExpectation::new(&self.portal, Ears::Employee { user_id: self.user_id }, text.into())
    }
}

impl MessageExpectation {
    #[track_caller]
    fn new(portal: &Portal, ears: Ears, text: TextPattern) -> Self {
        let (portal, at) = (portal.clone(), Location::caller());
        Self { portal, ears, text, button: None, fits: None, within: PATIENCE, at }
    }

    /// It must have a button with this text.
    pub fn with_button(mut self, text: &str) -> Self {
        self.button = Some(text.to_owned());
        self
    }

    /// It must fit this condition too. The condition runs while the portal is locked: it must look at the message only.
    pub fn where_message(mut self, fits: impl Fn(&ChatMessage) -> bool + Send + Sync + 'static) -> Self {
        self.fits = Some(Arc::new(fits));
        self
    }

    /// Waits this long instead of five seconds.
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    /// The first message that is meant and has met no expectation yet; from now on it has.
    fn find(&self, world: &World) -> Option<ChatMessage> {
        let mut heard = self.portal.shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match self.ears {
            Ears::Portal => {
                let all = world.bot_messages.iter().filter_map(|id| world.messages.get(id));
                self.first(world, &heard, all)
            }
            Ears::Client { chat_id } => {
                let last = heard.last.get(&chat_id).copied().unwrap_or(0);
                let fresh = audible(world, chat_id).filter(|message| message.id > last);
                self.first(world, &heard, fresh)
            }
            Ears::Employee { user_id } => {
                let mine = world
                    .chats
                    .values()
                    .filter(|chat| chat.kind == ChatKind::Private && chat.members.contains(&user_id));
                let others = mine
                    .flat_map(|chat| world.messages_of(chat.id))
                    .filter(|message| message.author_id != user_id && !message.deleted);
                self.first(world, &heard, others)
            }
        }?;
        heard.met.insert(found.id);
        let last = heard.last.entry(found.chat_id).or_default();
        *last = found.id.max(*last);
        Some(found)
    }

    fn first<'w>(
        &self,
        world: &World,
        heard: &Heard,
        messages: impl Iterator<Item = &'w Message>,
    ) -> Option<ChatMessage> {
        messages
            .filter(|message| !heard.met.contains(&message.id) && self.text.fits(&message.text))
            .map(|message| world.seen(message))
            .find(|message| self.has_button(message) && self.fits.as_ref().is_none_or(|fits| fits(message)))
    }

    fn has_button(&self, message: &ChatMessage) -> bool {
        let Some(wanted) = &self.button else { return true };
        let buttons = message.keyboard.as_ref().and_then(|keyboard| keyboard.as_array());
        buttons.into_iter().flatten().any(|button| button["TEXT"] == wanted.as_str())
    }
}

/// What the client of a line's chat is shown of what others say.
pub(super) fn audible(world: &World, chat_id: i64) -> impl Iterator<Item = &Message> {
    world.messages_of(chat_id).filter(|message| {
        world.leaves_the_portal(message) && world.author_kind(message) != AuthorKind::Client
    })
}

impl IntoFuture for MessageExpectation {
    type Output = ChatMessage;
    type IntoFuture = Pin<Box<dyn Future<Output = ChatMessage> + Send>>;

    /// # Panics
    ///
    /// When no such message comes in time; the panic tells transcript and calls.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.portal.wait(self.within, |world| self.find(world)).await {
                Some(found) => found,
                None => self
                    .portal
                    .fail(&format!("waited {:?} in vain for {self}\n  expected at {}", self.within, self.at)),
            }
        })
    }
}
