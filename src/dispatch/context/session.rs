//! Who has the session, RT events, and calls for later.

use serde_json::Value;

use super::Context;
use crate::{
    dispatch::{Effect, HandlerError, effect::Viewers, ownership::Act},
    message::{RtEvent, RtMessage, RtRecipients},
    rest::{
        Method,
        methods::{
            YesNo,
            imopenlines::{SessionFinish, SessionOperator, SessionTransfer, TransferTarget},
            pull::PushAdd,
        },
    },
    wire::{ChatEntity, ChatId, LineId, UserId},
};

impl Context {
    /// Emits an RT event to those who may see the dialog: the employees who are in its chat when the event is sent, or
    /// the employee of a private dialog. While nobody but the client and the bot is there, nobody is told. At least
    /// once.
    ///
    /// Who has left a chat may still be told for ten seconds. A supervisor who watches dialogs without being in them is
    /// told by [`rt_to`](Self::rt_to).
    pub fn rt<E: RtEvent>(&self, event: &E) {
        self.ask(|_| {
            let dialog = self.dialog().ok_or_else(|| {
                HandlerError::msg(
                    "rt: the event belongs to no dialog, so nobody is known who may see it; use rt_to",
                )
            })?;
            let queue = self.inner.lane.as_str();
            if dialog.chat().is_none() {
                let user: i64 = dialog.as_str().parse().map_err(|_| {
                    HandlerError::msg(format!("rt: the dialog {dialog} names no user; use rt_to"))
                })?;
                return Effect::rt(&RtMessage::of(event, RtRecipients::user(user))?, queue);
            }
            let bot = self.acting_bot()?;
            let client = self.chat().and_then(|chat| match &chat.entity {
                ChatEntity::Lines(address) => Some(address.user),
                _ => None,
            });
            let viewers = Viewers { dialog, bot: bot.id, generation: bot.generation, client };
            // Content is allowed: whoever is named when it is sent is in the chat.
            let message = RtMessage::of(event, RtRecipients::SharedWithContent)?;
            Effect::rt_of_chat(&message, viewers, queue)
        });
    }

    /// Shows a notice on the phones of `users` (`pull.application.push.add`), through the portal's mobile application.
    /// At most once, and the portal never tells whether it arrived. The application must have been installed by an
    /// administrator.
    pub fn phone_notice(&self, users: impl IntoIterator<Item = UserId>, text: impl Into<String>) {
        let users: Vec<UserId> = users.into_iter().collect();
        let text = text.into();
        self.ask(|_| {
            if users.is_empty() || text.trim().is_empty() {
                return Err(HandlerError::msg("phone_notice: it needs a user and a text"));
            }
            let notice = PushAdd::new(users, text);
            Ok(Effect::other(PushAdd::NAME.into(), serde_json::to_value(notice)?, self.queue()))
        });
    }

    /// Emits an RT event to `recipients` (`pull.application.event.add`), whose pages update themselves. At least once.
    pub fn rt_to<E: RtEvent>(&self, recipients: RtRecipients, event: &E) {
        self.ask(|_| Effect::rt(&RtMessage::of(event, recipients)?, self.inner.lane.as_str()));
    }

    /// The same with a message put together at run time.
    pub fn rt_message(&self, message: &RtMessage) {
        self.ask(|_| Effect::rt(message, self.inner.lane.as_str()));
    }

    /// Hands the session over to people (`imopenlines.bot.session.operator`). Until one takes it the bot may speak. Acts as the application's first bot.
    pub fn hand_over(&self) {
        self.on_session(Act::HandOver, SessionOperator::new);
    }

    /// Hands the session over to the queue of another line (`imopenlines.bot.session.transfer`); the bot leaves the chat once
    /// a person takes it. Until then it may speak.
    pub fn hand_over_to(&self, line: LineId) {
        self.on_session(Act::HandOver, |chat| SessionTransfer::new(chat, TransferTarget::Line(line)));
    }

    /// Hands the session over to one employee; the bot leaves the chat. What this turn says is still said.
    pub fn transfer_to(&self, user: UserId) {
        self.on_session(Act::Transfer(user), |chat| {
            SessionTransfer::new(chat, TransferTarget::User(user)).leave(YesNo(true))
        });
    }

    /// Ends the session (`imopenlines.bot.session.finish`).
    pub fn finish_session(&self) {
        self.on_session(Act::Finish, SessionFinish::new);
    }

    /// Asks for any other call, to be made after the commit, at most once.
    pub fn call_later(&self, method: impl Into<String>, params: Value) {
        self.ask(|_| Ok(Effect::other(method.into(), params, self.queue())));
    }

    fn on_session<M: Method>(&self, act: Act, method: impl FnOnce(ChatId) -> M) {
        let chat = self.dialog().and_then(|dialog| dialog.chat());
        if let Some(chat) = chat {
            self.act_on_session(chat, act);
        }
        self.ask(|_| {
            let chat =
                chat.ok_or_else(|| HandlerError::msg(format!("{} needs the chat of an open line", M::NAME)))?;
            Effect::hand_over(&method(chat), self.queue())
        });
    }
}
