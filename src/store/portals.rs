//! What is known of portals. Everything secret is sealed before it comes here.

use async_trait::async_trait;
use bytes::Bytes;
use std::time::Duration;

use super::StoreError;
use crate::wire::{PortalKey, Timestamp};

/// Whether a portal is worked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PortalStatus {
    /// Proven and installed.
    Active,
    /// Its tokens no longer work; events are kept, calls wait for a re-installation.
    Broken,
    /// Uninstalled, records kept.
    Uninstalled,
}

/// A proven portal.
#[derive(Debug, Clone)]
pub struct PortalRecord {
    /// Its key.
    pub key: PortalKey,
    /// Grows with every change.
    pub generation: u64,
    /// Whether it is worked for.
    pub status: PortalStatus,
    /// Host, for people to recognise it by.
    pub domain: String,
    /// Endpoints, tokens, application token, registered bots: sealed JSON.
    pub sealed: Bytes,
    /// Last change.
    pub updated: Timestamp,
}

/// Names one pending installation: a hash of what it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PendingId(pub [u8; 16]);

/// An installation that claims to be a portal and is not proven yet.
#[derive(Debug, Clone)]
pub struct PendingPortal {
    /// Its name.
    pub id: PendingId,
    /// What it claims: sealed JSON.
    pub sealed: Bytes,
    /// When it came.
    pub received: Timestamp,
}

/// The answer to [`Portals::put_pending`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutPending {
    /// Kept, or kept already.
    Kept,
    /// As many as allowed are waiting; nothing was written.
    Full,
}

/// Keeps portals.
#[async_trait]
pub trait Portals: Send + Sync {
    /// The portal, if it is known.
    async fn portal(&self, key: &PortalKey) -> Result<Option<PortalRecord>, StoreError>;

    /// All portals, in the order of their keys.
    async fn portals(&self) -> Result<Vec<PortalRecord>, StoreError>;

    /// Stores `record` if the stored generation is still `record.generation` (0: not stored yet), and returns the
    /// new generation; `None` if somebody was faster.
    async fn put_portal(&self, record: PortalRecord, now: Timestamp) -> Result<Option<u64>, StoreError>;

    /// Removes the portal and all that belongs to it: journal, keys, lanes, outbox, timers, parked rows, leases.
    /// Whoever holds a lease is fenced from here on, and a later lease has a higher epoch.
    async fn forget_portal(&self, key: &PortalKey) -> Result<(), StoreError>;

    /// Keeps a pending installation unless `max` others younger than `max_age` are waiting. Older ones are removed;
    /// one that waits under the same id already stays as it is.
    async fn put_pending(
        &self,
        pending: PendingPortal,
        max: u32,
        max_age: Duration,
        now: Timestamp,
    ) -> Result<PutPending, StoreError>;

    /// Pending installations younger than `max_age`, oldest first; older ones are removed.
    async fn pending(&self, max_age: Duration, now: Timestamp) -> Result<Vec<PendingPortal>, StoreError>;

    /// Removes a pending installation, proven or refused.
    async fn drop_pending(&self, id: PendingId) -> Result<(), StoreError>;

    /// Whether this caller may refresh the tokens of `generation` now: true once, then false until `ttl` has passed
    /// or the generation has moved on. False if the stored generation (0: not stored) is another.
    async fn begin_refresh(
        &self,
        key: &PortalKey,
        generation: u64,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
