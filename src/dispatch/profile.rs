//! What a bot is called, how it is registered, and whom it hears.

use crate::wire::{Author, Chat, ChatKind, Command, Event, Message};

/// Which generation of the platform's bot interface a bot is registered through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Generation {
    /// `imbot.*`: messages are sent at most once.
    V1,
    /// `imbot.v2.*`: messages are sent exactly once.
    V2,
}

/// A slash command to be registered with the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandSpec {
    /// Name without the slash.
    pub name: String,
    /// Title shown in the list of commands, in English.
    pub title: String,
    /// Not shown in the list; for buttons.
    pub hidden: bool,
}

/// A bot as it is to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "give it to `App::bot`"]
pub struct BotProfile {
    code: String,
    name: String,
    open_line: bool,
    generation: Generation,
    commands: Vec<CommandSpec>,
    hears_operators: bool,
    hears_groups: bool,
}

impl BotProfile {
    /// A bot for open lines, under a code that is unique on the portal.
    pub fn openline(code: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            name: code.clone(),
            code,
            open_line: true,
            generation: Generation::V2,
            commands: Vec::new(),
            hears_operators: false,
            hears_groups: false,
        }
    }

    /// A bot for chats of employees only.
    pub fn chat(code: impl Into<String>) -> Self {
        Self { open_line: false, ..Self::openline(code) }
    }

    /// The name people see.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Registers through this generation; v2 unless told otherwise.
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// Registers a slash command, shown under `title`.
    pub fn command(mut self, name: impl Into<String>, title: impl Into<String>) -> Self {
        self.commands.push(CommandSpec { name: name.into(), title: title.into(), hidden: false });
        self
    }

    /// Registers a command for buttons, not shown in the list of commands.
    pub fn hidden_command(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.commands.push(CommandSpec { title: name.clone(), name, hidden: true });
        self
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

    /// Code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Name people see.
    pub fn display_name(&self) -> &str {
        &self.name
    }

    /// Whether it works in open lines.
    pub fn is_open_line(&self) -> bool {
        self.open_line
    }

    /// Generation it is registered through.
    pub fn registered_through(&self) -> Generation {
        self.generation
    }

    /// Its commands.
    pub fn commands(&self) -> &[CommandSpec] {
        &self.commands
    }

    /// Whether the handler is to hear this event. Commands and what has no author always are.
    pub(crate) fn hears(&self, event: &Event) -> bool {
        match event {
            Event::Message(message) => self.hears_author(message.author, &message.chat),
            Event::MessageUpdated(updated) => self.hears_author(updated.message.author, &updated.message.chat),
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
    use crate::wire::{ChatId, DialogId, MessageId, UserId};

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
