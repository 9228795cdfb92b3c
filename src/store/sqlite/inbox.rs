//! What a person sees and asks for.

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{OpenMode, SqliteStore, outbox, rows, trace, writer::Tx};
use crate::{
    store::{
        DedupeKey, Inbox, InboxEntry, InboxItem, InboxRequest, InboxState, OutboxId, OutboxRow, Reopened,
        Seq, StoreError, Trace, naming,
    },
    wire::{PortalKey, Timestamp},
};

/// Columns: is a call, number, app, member, state, code or call, lane or dialog, since, attempts, error.
const PARKED: &str =
    "SELECT 0 AS is_call, e.seq AS item, n.app, n.member, 1 AS state, e.code, e.lane, e.accepted AS since,
    coalesce(t.attempts, 0), p.error FROM parked p JOIN events e ON e.seq = p.seq
    JOIN portal_numbers n ON n.no = e.portal LEFT JOIN tries t ON t.seq = e.seq";
const STUCK: &str = "SELECT 1 AS is_call, o.id AS item, n.app, n.member, s.state AS state, o.call, o.dialog, o.created AS since,
    s.attempts, s.error FROM outbox_stuck s JOIN outbox o ON o.id = s.id
    JOIN portal_numbers n ON n.no = o.portal";
const WAITING: &str =
    "SELECT 0 AS is_call, e.seq AS item, n.app, n.member, 0 AS state, e.code, e.lane, e.accepted AS since,
    coalesce(t.attempts, 0), coalesce(t.error, '') FROM waiting w JOIN events e ON e.seq = w.seq
    JOIN portal_numbers n ON n.no = e.portal LEFT JOIN tries t ON t.seq = e.seq";
const QUEUED: &str =
    "SELECT 1 AS is_call, o.id AS item, n.app, n.member, 0 AS state, o.call, o.dialog, o.created AS since,
    u.attempts, u.error FROM outbox_open u JOIN outbox o ON o.id = u.id
    JOIN portal_numbers n ON n.no = o.portal";

fn entry(row: &Row<'_>) -> rusqlite::Result<InboxEntry> {
    let (item, text) = (row.get(1)?, row.get::<_, String>(5)?);
    let (item, what) = if row.get(0)? {
        (InboxItem::Call(OutboxId(item)), naming::method_of(&text))
    } else {
        (InboxItem::Event(Seq(item)), text)
    };
    Ok(InboxEntry {
        item,
        portal: rows::portal_key(row, 2)?,
        state: match row.get(4)? {
            0 => InboxState::Pending,
            1 => InboxState::Parked,
            code => outbox::stuck_state(code),
        },
        what,
        lane: row.get(6)?,
        since: row.get(7)?,
        attempts: row.get(8)?,
        error: row.get(9)?,
        body: Bytes::new(),
    })
}

fn list(conn: &Connection, state: Option<InboxState>, limit: u32) -> rusqlite::Result<Vec<InboxEntry>> {
    let from = match state {
        None => format!("{PARKED} UNION ALL {STUCK}"),
        Some(InboxState::Pending) => format!("{WAITING} UNION ALL {QUEUED}"),
        Some(InboxState::Parked) => PARKED.to_owned(),
        Some(InboxState::Uncertain) => format!("{STUCK} WHERE s.state = {}", outbox::UNCERTAIN),
        Some(InboxState::Rejected) => format!("{STUCK} WHERE s.state = {}", outbox::REJECTED),
    };
    conn.prepare_cached(&format!("{from} ORDER BY since, is_call, item LIMIT ?1"))?
        .query_map([limit], entry)?
        .collect()
}

