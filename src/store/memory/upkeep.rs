//! Retention.

use std::time::Duration;

use async_trait::async_trait;

use super::{MemoryStore, tables::Tables};
use crate::{
    store::{Retention, StoreError, Swept, Upkeep},
    wire::Timestamp,
};

impl Tables {
    fn is_open(&self, no: i64, seq: i64) -> bool {
        self.waiting.contains(&(no, seq)) || self.parked.contains_key(&seq)
    }

    /// Done events accepted until `until` that `has` what is to be removed, lowest first.
    fn done_until(&self, until: Timestamp, limit: u32, has: impl Fn(i64) -> bool) -> Vec<i64> {
        self.events
            .iter()
            .take_while(|(_, row)| row.accepted <= until)
            .filter(|(seq, row)| has(**seq) && !self.is_open(row.no, **seq))
            .map(|(seq, _)| *seq)
            .take(limit as usize)
            .collect()
    }

    fn sweep(&mut self, retention: &Retention, limit: u32, now: Timestamp) -> Swept {
        let until = |span: Duration| now.minus(span);
        let mut swept = Swept::default();

        let parked_until = until(retention.parked);
        let parked: Vec<i64> =
            self.parked.iter().filter(|(_, row)| row.at <= parked_until).map(|(seq, _)| *seq).collect();
        let stuck: Vec<i64> =
            self.stuck.iter().filter(|(_, row)| row.at <= parked_until).map(|(id, _)| *id).collect();
        for seq in parked.into_iter().take(limit as usize) {
            swept.parked += u64::from(self.drop_parked(seq));
        }
        for id in stuck.into_iter().take((u64::from(limit) - swept.parked) as usize) {
            swept.parked += u64::from(self.drop_stuck(id));
        }

        // A body never outlives its key.
        let bodies = retention.bodies.min(retention.keys);
        for seq in self.done_until(until(bodies), limit, |seq| self.bodies.contains_key(&seq)) {
            self.bodies.remove(&seq);
            swept.bodies += 1;
        }
        for seq in self.done_until(until(retention.keys), limit, |_| true) {
            self.done.remove(&seq);
            if let Some(row) = self.events.remove(&seq) {
                self.facts.remove(&row.fact);
                swept.keys += 1;
            }
        }

        let sent_until = until(retention.sent);
        let sent: Vec<i64> = self
            .calls
            .iter()
            .take_while(|(_, call)| call.created <= sent_until)
            .filter(|(id, _)| self.settled.get(id).is_some_and(|(at, _)| *at <= sent_until))
            .map(|(id, _)| *id)
            .take(limit as usize)
            .collect();
        for id in sent {
            self.calls.remove(&id);
            self.settled.remove(&id);
            swept.sent += 1;
        }

        let ledger_until = until(retention.ledger);
        let old = self.ledger.iter().filter(|(_, entry)| entry.at <= ledger_until);
        let old: Vec<_> = old.map(|(key, _)| key.clone()).take(limit as usize).collect();
        for key in old {
            self.ledger.remove(&key);
            swept.ledger += 1;
        }

        let sessions_until = until(retention.sessions);
        let old = self.sessions.iter().filter(|(_, session)| session.seen <= sessions_until);
        let old: Vec<_> = old.map(|(key, _)| *key).take(limit as usize).collect();
        for key in old {
            self.sessions.remove(&key);
            swept.sessions += 1;
        }
        swept
    }
}

#[async_trait]
impl Upkeep for MemoryStore {
    async fn sweep(&self, retention: &Retention, limit: u32, now: Timestamp) -> Result<Swept, StoreError> {
        Ok(self.tables().sweep(retention, limit, now))
    }

    async fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn identity(&self) -> [u8; 16] {
        self.identity
    }
}
