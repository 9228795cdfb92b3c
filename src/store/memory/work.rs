//! Leases, turns, steps, failures and timers.

use async_trait::async_trait;

use super::{
    MemoryStore,
    tables::{Tables, Timer},
};
use crate::{
    store::{
        Committed, DueTimer, JournalRow, LaneKey, LaneState, Lease, NodeId, Parking, Seq, StepValue,
        StoreError, StoreErrorKind, TimerChange, Turn, TurnCommit, TurnId, Work,
    },
    wire::{PortalKey, Timestamp},
};

impl Tables {
    fn turn(&self, portal: &PortalKey, first: i64, members: &[i64]) -> Turn {
        Turn {
            id: self.turn_id(portal, first),
            seqs: members.iter().copied().map(Seq).collect(),
            attempts: self.tries.get(&members[0]).map_or(0, |tries| tries.attempts),
            steps: self.steps.get(&first).cloned().unwrap_or_default(),
        }
    }

    fn start_turn(&mut self, lease: &Lease, seqs: &[Seq]) -> Result<Turn, StoreError> {
        let no = self.check(lease)?;
        let frozen = seqs.iter().find_map(|seq| self.frozen.get(&seq.0).copied());
        let (first, members) = match (frozen, seqs) {
            (Some(first), _) => (first, self.members_of(first)),
            (None, [only]) if !self.parked.contains_key(&only.0) => {
                return Ok(self.turn(&lease.portal, only.0, &[only.0]));
            }
            (None, [first, ..]) => (first.0, seqs.iter().map(|seq| seq.0).collect()),
            (None, []) => return Err(StoreError::gone("a turn without members")),
        };
        if let Some(seq) = members.iter().find(|seq| !self.waiting.contains(&(no, **seq))) {
            return Err(StoreError::gone(format_args!("event {seq}")));
        }
        if frozen.is_none() {
            let lane = |seq: &i64| self.events.get(seq).map(|row| &row.event.lane);
            if members.iter().any(|seq| lane(seq) != lane(&first)) {
                return Err(StoreError::new(
                    StoreErrorKind::Gone,
                    "the events of a turn are not of one lane",
                ));
            }
            self.freeze(first, &members);
        }
        Ok(self.turn(&lease.portal, first, &members))
    }

    fn put_step(
        &mut self,
        lease: &Lease,
        turn: TurnId,
        name: &str,
        value: StepValue,
    ) -> Result<StepValue, StoreError> {
        let no = self.check(lease)?;
        let first = self.turn_of(no, &lease.portal, turn)?;
        let members = self.members_of(first);
        self.freeze(first, &members);
        let steps = self.steps.entry(first).or_default();
        Ok(steps.entry(name.to_owned()).or_insert(value).clone())
    }

    fn fail(
        &mut self,
        lease: &Lease,
        turn: TurnId,
        error: &str,
        retry_at: Timestamp,
    ) -> Result<(), StoreError> {
        let no = self.check(lease)?;
        let first = self.turn_of(no, &lease.portal, turn)?;
        let members = self.members_of(first);
        self.freeze(first, &members);
        for seq in members {
            self.count_try(seq, error, Some(retry_at));
        }
        Ok(())
    }

    pub(super) fn change_timer(&mut self, no: i64, lane: &LaneKey, change: TimerChange) {
        match change {
            TimerChange::Set { id, at, payload } => {
                let timer = self.timers.entry((no, lane.clone(), id)).or_insert(Timer {
                    generation: 0,
                    at: None,
                    payload: payload.clone(),
                });
                timer.generation += 1;
                (timer.at, timer.payload) = (Some(at), payload);
            }
            TimerChange::Cancel { id } => {
                if let Some(timer) = self.timers.get_mut(&(no, lane.clone(), id)) {
                    timer.at = None;
                }
            }
        }
    }

    fn armed(&self, no: i64) -> impl Iterator<Item = (&LaneKey, &String, &Timer, Timestamp)> {
        let from = (no, LaneKey::new(""), String::new());
        self.timers
            .range(from..)
            .take_while(move |((of, ..), _)| *of == no)
            .filter_map(|((_, lane, id), timer)| Some((lane, id, timer, timer.at?)))
    }

