//! Lines of the network: joining them, and writing through them.

use crate::{
    message::{Attach, Keyboard, Reply},
    rest::methods::{Done, YesNo, answer::bare_id},
    wire::{BotId, UserId},
};

methods! {
    scope "imopenlines";

    /// Writes to a user of the network as a joined line's bot: once a week each, except on NFR portals.
    ///
    /// Answers `true`, never an id. After an unknown outcome `USER_MESSAGE_LIMIT` means that it was sent.
    NetworkMessageAdd = "imopenlines.network.message.add", "4.2", Once, AtMostOnce -> Done,
        refuses [
            "WRONG_AUTH_TYPE", "CODE", "IMBOT_ERROR", "NOT_FOUND", "USER_ID_EMPTY", "USER_MESSAGE_LIMIT",
            "MESSAGE_EMPTY", "ATTACH_OVERSIZE", "ATTACH_ERROR", "KEYBOARD_ERROR", "PARAM_KEYBOARD_ERROR", "WRONG_REQUEST",
        ];
    needs { code "CODE": String, user_id "USER_ID": UserId, message "MESSAGE": String }
    takes {
        attach "ATTACH": Attach, keyboard "KEYBOARD": Keyboard, url_preview "URL_PREVIEW": YesNo,
        bot_id "BOT_ID": BotId,
    }

    /// Joins a network line by its code of 32 characters. A joined one answers its bot again.
    NetworkJoin = "imopenlines.network.join", "4.3", Idempotent, Idempotent -> JoinedLine,
        refuses ["CODE", "IMBOT_ERROR", "NOT_FOUND", "INACTIVE"];
    needs { code "CODE": String }
    takes {}
}

impl NetworkMessageAdd {
    /// `reply` to `user` through the line with this code. A reply there has no notes and no system messages.
    pub fn reply(code: impl Into<String>, user: UserId, reply: &Reply) -> Self {
        Self {
            attach: reply.attach.clone(),
            keyboard: reply.keyboard.clone(),
            url_preview: reply.without_preview.then_some(YesNo(false)),
            ..Self::new(code, user, reply.text.clone())
        }
    }
}

bare_id! {
    /// The bot of a joined line.
    JoinedLine(bot: BotId)
}
