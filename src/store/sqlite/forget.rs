//! Removing a portal: at once out of sight, its rows then in pieces that let other writes in between.

use rusqlite::params;

use super::{
    SqliteStore,
    fault::Halt,
    known::Change,
    writer::{Job, Operation, Tx},
};
use crate::{store::StoreError, wire::PortalKey};

/// Rows removed in one piece: some milliseconds.
const PIECE: i64 = 500;

impl Tx<'_> {
    /// Takes number and lease away; whatever is kept under the number is out of reach from here on.
    fn hide(&mut self, key: &PortalKey) -> rusqlite::Result<Option<i64>> {
        let names = [key.app.as_str(), key.member.as_str()];
        self.sql("DELETE FROM portals WHERE app = ?1 AND member = ?2")?.execute(names)?;
        self.sql("DELETE FROM refreshing WHERE app = ?1 AND member = ?2")?.execute(names)?;
        // Another application of ours may be on the same portal.
        self.sql("DELETE FROM bucket_levels WHERE member = ?1 AND NOT EXISTS (SELECT 1 FROM portals WHERE member = ?1)")?
            .execute([key.member.as_str()])?;
        let Some(portal) = self.known.portal(key) else { return Ok(None) };
        let floor = self.known.epoch_floor.max(portal.epoch + 1);
        self.put_counter("epoch_floor", floor.cast_signed())?;
        self.sql("DELETE FROM portal_numbers WHERE no = ?1")?.execute([portal.no])?;
        self.sql("INSERT INTO forgotten (no) VALUES (?1)")?.execute([portal.no])?;
        self.change(Change::EpochFloor(floor));
        self.change(Change::Forgot(key.clone()));
        Ok(Some(portal.no))
    }

    fn put_counter(&self, name: &str, value: i64) -> rusqlite::Result<()> {
        self.sql("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
            .execute(params![name, value])?;
        Ok(())
    }

    /// Where events or calls are removed their numbers must not be given again.
    pub(super) fn keep_counters(&self) -> rusqlite::Result<()> {
        self.put_counter("next_seq", self.known.next_seq)?;
        self.put_counter("next_call", self.known.next_call)
    }

    /// Removes the row of an event and all that hangs on it.
    fn forget_event(&mut self, no: i64, seq: i64) -> rusqlite::Result<()> {
        self.drop_parked(seq)?;
        self.thaw(seq)?;
        self.sql("DELETE FROM waiting WHERE portal = ?1 AND seq = ?2")?.execute([no, seq])?;
        for sql in [
            "DELETE FROM bodies WHERE seq = ?1",
            "DELETE FROM turns WHERE seq = ?1",
            "DELETE FROM events WHERE seq = ?1",
        ] {
            self.sql(sql)?.execute([seq])?;
        }
        Ok(())
    }

    /// Removes a piece of what is kept under `no`; the place to go on from in the outbox, or `None` when all is done.
    fn forget_piece(&mut self, no: i64, after: i64) -> rusqlite::Result<Option<i64>> {
        self.keep_counters()?;
        // Every event has its fact for as long as it has a row.
        let seqs: Vec<i64> = self
            .sql("SELECT seq FROM facts WHERE portal = ?1 LIMIT ?2")?
            .query_map([no, PIECE], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if !seqs.is_empty() {
            for seq in seqs {
                self.forget_event(no, seq)?;
            }
            self.sql("DELETE FROM facts WHERE (portal, bot, class, ordinal, digest) IN (SELECT portal, bot, class, ordinal, digest FROM facts WHERE portal = ?1 LIMIT ?2)")?
                .execute([no, PIECE])?;
            return Ok(Some(after));
        }
        self.sql("DELETE FROM lane_log WHERE portal = ?1")?.execute([no])?;
        for sql in [
            "DELETE FROM lanes WHERE portal = ?1 AND lane IN (SELECT lane FROM lanes WHERE portal = ?1 LIMIT ?2)",
            "DELETE FROM timers WHERE portal = ?1 AND (lane, id) IN (SELECT lane, id FROM timers WHERE portal = ?1 LIMIT ?2)",
            "DELETE FROM network_ledger WHERE portal = ?1 AND (line, user) IN (SELECT line, user FROM network_ledger WHERE portal = ?1 LIMIT ?2)",
            "DELETE FROM line_sessions WHERE portal = ?1 AND (chat, bot) IN (SELECT chat, bot FROM line_sessions WHERE portal = ?1 LIMIT ?2)",
            "DELETE FROM outbox_open WHERE portal = ?1 AND id IN (SELECT id FROM outbox_open WHERE portal = ?1 LIMIT ?2)",
        ] {
            if self.sql(sql)?.execute([no, PIECE])? > 0 {
                return Ok(Some(after));
            }
        }
        let calls: Vec<(i64, i64)> = self
            .sql("SELECT id, portal FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2")?
            .query_map([after, PIECE], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (id, _) in calls.iter().filter(|(_, of)| *of == no) {
            for sql in [
                "DELETE FROM outbox_settled WHERE id = ?1",
                "DELETE FROM outbox_stuck WHERE id = ?1",
                "DELETE FROM outbox WHERE id = ?1",
            ] {
                self.sql(sql)?.execute([id])?;
            }
        }
        if let Some((last, _)) = calls.last() {
            return Ok(Some(*last));
        }
        self.sql("DELETE FROM forgotten WHERE no = ?1")?.execute([no])?;
        Ok(None)
    }
}

impl SqliteStore {
    pub(super) async fn forget(&self, key: &PortalKey) -> Result<(), StoreError> {
        let key = key.clone();
        let Some(no) = self.write(move |tx| tx.hide(&key).map_err(Halt::from)).await? else { return Ok(()) };
        let mut after = Some(0);
        while let Some(from) = after {
            after = self.write(move |tx| tx.forget_piece(no, from).map_err(Halt::from)).await?;
        }
        Ok(())
    }

    /// Goes on where a process ended while it forgot a portal. Nobody waits for it.
    pub(super) fn finish_forgetting(&self) {
        if self.mode != super::OpenMode::Server {
            return;
        }
        let (operation, _answer) = Operation::new(|tx: &mut Tx<'_>| -> Result<(), Halt> {
            let numbers: Vec<i64> = tx
                .sql("SELECT no FROM forgotten")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for no in numbers {
                let mut after = Some(0);
                while let Some(from) = after {
                    after = tx.forget_piece(no, from)?;
                }
            }
            Ok(())
        });
        let job: Box<dyn Job> = Box::new(operation);
        self.writer.send(job);
    }
}
