//! Open lines, scope `imopenlines` (protocol 4.1 to 4.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{Done, YesNo, answer::bare_id};
use crate::{
    message::{Attach, Keyboard, Reply},
    rest::{BotToken, loose},
    wire::{
        BotId, Chat, ChatEntity, ChatId, ChatKind, ConnectorId, CrmBinding, DialogId, LineSession, MessageId,
        SessionId, UserId,
    },
};

methods! {
    scope "imopenlines";

    /// Writes into the chat of a CRM item. Text only; the portal adds a block that says it was sent automatically.
    ///
    /// **Trap:** the chat needs an active session (answered, not closed), the sender must be in it, and the text
    /// must not be `0`; else `CHAT_NOT_IN_CRM`, `CANCELED` or `ERROR_ARGUMENT`.
    CrmMessageAdd = "imopenlines.crm.message.add", "4.1", Once, AtMostOnce -> CrmMessage;
    needs {
        entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64, user_id "USER_ID": UserId,
        chat_id "CHAT_ID": ChatId, message "MESSAGE": String,
    }
    takes {}

    /// Writes to a user of the network as a joined line's bot: once a week each, except on NFR portals.
    ///
    /// Answers `true`, never an id. After an unknown outcome `USER_MESSAGE_LIMIT` means that it was sent.
    NetworkMessageAdd = "imopenlines.network.message.add", "4.2", Once, AtMostOnce -> Done;
    needs { code "CODE": String, user_id "USER_ID": UserId, message "MESSAGE": String }
    takes {
        attach "ATTACH": Attach, keyboard "KEYBOARD": Keyboard, url_preview "URL_PREVIEW": YesNo,
        bot_id "BOT_ID": BotId,
    }

    /// Joins a network line by its code of 32 characters.
    NetworkJoin = "imopenlines.network.join", "4.3", Idempotent, Idempotent -> JoinedLine;
    needs { code "CODE": String }
    takes {}

    /// Hands the session from the bot to the operators' queue.
    SessionOperator = "imopenlines.bot.session.operator", "4.4", Idempotent, Idempotent -> Done;
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Sends the line's welcome text, or a text, as the session's bot. Answers `true` also when nothing was sent.
    SessionMessageSend = "imopenlines.bot.session.message.send", "4.4", Once, AtMostOnce -> Done;
    needs { chat_id "CHAT_ID": ChatId, name "NAME": SessionText }
    takes { message "MESSAGE": String }

    /// Hands the session to an employee or to another line.
    SessionTransfer = "imopenlines.bot.session.transfer", "4.4", Idempotent, Idempotent -> Done;
    needs { chat_id "CHAT_ID": ChatId, transfer_id "TRANSFER_ID": TransferTarget }
    takes { leave "LEAVE": YesNo, client_id "CLIENT_ID": BotToken }

    /// Closes the session. Answers `true` always.
    SessionFinish = "imopenlines.bot.session.finish", "4.4", Idempotent, Idempotent -> Done;
    needs { chat_id "CHAT_ID": ChatId }
    takes { client_id "CLIENT_ID": BotToken }

    /// The chat of a dialog: owner, session, CRM binding. Made by [`DialogGet::of_chat`] and its like.
    DialogGet = "imopenlines.dialog.get", "4.5", Idempotent, Read -> LineDialog;
    needs {}
    takes {
        chat_id "CHAT_ID": ChatId, dialog_id "DIALOG_ID": DialogId, session_id "SESSION_ID": SessionId,
        user_code "USER_CODE": String,
    }

    /// Chats of a CRM item.
    CrmChatGet = "imopenlines.crm.chat.get", "4.5", Idempotent, Read -> CrmChats;
    needs { entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64 }
    takes { active_only "ACTIVE_ONLY": YesNo }

    /// The last chat of a CRM item; `CRM_CHAT_EMPTY_CRM_DATA` when there is none.
    CrmChatGetLastId = "imopenlines.crm.chat.getLastId", "4.5", Idempotent, Read -> CrmChatId;
    needs { entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64 }
    takes {}

    /// Adds a user to a CRM item's chat. Answers chat 0, and no error, when there is no chat.
    CrmChatUserAdd = "imopenlines.crm.chat.user.add", "4.5", Idempotent, Idempotent -> CrmChatId;
    needs { entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64, user_id "USER_ID": UserId }
    takes { chat_id "CHAT_ID": ChatId }

    /// Messages of a session; of the last one of a chat if only that is given.
    SessionHistoryGet = "imopenlines.session.history.get", "4.5", Idempotent, Read -> SessionHistory;
    needs {}
    takes { session_id "SESSION_ID": SessionId, chat_id "CHAT_ID": ChatId }
}

/// Kinds of CRM items that have chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CrmEntity {
    /// A lead.
    Lead,
    /// A deal.
    Deal,
    /// A company.
    Company,
    /// A contact.
    Contact,
}

/// Which text [`SessionMessageSend`] sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum SessionText {
    /// The line's welcome text.
    Welcome,
    /// The text given.
    Default,
}

/// To whom a session is handed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferTarget {
    /// An employee.
    User(UserId),
    /// The queue of a line.
    Line(crate::wire::LineId),
}

impl Serialize for TransferTarget {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::User(user) => to.collect_str(user),
            Self::Line(line) => to.collect_str(&format_args!("queue{line}")),
        }
    }
}

impl NetworkMessageAdd {
    /// `reply` to `user` through the line with this code. A reply there has no notes and no system messages.
    pub fn reply(code: impl Into<String>, user: UserId, reply: &Reply) -> Self {
        Self {
            attach: reply.attach.clone(),
            keyboard: reply.keyboard.clone(),
            url_preview: reply.without_preview.then_some(YesNo(false)),
            ..Self::new(code, user, reply.text.clone())
        }
    }
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

bare_id! {
    /// The message written.
    CrmMessage(id: MessageId)
}

bare_id! {
    /// The bot of a joined line.
    JoinedLine(bot: BotId)
}

bare_id! {
    /// A chat, or 0 for none.
    CrmChatId(chat: ChatId)
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
        };
        Ok(Self { chat, last_message: fields.last_message_id })
    }
}

/// What [`CrmChatGet`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrmChats {
    /// The chats.
    pub chats: Vec<CrmChat>,
}

impl<'de> Deserialize<'de> for CrmChats {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose::list(from).map(|chats| Self { chats })
    }
}

/// A chat of a CRM item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub struct CrmChat {
    /// The chat.
    #[serde(deserialize_with = "loose::int")]
    pub chat_id: ChatId,
    /// Its channel.
    #[serde(deserialize_with = "loose::text")]
    pub connector_id: ConnectorId,
    /// The channel's name.
    #[serde(deserialize_with = "loose::text")]
    pub connector_title: String,
}

/// What [`SessionHistoryGet`] answers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
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
