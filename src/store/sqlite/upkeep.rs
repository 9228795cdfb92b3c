//! Retention: what is old goes, in key order, in pieces.

use async_trait::async_trait;
use rusqlite::params;

use super::{SqliteStore, fault::Halt, writer::Tx};
use crate::{
    store::{Retention, StoreError, Swept, Upkeep},
    wire::Timestamp,
};

/// A done event: number and key.
type DoneEvent = (i64, (i64, i64, i64, i64, Vec<u8>));

impl Tx<'_> {
    fn is_parked(&self, seq: i64) -> rusqlite::Result<bool> {
        self.sql("SELECT 1 FROM parked WHERE seq = ?1")?.exists([seq])
    }

    /// Done events accepted until `until`, lowest first; `sql` gives the rows to look at, in that order.
    fn done_until(&self, sql: &str, until: Timestamp, limit: u64) -> rusqlite::Result<Vec<DoneEvent>> {
        let mut done = Vec::new();
        let mut statement = self.sql(sql)?;
        let mut rows = statement.query([])?;
        while (done.len() as u64) < limit
            && let Some(row) = rows.next()?
        {
            let (seq, accepted): (i64, Timestamp) = (row.get(0)?, row.get(1)?);
            if accepted > until {
                break;
            }
            let no = row.get(2)?;
            if self.is_waiting(no, seq)? || self.is_parked(seq)? {
                continue;
            }
            done.push((seq, (no, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?)));
        }
        Ok(done)
    }

    fn old(&self, sql: &str, until: Timestamp, limit: u64) -> rusqlite::Result<Vec<i64>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.sql(sql)?.query_map([until.millis(), limit], |row| row.get(0))?.collect()
    }

    /// Runs a deletion of at most `limit` rows, its second parameter, that are as old as `until`, its first.
    pub(super) fn delete_old(&self, sql: &str, until: Timestamp, limit: u64) -> rusqlite::Result<u64> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.sql(sql)?.execute([until.millis(), limit])? as u64)
    }

    fn sweep_parked(&mut self, until: Timestamp, limit: u64) -> rusqlite::Result<u64> {
        let events = self.old("SELECT seq FROM parked WHERE at <= ?1 ORDER BY seq LIMIT ?2", until, limit)?;
        let left = limit.saturating_sub(events.len() as u64);
        let calls =
            self.old("SELECT id FROM outbox_stuck WHERE at <= ?1 ORDER BY id LIMIT ?2", until, left)?;
        for seq in &events {
            self.drop_parked(*seq)?;
        }
        for id in &calls {
            self.drop_stuck(*id)?;
        }
        Ok((events.len() + calls.len()) as u64)
    }

    fn sweep_bodies(&self, until: Timestamp, limit: u64) -> rusqlite::Result<u64> {
        let done = self.done_until(
            "SELECT e.seq, e.accepted, e.portal, e.bot, e.class, e.ordinal, e.digest
             FROM bodies b CROSS JOIN events e ON e.seq = b.seq ORDER BY b.seq",
            until,
            limit,
        )?;
        for (seq, _) in &done {
            self.sql("DELETE FROM bodies WHERE seq = ?1")?.execute([seq])?;
        }
        Ok(done.len() as u64)
    }

    fn sweep_keys(&self, until: Timestamp, limit: u64) -> rusqlite::Result<u64> {
        let done = self.done_until(
            "SELECT seq, accepted, portal, bot, class, ordinal, digest FROM events ORDER BY seq",
            until,
            limit,
        )?;
        for (seq, (no, bot, class, ordinal, digest)) in &done {
            self.sql("DELETE FROM facts WHERE portal = ?1 AND bot = ?2 AND class = ?3 AND ordinal = ?4 AND digest = ?5")?
                .execute(params![no, bot, class, ordinal, digest])?;
            self.sql("DELETE FROM turns WHERE seq = ?1")?.execute([seq])?;
            self.sql("DELETE FROM events WHERE seq = ?1")?.execute([seq])?;
        }
        Ok(done.len() as u64)
    }

    fn sweep_sent(&self, until: Timestamp, limit: u64) -> rusqlite::Result<u64> {
        let mut sent = Vec::new();
        let mut statement =
            self.sql("SELECT s.id, s.at, o.created FROM outbox_settled s CROSS JOIN outbox o ON o.id = s.id ORDER BY s.id")?;
        let mut rows = statement.query([])?;
        while (sent.len() as u64) < limit
            && let Some(row) = rows.next()?
        {
            let (id, at, created): (i64, Timestamp, Timestamp) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if created > until {
                break;
            }
            // Settled late: the next ones may be older.
            if at <= until {
                sent.push(id);
            }
        }
        for id in &sent {
            self.sql("DELETE FROM outbox_settled WHERE id = ?1")?.execute([id])?;
            self.sql("DELETE FROM outbox WHERE id = ?1")?.execute([id])?;
        }
        Ok(sent.len() as u64)
    }

    fn sweep(&mut self, retention: &Retention, limit: u32, now: Timestamp) -> rusqlite::Result<Swept> {
        let limit = u64::from(limit);
        let swept = Swept {
            parked: self.sweep_parked(now.minus(retention.parked), limit)?,
            // A body never outlives its key.
            bodies: self.sweep_bodies(now.minus(retention.bodies.min(retention.keys)), limit)?,
            keys: self.sweep_keys(now.minus(retention.keys), limit)?,
            sent: self.sweep_sent(now.minus(retention.sent), limit)?,
            ledger: self.sweep_ledger(now.minus(retention.ledger), limit)?,
            sessions: self.sweep_sessions(now.minus(retention.sessions), limit)?,
        };
        if swept.keys > 0 || swept.sent > 0 {
            self.keep_counters()?;
        }
        Ok(swept)
    }
}

#[async_trait]
impl Upkeep for SqliteStore {
    async fn sweep(&self, retention: &Retention, limit: u32, now: Timestamp) -> Result<Swept, StoreError> {
        let retention = *retention;
        self.write(move |tx| tx.sweep(&retention, limit, now).map_err(Halt::from)).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            // Not the same twice: what does not change is not written.
            tx.sql("INSERT OR REPLACE INTO meta (name, value) VALUES ('probe', randomblob(8))")?
                .execute([])?;
            Ok(())
        })
        .await
    }

    fn identity(&self) -> [u8; 16] {
        self.identity
    }
}
