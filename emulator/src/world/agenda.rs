//! What time does to sessions: the bot's time runs out, the queue moves on, sessions close.
//!
//! Everything that is due happens before the next thing that happens on the portal, and within a second of real time.
//! The trap: a clock that is moved far does each due thing once, at the new time.

use super::World;
use super::sessions::{Session, status};

impl World {
    /// Remembers that something is due then.
    pub(crate) fn note_deadline(&mut self, at: i64) {
        self.next_due = self.next_due.min(at);
    }

    pub(crate) fn is_due(&self) -> bool {
        self.now() >= self.next_due
    }

    fn queue_seconds(&self, session: &Session) -> i64 {
        self.lines.get(&session.line_id).map_or(0, |line| line.queue_seconds)
    }

    /// When the queue asks somebody else.
    fn asks_again_at(&self, session: &Session) -> Option<i64> {
        let wait = self.queue_seconds(session);
        session.asked.filter(|_| wait > 0).map(|(_, since)| since + wait)
    }

    /// Does what is due; how many sessions it closed.
    pub(crate) fn run_due(&mut self) -> usize {
        let now = self.now();
        self.next_due = i64::MAX;
        let mut closed = 0;
        let open: Vec<i64> =
            self.sessions.values().filter(|session| session.is_open()).map(|session| session.id).collect();
        for id in open {
            let Some(session) = self.sessions.get(&id) else { continue };
            let chat_id = session.chat_id;
            let over = |at: Option<i64>| at.is_some_and(|at| at <= now);
            if over(session.closes_at) {
                closed += usize::from(self.close_session(chat_id, status::CLOSED, 0));
                continue;
            }
            if over(session.bot_until) {
                self.hand_over(chat_id, 0);
            } else if over(self.asks_again_at(session)) {
                self.ask_another(chat_id);
            }
            let Some(session) = self.sessions.get(&id) else { continue };
            let deadlines = [session.closes_at, session.bot_until, self.asks_again_at(session)];
            for at in deadlines.into_iter().flatten() {
                self.note_deadline(at);
            }
        }
        closed
    }
}
