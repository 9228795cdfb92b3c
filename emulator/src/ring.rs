//! A list that forgets its oldest entries: bounded by their number and by what they weigh.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! let url = format!("{}server.time", portal.webhook_url());
//! reqwest::Client::new().post(url).body("a".repeat(1_000_000)).send().await.unwrap();
//! let kept = portal.calls().pop().unwrap().params.to_string();
//! assert!(kept.len() < 300_000 && kept.contains("… of 976.56 KB"));
//! # }
//! ```
//!
//! The trap: an entry's place changes as older ones go. Who wants "what came after" counts by [`Ring::seen`].

use std::collections::VecDeque;

/// The newest entries.
pub(crate) struct Ring<T> {
    entries: VecDeque<(usize, T)>,
    bytes: usize,
    forgotten: u64,
    most: usize,
    most_bytes: usize,
}

impl<T> Ring<T> {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, forgotten: 0, most, most_bytes }
    }

    /// Appends an entry of so many bytes; the oldest make room.
    pub(crate) fn push(&mut self, entry: T, bytes: usize) {
        self.bytes += bytes;
        self.entries.push_back((bytes, entry));
        while (self.entries.len() > self.most || self.bytes > self.most_bytes)
            && let Some((bytes, _)) = self.entries.pop_front()
        {
            self.bytes -= bytes;
            self.forgotten += 1;
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.entries.iter().map(|(_, entry)| entry)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many entries there ever were.
    pub(crate) fn seen(&self) -> u64 {
        self.forgotten + self.entries.len() as u64
    }

    /// The entries that came after so many, as far as they are remembered.
    pub(crate) fn after(&self, seen: u64) -> impl Iterator<Item = &T> {
        let skipped = usize::try_from(seen.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        self.entries.iter().skip(skipped).map(|(_, entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn the_oldest_go_by_number_and_by_weight() {
        let mut ring = Ring::new(3, 100);
        for number in 0..5 {
            ring.push(number, 10);
        }
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [2, 3, 4]);
        ring.push(5, 85);
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [4, 5]);
        assert_eq!((ring.len(), ring.seen(), ring.bytes), (2, 6, 95));
        assert_eq!(ring.after(5).copied().collect::<Vec<_>>(), [5]);
        assert_eq!(ring.after(0).count(), 2);
        ring.push(6, 101);
        assert_eq!((ring.len(), ring.bytes), (0, 0), "one that is too heavy for all is not kept either");
    }
}
