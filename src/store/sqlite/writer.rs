//! The one thread that writes: takes all that has arrived, makes it one transaction, then answers all.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use rusqlite::{CachedStatement, Connection};
use tokio::sync::oneshot;

use super::{
    Shared,
    fault::{Fault, Halt},
    known::{Change, Known},
    lanes::Fold,
};
use crate::{
    store::{Lease, Seq, StoreError, StoreErrorKind, TurnId, naming},
    wire::PortalKey,
};

/// More than this is left for the next transaction, so that the first of a storm is not kept waiting by the last.
const GROUP: usize = 1024;

/// How long what is in no hurry waits for something that is: longer than events are apart under load, and nothing to
/// the person in front of a quiet dialog.
const PATIENCE: Duration = Duration::from_millis(5);

/// What fails again and again is told so often.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// A transaction under way.
pub(super) struct Tx<'a> {
    pub(super) conn: &'a Connection,
    pub(super) known: &'a mut Known,
    pub(super) identity: &'a [u8; 16],
    changes: &'a mut Vec<Change>,
}

impl Tx<'_> {
    pub(super) fn sql(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.conn.prepare_cached(sql)
    }

    pub(super) fn change(&mut self, change: Change) {
        self.known.apply(&change);
        self.changes.push(change);
    }

    pub(super) fn check(&self, lease: &Lease) -> Result<i64, StoreError> {
        self.known.check(lease)
    }

    pub(super) fn turn_id(&self, portal: &PortalKey, first: i64) -> TurnId {
        naming::turn_id(self.identity, portal, Seq(first))
    }
}

/// An operation waiting for its transaction.
pub(super) trait Job: Send {
    /// It may wait a moment for an operation that may not, and share its transaction.
    fn is_patient(&self) -> bool;
    /// Runs it; an error is one that the whole group must share.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), rusqlite::Error>;
    /// Answers it, with the fault of the group if there was one.
    fn answer(self: Box<Self>, fault: Option<&Fault>);
}

pub(super) struct Operation<F, T> {
    run: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    patient: bool,
}

impl<F, T> Operation<F, T> {
    pub(super) fn new(run: F) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { run: Some(run), outcome: None, reply, patient: false }, answer)
    }

    /// In no hurry.
    pub(super) fn patient(self) -> Self {
        Self { patient: true, ..self }
    }
}

impl<F, T> Job for Operation<F, T>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, Halt> + Send,
    T: Send,
{
    fn is_patient(&self) -> bool {
        self.patient
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), rusqlite::Error> {
        let Some(run) = self.run.take() else { return Ok(()) };
        self.outcome = Some(match run(tx) {
            Ok(value) => Ok(value),
            Err(Halt::Refused(refusal)) => Err(refusal),
            Err(Halt::Sql(error)) => return Err(error),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, fault: Option<&Fault>) {
        let outcome = match (fault, self.outcome) {
            (Some(fault), _) => Err(fault.error()),
            (None, Some(outcome)) => outcome,
            // Dropping the sender tells the caller that the store is closed.
            (None, None) => return,
        };
        // A caller that no longer waits loses its answer; what it asked for is done all the same.
        let _ = self.reply.send(outcome);
    }
}

pub(super) struct Writer {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
    pub(super) known: Known,
    pub(super) fold: Fold,
    pub(super) identity: [u8; 16],
    pub(super) shared: Arc<Shared>,
    pub(super) transactions: Arc<AtomicU64>,
    pub(super) trouble: Trouble,
}

/// Tells that nothing can be written: at once, then once a minute, and when it is over.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    told: Option<Instant>,
    left_out: u64,
}

impl Trouble {
    fn failed(&mut self, fault: &Fault, operations: usize) {
        if self.told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            self.left_out += 1;
            return;
        }
        let left_out = std::mem::take(&mut self.left_out);
        self.told = Some(Instant::now());
        tracing::error!(
            error = %fault.error(),
            operations,
            left_out,
            "store: nothing of a group was written; it is tried again by itself"
        );
    }

    fn written(&mut self) {
        if self.told.take().is_some() {
            let left_out = std::mem::take(&mut self.left_out);
            tracing::info!(left_out, "store: it can be written again");
        }
    }
}

