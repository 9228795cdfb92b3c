//! The courier of one portal: carries committed effects out, in the order of commit within a dialog.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use tokio::{sync::mpsc, sync::oneshot, task::JoinSet};

use super::{Outgoing, Services, settle};
use crate::{
    rest::Call,
    store::{Lease, OutboxId, OutboxRow, OutboxState, Priority, SendOutcome, StoreError, StoreErrorKind},
    wire::Timestamp,
};

/// What a courier is told.
pub(super) enum Errand {
    /// The outbox has new rows.
    Look,
    /// These rows were put back by a person.
    Again(Vec<OutboxRow>),
    /// Answer when nothing is left to be sent.
    TellWhenIdle(oneshot::Sender<()>),
}

/// Rows read at once.
const PAGE: u32 = 512;

/// Rows of one portal, by dialog: one of a dialog under way at a time.
#[derive(Debug, Default)]
struct Dialogs {
    queues: HashMap<String, VecDeque<OutboxRow>>,
    ready: BTreeSet<(Priority, OutboxId, String)>,
    resting: BTreeSet<(Timestamp, OutboxId, String)>,
}

impl Dialogs {
    fn push(&mut self, row: OutboxRow) {
        let queue = self.queues.entry(row.dialog.clone()).or_default();
        if queue.iter().any(|known| known.id == row.id) {
            return;
        }
        if queue.is_empty() {
            Self::enlist(&mut self.ready, &mut self.resting, &row);
        }
        queue.push_back(row);
    }

    fn enlist(
        ready: &mut BTreeSet<(Priority, OutboxId, String)>,
        resting: &mut BTreeSet<(Timestamp, OutboxId, String)>,
        row: &OutboxRow,
    ) {
        match row.retry_at {
            Some(at) => resting.insert((at, row.id, row.dialog.clone())),
            None => ready.insert((row.priority, row.id, row.dialog.clone())),
        };
    }

    fn next(&mut self, now: Timestamp) -> Option<OutboxRow> {
        while self.resting.first().is_some_and(|(at, ..)| *at <= now) {
            if let Some((_, id, dialog)) = self.resting.pop_first()
                && let Some(row) = self.queues.get(&dialog).and_then(VecDeque::front)
            {
                self.ready.insert((row.priority, id, dialog));
            }
        }
        let (_, _, dialog) = self.ready.pop_first()?;
        self.queues.get(&dialog)?.front().cloned()
    }

    /// The first row of `dialog` is settled.
    fn settled(&mut self, dialog: &str) {
        let Some(queue) = self.queues.get_mut(dialog) else { return };
        queue.pop_front();
        match queue.front() {
            Some(row) => Self::enlist(&mut self.ready, &mut self.resting, row),
            None => {
                self.queues.remove(dialog);
            }
        }
    }

    /// The first row of `dialog` is to be tried again.
    fn again(&mut self, dialog: &str, at: Timestamp, state: OutboxState, first_sent: Timestamp) {
        let Some(row) = self.queues.get_mut(dialog).and_then(VecDeque::front_mut) else { return };
        row.retry_at = Some(at);
        row.attempts += 1;
        row.state = state;
        row.first_sent.get_or_insert(first_sent);
        self.resting.insert((at, row.id, dialog.to_owned()));
    }
}

/// How the sending of one row ended.
enum Sent {
    /// Nothing more to do for it.
    Settled { dialog: String },
    /// To be tried again.
    Again { dialog: String, at: Timestamp, state: OutboxState, first_sent: Timestamp },
    /// Another process owns the portal.
    Fenced,
}

