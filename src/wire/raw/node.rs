//! Looking at a [`Raw`].

use std::fmt;

use serde_json::Value as Json;

use super::{Map, MapId, NONE, Raw, Value};

/// One place in a [`Raw`]: a scalar or a map.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    raw: &'a Raw,
    value: Value,
}

impl<'a> Node<'a> {
    pub(super) fn map_at(raw: &'a Raw, map: MapId) -> Self {
        Self { raw, value: Value::Map(map) }
    }

    fn map(self) -> Option<Map> {
        match self.value {
            Value::Map(map) => self.raw.maps.get(map.index()).copied(),
            Value::Text(_) => None,
        }
    }

    /// The value under `key`; `None` for a scalar.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entries().find_key(key, usize::MAX)
    }

    /// The value under `keys[0]`, in it the one under `keys[1]`, and so on.
    pub fn path(self, keys: &[&str]) -> Option<Node<'a>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar; `None` for a map.
    pub fn as_str(self) -> Option<&'a str> {
        match self.value {
            Value::Text(span) => Some(self.raw.piece(span)),
            Value::Map(_) => None,
        }
    }

    /// Whether this is a map (or a list, which is one).
    pub fn is_map(self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Number of entries of a map; 0 for a scalar.
    pub fn len(self) -> usize {
        self.map().map_or(0, |map| map.len as usize)
    }

    /// A map without entries, or the empty text: what PHP calls empty, except `"0"`.
    pub fn is_empty(self) -> bool {
        self.as_str().map_or_else(|| self.len() == 0, str::is_empty)
    }

    /// Keys and values of a map in PHP's order; nothing for a scalar.
    pub fn entries(self) -> Entries<'a> {
        let (next, left) = self.map().map_or((NONE, 0), |map| (map.first, map.len));
        Entries { raw: self.raw, next, left }
    }

    /// The values of a map or list; a text that is not empty is a list of one.
    pub fn list(self) -> impl Iterator<Item = Node<'a>> {
        let single = self.as_str().filter(|text| !text.is_empty()).map(|_| self);
        self.entries().map(|(_, node)| node).chain(single)
    }

    /// A whole number; `None` if the text is not one.
    pub fn int(self) -> Option<i64> {
        self.as_str()?.parse().ok()
    }

    /// `1 Y true` are yes, `0 N false` and the empty text are no, whatever the case; `None` for anything else.
    pub fn flag(self) -> Option<bool> {
        let is = |text: &str, words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        match self.as_str()? {
            "" => Some(false),
            text if is(text, ["1", "Y", "true"]) => Some(true),
            text if is(text, ["0", "N", "false"]) => Some(false),
            _ => None,
        }
    }

    /// As JSON: maps are objects, scalars are strings.
    pub fn to_json(self) -> Json {
        match self.as_str() {
            Some(text) => Json::String(text.to_owned()),
            None => {
                Json::Object(self.entries().map(|(key, node)| (key.to_owned(), node.to_json())).collect())
            }
        }
    }
}

impl fmt::Debug for Node<'_> {
    /// Sizes only: the value may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(text) => write!(f, "Text({} bytes)", text.len()),
            None => write!(f, "Map({} entries)", self.len()),
        }
    }
}

impl PartialEq for Node<'_> {
    /// Same keys in the same order with the same values.
    fn eq(&self, other: &Self) -> bool {
        match (self.as_str(), other.as_str()) {
            (Some(left), Some(right)) => left == right,
            (None, None) => self.entries().eq(other.entries()),
            _ => false,
        }
    }
}

/// Keys and values of a map, see [`Node::entries`].
#[derive(Clone)]
pub struct Entries<'a> {
    raw: &'a Raw,
    next: u32,
    left: u32,
}

impl<'a> Entries<'a> {
    /// Goes on to the entry behind `key`, which is among the next `most`; to the end if it is not.
    #[inline]
    pub(crate) fn find_key(&mut self, key: &str, most: usize) -> Option<Node<'a>> {
        let text = self.raw.text.as_bytes();
        for _ in 0..most {
            let slot = self.raw.slots.get(self.next as usize)?;
            self.next = slot.next;
            self.left = self.left.saturating_sub(1);
            let at = slot.key.at as usize;
            if slot.key.len as usize == key.len() && text.get(at..at + key.len()) == Some(key.as_bytes()) {
                return Some(Node { raw: self.raw, value: slot.value });
            }
        }
        None
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, Node<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.raw.slots.get(self.next as usize)?;
        self.next = slot.next;
        self.left = self.left.saturating_sub(1);
        Some((self.raw.piece(slot.key), Node { raw: self.raw, value: slot.value }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Entries<'_> {}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("left", &self.left).finish()
    }
}
