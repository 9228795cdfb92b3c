//! Opening a file: lock, recognise, bring up to date, start the threads.

use std::{
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    OpenMode, Shared, SqliteStore, Thread,
    checkpoint::{self, Mover},
    fault,
    known::Known,
    lanes::Fold,
    lock::{self, ServerLock},
    reader::Reader,
    schema,
    tail::Tail,
    writer::{Trouble, Writer},
};
use crate::store::{StoreError, StoreErrorKind};

/// The other process only ever writes requests, which takes no longer than a write of the disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a page.
const PAGE: u64 = 4096;

/// At most; it grows with what is under way.
const CACHE_KIB: i64 = 32 * 1024;

/// More statements than there are, so that each is prepared once.
const STATEMENTS: usize = 256;

/// Opens with lanes folded whenever so many states are logged.
pub(super) fn open(path: &Path, mode: OpenMode, fold_at: i64) -> Result<SqliteStore, StoreError> {
    let lock = match mode {
        OpenMode::Server => {
            expect_directory(path)?;
            Some(ServerLock::take(path)?)
        }
        OpenMode::Inspect => None,
    };
    expect_file(path, mode)?;
    let is_settled = !has_log(path);

    let failed = |error: rusqlite::Error| fault::error(path, "opening", &error);
    let mut conn = connect(path)?;
    let version = schema::recognise(&conn, path)?;
    match mode {
        OpenMode::Server => {
            if is_settled {
                expect_whole(path)?;
            }
            prepare(&conn, path)?;
            schema::migrate(&mut conn, path, version)?;
        }
        OpenMode::Inspect => schema::expect_newest(path, version)?,
    }
    conn.execute_batch("PRAGMA synchronous = FULL").map_err(failed)?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB).map_err(failed)?;

    let identity: [u8; 16] = conn
        .query_row("SELECT value FROM meta WHERE name = 'identity'", [], |row| row.get(0))
        .map_err(failed)?;
    let known = match mode {
        OpenMode::Server => Known::read(&conn).map_err(failed)?,
        OpenMode::Inspect => Known::default(),
    };
    let tails = (Tail::from(known.next_seq - 1), Tail::from(known.next_call - 1));
    let shared = Shared { known: Mutex::new(known.clone()), tails: Mutex::new(tails), ..Shared::default() };
    let shared = Arc::new(shared);
    let transactions = Arc::new(AtomicU64::new(0));

    let reader = Reader { conn: connect(path)?, path: path.to_owned() };
    reader.conn.execute_batch("PRAGMA query_only = ON").map_err(failed)?;
    let no_thread = |error: std::io::Error| {
        StoreError::new(StoreErrorKind::Io, "cannot start the store's threads").with_source(error)
    };
    let mover = Mover { conn: connect(path)?, path: path.to_owned() };
    mover.conn.execute_batch("PRAGMA synchronous = FULL").map_err(failed)?;
    let mover = Thread::start("store-mover", move |asked| mover.run(asked)).map_err(no_thread)?;
    checkpoint::watch(&mut conn, &mover).map_err(failed)?;
    let writer = Writer {
        conn,
        path: path.to_owned(),
        fold: Fold::at(fold_at, known.next_log),
        known,
        identity,
        shared: Arc::clone(&shared),
        transactions: Arc::clone(&transactions),
        trouble: Trouble::default(),
    };
    let store = SqliteStore {
        path: path.to_owned(),
        mode,
        identity,
        shared,
        transactions,
        writer: Thread::start("store-writer", move |jobs| writer.run(jobs)).map_err(no_thread)?,
        reader: Thread::start("store-reader", move |questions| reader.run(questions)).map_err(no_thread)?,
        _mover: mover,
        _lock: lock,
    };
    store.finish_forgetting();
    Ok(store)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error: rusqlite::Error| fault::error(path, "opening", &error);
    // Not SQLITE_OPEN_URI: a path is a path. Not CREATE: the file is made by us, for this user only.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    conn.busy_timeout(PATIENCE).map_err(failed)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise a statement whose plan might depend on what is bound is prepared anew each time something is.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    if conn.is_readonly("main").map_err(failed)? {
        return Err(read_only(path));
    }
    Ok(conn)
}

/// Settings that are kept in the file. Only after it was recognised as ours or empty.
fn prepare(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| fault::error(path, "opening", &error);
    conn.execute_batch(&format!("PRAGMA page_size = {PAGE}; PRAGMA mmap_size = 0")).map_err(failed)?;
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode.eq_ignore_ascii_case("wal") {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Io,
        format!("{} cannot be written ahead (mode {mode}); put it on a local disk", path.display()),
    ))
}

fn expect_directory(path: &Path) -> Result<(), StoreError> {
    let directory = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    };
    if path.file_name().is_none() || path.is_dir() {
        return Err(StoreError::new(
            StoreErrorKind::Io,
            format!("{} is a directory; name a file in it", path.display()),
        ));
    }
    if directory.is_dir() {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Io,
        format!(
            "cannot open {}: there is no directory {}; create it, or name another file",
            path.display(),
            directory.display()
        ),
    ))
}

/// Makes the file, for this user only; a later SQLite gives the files beside it the same mode.
fn expect_file(path: &Path, mode: OpenMode) -> Result<(), StoreError> {
    let opened = match mode {
        OpenMode::Server => lock::private().truncate(false).create(true).open(path),
        OpenMode::Inspect => lock::private().open(path),
    };
    match opened {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::new(
            StoreErrorKind::Io,
            format!("there is no database at {}; start the server once, it creates one", path.display()),
        )
        .with_source(error)),
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Err(read_only(path).with_source(error))
        }
        Err(error) => {
            Err(StoreError::new(StoreErrorKind::Io, format!("cannot open {}: {error}", path.display()))
                .with_source(error))
        }
    }
}

/// Whether commits lie beside the file that are not in it yet.
fn has_log(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(name).is_ok_and(|log| log.len() > 0)
}

/// SQLite takes what is missing of a last page for zeros. Only with a log, which has that page whole, may it be so.
fn expect_whole(path: &Path) -> Result<(), StoreError> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() % PAGE != 0 => Err(StoreError::new(
            StoreErrorKind::Damaged,
            format!(
                "{} ends in the middle of a page, as a copy that was broken off; the file is damaged; stop the server and restore a copy of it",
                path.display()
            ),
        )),
        _ => Ok(()),
    }
}

fn read_only(path: &Path) -> StoreError {
    StoreError::new(
        StoreErrorKind::ReadOnly,
        format!("{} cannot be written to; let this user write to the file and its directory", path.display()),
    )
}
