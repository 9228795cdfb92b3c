//! A store in this process's memory: for tests and for trying a bot. Gone with the process.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), openlines::store::StoreError> {
//! use openlines::store::{MemoryStore, NodeId, Work};
//! use openlines::wire::{PortalKey, Timestamp};
//!
//! let store = MemoryStore::new();
//! let portal = PortalKey::new("local.app", "d58a");
//! let leases = store.acquire(&[portal], &NodeId::new("here"), Timestamp::from_seconds(1)).await?;
//! assert_eq!(leases[0].epoch, 1);
//! # Ok(()) }
//! ```
//!
//! **Trap:** clones share what is stored. A clone is what a test uses where another store would be opened again.

mod commit;
mod inbox;
mod journal;
mod ledger;
mod levels;
mod outbox;
mod portals;
mod sessions;
mod tables;
mod upkeep;
mod work;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tables::Tables;

use super::{LaneChange, LaneKey, TimerChange};

/// Is told what every turn changes in its lane, whether it is committed or parked.
pub(crate) type Watch = Arc<dyn Fn(&LaneKey, Option<&LaneChange>, &[TimerChange]) + Send + Sync>;

/// A store in memory. Clones share it.
#[derive(Clone)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
    identity: [u8; 16],
    watch: Option<Watch>,
}

impl MemoryStore {
    /// An empty store with an identity of its own.
    pub fn new() -> Self {
        Self::with_identity(*uuid::Uuid::new_v4().as_bytes())
    }

    /// An empty store with this identity, so that turns are named as in another store or another run.
    pub fn with_identity(identity: [u8; 16]) -> Self {
        Self { tables: Arc::new(Mutex::new(Tables::new(identity))), identity, watch: None }
    }

    /// Tells `watch` of every turn that this one commits or parks.
    pub(crate) fn watched(self, watch: Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // Every operation checks before it writes, so a panic in between leaves whole operations behind.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
