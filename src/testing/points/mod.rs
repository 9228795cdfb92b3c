//! The points at which a process can end: before and after everything it asks of its store and of the portal.

mod api;
mod store;

use std::{
    fmt,
    sync::{
        Arc,
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
    stop_at: Option<usize>,
    stopped: Arc<watch::Sender<Option<String>>>,
}

impl Points {
    /// Stops at point `at`, counted from 0.
    pub fn stop_at(at: usize) -> Self {
        Self { stop_at: Some(at), ..Self::never() }
    }

    /// Stops nowhere.
    pub fn never() -> Self {
        Self { passed: Arc::default(), stop_at: None, stopped: Arc::new(watch::Sender::new(None)) }
    }

    /// How many points were passed.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
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
            if Some(self.passed.fetch_add(1, Ordering::SeqCst)) != self.stop_at {
                return;
            }
            self.stopped.send_replace(Some(format!("{moment} {what}")));
        }
        std::future::pending::<()>().await;
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Points")
            .field("passed", &self.passed())
            .field("stop_at", &self.stop_at)
            .field("stopped_at", &self.stopped_at())
            .finish()
    }
}
