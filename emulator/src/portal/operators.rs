//! What operators do besides writing: clicks, which no bot hears.

use super::{LineSettings, Operator};
use crate::portal::Client;
use crate::world::World;
use crate::world::sessions::status;

/// Where an operator's transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferTo {
    /// To a colleague by user id, who leads at once.
    Operator(i64),
    /// To the queue of a line by its id.
    Line(i64),
}

impl From<&Operator> for TransferTo {
    fn from(operator: &Operator) -> Self {
        Self::Operator(operator.user_id())
    }
}

impl From<&LineSettings> for TransferTo {
    fn from(line: &LineSettings) -> Self {
        Self::Line(line.id())
    }
}

impl Operator {
    /// Does something to the open session of the client, or fails the test.
    fn click(&self, client: &Client, what: &str, click: impl FnOnce(&mut World, i64) -> bool) {
        let chat_id = client.chat_id();
        if !self.portal.shared.hit(|world| click(world, chat_id)) {
            self.portal
                .fail(&format!("chat {chat_id} has no open session to {what}, or the target is wrong"));
        }
    }

    /// Takes the client's session by the "Answer" button, as `imopenlines.operator.answer` does; no bot hears it.
    ///
    /// # Panics
    ///
    /// When the client has no open session.
    pub async fn answers(&self, client: &Client) {
        self.click(client, "answer", |world, chat_id| world.take_over(chat_id, self.user_id));
    }

    /// Refuses the client's session; the queue asks the next operator.
    ///
    /// # Panics
    ///
    /// When the client has no open session.
    pub async fn skips(&self, client: &Client) {
        self.click(client, "skip", |world, chat_id| world.refuse(chat_id, self.user_id));
    }

    /// Marks the client's session as spam, which closes it.
    ///
    /// # Panics
    ///
    /// When the client has no open session.
    pub async fn marks_spam(&self, client: &Client) {
        self.click(client, "mark as spam", |world, chat_id| {
            world.close_session(chat_id, status::SPAM, self.user_id)
        });
    }

    /// Closes the client's session as a duplicate of another one.
    ///
    /// # Panics
    ///
    /// When the client has no open session.
    pub async fn marks_duplicate(&self, client: &Client) {
        self.click(client, "mark as duplicate", |world, chat_id| {
            world.close_session(chat_id, status::DUPLICATE, self.user_id)
        });
    }

    /// Closes the client's session without a word in the chat.
    ///
    /// # Panics
    ///
    /// When the client has no open session.
    pub async fn closes_silently(&self, client: &Client) {
        self.click(client, "close", |world, chat_id| {
            world.close_session(chat_id, status::SILENTLY_CLOSED, self.user_id)
        });
    }

    /// Moves the client's session to a colleague or to the queue of a line.
    ///
    /// # Panics
    ///
    /// When the client has no open session, or there is no such line.
    pub async fn transfers(&self, client: &Client, to: impl Into<TransferTo>) {
        let to = to.into();
        self.click(client, "transfer", |world, chat_id| match to {
            TransferTo::Operator(user_id) => world.operator_transfers(chat_id, self.user_id, user_id),
            TransferTo::Line(line_id) => world.transfer_to_line(chat_id, line_id, self.user_id),
        });
    }

    /// Turns the silent mode of the client's chat on or off: in it nothing leaves the portal.
    pub async fn silences(&self, client: &Client, on: bool) {
        let chat_id = client.chat_id();
        self.portal.shared.hit(|world| {
            if let Some(chat) = world.chats.get_mut(&chat_id) {
                chat.silent = on;
            }
        });
    }

    /// Pins the client's session to its operator, or unpins it.
    ///
    /// # Panics
    ///
    /// When the client has no open session.
    pub async fn pins(&self, client: &Client, on: bool) {
        self.click(client, "pin", |world, chat_id| {
            world.open_session(chat_id).map(|session| session.pinned = on).is_some()
        });
    }

    /// Takes a break, or comes back from it: in a break no queue asks this operator.
    pub async fn pauses(&self, on: bool) {
        self.portal.shared.hit(|world| {
            if on {
                world.paused.insert(self.user_id);
            } else {
                world.paused.remove(&self.user_id);
            }
        });
    }
}
