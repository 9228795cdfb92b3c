//! Leases, loading, starting turns, steps and failures.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    fault::Halt,
    known::{Change, Portal},
    rows,
    writer::Tx,
};
use crate::{
    store::{
        Committed, DueTimer, JournalRow, LaneKey, LaneState, Lease, NodeId, Parking, Seq, StepValue,
        StoreError, StoreErrorKind, Turn, TurnCommit, TurnId, Work, naming,
    },
    wire::{PortalKey, Timestamp},
};

impl Tx<'_> {
    fn acquire(&mut self, key: &PortalKey, node: &NodeId) -> rusqlite::Result<Lease> {
        let Portal { no, epoch } = self.portal(key)?;
        let epoch = epoch + 1;
        self.sql("UPDATE portal_numbers SET epoch = ?2, node = ?3 WHERE no = ?1")?.execute(params![
            no,
            epoch.cast_signed(),
            node.as_str()
        ])?;
        self.change(Change::Portal(key.clone(), Portal { no, epoch }));
        Ok(Lease { portal: key.clone(), epoch })
    }

    fn start_turn(&mut self, lease: &Lease, seqs: &[i64]) -> Result<Turn, Halt> {
        let no = self.check(lease)?;
        let mut frozen = None;
        for seq in seqs {
            frozen = frozen.or(self.frozen_into(*seq)?);
        }
        let (first, members) = match (frozen, seqs) {
            (Some(first), _) => (first, self.members(first)?),
            (None, [first, ..]) => (*first, seqs.to_vec()),
            (None, []) => return Err(StoreError::gone("a turn without members").into()),
        };
        for seq in &members {
            if !self.is_waiting(no, *seq)? {
                return Err(StoreError::gone(format_args!("event {seq}")).into());
            }
        }
        if frozen.is_none() && members.len() > 1 {
            let lane = self.lane_of(first)?;
            for seq in &members {
                if self.lane_of(*seq)? != lane {
                    let text = "the events of a turn are not of one lane";
                    return Err(StoreError::new(StoreErrorKind::Gone, text).into());
                }
            }
            self.freeze(first, &members)?;
        }
        Ok(Turn {
            id: self.turn_id(&lease.portal, first),
            attempts: self.attempts(members[0])?,
            steps: self.steps(first)?,
            seqs: members.into_iter().map(Seq).collect(),
        })
    }

    fn attempts(&self, seq: i64) -> rusqlite::Result<u32> {
        let found = self
            .sql("SELECT attempts FROM tries WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0))
    }

    fn steps(&self, first: i64) -> rusqlite::Result<BTreeMap<String, StepValue>> {
        self.sql("SELECT name, value FROM steps WHERE turn = ?1")?
            .query_map([first], |row| Ok((row.get(0)?, Bytes::from(row.get::<_, Vec<u8>>(1)?))))?
            .collect()
    }

    /// An open turn, frozen on disk from now on.
    fn frozen_turn(
        &mut self,
        lease: &Lease,
        turn: TurnId,
        started: Option<i64>,
    ) -> Result<(i64, Vec<i64>), Halt> {
        let no = self.check(lease)?;
        let (first, members) = self.open_turn(no, &lease.portal, turn, started)?;
        self.freeze_once(first, &members)?;
        Ok((first, members))
    }

    fn put_step(
        &mut self,
        lease: &Lease,
        (turn, started): (TurnId, Option<i64>),
        name: &str,
        value: StepValue,
    ) -> Result<StepValue, Halt> {
        let (first, _) = self.frozen_turn(lease, turn, started)?;
        let inserted = self
            .sql("INSERT OR IGNORE INTO steps (turn, name, value) VALUES (?1, ?2, ?3)")?
            .execute(params![first, name, &value[..]])?;
        if inserted == 1 {
            return Ok(value);
        }
        let stored: Vec<u8> = self
            .sql("SELECT value FROM steps WHERE turn = ?1 AND name = ?2")?
            .query_row(params![first, name], |row| row.get(0))?;
        Ok(stored.into())
    }

    fn fail(
        &mut self,
        lease: &Lease,
        (turn, started): (TurnId, Option<i64>),
        error: &str,
        retry_at: Timestamp,
    ) -> Result<(), Halt> {
        let (_, members) = self.frozen_turn(lease, turn, started)?;
        for seq in members {
            self.count_try(seq, error, Some(retry_at))?;
        }
        Ok(())
    }
}

impl SqliteStore {
    /// The turn with its first member, if this process has started it under this portal.
    fn started(&self, lease: &Lease, turn: TurnId) -> (TurnId, Option<i64>) {
        let of_portal = self.shared.known().portal(&lease.portal).map(|portal| portal.no);
        let started = self.shared.started().get(&turn).copied();
        (turn, started.filter(|(no, _)| Some(*no) == of_portal).map(|(_, first)| first))
    }

    /// Turns change events, so what is told of them is told by the file from now on.
    fn leave_events_to_the_file(&self, lease: &Lease, seqs: &[Seq]) -> Result<(), StoreError> {
        let no = self.check(lease)?;
        if let Some(last) = seqs.iter().max() {
            self.shared.tails().0.pass(no, last.0);
        }
        Ok(())
    }

