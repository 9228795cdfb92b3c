//! A callback as decoded, before anything in it is understood.
//!
//! All keys and values of one callback lie in one arena; a [`Node`] is a place in it, cheap to copy and to look from.
//!
//! ```
//! let body = b"event=ONIMBOTMESSAGEADD&data[PARAMS][MESSAGE]=hello+there&data[PARAMS][SYSTEM]=N";
//! let raw = openlines::codec::form::decode(body, &Default::default())?;
//!
//! let params = raw.root().path(&["data", "PARAMS"]).expect("the body has it");
//! assert_eq!(params.get("MESSAGE").and_then(|text| text.as_str()), Some("hello there"));
//! assert_eq!(params.get("SYSTEM").and_then(|flag| flag.flag()), Some(false));
//! assert_eq!(params.len(), 2);
//! # Ok::<(), openlines::codec::form::FormError>(())
//! ```
//!
//! **Trap:** the wire knows no numbers, booleans, nulls or lists (protocol 1.3): a list is a map with the keys `0..n`,
//! and null and the empty list are simply not there. Whether a map is a list is decided by the field, never by its shape.

mod build;
mod node;

pub(crate) use build::{Builder, MapId};
pub use node::{Entries, Node};

use std::fmt;

/// The decoded pairs of one callback, in PHP's order. `Debug` prints sizes only: the values hold tokens.
#[derive(Default, Clone)]
pub struct Raw {
    /// Every key and value, one after the other.
    text: String,
    /// Children of all maps, each linked to its next sibling.
    slots: Vec<Slot>,
    /// Every map; the first is the root.
    maps: Vec<Map>,
}

/// A piece of `Raw::text`.
#[derive(Clone, Copy)]
struct Span {
    at: u32,
    len: u32,
}

/// What a slot holds.
#[derive(Clone, Copy)]
enum Value {
    Text(Span),
    Map(MapId),
}

/// One key with its value.
#[derive(Clone, Copy)]
struct Slot {
    key: Span,
    value: Value,
    next: u32,
}

/// One map: its first slot and the number of slots.
#[derive(Clone, Copy)]
struct Map {
    first: u32,
    len: u32,
}

/// No slot: the end of a list of siblings.
const NONE: u32 = u32::MAX;

impl Raw {
    /// The whole callback.
    pub fn root(&self) -> Node<'_> {
        Node::map_at(self, MapId::ROOT)
    }

    /// The same as [`Node::path`] from the root.
    pub fn path(&self, keys: &[&str]) -> Option<Node<'_>> {
        self.root().path(keys)
    }

    /// The callback as JSON: maps are objects, scalars are strings. [`Node::entries`] keeps PHP's order, JSON need not.
    pub fn to_json(&self) -> serde_json::Value {
        self.root().to_json()
    }

    fn piece(&self, span: Span) -> &str {
        let at = span.at as usize;
        self.text.get(at..at + span.len as usize).unwrap_or("")
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("pairs", &self.slots.len()).field("bytes", &self.text.len()).finish()
    }
}

impl PartialEq for Raw {
    /// Same keys in the same order with the same values.
    fn eq(&self, other: &Self) -> bool {
        self.root() == other.root()
    }
}
