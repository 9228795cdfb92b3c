//! One row on its way: marked, sent, and what became of it recorded.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{
    crm,
    departure::{Gangway, Passenger},
    fence, history,
    letter::{Letter, priority_of},
    network, viewers,
};
use crate::{
    dispatch::{
        Holder, NetworkLimit, Outgoing, Route, Services,
        figures::FIGURES,
        ownership::{Fence, Passing},
        settle,
        watch::What,
    },
    rest::{Call, CallError, CallErrorKind, Method},
    store::{Lease, OutboxRow, OutboxState, SendOutcome, StoreError, StoreErrorKind},
    wire::Timestamp,
};

/// How the sending of one row ended.
#[derive(Debug)]
pub(super) enum Sent {
    /// Nothing more to do for it.
    Settled { dialog: String },
    /// To be tried again, as the row is now.
    Again(OutboxRow),
    /// It was not sent and is ready again, or to go by itself.
    Back { row: OutboxRow, alone: bool },
    /// Another process owns the portal.
    Fenced,
}

/// What the rows of one portal are sent with.
pub(super) struct Post {
    pub(super) services: Arc<Services>,
    pub(super) lease: Lease,
    pub(super) fence: Arc<Fence>,
    /// The network limit that the portal's licence means, and when it was asked for.
    pub(super) licence: tokio::sync::Mutex<Option<(NetworkLimit, Timestamp)>>,
    /// Who was in chats a moment ago.
    pub(super) members: Mutex<viewers::Members>,
    /// Rows that may not go, and why.
    #[cfg(test)]
    pub(super) withhold: Mutex<std::collections::HashMap<crate::store::OutboxId, String>>,
}

impl Post {
    pub(super) fn new(services: Arc<Services>, lease: Lease, fence: Arc<Fence>) -> Self {
        Self {
            services,
            lease,
            fence,
            licence: tokio::sync::Mutex::default(),
            members: Mutex::default(),
            #[cfg(test)]
            withhold: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// Sends one row by its route.
    pub(super) async fn send(self: &Arc<Self>, letter: Letter) -> Sent {
        let Letter { mut row, call, .. } = letter;
        let outcome = match call {
            Err(error) => SendOutcome::Rejected(format!("the row cannot be read: {error}")),
            Ok(call) => match self.carry(&mut row, call).await {
                Ok(outcome) => outcome,
                Err(error) => return self.not_marked(row, &error),
            },
        };
        self.record(vec![(outcome, row)]).await.remove(0)
    }

    /// What becomes of the row; an error says that the store could not be told before it was sent.
    async fn carry(self: &Arc<Self>, row: &mut OutboxRow, call: Outgoing) -> Result<SendOutcome, StoreError> {
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
                Ok(self.judged(route, row, doubtful, answer))
            }
        }
    }

    /// What the answer to a call of a row means for it.
    pub(super) fn judged(
        &self,
        route: Route,
        row: &OutboxRow,
        doubtful: bool,
        answer: Result<Value, CallError>,
    ) -> SendOutcome {
        let wrong_auth = answer.as_ref().is_err_and(|error| error.is("WRONG_AUTH_TYPE"));
        let shut_out =
            answer.as_ref().is_err_and(|error| error.is("ACCESS_DENIED") || error.is("ACCESS_ERROR"));
        match self.settled(route, row, doubtful, answer) {
            SendOutcome::Rejected(why) if wrong_auth && route == Route::Rt => SendOutcome::Rejected(format!(
                "RT events need an OAuth application, and this portal is reached by incoming webhook: {why}"
            )),
            SendOutcome::Rejected(why) if shut_out && self.waits_for_a_person(row) => SendOutcome::Withheld(
                format!("the session waits for a person and the bot is no longer in its chat: {why}"),
            ),
            outcome => outcome,
        }
    }

    /// Whether the client to whom a row goes was handed over and nobody has answered yet. Unless the line keeps the bot
    /// (`WELCOME_BOT_LEFT`), the portal takes it out of the chat then, also when the client asked by `0`.
    fn waits_for_a_person(&self, row: &OutboxRow) -> bool {
        let to = serde_json::from_str::<Outgoing>(&row.call).ok().and_then(|call| call.to);
        let lane = to.and_then(|to| self.fence.lane_of(&fence::passing(row, to)));
        let session = lane.and_then(|lane| self.fence.sessions().session(&lane, self.now()));
        session.is_some_and(|session| session.holder == Holder::Waiting)
    }

    /// What becomes of a row that must not go any more.
    pub(super) fn withheld(&self, letter: &Letter, why: &str) -> SendOutcome {
        let route = letter.call.as_ref().map_or(Route::Other, |call| call.route);
        let kept = CallError::new(CallErrorKind::Withheld, "batch").describe(why);
        self.settled(route, &letter.row, is_doubtful(&letter.row), Err(kept))
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
        self: &Arc<Self>,
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
        self: &Arc<Self>,
        row: &mut OutboxRow,
        call: Call,
        passing: Option<Passing>,
    ) -> Result<Result<Value, CallError>, StoreError> {
        let gangway = Gangway::new(self, vec![Passenger::new(row, passing)]);
        let call = call.priority(priority_of(row.priority)).unheld().departing(gangway.clone());
        let answer = self.services.api.call(call).await;
        let left = gangway.take();
        if let Some(error) = left.failed {
            return Err(error);
        }
        left.mark(row);
        Ok(answer)
    }

