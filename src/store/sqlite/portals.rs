//! Portals, pending ones and refreshes.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{OpenMode, SqliteStore, fault::Halt, rows, writer::Tx};
use crate::{
    store::{PendingId, PendingPortal, PortalRecord, Portals, PutPending, StoreError},
    wire::{PortalKey, Timestamp},
};

fn record(row: &Row<'_>) -> rusqlite::Result<PortalRecord> {
    Ok(PortalRecord {
        key: rows::portal_key(row, 0)?,
        generation: row.get::<_, i64>(2)?.cast_unsigned(),
        status: row.get(3)?,
        domain: row.get(4)?,
        sealed: row.get::<_, Vec<u8>>(5)?.into(),
        updated: row.get(6)?,
    })
}

fn young_pending(
    conn: &Connection,
    max_age: Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<PendingPortal>> {
    conn.prepare_cached(
        "SELECT id, sealed, received FROM pending_portals WHERE received > ?1 ORDER BY received, id",
    )?
    .query_map([now.minus(max_age).millis()], |row| {
        Ok(PendingPortal {
            id: PendingId(row.get(0)?),
            sealed: row.get::<_, Vec<u8>>(1)?.into(),
            received: row.get(2)?,
        })
    })?
    .collect()
}

impl Tx<'_> {
    fn generation(&self, key: &PortalKey) -> rusqlite::Result<u64> {
        let found: Option<i64> = self
            .sql("SELECT generation FROM portals WHERE app = ?1 AND member = ?2")?
            .query_row([key.app.as_str(), key.member.as_str()], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0).cast_unsigned())
    }

    fn put_portal(&self, record: &PortalRecord, now: Timestamp) -> rusqlite::Result<Option<u64>> {
        if self.generation(&record.key)? != record.generation {
            return Ok(None);
        }
        let generation = record.generation + 1;
        self.sql(
            "INSERT OR REPLACE INTO portals (app, member, generation, status, domain, sealed, updated)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            record.key.app.as_str(),
            record.key.member.as_str(),
            generation.cast_signed(),
            record.status,
            record.domain,
            &record.sealed[..],
            now.millis(),
        ])?;
        Ok(Some(generation))
    }

    fn expire_pending(&self, max_age: Duration, now: Timestamp) -> rusqlite::Result<()> {
        self.sql("DELETE FROM pending_portals WHERE received <= ?1")?
            .execute([now.minus(max_age).millis()])?;
        Ok(())
    }

    fn put_pending(
        &self,
        pending: &PendingPortal,
        max: u32,
        max_age: Duration,
        now: Timestamp,
    ) -> rusqlite::Result<PutPending> {
        self.expire_pending(max_age, now)?;
        let id = pending.id.0.as_slice();
        if self.sql("SELECT 1 FROM pending_portals WHERE id = ?1")?.exists([id])? {
            return Ok(PutPending::Kept);
        }
        let waiting: i64 =
            self.sql("SELECT count(*) FROM pending_portals")?.query_row([], |row| row.get(0))?;
        if waiting >= i64::from(max) {
            return Ok(PutPending::Full);
        }
        self.sql("INSERT INTO pending_portals (id, sealed, received) VALUES (?1, ?2, ?3)")?
            .execute(params![id, &pending.sealed[..], pending.received.millis()])?;
        Ok(PutPending::Kept)
    }

    fn begin_refresh(
        &self,
        key: &PortalKey,
        generation: u64,
        ttl: Duration,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        if self.generation(key)? != generation {
            return Ok(false);
        }
        let (app, member, generation) = (key.app.as_str(), key.member.as_str(), generation.cast_signed());
        let is_refreshing = self
            .sql(
                "SELECT 1 FROM refreshing WHERE app = ?1 AND member = ?2 AND generation = ?3 AND until > ?4",
            )?
            .exists(params![app, member, generation, now.millis()])?;
        if is_refreshing {
            return Ok(false);
        }
        self.sql("DELETE FROM refreshing WHERE until <= ?1")?.execute([now.millis()])?;
        self.sql(
            "INSERT OR REPLACE INTO refreshing (app, member, generation, until) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![app, member, generation, now.plus(ttl).millis()])?;
        Ok(true)
    }
}

#[async_trait]
impl Portals for SqliteStore {
    async fn portal(&self, key: &PortalKey) -> Result<Option<PortalRecord>, StoreError> {
        let key = key.clone();
        self.read(move |conn| {
            conn.prepare_cached(
                "SELECT app, member, generation, status, domain, sealed, updated FROM portals
                 WHERE app = ?1 AND member = ?2",
            )?
            .query_row([key.app.as_str(), key.member.as_str()], record)
            .optional()
        })
        .await
    }

    async fn portals(&self) -> Result<Vec<PortalRecord>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT app, member, generation, status, domain, sealed, updated FROM portals ORDER BY app, member",
            )?
            .query_map([], record)?
            .collect()
        })
        .await
    }

    async fn put_portal(&self, record: PortalRecord, now: Timestamp) -> Result<Option<u64>, StoreError> {
        self.write(move |tx| tx.put_portal(&record, now).map_err(Halt::from)).await
    }

    async fn forget_portal(&self, key: &PortalKey) -> Result<(), StoreError> {
        self.forget(key).await
    }

    async fn put_pending(
        &self,
        pending: PendingPortal,
        max: u32,
        max_age: Duration,
        now: Timestamp,
    ) -> Result<PutPending, StoreError> {
        self.write(move |tx| tx.put_pending(&pending, max, max_age, now).map_err(Halt::from)).await
    }

    async fn pending(&self, max_age: Duration, now: Timestamp) -> Result<Vec<PendingPortal>, StoreError> {
        if self.mode == OpenMode::Inspect {
            return self.read(move |conn| young_pending(conn, max_age, now)).await;
        }
        self.write(move |tx| {
            tx.expire_pending(max_age, now)?;
            Ok(young_pending(tx.conn, max_age, now)?)
        })
        .await
    }

    async fn drop_pending(&self, id: PendingId) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.sql("DELETE FROM pending_portals WHERE id = ?1")?.execute([id.0.as_slice()])?;
            Ok(())
        })
        .await
    }

    async fn begin_refresh(
        &self,
        key: &PortalKey,
        generation: u64,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = key.clone();
        self.write(move |tx| tx.begin_refresh(&key, generation, ttl, now).map_err(Halt::from)).await
    }
}
