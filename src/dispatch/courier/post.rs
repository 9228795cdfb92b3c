//! One row on its way: marked, sent, and what became of it recorded.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Mutex;

use super::{crm, fence, history, network, viewers};
use crate::{
    dispatch::{
        NetworkLimit, Outgoing, Route, Services,
        ownership::{Fence, Passing},
        settle,
    },
    rest::{ApiExt, Call, CallError, CallErrorKind, CallPriority, Departure, Method},
    store::{Lease, OutboxId, OutboxRow, OutboxState, Priority, SendOutcome, StoreError, StoreErrorKind},
    wire::Timestamp,
};

/// How the sending of one row ended.
pub(super) enum Sent {
    /// Nothing more to do for it.
    Settled { dialog: String },
    /// To be tried again, as the row is now.
    Again(Box<OutboxRow>),
    /// Another process owns the portal.
    Fenced,
}

/// What the rows of one portal are sent with.
pub(super) struct Post {
    pub(super) services: Arc<Services>,
    pub(super) lease: Lease,
    pub(super) fence: Arc<Fence>,
    /// The network limit that the portal's licence means, and when it was asked for.
    pub(super) licence: Mutex<Option<(NetworkLimit, Timestamp)>>,
    /// Who was in chats a moment ago.
    pub(super) members: Mutex<viewers::Members>,
}

