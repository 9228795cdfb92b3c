//! What the journal keeps of a callback: its decoded pairs without the tokens, in a compact form of their own.
//!
//! Layout, version 1: the byte 1; the number of entries; for each entry in order, inner ones after their map, the length
//! of its key and then `2 × length` of its text or `2 × count + 1` of its entries; then all keys and texts in that order.
//! Numbers are LEB128.
//!
//! ```
//! use openlines::codec;
//!
//! let body = b"event=ONAPPTEST&data[QUERY][a]=1&auth[access_token]=s3cret&auth[member_id]=7c1f";
//! let kept = codec::to_stored(&codec::form::decode(body, &Default::default())?);
//! let again = codec::from_stored(&kept)?;
//! assert_eq!(again.path(&["auth", "member_id"]).and_then(|id| id.as_str()), Some("7c1f"));
//! assert!(again.path(&["auth", "access_token"]).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** tokens go by the names of their keys. A token under a name that no portal gives to one is kept.

mod error;
mod read;
mod write;

pub use error::StoredError;
pub(super) use write::payload;
use write::{Part, is_token, write};

use std::sync::Arc;

use bytes::Bytes;

use super::{Callback, events};
use crate::wire::{BotId, Event, Incoming, Origin, Raw};

const VERSION: u8 = 1;

/// Everything of a callback, except what stands under the name of a token.
pub fn to_stored(raw: &Raw) -> Bytes {
    write(raw, &Part::All)
}

/// What belongs to one event of a callback, except what stands under the name of a token: of several bots, commands or
/// blocks only its own. So each stored event reads back by itself, see [`event_of_stored`].
pub fn stored(incoming: &Incoming) -> Bytes {
    let bot = incoming.bot.as_ref().map(|bot| bot.id);
    let part = match (&incoming.event, bot) {
        (Event::Command(command), Some(bot)) if incoming.origin == Origin::BotV1 => {
            Part::Command(command.id, bot)
        }
        (Event::Other | Event::BotDeleted(_), _) => Part::All,
        (_, Some(bot)) if incoming.origin == Origin::BotV1 => Part::Bot(bot),
        (event, None) if matches!(incoming.origin, Origin::Line | Origin::Connector) => Part::Blocks(event),
        _ => Part::All,
    };
    write(&incoming.raw, &part)
}

/// The event as [`event_of_stored`] reads what [`stored`] kept of it, for who has it at hand and need not read it again.
/// Only events of second-generation bots, whose callbacks hold one event each, and only if nobody else holds the
/// [`Raw`]: that of any other is not the event's alone.
pub fn without_tokens(mut incoming: Incoming) -> Option<Incoming> {
    if incoming.origin != Origin::BotV2 {
        return None;
    }
    let raw = Arc::into_inner(std::mem::take(&mut incoming.raw))?;
    incoming.raw = Arc::new(raw.without(is_token));
    Some(incoming)
}

/// Decoded pairs, read back. Never panics, whatever the bytes are.
pub fn from_stored(bytes: &[u8]) -> Result<Raw, StoredError> {
    read::pairs(bytes)
}

/// The one event that [`stored`] kept.
pub fn event_of_stored(bytes: &[u8]) -> Result<Incoming, StoredError> {
    let mut events = events_of_stored(bytes, None)?;
    match (events.pop(), events.len()) {
        (Some(event), 0) => Ok(event),
        (_, others) => Err(StoredError::NotOne { events: others }),
    }
}

/// The events of a stored callback; with `bot` only those for that bot.
pub fn events_of_stored(bytes: &[u8], bot: Option<BotId>) -> Result<Vec<Incoming>, StoredError> {
    let callback = Callback::read(Arc::new(from_stored(bytes)?))?;
    let mut all = events(&callback)?;
    if let Some(bot) = bot {
        all.retain(|event| event.bot.as_ref().is_some_and(|known| known.id == bot));
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
