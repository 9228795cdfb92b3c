//! What the emulator remembers for tests and for its page: messages, calls, RT events, deliveries.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! reqwest::get(format!("{}profile?botToken=secret", portal.webhook_url())).await.unwrap();
//! let call = portal.calls().pop().unwrap();
//! assert_eq!((call.method.as_str(), call.status), ("profile", 200));
//! assert!(!format!("{call:?}").contains("secret"));
//! # }
//! ```
//!
//! Everything here is a copy: holding it holds no lock. `Debug` shows no token; the raw body of a [`Delivery`] does
//! hold tokens, so `Debug` prints only its length.
//!
//! The trap: a copy does not change; ask the portal again for what has happened since.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorKind {
    /// A client of an open line.
    Client,
    /// An employee in an open-line chat.
    Operator,
    /// An employee anywhere else.
    Employee,
    /// A bot.
    Bot,
    /// The portal itself.
    System,
}

/// One message as it stands now.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChatMessage {
    /// Message id; it grows with every message of the portal.
    pub id: i64,
    /// The chat it is in.
    pub chat_id: i64,
    /// The author's user id, 0 for the portal itself.
    pub author_id: i64,
    /// What kind of author that is.
    pub author: AuthorKind,
    /// The author's name, empty for the portal itself.
    pub author_name: String,
    /// The stored text.
    pub text: String,
    /// The stored keyboard.
    pub keyboard: Option<Value>,
    /// The stored attachment.
    pub attach: Option<Value>,
    /// The stored context menu.
    pub menu: Option<Value>,
    /// Ids of the files; see [`Portal::file`](crate::Portal::file).
    pub files: Vec<i64>,
    /// Shown as a system message.
    pub system: bool,
    /// `templateId` or `TEMPLATE_ID` of the sender, or empty.
    pub uuid: String,
    /// When it was sent, in Unix seconds of the emulator's clock.
    pub unix: i64,
    /// Whether it was edited.
    pub edited: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// An internal note (`SKIP_CONNECTOR=Y`): the client never sees it.
    pub internal: bool,
}

/// One file in a chat.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChatFile {
    /// Its id.
    pub id: i64,
    /// The chat it was sent into; 0 for a picture.
    pub chat_id: i64,
    /// Who sent it.
    pub author_id: i64,
    /// Its name, without a folder.
    pub name: String,
    /// Its bytes; none if it lies elsewhere.
    pub content: Bytes,
    /// Where it lies, when a connector's application named an address that the emulator does not read.
    pub source: Option<String>,
}

impl fmt::Debug for ChatFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatFile")
            .field("id", &self.id)
            .field("chat_id", &self.chat_id)
            .field("author_id", &self.author_id)
            .field("name", &self.name)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .field("source", &self.source.as_deref().map(without_query))
            .finish()
    }
}

/// What a client thinks of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vote {
    /// Satisfied: the `1` of a channel.
    Like,
    /// Not satisfied: the `0` of a channel.
    Dislike,
}

/// One REST call that arrived, items of a batch included. `Debug` masks bot tokens.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedCall {
    /// Method name in lower case.
    pub method: String,
    /// Parameters as the method saw them, without authorisation. What is far beyond the ordinary, such as a file, is
    /// cut and says so: `… of 27 MB`.
    pub params: Value,
    /// HTTP status of the answer; an item of a batch has the status it would have had alone.
    pub status: u16,
    /// The answer's body, without its `time`.
    pub answer: Value,
    /// The user whose authorisation was used; 0 when the call was refused before.
    pub user_id: i64,
    /// Whether it came inside a batch.
    pub in_batch: bool,
    /// Whether the method ran: false if a fault or a refusal came first.
    pub executed: bool,
    /// When, in Unix seconds of the emulator's clock.
    pub unix: i64,
    /// What the portal does not say: why it refused the call, or what of it it dropped without a word.
    pub why: Option<String>,
}

impl fmt::Debug for RecordedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedCall")
            .field("method", &self.method)
            .field("params", &format_args!("{}", masked(&self.params)))
            .field("status", &self.status)
            .field("answer", &format_args!("{}", masked(&self.answer)))
            .field("user_id", &self.user_id)
            .field("in_batch", &self.in_batch)
            .field("executed", &self.executed)
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

/// Names of parameters whose values are secrets.
const SECRET_NAMES: [&str; 7] =
    ["bottoken", "bot_token", "clientid", "client_id", "application_token", "access_token", "refresh_token"];

/// The value with secrets replaced, URLs without their queries, and commands of a batch without parameters.
pub(crate) fn masked(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let name = key.to_ascii_lowercase();
                let hidden = SECRET_NAMES.contains(&name.as_str());
                (key.clone(), if hidden { Value::from("***") } else { masked(value) })
            })
            .collect(),
        Value::Array(list) => Value::Array(list.iter().map(masked).collect()),
        Value::String(text)
            if text.contains('?') && (text.contains("CLIENT_ID=") || text.contains("oken=")) =>
        {
            Value::from(format!("{}?***", without_query(text)))
        }
        other => other.clone(),
    }
}

