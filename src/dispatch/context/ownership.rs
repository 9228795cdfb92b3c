//! Who has the session, and whom a message reaches.

use super::Context;
use crate::{
    dispatch::{
        HandlerError, Session,
        effect::ToClient,
        ownership::{Act, Guard, May, Passing, line_chat},
    },
    message::Reply,
    wire::{ChatId, DialogId, Event},
};

impl Context {
    /// What is known of who has the session at this moment; `None` where the event belongs to no open line. It may have
    /// changed since the turn began.
    pub fn session(&self) -> Option<Session> {
        line_chat(&self.inner.incoming.event)?;
        self.inner.fence.sessions().session(&self.inner.lane, self.now())
    }

    /// Whether the bot may speak to the client of this event now, as a message that goes out at this moment is judged: the
    /// portal is asked if the newest evidence is older than ten seconds. For what is not held back by itself, such as
    /// [`finish_session`](Self::finish_session). Fails while nobody can tell.
    ///
    /// ```
    /// use std::time::Duration;
    /// use openlines::{prelude::*, testing::{Conversation, Sent}};
    /// use serde_json::json;
    ///
    /// let bot = Router::new()
    ///     .on(async |cx: Context, _fired: TimerFired| {
    ///         if cx.may_speak().await? {
    ///             cx.finish_session();
    ///         }
    ///         Ok::<_, HandlerError>(())
    ///     })
    ///     .fallback(async |cx: Context, _message: Message| cx.timer("end").after(Duration::from_secs(600)));
    /// let mut talk = Conversation::with(bot);
    /// talk.client_says("hello").after(Duration::from_secs(600));
    /// assert!(talk.take_effects().contains(&Sent::SessionFinished));
    ///
    /// talk.client_says("hello again");
    /// // A person takes it by a click, of which no event tells.
    /// let chat = json!({"id": 1777, "owner": 27, "entity_type": "LINES", "entity_id": "livechat|22|1775|599"});
    /// talk.answers("imopenlines.dialog.get", chat).after(Duration::from_secs(600));
    /// assert!(!talk.take_effects().contains(&Sent::SessionFinished));
    /// ```
    pub async fn may_speak(&self) -> Result<bool, HandlerError> {
        let guard = self.dialog().and_then(|dialog| self.guard(&dialog, &Reply::default()));
        let Some(Guard { fence, passing }) = guard else { return Ok(true) };
        match fence.may_go(&passing).await {
            May::Go => Ok(true),
            May::Never { .. } => Ok(false),
            May::NotYet(why) => Err(HandlerError::msg(format!("who has the session cannot be told: {why}"))),
        }
    }

    /// Takes the session back from a person, or from the queue, with the commit of the turn: the bot hears the client
    /// again and may speak. That the chat still belongs to the same person changes nothing then; that one's next message
    /// does, and so does another person's owning the chat.
    ///
    /// For a command of an operator, a timer or a button of a page. Operators themselves can write a word of your
    /// choice, [`BotProfile::return_command`](crate::dispatch::BotProfile::return_command).
    ///
    /// **Trap:** on the portal the session stays with the person: its page shows the same operator as before.
    pub fn take_back(&self) {
        self.change(|asked| {
            if line_chat(&self.inner.incoming.event).is_none() {
                let event = &self.inner.incoming.code;
                return Err(HandlerError::msg(format!("take_back: {event} belongs to no open line")));
            }
            asked.acts.push(Act::TakeBack);
            Ok(())
        });
    }

    /// Something is done to the session of `chat`, which counts if that is the one of the event.
    pub(super) fn act_on_session(&self, chat: ChatId, act: Act) {
        if line_chat(&self.inner.incoming.event) == Some(chat) {
            self.change(|asked| {
                asked.acts.push(act);
                Ok(())
            });
        }
    }

    /// Whether a client may hear what is said in `dialog`; also where that is not known.
    pub(super) fn to_client(&self, dialog: &DialogId, reply: &Reply) -> Option<ToClient> {
        let chat = dialog.chat().filter(|_| !reply.internal_note)?;
        let own = self.dialog().as_ref() == Some(dialog);
        if own && line_chat(&self.inner.incoming.event).is_none() {
            return None;
        }
        Some(ToClient { chat, own, untold: self.is_report() })
    }

    /// In answer to a report of what was withheld: what is withheld of that is not told again.
    pub(super) fn is_report(&self) -> bool {
        matches!(self.inner.incoming.event, Event::Withheld(_))
    }

    /// Asks before something is said in `dialog` at once.
    pub(super) fn guard(&self, dialog: &DialogId, reply: &Reply) -> Option<Guard> {
        let to = self.to_client(dialog, reply)?;
        let lane = to.own.then(|| self.inner.lane.clone());
        Some(Guard {
            fence: self.inner.fence.clone(),
            passing: Passing { chat: to.chat, lane, committed: None },
        })
    }
}
