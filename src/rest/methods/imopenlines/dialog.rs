//! What is known of a dialog, and what was said in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    rest::loose,
    wire::{
        Chat, ChatEntity, ChatId, ChatKind, CrmBinding, DialogId, LineSession, MessageId, SessionId, UserId,
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
}

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
