//! The queue of a line: which of its operators is asked to take a waiting session.
//!
//! The one with the fewest sessions is asked, the earlier in the queue at a tie. Being asked is an offer and no more:
//! nobody leads until somebody answers.

use super::World;

impl World {
    /// Asks the next operator who has not refused; nobody if all have, or pause, or there is no queue.
    pub(crate) fn ask_next(&mut self, chat_id: i64) {
        let Some(session) = self.last_session(chat_id).filter(|session| session.is_open()) else { return };
        let Some(line) = self.lines.get(&session.line_id) else { return };
        let wait = line.queue_seconds;
        let next = line
            .queue
            .iter()
            .enumerate()
            .filter(|(_, user)| !session.refused_by.contains(user) && !self.paused.contains(user))
            .min_by_key(|(place, user)| (self.load_of(**user), *place))
            .map(|(_, user)| *user);
        let now = self.now();
        if let Some(session) = self.open_session(chat_id) {
            session.asked = next.map(|user| (user, now));
        }
        if wait > 0 && next.is_some() {
            self.note_deadline(now + wait);
        }
    }

    /// Open sessions that the operator leads or is asked to lead.
    fn load_of(&self, user_id: i64) -> usize {
        self.sessions
            .values()
            .filter(|session| session.is_open())
            .filter(|session| {
                session.operator_id == user_id || session.asked.is_some_and(|(asked, _)| asked == user_id)
            })
            .count()
    }

    /// The time of the asked operator is up: the next one is asked, and after the last the first again.
    pub(super) fn ask_another(&mut self, chat_id: i64) {
        if let Some(session) = self.open_session(chat_id)
            && let Some((asked, _)) = session.asked.take()
        {
            session.refused_by.insert(asked);
        }
        self.ask_next(chat_id);
        let nobody = self.open_session(chat_id).is_some_and(|session| session.asked.is_none());
        if nobody {
            if let Some(session) = self.open_session(chat_id) {
                session.refused_by.clear();
            }
            self.ask_next(chat_id);
        }
    }
}