impl Writer {
    pub(super) fn run(mut self, arrivals: &mpsc::Receiver<Box<dyn Job>>) {
        let mut group = Vec::new();
        while let Ok(first) = arrivals.recv() {
            group.push(first);
            std::thread::yield_now();
            take_in(&mut group, arrivals);
            if group.iter().all(|job| job.is_patient()) {
                wait_for_company(&mut group, arrivals);
                take_in(&mut group, arrivals);
            }
            self.carry_out(&mut group, arrivals);
        }
    }

    fn carry_out(&mut self, group: &mut Vec<Box<dyn Job>>, arrivals: &mpsc::Receiver<Box<dyn Job>>) {
        let mut changes = Vec::new();
        let fault = match self.transact(group, &mut changes) {
            Ok(()) => {
                self.transactions.fetch_add(1, Ordering::Relaxed);
                self.trouble.written();
                // Before the answers: whoever has one finds what it tells of.
                self.shared.apply(changes);
                None
            }
            Err(error) => {
                // Fails only if SQLite has rolled back by itself.
                let _ = self.conn.execute_batch("ROLLBACK");
                self.known = self.shared.known().clone();
                self.fold.start_over();
                let fault = Fault::of(&self.path, "writing", &error);
                if fault.kind() == StoreErrorKind::Locked {
                    // They have waited for the same lock; another such wait would outlast their callers' patience.
                    group.extend(arrivals.try_iter());
                }
                self.trouble.failed(&fault, group.len());
                Some(fault)
            }
        };
        group.drain(..).for_each(|job| job.answer(fault.as_ref()));
    }

    fn transact(&mut self, group: &mut [Box<dyn Job>], changes: &mut Vec<Change>) -> rusqlite::Result<()> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut tx = Tx { conn: &self.conn, known: &mut self.known, identity: &self.identity, changes };
        for job in group {
            job.run(&mut tx)?;
        }
        self.fold.go_on(&mut tx)?;
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

/// Takes what has arrived into the group.
fn take_in(group: &mut Vec<Box<dyn Job>>, arrivals: &mpsc::Receiver<Box<dyn Job>>) {
    while group.len() < GROUP
        && let Ok(next) = arrivals.try_recv()
    {
        group.push(next);
    }
}

/// Waits until something is in a hurry, or for as long as the others may wait.
fn wait_for_company(group: &mut Vec<Box<dyn Job>>, arrivals: &mpsc::Receiver<Box<dyn Job>>) {
    let until = Instant::now() + PATIENCE;
    while group.len() < GROUP
        && let Ok(next) = arrivals.recv_timeout(until.saturating_duration_since(Instant::now()))
    {
        let is_patient = next.is_patient();
        group.push(next);
        if !is_patient {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(is_patient: bool) -> Box<dyn Job> {
        let (operation, _) = Operation::new(|_: &mut Tx<'_>| Ok(()));
        if is_patient { Box::new(operation.patient()) } else { Box::new(operation) }
    }

    #[test]
    fn what_is_patient_goes_with_the_first_that_is_not() {
        let (to, arrivals) = mpsc::channel();
        for is_patient in [true, true, false, false] {
            to.send(job(is_patient)).unwrap();
        }
        let mut group = vec![arrivals.recv().unwrap()];
        wait_for_company(&mut group, &arrivals);
        let patience: Vec<_> = group.iter().map(|job| job.is_patient()).collect();
        assert_eq!(patience, [true, true, false], "the next may come from a later moment");
    }

    #[test]
    fn what_is_patient_does_not_wait_for_long() {
        let (to, arrivals) = mpsc::channel();
        to.send(job(true)).unwrap();
        let mut group = vec![job(true)];
        let begun = Instant::now();
        wait_for_company(&mut group, &arrivals);
        assert_eq!(group.len(), 2);
        assert!(begun.elapsed() >= PATIENCE, "{:?}", begun.elapsed());
        drop(to);
        wait_for_company(&mut group, &arrivals);
        assert_eq!(group.len(), 2, "the end of the store is not waited for");
    }
}
