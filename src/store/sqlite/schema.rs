//! The schema, brought up to date by numbered migrations.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

use super::fault;
use crate::store::{StoreError, StoreErrorKind};

/// "OPLN": tells our files from other programs' databases.
const APPLICATION_ID: i32 = 0x4F50_4C4E;

/// Number n brings a database from version n to n + 1. Only ever appended to.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/v1.sql"),
    include_str!("schema/v2.sql"),
    include_str!("schema/v3.sql"),
    include_str!("schema/v4.sql"),
    include_str!("schema/v5.sql"),
];

fn newest() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}

/// The version of a file that is ours, 0 for an empty one.
pub(super) fn recognise(conn: &Connection, path: &Path) -> Result<i32, StoreError> {
    let failed = |error: rusqlite::Error| fault::error(path, "reading its header", &error);
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application = pragma("application_id").map_err(failed)?;
    let version = pragma("user_version").map_err(failed)?;
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application == 0 && version == 0 && tables == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(StoreError::new(
            StoreErrorKind::Damaged,
            format!(
                "{} is a SQLite database of another program (application id {application:#x}); nothing was changed, \
                 name another file in the database URL",
                path.display()
            ),
        ));
    }
    if version > newest() {
        return Err(StoreError::new(
            StoreErrorKind::NewerSchema,
            format!(
                "{} has schema {version}, written by a newer program; this one knows schemas up to {}: \
                 use the newer program, or another file",
                path.display(),
                newest()
            ),
        ));
    }
    Ok(version)
}

/// Brings a recognised file up to date.
pub(super) fn migrate(conn: &mut Connection, path: &Path, version: i32) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| fault::error(path, "bringing its schema up to date", &error);
    let done = usize::try_from(version).unwrap_or(0);
    for (next, sql) in (1..=newest()).zip(MIGRATIONS).skip(done) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        tx.execute_batch(sql).map_err(failed)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        tx.pragma_update(None, "user_version", next).map_err(failed)?;
        tx.commit().map_err(failed)?;
    }
    conn.execute(
        "INSERT OR IGNORE INTO meta (name, value) VALUES ('identity', ?1)",
        [Uuid::new_v4().as_bytes().as_slice()],
    )
    .map_err(failed)?;
    Ok(())
}

/// Refuses a file that only a server may bring up to date.
pub(super) fn expect_newest(path: &Path, version: i32) -> Result<(), StoreError> {
    if version == newest() {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::OlderSchema,
        format!(
            "{} has schema {version}, this program looks into schema {}; start the server once, it brings the file \
             up to date",
            path.display(),
            newest()
        ),
    ))
}
