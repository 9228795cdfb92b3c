//! Chats of bots.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{
    rest::{BotToken, loose, methods::Done},
    wire::{BotId, ChatId, DialogId, UserId},
};

methods! {
    scope "imbot";

    /// Makes a group chat.
    ChatAdd = "imbot.v2.Chat.add", "4.8", Once, AtMostOnce -> ChatAnswer,
        refuses ["ACCESS_DENIED", "BOT_NOT_FOUND", "BOT_OWNERSHIP_ERROR"];
    needs { bot_id "botId": BotId, fields "fields": NewChat }
    takes { bot_token "botToken": BotToken }

    /// A chat.
    ChatGet = "imbot.v2.Chat.get", "4.8", Idempotent, Read -> ChatAnswer,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId }
    takes { bot_token "botToken": BotToken }

    /// Changes a chat.
    ChatUpdate = "imbot.v2.Chat.update", "4.8", Idempotent, Idempotent -> Done,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED", "WRONG_MESSAGE_TYPE"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, fields "fields": ChatChanges }
    takes { bot_token "botToken": BotToken }

    /// Takes the bot out of a chat.
    ChatLeave = "imbot.v2.Chat.leave", "4.8", Idempotent, Idempotent -> Done,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId }
    takes { bot_token "botToken": BotToken }

    /// Makes a member the owner.
    ChatSetOwner = "imbot.v2.Chat.setOwner", "4.8", Idempotent, Idempotent -> Done,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, user_id "userId": UserId }
    takes { bot_token "botToken": BotToken }

    /// Shows what the bot is doing, for so many seconds.
    InputActionNotify = "imbot.v2.Chat.InputAction.notify", "4.8", Once, AtMostOnce -> Done,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId }
    takes { status "statusMessageCode": InputAction, duration "duration": i64, bot_token "botToken": BotToken }

    /// Lets people write into the dialog, or not.
    TextFieldEnabled = "imbot.v2.Chat.TextField.enabled", "4.8", Idempotent, Idempotent -> Done,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, enabled "enabled": bool }
    takes { bot_token "botToken": BotToken }
}

params! {
    /// A chat to be.
    NewChat
        needs {}
        takes {
            kind "type": GroupKind, title "title": String, description "description": String, color "color": String,
            owner_id "ownerId": UserId, user_ids "userIds": Vec<UserId>, entity_type "entityType": String,
            entity_id "entityId": String, message "message": String, avatar "avatar": String,
        }

    /// What is to change of a chat.
    ChatChanges
        needs {}
        takes {
            title "title": String, description "description": String, color "color": String, avatar "avatar": String,
        }
}

/// Who may find a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum GroupKind {
    /// Its members.
    Group,
    /// All employees.
    Open,
}

/// What the bot is doing, as [`InputActionNotify`] shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum InputAction {
    /// Thinking.
    #[serde(rename = "IMBOT_AGENT_ACTION_THINKING")]
    Thinking,
    /// Searching.
    #[serde(rename = "IMBOT_AGENT_ACTION_SEARCHING")]
    Searching,
    /// Generating.
    #[serde(rename = "IMBOT_AGENT_ACTION_GENERATING")]
    Generating,
    /// Analysing.
    #[serde(rename = "IMBOT_AGENT_ACTION_ANALYZING")]
    Analyzing,
    /// Processing.
    #[serde(rename = "IMBOT_AGENT_ACTION_PROCESSING")]
    Processing,
    /// Translating.
    #[serde(rename = "IMBOT_AGENT_ACTION_TRANSLATING")]
    Translating,
    /// Connecting.
    #[serde(rename = "IMBOT_AGENT_ACTION_CONNECTING")]
    Connecting,
    /// Checking.
    #[serde(rename = "IMBOT_AGENT_ACTION_CHECKING")]
    Checking,
    /// Calculating.
    #[serde(rename = "IMBOT_AGENT_ACTION_CALCULATING")]
    Calculating,
    /// Reading documents.
    #[serde(rename = "IMBOT_AGENT_ACTION_READING_DOCS")]
    ReadingDocs,
    /// Composing.
    #[serde(rename = "IMBOT_AGENT_ACTION_COMPOSING")]
    Composing,
}

answers! {
    /// A chat that was made or asked for.
    ChatAnswer {
        /// The chat.
        chat "chat" "loose::maybe": Option<ChatInfo>,
    }

    /// A chat as the portal describes it.
    ChatInfo {
        /// Its id.
        id "id" "loose::int": ChatId,
        /// Where an answer goes.
        dialog_id "dialogId" "loose::text": DialogId,
        /// Title.
        name "name" "loose::text": String,
        /// `chat`, `open`, `lines`, …
        kind "type" "loose::text": String,
        /// Letter of protocol 2.1.
        message_type "messageType" "loose::text": String,
        /// Who owns it; in an open line the operator, the bot, or 0.
        owner "owner" "loose::int": UserId,
        /// Description.
        description "description" "loose::text": String,
        /// `#` and six digits.
        color "color" "loose::text": String,
        /// Address of the picture.
        avatar "avatar" "loose::text": String,
        /// Has external members.
        extranet "extranet" "loose::flag": bool,
        /// `LINES`, `LIVECHAT`, …; empty for a plain chat.
        entity_type "entityType" "loose::text": String,
        /// What it is bound to.
        entity_id "entityId" "loose::text": String,
        /// The first field of what it is bound to (protocol 3.2).
        entity_data_1 "entityData1" "loose::text": String,
        /// The second.
        entity_data_2 "entityData2" "loose::text": String,
        /// The third.
        entity_data_3 "entityData3" "loose::text": String,
        /// The folder of its files.
        disk_folder_id "diskFolderId" "loose::int": i64,
        /// People may write into it.
        text_field_enabled "textFieldEnabled" "loose::flag": bool,
        /// Who may do what.
        permissions "permissions" "loose::map": BTreeMap<String, Value>,
    }
}
