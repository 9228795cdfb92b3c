//! Membership of turns: which events one has, and which turn an event is in.

use rusqlite::{OptionalExtension, params};

use super::{fault::Halt, known::Change, writer::Tx};
use crate::{
    store::{StoreError, TurnId},
    wire::PortalKey,
};

impl Tx<'_> {
    pub(super) fn is_waiting(&self, no: i64, seq: i64) -> rusqlite::Result<bool> {
        self.sql("SELECT 1 FROM waiting WHERE portal = ?1 AND seq = ?2")?.exists([no, seq])
    }

    /// The turn an event is frozen into.
    pub(super) fn frozen_into(&self, seq: i64) -> rusqlite::Result<Option<i64>> {
        if !self.known.is_marked(seq) {
            return Ok(None);
        }
        self.sql("SELECT turn FROM frozen WHERE seq = ?1")?.query_row([seq], |row| row.get(0)).optional()
    }

    /// Members of a frozen turn in their order; none if it is not frozen.
    pub(super) fn members(&self, first: i64) -> rusqlite::Result<Vec<i64>> {
        self.sql("SELECT seq FROM frozen WHERE turn = ?1 ORDER BY pos")?
            .query_map([first], |row| row.get(0))?
            .collect()
    }

    pub(super) fn freeze(&mut self, first: i64, members: &[i64]) -> rusqlite::Result<()> {
        for (pos, seq) in (0_i64..).zip(members) {
            self.sql("INSERT INTO frozen (seq, turn, pos) VALUES (?1, ?2, ?3)")?
                .execute([*seq, first, pos])?;
            self.change(Change::Mark(*seq));
        }
        Ok(())
    }

    /// The same, unless they are frozen already.
    pub(super) fn freeze_once(&mut self, first: i64, members: &[i64]) -> rusqlite::Result<()> {
        match members.first().map(|seq| self.frozen_into(*seq)).transpose()?.flatten() {
            Some(_) => Ok(()),
            None => self.freeze(first, members),
        }
    }

    /// First member and members of an open turn; `started` is where this process remembers to have started it.
    pub(super) fn open_turn(
        &self,
        no: i64,
        portal: &PortalKey,
        turn: TurnId,
        started: Option<i64>,
    ) -> Result<(i64, Vec<i64>), Halt> {
        let gone = || Halt::Refused(StoreError::gone(format_args!("turn {turn}")));
        let first = match started {
            Some(first) => first,
            None => self.find_turn(no, portal, turn)?.ok_or_else(gone)?,
        };
        let mut members = self.members(first)?;
        if members.is_empty() {
            // Alone, unless it has joined another turn since.
            if self.frozen_into(first)?.is_some() {
                return Err(gone());
            }
            members.push(first);
        }
        for seq in &members {
            if !self.is_waiting(no, *seq)? {
                return Err(gone());
            }
        }
        Ok((first, members))
    }

    /// Looks through all that waits, as after a restart.
    fn find_turn(&self, no: i64, portal: &PortalKey, turn: TurnId) -> rusqlite::Result<Option<i64>> {
        let mut firsts = self.sql(
            "SELECT coalesce(f.turn, w.seq) FROM waiting w LEFT JOIN frozen f ON f.seq = w.seq WHERE w.portal = ?1",
        )?;
        let mut rows = firsts.query([no])?;
        while let Some(row) = rows.next()? {
            let first = row.get(0)?;
            if self.turn_id(portal, first) == turn {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }

    /// Takes an event out of its turn; the steps go with the last member.
    pub(super) fn thaw(&mut self, seq: i64) -> rusqlite::Result<()> {
        if !self.known.is_marked(seq) {
            return Ok(());
        }
        self.sql("DELETE FROM tries WHERE seq = ?1")?.execute([seq])?;
        if let Some(first) = self.frozen_into(seq)? {
            self.sql("DELETE FROM frozen WHERE seq = ?1")?.execute([seq])?;
            if self.members(first)?.is_empty() {
                self.sql("DELETE FROM steps WHERE turn = ?1")?.execute([first])?;
            }
        }
        self.change(Change::Unmark(seq));
        Ok(())
    }

    /// Gives a parked event up; false if it is not parked.
    pub(super) fn drop_parked(&mut self, seq: i64) -> rusqlite::Result<bool> {
        let was_parked = self.sql("DELETE FROM parked WHERE seq = ?1")?.execute([seq])? == 1;
        if was_parked {
            self.thaw(seq)?;
            self.sql("DELETE FROM bodies WHERE seq = ?1")?.execute([seq])?;
        }
        Ok(was_parked)
    }

    /// Puts a parked event and its fellow members back to wait; returns those that were parked.
    pub(super) fn reopen(&mut self, seq: i64) -> rusqlite::Result<Vec<i64>> {
        let is_parked = self.sql("SELECT 1 FROM parked WHERE seq = ?1")?.exists([seq])?;
        if !is_parked {
            return Ok(Vec::new());
        }
        let turn = self.frozen_into(seq)?;
        let members = match turn {
            Some(first) => self.members(first)?,
            None => vec![seq],
        };
        let mut reopened = Vec::new();
        for seq in members {
            if self.sql("DELETE FROM parked WHERE seq = ?1")?.execute([seq])? == 0 {
                continue;
            }
            self.sql("DELETE FROM tries WHERE seq = ?1")?.execute([seq])?;
            self.sql("INSERT INTO waiting (portal, seq) SELECT portal, seq FROM events WHERE seq = ?1")?
                .execute(params![seq])?;
            if turn.is_none() {
                self.change(Change::Unmark(seq));
            }
            reopened.push(seq);
        }
        Ok(reopened)
    }
}
