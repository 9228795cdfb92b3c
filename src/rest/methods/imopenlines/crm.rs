//! Chats of CRM items.

use serde::{Deserialize, Serialize};

use crate::{
    rest::{
        loose,
        methods::{
            Done, YesNo,
            answer::{bare_id, bare_list},
        },
    },
    wire::{ChatId, ConnectorId, MessageId, UserId},
};

methods! {
    scope "imopenlines";

    /// Writes into the chat of a CRM item. Text only; the portal adds a block that says it was sent automatically.
    ///
    /// **Trap:** the chat needs an active session (answered, not closed), the sender must be in it, and the text
    /// must not be `0`.
    CrmMessageAdd = "imopenlines.crm.message.add", "4.1", Once, AtMostOnce -> CrmMessage,
        refuses ["ACCESS_DENIED", "CHAT_NOT_IN_CRM", "CANCELED", "ERROR_FROM_OTHER_MODULE", "MESSAGE_ADD_ERROR"];
    needs {
        entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64, user_id "USER_ID": UserId,
        chat_id "CHAT_ID": ChatId, message "MESSAGE": String,
    }
    takes {}

    /// Chats of a CRM item.
    CrmChatGet = "imopenlines.crm.chat.get", "4.5", Idempotent, Read -> CrmChats, refuses ["ACCESS_DENIED"];
    needs { entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64 }
    takes { active_only "ACTIVE_ONLY": YesNo }

    /// The last chat of a CRM item; `CRM_CHAT_EMPTY_CRM_DATA` when there is none.
    CrmChatGetLastId = "imopenlines.crm.chat.getLastId", "4.5", Idempotent, Read -> CrmChatId,
        refuses ["CRM_CHAT_EMPTY_CRM_DATA"];
    needs { entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64 }
    takes {}

    /// Adds a user to a CRM item's chat. Answers chat 0, and no error, when there is no chat.
    CrmChatUserAdd = "imopenlines.crm.chat.user.add", "4.5", Idempotent, Idempotent -> CrmChatId,
        refuses ["ACCESS_DENIED", "CHAT_NOT_IN_CRM", "CRM_CHAT_USER_NOT_ACTIVE", "WRONG_REQUEST"];
    needs { entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64, user_id "USER_ID": UserId }
    takes { chat_id "CHAT_ID": ChatId }

    /// Takes a user out of a CRM item's chat.
    CrmChatUserDelete = "imopenlines.crm.chat.user.delete", "4.5", Idempotent, Idempotent -> CrmChatId,
        refuses [
            "CRM_CHAT_EMPTY_USER", "CRM_CHAT_EMPTY_CRM_DATA", "CHAT_DELETE_USER_PERMISSION_DENIED", "ACCESS_DENIED",
            "CHAT_NOT_IN_CRM", "CRM_CHAT_USER_NOT_ACTIVE", "WRONG_REQUEST",
        ];
    needs { entity_type "CRM_ENTITY_TYPE": CrmEntity, entity "CRM_ENTITY": i64, user_id "USER_ID": UserId }
    takes { chat_id "CHAT_ID": ChatId }

    /// Makes a lead of the chat's client. Its operator only.
    CrmLeadCreate = "imopenlines.crm.lead.create", "4.5", Once, AtMostOnce -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED", "ERROR_USER_NOT_OPERATOR"];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}
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

bare_id! {
    /// The message written.
    CrmMessage(id: MessageId)
}

bare_id! {
    /// A chat, or 0 for none.
    CrmChatId(chat: ChatId)
}

bare_list! {
    /// What [`CrmChatGet`] answers.
    CrmChats(
        /// The chats.
        chats: CrmChat
    )
}

/// A chat of a CRM item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
