//! Levels of buckets, kept across restarts: a portal goes on counting while nobody here runs.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::wire::{MemberId, Timestamp};

/// How full a portal's bucket was at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Level {
    millicalls: u64,
    at: Timestamp,
}

impl Level {
    /// So many thousandths of a call were in the bucket at this moment.
    pub const fn new(millicalls: u64, at: Timestamp) -> Self {
        Self { millicalls, at }
    }

    /// Thousandths of a call in the bucket.
    pub const fn millicalls(&self) -> u64 {
        self.millicalls
    }

    /// When that was so.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// Keeps the levels of buckets across restarts. One keeper is for one address that calls go out from.
///
/// A portal's level is loaded before its first call and saved after calls, at most once a second. A keeper that fails is
/// logged and not asked to stop anything: at worst the portal refuses, and the calls wait.
#[async_trait]
pub trait LevelKeeper: Send + Sync + 'static {
    /// The level saved last.
    async fn load(&self, member: &MemberId) -> Result<Option<Level>, Box<dyn Error + Send + Sync>>;

    /// Saves levels, each in place of the one before.
    async fn save(&self, levels: Vec<(MemberId, Level)>) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// Keeps levels as long as it lives: for tests, and for several limiters after each other in one process.
#[derive(Debug, Default)]
pub struct MemoryLevels {
    levels: Mutex<HashMap<MemberId, Level>>,
}

impl MemoryLevels {
    /// Keeps nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn levels(&self) -> MutexGuard<'_, HashMap<MemberId, Level>> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LevelKeeper for MemoryLevels {
    async fn load(&self, member: &MemberId) -> Result<Option<Level>, Box<dyn Error + Send + Sync>> {
        Ok(self.levels().get(member).copied())
    }

    async fn save(&self, levels: Vec<(MemberId, Level)>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.levels().extend(levels);
        Ok(())
    }
}
