//! What a handler may know of its turn.

use super::Context;
use crate::dispatch::router::chat_of;
use crate::wire::{BotId, BotRef, Chat, DialogId, Event, Incoming, Message, MessageId, PortalKey, Timestamp};

impl Context {
    /// The portal.
    pub fn portal(&self) -> &PortalKey {
        &self.inner.fence.lease().portal
    }

    /// The bot the event is for; `None` for open-line, connector and application events.
    pub fn bot(&self) -> Option<&BotRef> {
        self.inner.incoming.bot.as_ref()
    }

    /// The bot that speaks in this turn: the one that the event is for, else the application's first. `None` while the
    /// portal has none.
    ///
    /// ```
    /// use openlines::{prelude::*, testing::Conversation};
    ///
    /// let bot = Router::new().on(async |cx: Context, _over: SessionFinished| {
    ///     assert!(cx.bot().is_none(), "sessions are told to the application");
    ///     cx.speaker().map(|bot| format!("{bot} says goodbye"))
    /// });
    /// Conversation::with(bot).client_says("hello").session_finishes().expect("567 says goodbye");
    /// ```
    pub fn speaker(&self) -> Option<BotId> {
        self.inner.bot.as_ref().map(|bot| bot.id)
    }

    /// The event with what surrounds it.
    pub fn incoming(&self) -> &Incoming {
        &self.inner.incoming
    }

    /// The chat of the event, if it happened in one.
    pub fn chat(&self) -> Option<&Chat> {
        chat_of(&self.inner.incoming.event)
    }

    /// Where [`reply`](Self::reply) goes.
    pub fn dialog(&self) -> Option<DialogId> {
        if let Some(chat) = self.chat() {
            return Some(chat.dialog.clone()).filter(|dialog| !dialog.as_str().is_empty());
        }
        match &self.inner.incoming.event {
            Event::LineMessage(event) => event.chat.map(DialogId::of_chat),
            Event::SessionStarted(event) | Event::SessionFinished(event) => {
                Some(DialogId::of_chat(event.chat))
            }
            _ => None,
        }
    }

    /// The messages of this turn one by one, in their order: several if its
    /// [`TurnPolicy`](crate::dispatch::TurnPolicy) made a burst of them, none if it is about no message.
    pub fn burst(&self) -> &[Message] {
        match &self.inner.incoming.event {
            Event::Message(only) if self.inner.burst.is_empty() => std::slice::from_ref(only),
            _ => &self.inner.burst,
        }
    }

    /// Whether the message, or one of the burst, was overtaken by a later one of its dialog before it was accepted.
    pub fn late(&self) -> bool {
        self.inner.incoming.late
    }

    /// How often this turn failed before.
    pub fn failed_before(&self) -> u32 {
        self.inner.turn.attempts
    }

    /// This moment, by the clock of the engine.
    pub fn now(&self) -> Timestamp {
        self.inner.services.clock.now()
    }

    /// The message that the event is about, if it is about one that was written.
    pub(super) fn message_heard(&self) -> Option<MessageId> {
        match &self.inner.incoming.event {
            Event::Message(event) => Some(event.id),
            Event::Command(event) => Some(event.message_id),
            _ => None,
        }
    }
}
