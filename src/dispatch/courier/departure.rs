//! The moment before a call of the outbox leaves: may each of its rows still go, and are they marked on disk?

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::post::Post;
use crate::{
    rest::{Call, CallError, CallErrorKind, Departure},
    store::{OutboxId, OutboxRow, OutboxState, StoreError},
    wire::Timestamp,
};

/// A row in a call that is about to leave.
#[derive(Debug, Clone)]
pub(super) struct Passenger {
    pub(super) row: OutboxId,
}

impl Passenger {
    pub(super) fn of(row: &OutboxRow) -> Self {
        Self { row: row.id }
    }
}

impl Post {
    /// Whether a row may still go to the client; if not, why. Asked whenever its call is about to leave, also again
    /// after a refusal by the rate limit.
    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "what it will ask is part of the post"))]
    fn may_go(&self, passenger: &Passenger) -> Result<(), String> {
        #[cfg(test)]
        if let Some(why) = self.withhold.lock().unwrap_or_else(PoisonError::into_inner).get(&passenger.row) {
            return Err(why.clone());
        }
        let _ = passenger;
        Ok(())
    }
}

/// Keeps a call here if one of its rows must not go; else marks them as being sent, durably: only then may it leave.
pub(super) struct Gangway {
    post: Arc<Post>,
    passengers: Vec<Passenger>,
    left: Mutex<Left>,
}

/// What is known of a call's departure.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// When it left for the first time.
    pub(super) since: Option<Timestamp>,
    /// Rows that may not go, and why: nothing left then.
    pub(super) withheld: Vec<(OutboxId, String)>,
    /// That they are being sent could not be written down: nothing left then.
    pub(super) failed: Option<StoreError>,
}

impl Left {
    /// The row is as the store has it marked now.
    pub(super) fn mark(&self, row: &mut OutboxRow) {
        row.attempts = row.attempts.saturating_add(1);
        if let Some(since) = self.since {
            row.state = OutboxState::Sending(since);
            row.first_sent.get_or_insert(since);
            row.retry_at = None;
        }
    }
}

impl Gangway {
    pub(super) fn new(post: &Arc<Post>, passengers: Vec<Passenger>) -> Arc<Self> {
        Arc::new(Self { post: post.clone(), passengers, left: Mutex::default() })
    }

    /// What is known now; nothing after that.
    pub(super) fn take(&self) -> Left {
        std::mem::take(&mut self.left())
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, call: &Call) -> Result<(), CallError> {
        let may_not = |passenger: &Passenger| Some((passenger.row, self.post.may_go(passenger).err()?));
        let withheld: Vec<_> = self.passengers.iter().filter_map(may_not).collect();
        if withheld.is_empty() {
            return Ok(());
        }
        let kept = CallError::new(CallErrorKind::Withheld, call.method.clone());
        let kept = kept.describe(withheld.first().map_or("", |(_, why)| why));
        self.left().withheld = withheld;
        Err(kept)
    }
}

#[async_trait]
impl Departure for Gangway {
    async fn leaving(&self, call: &Call) -> Result<(), CallError> {
        self.check(call)?;
        if self.left().since.is_some() {
            return Ok(());
        }
        let rows: Vec<OutboxId> = self.passengers.iter().map(|passenger| passenger.row).collect();
        let now = self.post.now();
        if let Err(error) = self.post.services.store.mark_sending(&self.post.lease, &rows, now).await {
            self.left().failed = Some(error);
            return Err(CallError::new(CallErrorKind::Withheld, call.method.clone())
                .describe("that it is being sent could not be written down"));
        }
        self.left().since = Some(now);
        // Writing takes a while, and this is the last moment.
        self.check(call)
    }
}