impl Post {
    pub(super) fn new(services: Arc<Services>, lease: Lease, fence: Arc<Fence>) -> Self {
        Self { services, lease, fence, licence: Mutex::default(), members: Mutex::default() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// Sends one row by its route.
    pub(super) async fn send(self: Arc<Self>, mut row: OutboxRow) -> Sent {
        let outcome = match serde_json::from_str::<Outgoing>(&row.call) {
            Err(error) => SendOutcome::Rejected(format!("the row cannot be read: {error}")),
            Ok(call) => match self.carry(&mut row, call).await {
                Ok(outcome) => outcome,
                Err(error) => return self.not_marked(row, &error),
            },
        };
        tell(&self.lease, &row, &outcome);
        self.record(row, outcome).await
    }

    /// What becomes of the row; an error says that the store could not be told before it was sent.
    async fn carry(&self, row: &mut OutboxRow, call: Outgoing) -> Result<SendOutcome, StoreError> {
        match call.route {
            Route::Crm => crm::carry(self, row, call).await,
            Route::Network => network::carry(self, row, call).await,
            Route::PlainMessage => history::carry(self, row, call).await,
            Route::Rt if call.viewers.is_some() => viewers::carry(self, row, call).await,
            route => {
                if let Some(outcome) = settle::after_restart(route, row, &self.services.policy, self.now()) {
                    return Ok(outcome);
                }
                let doubtful = is_doubtful(row);
                let answer = self.make(row, call).await?;
                let wrong_auth = answer.as_ref().is_err_and(|error| error.is("WRONG_AUTH_TYPE"));
                Ok(match self.settled(route, row, doubtful, answer) {
                    SendOutcome::Rejected(why) if wrong_auth && route == Route::Rt => {
                        SendOutcome::Rejected(format!(
                            "RT events need an OAuth application, and this portal is reached by incoming webhook: {why}"
                        ))
                    }
                    outcome => outcome,
                })
            }
        }
    }

    /// What an answer means for the row, by the general rules.
    pub(super) fn settled(
        &self,
        route: Route,
        row: &OutboxRow,
        doubtful: bool,
        answer: Result<Value, CallError>,
    ) -> SendOutcome {
        settle::settle(route, row, doubtful, answer, &self.services.policy, self.now())
    }

    /// Makes the call of a row, which is marked when it leaves. An error says that it could not be, and so did not leave.
    pub(super) async fn make(
        &self,
        row: &mut OutboxRow,
        call: Outgoing,
    ) -> Result<Result<Value, CallError>, StoreError> {
        let repeat = call.route.repeat();
        let passing = call.to.map(|to| fence::passing(row, to));
        let call = Call::new(self.lease.portal.clone(), call.method, call.params).repeat(repeat);
        self.depart(row, call, passing).await
    }

    /// The same with a call that is put together; `passing` tells which client would hear it.
    pub(super) async fn depart(
        &self,
        row: &mut OutboxRow,
        call: Call,
        passing: Option<Passing>,
    ) -> Result<Result<Value, CallError>, StoreError> {
        let lane = passing.as_ref().and_then(|passing| Some((self.fence.lane_of(passing)?, passing.chat)));
        let _under_way = lane.map(|(lane, chat)| self.fence.sessions().under_way(&lane, chat));
        let marks = Arc::new(Marks::new(self, row.id, passing));
        let call = call.priority(priority(row.priority)).departing(marks.clone());
        let answer = self.services.api.call(call).await;
        let Marked { since, failed } = marks.take();
        if let Some(error) = failed {
            return Err(error);
        }
        row.attempts = row.attempts.saturating_add(1);
        if let Some(since) = since {
            row.state = OutboxState::Sending(since);
            row.first_sent.get_or_insert(since);
            row.retry_at = None;
        }
        Ok(answer)
    }

    /// Makes a call that only reads, or does no harm when it is made again.
    pub(super) async fn ask<M: Method>(&self, method: &M) -> Result<M::Answer, CallError> {
        self.services.api.invoke(&self.lease.portal, method).await
    }

    /// The row could not be sent yet because of something else that could not be done.
    pub(super) fn not_yet(&self, row: &mut OutboxRow, doubtful: bool, error: &CallError) -> SendOutcome {
        let policy = &self.services.policy;
        let waits = match error.kind() {
            CallErrorKind::Refused | CallErrorKind::BadParams | CallErrorKind::BadAnswer => false,
            _ => self.now().since(row.created) < policy.patience,
        };
        match (waits, doubtful) {
            (true, _) => self.later(row, doubtful, error.to_string()),
            (false, true) => SendOutcome::Uncertain(error.to_string()),
            (false, false) => SendOutcome::Rejected(error.to_string()),
        }
    }

    /// The row is to be looked at again after a while.
    pub(super) fn later(&self, row: &mut OutboxRow, unknown: bool, error: String) -> SendOutcome {
        row.attempts = row.attempts.saturating_add(1);
        let wait = self.services.policy.wait(row.attempts, row.id.0.unsigned_abs());
        SendOutcome::Retry { at: self.now().plus(wait), error, unknown }
    }

    /// Records what became of the row, until the store has it.
    async fn record(&self, mut row: OutboxRow, outcome: SendOutcome) -> Sent {
        // In this order: a process that ends in between withholds it again, and the journal knows the report.
        while let SendOutcome::Withheld(why) = &outcome {
            match self.report(&row, why).await {
                Ok(()) => break,
                Err(error) if error.kind() == StoreErrorKind::Fenced => return Sent::Fenced,
                Err(error) if error.kind() == StoreErrorKind::Closed => break,
                Err(error) => {
                    tracing::error!(portal = %self.lease.portal, %error, "a withheld message could not be reported; trying again");
                    self.services.clock.sleep_until(self.now().plus(self.services.policy.first_wait)).await;
                }
            }
        }
        let next = |row: OutboxRow| match &outcome {
            SendOutcome::Retry { .. } => Sent::Again(Box::new(row)),
            _ => Sent::Settled { dialog: row.dialog },
        };
        if let SendOutcome::Retry { at, unknown, .. } = &outcome {
            row.retry_at = Some(*at);
            if !unknown {
                row.state = OutboxState::Queued;
            }
        }
        loop {
            match self.services.store.settle(&self.lease, row.id, outcome.clone(), self.now()).await {
                Ok(()) => return next(row),
                Err(error) if error.kind() == StoreErrorKind::Fenced => return Sent::Fenced,
                Err(error) if matches!(error.kind(), StoreErrorKind::Closed | StoreErrorKind::Gone) => {
                    return next(row);
                }
                Err(error) => {
                    tracing::error!(portal = %self.lease.portal, %error, "what became of a call could not be recorded; trying again");
                    self.services.clock.sleep_until(self.now().plus(self.services.policy.first_wait)).await;
                }
            }
        }
    }

    fn not_marked(&self, mut row: OutboxRow, error: &StoreError) -> Sent {
        match error.kind() {
            StoreErrorKind::Fenced => return Sent::Fenced,
            StoreErrorKind::Gone => return Sent::Settled { dialog: row.dialog },
            _ => {}
        }
        tracing::error!(portal = %self.lease.portal, %error, "the store failed before a call was sent; it waits");
        row.retry_at = Some(self.now().plus(self.services.policy.first_wait));
        Sent::Again(Box::new(row))
    }
}

/// Marks a row as being sent, durably: only then may its call go out.
struct Marks {
    services: Arc<Services>,
    lease: Lease,
    row: OutboxId,
    /// Who would hear it, if that is a client.
    passing: Option<Passing>,
    fence: Arc<Fence>,
    marked: std::sync::Mutex<Marked>,
}

#[derive(Default)]
struct Marked {
    since: Option<Timestamp>,
    failed: Option<StoreError>,
}

impl Marks {
    fn new(post: &Post, row: OutboxId, passing: Option<Passing>) -> Self {
        Self {
            services: post.services.clone(),
            lease: post.lease.clone(),
            row,
            passing,
            fence: post.fence.clone(),
            marked: Default::default(),
        }
    }

    fn take(&self) -> Marked {
        std::mem::take(&mut self.marked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, change: impl FnOnce(&mut Marked)) {
        change(&mut self.marked.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn is_marked(&self) -> bool {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner).since.is_some()
    }
}

#[async_trait]
impl Departure for Marks {
    async fn leaving(&self, call: &Call) -> Result<(), CallError> {
        if let Some(passing) = &self.passing {
            self.fence.leaving(passing, call).await?;
        }
        if self.is_marked() {
            return Ok(());
        }
        let now = self.services.clock.now();
        match self.services.store.mark_sending(&self.lease, &[self.row], now).await {
            Ok(()) => self.note(|marked| marked.since = Some(now)),
            Err(error) => {
                self.note(|marked| marked.failed = Some(error));
                return Err(CallError::new(CallErrorKind::Withheld, call.method.clone())
                    .describe("that it is being sent could not be written down"));
            }
        }
        // Marking took its time, and this is the last moment.
        match &self.passing {
            Some(passing) => self.fence.leaving(passing, call).await,
            None => Ok(()),
        }
    }
}

/// How urgent the call of a row is.
fn priority(priority: Priority) -> CallPriority {
    match priority {
        Priority::Reply => CallPriority::Reply,
        Priority::HandOver => CallPriority::HandOver,
        Priority::Edit => CallPriority::Edit,
        Priority::Rt => CallPriority::Rt,
        Priority::Bulk => CallPriority::Bulk,
    }
}

/// Whether an earlier try of the row may have been executed.
pub(super) fn is_doubtful(row: &OutboxRow) -> bool {
    matches!(row.state, OutboxState::Sending(_))
}

fn tell(lease: &Lease, row: &OutboxRow, outcome: &SendOutcome) {
    let portal = &lease.portal;
    let id = row.id.0;
    match outcome {
        SendOutcome::Sent(_) => tracing::debug!(%portal, row = id, "sent"),
        SendOutcome::Retry { error, .. } => {
            tracing::warn!(%portal, row = id, error, "not sent yet; trying again")
        }
        SendOutcome::Rejected(error) => tracing::error!(%portal, row = id, error, "refused by the portal"),
        SendOutcome::Uncertain(error) => {
            tracing::error!(%portal, row = id, error, "perhaps sent; see `inbox list`");
        }
        SendOutcome::Withheld(why) => tracing::info!(%portal, row = id, why, "withheld"),
    }
}