    /// The common turn, one event with no history, costs no thread a wake.
    fn start_single(&self, lease: &Lease, seqs: &[Seq]) -> Result<Option<Turn>, StoreError> {
        let [only] = seqs else { return Ok(None) };
        let no = {
            let known = self.shared.known();
            let no = known.check(lease)?;
            if known.is_marked(only.0) {
                return Ok(None);
            }
            no
        };
        let id = naming::turn_id(&self.identity, &lease.portal, *only);
        self.shared.started().insert(id, (no, only.0));
        Ok(Some(Turn { id, seqs: vec![*only], attempts: 0, steps: BTreeMap::new() }))
    }
}

#[async_trait]
impl Work for SqliteStore {
    async fn acquire(
        &self,
        portals: &[PortalKey],
        node: &NodeId,
        _now: Timestamp,
    ) -> Result<Vec<Lease>, StoreError> {
        let (portals, node) = (portals.to_vec(), node.clone());
        self.write(move |tx| {
            let leases: rusqlite::Result<_> = portals.iter().map(|key| tx.acquire(key, &node)).collect();
            leases.map_err(Halt::from)
        })
        .await
    }

    async fn load(&self, lease: &Lease, after: Seq, limit: u32) -> Result<Vec<JournalRow>, StoreError> {
        let no = self.check(lease)?;
        if let Some(rows) = self.shared.tails().0.take(no, after.0, limit as usize) {
            return Ok(rows);
        }
        self.read(move |conn| {
            let events: Vec<_> = conn
                .prepare_cached(concat!(
                    "SELECT ",
                    rows::event_columns!(),
                    " FROM waiting w
                     JOIN events e ON e.seq = w.seq
                     LEFT JOIN bodies b ON b.seq = w.seq
                     LEFT JOIN tries t ON t.seq = w.seq
                     LEFT JOIN frozen f ON f.seq = w.seq
                     WHERE w.portal = ?1 AND w.seq > ?2 ORDER BY w.seq LIMIT ?3"
                ))?
                .query_map([no, after.0, i64::from(limit)], rows::event)?
                .collect::<rusqlite::Result<_>>()?;
            rows::with_members(conn, events)
        })
        .await
    }

    async fn lane(&self, lease: &Lease, lane: &LaneKey) -> Result<LaneState, StoreError> {
        self.lane_state(lease, lane).await
    }

    async fn start_turn(&self, lease: &Lease, seqs: &[Seq], _now: Timestamp) -> Result<Turn, StoreError> {
        self.leave_events_to_the_file(lease, seqs)?;
        if let Some(turn) = self.start_single(lease, seqs)? {
            return Ok(turn);
        }
        let seqs: Vec<i64> = seqs.iter().map(|seq| seq.0).collect();
        let lease = lease.clone();
        self.write(move |tx| tx.start_turn(&lease, &seqs)).await
    }

    async fn put_step(
        &self,
        lease: &Lease,
        turn: TurnId,
        name: &str,
        value: StepValue,
    ) -> Result<StepValue, StoreError> {
        let (turn, lease, name) = (self.started(lease, turn), lease.clone(), name.to_owned());
        self.write(move |tx| tx.put_step(&lease, turn, &name, value)).await
    }

    async fn commit(
        &self,
        lease: &Lease,
        commit: TurnCommit,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        self.leave_events_to_the_file(lease, &commit.consumed)?;
        let ((turn, started), lease) = (self.started(lease, commit.turn), lease.clone());
        let committed = self.write(move |tx| tx.commit(&lease, commit, started, now)).await?;
        if matches!(committed, Committed::Done(_)) {
            self.shared.started().remove(&turn);
        }
        Ok(committed)
    }

    async fn fail(
        &self,
        lease: &Lease,
        turn: TurnId,
        error: &str,
        retry_at: Timestamp,
    ) -> Result<(), StoreError> {
        let (started, lease, error) = (self.started(lease, turn), lease.clone(), error.to_owned());
        self.write(move |tx| tx.fail(&lease, started, &error, retry_at)).await?;
        self.shared.started().remove(&turn);
        Ok(())
    }

    async fn park(&self, lease: &Lease, parking: Parking, now: Timestamp) -> Result<Committed, StoreError> {
        let ((turn, started), lease) = (self.started(lease, parking.turn), lease.clone());
        let parked = self.write(move |tx| tx.park(&lease, parking, started, now)).await?;
        if matches!(parked, Committed::Done(_)) {
            self.shared.started().remove(&turn);
        }
        Ok(parked)
    }

    async fn due_timers(
        &self,
        lease: &Lease,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<DueTimer>, StoreError> {
        self.due(lease, limit, now).await
    }

    async fn next_timer(&self, lease: &Lease) -> Result<Option<Timestamp>, StoreError> {
        self.next_due(lease).await
    }

    async fn timer_fired(&self, lease: &Lease, timer: &DueTimer) -> Result<(), StoreError> {
        self.fired(lease, timer).await
    }
}
