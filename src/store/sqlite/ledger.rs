//! The ledger of network messages.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::{SqliteStore, fault::Halt, writer::Tx};
use crate::{
    store::{Lease, Ledger, LedgerEntry, StoreError},
    wire::{PortalKey, Timestamp, UserId},
};

impl Tx<'_> {
    fn enter(&self, lease: &Lease, entry: &LedgerEntry) -> Result<(), Halt> {
        let no = self.check(lease)?;
        self.sql(
            "INSERT INTO network_ledger (portal, line, user, at, state, uuid) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (portal, line, user) DO UPDATE
             SET at = excluded.at, state = excluded.state, uuid = excluded.uuid
             WHERE uuid = excluded.uuid OR at <= excluded.at",
        )?
        .execute(params![
            no,
            entry.line,
            entry.user.get(),
            entry.at.millis(),
            entry.state,
            entry.row.as_bytes(),
        ])?;
        Ok(())
    }

    fn strike(&self, lease: &Lease, line: &str, user: UserId, row: Uuid) -> Result<(), Halt> {
        let no = self.check(lease)?;
        self.sql("DELETE FROM network_ledger WHERE portal = ?1 AND line = ?2 AND user = ?3 AND uuid = ?4")?
            .execute(params![no, line, user.get(), row.as_bytes()])?;
        Ok(())
    }

    pub(super) fn sweep_ledger(&self, until: Timestamp, limit: u64) -> rusqlite::Result<u64> {
        self.delete_old(
            "DELETE FROM network_ledger WHERE (portal, line, user) IN
                 (SELECT portal, line, user FROM network_ledger WHERE at <= ?1 LIMIT ?2)",
            until,
            limit,
        )
    }
}

#[async_trait]
impl Ledger for SqliteStore {
    async fn ledger(
        &self,
        portal: &PortalKey,
        line: &str,
        user: UserId,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let (portal, line) = (portal.clone(), line.to_owned());
        // By name and not by number: who only looks has no numbers in mind.
        self.read(move |conn| {
            conn.prepare_cached(
                "SELECT l.at, l.state, l.uuid FROM portal_numbers n CROSS JOIN network_ledger l ON l.portal = n.no
                 WHERE n.app = ?1 AND n.member = ?2 AND l.line = ?3 AND l.user = ?4",
            )?
            .query_row(params![portal.app.as_str(), portal.member.as_str(), line, user.get()], |row| {
                Ok(LedgerEntry {
                    at: row.get(0)?,
                    state: row.get(1)?,
                    row: Uuid::from_bytes(row.get(2)?),
                    line: line.clone(),
                    user,
                })
            })
            .optional()
        })
        .await
    }

    async fn enter(&self, lease: &Lease, entry: LedgerEntry) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |tx| tx.enter(&lease, &entry)).await
    }

    async fn strike(&self, lease: &Lease, line: &str, user: UserId, row: Uuid) -> Result<(), StoreError> {
        let (lease, line) = (lease.clone(), line.to_owned());
        self.write(move |tx| tx.strike(&lease, &line, user, row)).await
    }
}
