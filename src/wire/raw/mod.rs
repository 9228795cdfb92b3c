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

    /// The same without the keys that `is_out` names, wherever they stand, and what lies under them.
    pub(crate) fn without(mut self, is_out: impl Fn(&str) -> bool) -> Self {
        for map in 0..self.maps.len() {
            let (mut last, mut slot) = (NONE, self.maps[map].first);
            while slot != NONE {
                let Slot { key, next, .. } = self.slots[slot as usize];
                if !is_out(self.piece(key)) {
                    last = slot;
                } else {
                    self.maps[map].len -= 1;
                    match last {
                        NONE => self.maps[map].first = next,
                        last => self.slots[last as usize].next = next,
                    }
                }
                slot = next;
            }
        }
        self
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(pairs: &[(&str, &str, &str)]) -> Raw {
        let mut builder = Builder::with_capacity(64, 8);
        for (map, key, text) in pairs {
            let map = if map.is_empty() { MapId::ROOT } else { builder.enter(MapId::ROOT, map.as_bytes()) };
            let at = builder.arena().len();
            builder.arena().extend_from_slice(text.as_bytes());
            builder.set(map, key.as_bytes(), at);
        }
        builder.finish()
    }

    fn texts<T>(texts: &[&str], read: impl Fn(Node<'_>) -> T) -> Vec<T> {
        let of = |text: &&str| read(raw(&[("", "key", text)]).root().get("key").expect("just set"));
        texts.iter().map(of).collect()
    }

    #[test]
    fn a_raw_value_goes_anywhere_and_prints_sizes_only() {
        fn goes_anywhere<T: Send + Sync + 'static>(_: &T) {}
        let raw = raw(&[("auth", "access_token", "s3cret"), ("", "ts", "1")]);
        goes_anywhere(&raw);
        let shown = format!("{raw:?} {:?} {:?}", raw.root(), raw.path(&["auth", "access_token"]));
        assert!(!shown.contains("s3cret") && shown.contains("6 bytes"), "{shown}");
    }

    #[test]
    fn scalars_are_read_loosely() {
        assert!(
            texts(&["1", "Y", "y", "true", "TRUE"], |node| node.flag())
                .iter()
                .all(|flag| *flag == Some(true))
        );
        assert!(texts(&["0", "N", "false", ""], |node| node.flag()).iter().all(|flag| *flag == Some(false)));
        assert!(texts(&["yes", "2", " 1"], |node| node.flag()).iter().all(Option::is_none));
        assert_eq!(texts(&["7", "-7", "0"], |node| node.int()), [Some(7), Some(-7), Some(0)]);
        assert!(
            texts(&["", "7.0", "0x7", "99999999999999999999"], |node| node.int()).iter().all(Option::is_none)
        );
        let raw = raw(&[("map", "key", "1")]);
        let map = raw.root().get("map").expect("just set");
        assert_eq!((map.flag(), map.int(), map.as_str()), (None, None, None));
    }

    #[test]
    fn a_list_is_read_from_a_map_or_a_text() {
        let raw = raw(&[("map", "5", "a"), ("map", "x", "b"), ("", "text", "c"), ("", "empty", "")]);
        let list = |key: &str| {
            let node = raw.root().get(key).expect("just set");
            node.list().filter_map(Node::as_str).collect::<Vec<_>>()
        };
        assert_eq!((list("map"), list("text"), list("empty")), (vec!["a", "b"], vec!["c"], vec![]));
    }

    #[test]
    fn equal_values_have_the_same_keys_in_the_same_order() {
        let one = raw(&[("", "a", "1"), ("m", "x", "2")]);
        assert_eq!(one, raw(&[("", "a", "0"), ("m", "x", "2"), ("", "a", "1")]));
        assert_ne!(one, raw(&[("m", "x", "2"), ("", "a", "1")]));
        assert_ne!(one, raw(&[("", "a", "1"), ("m", "x", "3")]));
    }

    #[test]
    fn keys_are_taken_out_wherever_they_stand() {
        let all = [("", "x", "1"), ("m", "x", "2"), ("m", "a", "3"), ("m", "x2", "4"), ("", "b", "5")];
        let left = raw(&all).without(|key| key == "x");
        assert_eq!(left, raw(&[("m", "a", "3"), ("m", "x2", "4"), ("", "b", "5")]));
        assert_eq!(left.root().len(), 2);
        assert!(left.root().get("x").is_none() && left.path(&["m", "x"]).is_none());
        assert!(raw(&all).without(|_| true).root().is_empty());
    }

    #[test]
    fn the_default_is_an_empty_map() {
        let raw = Raw::default();
        assert!(raw.root().is_map() && raw.root().is_empty() && raw.root().get("a").is_none());
        assert_eq!((raw.to_json(), raw.root().entries().count()), (json!({}), 0));
    }
}
