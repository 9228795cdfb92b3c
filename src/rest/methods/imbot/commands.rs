//! Slash commands of bots.

use crate::{
    message::{Attach, ContextMenu, Keyboard},
    rest::{
        BotToken,
        methods::{Done, YesNo, answer::bare_id},
    },
    wire::{BotId, CommandId, MessageId},
};

methods! {
    scope "imbot";

    /// Registers a slash command. An existing one answers its id, unchanged.
    CommandRegister = "imbot.command.register", "4.6", Idempotent, Idempotent -> RegisteredCommand,
        refuses [
            "BOT_ID_ERROR", "APP_ID_ERROR", "EVENT_COMMAND_ADD_ERROR", "COMMAND_ERROR", "LANG_ERROR", "WRONG_REQUEST",
        ];
    needs {
        bot_id "BOT_ID": BotId, command "COMMAND": String, lang "LANG": Vec<CommandTitle>,
        event_command_add "EVENT_COMMAND_ADD": String,
    }
    takes {
        common "COMMON": YesNo, hidden "HIDDEN": YesNo, extranet_support "EXTRANET_SUPPORT": YesNo,
        client_id "CLIENT_ID": BotToken,
    }

    /// Changes a slash command; titles replace all that were there.
    CommandUpdate = "imbot.command.update", "4.6", Idempotent, Idempotent -> Done,
        refuses ["COMMAND_ID_ERROR", "APP_ID_ERROR", "FETCH_NOT_SUPPORTED", "WRONG_REQUEST"];
    needs { command_id "COMMAND_ID": CommandId, fields "FIELDS": CommandChanges }
    takes { client_id "CLIENT_ID": BotToken }

    /// Removes a slash command.
    CommandUnregister = "imbot.command.unregister", "4.6", Idempotent, Idempotent -> Done,
        refuses ["COMMAND_ID_ERROR", "APP_ID_ERROR", "WRONG_REQUEST"];
    needs { command_id "COMMAND_ID": CommandId }
    takes { client_id "CLIENT_ID": BotToken }

    /// Answers a command.
    ///
    /// **Trap:** later than ten minutes after the command it succeeds and nothing is sent. Send a message instead.
    CommandAnswer = "imbot.command.answer", "4.6", Once, AtMostOnce -> Answered,
        refuses [
            "COMMAND_ID_ERROR", "MESSAGE_ID_EMPTY", "MESSAGE_EMPTY", "ATTACH_ERROR", "ATTACH_OVERSIZE",
            "KEYBOARD_ERROR", "KEYBOARD_OVERSIZE", "MENU_ERROR",
        ];
    needs { command_id "COMMAND_ID": CommandId, message_id "MESSAGE_ID": MessageId, message "MESSAGE": String }
    takes {
        attach "ATTACH": Attach, keyboard "KEYBOARD": Keyboard, menu "MENU": ContextMenu, system "SYSTEM": YesNo,
        url_preview "URL_PREVIEW": YesNo, client_id "CLIENT_ID": BotToken,
    }
}

params! {
    /// How a command is shown in one language.
    CommandTitle
        needs { language_id "LANGUAGE_ID": String, title "TITLE": String }
        takes { params "PARAMS": String }

    /// What is to change of a command.
    CommandChanges
        needs {}
        takes {
            hidden "HIDDEN": YesNo, extranet_support "EXTRANET_SUPPORT": YesNo, lang "LANG": Vec<CommandTitle>,
            event_command_add "EVENT_COMMAND_ADD": String,
        }
}

bare_id! {
    /// The command registered.
    RegisteredCommand(command: CommandId)
}

bare_id! {
    /// The message of the answer; 1, from `true`, when nothing was sent.
    Answered(id: MessageId)
}
