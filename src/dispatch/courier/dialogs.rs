//! Which row of which dialog goes next: one of a dialog under way at a time, in the order of commit.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::{
    store::{OutboxId, OutboxRow, Priority},
    wire::Timestamp,
};

/// Rows of one portal, by dialog: one of a dialog under way at a time.
#[derive(Debug, Default)]
pub(super) struct Dialogs {
    queues: HashMap<String, VecDeque<OutboxRow>>,
    ready: BTreeSet<(Priority, OutboxId, String)>,
    resting: BTreeSet<(Timestamp, OutboxId, String)>,
}

impl Dialogs {
    pub(super) fn push(&mut self, row: OutboxRow) {
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

    pub(super) fn next(&mut self, now: Timestamp) -> Option<OutboxRow> {
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
    pub(super) fn settled(&mut self, dialog: &str) {
        let Some(queue) = self.queues.get_mut(dialog) else { return };
        queue.pop_front();
        match queue.front() {
            Some(row) => Self::enlist(&mut self.ready, &mut self.resting, row),
            None => {
                self.queues.remove(dialog);
            }
        }
    }

    /// The first row of its dialog is to be tried again, as it is now.
    pub(super) fn again(&mut self, row: OutboxRow) {
        let Some(first) = self.queues.get_mut(&row.dialog).and_then(VecDeque::front_mut) else { return };
        self.resting.insert((row.retry_at.unwrap_or_default(), row.id, row.dialog.clone()));
        *first = row;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// When the first of those that rest is to be tried again.
    pub(super) fn next_try(&self) -> Option<Timestamp> {
        self.resting.first().map(|(at, ..)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::OutboxState;

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
            note: None,
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
        let mut first = dialogs.next(Timestamp::default()).unwrap();
        first.retry_at = Some(Timestamp::from_seconds(9));
        dialogs.again(first.clone());
        let second = dialogs.next(Timestamp::default()).unwrap();
        dialogs.settled(&second.dialog);
        assert_eq!((first.id.0, second.id.0), (1, 3));
        assert!(dialogs.next(Timestamp::from_seconds(8)).is_none());
        assert_eq!(dialogs.next(Timestamp::from_seconds(9)).unwrap().id.0, 1);
    }
}
