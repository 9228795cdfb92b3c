//! The points at which a process can end: before and after everything it asks of its store and of the portal.

mod api;
mod store;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{Notify, watch};

use self::{api::PointedApi, store::PointedStore};
use crate::{rest::Api, store::Store};

/// Counts the points that a process passes, and stops everything at one of them. Clones count together.
///
/// At the point it stops at, and from then on at every other, a call never returns: whoever waits for it is to be ended,
/// as the process would have been.
///
/// ```
/// use std::sync::Arc;
/// use openlines::{clock::{Clock, SystemClock}, store::{MemoryStore, Store}, testing::Points};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let points = Points::stop_at(1);
/// let kept: Arc<dyn Store> = Arc::new(MemoryStore::new());
/// let store = points.store(kept.clone());
/// tokio::select! {
///     _ = store.portals() => unreachable!("it stops behind the first call"),
///     point = points.stopped() => assert_eq!(point, "after portals"),
/// }
/// // The next life, on the same store.
/// assert!(Points::never().store(kept).portals().await.unwrap().is_empty());
/// # }
/// ```
#[derive(Clone)]
pub struct Points {
    passed: Arc<AtomicUsize>,
    names: Arc<Mutex<BTreeSet<String>>>,
    stop: Stop,
    stopped: Arc<watch::Sender<Option<String>>>,
}

#[derive(Debug, Clone)]
enum Stop {
    Never,
    /// At this one, counted from 0.
    At(usize),
    /// At the first one of this name.
    First(String),
}

impl Points {
    /// Stops at point `at`, counted from 0.
    pub fn stop_at(at: usize) -> Self {
        Self { stop: Stop::At(at), ..Self::never() }
    }

    /// Stops at the first point of this name, such as `before commit`.
    pub fn stop_first(name: impl Into<String>) -> Self {
        Self { stop: Stop::First(name.into()), ..Self::never() }
    }

    /// Stops nowhere.
    pub fn never() -> Self {
        let stopped = Arc::new(watch::Sender::new(None));
        Self { passed: Arc::default(), names: Arc::default(), stop: Stop::Never, stopped }
    }

    /// How many points were passed.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }

    /// Names of the points that were passed.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where it was stopped, if it was: `before commit`, `after imbot.v2.Chat.Message.send`.
    pub fn stopped_at(&self) -> Option<String> {
        self.stopped.borrow().clone()
    }

    /// Returns once it was stopped, and tells where.
    pub async fn stopped(&self) -> String {
        let mut stopped = self.stopped.subscribe();
        loop {
            if let Some(point) = stopped.borrow_and_update().clone() {
                return point;
            }
            // The sender lives as long as `self`.
            let _ = stopped.changed().await;
        }
    }

    /// `inner` with a point before and after each of its methods, those of housekeeping and of the inbox aside: they run
    /// by the clock and not by what happens.
    pub fn store(&self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(PointedStore { inner, points: self.clone(), requested: None })
    }

    /// The same; requests of the inbox are looked for when `requested` says so.
    pub(super) fn store_asked(&self, inner: Arc<dyn Store>, requested: Arc<Notify>) -> Arc<dyn Store> {
        Arc::new(PointedStore { inner, points: self.clone(), requested: Some(requested) })
    }

    /// `inner` with a point before and after each call, named by its method.
    pub fn api(&self, inner: Arc<dyn Api>) -> Arc<dyn Api> {
        Arc::new(PointedApi { inner, points: self.clone() })
    }

    /// Passes a point, or never returns: the process has ended.
    async fn pass(&self, moment: &str, what: &str) {
        if self.stopped.borrow().is_none() {
            let name = format!("{moment} {what}");
            let at = self.passed.fetch_add(1, Ordering::SeqCst);
            let is_here = match &self.stop {
                Stop::Never => false,
                Stop::At(stop) => at == *stop,
                Stop::First(stop) => name == *stop,
            };
            if !is_here {
                self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
                return;
            }
            self.stopped.send_replace(Some(name));
        }
        std::future::pending::<()>().await;
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Points")
            .field("passed", &self.passed())
            .field("stop", &self.stop)
            .field("stopped_at", &self.stopped_at())
            .finish()
    }
}
