//! What a person sees and asks for.

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    MemoryStore,
    tables::{OpenCall, Tables},
};
use crate::{
    store::{
        DedupeKey, Fate, Inbox, InboxEntry, InboxItem, InboxRequest, InboxState, OutboxId, Reopened, Seq,
        StoreError, Trace, naming,
    },
    wire::{PortalKey, Timestamp},
};

impl Tables {
    fn event_entry(&self, seq: i64) -> Option<InboxEntry> {
        let row = self.events.get(&seq)?;
        let tries = self.tries.get(&seq);
        let (state, error) = match self.parked.get(&seq) {
            Some(parked) => (InboxState::Parked, parked.error.clone()),
            None if self.waiting.contains(&(row.no, seq)) => {
                (InboxState::Pending, tries.map(|tries| tries.error.clone()).unwrap_or_default())
            }
            None => return None,
        };
        Some(InboxEntry {
            item: InboxItem::Event(Seq(seq)),
            portal: row.event.portal.clone(),
            state,
            what: row.event.code.clone(),
            lane: row.event.lane.as_str().to_owned(),
            since: row.accepted,
            attempts: tries.map_or(0, |tries| tries.attempts),
            error,
            body: self.bodies.get(&seq).cloned().unwrap_or_default(),
        })
    }

    fn call_entry(&self, id: i64) -> Option<InboxEntry> {
        let call = self.calls.get(&id)?;
        let portal = self.known.iter().find(|(_, known)| known.no == call.no)?.0.clone();
        let (state, attempts, error) = match (self.stuck.get(&id), self.open_calls.get(&(call.no, id))) {
            (Some(stuck), _) => (stuck.state, stuck.attempts, stuck.error.clone()),
            (None, Some(open)) => (InboxState::Pending, open.attempts, open.error.clone()),
            (None, None) => return None,
        };
        Some(InboxEntry {
            item: InboxItem::Call(OutboxId(id)),
            portal,
            state,
            what: naming::method_of(&call.row.call),
            lane: call.row.dialog.clone(),
            since: call.created,
            attempts,
            error,
            body: Bytes::copy_from_slice(call.row.call.as_bytes()),
        })
    }

    fn trace(&self, portal: &PortalKey, key: &DedupeKey) -> Option<Trace> {
        let no = self.known.get(portal)?.no;
        let seq = *self.facts.get(&self.is_known(no, key).1)?;
        let accepted = self.events.get(&seq)?.accepted;
        let call = self.done.get(&seq).and_then(|calls| calls.first()).map_or(0, |call| call.0);
        let fate = if self.waiting.contains(&(no, seq)) || self.open_calls.contains_key(&(no, call)) {
            Fate::Open
        } else if let Some(parked) = self.parked.get(&seq) {
            Fate::Stuck(InboxState::Parked, parked.error.clone())
        } else if let Some(stuck) = self.stuck.get(&call) {
            Fate::Stuck(stuck.state, stuck.error.clone())
        } else if let Some((at, Some(_))) = self.settled.get(&call) {
            Fate::Sent(*at)
        } else {
            Fate::Gone
        };
        Some(Trace { accepted, turn: self.turn_id(portal, seq), fate })
    }

    fn retry_event(&mut self, seq: i64) -> Vec<i64> {
        if !self.parked.contains_key(&seq) {
            return Vec::new();
        }
        let members = self.frozen.get(&seq).map_or_else(|| vec![seq], |first| self.members_of(*first));
        let parked: Vec<i64> = members.into_iter().filter(|seq| self.parked.remove(seq).is_some()).collect();
        for seq in &parked {
            self.tries.remove(seq);
            if let Some(row) = self.events.get(seq) {
                self.waiting.insert((row.no, *seq));
            }
        }
        parked
    }

    fn retry_call(&mut self, id: i64) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let was_stuck = self.stuck.remove(&id).is_some();
        if was_stuck {
            self.open_calls.insert((call.no, id), OpenCall::new(None));
        }
        was_stuck
    }

    pub(super) fn drop_stuck(&mut self, id: i64) -> bool {
        let was_stuck = self.stuck.remove(&id).is_some();
        if was_stuck {
            self.calls.remove(&id);
        }
        was_stuck
    }

    fn carry_out(&mut self) -> Reopened {
        let (mut events, mut calls) = (Vec::new(), Vec::new());
        for request in std::mem::take(&mut self.requests) {
            match request {
                InboxRequest::Retry(InboxItem::Event(seq)) => events.extend(self.retry_event(seq.0)),
                InboxRequest::Retry(InboxItem::Call(id)) if self.retry_call(id.0) => calls.push(id.0),
                InboxRequest::Retry(InboxItem::Call(_)) => {}
                InboxRequest::Drop(InboxItem::Event(seq)) => {
                    self.drop_parked(seq.0);
                }
                InboxRequest::Drop(InboxItem::Call(id)) => {
                    self.drop_stuck(id.0);
                }
            }
        }
        events.sort_unstable();
        calls.sort_unstable();
        let event = |seq: &i64| Some((self.events.get(seq)?.event.portal.clone(), self.row(*seq)?));
        let call = |id: &i64| {
            let row = self.open_call(self.calls.get(id)?.no, *id)?;
            Some((self.call_entry(*id)?.portal, row))
        };
        Reopened {
            events: events.iter().filter_map(event).collect(),
            calls: calls.iter().filter_map(call).collect(),
        }
    }
}

#[async_trait]
impl Inbox for MemoryStore {
    async fn inbox(&self, state: Option<InboxState>, limit: u32) -> Result<Vec<InboxEntry>, StoreError> {
        let tables = self.tables();
        let wanted = |entry: &InboxEntry| match state {
            Some(state) => entry.state == state,
            None => entry.state != InboxState::Pending,
        };
        let events = tables.events.keys().filter_map(|seq| tables.event_entry(*seq));
        let calls = tables.calls.keys().filter_map(|id| tables.call_entry(*id));
        let mut entries: Vec<InboxEntry> = events.chain(calls).filter(wanted).collect();
        // Stable: events before calls, each by its place.
        entries.sort_by_key(|entry| entry.since);
        entries.truncate(limit as usize);
        for entry in &mut entries {
            entry.body = Bytes::new();
        }
        Ok(entries)
    }

    async fn inbox_entry(&self, item: InboxItem) -> Result<Option<InboxEntry>, StoreError> {
        let tables = self.tables();
        Ok(match item {
            InboxItem::Event(seq) => tables.event_entry(seq.0),
            InboxItem::Call(id) => tables.call_entry(id.0),
        })
    }

    async fn trace(
        &self,
        portal: &PortalKey,
        keys: Vec<DedupeKey>,
    ) -> Result<Vec<Option<Trace>>, StoreError> {
        let tables = self.tables();
        Ok(keys.iter().map(|key| tables.trace(portal, key)).collect())
    }

    async fn request(&self, request: InboxRequest, _now: Timestamp) -> Result<(), StoreError> {
        self.tables().requests.push(request);
        Ok(())
    }

    async fn carry_out_requests(&self, _now: Timestamp) -> Result<Reopened, StoreError> {
        Ok(self.tables().carry_out())
    }
}
