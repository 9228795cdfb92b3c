//! Open sessions.

use async_trait::async_trait;
use rusqlite::params;

use super::{SqliteStore, fault::Halt, writer::Tx};
use crate::{
    store::{LaneKey, OpenSession, SessionChange, Sessions, StoreError},
    wire::{BotId, ChatId, PortalKey, Timestamp},
};

impl Tx<'_> {
    fn note_session(&mut self, portal: &PortalKey, change: &SessionChange) -> rusqlite::Result<()> {
        let no = self.portal(portal)?.no;
        match change {
            SessionChange::Open(session) => {
                self.sql(
                    "INSERT INTO line_sessions (portal, chat, bot, address, lane, message, seen)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (portal, chat, bot) DO UPDATE
                     SET address = excluded.address, lane = excluded.lane, seen = max(seen, excluded.seen)",
                )?
                .execute(params![
                    no,
                    session.chat.get(),
                    session.bot.get(),
                    session.address,
                    session.lane.as_str(),
                    session.last_message,
                    session.seen.millis(),
                ])?;
            }
            SessionChange::Over(chat) => {
                self.sql("DELETE FROM line_sessions WHERE portal = ?1 AND chat = ?2")?
                    .execute([no, chat.get()])?;
            }
        }
        Ok(())
    }

    fn open_sessions(&self, portal: &PortalKey, since: Timestamp) -> rusqlite::Result<Vec<OpenSession>> {
        let Some(portal) = self.known.portal(portal) else { return Ok(Vec::new()) };
        let mut sessions: Vec<OpenSession> = self
            .sql(
                "SELECT s.chat, s.bot, s.address, s.lane, max(s.message, coalesce(l.last_message, 0)), s.seen
                 FROM line_sessions s LEFT JOIN lanes l ON l.portal = s.portal AND l.lane = s.lane
                 WHERE s.portal = ?1 AND s.seen > ?2 ORDER BY s.seen DESC, s.chat, s.bot",
            )?
            .query_map([portal.no, since.millis()], |row| {
                Ok(OpenSession {
                    chat: ChatId::new(row.get(0)?),
                    bot: BotId::new(row.get(1)?),
                    address: row.get(2)?,
                    lane: LaneKey::new(row.get::<_, String>(3)?),
                    last_message: row.get(4)?,
                    seen: row.get(5)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        for session in &mut sessions {
            if let Some(fresh) = self.known.lanes.get(&(portal.no, session.lane.clone())) {
                session.last_message = session.last_message.max(fresh.state.last_message);
            }
        }
        Ok(sessions)
    }

    pub(super) fn sweep_sessions(&self, until: Timestamp, limit: u64) -> rusqlite::Result<u64> {
        self.delete_old(
            "DELETE FROM line_sessions WHERE (portal, chat, bot) IN
                 (SELECT portal, chat, bot FROM line_sessions WHERE seen <= ?1 LIMIT ?2)",
            until,
            limit,
        )
    }
}

#[async_trait]
impl Sessions for SqliteStore {
    async fn note_sessions(&self, portal: &PortalKey, changes: Vec<SessionChange>) -> Result<(), StoreError> {
        let portal = portal.clone();
        self.write(move |tx| {
            changes.iter().try_for_each(|change| tx.note_session(&portal, change)).map_err(Halt::from)
        })
        .await
    }

    async fn open_sessions(
        &self,
        portal: &PortalKey,
        since: Timestamp,
    ) -> Result<Vec<OpenSession>, StoreError> {
        let portal = portal.clone();
        // On the writing thread: only there the table of lanes and what is logged of them are of one moment.
        self.write(move |tx| tx.open_sessions(&portal, since).map_err(Halt::from)).await
    }
}
