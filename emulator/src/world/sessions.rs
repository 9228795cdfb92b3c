//! Sessions of an open line: who leads the dialog with the client, and how that changes.

use super::chats::ChatKind;
use super::lines::{BotJoins, BotLeaves};
use super::people::UserKind;
use super::sending::NewMessage;
use super::{World, take};
use crate::events::BotFact;

/// Session statuses (protocol 3.3) that the emulator sets.
pub(crate) mod status {
    pub(crate) const NEW: i64 = 0;
    pub(crate) const ANSWERED: i64 = 10;
    pub(crate) const CLIENT_WROTE: i64 = 20;
    pub(crate) const CLIENT_AFTER_OPERATOR: i64 = 25;
    pub(crate) const OPERATOR_REPLIED: i64 = 40;
    pub(crate) const CLOSING: i64 = 50;
    pub(crate) const CLOSED: i64 = 60;
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: i64,
    pub(crate) chat_id: i64,
    pub(crate) line_id: i64,
    pub(crate) client_id: i64,
    /// Who leads: an employee, a bot, or 0 while the queue waits.
    pub(crate) operator_id: i64,
    pub(crate) status: i64,
    pub(crate) started: i64,
}

impl Session {
    pub(crate) fn is_open(&self) -> bool {
        self.status < status::CLOSED
    }

    /// Active for the CRM methods.
    pub(crate) fn is_active(&self) -> bool {
        (status::ANSWERED..status::CLOSING).contains(&self.status)
    }
}

impl World {
    pub(crate) fn last_session(&self, chat_id: i64) -> Option<&Session> {
        self.sessions.get(&self.chats.get(&chat_id)?.session)
    }

    pub(crate) fn open_session_id(&self, chat_id: i64) -> Option<i64> {
        self.last_session(chat_id).filter(|session| session.is_open()).map(|session| session.id)
    }

