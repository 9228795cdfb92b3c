//! What a bot is called, how it is registered, and whom it hears.

use super::Handle;
use crate::{
    portal::{BotKind, BotSpec},
    wire::{Author, Chat, ChatKind, Command, Event},
};

/// A bot as it is to be registered, and whom its handler hears.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "give it to `App::bot`"]
pub struct BotProfile {
    spec: BotSpec,
    hears_operators: bool,
    hears_groups: bool,
    hears_while_human: bool,
    return_command: Option<String>,
}

impl BotProfile {
    /// A bot for open lines, under a code that is unique on the portal.
    pub fn openline(code: impl AsRef<str>) -> Self {
        Self::new(BotKind::OpenLine, code.as_ref())
    }

    /// A bot for chats of employees only.
    pub fn chat(code: impl AsRef<str>) -> Self {
        Self::new(BotKind::Bot, code.as_ref())
    }

    fn new(kind: BotKind, code: &str) -> Self {
        Self {
            spec: BotSpec::new(kind, code, code),
            hears_operators: false,
            hears_groups: false,
            hears_while_human: false,
            return_command: None,
        }
    }

    /// The name people see; the code, unless told otherwise.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.spec.name = name.into();
        self
    }

    /// Registers through `imbot.*`, whose messages are sent at most once. Without this the bot is a v2 bot, whose
    /// messages are sent exactly once.
    pub fn v1(mut self) -> Self {
        self.spec = self.spec.v1();
        self
    }

    /// Registers a slash command, shown under `title`; an empty title hides it, as is usual for buttons.
    pub fn command(mut self, name: impl AsRef<str>, title: impl AsRef<str>) -> Self {
        self.spec = self.spec.command(name.as_ref(), title.as_ref());
        self
    }

    /// The same with those commands of `handler` that it does not name, hidden.
    pub(crate) fn with_commands_of(self, handler: &dyn Handle) -> Self {
        let known = |profile: &Self, name: &str| {
            profile.spec.commands.iter().any(|known| known.name.eq_ignore_ascii_case(name))
        };
        handler.commands().into_iter().fold(self, |profile, name| match known(&profile, &name) {
            true => profile,
            false => profile.command(name, ""),
        })
    }

    /// Also hears operators and other employees in open lines.
    pub fn hears_operators(mut self) -> Self {
        self.hears_operators = true;
        self
    }

    /// Also hears employees in group chats, where the platform sends messages that mention the bot.
    pub fn hears_groups(mut self) -> Self {
        self.hears_groups = true;
        self
    }

    /// Also hears what clients write, edit and press while a person has the session. What it would answer them is
    /// withheld then; a note to operators is not.
    pub fn hears_while_human(mut self) -> Self {
        self.hears_while_human = true;
        self
    }

    /// Operators give the session back to the bot by writing this text, such as `/bot`, in whatever case. The message
    /// goes no further than that: no handler hears it. The client may, as all that operators write.
    ///
    /// **Trap:** the bot hears it only while it is in the chat, and by default a line sends it away once a person comes: set
    /// the line to part with it when the dialog is closed (`WELCOME_BOT_LEFT` = `close`, protocol 3.4).
    pub fn return_command(mut self, text: impl Into<String>) -> Self {
        self.return_command = Some(text.into());
        self
    }

    /// Its code.
    pub fn code(&self) -> &str {
        &self.spec.code
    }

    /// How it is to be registered.
    pub fn spec(&self) -> &BotSpec {
        &self.spec
    }

    /// Whether it hears clients also while a person has their session.
    pub(crate) fn is_heard_while_human(&self) -> bool {
        self.hears_while_human
    }

    /// Whether this is the text by which operators give the session back.
    pub(crate) fn is_return_command(&self, text: &str) -> bool {
        let same = |command: &String| command.trim().to_lowercase() == text.trim().to_lowercase();
        self.return_command.as_ref().is_some_and(same)
    }

    /// Whether the handler is to hear this event. Commands and what has no author always are.
    pub(crate) fn hears(&self, event: &Event) -> bool {
        match event {
            Event::Message(message) => self.hears_author(message.author, &message.chat),
            Event::MessageUpdated(updated) => {
                self.hears_author(updated.message.author, &updated.message.chat)
            }
            Event::Command(Command { author: Author::Bot, .. }) => false,
            _ => true,
        }
    }

    fn hears_author(&self, author: Author, chat: &Chat) -> bool {
        match author {
            Author::Client => true,
            Author::Operator => self.hears_operators,
            Author::Employee if chat.is_line() => self.hears_operators,
            Author::Employee => chat.kind == ChatKind::Private || self.hears_groups,
            Author::Bot | Author::System | Author::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ChatId, DialogId, Message, MessageId, UserId};

    fn said_by(author: Author, kind: ChatKind) -> Event {
        let mut chat = Chat::default();
        chat.id = ChatId::new(5);
        chat.dialog = DialogId::of_chat(chat.id);
        chat.kind = kind;
        Event::Message(Message::new(MessageId::new(1), "hi", chat, UserId::new(7), author))
    }

    #[test]
    fn by_default_a_bot_hears_clients_in_lines_and_employees_in_private() {
        let bot = BotProfile::openline("bot");
        assert!(bot.hears(&said_by(Author::Client, ChatKind::Line)));
        assert!(bot.hears(&said_by(Author::Employee, ChatKind::Private)));
        for (author, kind) in [
            (Author::Operator, ChatKind::Line),
            (Author::Employee, ChatKind::Group),
            (Author::Bot, ChatKind::Line),
            (Author::System, ChatKind::Line),
            (Author::Unknown, ChatKind::Line),
        ] {
            assert!(!bot.hears(&said_by(author, kind.clone())), "{author:?} in {kind:?}");
        }
    }

    #[test]
    fn a_bot_that_asks_hears_operators_and_groups() {
        let bot = BotProfile::openline("bot").hears_operators().hears_groups();
        assert!(bot.hears(&said_by(Author::Operator, ChatKind::Line)));
        assert!(bot.hears(&said_by(Author::Employee, ChatKind::Group)));
    }
}
