//! States of lanes: logged in the order of commit, folded into their table in bulk and in key order.
//!
//! Written where they belong at once, a hundred thousand dialogs would cost a page of their own each time. What is
//! logged and not folded is kept in memory, read back when the store is opened.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    SqliteStore,
    known::{Change, Fresh, LaneId},
    writer::Tx,
};
use crate::store::{LaneChange, LaneKey, LaneState, Lease, StoreError};

/// Some 10 MB of memory, and some 30 ms when the store is opened.
pub(super) const FOLD_AT: i64 = 16_384;

/// Lanes folded for each state logged meanwhile: a fold ends long before the next is due, and delays nobody much.
const PACE: i64 = 4;

pub(super) fn state(row: &Row<'_>) -> rusqlite::Result<LaneState> {
    Ok(LaneState {
        revision: row.get::<_, i64>(0)?.cast_unsigned(),
        last_message: row.get(1)?,
        dialogue: row.get::<_, Option<Vec<u8>>>(2)?.map(Into::into),
        ownership: row.get::<_, Option<Vec<u8>>>(3)?.map(Into::into),
    })
}

/// What the table of lanes has of this one.
fn in_table(conn: &Connection, (no, lane): &LaneId) -> rusqlite::Result<LaneState> {
    let found = conn
        .prepare_cached(
            "SELECT revision, last_message, dialogue, ownership FROM lanes WHERE portal = ?1 AND lane = ?2",
        )?
        .query_row(params![no, lane.as_str()], state)
        .optional()?;
    Ok(found.unwrap_or_default())
}

impl Tx<'_> {
    pub(super) fn revision(&self, no: i64, lane: &LaneKey) -> rusqlite::Result<u64> {
        let id = (no, lane.clone());
        if let Some(state) = self.known.lane(&id) {
            return Ok(state.revision);
        }
        let found: Option<i64> = self
            .sql("SELECT revision FROM lanes WHERE portal = ?1 AND lane = ?2")?
            .query_row(params![no, lane.as_str()], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0).cast_unsigned())
    }

    /// An event came for this lane: its turn will ask for the state, and its commit for the revision.
    pub(super) fn look_up_lane(&mut self, no: i64, lane: &LaneKey) -> rusqlite::Result<()> {
        let id = (no, lane.clone());
        if self.known.lane(&id).is_some() {
            return Ok(());
        }
        let state = in_table(self.conn, &id)?;
        self.change(Change::Found(id, state));
        Ok(())
    }

    pub(super) fn put_lane(&mut self, no: i64, lane: LaneKey, change: LaneChange) -> rusqlite::Result<()> {
        let (id, state) = (self.known.next_log, LaneState { revision: change.expected + 1, ..change.state });
        self.sql(
            "INSERT INTO lane_log (id, portal, lane, revision, last_message, dialogue, ownership)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            id,
            no,
            lane.as_str(),
            state.revision.cast_signed(),
            state.last_message,
            state.dialogue.as_deref(),
            state.ownership.as_deref(),
        ])?;
        self.change(Change::Lane((no, lane), Fresh { id, state }));
        Ok(())
    }

    fn fold_lane(&mut self, lane: LaneId) -> rusqlite::Result<()> {
        let Some(Fresh { id, state }) = self.known.lanes.get(&lane) else { return Ok(()) };
        let id = *id;
        self.sql(
            "INSERT OR REPLACE INTO lanes (portal, lane, revision, last_message, dialogue, ownership)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            lane.0,
            lane.1.as_str(),
            state.revision.cast_signed(),
            state.last_message,
            state.dialogue.as_deref(),
            state.ownership.as_deref(),
        ])?;
        self.change(Change::Folded(lane, id));
        Ok(())
    }
}

/// Folding, a little with every transaction that logs something.
#[derive(Debug)]
pub(super) struct Fold {
    at: i64,
    /// Number to be logged next, when it was last looked at.
    seen: i64,
    /// What is under way: the last number it takes in, and the lanes still to be folded, last first.
    under_way: Option<(i64, Vec<LaneId>)>,
}

