//! The little CRM that open lines know: deals, and the chats bound to them.

use std::collections::{BTreeMap, BTreeSet};

use super::take;

/// Entities and who may not read them.
#[derive(Default)]
pub(crate) struct Crm {
    /// Chats by entity type (upper case) and id.
    pub(crate) entities: BTreeMap<(String, i64), Vec<i64>>,
    /// Deals by chat.
    by_chat: BTreeMap<i64, i64>,
    /// Users who may read no entity.
    pub(crate) blind: BTreeSet<i64>,
    /// The deal that waits for its first chat.
    waiting: Option<i64>,
}

impl Crm {
    pub(crate) fn add_deal(&mut self, id: i64) {
        self.entities.insert(("DEAL".to_owned(), id), Vec::new());
        self.waiting = Some(id);
    }

    /// Binds the waiting deal, or a new one, to the chat.
    pub(crate) fn bind_deal(&mut self, chat_id: i64, counter: &mut i64) {
        let deal = self.waiting.take().unwrap_or_else(|| take(counter));
        self.entities.entry(("DEAL".to_owned(), deal)).or_default().push(chat_id);
        self.by_chat.insert(chat_id, deal);
    }

    pub(crate) fn deal_of(&self, chat_id: i64) -> Option<i64> {
        self.by_chat.get(&chat_id).copied()
    }

    pub(crate) fn chats(&self, kind: &str, id: i64) -> Option<&[i64]> {
        self.entities.get(&(kind.to_ascii_uppercase(), id)).map(Vec::as_slice)
    }
}
