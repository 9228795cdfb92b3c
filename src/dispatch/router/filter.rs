//! [`Filter`]: for which events a nested router is.
//!
//! ```
//! use openlines::prelude::*;
//!
//! let staff = Router::new().text("report", async |_cx: Context, _message: Message| "No orders yet");
//! let router = Router::new()
//!     .when(Filter::author(Author::Employee).and(Filter::private()), staff)
//!     .when(!Filter::language("ru"), Router::new().fallback(async |_cx: Context, _message: Message| "Good day!"));
//! # let _ = router;
//! ```
//!
//! **Trap:** a filter that asks for what an event does not carry does not hold: a session event has no author, so
//! `Filter::author(Author::Client)` keeps it out, and `!Filter::author(Author::Client)` lets it in.

use std::{fmt, ops::Not, sync::Arc};

use crate::message::Capabilities;
use crate::wire::{
    Author, Chat, ChatEntity, ChatKind, ConnectorId, ConnectorPlace, Event, Incoming, LineAddress, LineId,
    Message,
};

/// A question about an event, see [`Router::when`](super::Router::when). Joined by [`and`](Self::and),
/// [`or`](Self::or) and `!`.
#[derive(Clone)]
#[must_use = "give it to `Router::when`"]
pub struct Filter {
    test: Test,
}

#[derive(Clone)]
enum Test {
    Author(Author),
    Channel(ConnectorId),
    Line(LineId),
    Language(String),
    Private,
    OpenLine,
    Files,
    Own(Arc<dyn Fn(&Incoming) -> bool + Send + Sync>),
    And(Box<(Test, Test)>),
    Or(Box<(Test, Test)>),
    Not(Box<Test>),
}

impl Filter {
    /// Written or pressed by such an author. Messages, edits and commands have one.
    pub fn author(author: Author) -> Self {
        Self { test: Test::Author(author) }
    }

    /// Came through this channel of an open line: `livechat`, `telegrambot`, a custom code.
    pub fn channel(connector: impl Into<ConnectorId>) -> Self {
        Self { test: Test::Channel(connector.into()) }
    }

    /// Belongs to this open line; after a transfer to another line, to that one.
    pub fn line(line: LineId) -> Self {
        Self { test: Test::Line(line) }
    }

    /// The event's language, in any case: that of the portal's site, not of what the client writes.
    pub fn language(language: impl AsRef<str>) -> Self {
        Self { test: Test::Language(language.as_ref().to_lowercase()) }
    }

    /// In a private chat with the bot.
    pub fn private() -> Self {
        Self { test: Test::Private }
    }

    /// In the chat of an open line, or an event about one.
    pub fn open_line() -> Self {
        Self { test: Test::OpenLine }
    }

    /// A message with files.
    pub fn has_files() -> Self {
        Self { test: Test::Files }
    }

    /// Whatever `test` says. It runs for each event that comes so far, on the way to its handler, so it must be quick
    /// and answer alike each time: a turn that runs again asks again.
    pub fn new(test: impl Fn(&Incoming) -> bool + Send + Sync + 'static) -> Self {
        Self { test: Test::Own(Arc::new(test)) }
    }

    /// Both.
    pub fn and(self, other: Self) -> Self {
        Self { test: Test::And(Box::new((self.test, other.test))) }
    }

    /// One, or the other, or both.
    pub fn or(self, other: Self) -> Self {
        Self { test: Test::Or(Box::new((self.test, other.test))) }
    }

    /// Whether it holds for the event.
    pub fn holds(&self, incoming: &Incoming) -> bool {
        self.test.holds(incoming)
    }
}

impl Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        Self { test: Test::Not(Box::new(self.test)) }
    }
}

