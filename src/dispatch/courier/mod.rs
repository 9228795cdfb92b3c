//! The courier of one portal: carries committed effects out, in the order of commit within a dialog.

mod crm;
mod dialogs;
mod fence;
mod history;
mod network;
mod post;
mod viewers;

use std::sync::Arc;

use tokio::{sync::mpsc, sync::oneshot, task::JoinSet};

use self::{
    dialogs::Dialogs,
    post::{Post, Sent},
};
use super::{Services, ownership::Fence};
use crate::{
    store::{Lease, OutboxId, OutboxRow, StoreErrorKind},
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

/// Works until the portal is fenced off or every sender of `errands` is gone; then lets what is under way end.
pub(super) async fn work(
    services: Arc<Services>,
    lease: Lease,
    fence: Arc<Fence>,
    mut errands: mpsc::UnboundedReceiver<Errand>,
) {
    let post = Arc::new(Post::new(services.clone(), lease.clone(), fence));
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
            under_way.spawn(post.clone().send(row));
        }
        if dialogs.is_empty() && under_way.is_empty() && !look {
            for waiter in waiting.drain(..) {
                let _ = waiter.send(());
            }
        }
        let wake = dialogs.next_try().unwrap_or(Timestamp::from_millis(i64::MAX));
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
                Ok(Sent::Again(row)) => dialogs.again(*row),
                Ok(Sent::Fenced) => break,
                Err(error) => tracing::error!(portal = %lease.portal, %error, "a call was lost; its dialog waits for a restart"),
            },
            () = services.clock.sleep_until(wake), if under_way.len() < services.policy.calls_at_once => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}
