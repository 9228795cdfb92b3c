//! Sessions: joining, opening, modes, votes. Everything acts as the token's user.

use crate::{
    rest::{
        loose,
        methods::{Done, Untyped, YesNo},
    },
    wire::{ChatId, MessageId, SessionId},
};

methods! {
    scope "imopenlines";

    /// Takes somebody else's session over.
    SessionIntercept = "imopenlines.session.intercept", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "OPERATOR_WRONG"];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Opens the chat of a client, `connector|line|chat|user`.
    SessionOpen = "imopenlines.session.open", "4.5", Idempotent, Idempotent -> OpenedChat, refuses ["ACCESS_DENIED"];
    needs { user_code "USER_CODE": String }
    takes {}

    /// Joins the chat.
    SessionJoin = "imopenlines.session.join", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED"];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Begins a new session of the chat.
    SessionStart = "imopenlines.session.start", "4.5", Once, AtMostOnce -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED"];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Begins a new session of the chat from a message.
    MessageSessionStart = "imopenlines.message.session.start", "4.5", Once, AtMostOnce -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED"];
    needs { chat_id "CHAT_ID": ChatId, message_id "MESSAGE_ID": MessageId }
    takes {}

    /// Keeps a message among the line's quick answers.
    MessageQuickSave = "imopenlines.message.quick.save", "4.5", Once, AtMostOnce -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED", "CANT_SAVE_QUICK_ANSWER"];
    needs { chat_id "CHAT_ID": ChatId, message_id "MESSAGE_ID": MessageId }
    takes {}

    /// Silent mode: with it nothing leaves to the client.
    SessionModeSilent = "imopenlines.session.mode.silent", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED"];
    needs { chat_id "CHAT_ID": ChatId, activate "ACTIVATE": YesNo }
    takes {}

    /// Pins the session to its operator, or no longer.
    SessionModePin = "imopenlines.session.mode.pin", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED"];
    needs { chat_id "CHAT_ID": ChatId, activate "ACTIVATE": YesNo }
    takes {}

    /// Unpins the session.
    SessionModeUnpin = "imopenlines.session.mode.unpin", "4.5", Idempotent, Idempotent -> Untyped;
    needs {}
    takes { chat_id "CHAT_ID": ChatId }

    /// Pins all sessions of the user; answers their ids.
    SessionModePinAll = "imopenlines.session.mode.pinAll", "4.5", Idempotent, Idempotent -> Untyped;
    needs {}
    takes {}

    /// Unpins all sessions of the user; answers their ids.
    SessionModeUnpinAll = "imopenlines.session.mode.unpinAll", "4.5", Idempotent, Idempotent -> Untyped;
    needs {}
    takes {}

    /// Rates a session as its supervisor, 1 to 5.
    SessionHeadVote = "imopenlines.session.head.vote", "4.5", Idempotent, Idempotent -> Done,
        refuses ["EMPTY_SESSION_ID", "EMPTY_VOTE_PARAMS", "ACCESS_DENIED"];
    needs { session_id "SESSION_ID": SessionId }
    takes { rating "RATING": i64, comment "COMMENT": String }
}

answers! {
    /// What [`SessionOpen`] answers.
    OpenedChat {
        /// The chat.
        chat "chatId" "loose::int": ChatId,
    }
}
