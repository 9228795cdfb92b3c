//! What can be clicked: addresses, people, chats, phones, ready-made answers.

use super::{Text, value};
use crate::wire::{ChatId, DialogId, MessageId, SessionId, UserId};

impl Text {
    /// Adds a link. What is no `http`, `https`, `mailto`, `tel` or `/` address is written behind the text instead.
    pub fn url(self, address: impl AsRef<str>, text: impl Into<Self>) -> Self {
        let (given, text) = (address.as_ref(), text.into());
        match value::address(given) {
            Some(address) if text.is_empty() => self.link(address),
            Some(address) => self.wrap(&format!("url={address}"), "url", text),
            None if given.trim().is_empty() => self.append(text),
            None => self.append(text).plain(format!(" ({given})")),
        }
    }

    /// Adds a link that shows its address.
    pub fn link(self, address: impl AsRef<str>) -> Self {
        match value::address(address.as_ref()) {
            Some(address) => self.push(&format!("[url]{address}[/url]")),
            None => self.plain(address),
        }
    }

    /// Mentions a user; the portal fills in an empty name.
    pub fn user(self, user: UserId, name: impl AsRef<str>) -> Self {
        let name = Self::from(name.as_ref());
        self.push(&format!("[user={user}]{name}[/user]"))
    }

    /// Mentions everyone in the chat.
    pub fn everyone(self) -> Self {
        self.push("[user=all]")
    }

    /// Links to a chat.
    pub fn chat(self, chat: ChatId, text: impl Into<Self>) -> Self {
        self.wrap(&format!("chat={chat}"), "chat", text.into())
    }

    /// Links to a session of an open line.
    pub fn session(self, session: SessionId, text: impl Into<Self>) -> Self {
        self.wrap(&format!("chat=imol|{session}"), "chat", text.into())
    }

    /// Links to a message of a chat, shown with what surrounds it.
    pub fn message(self, chat: ChatId, message: MessageId, text: impl Into<Self>) -> Self {
        self.wrap(&format!("context=chat{chat}/{message}"), "context", text.into())
    }

    /// Links to a dialog, and to a message in it.
    pub fn dialog(self, dialog: &DialogId, message: Option<MessageId>, text: impl Into<Self>) -> Self {
        let message = message.map_or_else(String::new, |message| format!(" message={message}"));
        self.wrap(&format!("dialog={}{message}", value::words(dialog.as_str())), "dialog", text.into())
    }

    /// Calls this number on a click.
    pub fn call(self, number: impl AsRef<str>, text: impl Into<Self>) -> Self {
        self.worded("call", number.as_ref(), text.into())
    }

    /// Shows the record of a call.
    pub fn call_record(self, id: i64, text: impl Into<Self>) -> Self {
        self.wrap(&format!("pch={id}"), "pch", text.into())
    }

    /// Says `words` as the user on a click. In `words` brackets are sent full-width and line breaks as spaces: the
    /// platform cannot carry them here.
    pub fn send(self, words: impl AsRef<str>, text: impl Into<Self>) -> Self {
        self.worded("send", words.as_ref(), text.into())
    }

    /// Puts `words` into the user's field on a click, as [`send`](Self::send) says them.
    pub fn put(self, words: impl AsRef<str>, text: impl Into<Self>) -> Self {
        self.worded("put", words.as_ref(), text.into())
    }

    fn worded(self, code: &str, words: &str, text: Self) -> Self {
        let words = value::words(words);
        match (words.is_empty(), text.is_empty()) {
            (true, _) => self.append(text),
            (false, true) => self.push(&format!("[{code}]{words}[/{code}]")),
            (false, false) => self.wrap(&format!("{code}={words}"), code, text),
        }
    }
}
