//! Sessions of an open line: how they begin, what messages make of them, how they end.
//!
//! Who leads a session is in [`super::leading`], whom the queue asks in [`super::queue`], and what time does to it in
//! [`super::agenda`].

use std::collections::BTreeSet;

use super::chats::ChatKind;
use super::lines::{BotJoins, BotLeaves};
use super::people::UserKind;
use super::sending::NewMessage;
use super::voting::Request;
use super::{World, take};
use crate::record::Vote;

/// Session statuses (protocol 3.3). A status between two of these belongs to the lower one.
pub(crate) mod status {
    pub(crate) const NEW: i64 = 0;
    pub(crate) const SKIPPED: i64 = 5;
    pub(crate) const ANSWERED: i64 = 10;
    pub(crate) const CLIENT_WROTE: i64 = 20;
    pub(crate) const CLIENT_AFTER_OPERATOR: i64 = 25;
    pub(crate) const OPERATOR_REPLIED: i64 = 40;
    pub(crate) const CLOSING: i64 = 50;
    pub(crate) const CLOSED: i64 = 60;
    pub(crate) const SPAM: i64 = 65;
    pub(crate) const DUPLICATE: i64 = 69;
    pub(crate) const SILENTLY_CLOSED: i64 = 75;
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: i64,
    pub(crate) chat_id: i64,
    /// The line that works on it: the chat's own until it is transferred.
    pub(crate) line_id: i64,
    pub(crate) client_id: i64,
    /// The session before it in the chat, or 0.
    pub(crate) parent_id: i64,
    /// Who leads: an employee, a bot, or 0 while the queue waits.
    pub(crate) operator_id: i64,
    pub(crate) status: i64,
    pub(crate) started: i64,
    /// `PAUSE`: pinned to its operator.
    pub(crate) pinned: bool,
    /// Whom the queue asks, and since when.
    pub(crate) asked: Option<(i64, i64)>,
    /// Who has refused it.
    pub(crate) refused_by: BTreeSet<i64>,
    /// When the bot hands over.
    pub(crate) bot_until: Option<i64>,
    /// When it closes by itself.
    pub(crate) closes_at: Option<i64>,
    /// Whether the line's welcome was said, or a bot met the client instead.
    pub(crate) welcomed: bool,
    /// Whether the client was told that nobody works now.
    pub(crate) told_away: bool,
    /// The supervisor's rating and comment.
    pub(crate) vote: Option<(i64, String)>,
    /// The line has asked the client to rate the dialog.
    pub(crate) request: Option<Request>,
    /// The client's answer.
    pub(crate) client_vote: Option<Vote>,
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

    pub(crate) fn open_session(&mut self, chat_id: i64) -> Option<&mut Session> {
        let id = self.open_session_id(chat_id)?;
        self.sessions.get_mut(&id)
    }

