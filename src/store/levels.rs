//! How full portals' buckets were, kept across restarts.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::wire::{MemberId, Timestamp};

/// By then every bucket has run empty.
pub(super) const FORGET_AFTER: Duration = Duration::from_secs(3600);

/// How full a portal's bucket was at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketLevel {
    /// The portal: all its applications share the bucket.
    pub member: MemberId,
    /// Thousandths of a call in it.
    pub millicalls: u64,
    /// When that was so.
    pub at: Timestamp,
}

/// Keeps how full buckets were. A portal has one for each address that calls come from (protocol 8.6); `egress` names
/// ours.
#[async_trait]
pub trait Levels: Send + Sync {
    /// The level kept last of this portal, as seen from `egress`.
    async fn level(&self, egress: &str, member: &MemberId) -> Result<Option<BucketLevel>, StoreError>;

    /// Keeps levels, each in place of the one before. Those of portals that are forgotten go with them, and so do those
    /// an hour older than these: by then every bucket has run empty.
    async fn keep_levels(&self, egress: &str, levels: Vec<BucketLevel>) -> Result<(), StoreError>;
}
