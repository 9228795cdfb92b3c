//! What is refused or goes wrong at the door, in the log: seen by the person at night, and no flood when a stranger knocks
//! all day or the disk is full.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::RefusalKind;
use crate::wire::Timestamp;

/// One line for each kind in so long.
const EVERY: Duration = Duration::from_secs(60);
/// So much of what a stranger claims is shown.
const SHOWN: usize = 40;

/// What is told of once in a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A request was refused.
    Refused(RefusalKind),
    /// Open sessions could not be written down.
    Sessions,
}

/// Which kinds were told of lately, and how many were left out since.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    told: Mutex<HashMap<Kind, (Timestamp, u64)>>,
}

impl Complaints {
    /// Tells of a refused callback, unless one of its kind was told of a moment ago.
    pub(super) fn tell(&self, kind: RefusalKind, member: Option<&str>, event: Option<&str>, now: Timestamp) {
        let Some(left_out) = self.count(Kind::Refused(kind), now) else { return };
        let (member, event) = (shown(member), shown(event));
        tracing::warn!(
            kind = ?kind,
            member,
            event,
            left_out,
            "a callback was refused and is lost. If the portal is yours, its application token has changed: open the application's page there once, or install it again"
        );
    }

    /// How many were left out since the last line, if one is due.
    pub(super) fn count(&self, kind: Kind, now: Timestamp) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match told.get_mut(&kind) {
            Some((at, left_out)) if now.since(*at) < EVERY && now >= *at => {
                *left_out += 1;
                None
            }
            _ => Some(told.insert(kind, (now, 0)).map_or(0, |(_, left_out)| left_out)),
        }
    }
}

/// What a stranger wrote, short and in signs that cannot forge a line.
fn shown(text: Option<&str>) -> String {
    let allowed = |sign: &char| sign.is_ascii_alphanumeric() || "._-".contains(*sign);
    text.unwrap_or_default().chars().filter(allowed).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_of_once_a_minute_with_how_many_were_left_out() {
        let complaints = Complaints::default();
        let at = Timestamp::from_seconds;
        let forged = Kind::Refused(RefusalKind::ForgedToken);
        assert_eq!(complaints.count(forged, at(100)), Some(0));
        assert_eq!(complaints.count(forged, at(110)), None);
        assert_eq!(complaints.count(Kind::Refused(RefusalKind::UnknownPortal), at(110)), Some(0));
        assert_eq!(complaints.count(forged, at(120)), None);
        assert_eq!(complaints.count(forged, at(160)), Some(2));
    }

    #[test]
    fn what_a_stranger_wrote_cannot_forge_a_line() {
        assert_eq!(shown(Some("abc\n2026 ERROR \u{1b}[31m")), "abc2026ERROR31m");
        assert_eq!(shown(Some(&"x".repeat(100))).len(), SHOWN);
    }
}
