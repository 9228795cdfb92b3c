//! The courier of one portal: carries committed effects out, in the order of commit within a dialog.
//!
//! While the portal has more free slots than there is to send, calls go alone and at once; what is more goes in batches,
//! one at a time.
//!
//! **Trap:** one dialog's trouble is its own. A row that rests, waits for its method or is looked up in a history holds
//! back what is behind it in its dialog, and nothing else.

mod batch;
mod crm;
mod departure;
mod dialogs;
mod fence;
mod history;
mod letter;
mod network;
mod pace;
mod post;
mod sorting;
mod viewers;

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Fuse, FusedFuture as _},
    stream::FuturesUnordered,
};
use tokio::sync::{mpsc, oneshot};

use self::{
    batch::{Ended, Load},
    letter::Letter,
    post::{Post, Sent},
    sorting::Sorting,
};
use super::{Services, ownership::Fence};
use crate::{
    rest::CallPriority,
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
/// Errands taken at once.
const ERRANDS: usize = 64;

/// Works until the portal is fenced off or every sender of `errands` is gone; then what can leave at once leaves, and
/// what is under way ends.
pub(super) async fn work(
    services: Arc<Services>,
    lease: Lease,
    fence: Arc<Fence>,
    errands: mpsc::UnboundedReceiver<Errand>,
) {
    carry_out(&Arc::new(Post::new(services, lease, fence)), errands).await;
}

async fn carry_out(post: &Arc<Post>, mut errands: mpsc::UnboundedReceiver<Errand>) {
    let clock = &post.services.clock;
    let mut sorting = Sorting::new(post);
    let mut singles = FuturesUnordered::new();
    let mut together = Fuse::terminated();
    let mut reading = Fuse::terminated();
    let mut taken = Vec::with_capacity(ERRANDS);
    let mut waiting: Vec<oneshot::Sender<()>> = Vec::new();
    let mut last = OutboxId::default();
    let mut look = true;
    let mut closing = false;
    loop {
        if look && reading.is_terminated() {
            look = false;
            reading = Box::pin(read(post, last)).fuse();
        }
        sorting.look_around();
        while let Some(letter) = sorting.next_single() {
            singles.push(single(post, letter));
        }
        if together.is_terminated()
            && let Some(load) = sorting.next_load()
        {
            together = Box::pin(loaded(post, load)).fuse();
        }
        post.fence.room().tell(sorting.room());
        if closing && !look && reading.is_terminated() {
            break;
        }
        let at_rest =
            sorting.is_empty() && singles.is_empty() && together.is_terminated() && reading.is_terminated();
        if at_rest && !look {
            for waiter in waiting.drain(..) {
                let _ = waiter.send(());
            }
        }
        let wake = sorting.wake().unwrap_or(Timestamp::from_millis(i64::MAX));
        // What is under way first: it goes on only while it is looked at here.
        let sent = tokio::select! {
            biased;
            Some((priority, sent)) = singles.next(), if !singles.is_empty() => {
                sorting.single_ended(priority);
                sent.into_iter().collect()
            }
            ended = &mut together, if !together.is_terminated() => {
                let Ended { sent, well } = ended;
                sorting.batch_ended(well);
                sent
            }
            rows = &mut reading, if !reading.is_terminated() => {
                let Some(rows) = rows else { break };
                look |= rows.len() == PAGE as usize;
                last = rows.last().map_or(last, |row| row.id);
                sorting.came(rows);
                Vec::new()
            }
            count = errands.recv_many(&mut taken, ERRANDS), if !closing => {
                if count == 0 {
                    // For what was committed last.
                    (closing, look) = (true, true);
                }
                for errand in taken.drain(..) {
                    match errand {
                        Errand::Look => look = true,
                        Errand::Again(rows) => sorting.came(rows),
                        Errand::TellWhenIdle(waiter) => {
                            look = true;
                            waiting.push(waiter);
                        }
                    }
                }
                Vec::new()
            }
            () = clock.sleep_until(wake) => Vec::new(),
        };
        if !sent.into_iter().all(|sent| sorting.ended(sent)) {
            break;
        }
    }
    while singles.next().await.is_some() {}
    if !together.is_terminated() {
        together.await;
    }
}

/// Rows after `last`, as soon as the store gives them; `None` if another process owns the portal.
async fn read(post: &Post, last: OutboxId) -> Option<Vec<OutboxRow>> {
    let Services { store, clock, policy, .. } = &*post.services;
    loop {
        match store.unsettled(&post.lease, last, PAGE).await {
            Ok(rows) => return Some(rows),
            Err(error) if error.kind() == StoreErrorKind::Fenced => return None,
            Err(error) => {
                tracing::error!(portal = %post.lease.portal, %error, "the outbox could not be read; trying again");
                clock.sleep_until(clock.now().plus(policy.first_wait)).await;
            }
        }
    }
}

async fn single(post: &Arc<Post>, letter: Letter) -> (CallPriority, Option<Sent>) {
    let priority = letter.priority();
    let sent = AssertUnwindSafe(post.send(letter)).catch_unwind().await;
    (priority, sent.map_err(|_| lost(post)).ok())
}

/// A batch, or what is left of one when only one call is in it.
async fn loaded(post: &Arc<Post>, mut load: Load) -> Ended {
    let carried = async {
        match load.letters.len() {
            1 => Ended { sent: vec![post.send(load.letters.remove(0)).await], well: None },
            _ => batch::carry(post, load).await,
        }
    };
    let ended = AssertUnwindSafe(carried).catch_unwind().await;
    ended.unwrap_or_else(|_| {
        lost(post);
        Ended { sent: Vec::new(), well: None }
    })
}

fn lost(post: &Post) {
    tracing::error!(portal = %post.lease.portal, "a call was lost by a fault of the courier; its dialog waits for a restart");
}

#[cfg(test)]
mod tests;
