//! Who has the session, RT events, and calls for later.

use serde_json::Value;

use super::Context;
use crate::{
    dispatch::{Effect, HandlerError},
    message::{RtEvent, RtMessage, RtRecipients},
    rest::{
        Method,
        methods::{
            YesNo,
            imopenlines::{SessionFinish, SessionOperator, SessionTransfer, TransferTarget},
        },
    },
    wire::{ChatId, UserId},
};

impl Context {
    /// Emits an RT event to `recipients` (`pull.application.event.add`), whose pages update themselves. At least once.
    pub fn rt_to<E: RtEvent>(&self, recipients: RtRecipients, event: &E) {
        self.ask(|_| Effect::rt(&RtMessage::of(event, recipients)?, self.inner.lane.as_str()));
    }

    /// The same with a message put together at run time.
    pub fn rt_message(&self, message: &RtMessage) {
        self.ask(|_| Effect::rt(message, self.inner.lane.as_str()));
    }

    /// Hands the session over to people (`imopenlines.bot.session.operator`). Acts as the application's first bot.
    pub fn hand_over(&self) {
        self.session(SessionOperator::new);
    }

    /// Hands the session over to one employee; the bot leaves the chat.
    pub fn transfer_to(&self, user: UserId) {
        self.session(|chat| SessionTransfer::new(chat, TransferTarget::User(user)).leave(YesNo(true)));
    }

    /// Ends the session (`imopenlines.bot.session.finish`).
    pub fn finish_session(&self) {
        self.session(SessionFinish::new);
    }

    /// Asks for any other call, to be made after the commit, at most once.
    pub fn call_later(&self, method: impl Into<String>, params: Value) {
        self.ask(|_| Ok(Effect::other(method.into(), params, self.queue())));
    }

    fn session<M: Method>(&self, method: impl FnOnce(ChatId) -> M) {
        self.ask(|_| {
            let chat = self.dialog().and_then(|dialog| dialog.chat());
            let chat =
                chat.ok_or_else(|| HandlerError::msg(format!("{} needs the chat of an open line", M::NAME)))?;
            Effect::hand_over(&method(chat), self.queue())
        });
    }
}