    /// Makes a call that only reads, or does no harm when it is made again.
    pub(super) async fn ask<M: Method>(&self, method: &M) -> Result<M::Answer, CallError> {
        let call = method.to_call(&self.lease.portal)?.unheld();
        M::read_answer(self.services.api.call(call).await?)
    }

    /// The row could not be sent yet because of something else that could not be done.
    pub(super) fn not_yet(&self, row: &mut OutboxRow, doubtful: bool, error: &CallError) -> SendOutcome {
        let policy = &self.services.policy;
        let waits = match error.kind() {
            CallErrorKind::Limited => true,
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

    /// Reports a withheld row, until the store has it; false if another process owns the portal.
    async fn reported(&self, row: &OutboxRow, why: &str) -> bool {
        loop {
            match self.report(row, why).await {
                Ok(()) => return true,
                Err(error) if error.kind() == StoreErrorKind::Fenced => return false,
                Err(error) if error.kind() == StoreErrorKind::Closed => return true,
                Err(error) => {
                    tracing::error!(portal = %self.lease.portal, %error, "a withheld message could not be reported; trying again");
                    self.services.clock.sleep_until(self.now().plus(self.services.policy.first_wait)).await;
                }
            }
        }
    }

    /// Records what became of rows, until the store has it.
    pub(super) async fn record(&self, outcomes: Vec<(SendOutcome, OutboxRow)>) -> Vec<Sent> {
        let (mut told, mut sent) = (Vec::with_capacity(outcomes.len()), Vec::with_capacity(outcomes.len()));
        for (outcome, mut row) in outcomes {
            tell(&self.lease, &row, &outcome);
            self.tell_watchers(&row, &outcome);
            if let SendOutcome::Withheld(why) = &outcome {
                // Before it is recorded: a process that ends in between withholds it again, and the journal knows the
                // report.
                if !self.reported(&row, why).await {
                    sent.push(Sent::Fenced);
                    continue;
                }
            }
            let id = row.id;
            sent.push(match &outcome {
                SendOutcome::Retry { at, unknown, .. } => {
                    row.retry_at = Some(*at);
                    if !unknown {
                        row.state = OutboxState::Queued;
                    }
                    Sent::Again(row)
                }
                _ => Sent::Settled { dialog: row.dialog },
            });
            told.push((id, outcome));
        }
        loop {
            match self.services.store.settle_all(&self.lease, told.clone(), self.now()).await {
                Ok(()) => return sent,
                Err(error) if error.kind() == StoreErrorKind::Fenced => {
                    return sent.iter().map(|_| Sent::Fenced).collect();
                }
                Err(error) if matches!(error.kind(), StoreErrorKind::Closed | StoreErrorKind::Gone) => {
                    return sent;
                }
                Err(error) => {
                    tracing::error!(portal = %self.lease.portal, %error, "what became of calls could not be recorded; trying again");
                    self.services.clock.sleep_until(self.now().plus(self.services.policy.first_wait)).await;
                }
            }
        }
    }

    fn tell_watchers(&self, row: &OutboxRow, outcome: &SendOutcome) {
        let is_news = matches!(outcome, SendOutcome::Sent(_) | SendOutcome::Withheld(_));
        if !is_news || !self.fence.sessions().is_watched() {
            return;
        }
        let Ok(call) = serde_json::from_str::<Outgoing>(&row.call) else { return };
        let Some(to) = call.to else { return };
        self.fence.sessions().tell(to.chat, || {
            let text = call.text()?.to_owned();
            Some(if matches!(outcome, SendOutcome::Sent(_)) {
                What::Said { text }
            } else {
                What::Withheld { text }
            })
        });
    }

    pub(super) fn not_marked(&self, mut row: OutboxRow, error: &StoreError) -> Sent {
        match error.kind() {
            StoreErrorKind::Fenced => return Sent::Fenced,
            StoreErrorKind::Gone => return Sent::Settled { dialog: row.dialog },
            _ => {}
        }
        tracing::error!(portal = %self.lease.portal, %error, "the store failed before a call was sent; it waits");
        row.retry_at = Some(self.now().plus(self.services.policy.first_wait));
        Sent::Again(row)
    }
}

/// Whether an earlier try of the row may have been executed.
pub(super) fn is_doubtful(row: &OutboxRow) -> bool {
    matches!(row.state, OutboxState::Sending(_))
}

fn tell(lease: &Lease, row: &OutboxRow, outcome: &SendOutcome) {
    let portal = &lease.portal;
    let id = row.id.0;
    FIGURES.tried(outcome);
    match outcome {
        SendOutcome::Sent(_) => tracing::debug!(%portal, "call:{id} is sent"),
        SendOutcome::Retry { error, .. } => {
            tracing::warn!(%portal, error, "call:{id} is not sent yet; trying again")
        }
        SendOutcome::Rejected(error) => {
            tracing::error!(%portal, error, "call:{id} was refused by the portal; see `inbox show call:{id}`")
        }
        SendOutcome::Uncertain(error) => {
            tracing::error!(%portal, error, "call:{id} is perhaps sent; see `inbox show call:{id}`");
        }
        SendOutcome::Withheld(why) => tracing::info!(%portal, why, "call:{id} is withheld"),
    }
}
