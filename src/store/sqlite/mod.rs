//! A store in one SQLite file: WAL, `synchronous=FULL`, one writing thread that makes one transaction of all that has
//! arrived, one reading thread beside it.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use openlines::store::{NodeId, OpenMode, SqliteStore, StoreErrorKind, Work};
//! use openlines::wire::{PortalKey, Timestamp};
//!
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("bot.db");
//! let store = SqliteStore::open(&path, OpenMode::Server)?;
//! let portal = PortalKey::new("local.app", "d58a");
//! let leases = store.acquire(&[portal], &NodeId::new("here"), Timestamp::from_seconds(1)).await?;
//! assert_eq!(leases[0].epoch, 1);
//!
//! let second = SqliteStore::open(&path, OpenMode::Server).unwrap_err();
//! assert_eq!(second.kind(), StoreErrorKind::Locked);
//! # Ok(()) }
//! ```
//!
//! **Trap:** dropping the last handle waits for what is being written; do it where a short wait does no harm.

mod checkpoint;
mod commit;
mod fault;
mod forget;
mod freeze;
mod inbox;
mod journal;
mod known;
mod lanes;
mod ledger;
mod levels;
mod lock;
mod open;
mod outbox;
mod portals;
mod reader;
mod rows;
mod schema;
mod sessions;
mod tail;
mod timers;
mod trace;
mod upkeep;
mod work;
mod writer;

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use self::{
    fault::Halt,
    known::{Change, Known},
    lock::ServerLock,
    reader::Question,
    tail::Tail,
    writer::{Job, Operation, Tx},
};
use super::{JournalRow, Lease, OutboxRow, StoreError, StoreErrorKind, TurnId};

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenMode {
    /// To work on it: takes the lock, creates the file, brings its schema up to date.
    Server,
    /// To look at portals and inbox and to write requests, also beside a running server. Everything else answers
    /// [`StoreErrorKind::ReadOnly`].
    Inspect,
}

/// A store in one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    mode: OpenMode,
    identity: [u8; 16],
    shared: Arc<Shared>,
    transactions: Arc<AtomicU64>,
    writer: Thread<Box<dyn Job>>,
    reader: Thread<Question>,
    // Below the writing thread, whose connection can still ask it.
    _mover: Thread<()>,
    // Below the threads: fields drop in order, and the lock must outlive the last write.
    _lock: Option<ServerLock>,
}

/// What the callers' side knows without asking a thread.
#[derive(Default)]
struct Shared {
    known: Mutex<Known>,
    /// Portal and first member of the turns started and not yet ended by this process.
    started: Mutex<HashMap<TurnId, (i64, i64)>>,
    /// Events that wait, and calls that are to be made, and that nobody has loaded yet.
    tails: Mutex<(Tail<JournalRow>, Tail<OutboxRow>)>,
}

impl Shared {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was committed.
    fn apply(&self, changes: Vec<Change>) {
        let (mut known, mut tails) = (self.known(), self.tails());
        let (events, calls) = &mut *tails;
        for change in changes {
            known.apply(&change);
            match change {
                Change::Waits(portal, row) => events.add(portal, row.seq.0, *row),
                Change::ToCall(portal, row) => calls.add(portal, row.id.0, *row),
                _ => {}
            }
        }
    }

    fn started(&self) -> MutexGuard<'_, HashMap<TurnId, (i64, i64)>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tails(&self) -> MutexGuard<'_, (Tail<JournalRow>, Tail<OutboxRow>)> {
        self.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that works off what it is sent, and is waited for when dropped.
struct Thread<M> {
    to: Option<mpsc::Sender<M>>,
    handle: Option<JoinHandle<()>>,
}

impl<M: Send + 'static> Thread<M> {
    fn start(name: &str, work: impl FnOnce(&mpsc::Receiver<M>) + Send + 'static) -> std::io::Result<Self> {
        let (to, arrivals) = mpsc::channel();
        let handle = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&arrivals))?;
        Ok(Self { to: Some(to), handle: Some(handle) })
    }

    fn send(&self, message: M) -> bool {
        self.to.as_ref().is_some_and(|to| to.send(message).is_ok())
    }
}

impl<M> Drop for Thread<M> {
    fn drop(&mut self) {
        self.to = None;
        if let Some(handle) = self.handle.take() {
            // A thread that panicked has said so on standard error; there is nothing left to save here.
            let _ = handle.join();
        }
    }
}

impl SqliteStore {
    /// Opens the database at `path`.
    pub fn open(path: impl AsRef<Path>, mode: OpenMode) -> Result<Self, StoreError> {
        open::open(path.as_ref(), mode, lanes::FOLD_AT)
    }

    /// How many write transactions were committed since the store was opened: the operations of a group share one.
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// Runs `run` in the next transaction; returns once that is on disk.
    async fn write<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Tx<'_>) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.expect_server()?;
        self.write_in_any_mode(run).await
    }

    async fn write_in_any_mode<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Tx<'_>) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (operation, answer) = Operation::new(run);
        self.hand_over(operation, answer).await
    }

    /// Like [`write`](Self::write), for what is in no hurry: for a moment it waits for another's transaction.
    async fn write_with_others<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Tx<'_>) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.expect_server()?;
        let (operation, answer) = Operation::new(run);
        self.hand_over(operation.patient(), answer).await
    }

    async fn hand_over<T>(
        &self,
        operation: impl Job + 'static,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if !self.writer.send(Box::new(operation)) {
            return Err(self.closed());
        }
        answer.await.unwrap_or_else(|_| Err(self.closed()))
    }

    fn expect_server(&self) -> Result<(), StoreError> {
        if self.mode == OpenMode::Server {
            return Ok(());
        }
        Err(StoreError::new(
            StoreErrorKind::ReadOnly,
            format!("{} is open for looking only; ask the server that works on it", self.path.display()),
        ))
    }

    /// Asks the reading thread.
    async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (question, answer) = reader::question(ask);
        if !self.reader.send(question) {
            return Err(self.closed());
        }
        answer.await.unwrap_or_else(|_| Err(self.closed()))
    }

    /// The portal's number, if the lease is the newest.
    fn check(&self, lease: &Lease) -> Result<i64, StoreError> {
        self.shared.known().check(lease)
    }

    fn closed(&self) -> StoreError {
        StoreError::new(StoreErrorKind::Closed, format!("{} is closed", self.path.display()))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
