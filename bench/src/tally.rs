//! What came of the events: each is to be answered once, and those of a dialog in order.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Notify, Semaphore};

use crate::event::Mark;

/// Counts answers.
#[derive(Debug)]
pub(crate) struct Tally {
    dialogs: Mutex<Vec<Dialog>>,
    answered: AtomicU64,
    duplicate: AtomicU64,
    out_of_order: AtomicU64,
    /// Rings with every answer.
    pub(crate) heard: Notify,
    /// Events that may still be sent before an answer has to come.
    pub(crate) window: Semaphore,
}

#[derive(Debug, Default, Clone)]
struct Dialog {
    /// One more than the highest number answered.
    next: u32,
    /// Numbers answered, a bit each.
    seen: Vec<u64>,
}

/// What went wrong in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Events that were accepted with a 200.
    pub(crate) events: u64,
    /// Accepted and never answered.
    pub(crate) lost: u64,
    /// Answers to what was answered already.
    pub(crate) duplicate: u64,
    /// Answers that came after that to a later message of their dialog.
    pub(crate) out_of_order: u64,
}

impl Counts {
    /// Whether all was as promised.
    pub(crate) fn clean(&self) -> bool {
        self.lost == 0 && self.duplicate == 0 && self.out_of_order == 0
    }
}

impl Tally {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            dialogs: Mutex::default(),
            answered: AtomicU64::new(0),
            duplicate: AtomicU64::new(0),
            out_of_order: AtomicU64::new(0),
            heard: Notify::new(),
            window: Semaphore::new(0),
        }
    }

    /// The answer to `mark` was sent.
    pub(crate) fn answer(&self, mark: Mark) {
        let mut dialogs = self.dialogs();
        let place = mark.dialog as usize;
        if dialogs.len() <= place {
            dialogs.resize(place + 1, Dialog::default());
        }
        let Some(dialog) = dialogs.get_mut(place) else { return };
        let (word, bit) = (mark.number as usize / 64, 1_u64 << (mark.number % 64));
        if dialog.seen.len() <= word {
            dialog.seen.resize(word + 1, 0);
        }
        if dialog.seen[word] & bit != 0 {
            self.duplicate.fetch_add(1, Ordering::Relaxed);
            return;
        }
        dialog.seen[word] |= bit;
        if mark.number < dialog.next {
            self.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
        dialog.next = dialog.next.max(mark.number + 1);
        drop(dialogs);
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.window.add_permits(1);
        self.heard.notify_waiters();
    }

    /// Different events answered so far.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Returns once `events` are answered.
    pub(crate) async fn wait_for(&self, events: u64) {
        loop {
            let heard = self.heard.notified();
            if self.answered() >= events {
                return;
            }
            heard.await;
        }
    }

    /// What became of `accepted` events.
    pub(crate) fn counts(&self, accepted: u64) -> Counts {
        Counts {
            events: accepted,
            lost: accepted.saturating_sub(self.answered()),
            duplicate: self.duplicate.load(Ordering::Relaxed),
            out_of_order: self.out_of_order.load(Ordering::Relaxed),
        }
    }

    fn dialogs(&self) -> MutexGuard<'_, Vec<Dialog>> {
        self.dialogs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_doubled_and_overtaken_answers_are_counted() {
        let tally = Tally::new();
        for (dialog, number) in [(0, 0), (0, 2), (0, 1), (0, 2), (1, 0)] {
            tally.answer(Mark { dialog, number });
        }
        let counts = tally.counts(6);
        assert_eq!(counts, Counts { events: 6, lost: 2, duplicate: 1, out_of_order: 1 });
        assert!(!counts.clean());
    }
}
