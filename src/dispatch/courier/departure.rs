//! The moment before a call of the outbox leaves: may each of its rows still go, and are they marked on disk?

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{fence, letter::Letter, post::Post};
use crate::{
    dispatch::ownership::{May, Passing, UnderWay, held_back, not_known},
    rest::{Call, CallError, CallErrorKind, Departure},
    store::{OutboxId, OutboxRow, OutboxState, StoreError},
    wire::Timestamp,
};

/// A row in a call that is about to leave.
#[derive(Debug, Clone)]
pub(super) struct Passenger {
    pub(super) row: OutboxId,
    /// Whether its commit marked it.
    pub(super) marked: bool,
    /// Who would hear it, if that is a client.
    pub(super) passing: Option<Passing>,
}

impl Passenger {
    pub(super) fn of(letter: &Letter) -> Self {
        let to = letter.call.as_ref().ok().and_then(|call| call.to);
        Self::new(&letter.row, to.map(|to| fence::passing(&letter.row, to)))
    }

    pub(super) fn new(row: &OutboxRow, passing: Option<Passing>) -> Self {
        Self { row: row.id, marked: row.state == OutboxState::Marked, passing }
    }
}

impl Post {
    /// Whether a row may still go to the client. Asked whenever its call is about to leave, also again after a refusal by
    /// the rate limit.
    async fn may_go(&self, passenger: &Passenger) -> May {
        #[cfg(test)]
        if self.withhold.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&passenger.row) {
            return May::Never { operator: None };
        }
        match &passenger.passing {
            Some(passing) => self.fence.may_go(passing).await,
            None => May::Go,
        }
    }
}

/// Keeps a call here if one of its rows must not go; else marks them as being sent, durably: only then may it leave.
pub(super) struct Gangway {
    post: Arc<Post>,
    passengers: Vec<Passenger>,
    /// Their sessions are asked for together.
    _under_way: Vec<UnderWay>,
    left: Mutex<Left>,
}

/// What is known of a call's departure.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// When it left for the first time.
    pub(super) since: Option<Timestamp>,
    /// Rows that may not go, and why: nothing left then.
    pub(super) withheld: Vec<(OutboxId, String)>,
    /// Rows that may not go yet, and why: nothing left then.
    pub(super) delayed: Vec<(OutboxId, CallError)>,
    /// That they are being sent could not be written down: nothing left then.
    pub(super) failed: Option<StoreError>,
}

impl Left {
    /// The row is as the store has it marked now.
    pub(super) fn mark(&self, row: &mut OutboxRow) {
        if row.state != OutboxState::Marked {
            row.attempts = row.attempts.saturating_add(1);
        }
        if let Some(since) = self.since {
            row.state = OutboxState::Sending(since);
            row.first_sent.get_or_insert(since);
            row.retry_at = None;
        }
    }
}

impl Gangway {
    pub(super) fn new(post: &Arc<Post>, passengers: Vec<Passenger>) -> Arc<Self> {
        let under_way = |passing: &Passing| {
            let lane = post.fence.lane_of(passing)?;
            Some(post.fence.sessions().under_way(&lane, passing.chat))
        };
        let under_way = passengers.iter().filter_map(|one| under_way(one.passing.as_ref()?)).collect();
        Arc::new(Self { post: post.clone(), passengers, _under_way: under_way, left: Mutex::default() })
    }

    /// What is known now; nothing after that.
    pub(super) fn take(&self) -> Left {
        std::mem::take(&mut self.left())
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn check(&self, call: &Call) -> Result<(), CallError> {
        let (mut withheld, mut delayed) = (Vec::new(), Vec::new());
        for passenger in &self.passengers {
            match self.post.may_go(passenger).await {
                May::Go => {}
                May::Never { operator } => withheld.push((passenger.row, held_back(operator))),
                May::NotYet(why) => delayed.push((passenger.row, not_known(call, &why))),
            }
        }
        let kept = match (withheld.first(), delayed.first()) {
            (None, None) => return Ok(()),
            (Some((_, why)), _) => {
                CallError::new(CallErrorKind::Withheld, call.method.clone()).describe(why.clone())
            }
            (None, Some((_, error))) => error.clone(),
        };
        let mut left = self.left();
        (left.withheld, left.delayed) = (withheld, delayed);
        Err(kept)
    }
}

#[async_trait]
impl Departure for Gangway {
    async fn leaving(&self, call: &Call) -> Result<(), CallError> {
        self.check(call).await?;
        if self.left().since.is_some() {
            return Ok(());
        }
        let now = self.post.now();
        let rows: Vec<OutboxId> =
            self.passengers.iter().filter(|one| !one.marked).map(|passenger| passenger.row).collect();
        if rows.is_empty() {
            self.left().since = Some(now);
            return Ok(());
        }
        if let Err(error) = self.post.services.store.mark_sending(&self.post.lease, &rows, now).await {
            self.left().failed = Some(error);
            return Err(CallError::new(CallErrorKind::Withheld, call.method.clone())
                .describe("that it is being sent could not be written down"));
        }
        self.left().since = Some(now);
        // Writing takes a while, and this is the last moment.
        self.check(call).await
    }
}
