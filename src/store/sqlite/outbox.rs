//! Carrying effects out.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::{SqliteStore, fault::Halt, rows, writer::Tx};
use crate::{
    store::{InboxState, Lease, Outbox, OutboxId, OutboxRow, SendOutcome, SentBefore, StoreError},
    wire::Timestamp,
};

/// Codes of the column `state` of `outbox_stuck`.
pub(super) const UNCERTAIN: i64 = 2;
pub(super) const REJECTED: i64 = 3;

impl Tx<'_> {
    /// Puts a call into the queue, as new or as marked at a moment.
    pub(super) fn open_call(&self, no: i64, id: i64, marked: Option<Timestamp>) -> rusqlite::Result<()> {
        self.sql(
            "INSERT INTO outbox_open (portal, id, sending, attempts, first_sent, error)
             VALUES (?1, ?2, ?3, ?4, ?3, '')",
        )?
        .execute(params![no, id, marked.map(Timestamp::millis), i64::from(marked.is_some())])?;
        Ok(())
    }

    fn mark_sending(&self, lease: &Lease, ids: &[i64], now: Timestamp) -> Result<(), Halt> {
        let no = self.check(lease)?;
        if ids.len() > 1 {
            let mut is_open = self.sql("SELECT 1 FROM outbox_open WHERE portal = ?1 AND id = ?2")?;
            for id in ids {
                if !is_open.exists([no, *id])? {
                    return Err(gone(*id));
                }
            }
        }
        let mut mark = self.sql(
            "UPDATE outbox_open SET sending = ?3, attempts = attempts + 1, first_sent = coalesce(first_sent, ?3),
             retry_at = NULL WHERE portal = ?1 AND id = ?2",
        )?;
        for id in ids {
            // Of several all are there; a single one that is not has changed nothing.
            if mark.execute([no, *id, now.millis()])? == 0 {
                return Err(gone(*id));
            }
        }
        Ok(())
    }

    fn settle(&self, lease: &Lease, id: i64, outcome: &SendOutcome, now: Timestamp) -> Result<(), Halt> {
        let no = self.check(lease)?;
        if let SendOutcome::Retry { at, error, unknown } = outcome {
            let changed = self
                .sql(
                    "UPDATE outbox_open SET sending = CASE WHEN ?5 THEN sending END, retry_at = ?3, error = ?4
                     WHERE portal = ?1 AND id = ?2",
                )?
                .execute(params![no, id, at.millis(), error, unknown])?;
            return if changed == 1 { Ok(()) } else { self.expect_settled(no, id) };
        }
        // Not RETURNING: that costs a table of its own each time, and only what is stuck needs it.
        let attempts = match outcome {
            SendOutcome::Uncertain(_) | SendOutcome::Rejected(_) => self.attempts_of(no, id)?,
            _ => 0,
        };
        if self.sql("DELETE FROM outbox_open WHERE portal = ?1 AND id = ?2")?.execute([no, id])? == 0 {
            return self.expect_settled(no, id);
        }
        let settled = |outcome: &str, note: &str| {
            self.sql("INSERT INTO outbox_settled (id, at, outcome, note) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![id, now.millis(), outcome, note])
        };
        let stuck = |state: i64, error: &str| {
            self.sql("INSERT INTO outbox_stuck (id, at, state, attempts, error) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![id, now.millis(), state, attempts, error])
        };
        match outcome {
            SendOutcome::Sent(result) => settled("sent", result)?,
            SendOutcome::Withheld(reason) => settled("withheld", reason)?,
            SendOutcome::Uncertain(error) => stuck(UNCERTAIN, error)?,
            SendOutcome::Rejected(error) => stuck(REJECTED, error)?,
            SendOutcome::Retry { .. } => 0,
        };
        Ok(())
    }

    fn note(&self, lease: &Lease, id: i64, note: &str) -> Result<(), Halt> {
        let no = self.check(lease)?;
        let changed = self
            .sql("UPDATE outbox_open SET note = ?3 WHERE portal = ?1 AND id = ?2")?
            .execute(params![no, id, note])?;
        if changed == 1 { Ok(()) } else { Err(gone(id)) }
    }

    fn attempts_of(&self, no: i64, id: i64) -> rusqlite::Result<i64> {
        let found = self
            .sql("SELECT attempts FROM outbox_open WHERE portal = ?1 AND id = ?2")?
            .query_row([no, id], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0))
    }

    /// The first final outcome stays; a row that never was is an error.
    fn expect_settled(&self, no: i64, id: i64) -> Result<(), Halt> {
        let is_there = self.sql("SELECT 1 FROM outbox WHERE id = ?1 AND portal = ?2")?.exists([id, no])?;
        if is_there { Ok(()) } else { Err(gone(id)) }
    }

    /// Puts an uncertain or rejected call back; false if it is neither.
    pub(super) fn reopen_call(&self, id: i64) -> rusqlite::Result<bool> {
        if self.sql("DELETE FROM outbox_stuck WHERE id = ?1")?.execute([id])? == 0 {
            return Ok(false);
        }
        let no = self.sql("SELECT portal FROM outbox WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
        self.open_call(no, id, None)?;
        Ok(true)
    }

    /// Gives an uncertain or rejected call up; false if it is neither.
    pub(super) fn drop_stuck(&self, id: i64) -> rusqlite::Result<bool> {
        let was_stuck = self.sql("DELETE FROM outbox_stuck WHERE id = ?1")?.execute([id])? == 1;
        if was_stuck {
            self.sql("DELETE FROM outbox WHERE id = ?1")?.execute([id])?;
            self.keep_counters()?;
        }
        Ok(was_stuck)
    }
}

pub(super) fn stuck_state(code: i64) -> InboxState {
    if code == UNCERTAIN { InboxState::Uncertain } else { InboxState::Rejected }
}

fn sent_before(conn: &Connection, no: i64, id: i64, limit: u32) -> rusqlite::Result<Option<SentBefore>> {
    let dialog: Option<String> = conn
        .prepare_cached("SELECT dialog FROM outbox WHERE id = ?1 AND portal = ?2")?
        .query_row([id, no], |row| row.get(0))
        .optional()?;
    let Some(dialog) = dialog else { return Ok(None) };
    let results = conn
        .prepare_cached(
            "SELECT s.note FROM outbox o CROSS JOIN outbox_settled s ON s.id = o.id
             WHERE o.id < ?1 AND o.portal = ?2 AND o.dialog = ?3 AND s.outcome = 'sent'
             ORDER BY o.id DESC LIMIT ?4",
        )?
        .query_map(params![id, no, dialog, limit], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let uncertain = conn
        .prepare_cached(
            "SELECT 1 FROM outbox_stuck s CROSS JOIN outbox o ON o.id = s.id
             WHERE s.id < ?1 AND s.state = ?4 AND o.portal = ?2 AND o.dialog = ?3",
        )?
        .exists(params![id, no, dialog, UNCERTAIN])?;
    Ok(Some(SentBefore { results, uncertain }))
}

fn gone(id: i64) -> Halt {
    Halt::Refused(StoreError::gone(format_args!("call {id}")))
}

impl SqliteStore {
    /// What becomes of calls is told by the file from now on.
    fn leave_calls_to_the_file(&self, lease: &Lease, ids: &[OutboxId]) -> Result<(), StoreError> {
        let no = self.check(lease)?;
        if let Some(last) = ids.iter().max() {
            self.shared.tails().1.pass(no, last.0);
        }
        Ok(())
    }
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn unsettled(
        &self,
        lease: &Lease,
        after: OutboxId,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let no = self.check(lease)?;
        if let Some(rows) = self.shared.tails().1.take(no, after.0, limit as usize) {
            return Ok(rows);
        }
        self.read(move |conn| {
            conn.prepare_cached(concat!(
                "SELECT ",
                rows::call_columns!(),
                " FROM outbox_open u JOIN outbox o ON o.id = u.id
                 WHERE u.portal = ?1 AND u.id > ?2 ORDER BY u.id LIMIT ?3"
            ))?
            .query_map([no, after.0, i64::from(limit)], rows::call)?
            .collect()
        })
        .await
    }

    async fn mark_sending(&self, lease: &Lease, rows: &[OutboxId], now: Timestamp) -> Result<(), StoreError> {
        self.leave_calls_to_the_file(lease, rows)?;
        let (lease, ids) = (lease.clone(), rows.iter().map(|row| row.0).collect::<Vec<_>>());
        self.write(move |tx| tx.mark_sending(&lease, &ids, now)).await
    }

    async fn note(&self, lease: &Lease, row: OutboxId, note: &str) -> Result<(), StoreError> {
        self.leave_calls_to_the_file(lease, &[row])?;
        let (lease, note) = (lease.clone(), note.to_owned());
        self.write(move |tx| tx.note(&lease, row.0, &note)).await
    }

    async fn sent_before(&self, lease: &Lease, row: OutboxId, limit: u32) -> Result<SentBefore, StoreError> {
        let no = self.check(lease)?;
        let found = self.read(move |conn| sent_before(conn, no, row.0, limit)).await?;
        found.ok_or_else(|| StoreError::gone(format_args!("call {}", row.0)))
    }

    async fn settle(
        &self,
        lease: &Lease,
        row: OutboxId,
        outcome: SendOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.leave_calls_to_the_file(lease, &[row])?;
        let lease = lease.clone();
        self.write_with_others(move |tx| tx.settle(&lease, row.0, &outcome, now)).await
    }

    async fn settle_all(
        &self,
        lease: &Lease,
        rows: Vec<(OutboxId, SendOutcome)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let lease = lease.clone();
        let settle = move |tx: &mut Tx<'_>| {
            rows.iter().try_for_each(|(row, outcome)| tx.settle(&lease, row.0, outcome, now))
        };
        self.write_with_others(settle).await
    }
}
