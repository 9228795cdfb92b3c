//! The commit of a turn.

use super::tables::{Call, OpenCall, Tables};
use crate::{
    store::{Committed, LaneState, Lease, OutboxId, StoreError, TurnCommit},
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
        let key = (no, lane);
        if let Some(change) = &change
            && change.expected != self.lanes.get(&key).map_or(0, |lane| lane.revision)
        {
            return Ok(Committed::Conflict);
        }

        for seq in members {
            self.waiting.remove(&(no, seq));
            self.thaw(seq);
        }
        for timer in timers {
            self.change_timer(no, &key.1, timer);
        }
        if let Some(change) = change {
            let state = LaneState { revision: change.expected + 1, ..change.state };
            self.lanes.insert(key, state);
        }
        let mut ids = Vec::with_capacity(outbox.len());
        for row in outbox {
            let id = self.next_call;
            self.next_call += 1;
            self.calls.insert(id, Call { no, row, created: now });
            self.open_calls.insert((no, id), OpenCall::new());
            ids.push(OutboxId(id));
        }
        self.done.insert(first, ids.clone());
        Ok(Committed::Done(ids))
    }
}