fn one(conn: &Connection, item: InboxItem) -> rusqlite::Result<Option<InboxEntry>> {
    let (queries, body, id) = match item {
        InboxItem::Event(seq) => (
            [format!("{PARKED} WHERE p.seq = ?1"), format!("{WAITING} WHERE w.seq = ?1")],
            "SELECT body FROM bodies WHERE seq = ?1",
            seq.0,
        ),
        InboxItem::Call(id) => (
            [format!("{STUCK} WHERE s.id = ?1"), format!("{QUEUED} WHERE u.id = ?1")],
            "SELECT CAST(call AS BLOB) FROM outbox WHERE id = ?1",
            id.0,
        ),
    };
    for query in queries {
        let Some(mut found) = conn.prepare_cached(&query)?.query_row([id], entry).optional()? else {
            continue;
        };
        let body: Option<Vec<u8>> =
            conn.prepare_cached(body)?.query_row([id], |row| row.get(0)).optional()?;
        found.body = body.unwrap_or_default().into();
        return Ok(Some(found));
    }
    Ok(None)
}

fn queued_call(conn: &Connection, id: i64) -> rusqlite::Result<Option<(PortalKey, OutboxRow)>> {
    conn.prepare_cached(concat!(
        "SELECT ",
        rows::call_columns!(),
        ", n.app, n.member FROM outbox o
         JOIN outbox_open u ON u.portal = o.portal AND u.id = o.id
         JOIN portal_numbers n ON n.no = o.portal WHERE o.id = ?1"
    ))?
    .query_row([id], |row| Ok((rows::portal_key(row, 11)?, rows::call(row)?)))
    .optional()
}

impl Tx<'_> {
    fn carry_out(&mut self) -> rusqlite::Result<Reopened> {
        let requests: Vec<(i64, bool, bool, i64)> = self
            .sql("SELECT id, retry, is_call, item FROM requests ORDER BY id")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let (mut events, mut calls) = (Vec::new(), Vec::new());
        for (id, retry, is_call, item) in requests {
            match (retry, is_call) {
                (true, false) => events.extend(self.reopen(item)?),
                (true, true) => calls.extend(self.reopen_call(item)?.then_some(item)),
                (false, false) => drop(self.drop_parked(item)?),
                (false, true) => drop(self.drop_stuck(item)?),
            }
            self.sql("DELETE FROM requests WHERE id = ?1")?.execute([id])?;
        }
        events.sort_unstable();
        calls.sort_unstable();
        let mut reopened = Reopened::default();
        for seq in events {
            reopened.events.extend(rows::waiting_event(self.conn, seq)?);
        }
        for id in calls {
            reopened.calls.extend(queued_call(self.conn, id)?);
        }
        Ok(reopened)
    }
}

#[async_trait]
impl Inbox for SqliteStore {
    async fn inbox(&self, state: Option<InboxState>, limit: u32) -> Result<Vec<InboxEntry>, StoreError> {
        self.read(move |conn| list(conn, state, limit)).await
    }

    async fn inbox_entry(&self, item: InboxItem) -> Result<Option<InboxEntry>, StoreError> {
        self.read(move |conn| one(conn, item)).await
    }

    async fn trace(
        &self,
        portal: &PortalKey,
        keys: Vec<DedupeKey>,
    ) -> Result<Vec<Option<Trace>>, StoreError> {
        let (portal, identity) = (portal.clone(), self.identity);
        self.read(move |conn| keys.iter().map(|key| trace::trace(conn, &identity, &portal, key)).collect())
            .await
    }

    async fn request(&self, request: InboxRequest, now: Timestamp) -> Result<(), StoreError> {
        let (retry, item) = match request {
            InboxRequest::Retry(item) => (true, item),
            InboxRequest::Drop(item) => (false, item),
        };
        let (is_call, item) = match item {
            InboxItem::Event(seq) => (false, seq.0),
            InboxItem::Call(id) => (true, id.0),
        };
        self.write_in_any_mode(move |tx| {
            tx.sql("INSERT INTO requests (retry, is_call, item, asked) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![retry, is_call, item, now.millis()])?;
            Ok(())
        })
        .await
    }

    async fn carry_out_requests(&self, _now: Timestamp) -> Result<Reopened, StoreError> {
        if self.mode == OpenMode::Server {
            // Asked every second: as long as nobody wants anything, nothing is written.
            let wanted = self.read(|conn| conn.prepare_cached("SELECT 1 FROM requests")?.exists([])).await?;
            if !wanted {
                return Ok(Reopened::default());
            }
        }
        self.write(|tx| Ok(tx.carry_out()?)).await
    }
}