impl Fold {
    pub(super) fn at(at: i64, next_log: i64) -> Self {
        Self { at, seen: next_log, under_way: None }
    }

    /// After a transaction that was rolled back: what is left is looked for anew.
    pub(super) fn start_over(&mut self) {
        self.under_way = None;
    }

    pub(super) fn go_on(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        let next = tx.known.next_log;
        let pace = (next - self.seen).max(0).saturating_mul(PACE);
        self.seen = next;
        if pace == 0 {
            return Ok(());
        }
        if self.under_way.is_none() && next - tx.known.log_from > self.at {
            let mut lanes: Vec<LaneId> = tx.known.lanes.keys().cloned().collect();
            lanes.sort_unstable_by(|one, other| other.cmp(one));
            self.under_way = Some((next - 1, lanes));
        }
        let Some((last, lanes)) = &mut self.under_way else { return Ok(()) };
        if lanes.is_empty() {
            let to = tx.known.log_from.saturating_add(pace.saturating_mul(PACE)).min(*last + 1);
            tx.sql("DELETE FROM lane_log WHERE id < ?1")?.execute([to])?;
            if to > *last {
                self.under_way = None;
            }
            tx.change(Change::LogFrom(to));
            return Ok(());
        }
        for _ in 0..pace {
            let Some(lane) = lanes.pop() else { break };
            tx.fold_lane(lane)?;
        }
        Ok(())
    }
}

impl SqliteStore {
    pub(super) async fn lane_state(&self, lease: &Lease, lane: &LaneKey) -> Result<LaneState, StoreError> {
        let id = {
            let known = self.shared.known();
            let id = (known.check(lease)?, lane.clone());
            if let Some(state) = known.lane(&id) {
                return Ok(state.clone());
            }
            id
        };
        self.read(move |conn| in_table(conn, &id)).await
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, path::Path};

    use super::*;
    use crate::{
        store::{
            Appended, Committed, DedupeKey, DedupeKind, Journal, NewEvent, NodeId, Portals, TurnCommit, Work,
            sqlite::{OpenMode, open},
        },
        wire::{BotId, PortalKey, Timestamp},
    };

    const NOW: Timestamp = Timestamp::from_seconds(1);

    async fn opened(path: &Path) -> (SqliteStore, Lease) {
        let store = open::open(path, OpenMode::Server, 8).unwrap();
        let portals = [PortalKey::new("app", "member")];
        let lease = store.acquire(&portals, &NodeId::new("n"), NOW).await.unwrap().remove(0);
        (store, lease)
    }

    fn event(lease: &Lease, no: i64, lane: &LaneKey) -> NewEvent {
        let dedupe =
            DedupeKey { bot: BotId::new(1), kind: DedupeKind::Message, ordinal: no, digest: [0; 16] };
        NewEvent {
            portal: lease.portal.clone(),
            lane: lane.clone(),
            dedupe,
            code: "X".into(),
            message: None,
            body: "x".into(),
            park: None,
            quiet: false,
            read: None,
        }
    }

    /// One turn in `lane` that brings it from `expected` to the next revision.
    async fn turn(store: &SqliteStore, lease: &Lease, no: i64, lane: &LaneKey, expected: u64) -> Committed {
        let appended = store.append(vec![event(lease, no, lane)], NOW).await.unwrap();
        let [Appended::Fresh(seq)] = appended[..] else { panic!("{appended:?}") };
        let turn = store.start_turn(lease, &[seq], NOW).await.unwrap();
        let dialogue = Some(format!("{} of {no}", lane.as_str()).into());
        let state = LaneState { dialogue, last_message: no, ..LaneState::default() };
        let commit = TurnCommit {
            turn: turn.id,
            lane: lane.clone(),
            consumed: turn.seqs,
            change: Some(LaneChange { expected, state }),
            outbox: Vec::new(),
            timers: Vec::new(),
        };
        store.commit(lease, commit, NOW).await.unwrap()
    }

