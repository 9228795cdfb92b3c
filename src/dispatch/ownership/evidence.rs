//! What an event says of who has the session.

use serde::{Deserialize, Serialize};

use crate::{
    dispatch::{Services, router::chat_of},
    store::JournalRow,
    wire::{
        Author, Chat, ChatEntity, ChatId, CommandContext, Event, Incoming, MessageId, PortalKey, SessionId,
        Timestamp, UserId,
    },
};

/// The place of an event among those of its chat, as far as the wire tells: by message id if both have one, else by
/// the second in which it was queued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dispatch) struct Stamp {
    /// Unix seconds, 0 for unknown.
    #[serde(rename = "t", default)]
    pub(super) ts: i64,
    /// 0 for none.
    #[serde(rename = "m", default)]
    pub(super) message: i64,
}

impl Stamp {
    pub(in crate::dispatch) fn of(incoming: &Incoming) -> Self {
        // An edit, a reaction or a press names a message that was written long before.
        let message = match &incoming.event {
            Event::Message(message) => message.id.get(),
            Event::Command(command) if command.context == CommandContext::Typed => command.message_id.get(),
            Event::LineMessage(message) if message.outbound => message.message_id.map_or(0, MessageId::get),
            _ => 0,
        };
        Self { ts: incoming.ts, message }
    }

    /// Whether this is certainly older.
    pub(super) fn is_before(self, other: Self) -> bool {
        match (self.message > 0 && other.message > 0, self.ts > 0 && other.ts > 0) {
            (true, _) => self.message < other.message,
            (false, true) => self.ts < other.ts,
            (false, false) => false,
        }
    }

    pub(super) fn max(self, other: Self) -> Self {
        Self { ts: self.ts.max(other.ts), message: self.message.max(other.message) }
    }
}

/// To whom a chat belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// To a bot of ours, or to nobody.
    Free,
    /// To a person; another application's bot counts as one.
    Person(UserId),
}

/// Who wrote, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    Client,
    Operator(UserId),
    /// Nobody wrote, or it does not matter who: a bot, the portal, an author that is not known.
    Nobody,
}

/// What is said beyond that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// The client's text `0`, by which the server ends the bot's session.
    HandOver,
    /// An operator gives it back, or somebody outside of an event does.
    Return,
    Finish,
}

/// What one event, or one answer of the portal, says of who has the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dispatch) struct Evidence {
    pub(super) writer: Writer,
    pub(super) owner: Option<Owner>,
    pub(super) signal: Option<Signal>,
    pub(super) stamp: Stamp,
    /// When it was accepted here, or asked for.
    pub(super) at: Timestamp,
    pub(super) session: Option<SessionId>,
    /// It was asked for: what had come in before is older.
    pub(super) asked: bool,
}

/// The chat of an event of an open line; 0 where it is not told. `None` for every other event.
pub(in crate::dispatch) fn line_chat(event: &Event) -> Option<ChatId> {
    match event {
        Event::LineMessage(event) => Some(event.chat.unwrap_or_default()),
        Event::LineMessageUpdated(event) => Some(event.chat.unwrap_or_default()),
        Event::LineMessageDeleted(event) => Some(event.chat.unwrap_or_default()),
        Event::SessionStarted(event) | Event::SessionFinished(event) => Some(event.chat),
        event => chat_of(event).filter(|chat| chat.is_line()).map(|chat| chat.id),
    }
}

impl Evidence {
    /// What an event says, if it belongs to an open line and says something.
    pub(in crate::dispatch) fn of(
        services: &Services,
        portal: &PortalKey,
        incoming: &Incoming,
        row: &JournalRow,
    ) -> Option<Self> {
        let event = &incoming.event;
        let mut evidence = Self::at(Stamp::of(incoming), row.accepted);
        // A timer and a message withheld know the chat as it once was.
        if !matches!(event, Event::Timer(_) | Event::Withheld(_))
            && let Some(chat) = chat_of(event).filter(|chat| chat.is_line())
        {
            let ours = |user: UserId| {
                incoming.bot.as_ref().is_some_and(|bot| bot.id.get() == user.get())
                    || services.registry.has_bot(portal, user)
            };
            evidence.look_at(chat, ours);
        }
        match event {
            Event::Message(message) if message.chat.is_line() => {
                evidence.wrote(services, message.author, message.author_id, &message.text);
            }
            Event::Command(command) if command.chat.is_line() => {
                let text = if command.context == CommandContext::Typed {
                    typed(&command.name, &command.params)
                } else {
                    String::new()
                };
                let operator = matches!(command.author, Author::Operator | Author::Employee);
                // A press writes nothing.
                if !(operator && text.is_empty()) {
                    evidence.wrote(services, command.author, command.author_id, &text);
                }
            }
            Event::LineMessage(message) if !message.system => {
                evidence.wrote(services, message.author, message.user_id, &message.text);
            }
            Event::SessionFinished(_) => evidence.signal = Some(Signal::Finish),
            _ => {}
        }
        evidence.says_something().then_some(evidence)
    }

