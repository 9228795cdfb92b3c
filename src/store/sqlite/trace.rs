//! What became of an event, by the key it was accepted under.

use rusqlite::{Connection, OptionalExtension, params};

use super::{journal, outbox};
use crate::{
    store::{DedupeKey, Fate, InboxState, Seq, Trace, naming},
    wire::PortalKey,
};

/// By name and not by number: who only looks has no numbers in mind. A turn without calls has 0 as its first call, which no
/// call is.
const TRACE: &str =
    "SELECT f.seq, e.accepted, w.seq IS NOT NULL OR u.id IS NOT NULL, p.error, k.state, k.error,
    CASE s.outcome WHEN 'sent' THEN s.at END
    FROM portal_numbers n CROSS JOIN facts f ON f.portal = n.no CROSS JOIN events e ON e.seq = f.seq
    LEFT JOIN waiting w ON w.portal = f.portal AND w.seq = f.seq
    LEFT JOIN parked p ON p.seq = f.seq
    LEFT JOIN turns t ON t.seq = f.seq
    LEFT JOIN outbox_open u ON u.portal = f.portal AND u.id = t.first_call
    LEFT JOIN outbox_stuck k ON k.id = t.first_call
    LEFT JOIN outbox_settled s ON s.id = t.first_call
    WHERE n.app = ?1 AND n.member = ?2 AND f.bot = ?3 AND f.class = ?4 AND f.ordinal = ?5 AND f.digest = ?6";

pub(super) fn trace(
    conn: &Connection,
    identity: &[u8; 16],
    portal: &PortalKey,
    key: &DedupeKey,
) -> rusqlite::Result<Option<Trace>> {
    let (class, digest) = journal::as_stored(key);
    let of = params![portal.app.as_str(), portal.member.as_str(), key.bot.get(), class, key.ordinal, digest];
    let found = conn.prepare_cached(TRACE)?.query_row(of, |row| {
        let (is_open, parked): (bool, Option<String>) = (row.get(2)?, row.get(3)?);
        let (state, sent): (Option<i64>, _) = (row.get(4)?, row.get(6)?);
        let fate = match (parked, state, sent) {
            _ if is_open => Fate::Open,
            (Some(error), ..) => Fate::Stuck(InboxState::Parked, error),
            (None, Some(state), _) => Fate::Stuck(outbox::stuck_state(state), row.get(5)?),
            (None, None, Some(at)) => Fate::Sent(at),
            (None, None, None) => Fate::Gone,
        };
        let turn = naming::turn_id(identity, portal, Seq(row.get(0)?));
        Ok(Trace { accepted: row.get(1)?, turn, fate })
    });
    found.optional()
}
