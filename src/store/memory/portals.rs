//! Portals, pending ones and refreshes.

use std::time::Duration;

use async_trait::async_trait;

use super::{MemoryStore, tables::Tables};
use crate::{
    store::{PendingId, PendingPortal, PortalRecord, Portals, PutPending, StoreError},
    wire::{PortalKey, Timestamp},
};

impl Tables {
    fn generation(&self, key: &PortalKey) -> u64 {
        self.records.get(key).map_or(0, |record| record.generation)
    }

    fn expire_pending(&mut self, max_age: Duration, now: Timestamp) {
        self.pending.retain(|_, pending| pending.received > now.minus(max_age));
    }

    fn forget(&mut self, key: &PortalKey) {
        self.records.remove(key);
        self.refreshing.remove(key);
        // Another application of ours may be on the same portal.
        if !self.records.keys().any(|other| other.member == key.member) {
            self.levels.retain(|(_, member), _| *member != key.member);
        }
        let Some(known) = self.known.remove(key) else { return };
        self.epoch_floor = self.epoch_floor.max(known.epoch + 1);
        let no = known.no;
        let events: Vec<i64> =
            self.events.iter().filter(|(_, row)| row.no == no).map(|(seq, _)| *seq).collect();
        for seq in events {
            self.drop_parked(seq);
            self.waiting.remove(&(no, seq));
            self.thaw(seq);
            self.bodies.remove(&seq);
            self.done.remove(&seq);
            if let Some(row) = self.events.remove(&seq) {
                self.facts.remove(&row.fact);
            }
        }
        let calls: Vec<i64> = self.calls.iter().filter(|(_, row)| row.no == no).map(|(id, _)| *id).collect();
        for id in calls {
            self.calls.remove(&id);
            self.open_calls.remove(&(no, id));
            self.settled.remove(&id);
            self.stuck.remove(&id);
        }
        self.lanes.retain(|(of, _), _| *of != no);
        self.timers.retain(|(of, ..), _| *of != no);
        self.ledger.retain(|(of, ..), _| *of != no);
        self.sessions.retain(|(of, ..), _| *of != no);
    }
}

#[async_trait]
impl Portals for MemoryStore {
    async fn portal(&self, key: &PortalKey) -> Result<Option<PortalRecord>, StoreError> {
        Ok(self.tables().records.get(key).cloned())
    }

    async fn portals(&self) -> Result<Vec<PortalRecord>, StoreError> {
        Ok(self.tables().records.values().cloned().collect())
    }

    async fn put_portal(&self, record: PortalRecord, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let mut tables = self.tables();
        if tables.generation(&record.key) != record.generation {
            return Ok(None);
        }
        let generation = record.generation + 1;
        tables.records.insert(record.key.clone(), PortalRecord { generation, updated: now, ..record });
        Ok(Some(generation))
    }

    async fn forget_portal(&self, key: &PortalKey) -> Result<(), StoreError> {
        self.tables().forget(key);
        Ok(())
    }

    async fn put_pending(
        &self,
        pending: PendingPortal,
        max: u32,
        max_age: Duration,
        now: Timestamp,
    ) -> Result<PutPending, StoreError> {
        let mut tables = self.tables();
        tables.expire_pending(max_age, now);
        if tables.pending.contains_key(&pending.id) {
            return Ok(PutPending::Kept);
        }
        if tables.pending.len() >= max as usize {
            return Ok(PutPending::Full);
        }
        tables.pending.insert(pending.id, pending);
        Ok(PutPending::Kept)
    }

    async fn pending(&self, max_age: Duration, now: Timestamp) -> Result<Vec<PendingPortal>, StoreError> {
        let mut tables = self.tables();
        tables.expire_pending(max_age, now);
        let mut pending: Vec<_> = tables.pending.values().cloned().collect();
        pending.sort_by_key(|pending| (pending.received, pending.id));
        Ok(pending)
    }

    async fn drop_pending(&self, id: PendingId) -> Result<(), StoreError> {
        self.tables().pending.remove(&id);
        Ok(())
    }

    async fn begin_refresh(
        &self,
        key: &PortalKey,
        generation: u64,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if tables.generation(key) != generation {
            return Ok(false);
        }
        if let Some((refreshed, until)) = tables.refreshing.get(key)
            && *refreshed == generation
            && now < *until
        {
            return Ok(false);
        }
        tables.refreshing.insert(key.clone(), (generation, now.plus(ttl)));
        Ok(true)
    }
}