    /// What the portal answers when it is asked for a chat.
    pub(super) fn answered(
        chat: &Chat,
        last_message: MessageId,
        asked: Timestamp,
        ours: impl Fn(UserId) -> bool,
    ) -> Self {
        let mut evidence = Self::at(Stamp { ts: 0, message: last_message.get() }, asked);
        evidence.asked = true;
        evidence.look_at(chat, ours);
        evidence
    }

    /// Somebody gives the session back outside of an event.
    pub(in crate::dispatch) fn returned(at: Timestamp) -> Self {
        Self { signal: Some(Signal::Return), ..Self::at(Stamp::default(), at) }
    }

    /// A person took the session when `message` was its newest, and that was told outside of an event.
    pub(in crate::dispatch) fn taken(by: UserId, message: i64, at: Timestamp) -> Self {
        Self { writer: Writer::Operator(by), ..Self::at(Stamp { ts: 0, message }, at) }
    }

    fn at(stamp: Stamp, at: Timestamp) -> Self {
        let (writer, owner, signal, session) = (Writer::Nobody, None, None, None);
        Self { writer, owner, signal, stamp, at, session, asked: false }
    }

    fn look_at(&mut self, chat: &Chat, ours: impl Fn(UserId) -> bool) {
        let client = match &chat.entity {
            ChatEntity::Lines(address) => address.user,
            _ => UserId::default(),
        };
        self.owner = chat.owner.map(|owner| match owner {
            nobody if nobody.get() == 0 || nobody == client || ours(nobody) => Owner::Free,
            person => Owner::Person(person),
        });
        self.session = chat.session.as_ref().map(|session| session.id).filter(|id| id.get() > 0);
    }

    fn wrote(&mut self, services: &Services, author: Author, id: UserId, text: &str) {
        match author {
            Author::Client => {
                self.writer = Writer::Client;
                if text.trim() == "0" {
                    self.signal = Some(Signal::HandOver);
                }
            }
            Author::Operator | Author::Employee if is_return(services, text) => {
                self.signal = Some(Signal::Return);
            }
            Author::Operator | Author::Employee => self.writer = Writer::Operator(id),
            _ => {}
        }
    }

    fn says_something(&self) -> bool {
        self.owner.is_some() || self.signal.is_some() || self.writer != Writer::Nobody
    }

    pub(super) fn names_a_person(&self) -> bool {
        matches!(self.owner, Some(Owner::Person(_)))
    }

    /// Whether it tells who has the session, and not only that something happened.
    pub(super) fn tells(&self) -> bool {
        self.owner.is_some()
            || matches!(self.writer, Writer::Operator(_))
            || matches!(self.signal, Some(Signal::Return | Signal::Finish))
    }
}

fn typed(name: &str, params: &str) -> String {
    format!("/{} {params}", name.trim_start_matches('/'))
}

/// Whether a text is one by which operators give the session back, to whichever bot of the program.
pub(in crate::dispatch) fn is_return(services: &Services, text: &str) -> bool {
    services.bots.iter().any(|bot| bot.profile.is_return_command(text))
}

/// Whether the event is an operator's word that gives the session back.
pub(in crate::dispatch) fn gives_back(services: &Services, event: &Event) -> bool {
    let operator = |author| matches!(author, Author::Operator | Author::Employee);
    match event {
        Event::Message(message) if message.chat.is_line() && operator(message.author) => {
            is_return(services, &message.text)
        }
        Event::Command(command) if command.chat.is_line() && operator(command.author) => {
            command.context == CommandContext::Typed
                && is_return(services, &typed(&command.name, &command.params))
        }
        _ => false,
    }
}

/// Whether this is a client's own doing, which goes to the person who has the session and not to the bot.
pub(in crate::dispatch) fn is_for_the_holder(event: &Event) -> bool {
    match event {
        Event::Message(message) => message.chat.is_line() && message.author == Author::Client,
        Event::MessageUpdated(updated) => {
            updated.message.chat.is_line() && updated.message.author == Author::Client
        }
        Event::MessageDeleted(deleted) => deleted.chat.is_line() && deleted.author == Author::Client,
        Event::Command(command) => command.chat.is_line() && command.author == Author::Client,
        _ => false,
    }
}

/// Whether a take-over cancels the turn of this event: it would speak to the client.
pub(in crate::dispatch) fn is_cancelled_by_a_person(event: &Event) -> bool {
    match event {
        Event::Message(_) | Event::Command(_) | Event::MessageUpdated(_) | Event::MessageDeleted(_) => {
            is_for_the_holder(event)
        }
        Event::Joined(_) | Event::ContextOpened(_) | Event::Reaction(_) | Event::Timer(_) => true,
        _ => false,
    }
}
