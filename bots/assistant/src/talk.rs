//! What was said in a session so far, as it is kept with the dialog.
//!
//! **Trap:** a session's end is not told on every portal, so a talk belongs to the session that its messages name.

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

/// Lines that are remembered, and characters of each.
const LINES: usize = 12;
const LONGEST: usize = 500;

/// What was said in a session, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// In private chats the day.
    session: i64,
    /// Whether the client said it, and what.
    pub(crate) lines: Vec<(bool, String)>,
    pub(crate) tokens: u32,
    /// Questions without an answer, one after the other.
    pub(crate) misses: u32,
}

impl DialogState for Talk {
    const VERSION: u32 = 1;

    fn fallback() -> Self {
        Self { session: 0, lines: Vec::new(), tokens: 0, misses: 0 }
    }
}

impl Talk {
    /// The talk that a message belongs to.
    pub(crate) fn of(cx: &Context, message: &Message) -> Self {
        let named = message.chat.session.as_ref().map(|session| session.id.get()).filter(|id| *id > 0);
        let session = named.unwrap_or_else(|| today(cx));
        let talk: Self = cx.state();
        if talk.session == session { talk } else { Self { session, ..Self::fallback() } }
    }

    /// Remembers what was said.
    pub(crate) fn add(&mut self, by_client: bool, text: &str) {
        self.lines.push((by_client, text.chars().take(LONGEST).collect()));
        let surplus = self.lines.len().saturating_sub(LINES);
        self.lines.drain(..surplus);
    }
}

/// The day by its number.
pub(crate) fn today(cx: &Context) -> i64 {
    cx.now().seconds().div_euclid(86_400)
}
