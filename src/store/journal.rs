//! The journal: every accepted event, in the order of acceptance, before its 200.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;

use super::StoreError;
use crate::wire::{BotId, Incoming, MessageId, PortalKey, Timestamp};

/// Place of an event in the journal; grows in the order of acceptance over all portals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub i64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One dialog of one portal: its events are handled one at a time and in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneKey(Arc<str>);

impl LaneKey {
    /// The lane named `key`; unique within its portal.
    pub fn new(key: impl Into<Arc<str>>) -> Self {
        Self(key.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What kind of fact a [`DedupeKey`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DedupeKind {
    /// A new message: `ordinal` is its id, the digest is not looked at.
    Message,
    /// A typed command: `ordinal` is the message id, the digest covers command id and parameters.
    TypedCommand,
    /// Anything else: `ordinal` is the `ts`, the digest covers kind, stable ids and token-free payload.
    Other,
}

/// Names the fact, not the envelope. Unique within (portal, bot).
///
/// Two keys are the same fact when portal, bot, kind, ordinal and digest are equal; for [`DedupeKind::Message`] the
/// digest does not count; and a `Message` and a `TypedCommand` of one message id exclude each other in either order,
/// while two different typed commands of one message do not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DedupeKey {
    /// The bot, 0 for events that belong to none.
    pub bot: BotId,
    /// The kind of fact.
    pub kind: DedupeKind,
    /// Ordered part, so that the index grows at its end.
    pub ordinal: i64,
    /// Hash of the rest.
    pub digest: [u8; 16],
}

/// An event to be accepted.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The portal it came from.
    pub portal: PortalKey,
    /// Its dialog.
    pub lane: LaneKey,
    /// What it says, for dedupe.
    pub dedupe: DedupeKey,
    /// Upper-case event code.
    pub code: String,
    /// Message id, by which waiting messages of a lane are ordered.
    pub message: Option<MessageId>,
    /// Decoded, token-free pairs.
    pub body: Bytes,
    /// Accept it parked, with this reason: it is verified but cannot be typed.
    pub park: Option<String>,
    /// What the body says, if the appender has read it anyway. Nothing of it is stored.
    pub read: Option<Arc<Incoming>>,
}

/// What became of an appended event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// On disk, under this sequence.
    Fresh(Seq),
    /// Known already; nothing was written.
    Duplicate,
}

/// An accepted event that is not done.
#[derive(Debug, Clone)]
pub struct JournalRow {
    /// Its place.
    pub seq: Seq,
    /// Its dialog.
    pub lane: LaneKey,
    /// Upper-case event code.
    pub code: String,
    /// Message id, if it has one that orders.
    pub message: Option<MessageId>,
    /// Decoded, token-free pairs.
    pub body: Bytes,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// Failed turns so far.
    pub attempts: u32,
    /// Not before this moment, after a failed turn.
    pub retry_at: Option<Timestamp>,
    /// All members of the turn it is frozen into, itself included: several since their turn was started, a single
    /// one since its turn remembered a step or failed. Empty if there is no such turn.
    pub frozen: Vec<Seq>,
    /// What the body says, if the store still has it from the appender; else read the body.
    pub read: Option<Arc<Incoming>>,
}

/// Accepts events.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Appends `events` in their order, all or none, durable when it returns. The answers are in the same order; two
    /// of one call may be duplicates of each other.
    async fn append(&self, events: Vec<NewEvent>, now: Timestamp) -> Result<Vec<Appended>, StoreError>;
}
