//! Who leads a session: taking over, handing over, transfer, refusal.
//!
//! A click that takes a session over is no message: the portal writes a notice, and notices reach no bot.

use super::World;
use super::lines::BotLeaves;
use super::people::UserKind;
use super::sending::NewMessage;
use super::sessions::status;
use crate::events::{BotFact, ChatFact};

impl World {
    /// Adds a user to a chat; a bot hears of it.
    pub(crate) fn join_chat(&mut self, chat_id: i64, user_id: i64, added_by: i64, acting_user: i64) {
        let Some(chat) = self.chats.get_mut(&chat_id) else { return };
        if !chat.members.insert(user_id) {
            return;
        }
        chat.sees_from.remove(&user_id);
        self.tell_users(ChatFact::Join { chat_id, user_id });
        if self.bots.contains_key(&user_id) {
            self.raise_bots(&BotFact::Join { chat_id, added_by }, &[user_id], acting_user);
        }
    }

    /// Makes the user the session's operator and the chat's owner.
    pub(super) fn lead(&mut self, chat_id: i64, user_id: i64) {
        let bot = self.is_bot(user_id);
        let Some(session) = self.open_session(chat_id) else { return };
        session.operator_id = user_id;
        if !session.is_active() {
            session.status = status::ANSWERED;
            session.closes_at = None;
        }
        session.asked = None;
        session.pinned = false;
        if !bot {
            session.bot_until = None;
        }
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.owner = user_id;
        }
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

    /// `bot.session.operator`, the text `0` and `WELCOME_BOT_TIME`: the dialog goes to the queue. False if no bot
    /// leads it.
    pub(crate) fn hand_over(&mut self, chat_id: i64, acting_user: i64) -> bool {
        let leader = self.open_session(chat_id).map(|session| session.operator_id);
        if !leader.is_some_and(|leader| self.is_bot(leader)) {
            return false;
        }
        self.bots_leave(chat_id, BotLeaves::AfterHandOver);
        self.wait_in_queue(chat_id, acting_user);
        true
    }

    /// The session waits for an operator of its line.
    fn wait_in_queue(&mut self, chat_id: i64, acting_user: i64) {
        if let Some(session) = self.open_session(chat_id) {
            session.operator_id = 0;
            session.status = status::NEW;
            session.bot_until = None;
            session.pinned = false;
            session.asked = None;
            session.refused_by.clear();
        }
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.owner = 0;
        }
        self.post(
            NewMessage::notice(chat_id, "The dialog is waiting for an operator.".to_owned()),
            acting_user,
        );
        self.ask_next(chat_id);
        self.line_answers(chat_id);
    }

    /// Lets the bots go if the line's setting says that this is the moment.
    pub(crate) fn bots_leave(&mut self, chat_id: i64, moment: BotLeaves) {
        let line = self.last_session(chat_id).and_then(|session| self.lines.get(&session.line_id));
        let line = line.or_else(|| self.line_of(chat_id));
        let setting = line.map(|line| line.bot_leaves).unwrap_or_default();
        if moment == BotLeaves::AfterHandOver && setting == BotLeaves::WhenClosed {
            return;
        }
        let bots: Vec<i64> = self.bots.keys().copied().collect();
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.members.retain(|member| bots.binary_search(member).is_err());
        }
    }

    /// Moves the dialog to a user, who becomes its operator.
    pub(crate) fn transfer_to(&mut self, chat_id: i64, user_id: i64) {
        self.join_chat(chat_id, user_id, 0, user_id);
        self.lead(chat_id, user_id);
    }

    /// Moves the dialog to a line: its bot meets the client if it is another line and has one, else its queue is asked.
    /// False if there is no session or no such line.
    pub(crate) fn transfer_to_line(&mut self, chat_id: i64, line_id: i64, acting_user: i64) -> bool {
        if !self.lines.get(&line_id).is_some_and(|line| line.active) {
            return false;
        }
        let Some(session) = self.open_session(chat_id) else { return false };
        let (before, other_line) = (session.operator_id, session.line_id != line_id);
        // The line that they came for says when they go.
        self.bots_leave(chat_id, BotLeaves::AfterHandOver);
        if let Some(session) = self.open_session(chat_id) {
            session.line_id = line_id;
        }
        if before != 0 && !self.is_bot(before) {
            self.leave_chat(chat_id, before);
        }
        let client_id = self.client_of(chat_id);
        let new_here = self.lines.get(&line_id).is_some_and(|line| !line.seats.contains_key(&client_id));
        if !(other_line && self.bot_meets(chat_id, new_here, acting_user)) {
            self.wait_in_queue(chat_id, acting_user);
        }
        true
    }

    /// An operator moves the dialog to a colleague; the operator leaves. False if that cannot be.
    pub(crate) fn operator_transfers(&mut self, chat_id: i64, from: i64, to: i64) -> bool {
        let fit = self.user_kind(to) == Some(UserKind::Employee) && self.open_session_id(chat_id).is_some();
        if !fit {
            return false;
        }
        if from != to {
            self.leave_chat(chat_id, from);
        }
        self.transfer_to(chat_id, to);
        self.bots_leave(chat_id, BotLeaves::AfterHandOver);
        let notice = format!("{} transferred the dialog to {}.", self.name_of(from), self.name_of(to));
        self.post(NewMessage::notice(chat_id, notice), from);
        true
    }

    /// The operator refuses the dialog: the queue asks the next one.
    pub(crate) fn refuse(&mut self, chat_id: i64, operator_id: i64) -> bool {
        let Some(session) = self.open_session(chat_id) else { return false };
        session.refused_by.insert(operator_id);
        let led = session.operator_id == operator_id;
        let bot_leads = session.operator_id != 0 && !led;
        session.pinned = false;
        if session.asked.is_some_and(|(asked, _)| asked == operator_id) {
            session.asked = None;
        }
        if !bot_leads {
            session.operator_id = 0;
            session.status = status::SKIPPED;
        }
        if led && let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.owner = 0;
        }
        self.leave_chat(chat_id, operator_id);
        if !bot_leads {
            self.ask_next(chat_id);
        }
        true
    }

    fn leave_chat(&mut self, chat_id: i64, user_id: i64) {
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.members.remove(&user_id);
        }
    }
}
