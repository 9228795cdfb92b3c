//! What became of the messages of a campaign, told by its name: from the journal and the outbox as long as they have the
//! message, and from the ledger.
//!
//! **Trap:** the ledger has the last message to a user, whichever campaign it was of.

use super::{desk, effect::key_of, network::WEEK};
use crate::{
    store::{Fate, InboxState, LedgerEntry, LedgerState, Store, StoreError, Trace},
    wire::{PortalKey, Timestamp, UserId},
};

/// Messages that are looked up together.
const AT_ONCE: usize = 500;

/// What became of a message of a campaign through a network line, or what would come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkOutcome {
    /// It was not asked for, and as far as is known the portal would take it now.
    Due,
    /// It was not asked for, and the portal takes none for this user before this moment.
    TooEarly(Timestamp),
    /// It was asked for, and is on its way.
    UnderWay,
    /// It was sent at this moment.
    Sent(Timestamp),
    /// It was perhaps sent, and why that is not known; the inbox may have it.
    Uncertain(String),
    /// It was refused, or given up before it could be sent, and why; the inbox has it.
    Refused(String),
    /// It was not sent, and was dropped from the inbox.
    Dropped,
}

impl NetworkOutcome {
    /// Of all that would be too early none is, for the portal has no limit.
    pub(crate) fn lift_the_limit(outcomes: &mut [Self]) {
        let early = outcomes.iter_mut().filter(|one| matches!(one, Self::TooEarly(_)));
        early.for_each(|one| *one = Self::Due);
    }
}

/// What became of the message of `campaign` to each of `users`, or would, as many as they: on a portal that has the limit.
pub(crate) async fn outcomes(
    store: &dyn Store,
    portal: &PortalKey,
    campaign: &str,
    code: &str,
    users: &[UserId],
    now: Timestamp,
) -> Result<Vec<NetworkOutcome>, StoreError> {
    let mut outcomes = Vec::with_capacity(users.len());
    for users in users.chunks(AT_ONCE) {
        let key = |user: &UserId| desk::dedupe_of(store, portal, &key_in(campaign, *user));
        let traces = store.trace(portal, users.iter().map(key).collect()).await?;
        for (user, trace) in users.iter().zip(traces) {
            let last = match &trace {
                None | Some(Trace { fate: Fate::Gone, .. }) => store.ledger(portal, code, *user).await?,
                _ => None,
            };
            outcomes.push(match trace {
                None => ahead(last.as_ref(), now),
                Some(trace) => of_asked(trace, last.as_ref()),
            });
        }
    }
    Ok(outcomes)
}

/// The key of a message in its campaign.
pub(super) fn key_in(campaign: &str, user: UserId) -> String {
    format!("{campaign}/{user}")
}

/// Of a message that was not asked for.
fn ahead(last: Option<&LedgerEntry>, now: Timestamp) -> NetworkOutcome {
    let next = last.map(|entry| entry.at.plus(WEEK)).filter(|next| *next > now);
    next.map_or(NetworkOutcome::Due, NetworkOutcome::TooEarly)
}

/// Of one that was; the ledger counts if its row is no longer there. Had it been sent, that would say so, or have a later
/// one.
fn of_asked(trace: Trace, last: Option<&LedgerEntry>) -> NetworkOutcome {
    match trace.fate {
        Fate::Open => return NetworkOutcome::UnderWay,
        Fate::Sent(at) => return NetworkOutcome::Sent(at),
        Fate::Stuck(InboxState::Uncertain, why) => return NetworkOutcome::Uncertain(why),
        Fate::Stuck(_, why) => return NetworkOutcome::Refused(why),
        Fate::Gone => {}
    }
    let own = key_of(trace.turn, 0);
    let uncertain = |why: &str| NetworkOutcome::Uncertain(why.to_owned());
    match last {
        Some(entry) if entry.row == own && entry.state == LedgerState::Sent => NetworkOutcome::Sent(entry.at),
        Some(entry) if entry.row == own => uncertain("perhaps sent, and no longer in the inbox"),
        Some(entry) if entry.at >= trace.accepted => {
            uncertain("it is too long ago to be told; the user has got another message since")
        }
        _ => NetworkOutcome::Dropped,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;
    use crate::store::TurnId;

    const TURN: TurnId = TurnId(Uuid::from_u128(7));

    fn entry(row: Uuid, state: LedgerState, seconds: i64) -> LedgerEntry {
        let at = Timestamp::from_seconds(seconds);
        LedgerEntry { line: "line".into(), user: UserId::new(7), at, state, row }
    }

    #[rstest]
    #[case::it_is_the_last(Some(entry(key_of(TURN, 0), LedgerState::Sent, 50)), "Sent")]
    #[case::perhaps(Some(entry(key_of(TURN, 0), LedgerState::Uncertain, 50)), "Uncertain(\"perhaps sent")]
    #[case::another_came_later(Some(entry(Uuid::nil(), LedgerState::Sent, 50)), "Uncertain(\"it is too long")]
    #[case::another_came_before(Some(entry(Uuid::nil(), LedgerState::Sent, 30)), "Dropped")]
    #[case::nothing_came(None, "Dropped")]
    fn without_its_row_the_ledger_tells(#[case] last: Option<LedgerEntry>, #[case] expected: &str) {
        let trace = Trace { accepted: Timestamp::from_seconds(40), turn: TURN, fate: Fate::Gone };
        let outcome = format!("{:?}", of_asked(trace, last.as_ref()));
        assert!(outcome.starts_with(expected), "{outcome}");
    }
}
