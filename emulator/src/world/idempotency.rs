//! The table behind `templateId`: which UUID has which message.

use std::collections::HashMap;

/// While a UUID has no message, a repeat fails for this long.
const BLOCKED_SECONDS: i64 = 3_600;
/// Rows are forgotten after this long.
const KEPT_SECONDS: i64 = 31 * 86_400;
/// With more rows than this, those of the last hour alone are kept.
const MOST_ROWS: usize = 100_000;

/// The UUIDs that have been seen.
#[derive(Default)]
pub(crate) struct Keys {
    rows: HashMap<String, Row>,
}

struct Row {
    message_id: Option<i64>,
    claimed: i64,
}

/// What a UUID is worth.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Recorded now; send, then [`Keys::settle`].
    Fresh,
    /// Already sent as this message.
    Sent(i64),
    /// Recorded less than an hour ago by a send that left no message.
    Blocked,
}

impl Keys {
    /// Records the UUID, or says what became of it.
    pub(crate) fn claim(&mut self, uuid: &str, now: i64) -> Claim {
        if let Some(row) = self.rows.get(uuid) {
            let age = now - row.claimed;
            match row.message_id {
                Some(id) if age < KEPT_SECONDS => return Claim::Sent(id),
                None if age < BLOCKED_SECONDS => return Claim::Blocked,
                _ => {}
            }
        }
        if self.rows.len() > MOST_ROWS {
            self.rows.retain(|_, row| now - row.claimed < BLOCKED_SECONDS);
        }
        self.rows.insert(uuid.to_owned(), Row { message_id: None, claimed: now });
        Claim::Fresh
    }

    pub(crate) fn settle(&mut self, uuid: &str, message_id: i64) {
        if let Some(row) = self.rows.get_mut(uuid) {
            row.message_id = Some(message_id);
        }
    }
}

/// Only a lower-case version-4 UUID makes a send idempotent.
pub(crate) fn is_key(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use super::{Claim, Keys, is_key};

    #[test]
    fn only_a_lower_case_version_4_uuid_is_a_key() {
        assert!(is_key("796c45aa-70e5-45aa-930c-c7fb32710c62"));
        assert!(!is_key("796C45AA-70E5-45AA-930C-C7FB32710C62"));
        assert!(!is_key("796c45aa-70e5-15aa-930c-c7fb32710c62"));
        assert!(!is_key("796c45aa-70e5-45aa-130c-c7fb32710c62"));
        assert!(!is_key("order-15"));
    }

    #[test]
    fn a_key_without_a_message_blocks_for_an_hour_and_one_with_a_message_answers_for_31_days() {
        let mut keys = Keys::default();
        assert_eq!(keys.claim("k", 0), Claim::Fresh);
        assert_eq!(keys.claim("k", 3_599), Claim::Blocked);
        assert_eq!(keys.claim("k", 3_600), Claim::Fresh);
        keys.settle("k", 7);
        assert_eq!(keys.claim("k", 31 * 86_400), Claim::Sent(7));
        assert_eq!(keys.claim("k", 3_600 + 31 * 86_400), Claim::Fresh);
    }
}
