//! What a bot hears: messages, commands, joins, context links, reactions (protocol 2.1, 2.2).
//!
//! ```
//! use openlines::wire::{Command, CommandContext};
//!
//! let pressed = Command::new(7.into(), "order", "status 15", CommandContext::Button);
//! assert_eq!((pressed.name.as_str(), pressed.params.as_str()), ("order", "status 15"));
//! ```
//!
//! **Trap:** the message of a typed command is the client's, that of a pressed button the bot's own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Author, Chat, ChatId, CommandId, MessageId, User, UserId};

/// A message for the bot.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Message {
    /// Id, growing with time on one portal.
    pub id: MessageId,
    /// Text; in group chats without the mention of the bot.
    pub text: String,
    /// Text before the mention was cut, where the event carries it.
    pub original_text: Option<String>,
    /// Where it was written.
    pub chat: Chat,
    /// Who wrote it.
    pub author_id: UserId,
    /// What the author is.
    pub author: Author,
    /// Who wrote it, in full, where the event carries it.
    pub user: Option<User>,
    /// Files sent with it.
    pub files: Vec<FileRef>,
    /// The client's UUID of the message.
    pub uuid: Option<String>,
    /// A system message.
    pub system: bool,
    /// Not to leave to the client: a note among employees (`SKIP_CONNECTOR`, v1).
    pub skips_connector: bool,
    /// Users that it mentions (v1, group chats).
    pub mentioned: Vec<UserId>,
    /// `web` or `mobile` (v1).
    pub platform: String,
    /// When it was written, ISO 8601 (v2).
    pub date: String,
    /// Of which message it is a copy (v2).
    pub forward: Option<Forward>,
    /// Others have seen it (v2).
    pub viewed_by_others: Option<bool>,
    /// Site language, lower case.
    pub language: String,
}

/// Of which message a forwarded message is a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forward {
    /// Its id, `chat5/789` or a number.
    pub id: String,
    /// Who wrote it.
    pub user: UserId,
    /// Where.
    pub chat: ChatId,
    /// When, ISO 8601.
    pub date: String,
}

impl Message {
    /// A message as a codec or a test makes it; set the public fields for the rest.
    pub fn new(
        id: MessageId,
        text: impl Into<String>,
        chat: Chat,
        author_id: UserId,
        author: Author,
    ) -> Self {
        Self {
            id,
            text: text.into(),
            original_text: None,
            chat,
            author_id,
            author,
            user: None,
            files: Vec::new(),
            uuid: None,
            system: false,
            skips_connector: false,
            mentioned: Vec::new(),
            platform: String::new(),
            date: String::new(),
            forward: None,
            viewed_by_others: None,
            language: String::new(),
        }
    }
}

/// A file that came with a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FileRef {
    /// Drive id.
    pub id: i64,
    /// Name; empty when only the id came.
    pub name: String,
    /// Kind as the portal names it (`image`, `file`, …).
    pub kind: String,
    /// Bytes, 0 when unknown.
    pub size: i64,
    /// Extension without the dot.
    pub extension: String,
    /// Where it is shown, for who is signed in to the portal.
    pub show_url: String,
    /// Where it can be had, for who is signed in to the portal.
    pub download_url: String,
}

/// A message was edited; holds its new form.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MessageUpdated {
    /// The message as it is now.
    pub message: Message,
}

impl MessageUpdated {
    /// `message` is the new form.
    pub fn new(message: Message) -> Self {
        Self { message }
    }
}

/// A message was deleted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MessageDeleted {
    /// Which one.
    pub id: MessageId,
    /// Where it was.
    pub chat: Chat,
    /// Whose it was, where the event says so.
    pub author_id: Option<UserId>,
    /// What that user is.
    pub author: Author,
    /// The user of the event, where it carries one.
    pub user: Option<User>,
    /// Site language.
    pub language: String,
}

impl MessageDeleted {
    /// The message `id` of `chat` is gone.
    pub fn new(id: MessageId, chat: Chat) -> Self {
        Self { id, chat, author_id: None, author: Author::Unknown, user: None, language: String::new() }
    }
}

/// How a command was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandContext {
    /// Typed, `TEXTAREA`.
    Typed,
    /// A keyboard button, `KEYBOARD`.
    Button,
    /// A context-menu item, `MENU`.
    Menu,
}

/// A slash command, typed or pressed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Command {
    /// Id of the registered command.
    pub id: CommandId,
    /// Name without the slash.
    pub name: String,
    /// What follows the name.
    pub params: String,
    /// Typed, or pressed.
    pub context: CommandContext,
    /// The typed message, or for a button the **bot's** message that carries it.
    pub message_id: MessageId,
    /// Where it was given.
    pub chat: Chat,
    /// Who gave it.
    pub author_id: UserId,
    /// What that user is.
    pub author: Author,
    /// That user in full, where the event carries it.
    pub user: Option<User>,
    /// The whole text, where the event carries it.
    pub text: String,
    /// Site language.
    pub language: String,
}

impl Command {
    /// A command as a codec or a test makes it; set the public fields for the rest.
    pub fn new(
        id: CommandId,
        name: impl Into<String>,
        params: impl Into<String>,
        context: CommandContext,
    ) -> Self {
        Self {
            id,
            name: name.into(),
            params: params.into(),
            context,
            message_id: MessageId::default(),
            chat: Chat::default(),
            author_id: UserId::default(),
            author: Author::Unknown,
            user: None,
            text: String::new(),
            language: String::new(),
        }
    }
}

/// The bot was added to a chat, or a private dialog with it was opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Joined {
    /// The chat.
    pub chat: Chat,
    /// Who added it; 0 for the line itself.
    pub user_id: UserId,
    /// Whether it may read what was written before; v1 group chats say.
    pub access_history: Option<bool>,
    /// That user in full, where the event carries it.
    pub user: Option<User>,
    /// Site language.
    pub language: String,
}

impl Joined {
    /// The bot joined `chat`.
    pub fn new(chat: Chat, user_id: UserId) -> Self {
        Self { chat, user_id, access_history: None, user: None, language: String::new() }
    }
}

/// A user opened the chat by a link that carries a context.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ContextOpened {
    /// The context of the link, every scalar a string.
    pub context: Value,
    /// The chat.
    pub chat: Chat,
    /// Who opened it.
    pub user_id: UserId,
    /// That user in full.
    pub user: Option<User>,
    /// Site language.
    pub language: String,
}

impl ContextOpened {
    /// `user_id` opened `chat` with `context`.
    pub fn new(context: Value, chat: Chat, user_id: UserId) -> Self {
        Self { context, chat, user_id, user: None, language: String::new() }
    }
}

/// A reaction on one of the bot's messages was set or taken back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reaction {
    /// Code in camel case, `redHeart`.
    pub reaction: String,
    /// Set (`add`) or taken back (`delete`).
    pub added: bool,
    /// The bot's message.
    pub message_id: MessageId,
    /// The chat.
    pub chat: Chat,
    /// Who reacted.
    pub user: Option<User>,
    /// Site language.
    pub language: String,
}

impl Reaction {
    /// A reaction as a codec or a test makes it.
    pub fn new(reaction: impl Into<String>, added: bool, message_id: MessageId, chat: Chat) -> Self {
        Self { reaction: reaction.into(), added, message_id, chat, user: None, language: String::new() }
    }
}