    #[tokio::test]
    async fn a_lane_has_its_newest_state_while_it_is_folded_and_after_restarts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bot.db");
        let (mut store, mut lease) = opened(&path).await;
        let mut expected: HashMap<LaneKey, (u64, i64)> = HashMap::new();
        for no in 0..300 {
            // Some lanes change all the time, others once in a while.
            let lane = LaneKey::new(format!("lane {}", if no % 3 == 0 { no % 5 } else { no * 7 % 31 }));
            let of_lane = expected.entry(lane.clone()).or_default();
            assert_eq!(turn(&store, &lease, no, &lane, of_lane.0).await, Committed::Done(vec![]));
            *of_lane = (of_lane.0 + 1, no);
            if no % 50 == 49 {
                drop(store);
                (store, lease) = opened(&path).await;
            }
            if no % 7 == 0 {
                for (lane, (revision, last)) in &expected {
                    let state = store.lane(&lease, lane).await.unwrap();
                    assert_eq!((state.revision, state.last_message), (*revision, *last), "{lane:?} at {no}");
                }
            }
        }
        let known = store.shared.known().clone();
        assert!(known.next_log - known.log_from < 40, "the log stays short: {known:?}");
        assert!(known.lanes.len() < 31, "not all is kept in memory");
    }

    #[tokio::test]
    async fn a_lane_is_looked_up_when_an_event_comes_and_what_was_found_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bot.db");
        let (store, lease) = opened(&path).await;
        let lane = |no: i64| LaneKey::new(format!("lane {no}"));
        for no in 0..12 {
            turn(&store, &lease, no, &lane(no), 0).await;
        }
        let folded = (0..12).map(lane).find(|lane| store.shared.known().lane(&(1, lane.clone())).is_none());
        let folded = folded.expect("one of the first is in the table only");
        let known =
            |lane: &LaneKey| store.shared.known().lane(&(1, lane.clone())).map(|state| state.revision);
        store.append(vec![event(&lease, 12, &folded)], NOW).await.unwrap();
        assert_eq!(known(&folded), Some(1));
        let many = (100..5_100).map(|no| event(&lease, no, &lane(no)));
        store.append(many.collect(), NOW).await.unwrap();
        assert_eq!(known(&folded), None, "forgotten for others");
        assert_eq!(store.lane(&lease, &folded).await.unwrap().revision, 1, "and read where it is");
        assert_eq!(known(&lane(5_099)), Some(0), "of a new lane it is known that there is nothing");
    }

    #[tokio::test]
    async fn a_forgotten_portals_lanes_do_not_come_back_by_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bot.db");
        let (store, lease) = opened(&path).await;
        let lane = |no: i64| LaneKey::new(format!("lane {no}"));
        for no in 0..12 {
            turn(&store, &lease, no, &lane(no), 0).await;
        }
        store.forget_portal(&lease.portal).await.unwrap();
        drop(store);
        let left = rusqlite::Connection::open(&path).unwrap();
        for table in ["lane_log", "lanes"] {
            let count = format!("SELECT count(*) FROM {table}");
            assert_eq!(left.query_row(&count, [], |row| row.get(0)), Ok(0), "{table}");
        }
        drop(left);
        let (store, lease) = opened(&path).await;
        for no in 0..40 {
            assert_eq!(
                turn(&store, &lease, no, &lane(no % 12), no.cast_unsigned() / 12).await,
                Committed::Done(vec![])
            );
        }
        drop(store);
        let (store, lease) = opened(&path).await;
        assert_eq!(store.lane(&lease, &lane(0)).await.unwrap().revision, 4);
        assert_eq!(store.lane(&lease, &lane(11)).await.unwrap().revision, 3);
    }
}