/// One RT event sent through `pull.application.event.add`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RtEvent {
    /// The users it went to; `None` is the application's shared channel.
    pub user_ids: Option<Vec<i64>>,
    /// `application` unless told otherwise.
    pub module_id: String,
    /// The event's command.
    pub command: String,
    /// Its parameters.
    pub params: Value,
    /// When, in Unix seconds of the emulator's clock.
    pub unix: i64,
}

/// One phone notice sent through `pull.application.push.add`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PhoneNotice {
    /// The users it went to.
    pub user_ids: Vec<i64>,
    /// Its text.
    pub text: String,
    /// The picture's address, or nothing.
    pub avatar: String,
    /// When, in Unix seconds of the emulator's clock.
    pub unix: i64,
}

/// One message as the client's channel shows it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SeenMessage {
    /// The portal's message id.
    pub id: i64,
    /// The connector's code, such as `livechat`.
    pub connector: String,
    /// Whether the client wrote it.
    pub own: bool,
    /// The author's name where the channel shows it; otherwise it is part of the text, or nowhere.
    pub from: String,
    /// The text as the channel shows it: with BB codes where it draws them, plain where it does not.
    pub text: String,
    /// The attachment, if the channel draws it.
    pub attach: Option<Value>,
    /// The texts of the buttons, if the channel draws them.
    pub buttons: Vec<String>,
    /// Ids of the files, if the channel takes files; see [`Portal::file`](crate::Portal::file).
    pub files: Vec<i64>,
    /// Parts of the portal's message that this channel does not show.
    pub lost: Vec<LostPart>,
    /// Whether the client sees that it was edited.
    pub edited: bool,
    /// Whether the channel has taken it. An application's channel says so by `imconnector.send.status.delivery`.
    pub delivered: bool,
    /// Whether the client has read it, as an application's channel says by `imconnector.send.status.reading`.
    pub read: bool,
    /// When, in Unix seconds of the emulator's clock.
    pub unix: i64,
}

/// A part of a message that a channel does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LostPart {
    /// The keyboard.
    Keyboard,
    /// The attachment.
    Attachment,
    /// The files.
    Files,
    /// An edit: the client still sees the old text.
    Edit,
    /// The deletion: the client still sees the message.
    Deletion,
}

/// One event that nobody got.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undelivered {
    /// The event's code.
    pub event: String,
    /// Why.
    pub why: Unheard,
    /// When, in Unix seconds of the emulator's clock.
    pub unix: i64,
}

/// Why an event found nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unheard {
    /// No handler is registered for the event.
    NoHandler,
    /// The application's installation is not finished, or it was removed.
    NotInstalled,
    /// The application is not paid for.
    Unpaid,
    /// The token that caused it has caused seven rounds of events already.
    Loop,
}

/// One message sent through a network line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NetworkMessage {
    /// Message id.
    pub id: i64,
    /// The line's 32-character code.
    pub code: String,
    /// The user it went to.
    pub user_id: i64,
    /// The stored text.
    pub text: String,
    /// The stored attachment.
    pub attach: Option<Value>,
    /// The stored keyboard.
    pub keyboard: Option<Value>,
    /// When, in Unix seconds of the emulator's clock.
    pub unix: i64,
}

/// One callback, delivered or not.
#[derive(Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// Number in the order of queueing.
    pub id: u64,
    /// The event's code; empty for the form post of an install page.
    pub event: String,
    /// Where it went.
    pub url: String,
    /// The exact bytes of the form. They hold tokens.
    pub body: Bytes,
    /// The handler's HTTP status, or why there is none.
    pub status: Result<u16, String>,
    /// How long the handler took.
    pub took: Duration,
    /// When it was queued, in Unix seconds of the emulator's clock.
    pub unix: i64,
}

impl Delivery {
    /// The body decoded as PHP decodes it. It holds tokens.
    #[must_use]
    pub fn form(&self) -> Value {
        Value::Object(crate::form::decode(&self.body))
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("event", &self.event)
            .field("url", &crate::record::without_query(&self.url))
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("status", &self.status)
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

/// A URL as it may be printed: its query can hold a `CLIENT_ID`, which is a secret.
pub(crate) fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

/// Entries of a list of complaints.
const COMPLAINTS: usize = 1_000;

/// Appends to a list that keeps its newest entries.
pub(crate) fn push_bounded<T>(list: &mut VecDeque<T>, entry: T) {
    if list.len() == COMPLAINTS {
        list.pop_front();
    }
    list.push_back(entry);
}