impl Test {
    fn holds(&self, incoming: &Incoming) -> bool {
        let event = &incoming.event;
        match self {
            Self::Author(author) => author_of(event) == Some(*author),
            Self::Channel(wanted) => channel_of(event) == Some(wanted.as_str()),
            Self::Line(wanted) => line_of(event) == Some(*wanted),
            Self::Language(wanted) => {
                language_of(event).is_some_and(|language| language.eq_ignore_ascii_case(wanted))
            }
            Self::Private => chat_of(event).is_some_and(|chat| chat.kind == ChatKind::Private),
            Self::OpenLine => chat_of(event).is_some_and(Chat::is_line) || address_of(event).is_some(),
            Self::Files => matches!(event, Event::Message(Message { files, .. }) if !files.is_empty()),
            Self::Own(test) => test(incoming),
            Self::And(both) => both.0.holds(incoming) && both.1.holds(incoming),
            Self::Or(either) => either.0.holds(incoming) || either.1.holds(incoming),
            Self::Not(test) => !test.holds(incoming),
        }
    }
}

/// The chat an event happened in.
pub(in crate::dispatch) fn chat_of(event: &Event) -> Option<&Chat> {
    match event {
        Event::Message(event) => Some(&event.chat),
        Event::MessageUpdated(event) => Some(&event.message.chat),
        Event::MessageDeleted(event) => Some(&event.chat),
        Event::Command(event) => Some(&event.chat),
        Event::Joined(event) => Some(&event.chat),
        Event::ContextOpened(event) => Some(&event.chat),
        Event::Reaction(event) => Some(&event.chat),
        Event::Timer(event) => event.chat.as_ref(),
        Event::Withheld(event) => event.chat.as_ref(),
        _ => None,
    }
}

/// What the other side of the event's chat sees.
pub(in crate::dispatch) fn shown_to(event: &Event) -> Capabilities {
    match (chat_of(event), address_of(event)) {
        (Some(chat), _) => Capabilities::from(chat),
        (None, Some(address)) => Capabilities::from(&address.connector),
        (None, None) => Capabilities::TEXT,
    }
}

fn author_of(event: &Event) -> Option<Author> {
    match event {
        Event::Message(event) => Some(event.author),
        Event::MessageUpdated(event) => Some(event.message.author),
        Event::MessageDeleted(event) => Some(event.author),
        Event::Command(event) => Some(event.author),
        Event::LineMessage(event) => Some(event.author),
        _ => None,
    }
}

/// The address of the client that the event itself carries, or its chat.
fn address_of(event: &Event) -> Option<&LineAddress> {
    match event {
        Event::LineMessage(event) => Some(&event.address),
        Event::LineMessageUpdated(event) => Some(&event.address),
        Event::LineMessageDeleted(event) => Some(&event.address),
        Event::SessionStarted(event) | Event::SessionFinished(event) => Some(&event.address),
        _ => match &chat_of(event)?.entity {
            ChatEntity::Lines(address) => Some(address),
            _ => None,
        },
    }
}

/// Where the application's own channel is meant.
fn place_of(event: &Event) -> Option<&ConnectorPlace> {
    match event {
        Event::ConnectorMessage(event) => Some(&event.place),
        Event::ConnectorMessageUpdated(event) => Some(&event.place),
        Event::ConnectorMessageDeleted(event) => Some(&event.place),
        Event::ConnectorDialogStarted(event) | Event::ConnectorDialogFinished(event) => Some(&event.place),
        Event::ConnectorRemoved(event) => Some(&event.place),
        _ => None,
    }
}

fn channel_of(event: &Event) -> Option<&str> {
    if let Some(place) = place_of(event) {
        return Some(place.connector.as_str());
    }
    match address_of(event) {
        Some(address) => Some(address.connector.as_str()),
        None => matches!(chat_of(event)?.entity, ChatEntity::Livechat { .. }).then_some("livechat"),
    }
}

