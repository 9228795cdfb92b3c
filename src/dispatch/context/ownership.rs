//! Who has the session, and whom a message reaches.

use super::Context;
use crate::{
    dispatch::{
        HandlerError, Session,
        effect::ToClient,
        ownership::{Act, Guard, Passing, line_chat},
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
