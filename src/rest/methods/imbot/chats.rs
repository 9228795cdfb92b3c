//! Chats of bots. They act as the bot, and never in the general chat.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    rest::{
        BotToken, loose,
        methods::{Done, YesNo, answer::bare_id},
    },
    wire::{BotId, ChatId, DialogId, MessageId, UserId},
};

methods! {
    scope "imbot";

    /// Makes a group chat.
    ChatAdd = "imbot.chat.add", "4.6", Once, AtMostOnce -> MadeChat,
        refuses ["BOT_ID_ERROR", "APP_ID_ERROR", "INVALID_FORMAT", "WRONG_REQUEST"];
    needs { bot_id "BOT_ID": BotId, users "USERS": Vec<UserId> }
    takes {
        kind "TYPE": String, title "TITLE": String, description "DESCRIPTION": String, color "COLOR": String,
        message "MESSAGE": String, avatar "AVATAR": String, entity_type "ENTITY_TYPE": String,
        entity_id "ENTITY_ID": String, client_id "CLIENT_ID": BotToken,
    }

    /// A chat by its dialog, or by what it is bound to.
    ChatGet = "imbot.chat.get", "4.6", Idempotent, Read -> ChatFields,
        refuses ["BOT_ID_ERROR", "APP_ID_ERROR"];
    needs { bot_id "BOT_ID": BotId }
    takes {
        dialog_id "DIALOG_ID": DialogId, entity_type "ENTITY_TYPE": String, entity_id "ENTITY_ID": String,
        client_id "CLIENT_ID": BotToken,
    }

    /// Makes a member the owner.
    ChatSetOwner = "imbot.chat.setOwner", "4.6", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "USER_ID_EMPTY", "WRONG_REQUEST", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId, user_id "USER_ID": UserId }
    takes { client_id "CLIENT_ID": BotToken }

    /// Makes a member a manager, or no longer one.
    ChatSetManager = "imbot.chat.setManager", "4.6", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "USER_ID_EMPTY", "WRONG_REQUEST", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId, user_id "USER_ID": UserId }
    takes { is_manager "IS_MANAGER": YesNo, client_id "CLIENT_ID": BotToken }

    /// Changes the colour: one of the portal's seventeen names, `LIME`, `MINT`, …
    ChatUpdateColor = "imbot.chat.updateColor", "4.6", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "WRONG_COLOR", "WRONG_REQUEST", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId, color "COLOR": String }
    takes { client_id "CLIENT_ID": BotToken }

    /// Changes the title.
    ChatUpdateTitle = "imbot.chat.updateTitle", "4.6", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "TITLE_EMPTY", "WRONG_REQUEST", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId, title "TITLE": String }
    takes { client_id "CLIENT_ID": BotToken }

    /// Changes the picture, an image in base64.
    ChatUpdateAvatar = "imbot.chat.updateAvatar", "4.6", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "AVATAR_ERROR", "ACCESS_DENIED", "WRONG_REQUEST", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId, avatar "AVATAR": String }
    takes { client_id "CLIENT_ID": BotToken }

    /// Lets people write into the dialog, or not.
    ChatUpdateTextFieldEnabled = "imbot.chat.updateTextFieldEnabled", "4.6", Idempotent, Idempotent -> Done,
        refuses ["DIALOG_ID_EMPTY", "TEXT_FIELD_ENABLED_EMPTY", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, dialog_id "DIALOG_ID": DialogId, enabled "TEXT_FIELD_ENABLED": YesNo }
    takes { client_id "CLIENT_ID": BotToken }

    /// Shows that the bot is typing. Answers `true` always.
    ChatSendTyping = "imbot.chat.sendTyping", "4.6", Once, AtMostOnce -> Done,
        refuses ["DIALOG_ID_EMPTY", "BOT_ID_ERROR", "APP_ID_ERROR"];
    needs { bot_id "BOT_ID": BotId, dialog_id "DIALOG_ID": DialogId }
    takes { client_id "CLIENT_ID": BotToken }

    /// A dialog as the portal describes it (protocol 4.7).
    ///
    /// **Trap:** the right of the token's user is asked for, not the bot's.
    DialogGet = "imbot.dialog.get", "4.6", Idempotent, Read -> ChatFields,
        refuses ["DIALOG_ID_EMPTY", "ACCESS_ERROR"];
    needs { dialog_id "DIALOG_ID": DialogId }
    takes { bot_id "BOT_ID": BotId, client_id "CLIENT_ID": BotToken }

    /// Rates an answer of the line on behalf of its client.
    DialogVote = "imbot.dialog.vote", "4.6", Idempotent, Idempotent -> Done,
        refuses ["DIALOG_ID_EMPTY", "ACCESS_ERROR"];
    needs { dialog_id "DIALOG_ID": DialogId, message_id "MESSAGE_ID": MessageId, rating "RATING": Vote }
    takes { bot_id "BOT_ID": BotId, client_id "CLIENT_ID": BotToken }
}

/// What [`DialogVote`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Vote {
    /// Good.
    Like,
    /// Bad.
    Dislike,
}

bare_id! {
    /// The chat made.
    MadeChat(chat: ChatId)
}

/// A chat as the portal describes it: by entity only its `ID`, and nothing when there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct ChatFields {
    /// Its fields, as protocol 4.7 lists them.
    pub fields: BTreeMap<String, Value>,
}

impl ChatFields {
    /// The chat; `None` if there is none.
    pub fn id(&self) -> Option<ChatId> {
        let id = self.fields.get("id").or_else(|| self.fields.get("ID"));
        id.and_then(loose::as_int).filter(|id| *id > 0).map(ChatId::new)
    }
}

impl<'de> Deserialize<'de> for ChatFields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose::map(from).map(|fields| Self { fields })
    }
}
