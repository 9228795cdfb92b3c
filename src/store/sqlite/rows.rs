//! Rows as the traits know them.

use rusqlite::{
    Connection, OptionalExtension, Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use uuid::Uuid;

use crate::{
    store::{
        JournalRow, LaneKey, LedgerState, OutboxId, OutboxRow, OutboxState, PortalStatus, Priority, Seq,
    },
    wire::{MessageId, PortalKey, Timestamp},
};

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self::from_millis)
    }
}

macro_rules! codes {
    ($type:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(match self { $(Self::$variant => $code,)+ }))
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match i64::column_result(value)? {
                    $($code => Ok(Self::$variant),)+
                    other => Err(FromSqlError::OutOfRange(other)),
                }
            }
        }
    };
}

codes!(Priority { Reply = 0_i64, HandOver = 1_i64, Edit = 2_i64, Rt = 3_i64, Bulk = 4_i64 });
codes!(LedgerState { Sent = 0_i64, Uncertain = 1_i64 });
codes!(PortalStatus { Active = 0_i64, Broken = 1_i64, Uninstalled = 2_i64 });

/// Where the columns of a portal's key begin.
pub(super) fn portal_key(row: &Row<'_>, from: usize) -> rusqlite::Result<PortalKey> {
    Ok(PortalKey::new(row.get::<_, String>(from)?, row.get::<_, String>(from + 1)?))
}

/// Columns that [`event`] reads.
macro_rules! event_columns {
    () => {
        "e.seq, e.lane, e.code, e.message, b.body, e.accepted, t.attempts, t.retry_at, f.turn"
    };
}
pub(super) use event_columns;

/// An event with the turn it is frozen into; its members are still to be filled in.
pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<(JournalRow, Option<i64>)> {
    let event = JournalRow {
        seq: Seq(row.get(0)?),
        lane: LaneKey::new(row.get::<_, String>(1)?),
        code: row.get(2)?,
        message: row.get::<_, Option<i64>>(3)?.map(MessageId::new),
        body: row.get::<_, Option<Vec<u8>>>(4)?.unwrap_or_default().into(),
        accepted: row.get(5)?,
        attempts: row.get::<_, Option<u32>>(6)?.unwrap_or(0),
        retry_at: row.get(7)?,
        frozen: Vec::new(),
        read: None,
    };
    Ok((event, row.get(8)?))
}

/// Fills in the members of frozen events.
pub(super) fn with_members(
    conn: &Connection,
    events: Vec<(JournalRow, Option<i64>)>,
) -> rusqlite::Result<Vec<JournalRow>> {
    let mut members = conn.prepare_cached("SELECT seq FROM frozen WHERE turn = ?1 ORDER BY pos")?;
    let mut filled = Vec::with_capacity(events.len());
    for (mut event, turn) in events {
        if let Some(turn) = turn {
            event.frozen =
                members.query_map([turn], |row| row.get(0).map(Seq))?.collect::<rusqlite::Result<_>>()?;
        }
        filled.push(event);
    }
    Ok(filled)
}

/// One waiting event with its portal.
pub(super) fn waiting_event(
    conn: &Connection,
    seq: i64,
) -> rusqlite::Result<Option<(PortalKey, JournalRow)>> {
    let found = conn
        .prepare_cached(concat!(
            "SELECT ",
            event_columns!(),
            ", n.app, n.member FROM events e
             JOIN portal_numbers n ON n.no = e.portal
             JOIN waiting w ON w.portal = e.portal AND w.seq = e.seq
             LEFT JOIN bodies b ON b.seq = e.seq
             LEFT JOIN tries t ON t.seq = e.seq
             LEFT JOIN frozen f ON f.seq = e.seq
             WHERE e.seq = ?1"
        ))?
        .query_row([seq], |row| Ok((portal_key(row, 9)?, event(row)?)))
        .optional()?;
    let Some((portal, event)) = found else { return Ok(None) };
    Ok(with_members(conn, vec![event])?.pop().map(|event| (portal, event)))
}

/// Columns that [`call`] reads.
macro_rules! call_columns {
    () => {
        "o.id, o.dialog, o.priority, o.call, o.uuid, u.sending, u.attempts, u.first_sent, u.retry_at, o.created, u.note"
    };
}
pub(super) use call_columns;

pub(super) fn call(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        id: OutboxId(row.get(0)?),
        dialog: row.get(1)?,
        priority: row.get(2)?,
        call: row.get(3)?,
        uuid: Uuid::from_bytes(row.get(4)?),
        state: row.get::<_, Option<_>>(5)?.map_or(OutboxState::Queued, OutboxState::Sending),
        attempts: row.get(6)?,
        first_sent: row.get(7)?,
        retry_at: row.get(8)?,
        created: row.get(9)?,
        note: row.get(10)?,
    })
}
