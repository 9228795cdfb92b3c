//! What is known of a dialog, and what was said in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    rest::loose,
    wire::{
        Author, Chat, ChatEntity, ChatId, ChatKind, CrmBinding, DialogId, LineAddress, LineSession,
        MessageId, SessionId, Timestamp, UserId,
    },
};

methods! {
    scope "imopenlines";

    /// The chat of a dialog: owner, session, CRM binding. Made by [`DialogGet::of_chat`] and its like.
    DialogGet = "imopenlines.dialog.get", "4.5", Idempotent, Read -> LineDialog,
        refuses ["ACCESS_ERROR", "IM_NOT_INSTALLED"];
    needs {}
    takes {
        chat_id "CHAT_ID": ChatId, dialog_id "DIALOG_ID": DialogId, session_id "SESSION_ID": SessionId,
        user_code "USER_CODE": String,
    }

    /// Messages of a session; of the last one of a chat if only that is given.
    SessionHistoryGet = "imopenlines.session.history.get", "4.5", Idempotent, Read -> SessionHistory,
        refuses ["MISSING_REQUIRED_PARAM", "INVALID_SESSION_ID", "ACCESS_DENIED"];
    needs {}
    takes { session_id "SESSION_ID": SessionId, chat_id "CHAT_ID": ChatId }
}

impl DialogGet {
    /// By chat id.
    pub fn of_chat(chat: ChatId) -> Self {
        Self::new().chat_id(chat)
    }

    /// By the client's code `connector|line|chat|user`.
    pub fn of_client(code: impl Into<String>) -> Self {
        Self::new().user_code(code)
    }
}

/// What [`DialogGet`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineDialog {
    /// The chat, with the same fields as in events: owner, session, CRM binding.
    pub chat: Chat,
    /// Last message of the chat.
    pub last_message: MessageId,
}

impl<'de> Deserialize<'de> for LineDialog {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(default)]
        #[derive(Default)]
        struct Fields {
            #[serde(deserialize_with = "loose::int")]
            id: ChatId,
            #[serde(deserialize_with = "loose::text")]
            dialog_id: String,
            #[serde(deserialize_with = "loose::text")]
            name: String,
            #[serde(deserialize_with = "loose::int")]
            owner: UserId,
            #[serde(deserialize_with = "loose::text")]
            message_type: String,
            #[serde(deserialize_with = "loose::text")]
            entity_type: String,
            #[serde(deserialize_with = "loose::text")]
            entity_id: String,
            #[serde(deserialize_with = "loose::text")]
            entity_data_1: String,
            #[serde(deserialize_with = "loose::text")]
            entity_data_2: String,
            #[serde(deserialize_with = "loose::text")]
            entity_data_3: String,
            #[serde(deserialize_with = "loose::int")]
            last_message_id: MessageId,
        }
        let fields = Fields::deserialize(from)?;
        let dialog =
            if fields.dialog_id.is_empty() { DialogId::of_chat(fields.id) } else { fields.dialog_id.into() };
        let chat = Chat {
            id: fields.id,
            dialog,
            kind: match fields.message_type.as_str() {
                "P" => ChatKind::Private,
                "C" => ChatKind::Group,
                "O" => ChatKind::Open,
                "L" => ChatKind::Line,
                "" => ChatKind::Unknown,
                other => ChatKind::Other(other.to_owned()),
            },
            title: fields.name,
            owner: Some(fields.owner),
            entity: ChatEntity::parse(&fields.entity_type, &fields.entity_id),
            session: LineSession::parse(&fields.entity_data_1),
            crm: CrmBinding::parse(&fields.entity_data_2),
            silent: fields.entity_data_3 == "Y",
            ..Chat::default()
        };
        Ok(Self { chat, last_message: fields.last_message_id })
    }
}

