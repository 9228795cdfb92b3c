//! How a turn ends: its commit, or that it is parked.

use rusqlite::{OptionalExtension, params};

use super::{fault::Halt, known::Change, writer::Tx};
use crate::{
    store::{
        Committed, LaneChange, LaneKey, Lease, NewOutboxRow, OutboxId, OutboxRow, OutboxState, Parking,
        StoreError, TimerChange, TurnCommit, TurnId,
    },
    wire::Timestamp,
};

impl Tx<'_> {
    pub(super) fn commit(
        &mut self,
        lease: &Lease,
        commit: TurnCommit,
        started: Option<i64>,
        now: Timestamp,
    ) -> Result<Committed, Halt> {
        let no = self.check(lease)?;
        let TurnCommit { turn, lane, consumed, change, outbox, timers } = commit;
        let mut consumed: Vec<i64> = consumed.into_iter().map(|seq| seq.0).collect();
        consumed.sort_unstable();

        let is_first = |first: &i64| started == Some(*first) || self.turn_id(&lease.portal, *first) == turn;
        let named = consumed.iter().copied().find(is_first);
        let first = match (named, consumed.as_slice()) {
            (Some(first), [_]) if !self.known.is_marked(first) => {
                // The common turn: whether it is open is told by the removal below, before anything is written.
                if self.is_stale(no, &lane, change.as_ref())? {
                    if let Some(ids) = self.done(first)? {
                        return Ok(Committed::Done(ids));
                    }
                    if self.is_waiting(no, first)? {
                        return Ok(Committed::Conflict);
                    }
                    return Err(gone(turn));
                }
                if !self.delete_waiting(no, first)? {
                    return self.done(first)?.map(Committed::Done).ok_or_else(|| gone(turn));
                }
                first
            }
            _ => {
                if let Some(first) = named
                    && let Some(ids) = self.done(first)?
                {
                    return Ok(Committed::Done(ids));
                }
                let (first, mut members) = self.open_turn(no, &lease.portal, turn, started)?;
                members.sort_unstable();
                if members != consumed {
                    return Err(gone(turn));
                }
                if self.is_stale(no, &lane, change.as_ref())? {
                    return Ok(Committed::Conflict);
                }
                for seq in members {
                    self.delete_waiting(no, seq)?;
                    self.thaw(seq)?;
                }
                first
            }
        };

        self.change_lane(no, lane, change, &timers)?;
        let ids = self.enqueue(no, &outbox, now)?;
        let first_call = ids.first().map_or(0, |id| id.0);
        self.sql("INSERT INTO turns (seq, first_call, calls) VALUES (?1, ?2, ?3)")?.execute(params![
            first,
            first_call,
            i64::try_from(ids.len()).unwrap_or(i64::MAX)
        ])?;
        Ok(Committed::Done(ids))
    }

    pub(super) fn park(
        &mut self,
        lease: &Lease,
        parking: Parking,
        started: Option<i64>,
        now: Timestamp,
    ) -> Result<Committed, Halt> {
        let no = self.check(lease)?;
        let Parking { turn, lane, error, change, timers } = parking;
        let (first, members) = self.open_turn(no, &lease.portal, turn, started)?;
        if self.is_stale(no, &lane, change.as_ref())? {
            return Ok(Committed::Conflict);
        }
        self.freeze_once(first, &members)?;
        for seq in members {
            self.count_try(seq, &error, None)?;
            self.delete_waiting(no, seq)?;
            self.sql("INSERT INTO parked (seq, at, error) VALUES (?1, ?2, ?3)")?.execute(params![
                seq,
                now.millis(),
                error
            ])?;
        }
        self.change_lane(no, lane, change, &timers)?;
        Ok(Committed::Done(Vec::new()))
    }

    pub(super) fn count_try(
        &self,
        seq: i64,
        error: &str,
        retry_at: Option<Timestamp>,
    ) -> rusqlite::Result<()> {
        self.sql(
            "INSERT INTO tries (seq, attempts, retry_at, error) VALUES (?1, 1, ?2, ?3) ON CONFLICT (seq)
             DO UPDATE SET attempts = attempts + 1, retry_at = excluded.retry_at, error = excluded.error",
        )?
        .execute(params![seq, retry_at.map(Timestamp::millis), error])?;
        Ok(())
    }

    /// Whether the lane is no longer as it was read for this change.
    fn is_stale(&self, no: i64, lane: &LaneKey, change: Option<&LaneChange>) -> rusqlite::Result<bool> {
        change.map_or(Ok(false), |change| Ok(self.revision(no, lane)? != change.expected))
    }

    fn change_lane(
        &mut self,
        no: i64,
        lane: LaneKey,
        change: Option<LaneChange>,
        timers: &[TimerChange],
    ) -> rusqlite::Result<()> {
        for timer in timers {
            self.change_timer(no, &lane, timer)?;
        }
        change.map_or(Ok(()), |change| self.put_lane(no, lane, change))
    }

    /// The ids a done turn was given.
    fn done(&self, first: i64) -> rusqlite::Result<Option<Vec<OutboxId>>> {
        self.sql("SELECT first_call, calls FROM turns WHERE seq = ?1")?
            .query_row([first], |row| {
                let (first_call, calls): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok((0..calls).map(|place| OutboxId(first_call + place)).collect())
            })
            .optional()
    }

    fn delete_waiting(&self, no: i64, seq: i64) -> rusqlite::Result<bool> {
        Ok(self.sql("DELETE FROM waiting WHERE portal = ?1 AND seq = ?2")?.execute([no, seq])? == 1)
    }

    fn enqueue(&mut self, no: i64, rows: &[NewOutboxRow], now: Timestamp) -> rusqlite::Result<Vec<OutboxId>> {
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            let id = self.known.next_call;
            self.change(Change::NextCall(id + 1));
            self.sql("INSERT INTO outbox (id, portal, dialog, priority, call, uuid, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                .execute(params![
                    id,
                    no,
                    row.dialog,
                    row.priority,
                    row.call,
                    row.uuid.as_bytes(),
                    now.millis(),
                ])?;
            self.open_call(no, id, row.marked.then_some(now))?;
            let id = OutboxId(id);
            self.change(Change::ToCall(no, Box::new(call(id, row, now))));
            ids.push(id);
        }
        Ok(ids)
    }
}

/// The call as it is loaded.
fn call(id: OutboxId, row: &NewOutboxRow, created: Timestamp) -> OutboxRow {
    OutboxRow {
        id,
        dialog: row.dialog.clone(),
        priority: row.priority,
        call: row.call.clone(),
        uuid: row.uuid,
        state: if row.marked { OutboxState::Marked } else { OutboxState::Queued },
        attempts: u32::from(row.marked),
        first_sent: row.marked.then_some(created),
        retry_at: None,
        created,
        note: None,
    }
}

fn gone(turn: TurnId) -> Halt {
    Halt::Refused(StoreError::gone(format_args!("turn {turn}")))
}
