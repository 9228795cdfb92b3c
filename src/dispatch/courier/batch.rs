//! Several rows of different dialogs in one `batch`: marked together, answered each, recorded together.
//!
//! **Trap:** a batch has an outcome of its own. When it is unknown, so is that of each of its rows.

use std::{borrow::Cow, sync::Arc};

use super::{
    departure::{Gangway, Passenger},
    letter::Letter,
    post::{Post, Sent, is_doubtful},
    viewers,
};
use crate::{
    dispatch::{Outgoing, Route, settle},
    rest::{Batch, CallError, CallErrorKind},
    store::{OutboxRow, SendOutcome, StoreErrorKind},
};

/// A request should not be longer than what any front takes.
const MOST_BYTES: usize = 512 * 1024;

/// How a batch ended.
pub(super) struct Ended {
    pub(super) sent: Vec<Sent>,
    /// Whether it was answered as a whole; `None` where it says nothing of batches.
    pub(super) well: Option<bool>,
}

/// Letters packed into a batch.
pub(super) struct Load {
    batch: Batch,
    pub(super) letters: Vec<Letter>,
}

impl Load {
    pub(super) fn new(post: &Post) -> Self {
        Self { batch: Batch::new(post.lease.portal.clone()), letters: Vec::new() }
    }

    pub(super) fn has_room(&self) -> bool {
        self.batch.bytes() < MOST_BYTES
    }

    /// Packs a letter; gives it back if it must go by itself.
    pub(super) fn pack(&mut self, post: &Post, mut letter: Letter) -> Option<Letter> {
        let is_too_late = |letter: &Letter, call: &Outgoing| {
            settle::after_restart(call.route, &letter.row, &post.services.policy, post.now()).is_some()
        };
        let fits = match &letter.call {
            Ok(call) if !is_too_late(&letter, call) => viewers::fill(post, &mut letter) && self.put(&letter),
            _ => false,
        };
        if fits {
            self.letters.push(letter);
            return None;
        }
        letter.alone = true;
        Some(letter)
    }

    fn put(&mut self, letter: &Letter) -> bool {
        let Ok(call) = &letter.call else { return false };
        let method = Cow::Owned(call.method.clone());
        self.batch.add_command(method, &call.params, call.route.repeat()).is_ok()
    }
}

/// Sends a batch. Rows that must not go any more are left out, and the others go without them.
pub(super) async fn carry(post: &Arc<Post>, load: Load) -> Ended {
    let Load { mut batch, mut letters } = load;
    let mut sent = Vec::with_capacity(letters.len());
    loop {
        let passengers = letters.iter().map(Passenger::of).collect();
        let gangway = Gangway::new(post, passengers);
        let answer = post.services.api.call(batch.to_call().unheld().departing(gangway.clone())).await;
        let left = gangway.take();
        if let Some(error) = &left.failed {
            // Which of them is gone is found out one by one.
            let not_marked = |letter: Letter| match error.kind() {
                StoreErrorKind::Gone => Sent::Back { row: letter.row, alone: true },
                _ => post.not_marked(letter.row, error),
            };
            sent.extend(letters.into_iter().map(not_marked));
            return Ended { sent, well: None };
        }
        if !left.withheld.is_empty() || !left.delayed.is_empty() {
            let mut kept = Vec::new();
            let mut others = Load::new(post);
            for mut letter in letters {
                let withheld = left.withheld.iter().find(|(id, _)| *id == letter.row.id);
                let delayed = left.delayed.iter().find(|(id, _)| *id == letter.row.id);
                match (withheld, delayed) {
                    (Some((_, why)), _) => kept.push((post.withheld(&letter, why), letter.row)),
                    (None, Some((_, error))) => {
                        let doubtful = is_doubtful(&letter.row);
                        kept.push((post.not_yet(&mut letter.row, doubtful, error), letter.row));
                    }
                    (None, None) if others.put(&letter) => others.letters.push(letter),
                    (None, None) => sent.push(Sent::Back { row: letter.row, alone: true }),
                }
            }
            sent.extend(post.record(kept).await);
            if others.letters.is_empty() {
                return Ended { sent, well: None };
            }
            (batch, letters) = (others.batch, others.letters);
            continue;
        }
        let (answers, well) = match answer {
            Ok(answer) => (batch.read(answer), Some(true)),
            Err(error) => match whole(&error) {
                Whole::NotYet if left.since.is_none() => {
                    sent.extend(
                        letters.into_iter().map(|letter| Sent::Back { row: letter.row, alone: false }),
                    );
                    return Ended { sent, well: None };
                }
                Whole::Refused => {
                    sent.extend(one_by_one(post, letters, &error).await);
                    return Ended { sent, well: Some(false) };
                }
                Whole::Unknown(error) => (vec![Err(error); letters.len()], Some(false)),
                Whole::NotYet | Whole::Each => (vec![Err(error); letters.len()], None),
            },
        };
        let judge = |(mut letter, answer): (Letter, _)| {
            let doubtful = is_doubtful(&letter.row);
            left.mark(&mut letter.row);
            let route = letter.call.as_ref().map_or(Route::Other, |call| call.route);
            (post.judged(route, &letter.row, doubtful, answer), letter.row)
        };
        let outcomes = letters.into_iter().zip(answers).map(judge).collect();
        sent.extend(post.record(outcomes).await);
        return Ended { sent, well };
    }
}

/// What an error of a whole batch means for its rows.
enum Whole {
    /// It was not sent: a method among them has to wait for its operating limit.
    NotYet,
    /// The portal does not take it, for whatever is wrong with one of them.
    Refused,
    /// Each may have been executed.
    Unknown(CallError),
    /// The same as for a call by itself.
    Each,
}

fn whole(error: &CallError) -> Whole {
    match error.kind() {
        CallErrorKind::Limited if error.is("OPERATION_TIME_LIMIT") => Whole::NotYet,
        CallErrorKind::Refused | CallErrorKind::BadParams => Whole::Refused,
        CallErrorKind::Unknown => Whole::Unknown(error.clone()),
        CallErrorKind::BadAnswer => Whole::Unknown(
            CallError::new(CallErrorKind::Unknown, "batch").describe(error.description().to_owned()),
        ),
        _ => Whole::Each,
    }
}

/// The batch was refused and none of its rows executed: each goes by itself, and hears what is wrong with it.
async fn one_by_one(post: &Post, letters: Vec<Letter>, error: &CallError) -> Vec<Sent> {
    let now = post.now();
    let not_executed = |letter: Letter| {
        let unknown = is_doubtful(&letter.row);
        (SendOutcome::Retry { at: now, error: error.to_string(), unknown }, letter.row)
    };
    let recorded = post.record(letters.into_iter().map(not_executed).collect()).await;
    let alone = |sent| match sent {
        Sent::Again(row) => Sent::Back { row: OutboxRow { retry_at: None, ..row }, alone: true },
        other => other,
    };
    recorded.into_iter().map(alone).collect()
}
