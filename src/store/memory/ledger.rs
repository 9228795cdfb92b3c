//! The ledger of network messages.

use async_trait::async_trait;
use uuid::Uuid;

use super::MemoryStore;
use crate::{
    store::{Lease, Ledger, LedgerEntry, StoreError},
    wire::{PortalKey, UserId},
};

#[async_trait]
impl Ledger for MemoryStore {
    async fn ledger(
        &self,
        portal: &PortalKey,
        line: &str,
        user: UserId,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let tables = self.tables();
        let Some(known) = tables.known.get(portal) else { return Ok(None) };
        Ok(tables.ledger.get(&(known.no, line.to_owned(), user)).cloned())
    }

    async fn enter(&self, lease: &Lease, entry: LedgerEntry) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let key = (tables.check(lease)?, entry.line.clone(), entry.user);
        let younger = |last: &LedgerEntry| last.row != entry.row && last.at > entry.at;
        if !tables.ledger.get(&key).is_some_and(younger) {
            tables.ledger.insert(key, entry);
        }
        Ok(())
    }

    async fn strike(&self, lease: &Lease, line: &str, user: UserId, row: Uuid) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let key = (tables.check(lease)?, line.to_owned(), user);
        if tables.ledger.get(&key).is_some_and(|entry| entry.row == row) {
            tables.ledger.remove(&key);
        }
        Ok(())
    }
}
