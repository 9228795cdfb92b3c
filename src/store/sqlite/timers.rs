//! Durable timers.

use rusqlite::params;

use super::{SqliteStore, writer::Tx};
use crate::{
    store::{DueTimer, LaneKey, Lease, StoreError, TimerChange},
    wire::Timestamp,
};

impl Tx<'_> {
    pub(super) fn change_timer(&self, no: i64, lane: &LaneKey, change: &TimerChange) -> rusqlite::Result<()> {
        match change {
            TimerChange::Set { id, at, payload } => self
                .sql(
                    "INSERT INTO timers (portal, lane, id, generation, at, payload) VALUES (?1, ?2, ?3, 1, ?4, ?5)
                     ON CONFLICT (portal, lane, id)
                     DO UPDATE SET generation = generation + 1, at = excluded.at, payload = excluded.payload",
                )?
                .execute(params![no, lane.as_str(), id, at.millis(), &payload[..]])?,
            TimerChange::Cancel { id } => self
                .sql("UPDATE timers SET at = NULL WHERE portal = ?1 AND lane = ?2 AND id = ?3 AND at IS NOT NULL")?
                .execute(params![no, lane.as_str(), id])?,
        };
        Ok(())
    }
}

impl SqliteStore {
    pub(super) async fn due(
        &self,
        lease: &Lease,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<DueTimer>, StoreError> {
        let no = self.check(lease)?;
        self.read(move |conn| {
            conn.prepare_cached(
                "SELECT lane, id, generation, at, payload FROM timers
                 WHERE portal = ?1 AND at <= ?2 AND at IS NOT NULL ORDER BY at, lane, id LIMIT ?3",
            )?
            .query_map([no, now.millis(), i64::from(limit)], |row| {
                Ok(DueTimer {
                    lane: LaneKey::new(row.get::<_, String>(0)?),
                    id: row.get(1)?,
                    generation: row.get::<_, i64>(2)?.cast_unsigned(),
                    at: row.get(3)?,
                    payload: row.get::<_, Vec<u8>>(4)?.into(),
                })
            })?
            .collect()
        })
        .await
    }

    pub(super) async fn next_due(&self, lease: &Lease) -> Result<Option<Timestamp>, StoreError> {
        let no = self.check(lease)?;
        self.read(move |conn| {
            conn.prepare_cached("SELECT min(at) FROM timers WHERE portal = ?1 AND at IS NOT NULL")?
                .query_row([no], |row| row.get(0))
        })
        .await
    }

    pub(super) async fn fired(&self, lease: &Lease, timer: &DueTimer) -> Result<(), StoreError> {
        let (lease, timer) = (lease.clone(), timer.clone());
        self.write(move |tx| {
            let no = tx.check(&lease)?;
            tx.sql(
                "UPDATE timers SET at = NULL
                 WHERE portal = ?1 AND lane = ?2 AND id = ?3 AND generation = ?4 AND at IS NOT NULL",
            )?
            .execute(params![
                no,
                timer.lane.as_str(),
                timer.id,
                timer.generation.cast_signed()
            ])?;
            Ok(())
        })
        .await
    }
}
