//! How full buckets were.

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    store::{BucketLevel, Levels, StoreError, levels::FORGET_AFTER},
    wire::MemberId,
};

#[async_trait]
impl Levels for MemoryStore {
    async fn level(&self, egress: &str, member: &MemberId) -> Result<Option<BucketLevel>, StoreError> {
        Ok(self.tables().levels.get(&(egress.to_owned(), member.clone())).cloned())
    }

    async fn keep_levels(&self, egress: &str, levels: Vec<BucketLevel>) -> Result<(), StoreError> {
        let Some(newest) = levels.iter().map(|level| level.at).max() else { return Ok(()) };
        let kept = &mut self.tables().levels;
        kept.extend(levels.into_iter().map(|level| ((egress.to_owned(), level.member.clone()), level)));
        kept.retain(|(from, _), level| from != egress || level.at >= newest.minus(FORGET_AFTER));
        Ok(())
    }
}
