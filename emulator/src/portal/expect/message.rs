//! Waiting for a message.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::PATIENCE;
use super::text::TextPattern;
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

/// Near misses that a failure shows.
const NEAR_SHOWN: usize = 3;

type Fits = Arc<dyn Fn(&ChatMessage) -> bool + Send + Sync>;

/// A message that is expected. Await it: it waits ten seconds unless told otherwise, and gives the message.
#[must_use = "an expectation of a message waits only when it is awaited: add `.await`"]
#[derive(Clone)]
pub struct MessageExpectation {
    portal: Portal,
    ears: Ears,
    /// The name of whoever is meant.
    whose: String,
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
            Ears::Client { .. } => write!(f, "a message to {} ", self.whose)?,
            Ears::Employee { .. } => write!(f, "a private message to {} ", self.whose)?,
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
        MessageExpectation::new(self, Ears::Portal, String::new(), text.into())
    }
}

impl Client {
    /// Expects this to reach the client, from a bot or from an operator. A text is exact; see
    /// [`containing`](crate::containing).
    #[track_caller]
    pub fn hears(&self, text: impl Into<TextPattern>) -> MessageExpectation {
        let (ears, whose) = (Ears::Client { chat_id: self.chat_id() }, self.portal.name_of(self.user_id));
        MessageExpectation::new(&self.portal, ears, whose, text.into())
    }
}

impl Employee {
    /// Expects this in one of the employee's private chats.
    #[track_caller]
    pub fn hears(&self, text: impl Into<TextPattern>) -> MessageExpectation {
        let (ears, whose) = (Ears::Employee { user_id: self.user_id }, self.portal.name_of(self.user_id));
        MessageExpectation::new(&self.portal, ears, whose, text.into())
    }
}

impl MessageExpectation {
    #[track_caller]
    fn new(portal: &Portal, ears: Ears, whose: String, text: TextPattern) -> Self {
        let (portal, at) = (portal.clone(), Location::caller());
        Self { portal, ears, whose, text, button: None, fits: None, within: PATIENCE, at }
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

    /// Waits this long instead of ten seconds.
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    /// The first message that is meant and has met no expectation yet; from now on it has.
    fn find(&self, world: &World) -> Option<ChatMessage> {
        let mut heard = self.portal.shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let last = match self.ears {
            Ears::Client { chat_id } => heard.last.get(&chat_id).copied().unwrap_or(0),
            _ => 0,
        };
        let found = self
            .meant(world)
            .filter(|message| {
                message.id > last && !heard.met.contains(&message.id) && self.text.fits(&message.text)
            })
            .map(|message| world.seen(message))
            .find(|message| {
                self.has_button(message) && self.fits.as_ref().is_none_or(|fits| fits(message))
            })?;
        heard.met.insert(found.id);
        let last = heard.last.entry(found.chat_id).or_default();
        *last = found.id.max(*last);
        Some(found)
    }

    /// Every message that reached these ears, whatever it says.
    fn meant<'w>(&self, world: &'w World) -> Box<dyn Iterator<Item = &'w Message> + 'w> {
        match self.ears {
            Ears::Portal => Box::new(world.bot_messages.iter().filter_map(|id| world.messages.get(id))),
            Ears::Client { chat_id } => Box::new(audible(world, chat_id)),
            Ears::Employee { user_id } => {
                let mine = world
                    .chats
                    .values()
                    .filter(move |chat| chat.kind == ChatKind::Private && chat.members.contains(&user_id));
                let all = mine.flat_map(|chat| world.messages_of(chat.id));
                Box::new(all.filter(move |message| message.author_id != user_id && !message.deleted))
            }
        }
    }

    /// Messages that were nearly the one that is expected, and what they lack.
    fn near_misses(&self) -> Vec<String> {
        self.portal.shared.look(|world| {
            let heard = self.portal.shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let lack = |message: &Message| {
                if !self.text.fits(&message.text) {
                    return self
                        .text
                        .nearly_fits(&message.text)
                        .then(|| "differs in case or spaces only".to_owned());
                }
                if heard.met.contains(&message.id) {
                    return Some("has met an expectation already".to_owned());
                }
                let seen = world.seen(message);
                Some(if !self.has_button(&seen) {
                    format!("has not that button, but {}", buttons(&seen))
                } else if self.fits.as_ref().is_some_and(|fits| !fits(&seen)) {
                    "does not fit the test's condition".to_owned()
                } else {
                    "came before a message that was heard already".to_owned()
                })
            };
            let all: Vec<&Message> = self.meant(world).collect();
            let near = all.into_iter().rev().filter_map(|message| {
                Some(format!("\n  near miss: #{} {:?} {}", message.id, message.text, lack(message)?))
            });
            near.take(NEAR_SHOWN).collect()
        })
    }

    fn has_button(&self, message: &ChatMessage) -> bool {
        let Some(wanted) = &self.button else { return true };
        let buttons = message.keyboard.as_ref().and_then(|keyboard| keyboard.as_array());
        buttons.into_iter().flatten().any(|button| button["TEXT"] == wanted.as_str())
    }
}

/// The buttons of a message.
fn buttons(message: &ChatMessage) -> String {
    let buttons = message.keyboard.as_ref().and_then(|keyboard| keyboard.as_array());
    let texts: Vec<String> = buttons
        .into_iter()
        .flatten()
        .filter_map(|button| Some(format!("{:?}", button["TEXT"].as_str()?)))
        .collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
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
                None => {
                    let near = self.near_misses().concat();
                    let (within, at) = (self.within, self.at);
                    self.portal
                        .fail(&format!("waited {within:?} in vain for {self}{near}\n  expected at {at}"))
                }
            }
        })
    }
}
