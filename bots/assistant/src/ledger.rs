//! How many tokens the day has had, on disk, so that a restart does not forget them.
//!
//! What an answer may cost is entered before the endpoint is asked, and put right afterwards: a process that ends in
//! between has spent too little rather than too much.
//!
//! **Trap:** two processes share a budget only by sharing the file.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, Result, params};

/// The day's tokens.
#[derive(Debug)]
pub struct Ledger {
    rows: Mutex<Connection>,
    per_day: u32,
}

impl Ledger {
    /// Opens the file, or makes it; `:memory:` for none.
    pub fn open(path: &Path, per_day: u32) -> Result<Self> {
        let rows = Connection::open(path)?;
        rows.execute_batch(
            "CREATE TABLE IF NOT EXISTS spent (day INTEGER PRIMARY KEY, tokens INTEGER NOT NULL)",
        )?;
        Ok(Self { rows: Mutex::new(rows), per_day })
    }

    /// Enters what will be spent at most; false if the day does not have it any more.
    pub fn reserve(&self, day: i64, tokens: u32) -> Result<bool> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = "INSERT INTO spent VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET tokens = tokens + ?2 \
                   WHERE tokens + ?2 <= ?3";
        Ok(tokens <= self.per_day && rows.execute(sql, params![day, tokens, self.per_day])? == 1)
    }

    /// Puts right what was reserved.
    pub fn settle(&self, day: i64, reserved: u32, spent: u32) -> Result<()> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = "UPDATE spent SET tokens = max(tokens - ?2 + ?3, 0) WHERE day = ?1";
        rows.execute(sql, params![day, reserved, spent]).map(drop)
    }
}