/// Works until the portal is fenced off or every sender of `errands` is gone; then lets what is under way end.
pub(super) async fn work(
    services: Arc<Services>,
    lease: Lease,
    mut errands: mpsc::UnboundedReceiver<Errand>,
) {
    let mut dialogs = Dialogs::default();
    let mut under_way: JoinSet<Sent> = JoinSet::new();
    let mut waiting: Vec<oneshot::Sender<()>> = Vec::new();
    let mut read = OutboxId::default();
    let mut look = true;
    loop {
        if look {
            match services.store.unsettled(&lease, read, PAGE).await {
                Ok(rows) => {
                    look = rows.len() == PAGE as usize;
                    read = rows.last().map_or(read, |row| row.id);
                    rows.into_iter().for_each(|row| dialogs.push(row));
                }
                Err(error) if error.kind() == StoreErrorKind::Fenced => break,
                Err(error) => {
                    tracing::error!(portal = %lease.portal, %error, "the outbox could not be read; trying again");
                    services.clock.sleep_until(services.clock.now().plus(services.policy.first_wait)).await;
                    continue;
                }
            }
        }
        while under_way.len() < services.policy.calls_at_once
            && let Some(row) = dialogs.next(services.clock.now())
        {
            under_way.spawn(send(services.clone(), lease.clone(), row));
        }
        if dialogs.queues.is_empty() && under_way.is_empty() && !look {
            for waiter in waiting.drain(..) {
                let _ = waiter.send(());
            }
        }
        let wake = dialogs.resting.first().map(|(at, ..)| *at).unwrap_or(Timestamp::from_millis(i64::MAX));
        tokio::select! {
            biased;
            () = std::future::ready(()), if look => {}
            errand = errands.recv() => match errand {
                Some(Errand::Look) => look = true,
                Some(Errand::Again(rows)) => rows.into_iter().for_each(|row| dialogs.push(row)),
                Some(Errand::TellWhenIdle(waiter)) => {
                    look = true;
                    waiting.push(waiter);
                }
                None => break,
            },
            Some(sent) = under_way.join_next() => match sent {
                Ok(Sent::Settled { dialog }) => dialogs.settled(&dialog),
                Ok(Sent::Again { dialog, at, state, first_sent }) => dialogs.again(&dialog, at, state, first_sent),
                Ok(Sent::Fenced) => break,
                Err(error) => tracing::error!(portal = %lease.portal, %error, "a call was lost; its dialog waits for a restart"),
            },
            () = services.clock.sleep_until(wake), if under_way.len() < services.policy.calls_at_once => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// Sends one row: marks it, calls, and records what became of it.
async fn send(services: Arc<Services>, lease: Lease, row: OutboxRow) -> Sent {
    let dialog = row.dialog.clone();
    let now = services.clock.now();
    let first_sent = row.first_sent.unwrap_or(now);
    let outcome = match serde_json::from_str::<Outgoing>(&row.call) {
        Err(error) => SendOutcome::Rejected(format!("the row cannot be read: {error}")),
        Ok(call) => match settle::after_restart(call.route, &row, &services.policy, now) {
            Some(outcome) => outcome,
            None => {
                if let Err(error) = services.store.mark_sending(&lease, &[row.id], now).await {
                    return not_marked(&services, &lease, row, &error);
                }
                let route = call.route;
                let call = Call::new(lease.portal.clone(), call.method, call.params).repeat(route.repeat());
                let answer = services.api.call(call).await;
                let row = OutboxRow { first_sent: Some(first_sent), ..row.clone() };
                settle::settle(route, &row, answer, &services.policy, services.clock.now())
            }
        },
    };
    tell(&lease, &row, &outcome);
    let next = match &outcome {
        SendOutcome::Retry { at, unknown, .. } => {
            let state = if *unknown { OutboxState::Sending(now) } else { OutboxState::Queued };
            Sent::Again { dialog, at: *at, state, first_sent }
        }
        _ => Sent::Settled { dialog },
    };
    loop {
        match services.store.settle(&lease, row.id, outcome.clone(), services.clock.now()).await {
            Ok(()) => return next,
            Err(error) if error.kind() == StoreErrorKind::Fenced => return Sent::Fenced,
            Err(error) if matches!(error.kind(), StoreErrorKind::Closed | StoreErrorKind::Gone) => {
                return next;
            }
            Err(error) => {
                tracing::error!(portal = %lease.portal, %error, "what became of a call could not be recorded; trying again");
                services.clock.sleep_until(services.clock.now().plus(services.policy.first_wait)).await;
            }
        }
    }
}

fn not_marked(services: &Services, lease: &Lease, row: OutboxRow, error: &StoreError) -> Sent {
    match error.kind() {
        StoreErrorKind::Fenced => return Sent::Fenced,
        StoreErrorKind::Gone => return Sent::Settled { dialog: row.dialog },
        _ => {}
    }
    tracing::error!(portal = %lease.portal, %error, "a call could not be marked as being sent; it waits");
    let now = services.clock.now();
    let at = now.plus(services.policy.first_wait);
    Sent::Again { dialog: row.dialog, at, state: row.state, first_sent: row.first_sent.unwrap_or(now) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, dialog: &str, priority: Priority) -> OutboxRow {
        OutboxRow {
            id: OutboxId(id),
            dialog: dialog.into(),
            priority,
            call: String::new(),
            uuid: uuid::Uuid::nil(),
            state: OutboxState::Queued,
            attempts: 0,
            first_sent: None,
            retry_at: None,
            created: Timestamp::default(),
        }
    }

    #[test]
    fn a_live_reply_goes_before_what_can_wait_and_a_dialog_keeps_its_order() {
        let mut dialogs = Dialogs::default();
        dialogs.push(row(1, "a", Priority::Bulk));
        dialogs.push(row(2, "a", Priority::Reply));
        dialogs.push(row(3, "b", Priority::Reply));
        let now = Timestamp::default();
        let order: Vec<i64> = std::iter::from_fn(|| {
            let row = dialogs.next(now)?;
            dialogs.settled(&row.dialog);
            Some(row.id.0)
        })
        .collect();
        assert_eq!(order, [3, 1, 2]);
    }

    #[test]
    fn a_row_that_rests_holds_back_its_dialog_only() {
        let mut dialogs = Dialogs::default();
        dialogs.push(row(1, "a", Priority::Reply));
        dialogs.push(row(2, "a", Priority::Reply));
        dialogs.push(row(3, "b", Priority::Reply));
        let first = dialogs.next(Timestamp::default()).unwrap();
        dialogs.again(&first.dialog, Timestamp::from_seconds(9), OutboxState::Queued, Timestamp::default());
        let second = dialogs.next(Timestamp::default()).unwrap();
        dialogs.settled(&second.dialog);
        assert_eq!((first.id.0, second.id.0), (1, 3));
        assert!(dialogs.next(Timestamp::from_seconds(8)).is_none());
        assert_eq!(dialogs.next(Timestamp::from_seconds(9)).unwrap().id.0, 1);
    }
}