    /// Opens a session if none is open: raises ONSESSIONSTART, and lets the welcome bot in when a client began it.
    pub(crate) fn ensure_session(&mut self, chat_id: i64, acting_user: i64) {
        if self.open_session_id(chat_id).is_some() {
            return;
        }
        let Some(line) = self.line_of(chat_id) else { return };
        let line_id = line.id;
        let client_id = self.client_of(chat_id);
        let parent_id = self.chats.get(&chat_id).map_or(0, |chat| chat.session);
        let id = take(&mut self.next.session);
        let started = self.now();
        self.sessions.insert(
            id,
            Session {
                id,
                chat_id,
                line_id,
                client_id,
                parent_id,
                operator_id: 0,
                status: status::NEW,
                started,
                pinned: false,
                asked: None,
                refused_by: BTreeSet::new(),
                bot_until: None,
                closes_at: None,
                welcomed: false,
                told_away: false,
                vote: None,
                request: None,
                client_vote: None,
            },
        );
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.session = id;
            chat.owner = 0;
        }
        let mut first = parent_id == 0;
        if let Some(seat) = self.lines.get_mut(&line_id).and_then(|line| line.seats.get_mut(&client_id)) {
            first = seat.sessions == 0;
            seat.sessions += 1;
        }
        self.raise_session("ONSESSIONSTART", id, acting_user);
        self.raise_connector_dialog("ONIMCONNECTORDIALOGSTART", id, acting_user);
        if self.user_kind(acting_user) != Some(UserKind::Client) {
            return;
        }
        if !self.bot_meets(chat_id, first, acting_user) {
            self.ask_next(chat_id);
        }
    }

    /// The bot of the line that works on the session comes in and leads. False if the line has none for it.
    pub(super) fn bot_meets(&mut self, chat_id: i64, first: bool, acting_user: i64) -> bool {
        let line = self.last_session(chat_id).and_then(|session| self.lines.get(&session.line_id));
        let Some(line) = line else { return false };
        let wanted = line.bot_joins == BotJoins::EverySession || first;
        let bot_seconds = line.bot_seconds;
        let bot_id = line.welcome_bot.filter(|bot_id| wanted && self.bots.contains_key(bot_id));
        let Some(bot_id) = bot_id else { return false };
        self.join_chat(chat_id, bot_id, 0, acting_user);
        self.lead(chat_id, bot_id);
        let until = (bot_seconds > 0).then(|| self.now() + bot_seconds);
        if let Some(session) = self.open_session(chat_id) {
            session.bot_until = until;
            session.welcomed = true;
        }
        if let Some(until) = until {
            self.note_deadline(until);
        }
        true
    }

    /// A message changes the session's status, and with it when the session closes by itself.
    pub(crate) fn session_hears(&mut self, chat_id: i64, author_id: i64) {
        let client = self.user_kind(author_id) == Some(UserKind::Client);
        let now = self.now();
        let Some(id) = self.open_session_id(chat_id) else { return };
        let line_id = self.sessions.get(&id).map_or(0, |session| session.line_id);
        let patience = self.lines.get(&line_id).map_or(0, |line| line.auto_close_seconds);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.status = match (client, session.status) {
            (true, status::NEW) => status::NEW,
            (true, status::SKIPPED) => status::SKIPPED,
            (true, status::OPERATOR_REPLIED | status::CLIENT_AFTER_OPERATOR | status::CLOSING) => {
                status::CLIENT_AFTER_OPERATOR
            }
            (true, _) => status::CLIENT_WROTE,
            (false, _) => status::OPERATOR_REPLIED,
        };
        session.closes_at = (!client && patience > 0).then_some(now + patience);
        if let Some(at) = session.closes_at {
            self.note_deadline(at);
        }
    }

    /// The operator finishes: the session closes now, or waits for the client first if the line says so.
    pub(crate) fn finish_session(&mut self, chat_id: i64, acting_user: i64) -> bool {
        let Some(id) = self.open_session_id(chat_id) else { return false };
        let line_id = self.sessions.get(&id).map_or(0, |session| session.line_id);
        let wait = self.lines.get(&line_id).map_or(0, |line| line.full_close_seconds);
        let by_bot = self.is_bot(acting_user);
        let now = self.now();
        let Some(session) = self.sessions.get(&id) else { return false };
        let asked_before = session.status == status::CLOSING;
        if !by_bot && !asked_before {
            self.line_asks_for_vote(chat_id);
        }
        if wait == 0 || by_bot || asked_before {
            return self.close_session(chat_id, status::CLOSED, acting_user);
        }
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        session.status = status::CLOSING;
        session.bot_until = None;
        session.closes_at = Some(now + wait);
        self.note_deadline(now + wait);
        self.post(NewMessage::notice(chat_id, "The dialog is finished.".to_owned()), acting_user);
        true
    }

    /// Closes the open session with this status; bots leave the chat.
    pub(crate) fn close_session(&mut self, chat_id: i64, with: i64, acting_user: i64) -> bool {
        let Some(id) = self.open_session_id(chat_id) else { return false };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.status = with;
            session.asked = None;
            session.bot_until = None;
            session.closes_at = None;
            session.pinned = false;
        }
        let notice = match with {
            status::SPAM => Some("The dialog is marked as spam and closed."),
            status::DUPLICATE => Some("The dialog is closed as a duplicate."),
            status::SILENTLY_CLOSED => None,
            _ => Some("The dialog is closed."),
        };
        if let Some(notice) = notice {
            let notice = NewMessage::notice(chat_id, notice.to_owned());
            self.post(NewMessage { ends_session: id, ..notice }, acting_user);
        }
        self.raise_session("ONSESSIONFINISH", id, acting_user);
        self.raise_connector_dialog("ONIMCONNECTORDIALOGFINISH", id, acting_user);
        self.bots_leave(chat_id, BotLeaves::WhenClosed);
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.owner = 0;
        }
        true
    }

    /// The chat of a client's dialog, if it is a line's chat.
    pub(crate) fn lines_chat(&self, chat_id: i64) -> bool {
        self.chats.get(&chat_id).is_some_and(|chat| chat.kind == ChatKind::Lines)
    }
}
