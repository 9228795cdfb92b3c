//! Open sessions.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    store::{OpenSession, SessionChange, Sessions, StoreError},
    wire::{PortalKey, Timestamp},
};

#[async_trait]
impl Sessions for MemoryStore {
    async fn note_sessions(&self, portal: &PortalKey, changes: Vec<SessionChange>) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let no = tables.known(portal).no;
        for change in changes {
            match change {
                SessionChange::Open(mut session) => {
                    let key = (no, session.chat, session.bot);
                    if let Some(known) = tables.sessions.get(&key) {
                        session.last_message = known.last_message;
                        session.seen = known.seen.max(session.seen);
                    }
                    tables.sessions.insert(key, session);
                }
                SessionChange::Over(chat) => tables.sessions.retain(|key, _| (key.0, key.1) != (no, chat)),
            }
        }
        Ok(())
    }

    async fn open_sessions(
        &self,
        portal: &PortalKey,
        since: Timestamp,
    ) -> Result<Vec<OpenSession>, StoreError> {
        let tables = self.tables();
        let Some(no) = tables.known.get(portal).map(|known| known.no) else { return Ok(Vec::new()) };
        let of_portal = tables.sessions.iter().filter(|(key, session)| key.0 == no && session.seen > since);
        let mut sessions: Vec<OpenSession> = of_portal
            .map(|(_, session)| {
                let state = tables.lanes.get(&(no, session.lane.clone()));
                let handled = state.map_or(0, |state| state.last_message);
                OpenSession { last_message: session.last_message.max(handled), ..session.clone() }
            })
            .collect();
        sessions.sort_by_key(|session| Reverse(session.seen));
        Ok(sessions)
    }
}
