//! Reading messages. Most of it is for supervisors and personal bots only.

use std::collections::BTreeMap;

use serde_json::Value;

use super::UserInfo;
use crate::{
    rest::{BotToken, loose},
    wire::{BotId, ChatId, DialogId, MessageId, UserId},
};

methods! {
    scope "imbot";

    /// One message.
    MessageGet = "imbot.v2.Chat.Message.get", "4.8", Idempotent, Read -> MessageAnswer,
        refuses ["BOT_TYPE_NOT_ALLOWED", "MESSAGE_NOT_FOUND", "MESSAGE_ACCESS_DENIED"];
    needs { bot_id "botId": BotId, message_id "messageId": MessageId }
    takes { bot_token "botToken": BotToken }

    /// What surrounds a message: so many before and after, at most 50.
    MessageGetContext = "imbot.v2.Chat.Message.getContext", "4.8", Idempotent, Read -> MessagePage,
        refuses ["BOT_TYPE_NOT_ALLOWED", "MESSAGE_NOT_FOUND", "MESSAGE_ACCESS_DENIED"];
    needs { bot_id "botId": BotId, message_id "messageId": MessageId }
    takes { range "range": i64, bot_token "botToken": BotToken }

    /// Marks messages as read by the bot: up to one, or all.
    MessageRead = "imbot.v2.Chat.Message.read", "4.8", Idempotent, Idempotent -> ReadUpTo,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId }
    takes { message_id "messageId": MessageId, bot_token "botToken": BotToken }
}

answers! {
    /// What [`MessageGet`] answers.
    MessageAnswer {
        /// The message.
        message "message" "loose::maybe": Option<MessageInfo>,
        /// Who wrote it.
        user "user" "loose::maybe": Option<UserInfo>,
    }

    /// What [`MessageGetContext`] answers.
    MessagePage {
        /// The messages.
        messages "messages" "loose::list": Vec<MessageInfo>,
        /// Who wrote them.
        users "users" "loose::list": Vec<UserInfo>,
        /// Whether there are earlier ones.
        has_prev_page "hasPrevPage" "loose::flag": bool,
        /// Whether there are later ones.
        has_next_page "hasNextPage" "loose::flag": bool,
    }

    /// What [`MessageRead`] answers.
    ReadUpTo {
        /// The chat.
        chat_id "chatId" "loose::int": ChatId,
        /// The last message that is read now.
        last_id "lastId" "loose::int": MessageId,
        /// How many are unread.
        counter "counter" "loose::int": i64,
        /// Which became read.
        viewed "viewedMessages" "loose::ints": Vec<MessageId>,
    }

    /// A message as the portal describes it.
    MessageInfo {
        /// Its id.
        id "id" "loose::int": MessageId,
        /// Its chat.
        chat_id "chatId" "loose::int": ChatId,
        /// Who wrote it; 0 is the system.
        author_id "authorId" "loose::int": UserId,
        /// When, ISO 8601.
        date "date" "loose::text": String,
        /// Its text.
        text "text" "loose::text": String,
        /// A system message.
        system "isSystem" "loose::flag": bool,
        /// UUID it was sent with.
        uuid "uuid" "loose::text": String,
        /// Its parameters, upper-case keys.
        params "params" "loose::map": BTreeMap<String, Value>,
        /// Others have seen it.
        viewed_by_others "viewedByOthers" "loose::flag": bool,
    }
}
