//! Carrying effects out.

use async_trait::async_trait;

use super::{
    MemoryStore,
    tables::{Stuck, Tables},
};
use crate::{
    store::{InboxState, Lease, Outbox, OutboxId, OutboxRow, OutboxState, SendOutcome, StoreError},
    wire::Timestamp,
};

impl Tables {
    fn settle(
        &mut self,
        lease: &Lease,
        row: OutboxId,
        outcome: SendOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let no = self.check(lease)?;
        let key = (no, row.0);
        let Some(open) = self.open_calls.get_mut(&key) else {
            let of_portal = self.calls.get(&row.0).is_some_and(|call| call.no == no);
            return if of_portal { Ok(()) } else { Err(StoreError::gone(format_args!("call {}", row.0))) };
        };
        let stuck = match outcome {
            SendOutcome::Retry { at, error, unknown } => {
                if !unknown {
                    open.state = OutboxState::Queued;
                }
                (open.retry_at, open.error) = (Some(at), error);
                return Ok(());
            }
            SendOutcome::Sent(_) | SendOutcome::Withheld(_) => None,
            SendOutcome::Rejected(error) => Some((InboxState::Rejected, error)),
            SendOutcome::Uncertain(error) => Some((InboxState::Uncertain, error)),
        };
        let attempts = open.attempts;
        self.open_calls.remove(&key);
        match stuck {
            None => {
                self.settled.insert(row.0, now);
            }
            Some((state, error)) => {
                self.stuck.insert(row.0, Stuck { state, attempts, at: now, error });
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn unsettled(
        &self,
        lease: &Lease,
        after: OutboxId,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let tables = self.tables();
        let no = tables.check(lease)?;
        let open = tables.open_calls.range((no, after.0.saturating_add(1))..=(no, i64::MAX));
        Ok(open.take(limit as usize).filter_map(|((_, id), _)| tables.open_call(no, *id)).collect())
    }

    async fn mark_sending(&self, lease: &Lease, rows: &[OutboxId], now: Timestamp) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let no = tables.check(lease)?;
        if let Some(row) = rows.iter().find(|row| !tables.open_calls.contains_key(&(no, row.0))) {
            return Err(StoreError::gone(format_args!("call {}", row.0)));
        }
        for row in rows {
            let Some(open) = tables.open_calls.get_mut(&(no, row.0)) else { continue };
            open.state = OutboxState::Sending(now);
            open.attempts = open.attempts.saturating_add(1);
            open.first_sent = open.first_sent.or(Some(now));
            open.retry_at = None;
        }
        Ok(())
    }

    async fn settle(
        &self,
        lease: &Lease,
        row: OutboxId,
        outcome: SendOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.tables().settle(lease, row, outcome, now)
    }
}