/// What [`SessionHistoryGet`] answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionHistory {
    /// The chat.
    #[serde(deserialize_with = "loose::int")]
    pub chat_id: ChatId,
    /// The session.
    #[serde(deserialize_with = "loose::int")]
    pub session_id: SessionId,
    /// Messages in ascending order of id.
    #[serde(rename = "message", deserialize_with = "history")]
    pub messages: Vec<HistoryMessage>,
    /// Users by id, as the portal describes them.
    #[serde(deserialize_with = "loose::map")]
    pub users: BTreeMap<String, Value>,
    /// The session in the line's words: `line`, `status` (protocol 3.3).
    #[serde(deserialize_with = "loose::map")]
    pub openlines: BTreeMap<String, Value>,
    /// The chat by its id, as the portal describes it.
    #[serde(deserialize_with = "loose::map")]
    pub chat: BTreeMap<String, Value>,
}

/// Something that was said in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Said {
    /// What the author is.
    pub author: Author,
    /// The author's name.
    pub name: String,
    /// The text.
    pub text: String,
    /// When, to the second.
    pub at: Timestamp,
}

impl SessionHistory {
    /// What was said, in its order, without the portal's own notices. **Trap:** a bot's notes to operators look like its
    /// answers.
    pub fn said(&self) -> Vec<Said> {
        let said = |message: &HistoryMessage| {
            let user = self.users.get(&message.sender.to_string())?;
            let at: jiff::Timestamp = message.date.parse().ok()?;
            let (name, text) = (name_in(user).to_owned(), message.text.clone());
            Some(Said {
                author: author_in(user),
                name,
                text,
                at: Timestamp::from_millis(at.as_millisecond()),
            })
        };
        self.messages.iter().filter_map(said).collect()
    }

    /// The name of a user who is in the chat, or wrote in it.
    pub fn name(&self, user: UserId) -> Option<&str> {
        self.users.get(&user.to_string()).map(name_in)
    }

    /// The name of the client, or of the first bot or operator.
    pub fn name_of(&self, author: Author) -> Option<&str> {
        self.users.values().find(|user| author_in(user) == author).map(name_in)
    }

    /// Channel, line and client.
    pub fn address(&self) -> Option<LineAddress> {
        LineAddress::parse(self.chat.get(&self.chat_id.to_string())?["entityId"].as_str()?)
    }

    /// Whether the session is over; `false` also where the portal does not say.
    pub fn is_over(&self) -> bool {
        self.openlines.get("status").and_then(loose::as_int).is_some_and(|status| status >= CLOSED)
    }
}

fn name_in(user: &Value) -> &str {
    user["name"].as_str().unwrap_or_default()
}

fn author_in(user: &Value) -> Author {
    let is = |flag: &str| user.get(flag).is_some_and(loose::as_flag);
    match (is("connector"), is("bot")) {
        (true, _) => Author::Client,
        (false, true) => Author::Bot,
        (false, false) => Author::Operator,
    }
}

/// From here on a session is over (protocol 3.3).
const CLOSED: i64 = 60;

/// A message of a session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HistoryMessage {
    /// Its id.
    #[serde(deserialize_with = "loose::int")]
    pub id: MessageId,
    /// Who wrote it; 0 is the system.
    #[serde(alias = "senderid", alias = "authorId", alias = "author_id", rename = "senderId")]
    #[serde(deserialize_with = "loose::int")]
    pub sender: UserId,
    /// Its text.
    #[serde(deserialize_with = "loose::text")]
    pub text: String,
    /// When, ISO 8601.
    #[serde(deserialize_with = "loose::text")]
    pub date: String,
    /// Its parameters, upper-case keys.
    #[serde(deserialize_with = "loose::map")]
    pub params: BTreeMap<String, Value>,
}

fn history<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<HistoryMessage>, D::Error> {
    let mut messages: Vec<HistoryMessage> = loose::list(from)?;
    messages.sort_by_key(|message| message.id);
    Ok(messages)
}
