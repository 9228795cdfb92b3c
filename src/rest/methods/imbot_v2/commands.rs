//! Slash commands of bots.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    message::Attach,
    rest::{
        BotToken, loose,
        methods::{BotKeyboard, Done},
    },
    wire::{BotId, CommandId, DialogId, MessageId},
};

methods! {
    scope "imbot";

    /// Registers a slash command. An existing one is answered as it is, unchanged.
    CommandRegister = "imbot.v2.Command.register", "4.8", Idempotent, Idempotent -> CommandOne,
        refuses [
            "COMMAND_NAME_INVALID", "COMMAND_REQUIRED", "COMMAND_TITLE_REQUIRED", "COMMAND_REGISTER_FAILED",
            "BOT_NOT_FOUND", "BOT_OWNERSHIP_ERROR",
        ];
    needs { bot_id "botId": BotId, fields "fields": NewCommand }
    takes { bot_token "botToken": BotToken }

    /// Changes a slash command. A title of `null` removes its language.
    CommandUpdate = "imbot.v2.Command.update", "4.8", Idempotent, Idempotent -> CommandOne,
        refuses [
            "COMMAND_NOT_FOUND", "COMMAND_NAME_EMPTY", "COMMAND_ALREADY_EXISTS", "COMMAND_TITLE_INVALID",
        ];
    needs { bot_id "botId": BotId, command_id "commandId": CommandId, fields "fields": CommandChanges }
    takes { bot_token "botToken": BotToken }

    /// Removes a slash command.
    CommandUnregister = "imbot.v2.Command.unregister", "4.8", Idempotent, Idempotent -> Done,
        refuses ["COMMAND_NOT_FOUND"];
    needs { bot_id "botId": BotId, command_id "commandId": CommandId }
    takes { bot_token "botToken": BotToken }

    /// The commands of a bot.
    CommandList = "imbot.v2.Command.list", "4.8", Idempotent, Read -> CommandPage,
        refuses ["BOT_NOT_FOUND", "BOT_OWNERSHIP_ERROR"];
    needs { bot_id "botId": BotId }
    takes { bot_token "botToken": BotToken }

    /// Answers a command.
    ///
    /// **Trap:** it names no message, later than ten minutes after the command it succeeds and nothing is sent, and
    /// what is wrong with an attachment or a keyboard drops it without a word. Prefer
    /// [`MessageSend`](super::MessageSend).
    CommandAnswer = "imbot.v2.Command.answer", "4.8", Once, AtMostOnce -> Done,
        refuses ["COMMAND_NOT_FOUND", "COMMAND_ANSWER_FAILED"];
    needs {
        bot_id "botId": BotId, command_id "commandId": CommandId, message_id "messageId": MessageId,
        dialog_id "dialogId": DialogId, fields "fields": CommandReply,
    }
    takes { bot_token "botToken": BotToken }
}

params! {
    /// A command to be.
    NewCommand
        needs { command "command": String }
        takes {
            title "title": BTreeMap<String, String>, params "params": BTreeMap<String, String>,
            common "common": bool, hidden "hidden": bool, extranet_support "extranetSupport": bool,
        }

    /// What is to change of a command.
    CommandChanges
        needs {}
        takes {
            command "command": String, title "title": BTreeMap<String, Option<String>>,
            params "params": BTreeMap<String, Option<String>>, common "common": bool, hidden "hidden": bool,
            extranet_support "extranetSupport": bool,
        }

    /// What a command is answered with.
    CommandReply
        needs { message "message": String }
        takes {
            attach "attach": Attach, keyboard "keyboard": BotKeyboard, menu "menu": Value, system "system": bool,
            url_preview "urlPreview": bool,
        }
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CommandOne {
    /// The command.
    pub command: CommandInfo,
}

/// All commands of a bot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CommandPage {
    /// The commands.
    #[serde(deserialize_with = "loose::list")]
    pub commands: Vec<CommandInfo>,
}

/// A command as the portal describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
