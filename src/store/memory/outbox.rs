//! Carrying effects out.

use async_trait::async_trait;

use super::{
    MemoryStore,
    tables::{Stuck, Tables},
};
use crate::{
    store::{
        InboxState, Lease, Outbox, OutboxId, OutboxRow, OutboxState, SendOutcome, SentBefore, StoreError,
    },
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
        let result = match &outcome {
            SendOutcome::Sent(result) => Some(result.clone()),
            _ => None,
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
                self.settled.insert(row.0, (now, result));
            }
            Some((state, error)) => {
                self.stuck.insert(row.0, Stuck { state, attempts, at: now, error });
            }
        }
        Ok(())
    }

    fn sent_before(&self, lease: &Lease, row: OutboxId, limit: u32) -> Result<SentBefore, StoreError> {
        let no = self.check(lease)?;
        let of_portal = |id: &i64| self.calls.get(id).filter(|call| call.no == no);
        let gone = || StoreError::gone(format_args!("call {}", row.0));
        let dialog = &of_portal(&row.0).ok_or_else(gone)?.row.dialog;
        let before: Vec<i64> = self
            .calls
            .range(..row.0)
            .rev()
            .filter(|(_, call)| call.no == no && call.row.dialog == *dialog)
            .map(|(id, _)| *id)
            .collect();
        let is_uncertain =
            |id: &i64| self.stuck.get(id).is_some_and(|stuck| stuck.state == InboxState::Uncertain);
        let result = |id: &i64| self.settled.get(id)?.1.clone();
        Ok(SentBefore {
            uncertain: before.iter().any(is_uncertain),
            results: before.iter().filter_map(result).take(limit as usize).collect(),
        })
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
        let mut tables = self.tables();
        let no = tables.check(lease)?;
        let open = tables.open_calls.range((no, after.0.saturating_add(1))..=(no, i64::MAX));
        let rows: Vec<OutboxRow> =
            open.take(limit as usize).filter_map(|((_, id), _)| tables.open_call(no, *id)).collect();
        for row in &rows {
            if let (OutboxState::Marked, Some(since)) = (row.state, row.first_sent)
                && let Some(open) = tables.open_calls.get_mut(&(no, row.id.0))
            {
                open.state = OutboxState::Sending(since);
            }
        }
        Ok(rows)
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

    async fn note(&self, lease: &Lease, row: OutboxId, note: &str) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let key = (tables.check(lease)?, row.0);
        let gone = || StoreError::gone(format_args!("call {}", row.0));
        tables.open_calls.get_mut(&key).ok_or_else(gone)?.note = Some(note.to_owned());
        Ok(())
    }

    async fn sent_before(&self, lease: &Lease, row: OutboxId, limit: u32) -> Result<SentBefore, StoreError> {
        self.tables().sent_before(lease, row, limit)
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
