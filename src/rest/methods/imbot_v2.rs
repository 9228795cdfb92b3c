//! Bots of the second generation, scope `imbot` (protocol 4.8).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Done;
use crate::{
    message::Reply,
    rest::{BotToken, Repeat, loose},
    wire::{BotId, CommandId, DialogId, MessageId},
};

methods! {
    scope "imbot";

    /// Registers a bot. One with the same code and owner is answered as it is, unchanged.
    BotRegister = "imbot.v2.Bot.register", "4.8", Idempotent, Idempotent -> BotAnswer;
    needs { fields "fields": NewBot }
    takes { bot_token "botToken": BotToken }

    /// Changes a bot.
    ///
    /// **Trap:** from fetch to webhook the portal's log of events is purged; read it out first. Properties that are
    /// not given are emptied.
    BotUpdate = "imbot.v2.Bot.update", "4.8", Idempotent, Idempotent -> BotAnswer;
    needs { bot_id "botId": BotId, fields "fields": BotChanges }
    takes { bot_token "botToken": BotToken }

    /// A bot by its id or its code.
    BotGet = "imbot.v2.Bot.get", "4.8", Idempotent, Read -> BotAnswer;
    needs {}
    takes { bot_id "botId": BotId, code "code": String, bot_token "botToken": BotToken }

    /// The bots of the application.
    BotList = "imbot.v2.Bot.list", "4.8", Idempotent, Read -> BotPage;
    needs {}
    takes {
        filter "filter": BotFilter, limit "limit": i64, offset "offset": i64, bot_token "botToken": BotToken,
    }

    /// Removes a bot with its user and its commands.
    BotUnregister = "imbot.v2.Bot.unregister", "4.8", Idempotent, Idempotent -> Done;
    needs { bot_id "botId": BotId }
    takes { bot_token "botToken": BotToken }

    /// Sends a message as the bot. Made by [`MessageSend::reply`], which gives it its idempotency key.
    ///
    /// `SENDING_FAILED` and `MESSAGE_DUPLICATED_BY_UUID` mean that an earlier try may have sent it.
    MessageSend = "imbot.v2.Chat.Message.send", "4.8", Keyed, ExactlyOnce -> SentMessage,
        repeats |send| if send.is_keyed() { Repeat::Keyed } else { Repeat::Once };
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, fields "fields": Map<String, Value> }
    takes { bot_token "botToken": BotToken }

    /// Events of a bot in fetch mode. `offset` acknowledges: what lies before it is deleted.
    EventGet = "imbot.v2.Event.get", "4.8", Idempotent, Read -> EventPage;
    needs { bot_id "botId": BotId }
    takes {
        offset "offset": i64, limit "limit": i64, with_user_events "withUserEvents": bool,
        bot_token "botToken": BotToken,
    }

    /// Registers a slash command. An existing one is answered as it is, unchanged.
    CommandRegister = "imbot.v2.Command.register", "4.8", Idempotent, Idempotent -> CommandAnswer;
    needs { bot_id "botId": BotId, fields "fields": NewCommand }
    takes { bot_token "botToken": BotToken }

    /// The commands of a bot.
    CommandList = "imbot.v2.Command.list", "4.8", Idempotent, Read -> CommandPage;
    needs { bot_id "botId": BotId }
    takes { bot_token "botToken": BotToken }
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

    /// A command to be.
    NewCommand
        needs { command "command": String }
        takes {
            title "title": BTreeMap<String, String>, params "params": BTreeMap<String, String>,
            common "common": bool, hidden "hidden": bool, extranet_support "extranetSupport": bool,
        }
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

impl MessageSend {
    /// `reply` to `dialog`, under the key `template`; sent again under the same key, it is one message.
    ///
    /// The portal takes lower-case version-4 UUIDs only for a key, and ignores the key of a system message.
    pub fn reply(bot: BotId, dialog: DialogId, template: Uuid, reply: &Reply) -> Self {
        let mut fields = reply.to_v2_fields();
        fields.insert("templateId".to_owned(), json!(template.hyphenated().to_string()));
        Self::new(bot, dialog, fields)
    }

    /// Whether the portal recognises a repeat of it.
    pub fn is_keyed(&self) -> bool {
        let key =
            self.fields.get("templateId").and_then(Value::as_str).and_then(|key| Uuid::parse_str(key).ok());
        let system = self.fields.get("system").is_some_and(loose::as_flag);
        key.is_some_and(|key| key.get_version_num() == 4) && !system
    }
}

/// One bot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BotAnswer {
    /// The bot.
    pub bot: BotInfo,
}

/// Bots, a page of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
    /// Its owner, undocumented.
    #[serde(deserialize_with = "loose::text")]
    pub app_id: String,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMessage {
    /// Its id.
    pub id: MessageId,
}

impl<'de> Deserialize<'de> for SentMessage {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            #[serde(deserialize_with = "loose::int")]
            id: MessageId,
        }
        Fields::deserialize(from).map(|fields| Self { id: fields.id })
    }
}

/// Events fetched.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventPage {
    /// In ascending order.
    #[serde(deserialize_with = "loose::list")]
    pub events: Vec<FetchedEvent>,
    /// The offset that acknowledges them.
    #[serde(deserialize_with = "loose::int")]
    pub next_offset: i64,
    /// Whether exactly as many came as were asked for.
    #[serde(deserialize_with = "loose::flag")]
    pub has_more: bool,
}

/// An event as the portal's log holds it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct FetchedEvent {
    /// Its place in the log.
    #[serde(deserialize_with = "loose::int")]
    pub event_id: i64,
    /// Its name, `ONIMBOTV2MESSAGEADD`.
    #[serde(rename = "type", deserialize_with = "loose::text")]
    pub kind: String,
    /// When it happened, ISO 8601.
    #[serde(deserialize_with = "loose::text")]
    pub date: String,
    /// What happened, as a callback's `data`, with types kept.
    pub data: Value,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CommandAnswer {
    /// The command.
    pub command: CommandInfo,
}

/// All commands of a bot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CommandPage {
    /// The commands.
    #[serde(deserialize_with = "loose::list")]
    pub commands: Vec<CommandInfo>,
}

/// A command as the portal describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CommandInfo {
    /// Its id.
    #[serde(deserialize_with = "loose::int")]
    pub id: CommandId,
    /// Its bot.
    #[serde(deserialize_with = "loose::int")]
    pub bot_id: BotId,
    /// With its slash.
    #[serde(deserialize_with = "loose::text")]
    pub command: String,
    /// Works in every chat.
    #[serde(deserialize_with = "loose::flag")]
    pub common: bool,
    /// Not shown.
    #[serde(deserialize_with = "loose::flag")]
    pub hidden: bool,
    /// Works for external users.
    #[serde(deserialize_with = "loose::flag")]
    pub extranet_support: bool,
}
