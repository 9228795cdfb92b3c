//! Members and managers of a bot's chats.

use std::collections::BTreeMap;

use crate::{
    rest::{BotToken, loose, methods::Done},
    wire::{BotId, DialogId, UserId},
};

methods! {
    scope "imbot";

    /// Adds users to a chat.
    ChatUserAdd = "imbot.v2.Chat.User.add", "4.8", Idempotent, Idempotent -> Done,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED", "WRONG_MESSAGE_TYPE"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, user_ids "userIds": Vec<UserId> }
    takes { bot_token "botToken": BotToken }

    /// Removes a user from a chat.
    ChatUserDelete = "imbot.v2.Chat.User.delete", "4.8", Idempotent, Idempotent -> Done,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED", "WRONG_MESSAGE_TYPE"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, user_id "userId": UserId }
    takes { bot_token "botToken": BotToken }

    /// Members of a chat, at most 200 at once.
    ChatUserList = "imbot.v2.Chat.User.list", "4.8", Idempotent, Read -> UserPage,
        refuses ["CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId }
    takes { order "order": BTreeMap<String, String>, limit "limit": i64, bot_token "botToken": BotToken }

    /// Makes members managers.
    ChatManagerAdd = "imbot.v2.Chat.Manager.add", "4.8", Idempotent, Idempotent -> Done,
        refuses ["EMPTY_USER_IDS", "CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, user_ids "userIds": Vec<UserId> }
    takes { bot_token "botToken": BotToken }

    /// Makes managers plain members again.
    ChatManagerDelete = "imbot.v2.Chat.Manager.delete", "4.8", Idempotent, Idempotent -> Done,
        refuses ["EMPTY_USER_IDS", "CHAT_NOT_FOUND", "ACCESS_DENIED"];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, user_ids "userIds": Vec<UserId> }
    takes { bot_token "botToken": BotToken }
}

answers! {
    /// Users of a chat.
    UserPage {
        /// The users.
        users "users" "loose::list": Vec<UserInfo>,
        /// Whether there are more.
        has_next_page "hasNextPage" "loose::flag": bool,
    }

    /// A user as the portal describes one.
    UserInfo {
        /// Their id.
        id "id" "loose::int": UserId,
        /// Not dismissed.
        active "active" "loose::flag": bool,
        /// Full name.
        name "name" "loose::text": String,
        /// First name.
        first_name "firstName" "loose::text": String,
        /// Last name.
        last_name "lastName" "loose::text": String,
        /// Position.
        work_position "workPosition" "loose::text": String,
        /// `M` or `F`.
        gender "gender" "loose::text": String,
        /// Address of the picture.
        avatar "avatar" "loose::text": String,
        /// A bot.
        bot "bot" "loose::flag": bool,
        /// A client of an open line.
        connector "connector" "loose::flag": bool,
        /// An external user.
        extranet "extranet" "loose::flag": bool,
        /// `employee`, `user`, …
        kind "type" "loose::text": String,
        /// Departments.
        departments "departments" "loose::ints": Vec<i64>,
        /// E-mail address.
        email "email" "loose::text": String,
    }
}
