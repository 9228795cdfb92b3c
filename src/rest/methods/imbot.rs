//! Bots of the first generation, scope `imbot` (protocol 4.6).

use super::{YesNo, answer::bare_id};
use crate::{
    message::{Attach, Keyboard, Reply},
    rest::BotToken,
    wire::{BotId, CommandId, DialogId, MessageId},
};

methods! {
    scope "imbot";

    /// Registers a bot.
    ///
    /// **Trap:** an existing code, of any application, answers that bot's id; handlers are one set an application,
    /// so a second bot replaces the address of the first.
    Register = "imbot.register", "4.6", Idempotent, Idempotent -> RegisteredBot;
    needs { code "CODE": String, properties "PROPERTIES": BotProperties, event_handler "EVENT_HANDLER": String }
    takes {
        kind "TYPE": String, openline "OPENLINE": YesNo, event_message_add "EVENT_MESSAGE_ADD": String,
        event_message_update "EVENT_MESSAGE_UPDATE": String, event_message_delete "EVENT_MESSAGE_DELETE": String,
        event_welcome_message "EVENT_WELCOME_MESSAGE": String, event_bot_delete "EVENT_BOT_DELETE": String,
        event_context_get "EVENT_CONTEXT_GET": String, client_id "CLIENT_ID": BotToken,
    }

    /// Sends a message as the bot. Made by [`MessageAdd::reply`].
    MessageAdd = "imbot.message.add", "4.6", Once, AtMostOnce -> AddedMessage;
    needs { bot_id "BOT_ID": BotId, dialog_id "DIALOG_ID": DialogId, message "MESSAGE": String }
    takes {
        attach "ATTACH": Attach, keyboard "KEYBOARD": Keyboard, system "SYSTEM": YesNo,
        url_preview "URL_PREVIEW": YesNo, skip_connector "SKIP_CONNECTOR": YesNo, client_id "CLIENT_ID": BotToken,
    }

    /// Registers a slash command. An existing one answers its id, unchanged.
    CommandRegister = "imbot.command.register", "4.6", Idempotent, Idempotent -> RegisteredCommand;
    needs {
        bot_id "BOT_ID": BotId, command "COMMAND": String, lang "LANG": Vec<CommandTitle>,
        event_command_add "EVENT_COMMAND_ADD": String,
    }
    takes {
        common "COMMON": YesNo, hidden "HIDDEN": YesNo, extranet_support "EXTRANET_SUPPORT": YesNo,
        client_id "CLIENT_ID": BotToken,
    }
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

    /// How a command is shown in one language.
    CommandTitle
        needs { language_id "LANGUAGE_ID": String, title "TITLE": String }
        takes { params "PARAMS": String }
}

impl MessageAdd {
    /// `reply` to `dialog`. There is no idempotency key: sent twice, it is two messages.
    pub fn reply(bot: BotId, dialog: DialogId, reply: &Reply) -> Self {
        let yes = |set: bool| set.then_some(YesNo(true));
        Self {
            attach: reply.attach.clone(),
            keyboard: reply.keyboard.clone(),
            system: yes(reply.system),
            url_preview: reply.without_preview.then_some(YesNo(false)),
            skip_connector: yes(reply.internal_note),
            ..Self::new(bot, dialog, reply.text.clone())
        }
    }
}

bare_id! {
    /// The bot registered.
    RegisteredBot(bot: BotId)
}

bare_id! {
    /// The command registered.
    RegisteredCommand(command: CommandId)
}

bare_id! {
    /// The message sent.
    AddedMessage(id: MessageId)
}