    /// Opens a session if none is open: raises ONSESSIONSTART, and lets the welcome bot in when a client began it.
    pub(crate) fn ensure_session(&mut self, chat_id: i64, acting_user: i64) {
        if self.open_session_id(chat_id).is_some() {
            return;
        }
        let Some(line) = self.line_of(chat_id) else { return };
        let (line_id, joins, welcome) = (line.id, line.bot_joins, line.welcome_bot);
        let client_id = self.client_of(chat_id);
        let id = take(&mut self.next.session);
        let started = self.now();
        self.sessions.insert(
            id,
            Session { id, chat_id, line_id, client_id, operator_id: 0, status: status::NEW, started },
        );
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.session = id;
            chat.owner = 0;
        }
        let mut earlier = 0;
        if let Some(seat) = self.lines.get_mut(&line_id).and_then(|line| line.seats.get_mut(&client_id)) {
            earlier = seat.sessions;
            seat.sessions += 1;
        }
        self.raise_session("ONSESSIONSTART", id, acting_user);
        let wanted = acting_user == client_id && (joins == BotJoins::EverySession || earlier == 0);
        if let Some(bot_id) = welcome.filter(|bot_id| wanted && self.bots.contains_key(bot_id)) {
            self.join_chat(chat_id, bot_id, 0, acting_user);
            self.lead(chat_id, bot_id);
        }
    }

    /// Adds a user to a chat; a bot hears of it.
    pub(crate) fn join_chat(&mut self, chat_id: i64, user_id: i64, added_by: i64, acting_user: i64) {
        let Some(chat) = self.chats.get_mut(&chat_id) else { return };
        if chat.members.insert(user_id) && self.bots.contains_key(&user_id) {
            self.raise_bots(&BotFact::Join { chat_id, added_by }, &[user_id], acting_user);
        }
    }

    /// Makes the user the session's operator and the chat's owner.
    fn lead(&mut self, chat_id: i64, user_id: i64) {
        let Some(id) = self.open_session_id(chat_id) else { return };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.operator_id = user_id;
            session.status = session.status.max(status::ANSWERED);
        }
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.owner = user_id;
        }
    }

    /// A message changes the session's status.
    pub(crate) fn session_hears(&mut self, chat_id: i64, author_id: i64) {
        let client = self.user_kind(author_id) == Some(UserKind::Client);
        let Some(id) = self.open_session_id(chat_id) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.status = match (client, session.status) {
            (true, status::NEW) => status::NEW,
            (true, status::OPERATOR_REPLIED | status::CLIENT_AFTER_OPERATOR) => status::CLIENT_AFTER_OPERATOR,
            (true, _) => status::CLIENT_WROTE,
            (false, _) => status::OPERATOR_REPLIED,
        };
    }

    /// An employee answers: becomes operator and owner; the bot leaves if the line says so.
    pub(crate) fn take_over(&mut self, chat_id: i64, operator_id: i64) -> bool {
        if self.open_session_id(chat_id).is_none() {
            return false;
        }
        self.join_chat(chat_id, operator_id, 0, operator_id);
        self.lead(chat_id, operator_id);
        self.bots_leave(chat_id, BotLeaves::AfterHandOver);
        let name = self.name_of(operator_id);
        self.post(
            NewMessage::notice(chat_id, format!("{name} started working with the dialog.")),
            operator_id,
        );
        true
    }

    /// `bot.session.operator` and the text `0`: the dialog goes to the queue. False if no bot leads it.
    pub(crate) fn hand_over(&mut self, chat_id: i64, acting_user: i64) -> bool {
        let Some(session) = self.last_session(chat_id).filter(|session| session.is_open()) else {
            return false;
        };
        let (id, leader) = (session.id, session.operator_id);
        if !self.is_bot(leader) {
            return false;
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.operator_id = 0;
            session.status = status::NEW;
        }
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.owner = 0;
        }
        self.bots_leave(chat_id, BotLeaves::AfterHandOver);
        self.post(
            NewMessage::notice(chat_id, "The dialog is waiting for an operator.".to_owned()),
            acting_user,
        );
        true
    }

    /// Closes the open session; bots leave the chat.
    pub(crate) fn finish_session(&mut self, chat_id: i64, acting_user: i64) -> bool {
        let Some(id) = self.open_session_id(chat_id) else { return false };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.status = status::CLOSED;
        }
        self.post(NewMessage::notice(chat_id, "The dialog is closed.".to_owned()), acting_user);
        self.raise_session("ONSESSIONFINISH", id, acting_user);
        self.bots_leave(chat_id, BotLeaves::WhenClosed);
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.owner = 0;
        }
        true
    }

    /// Lets the bots go if the line's setting says that this is the moment.
    pub(crate) fn bots_leave(&mut self, chat_id: i64, moment: BotLeaves) {
        let setting = self.line_of(chat_id).map(|line| line.bot_leaves).unwrap_or_default();
        if moment == BotLeaves::AfterHandOver && setting == BotLeaves::WhenClosed {
            return;
        }
        let bots: Vec<i64> = self.bots.keys().copied().collect();
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.members.retain(|member| bots.binary_search(member).is_err());
        }
    }

    /// Puts the dialog back into the queue, whoever leads it.
    pub(crate) fn to_the_queue(&mut self, chat_id: i64, acting_user: i64) {
        if self.hand_over(chat_id, acting_user) {
            return;
        }
        let Some(id) = self.open_session_id(chat_id) else { return };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.operator_id = 0;
            session.status = status::NEW;
        }
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.owner = 0;
        }
        let text = "The dialog is waiting for an operator.".to_owned();
        self.post(NewMessage::notice(chat_id, text), acting_user);
    }

    /// Moves the dialog to an employee.
    pub(crate) fn transfer_to(&mut self, chat_id: i64, user_id: i64) {
        self.join_chat(chat_id, user_id, 0, user_id);
        self.lead(chat_id, user_id);
    }

    /// The chat of a client's dialog, if it is a line's chat.
    pub(crate) fn lines_chat(&self, chat_id: i64) -> bool {
        self.chats.get(&chat_id).is_some_and(|chat| chat.kind == ChatKind::Lines)
    }
}
