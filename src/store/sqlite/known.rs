//! What the one writing process keeps in mind, so that the hot path asks the file for nothing.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension};

use super::lanes;
use crate::{
    store::{JournalRow, LaneKey, LaneState, Lease, OutboxRow, StoreError},
    wire::PortalKey,
};

/// Lanes found in their table that are kept at most, over all portals.
const FOUND: usize = 4_096;

#[derive(Debug, Clone, Copy)]
pub(super) struct Portal {
    pub(super) no: i64,
    pub(super) epoch: u64,
}

/// A change of [`Known`], told to the other copy once it is on disk.
pub(super) enum Change {
    Portal(PortalKey, Portal),
    Forgot(PortalKey),
    EpochFloor(u64),
    NextSeq(i64),
    NextCall(i64),
    /// The event is parked or frozen into a turn.
    Mark(i64),
    Unmark(i64),
    Lane(LaneId, Fresh),
    /// What the table of lanes has of this one, or that it has nothing.
    Found(LaneId, LaneState),
    /// The state logged under this number is in the table of lanes now.
    Folded(LaneId, i64),
    LogFrom(i64),
    /// An event of this portal waits.
    Waits(i64, Box<JournalRow>),
    /// A call of this portal is to be made.
    ToCall(i64, Box<OutboxRow>),
}

/// A lane of a portal, by its number.
pub(super) type LaneId = (i64, LaneKey);

/// A state that is in the log of lanes only, under `id`.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub(super) id: i64,
    pub(super) state: LaneState,
}

/// Leases, counters, lanes changed of late, and the few events that are more than waiting. The writer has a copy that runs ahead within a
/// transaction; the shared one changes when that is committed, and replaces the writer's when it is not.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    portals: HashMap<PortalKey, Portal>,
    marked: HashSet<i64>,
    pub(super) lanes: HashMap<LaneId, Fresh>,
    /// Lanes that an event came for and that are in their table only, read on the way so that the turn need not ask.
    found: HashMap<LaneId, LaneState>,
    /// The log of lanes holds numbers from here up to, not including, the next.
    pub(super) log_from: i64,
    pub(super) next_log: i64,
    pub(super) next_seq: i64,
    pub(super) next_call: i64,
    pub(super) epoch_floor: u64,
}

impl Known {
    pub(super) fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
        let floor = |name: &str| -> rusqlite::Result<i64> {
            let found = conn
                .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
                .optional()?;
            Ok(found.unwrap_or(0))
        };
        let mut known = Self {
            next_seq: number("SELECT coalesce(max(seq), 0) + 1 FROM events")?.max(floor("next_seq")?),
            next_call: number("SELECT coalesce(max(id), 0) + 1 FROM outbox")?.max(floor("next_call")?),
            epoch_floor: floor("epoch_floor")?.cast_unsigned(),
            log_from: number("SELECT coalesce(min(id), 1) FROM lane_log")?,
            next_log: number("SELECT coalesce(max(id), 0) + 1 FROM lane_log")?,
            ..Self::default()
        };
        let mut portals = conn.prepare("SELECT app, member, no, epoch FROM portal_numbers")?;
        let mut rows = portals.query([])?;
        while let Some(row) = rows.next()? {
            let key = PortalKey::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
            let portal = Portal { no: row.get(2)?, epoch: row.get::<_, i64>(3)?.cast_unsigned() };
            known.portals.insert(key, portal);
        }
        let mut marked = conn.prepare("SELECT seq FROM frozen UNION SELECT seq FROM parked")?;
        let mut rows = marked.query([])?;
        while let Some(row) = rows.next()? {
            known.marked.insert(row.get(0)?);
        }
        // Not those of a portal that is being forgotten.
        let mut logged = conn.prepare(
            "SELECT l.revision, l.last_message, l.dialogue, l.ownership, l.portal, l.lane, l.id
             FROM lane_log l JOIN portal_numbers n ON n.no = l.portal ORDER BY l.id",
        )?;
        let mut rows = logged.query([])?;
        while let Some(row) = rows.next()? {
            let lane = (row.get(4)?, LaneKey::new(row.get::<_, String>(5)?));
            known.lanes.insert(lane, Fresh { id: row.get(6)?, state: lanes::state(row)? });
        }
        Ok(known)
    }

    pub(super) fn portal(&self, key: &PortalKey) -> Option<Portal> {
        self.portals.get(key).copied()
    }

    /// The portal's number, if the lease is the newest.
    pub(super) fn check(&self, lease: &Lease) -> Result<i64, StoreError> {
        match self.portals.get(&lease.portal) {
            Some(portal) if portal.epoch == lease.epoch => Ok(portal.no),
            _ => Err(StoreError::fenced(lease)),
        }
    }

    /// Whether there is more to the event than that it may be waiting.
    pub(super) fn is_marked(&self, seq: i64) -> bool {
        self.marked.contains(&seq)
    }

    /// The lane's newest state, unless only its table has it.
    pub(super) fn lane(&self, lane: &LaneId) -> Option<&LaneState> {
        self.lanes.get(lane).map(|fresh| &fresh.state).or_else(|| self.found.get(lane))
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Portal(key, portal) => {
                self.portals.insert(key.clone(), *portal);
            }
            Change::Forgot(key) => {
                if let Some(portal) = self.portals.remove(key) {
                    self.lanes.retain(|(no, _), _| *no != portal.no);
                    self.found.retain(|(no, _), _| *no != portal.no);
                }
            }
            Change::EpochFloor(epoch) => self.epoch_floor = *epoch,
            Change::NextSeq(next) => self.next_seq = *next,
            Change::NextCall(next) => self.next_call = *next,
            Change::Mark(seq) => {
                self.marked.insert(*seq);
            }
            Change::Unmark(seq) => {
                self.marked.remove(seq);
            }
            Change::Lane(lane, fresh) => {
                self.next_log = fresh.id + 1;
                self.found.remove(lane);
                self.lanes.insert(lane.clone(), fresh.clone());
            }
            Change::Found(lane, state) => {
                if self.found.len() >= FOUND {
                    self.found.clear();
                }
                self.found.insert(lane.clone(), state.clone());
            }
            Change::Folded(lane, id) => {
                if self.lanes.get(lane).is_some_and(|fresh| fresh.id == *id) {
                    self.lanes.remove(lane);
                }
            }
            Change::LogFrom(from) => self.log_from = *from,
            // For the tails, which only the callers' side has.
            Change::Waits(..) | Change::ToCall(..) => {}
        }
    }
}
