//! Whether a reply may count as being sent from the moment of its commit.
//!
//! A row has to be marked on disk before its call may leave. Where the call leaves at once anyway, the commit marks it,
//! and the call need not wait for the disk once more.
//!
//! **Trap:** after a restart a marked row was perhaps sent. Only what leaves at once may be marked by its commit: of a
//! row that waited there for an hour nobody would know that it never left, and it would be too old to be repeated by its
//! key.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::Route;
use crate::store::NewOutboxRow;

/// What may leave a portal at once: told by its courier, used up by the commits until it tells anew.
#[derive(Debug, Default)]
pub(super) struct Room(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    places: usize,
    /// Dialogs with a row that is not settled. One whose commit failed stays until its next row is.
    busy: HashSet<String>,
}

impl Room {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many rows may leave at once.
    pub(super) fn tell(&self, places: usize) {
        self.inside().places = places;
    }

    /// What is committed in `dialog` from now on has to wait.
    pub(super) fn is_busy(&self, dialog: &str) {
        let mut inside = self.inside();
        if !inside.busy.contains(dialog) {
            inside.busy.insert(dialog.to_owned());
        }
    }

    /// All rows of `dialog` are settled.
    pub(super) fn is_over(&self, dialog: &str) {
        self.inside().busy.remove(dialog);
    }

    /// Lets those rows stay marked that are about to leave: the first one of a dialog that waits for nothing, while there
    /// are places.
    pub(super) fn allot(&self, rows: &mut [NewOutboxRow]) {
        if rows.is_empty() {
            return;
        }
        let inside = &mut *self.inside();
        for row in rows {
            let is_first = inside.busy.insert(row.dialog.clone());
            row.marked = row.marked && is_first && inside.places > 0;
            inside.places -= usize::from(row.marked);
        }
    }
}

/// Whether a row of this route may be marked by its commit: what was perhaps sent is sent again by its key.
pub(super) fn may_be_marked(route: Route) -> bool {
    route == Route::KeyedMessage
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::Priority;

    fn row(dialog: &str, marked: bool) -> NewOutboxRow {
        let (dialog, call) = (dialog.to_owned(), String::new());
        NewOutboxRow { dialog, priority: Priority::Reply, call, uuid: Uuid::nil(), marked }
    }

    fn marked(rows: &[NewOutboxRow]) -> Vec<bool> {
        rows.iter().map(|row| row.marked).collect()
    }

    #[test]
    fn the_first_row_of_a_dialog_is_marked_while_there_is_room() {
        let room = Room::default();
        room.tell(2);
        let mut rows =
            [row("a", true), row("a", true), row("b", false), row("b", true), row("c", true), row("d", true)];
        room.allot(&mut rows);
        assert_eq!(marked(&rows), [true, false, false, false, true, false]);
    }

    #[test]
    fn what_waits_for_others_of_its_dialog_is_not_marked() {
        let room = Room::default();
        room.tell(9);
        room.is_busy("a");
        room.is_busy("b");
        room.is_over("b");
        let mut rows = [row("a", true), row("b", true)];
        room.allot(&mut rows);
        assert_eq!(marked(&rows), [false, true]);
        room.is_over("a");
        let mut rows = [row("a", true), row("b", true)];
        room.allot(&mut rows);
        assert_eq!(marked(&rows), [true, false]);
    }

    #[test]
    fn nothing_is_marked_before_the_courier_told_of_room() {
        let mut rows = [row("a", true)];
        Room::default().allot(&mut rows);
        assert_eq!(marked(&rows), [false]);
    }
}
