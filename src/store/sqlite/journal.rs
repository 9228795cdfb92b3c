//! Accepting events.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    fault::Halt,
    known::{Change, Portal},
    writer::Tx,
};
use crate::{
    store::{Appended, DedupeKey, DedupeKind, Journal, JournalRow, NewEvent, Seq, StoreError},
    wire::{PortalKey, Timestamp},
};

const MESSAGE: i64 = 0;
const OTHER: i64 = 1;

impl Tx<'_> {
    /// The portal's number and lease; given one if it is new here.
    pub(super) fn portal(&mut self, key: &PortalKey) -> rusqlite::Result<Portal> {
        if let Some(portal) = self.known.portal(key) {
            return Ok(portal);
        }
        let epoch = self.known.epoch_floor;
        self.sql("INSERT INTO portal_numbers (app, member, epoch, node) VALUES (?1, ?2, ?3, '')")?
            .execute(params![key.app.as_str(), key.member.as_str(), epoch.cast_signed()])?;
        let portal = Portal { no: self.conn.last_insert_rowid(), epoch };
        self.change(Change::Portal(key.clone(), portal));
        Ok(portal)
    }

    fn append(&mut self, event: &NewEvent, now: Timestamp) -> rusqlite::Result<Appended> {
        let no = self.portal(&event.portal)?.no;
        let seq = self.known.next_seq;
        let Some((class, digest)) = self.insert_fact(no, &event.dedupe, seq)? else {
            return Ok(Appended::Duplicate);
        };
        self.change(Change::NextSeq(seq + 1));
        self.sql("INSERT INTO events (seq, portal, lane, code, message, accepted, bot, class, ordinal, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
            .execute(params![
                seq,
                no,
                event.lane.as_str(),
                event.code,
                event.message.map(|message| message.get()),
                now.millis(),
                event.dedupe.bot.get(),
                class,
                event.dedupe.ordinal,
                digest,
            ])?;
        self.sql("INSERT INTO bodies (seq, body) VALUES (?1, ?2)")?.execute(params![seq, &event.body[..]])?;
        match &event.park {
            None => {
                self.insert_waiting(no, seq, event.quiet)?;
                self.look_up_lane(no, &event.lane)?;
                self.change(Change::Waits(no, Box::new(row(Seq(seq), event, now))));
            }
            Some(error) => {
                self.sql("INSERT INTO parked (seq, at, error) VALUES (?1, ?2, ?3)")?.execute(params![
                    seq,
                    now.millis(),
                    error
                ])?;
                self.change(Change::Mark(seq));
            }
        }
        Ok(Appended::Fresh(Seq(seq)))
    }

    pub(super) fn insert_waiting(&self, no: i64, seq: i64, quiet: bool) -> rusqlite::Result<()> {
        self.sql("INSERT INTO waiting (portal, seq, quiet) VALUES (?1, ?2, ?3)")?
            .execute(params![no, seq, quiet])?;
        Ok(())
    }

    /// Class and digest as stored, or `None` if the fact is known.
    fn insert_fact<'k>(
        &self,
        no: i64,
        key: &'k DedupeKey,
        seq: i64,
    ) -> rusqlite::Result<Option<(i64, &'k [u8])>> {
        let (bot, ordinal) = (key.bot.get(), key.ordinal);
        let (class, digest) = as_stored(key);
        // The same key is refused by the insert; here the others that exclude it.
        let excluded = match key.kind {
            DedupeKind::Message => self
                .sql("SELECT 1 FROM facts WHERE portal = ?1 AND bot = ?2 AND class = 0 AND ordinal = ?3 LIMIT 1")?
                .exists([no, bot, ordinal])?,
            DedupeKind::TypedCommand => self
                .sql("SELECT 1 FROM facts WHERE portal = ?1 AND bot = ?2 AND class = 0 AND ordinal = ?3 AND digest = x''")?
                .exists([no, bot, ordinal])?,
            DedupeKind::Other => false,
        };
        if excluded {
            return Ok(None);
        }
        let inserted = self
            .sql("INSERT OR IGNORE INTO facts (portal, bot, class, ordinal, digest, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![no, bot, class, ordinal, digest, seq])?;
        Ok((inserted == 1).then_some((class, digest)))
    }

    /// Number and lane of an event, if its row is still there.
    pub(super) fn lane_of(&self, seq: i64) -> rusqlite::Result<Option<(i64, String)>> {
        self.sql("SELECT portal, lane FROM events WHERE seq = ?1")?
            .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
    }
}

/// Class and digest of a key.
pub(super) fn as_stored(key: &DedupeKey) -> (i64, &[u8]) {
    match key.kind {
        DedupeKind::Message => (MESSAGE, &[]),
        DedupeKind::TypedCommand => (MESSAGE, &key.digest),
        DedupeKind::Other => (OTHER, &key.digest),
    }
}

/// The event as it is loaded.
fn row(seq: Seq, event: &NewEvent, accepted: Timestamp) -> JournalRow {
    JournalRow {
        seq,
        lane: event.lane.clone(),
        code: event.code.clone(),
        message: event.message,
        body: event.body.clone(),
        accepted,
        attempts: 0,
        retry_at: None,
        frozen: Vec::new(),
        read: event.read.clone(),
    }
}

#[async_trait]
impl Journal for SqliteStore {
    async fn append(&self, events: Vec<NewEvent>, now: Timestamp) -> Result<Vec<Appended>, StoreError> {
        self.write(move |tx| {
            let appended: rusqlite::Result<_> = events.iter().map(|event| tx.append(event, now)).collect();
            appended.map_err(Halt::from)
        })
        .await
    }
}
