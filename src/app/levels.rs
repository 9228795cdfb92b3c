//! Levels of buckets in the app's store, so that a restart right after a burst does not run into the portal's limit.

use std::{error::Error, sync::Weak};

use async_trait::async_trait;

use crate::{
    rest::{Level, LevelKeeper},
    store::{BucketLevel, Store},
    wire::MemberId,
};

/// A process has one address that its calls come from, as far as it knows.
const EGRESS: &str = "default";

/// Keeps levels in a store for as long as somebody else has that: the limiter saves a little longer than the app runs,
/// and must not hold a database open that the next one wants.
#[derive(Debug)]
pub(super) struct StoredLevels(pub(super) Weak<dyn Store>);

#[async_trait]
impl LevelKeeper for StoredLevels {
    async fn load(&self, member: &MemberId) -> Result<Option<Level>, Box<dyn Error + Send + Sync>> {
        let Some(store) = self.0.upgrade() else { return Ok(None) };
        let kept = store.level(EGRESS, member).await?;
        Ok(kept.map(|kept| Level::new(kept.millicalls, kept.at)))
    }

    async fn save(&self, levels: Vec<(MemberId, Level)>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Some(store) = self.0.upgrade() else { return Ok(()) };
        let kept = |(member, level): (MemberId, Level)| BucketLevel {
            member,
            millicalls: level.millicalls(),
            at: level.at(),
        };
        Ok(store.keep_levels(EGRESS, levels.into_iter().map(kept).collect()).await?)
    }
}
