//! Sessions as their bot has them.

use serde::Serialize;

use crate::{
    rest::{
        BotToken,
        methods::{Done, YesNo},
    },
    wire::{ChatId, LineId, MessageId, UserId},
};

methods! {
    scope "imopenlines";

    /// Hands the session from the bot to the operators' queue.
    SessionOperator = "imopenlines.bot.session.operator", "4.4", Idempotent, Idempotent -> Done,
        refuses ["WRONG_AUTH_TYPE", "CHAT_ID_EMPTY", "WRONG_CHAT"];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Sends the line's welcome text, or a text, as the session's bot. Answers `true` also when nothing was sent.
    SessionMessageSend = "imopenlines.bot.session.message.send", "4.4", Once, AtMostOnce -> Done,
        refuses ["WRONG_AUTH_TYPE", "CHAT_ID_EMPTY"];
    needs { chat_id "CHAT_ID": ChatId, name "NAME": SessionText }
    takes { message "MESSAGE": String }

    /// Hands the session to an employee or to another line. Unless it is to leave, the bot stays in the chat.
    SessionTransfer = "imopenlines.bot.session.transfer", "4.4", Idempotent, Idempotent -> Done,
        refuses [
            "WRONG_AUTH_TYPE", "CHAT_ID_EMPTY", "USER_ID_EMPTY", "QUEUE_ID_EMPTY", "TRANSFER_ID_EMPTY", "ACCESS_DENIED",
            "BOT_ID_ERROR", "OPERATOR_WRONG",
        ];
    needs { chat_id "CHAT_ID": ChatId, transfer_id "TRANSFER_ID": TransferTarget }
    takes { leave "LEAVE": YesNo, client_id "CLIENT_ID": BotToken }

    /// Closes the session. Answers `true` always.
    SessionFinish = "imopenlines.bot.session.finish", "4.4", Idempotent, Idempotent -> Done,
        refuses ["WRONG_AUTH_TYPE", "CHAT_ID_EMPTY", "ACCESS_DENIED", "BOT_ID_ERROR"];
    needs { chat_id "CHAT_ID": ChatId }
    takes { client_id "CLIENT_ID": BotToken }

    /// Begins a new session of the chat from a message, with this operator.
    SessionDialogNew = "imopenlines.bot.session.dialog.new", "4.4", Once, AtMostOnce -> Done,
        refuses ["WRONG_AUTH_TYPE", "EMPTY_CHAT_ID", "EMPTY_OPERATOR_ID", "EMPTY_MESSAGE_ID"];
    needs { chat_id "CHAT_ID": ChatId, operator_id "OPERATOR_ID": UserId, message_id "MESSAGE_ID": MessageId }
    takes {}
}

/// Which text [`SessionMessageSend`] sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum SessionText {
    /// The line's welcome text.
    Welcome,
    /// The text given.
    Default,
}

/// To whom a session is handed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferTarget {
    /// An employee.
    User(UserId),
    /// The queue of a line.
    Line(LineId),
}

impl Serialize for TransferTarget {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::User(user) => to.collect_str(user),
            Self::Line(line) => to.collect_str(&format_args!("queue{line}")),
        }
    }
}
