//! Moving what was written ahead into the database, on a thread of its own: done by the writing thread, it would keep
//! a portal waiting for its 200 every fortieth event.

use std::{path::PathBuf, sync::mpsc};

use rusqlite::{Connection, hooks::Wal};

use super::{Thread, fault};

/// Pages written ahead after which they are moved.
const EVERY: i32 = 1_000;

/// Pages written ahead after which the writing thread moves what is left. Under a load that never pauses the other
/// thread always leaves some, and the log would grow for as long as it lasts.
const MOST: i32 = 8_000;

/// A pass leaves what is written meanwhile; the next one finds little, and is mostly done before more is written.
const PASSES: u32 = 2;

/// The thread that moves, waiting to be asked.
pub(super) struct Mover {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
}

impl Mover {
    pub(super) fn run(self, asked: &mpsc::Receiver<()>) {
        while asked.recv().is_ok() {
            for _ in 0..PASSES {
                match self.pass() {
                    Ok(false) => {}
                    Ok(true) => break,
                    Err(error) => {
                        let error = fault::error(&self.path, "moving what was written ahead in", &error);
                        tracing::warn!(%error, "store: it stays in the log, which grows; it is tried again by itself");
                        break;
                    }
                }
            }
        }
    }

    /// Whether nothing is left.
    fn pass(&self) -> rusqlite::Result<bool> {
        self.conn.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row([], |row| {
            let (written, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
            Ok(written == moved)
        })
    }
}

/// Asks the thread whenever `writer` has written enough.
pub(super) fn watch(writer: &mut Connection, mover: &Thread<()>) -> rusqlite::Result<()> {
    let Some(to) = mover.to.clone() else { return Ok(()) };
    let mut due = EVERY;
    writer.wal_hook(Some(move |wal: &mut Wal, pages: i32| {
        if pages >= MOST {
            // What fails here fails again, and is told, where writing does.
            let _ = wal.checkpoint();
        }
        if pages < EVERY {
            due = EVERY;
        } else if pages >= due {
            due = pages.saturating_add(EVERY);
            let _ = to.send(());
        }
        Ok(())
    }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::{
        store::{DedupeKey, DedupeKind, Journal as _, LaneKey, NewEvent, OpenMode, SqliteStore},
        wire::{BotId, PortalKey, Timestamp},
    };

    #[tokio::test]
    async fn the_log_stays_short_under_a_load_that_never_pauses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bot.db");
        let store = SqliteStore::open(&path, OpenMode::Server).unwrap();
        // Two pages and a half each.
        let body = Bytes::from(vec![b'x'; 10_000]);
        for group in 0..100 {
            let events = (0..100).map(|place| NewEvent {
                portal: PortalKey::new("app", "member"),
                lane: LaneKey::new("lane"),
                dedupe: DedupeKey {
                    bot: BotId::new(1),
                    kind: DedupeKind::Message,
                    ordinal: group * 100 + place,
                    digest: [0; 16],
                },
                code: "X".into(),
                message: None,
                body: body.clone(),
                park: None,
                quiet: false,
                read: None,
            });
            store.append(events.collect(), Timestamp::from_seconds(1)).await.unwrap();
        }
        let size = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().len() / 4096;
        let (log, database) = (size("bot.db-wal"), size("bot.db"));
        assert!(database > 15_000, "{database} pages are in the database, {log} in the log");
        assert!(log < 10_000, "{log} pages are in the log");
    }
}
