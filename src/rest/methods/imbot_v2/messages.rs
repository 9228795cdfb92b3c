//! Messages of bots.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    message::{Attach, Reply},
    rest::{
        BotToken, Repeat, loose,
        methods::{BotKeyboard, Done, Part},
    },
    wire::{BotId, DialogId, MessageId},
};

methods! {
    scope "imbot";

    /// Sends a message as the bot. Made by [`MessageSend::reply`], which gives it its idempotency key.
    ///
    /// `SENDING_FAILED` and `MESSAGE_DUPLICATED_BY_UUID` mean that an earlier try may have sent it.
    MessageSend = "imbot.v2.Chat.Message.send", "4.8", Keyed, ExactlyOnce -> SentMessage,
        repeats |send| if send.is_keyed() { Repeat::Keyed } else { Repeat::Once },
        refuses [
            "EMPTY_MESSAGE", "PARAM_ATTACH_ERROR", "PARAM_KEYBOARD_ERROR", "REPLY_ERROR", "TOO_MANY_MESSAGES",
            "WRONG_UUID", "SENDING_FAILED", "MESSAGE_DUPLICATED_BY_UUID", "ACCESS_DENIED", "CHAT_NOT_FOUND",
            "BOT_NOT_FOUND", "BOT_OWNERSHIP_ERROR",
        ];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, fields "fields": Map<String, Value> }
    takes { bot_token "botToken": BotToken }

    /// Edits a message of the bot; in open lines of anyone. Made by [`MessageChange`].
    ///
    /// **Trap:** with everything emptied the message is deleted.
    MessageUpdate = "imbot.v2.Chat.Message.update", "4.8", Idempotent, Idempotent -> Done,
        refuses ["MESSAGE_ACCESS_DENIED", "MESSAGE_NOT_FOUND"];
    needs { bot_id "botId": BotId, message_id "messageId": MessageId, fields "fields": MessageChange }
    takes { bot_token "botToken": BotToken }

    /// Deletes a message of the bot; with `complete` without a trace.
    MessageDelete = "imbot.v2.Chat.Message.delete", "4.8", Idempotent, Idempotent -> Done,
        refuses ["MESSAGE_ACCESS_DENIED", "MESSAGE_NOT_FOUND"];
    needs { bot_id "botId": BotId, message_id "messageId": MessageId }
    takes { complete "complete": bool, bot_token "botToken": BotToken }

    /// Sets a reaction, its code in camel case.
    ReactionAdd = "imbot.v2.Chat.Message.Reaction.add", "4.8", Idempotent, Idempotent -> Done,
        refuses ["REACTION_NOT_FOUND", "REACTION_ALREADY_SET", "MESSAGE_NOT_FOUND", "MESSAGE_ACCESS_DENIED"];
    needs { bot_id "botId": BotId, message_id "messageId": MessageId, reaction "reaction": String }
    takes { bot_token "botToken": BotToken }

    /// Takes a reaction back.
    ReactionDelete = "imbot.v2.Chat.Message.Reaction.delete", "4.8", Idempotent, Idempotent -> Done,
        refuses ["REACTION_NOT_FOUND", "MESSAGE_NOT_FOUND", "MESSAGE_ACCESS_DENIED"];
    needs { bot_id "botId": BotId, message_id "messageId": MessageId, reaction "reaction": String }
    takes { bot_token "botToken": BotToken }
}

params! {
    /// What is to change of a message. What is not given stays.
    MessageChange
        needs {}
        takes {
            message "message": String, attach "attach": Part<Attach>, keyboard "keyboard": Part<BotKeyboard>,
            url_preview "urlPreview": bool,
        }
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

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
