//! What a bot did, as values.

use serde_json::Value;

use crate::wire::{DialogId, MessageId, Timestamp, UserId};

/// One thing the bot did, as [`Conversation::effects`](super::Conversation::effects) tells it: what reached the portal,
/// and the timers and states that were committed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Sent {
    /// It said something, as a bot message or through the chat of a CRM item.
    Message(Said),
    /// It changed a message of its own; `params` are those of the call.
    Edit {
        /// Which one.
        message: MessageId,
        /// What it says now.
        text: String,
        /// All parameters.
        params: Value,
    },
    /// It deleted a message of its own.
    Deletion {
        /// Which one.
        message: MessageId,
    },
    /// It wrote to a user through a network line.
    Network {
        /// Code of the line.
        line: String,
        /// To whom.
        user: UserId,
        /// Text.
        text: String,
    },
    /// It sent a file.
    File {
        /// Its name.
        name: String,
        /// The text that went with it.
        text: String,
    },
    /// It handed the session over to people.
    HandOver,
    /// It gave the session to an employee or to another line.
    Transfer {
        /// The employee's id, or `queue` and the line's.
        to: String,
    },
    /// It finished the session.
    SessionFinished,
    /// It emitted an RT event.
    Rt {
        /// Its command.
        command: String,
        /// What it carries.
        params: Value,
        /// To whom. Empty for everybody who has the application.
        users: Vec<UserId>,
    },
    /// It showed that it types, or what it is busy with.
    Typing,
    /// It set a timer.
    Timer {
        /// Its name.
        name: String,
        /// When it is due.
        at: Timestamp,
        /// What it brings along.
        payload: Value,
    },
    /// It cancelled a timer.
    TimerCancelled {
        /// Its name.
        name: String,
    },
    /// It went to a state; `null` is none.
    State {
        /// [`DialogState::NAME`](crate::dispatch::DialogState::NAME).
        name: String,
        /// The state as it is stored.
        state: Value,
    },
    /// Any other call.
    Call {
        /// Its method.
        method: String,
        /// Its parameters.
        params: Value,
    },
}

impl Sent {
    /// What it said, if it said something.
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Message(said) => Some(said),
            _ => None,
        }
    }
}

/// A message of the bot.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Said {
    /// Its id.
    pub id: MessageId,
    /// Where.
    pub dialog: DialogId,
    /// Text with BB code, with the U+2060 by which user text is kept from being live.
    pub text: String,
    /// Buttons in their order; a row that ends is not told.
    pub buttons: Vec<Pressable>,
    /// The attachment as it was sent; null for none.
    pub attach: Value,
    /// For operators only.
    pub internal_note: bool,
    /// Shown as a message of the system.
    pub system: bool,
}

impl Said {
    /// The text without the marks that [`literal`](crate::message::literal()) puts in.
    pub fn shown(&self) -> String {
        plain(&self.text)
    }
}

/// A button under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pressable {
    /// What stands on it.
    pub label: String,
    /// What a press does.
    pub press: Press,
}

/// What a press does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Press {
    /// Gives the bot a command.
    Command {
        /// Without the slash.
        name: String,
        /// What comes after it.
        params: String,
    },
    /// Says something as the client.
    Send(String),
    /// Opens an address.
    Link(String),
    /// Something else that the bot does not hear of; `ACTION` as the platform names it.
    Other(String),
}

/// Without the marks that keep user text from being live.
pub(super) fn plain(text: &str) -> String {
    text.replace('\u{2060}', "")
}