fn line_of(event: &Event) -> Option<LineId> {
    let transferred =
        chat_of(event).and_then(|chat| chat.session.as_ref()).map(|session| session.actual_line);
    if let Some(line) = transferred.filter(|line| line.get() > 0) {
        return Some(line);
    }
    if let Some(place) = place_of(event) {
        return Some(place.line);
    }
    match address_of(event) {
        Some(address) => Some(address.line),
        None => match chat_of(event)?.entity {
            ChatEntity::Livechat { line, .. } => Some(line),
            _ => None,
        },
    }
}

fn language_of(event: &Event) -> Option<&str> {
    let language = match event {
        Event::Message(event) => &event.language,
        Event::MessageUpdated(event) => &event.message.language,
        Event::MessageDeleted(event) => &event.language,
        Event::Command(event) => &event.language,
        Event::Joined(event) => &event.language,
        Event::ContextOpened(event) => &event.language,
        Event::Reaction(event) => &event.language,
        Event::AppInstalled(event) => &event.language,
        Event::AppUpdated(event) => &event.language,
        Event::AppUninstalled(event) => &event.language,
        _ => return None,
    };
    Some(language)
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.test.fmt(f)
    }
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Author(author) => write!(f, "author {author:?}"),
            Self::Channel(channel) => write!(f, "channel {channel}"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Language(language) => write!(f, "language {language}"),
            Self::Private => f.write_str("private"),
            Self::OpenLine => f.write_str("open line"),
            Self::Files => f.write_str("has files"),
            Self::Own(_) => f.write_str("a test of the program"),
            Self::And(both) => write!(f, "({:?} and {:?})", both.0, both.1),
            Self::Or(either) => write!(f, "({:?} or {:?})", either.0, either.1),
            Self::Not(test) => write!(f, "not {test:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Command, CommandContext, CommandId, LineSession, MessageId, Origin, UserId};

    fn incoming(event: Event) -> Incoming {
        Incoming::new("TEST", event, Origin::BotV2)
    }

    fn message() -> Message {
        let chat = Chat {
            kind: ChatKind::Line,
            entity: ChatEntity::parse("LINES", "telegrambot|22|778899|601"),
            ..Chat::default()
        };
        Message::new(MessageId::new(1), "hi", chat, UserId::new(601), Author::Client)
    }

    #[test]
    fn a_filter_asks_what_the_event_carries() {
        let mut said = message();
        said.language = "ru".to_owned();
        let said = incoming(Event::Message(said));
        for (filter, holds) in [
            (Filter::author(Author::Client), true),
            (Filter::author(Author::Operator), false),
            (Filter::channel("telegrambot"), true),
            (Filter::channel("livechat"), false),
            (Filter::line(LineId::new(22)), true),
            (Filter::line(LineId::new(2)), false),
            (Filter::language("RU"), true),
            (Filter::language("en"), false),
            (Filter::private(), false),
            (Filter::open_line(), true),
            (Filter::has_files(), false),
            (!Filter::has_files(), true),
            (Filter::private().or(Filter::open_line()), true),
            (Filter::private().and(Filter::open_line()), false),
            (Filter::new(|incoming| incoming.code == "TEST"), true),
        ] {
            assert_eq!(filter.holds(&said), holds, "{filter:?}");
        }
    }

    #[test]
    fn a_transferred_session_belongs_to_its_new_line() {
        let mut said = message();
        said.chat.session = LineSession::parse("N|NONE|0|N|N|343|1|7|0|0");
        let said = incoming(Event::Message(said));
        assert!(Filter::line(LineId::new(7)).holds(&said));
        assert!(!Filter::line(LineId::new(22)).holds(&said));
    }

    #[test]
    fn what_an_event_does_not_carry_holds_in_no_filter() {
        let pressed =
            incoming(Event::Command(Command::new(CommandId::new(1), "x", "", CommandContext::Typed)));
        assert!(!Filter::channel("livechat").holds(&pressed));
        assert!(!Filter::line(LineId::new(0)).holds(&pressed));
        let other = incoming(Event::Other);
        assert!(!Filter::author(Author::Unknown).holds(&other));
        assert!(!Filter::language("").holds(&other));
    }
}
