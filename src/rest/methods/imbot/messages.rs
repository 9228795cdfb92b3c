//! Messages of bots.

use serde::Serialize;

use crate::{
    message::{Attach, ContextMenu, Keyboard, Reply},
    rest::{
        BotToken, Repeat,
        methods::{Done, Part, YesNo, answer::bare_id},
    },
    wire::{BotId, DialogId, MessageId},
};

methods! {
    scope "imbot";

    /// Sends a message as the bot. Made by [`MessageAdd::reply`].
    MessageAdd = "imbot.message.add", "4.6", Once, AtMostOnce -> AddedMessage,
        refuses [
            "BOT_ID_ERROR", "APP_ID_ERROR", "DIALOG_ID_EMPTY", "MESSAGE_EMPTY", "ATTACH_ERROR", "ATTACH_OVERSIZE",
            "KEYBOARD_ERROR", "KEYBOARD_OVERSIZE", "PARAM_KEYBOARD_ERROR", "MENU_ERROR", "MENU_OVERSIZE",
            "PARAM_MENU_ERROR", "CANCELED", "ERROR_NO_ACCESS", "ERROR_FROM_OTHER_MODULE", "WRONG_REQUEST",
        ];
    needs { bot_id "BOT_ID": BotId, dialog_id "DIALOG_ID": DialogId, message "MESSAGE": String }
    takes {
        attach "ATTACH": Attach, keyboard "KEYBOARD": Keyboard, menu "MENU": ContextMenu, system "SYSTEM": YesNo,
        url_preview "URL_PREVIEW": YesNo, skip_connector "SKIP_CONNECTOR": YesNo, client_id "CLIENT_ID": BotToken,
    }

    /// Edits a message of the bot; in open lines of anyone. Not later than three days after it was sent.
    ///
    /// **Trap:** an empty text deletes the message, and parts are applied one by one: an error in a later one leaves
    /// the earlier ones applied.
    MessageUpdate = "imbot.message.update", "4.6", Idempotent, Idempotent -> Done,
        refuses [
            "MESSAGE_ID_ERROR", "CANT_EDIT_MESSAGE", "ATTACH_ERROR", "ATTACH_OVERSIZE", "KEYBOARD_ERROR",
            "KEYBOARD_OVERSIZE", "menu_ERROR", "MENU_OVERSIZE", "BOT_ID_ERROR", "APP_ID_ERROR",
        ];
    needs { bot_id "BOT_ID": BotId, message_id "MESSAGE_ID": MessageId }
    takes {
        message "MESSAGE": String, attach "ATTACH": Part<Attach>, keyboard "KEYBOARD": Part<Keyboard>,
        menu "MENU": Part<ContextMenu>, url_preview "URL_PREVIEW": YesNo, skip_connector "SKIP_CONNECTOR": YesNo,
        client_id "CLIENT_ID": BotToken,
    }

    /// Deletes a message of the bot; with `complete` without a trace.
    MessageDelete = "imbot.message.delete", "4.6", Idempotent, Idempotent -> Done,
        refuses ["MESSAGE_ID_ERROR", "CANT_EDIT_MESSAGE", "BOT_ID_ERROR", "APP_ID_ERROR"];
    needs { bot_id "BOT_ID": BotId, message_id "MESSAGE_ID": MessageId }
    takes { complete "COMPLETE": YesNo, client_id "CLIENT_ID": BotToken }

    /// Likes a message, or takes the like back. Without an action it turns what is there.
    MessageLike = "imbot.message.like", "4.6", Once, AtMostOnce -> Done,
        repeats |like| match like.action {
            Some(Like::Plus | Like::Minus) => Repeat::Idempotent,
            Some(Like::Auto) | None => Repeat::Once,
        },
        refuses ["MESSAGE_ID_ERROR", "WITHOUT_CHANGES", "BOT_ID_ERROR", "APP_ID_ERROR"];
    needs { bot_id "BOT_ID": BotId, message_id "MESSAGE_ID": MessageId }
    takes { action "ACTION": Like, client_id "CLIENT_ID": BotToken }
}

/// What [`MessageLike`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Like {
    /// It turns what is there.
    Auto,
    /// It likes.
    Plus,
    /// It takes the like back.
    Minus,
}

impl MessageAdd {
    /// `reply` to `dialog`. There is no idempotency key: sent twice, it is two messages.
    pub fn reply(bot: BotId, dialog: DialogId, reply: &Reply) -> Self {
        let yes = |set: bool| set.then_some(YesNo(true));
        Self {
            attach: reply.attach.clone(),
            keyboard: reply.keyboard.clone(),
            menu: reply.context_menu.clone(),
            system: yes(reply.system),
            url_preview: reply.without_preview.then_some(YesNo(false)),
            skip_connector: yes(reply.internal_note),
            ..Self::new(bot, dialog, reply.text.clone())
        }
    }
}

bare_id! {
    /// The message sent.
    AddedMessage(id: MessageId)
}
