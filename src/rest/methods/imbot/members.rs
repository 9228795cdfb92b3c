//! Members of a bot's chats.

use crate::{
    rest::{
        BotToken,
        methods::{Done, YesNo, answer::bare_list},
    },
    wire::{BotId, ChatId, UserId},
};

methods! {
    scope "imbot";

    /// Adds users to a chat.
    ChatUserAdd = "imbot.chat.user.add", "4.6", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "WRONG_REQUEST", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId, users "USERS": Vec<UserId> }
    takes { hide_history "HIDE_HISTORY": YesNo, client_id "CLIENT_ID": BotToken }

    /// Removes a user from a chat.
    ChatUserDelete = "imbot.chat.user.delete", "4.6", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "USER_ID_EMPTY", "WRONG_REQUEST", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId, user_id "USER_ID": UserId }
    takes { client_id "CLIENT_ID": BotToken }

    /// Ids of a chat's members.
    ChatUserList = "imbot.chat.user.list", "4.6", Idempotent, Read -> Members,
        refuses ["CHAT_ID_EMPTY", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId }
    takes { client_id "CLIENT_ID": BotToken }

    /// Takes the bot out of a chat.
    ChatLeave = "imbot.chat.leave", "4.6", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "WRONG_REQUEST", "ACCESS_ERROR"];
    needs { bot_id "BOT_ID": BotId, chat_id "CHAT_ID": ChatId }
    takes { client_id "CLIENT_ID": BotToken }
}

bare_list! {
    /// What [`ChatUserList`] answers.
    Members(
        /// Ids.
        users: UserId => ints
    )
}