    fn due_timers(&self, no: i64, limit: u32, now: Timestamp) -> Vec<DueTimer> {
        let mut due: Vec<DueTimer> = self
            .armed(no)
            .filter(|(.., at)| *at <= now)
            .map(|(lane, id, timer, at)| DueTimer {
                lane: lane.clone(),
                id: id.clone(),
                generation: timer.generation,
                at,
                payload: timer.payload.clone(),
            })
            .collect();
        due.sort_by_key(|timer| timer.at);
        due.truncate(limit as usize);
        due
    }
}

#[async_trait]
impl Work for MemoryStore {
    async fn acquire(
        &self,
        portals: &[PortalKey],
        _node: &NodeId,
        _now: Timestamp,
    ) -> Result<Vec<Lease>, StoreError> {
        let mut tables = self.tables();
        let lease = |portal: &PortalKey| {
            let known = tables.known(portal);
            known.epoch += 1;
            Lease { portal: portal.clone(), epoch: known.epoch }
        };
        Ok(portals.iter().map(lease).collect())
    }

    async fn load(&self, lease: &Lease, after: Seq, limit: u32) -> Result<Vec<JournalRow>, StoreError> {
        let tables = self.tables();
        let no = tables.check(lease)?;
        let from = (no, after.0.saturating_add(1));
        let of_portal = tables.waiting.range(from..).take_while(|(of, _)| *of == no);
        Ok(of_portal.take(limit as usize).filter_map(|(_, seq)| tables.row(*seq)).collect())
    }

    async fn lane(&self, lease: &Lease, lane: &LaneKey) -> Result<LaneState, StoreError> {
        let tables = self.tables();
        let no = tables.check(lease)?;
        Ok(tables.lanes.get(&(no, lane.clone())).cloned().unwrap_or_default())
    }

    async fn start_turn(&self, lease: &Lease, seqs: &[Seq], _now: Timestamp) -> Result<Turn, StoreError> {
        self.tables().start_turn(lease, seqs)
    }

    async fn put_step(
        &self,
        lease: &Lease,
        turn: TurnId,
        name: &str,
        value: StepValue,
    ) -> Result<StepValue, StoreError> {
        self.tables().put_step(lease, turn, name, value)
    }

    async fn commit(
        &self,
        lease: &Lease,
        commit: TurnCommit,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let Some(watch) = &self.watch else { return self.tables().commit(lease, commit, now) };
        let committed = self.tables().commit(lease, commit.clone(), now)?;
        if let Committed::Done(_) = committed {
            watch(&commit.lane, commit.change.as_ref(), &commit.timers);
        }
        Ok(committed)
    }

    async fn park(&self, lease: &Lease, parking: Parking, now: Timestamp) -> Result<Committed, StoreError> {
        let Some(watch) = &self.watch else { return self.tables().park(lease, parking, now) };
        let parked = self.tables().park(lease, parking.clone(), now)?;
        if let Committed::Done(_) = parked {
            watch(&parking.lane, parking.change.as_ref(), &parking.timers);
        }
        Ok(parked)
    }

    async fn fail(
        &self,
        lease: &Lease,
        turn: TurnId,
        error: &str,
        retry_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.tables().fail(lease, turn, error, retry_at)
    }

    async fn due_timers(
        &self,
        lease: &Lease,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<DueTimer>, StoreError> {
        let tables = self.tables();
        let no = tables.check(lease)?;
        Ok(tables.due_timers(no, limit, now))
    }

    async fn next_timer(&self, lease: &Lease) -> Result<Option<Timestamp>, StoreError> {
        let tables = self.tables();
        let no = tables.check(lease)?;
        Ok(tables.armed(no).map(|(.., at)| at).min())
    }

    async fn timer_fired(&self, lease: &Lease, timer: &DueTimer) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let no = tables.check(lease)?;
        if let Some(armed) = tables.timers.get_mut(&(no, timer.lane.clone(), timer.id.clone()))
            && armed.generation == timer.generation
        {
            armed.at = None;
        }
        Ok(())
    }
}
