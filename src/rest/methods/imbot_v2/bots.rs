//! Registration of bots.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    rest::{BotToken, loose, methods::Done},
    wire::BotId,
};

methods! {
    scope "imbot";

    /// Registers a bot. One with the same code and owner is answered as it is, unchanged.
    BotRegister = "imbot.v2.Bot.register", "4.8", Idempotent, Idempotent -> BotAnswer,
        refuses [
            "BOT_CODE_REQUIRED", "BOT_PROPERTIES_REQUIRED", "BOT_INVALID_EVENT_MODE", "BOT_WEBHOOK_URL_REQUIRED",
            "BOT_CODE_ALREADY_TAKEN", "BOT_LIMIT_EXCEEDED", "BOT_INVALID_TYPE", "BOT_INVALID_CALLBACK",
            "BOT_AVATAR_INCORRECT_TYPE", "BOT_AVATAR_INCORRECT_SIZE", "BOT_REGISTER_FAILED",
            "BOT_TOKEN_NOT_SPECIFIED", "BOT_TOKEN_INVALID_LENGTH",
        ];
    needs { fields "fields": NewBot }
    takes { bot_token "botToken": BotToken }

    /// Changes a bot.
    ///
    /// **Trap:** from fetch to webhook the portal's log of events is purged; read it out first. Properties that are
    /// not given are emptied.
    BotUpdate = "imbot.v2.Bot.update", "4.8", Idempotent, Idempotent -> BotAnswer,
        refuses [
            "BOT_INVALID_EVENT_MODE", "BOT_AVATAR_INCORRECT_TYPE", "BOT_AVATAR_INCORRECT_SIZE", "BOT_ID_REQUIRED",
            "BOT_NOT_FOUND", "BOT_OWNERSHIP_ERROR", "BOT_TOKEN_NOT_SPECIFIED",
        ];
    needs { bot_id "botId": BotId, fields "fields": BotChanges }
    takes { bot_token "botToken": BotToken }

    /// A bot by its id or its code.
    BotGet = "imbot.v2.Bot.get", "4.8", Idempotent, Read -> BotAnswer,
        refuses ["PARAMS_REQUIRED", "BOT_NOT_FOUND", "BOT_TOKEN_NOT_SPECIFIED"];
    needs {}
    takes { bot_id "botId": BotId, code "code": String, bot_token "botToken": BotToken }

    /// The bots of the application.
    BotList = "imbot.v2.Bot.list", "4.8", Idempotent, Read -> BotPage, refuses ["BOT_TOKEN_NOT_SPECIFIED"];
    needs {}
    takes {
        filter "filter": BotFilter, limit "limit": i64, offset "offset": i64, bot_token "botToken": BotToken,
    }

    /// Removes a bot with its user and its commands.
    BotUnregister = "imbot.v2.Bot.unregister", "4.8", Idempotent, Idempotent -> Done,
        refuses ["BOT_UNREGISTER_FAILED", "BOT_ID_REQUIRED", "BOT_NOT_FOUND", "BOT_OWNERSHIP_ERROR"];
    needs { bot_id "botId": BotId }
    takes { bot_token "botToken": BotToken }

    /// Versions of the interface, by name. Needs no bot.
    RevisionGet = "imbot.v2.Revision.get", "4.8", Idempotent, Read -> Revisions;
    needs {}
    takes {}
}

params! {
    /// A bot to be.
    NewBot
        needs { code "code": String, properties "properties": BotProperties }
        takes {
            kind "type": BotKind, event_mode "eventMode": EventMode, webhook_url "webhookUrl": String,
            is_hidden "isHidden": bool, is_reactions_enabled "isReactionsEnabled": bool,
            is_support_openline "isSupportOpenline": bool, background_id "backgroundId": String,
            bot_token "botToken": BotToken,
        }

    /// What is to change of a bot.
    BotChanges
        needs {}
        takes {
            properties "properties": BotProperties, event_mode "eventMode": EventMode,
            webhook_url "webhookUrl": String, is_hidden "isHidden": bool,
            is_reactions_enabled "isReactionsEnabled": bool, is_support_openline "isSupportOpenline": bool,
            background_id "backgroundId": String,
        }

    /// How a bot looks.
    BotProperties
        needs { name "name": String }
        takes {
            last_name "lastName": String, color "color": String, work_position "workPosition": String,
            gender "gender": String, avatar "avatar": String,
        }

    /// Which bots are listed.
    BotFilter
        needs {}
        takes { kind "type": BotKind }
}

/// What a bot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BotKind {
    /// Answers when it is addressed.
    Bot,
    /// For open lines.
    Openline,
    /// Hears everything in its chats.
    Supervisor,
    /// Of one user.
    Personal,
    /// A line of the network.
    Network,
}

/// How events reach a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EventMode {
    /// It fetches them: nothing is lost for 24 hours.
    Fetch,
    /// They are posted to its address.
    Webhook,
}

/// One bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BotAnswer {
    /// The bot.
    pub bot: BotInfo,
}

/// Bots, a page of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct BotPage {
    /// The bots.
    #[serde(deserialize_with = "loose::list")]
    pub bots: Vec<BotInfo>,
    /// Whether there are more.
    #[serde(deserialize_with = "loose::flag")]
    pub has_next_page: bool,
}

/// A bot as the portal describes it. Of a foreign bot only the first fields are told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct BotInfo {
    /// Its id, which is its user id too.
    #[serde(deserialize_with = "loose::int")]
    pub id: BotId,
    /// Its code.
    #[serde(deserialize_with = "loose::text")]
    pub code: String,
    /// `bot`, `openline`, `supervisor`, `personal`, `network`.
    #[serde(rename = "type", deserialize_with = "loose::text")]
    pub kind: String,
    /// Hidden from contacts.
    #[serde(deserialize_with = "loose::flag")]
    pub is_hidden: bool,
    /// May serve open lines.
    #[serde(deserialize_with = "loose::flag")]
    pub is_support_openline: bool,
    /// Hears reactions.
    #[serde(deserialize_with = "loose::flag")]
    pub is_reactions_enabled: bool,
    /// `fetch` or `webhook`.
    #[serde(deserialize_with = "loose::text")]
    pub event_mode: String,
    /// Language of the portal.
    #[serde(deserialize_with = "loose::text")]
    pub language: String,
    /// Background of its chats; empty for the usual one.
    #[serde(deserialize_with = "loose::text")]
    pub background_id: String,
    /// Module that made it, `rest`.
    #[serde(deserialize_with = "loose::text")]
    pub module_id: String,
    /// Messages it has sent.
    #[serde(deserialize_with = "loose::int")]
    pub count_message: i64,
    /// Commands it has answered.
    #[serde(deserialize_with = "loose::int")]
    pub count_command: i64,
    /// Chats it was in.
    #[serde(deserialize_with = "loose::int")]
    pub count_chat: i64,
    /// Users it has talked to.
    #[serde(deserialize_with = "loose::int")]
    pub count_user: i64,
    /// Its owner, undocumented.
    #[serde(deserialize_with = "loose::text")]
    pub app_id: String,
}

/// What [`RevisionGet`] answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct Revisions {
    /// By name.
    pub revisions: BTreeMap<String, Value>,
}

impl<'de> Deserialize<'de> for Revisions {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose::map(from).map(|revisions| Self { revisions })
    }
}
