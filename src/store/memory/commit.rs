//! How a turn ends: its commit, or that it is parked.

use super::tables::{Call, OpenCall, Parked, Tables};
use crate::{
    store::{
        Committed, LaneChange, LaneKey, LaneState, Lease, OutboxId, Parking, StoreError, TimerChange,
        TurnCommit,
    },
    wire::Timestamp,
};

impl Tables {
    pub(super) fn commit(
        &mut self,
        lease: &Lease,
        commit: TurnCommit,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let no = self.check(lease)?;
        let TurnCommit { turn, lane, consumed, change, outbox, timers } = commit;
        let mut consumed: Vec<i64> = consumed.into_iter().map(|seq| seq.0).collect();
        consumed.sort_unstable();

        let done = consumed
            .iter()
            .filter(|first| self.turn_id(&lease.portal, **first) == turn)
            .find_map(|first| self.done.get(first));
        if let Some(ids) = done {
            return Ok(Committed::Done(ids.clone()));
        }
        let first = self.turn_of(no, &lease.portal, turn)?;
        let mut members = self.members_of(first);
        members.sort_unstable();
        if members != consumed {
            return Err(StoreError::gone(format_args!("turn {turn} with the members given")));
        }
        if self.is_stale(no, &lane, change.as_ref()) {
            return Ok(Committed::Conflict);
        }

        for seq in members {
            self.waiting.remove(&(no, seq));
            self.thaw(seq);
        }
        self.change_lane(no, lane, change, timers);
        let mut ids = Vec::with_capacity(outbox.len());
        for row in outbox {
            let id = self.next_call;
            self.next_call += 1;
            self.open_calls.insert((no, id), OpenCall::new(row.marked.then_some(now)));
            self.calls.insert(id, Call { no, row, created: now });
            ids.push(OutboxId(id));
        }
        self.done.insert(first, ids.clone());
        Ok(Committed::Done(ids))
    }

    pub(super) fn park(
        &mut self,
        lease: &Lease,
        parking: Parking,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let no = self.check(lease)?;
        let Parking { turn, lane, error, change, timers } = parking;
        let first = self.turn_of(no, &lease.portal, turn)?;
        if self.is_stale(no, &lane, change.as_ref()) {
            return Ok(Committed::Conflict);
        }
        let members = self.members_of(first);
        self.freeze(first, &members);
        for seq in members {
            self.count_try(seq, &error, None);
            self.waiting.remove(&(no, seq));
            self.parked.insert(seq, Parked { at: now, error: error.clone() });
        }
        self.change_lane(no, lane, change, timers);
        Ok(Committed::Done(Vec::new()))
    }

    pub(super) fn count_try(&mut self, seq: i64, error: &str, retry_at: Option<Timestamp>) {
        let tries = self.tries.entry(seq).or_default();
        tries.attempts = tries.attempts.saturating_add(1);
        tries.error = error.to_owned();
        tries.retry_at = retry_at;
    }

    /// Whether the lane is no longer as it was read for this change.
    fn is_stale(&self, no: i64, lane: &LaneKey, change: Option<&LaneChange>) -> bool {
        let revision = || self.lanes.get(&(no, lane.clone())).map_or(0, |lane| lane.revision);
        change.is_some_and(|change| change.expected != revision())
    }

    fn change_lane(&mut self, no: i64, lane: LaneKey, change: Option<LaneChange>, timers: Vec<TimerChange>) {
        for timer in timers {
            self.change_timer(no, &lane, timer);
        }
        if let Some(change) = change {
            let state = LaneState { revision: change.expected + 1, ..change.state };
            self.lanes.insert((no, lane), state);
        }
    }
}
