//! What was committed a moment ago and nobody has asked for yet: whoever asks next needs no read of the file.
//!
//! A tail holds every open row of a portal behind a place. It may forget: then the place moves on, and what lies before
//! it is read from the file as ever.

use std::collections::{BTreeMap, HashMap};

/// Rows held at most, over all portals; more are left to the file.
const MOST: usize = 4_096;

/// The newest rows of every portal, by their numbers, which grow.
#[derive(Debug)]
pub(super) struct Tail<T> {
    /// The place of portals that are not in `portals`.
    from: i64,
    portals: HashMap<i64, Rows<T>>,
    held: usize,
}

#[derive(Debug)]
struct Rows<T> {
    /// Every open row with a greater number is in `rows`.
    from: i64,
    rows: BTreeMap<i64, T>,
}

impl<T> Default for Tail<T> {
    fn default() -> Self {
        Self { from: 0, portals: HashMap::new(), held: 0 }
    }
}

impl<T> Tail<T> {
    /// A tail that begins behind the number `from`.
    pub(super) fn from(from: i64) -> Self {
        Self { from, ..Self::default() }
    }

    /// Takes in a row that was committed; its number is the greatest so far.
    pub(super) fn add(&mut self, portal: i64, number: i64, row: T) {
        if self.held >= MOST {
            *self = Self::from(number);
            return;
        }
        let from = self.from;
        let of_portal = self.portals.entry(portal).or_insert_with(|| Rows { from, rows: BTreeMap::new() });
        of_portal.rows.insert(number, row);
        self.held += 1;
    }

    /// Hands over at most `limit` rows behind `after`, all there are; `None` if only the file knows.
    pub(super) fn take(&mut self, portal: i64, after: i64, limit: usize) -> Option<Vec<T>> {
        let Some(of_portal) = self.portals.get_mut(&portal) else {
            return (after >= self.from).then(Vec::new);
        };
        if after < of_portal.from {
            return None;
        }
        self.held -= of_portal.pass(after);
        let mut taken = Vec::new();
        while taken.len() < limit
            && let Some((number, row)) = of_portal.rows.pop_first()
        {
            of_portal.from = number;
            taken.push(row);
        }
        self.held -= taken.len();
        Some(taken)
    }

    /// The row `number` is no longer as it was added: it and those before it are left to the file.
    pub(super) fn pass(&mut self, portal: i64, number: i64) {
        if let Some(of_portal) = self.portals.get_mut(&portal) {
            self.held -= of_portal.pass(number);
        }
    }
}

impl<T> Rows<T> {
    /// Forgets all up to `number`; tells how many.
    fn pass(&mut self, number: i64) -> usize {
        if number <= self.from {
            return 0;
        }
        self.from = number;
        let before = self.rows.len();
        self.rows = self.rows.split_off(&(number + 1));
        before - self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_handed_over_once_and_in_order() {
        let mut tail = Tail::from(10);
        for number in [11, 13, 14] {
            tail.add(1, number, number);
        }
        tail.add(2, 12, 12);
        assert_eq!(tail.take(1, 10, 2), Some(vec![11, 13]));
        assert_eq!(tail.take(1, 13, 9), Some(vec![14]));
        assert_eq!(tail.take(1, 14, 9), Some(vec![]));
        assert_eq!(tail.take(2, 10, 9), Some(vec![12]));
        assert_eq!(tail.take(3, 10, 9), Some(vec![]));
        assert_eq!(tail.held, 0);
    }

    #[test]
    fn what_was_handed_over_or_changed_is_left_to_the_file() {
        let mut tail = Tail::from(10);
        for number in 11..=14 {
            tail.add(1, number, number);
        }
        assert_eq!(tail.take(1, 9, 9), None, "before the tail");
        tail.pass(1, 12);
        assert_eq!(tail.take(1, 11, 9), None, "12 has changed");
        assert_eq!(tail.take(1, 13, 9), Some(vec![14]), "13 is behind the asker");
        assert_eq!(tail.take(1, 12, 9), None, "all of it was handed over");
        assert_eq!(tail.held, 0);
    }

    #[test]
    fn it_forgets_when_nobody_asks() {
        let mut tail = Tail::from(0);
        for number in 1..=5_000 {
            tail.add(1, number, number);
        }
        assert!(tail.held <= MOST);
        assert_eq!(tail.take(1, 4_000, 9), None);
        assert_eq!(tail.take(1, 4_999, 9), Some(vec![5_000]));
    }
}
