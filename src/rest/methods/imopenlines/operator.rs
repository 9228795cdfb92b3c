//! Sessions as an operator has them: everything acts as the token's user, who needs the right to join the chat.

use crate::{
    rest::methods::{Done, imopenlines::TransferTarget},
    wire::ChatId,
};

methods! {
    scope "imopenlines";

    /// Takes the session. What fails after the right was checked is refused with an empty code.
    OperatorAnswer = "imopenlines.operator.answer", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED"];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Passes the session on to the next in the queue.
    OperatorSkip = "imopenlines.operator.skip", "4.5", Once, AtMostOnce -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED"];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Closes the session as spam.
    OperatorSpam = "imopenlines.operator.spam", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED"];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Closes the user's own session.
    OperatorFinish = "imopenlines.operator.finish", "4.5", Idempotent, Idempotent -> Done,
        refuses [
            "CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED", "ERROR_USER_NOT_OPERATOR", "NOT_LOAD_SESSION_OR_CHAT",
            "IMOL_CHAT_ERROR_NOT_LOAD_DATA",
        ];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Closes somebody else's session.
    OperatorAnotherFinish = "imopenlines.operator.another.finish", "4.5", Idempotent, Idempotent -> Done,
        refuses [
            "CHAT_ID", "USER_ID", "CHAT_TYPE", "ACCESS_DENIED", "NOT_LOAD_SESSION_OR_CHAT", "IMOL_CHAT_ERROR_NOT_LOAD_DATA",
        ];
    needs { chat_id "CHAT_ID": ChatId }
    takes {}

    /// Hands the session to another operator or line.
    OperatorTransfer = "imopenlines.operator.transfer", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CHAT_ID_EMPTY", "USER_ID_EMPTY", "QUEUE_ID_EMPTY", "TRANSFER_ID_EMPTY", "OPERATOR_WRONG"];
    needs { chat_id "CHAT_ID": ChatId, transfer_id "TRANSFER_ID": TransferTarget }
    takes {}

    /// The user takes no new sessions from now on.
    OperatorPauseStart = "imopenlines.operator.pause.start", "4.5", Idempotent, Idempotent -> Done;
    needs {}
    takes {}

    /// The user takes new sessions again.
    OperatorPauseStop = "imopenlines.operator.pause.stop", "4.5", Idempotent, Idempotent -> Done;
    needs {}
    takes {}

    /// Whether the user takes no new sessions.
    OperatorPauseGet = "imopenlines.operator.pause.get", "4.5", Idempotent, Read -> Done;
    needs {}
    takes {}
}
