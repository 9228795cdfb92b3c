//! Registration of bots.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    rest::{
        BotToken, loose,
        methods::{Done, YesNo, answer::bare_id},
    },
    wire::BotId,
};

methods! {
    scope "imbot";

    /// Registers a bot.
    ///
    /// **Trap:** an existing code, of any application, answers that bot's id; handlers are one set an application,
    /// so a second bot replaces the address of the first.
    Register = "imbot.register", "4.6", Idempotent, Idempotent -> RegisteredBot,
        refuses [
            "CODE_ERROR", "NAME_ERROR", "EVENT_MESSAGE_ADD_ERROR", "EVENT_WELCOME_MESSAGE_ERROR",
            "EVENT_BOT_DELETE_ERROR", "EVENT_MESSAGE_UPDATE_ERROR", "EVENT_MESSAGE_DELETE_ERROR",
            "EVENT_CONTEXT_GET_ERROR", "WRONG_REQUEST", "WRONG_AUTH_TYPE", "ACCESS_DENIED",
        ];
    needs { code "CODE": String, properties "PROPERTIES": BotProperties, event_handler "EVENT_HANDLER": String }
    takes {
        kind "TYPE": String, openline "OPENLINE": YesNo, event_message_add "EVENT_MESSAGE_ADD": String,
        event_message_update "EVENT_MESSAGE_UPDATE": String, event_message_delete "EVENT_MESSAGE_DELETE": String,
        event_welcome_message "EVENT_WELCOME_MESSAGE": String, event_bot_delete "EVENT_BOT_DELETE": String,
        event_context_get "EVENT_CONTEXT_GET": String, client_id "CLIENT_ID": BotToken,
    }

    /// Changes a bot.
    ///
    /// **Trap:** the type changes only if it is named beside `fields` too, and a new photo is not taken.
    Update = "imbot.update", "4.6", Idempotent, Idempotent -> Done,
        refuses ["BOT_ID_ERROR", "APP_ID_ERROR", "NAME_ERROR", "WRONG_REQUEST", "ACCESS_DENIED"];
    needs { bot_id "BOT_ID": BotId, fields "FIELDS": BotChanges }
    takes { kind "TYPE": String, client_id "CLIENT_ID": BotToken }

    /// Removes a bot with its user and its commands.
    Unregister = "imbot.unregister", "4.6", Idempotent, Idempotent -> Done,
        refuses ["BOT_ID_ERROR", "APP_ID_ERROR", "WRONG_REQUEST", "ACCESS_DENIED"];
    needs { bot_id "BOT_ID": BotId }
    takes { client_id "CLIENT_ID": BotToken }

    /// All bots of the portal, of every application, except those of the network.
    BotList = "imbot.bot.list", "4.6", Idempotent, Read -> Bots;
    needs {}
    takes { client_id "CLIENT_ID": BotToken }
}

params! {
    /// How a bot looks.
    BotProperties
        needs { name "NAME": String }
        takes {
            last_name "LAST_NAME": String, color "COLOR": String, email "EMAIL": String,
            work_position "WORK_POSITION": String, personal_gender "PERSONAL_GENDER": String,
            personal_www "PERSONAL_WWW": String, personal_birthday "PERSONAL_BIRTHDAY": String,
            personal_photo "PERSONAL_PHOTO": String,
        }

    /// What is to change of a bot; at least one thing.
    BotChanges
        needs {}
        takes {
            code "CODE": String, kind "TYPE": String, openline "OPENLINE": YesNo,
            properties "PROPERTIES": BotProperties, event_handler "EVENT_HANDLER": String,
            event_message_add "EVENT_MESSAGE_ADD": String, event_message_update "EVENT_MESSAGE_UPDATE": String,
            event_message_delete "EVENT_MESSAGE_DELETE": String,
            event_welcome_message "EVENT_WELCOME_MESSAGE": String, event_bot_delete "EVENT_BOT_DELETE": String,
            event_context_get "EVENT_CONTEXT_GET": String,
        }
}

bare_id! {
    /// The bot registered.
    RegisteredBot(bot: BotId)
}

/// What [`BotList`] answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct Bots {
    /// By id.
    pub bots: BTreeMap<String, ListedBot>,
}

impl<'de> Deserialize<'de> for Bots {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose::map(from).map(|bots| Self { bots })
    }
}

answers! {
    /// A bot of the portal.
    ListedBot {
        /// Its id, which is its user id too.
        id "ID" "loose::int": BotId,
        /// Its name.
        name "NAME" "loose::text": String,
        /// The code it was registered under.
        code "CODE" "loose::text": String,
        /// May serve open lines.
        openline "OPENLINE" "loose::flag": bool,
    }
}
