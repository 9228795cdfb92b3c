//! Filling a [`Raw`], with PHP's rules for arrays.

use std::{
    hash::{BuildHasher, RandomState},
    ops::Range,
};

use super::{Map, NONE, Raw, Slot, Span, Value};

/// A map of the [`Raw`] under construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MapId(u32);

impl MapId {
    /// The whole callback.
    pub(crate) const ROOT: Self = Self(0);

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Up to this many entries a map is searched from its beginning; above, by hash. Searching is quicker for the maps that
/// portals send (some fifty keys), the hash keeps a flood of keys linear.
const SEARCHED: u32 = 64;

/// What is known of a map only while it grows.
struct Growth {
    last: u32,
    /// The key that `[]` takes next; `None` until an integer key was seen.
    next_free: Option<i64>,
    /// One bit for each key's look: a bit not set says that a key is new without a search.
    looks: u128,
    /// Slots by hash of their key, open addressing; empty up to [`SEARCHED`] entries.
    table: Vec<u32>,
}

/// Fills a [`Raw`] the way PHP fills an array: the last duplicate wins and keeps the first one's place, a scalar and a
/// map replace each other, `[]` counts per map.
///
/// Positions are `u32`: the caller keeps the text below 4 GiB (bodies are refused at 1 MiB, stored ones at 64).
pub(crate) struct Builder {
    raw: Raw,
    text: Vec<u8>,
    growth: Vec<Growth>,
    hasher: Option<RandomState>,
}

impl Builder {
    /// For about `bytes` of text in `pairs` pairs.
    pub(crate) fn with_capacity(bytes: usize, pairs: usize) -> Self {
        let mut builder = Self {
            raw: Raw { text: String::new(), slots: Vec::with_capacity(pairs), maps: Vec::with_capacity(16) },
            text: Vec::with_capacity(bytes),
            growth: Vec::with_capacity(16),
            hasher: None,
        };
        builder.new_map();
        builder
    }

    /// Over text that is there already, for [`Builder::add_text`] and [`Builder::add_map`] only.
    pub(crate) fn over(text: &str, pairs: usize) -> Self {
        let mut builder = Self::with_capacity(0, pairs);
        builder.text.extend_from_slice(text.as_bytes());
        builder
    }

    /// Adds a key that is known to be new, key and text given as places in the arena.
    pub(crate) fn add_text(&mut self, map: MapId, key: Range<usize>, text: Range<usize>) {
        self.link(map, span(key), Value::Text(span(text)));
    }

    /// Adds a map under a key that is known to be new.
    pub(crate) fn add_map(&mut self, map: MapId, key: Range<usize>) -> MapId {
        let inner = self.new_map();
        self.link(map, span(key), Value::Map(inner));
        inner
    }

    /// The end of the arena: append a value's bytes here, then hand their beginning to [`Builder::set`].
    pub(crate) fn arena(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Puts the bytes that the arena holds from `value_at` on under `key`.
    pub(crate) fn set(&mut self, map: MapId, key: &[u8], value_at: usize) {
        let value = Value::Text(self.span_from(value_at));
        match self.find(map, key) {
            Some(slot) => self.raw.slots[slot as usize].value = value,
            None => self.insert(map, key, value),
        }
    }

    /// Puts the bytes that the arena holds from `value_at` on under the next free number. PHP drops the value when
    /// the numbers are used up, and so does this: `false`.
    pub(crate) fn append(&mut self, map: MapId, value_at: usize) -> bool {
        let value = Value::Text(self.span_from(value_at));
        self.append_value(map, value)
    }

    /// The map under `key`, made there if there is none; a scalar in its place is lost.
    pub(crate) fn enter(&mut self, map: MapId, key: &[u8]) -> MapId {
        match self.find(map, key) {
            Some(slot) => match self.raw.slots[slot as usize].value {
                Value::Map(inner) => inner,
                Value::Text(_) => {
                    let inner = self.new_map();
                    self.raw.slots[slot as usize].value = Value::Map(inner);
                    inner
                }
            },
            None => {
                let inner = self.new_map();
                self.insert(map, key, Value::Map(inner));
                inner
            }
        }
    }

    /// A new map under the next free number; `None` when the numbers are used up.
    pub(crate) fn append_map(&mut self, map: MapId) -> Option<MapId> {
        let inner = self.new_map();
        self.append_value(map, Value::Map(inner)).then_some(inner)
    }

    /// The finished value. Text that is not UTF-8 was to be replaced by the caller; should any be left, it is lost whole.
    pub(crate) fn finish(mut self) -> Raw {
        self.raw.text = String::from_utf8(self.text).unwrap_or_default();
        self.raw
    }

    fn span_from(&self, at: usize) -> Span {
        span(at..self.text.len())
    }

    fn new_map(&mut self) -> MapId {
        let id = MapId(self.raw.maps.len() as u32);
        self.raw.maps.push(Map { first: NONE, len: 0 });
        self.growth.push(Growth { last: NONE, next_free: None, looks: 0, table: Vec::new() });
        id
    }

    fn append_value(&mut self, map: MapId, value: Value) -> bool {
        let number = self.growth[map.index()].next_free.unwrap_or(0);
        let mut digits = [0; 20];
        let key = decimal(number, &mut digits);
        // Only at the very last number can the next free one be taken already.
        if number == i64::MAX && self.find(map, key).is_some() {
            return false;
        }
        self.insert(map, key, value);
        true
    }

    fn key_of(&self, slot: u32) -> &[u8] {
        let Span { at, len } = self.raw.slots[slot as usize].key;
        &self.text[at as usize..(at + len) as usize]
    }

    #[inline]
    fn find(&mut self, map: MapId, key: &[u8]) -> Option<u32> {
        let growth = &self.growth[map.index()];
        if growth.looks & look(key) == 0 {
            return None;
        }
        if !growth.table.is_empty() {
            let hash = self.hash(key);
            let table = &self.growth[map.index()].table;
            return probe(table, hash)
                .take_while(|slot| *slot != NONE)
                .find(|slot| self.key_of(*slot) == key);
        }
        let mut slot = self.raw.maps[map.index()].first;
        while slot != NONE {
            let Slot { key: Span { at, len }, next, .. } = self.raw.slots[slot as usize];
            if len as usize == key.len() && &self.text[at as usize..(at + len) as usize] == key {
                return Some(slot);
            }
            slot = next;
        }
        None
    }

    /// Adds a slot at the end of a map.
    #[inline]
    fn link(&mut self, map: MapId, key: Span, value: Value) -> u32 {
        let slot = self.raw.slots.len() as u32;
        self.raw.slots.push(Slot { key, value, next: NONE });
        let last = &mut self.growth[map.index()].last;
        match std::mem::replace(last, slot) {
            NONE => self.raw.maps[map.index()].first = slot,
            last => self.raw.slots[last as usize].next = slot,
        }
        self.raw.maps[map.index()].len += 1;
        slot
    }

    /// Adds a key that is not there yet.
    fn insert(&mut self, map: MapId, key: &[u8], value: Value) {
        let at = self.text.len();
        self.text.extend_from_slice(key);
        let slot = self.link(map, self.span_from(at), value);
        let growth = &mut self.growth[map.index()];
        growth.looks |= look(key);
        if let Some(number) = integer(key)
            && growth.next_free.is_none_or(|free| number >= free)
        {
            growth.next_free = Some(number.saturating_add(1));
        }
        if self.raw.maps[map.index()].len > SEARCHED {
            self.index(map, slot);
        }
    }

    /// Notes `slot` in the map's table, which grows to at least twice the number of its entries.
    fn index(&mut self, map: MapId, slot: u32) {
        let Map { first, len } = self.raw.maps[map.index()];
        let mut table = std::mem::take(&mut self.growth[map.index()].table);
        if table.len() < 2 * len as usize {
            table = vec![NONE; (4 * len as usize).next_power_of_two()];
            let mut old = first;
            while old != NONE {
                let hash = self.hash_of(old);
                place(&mut table, hash, old);
                old = self.raw.slots[old as usize].next;
            }
        } else {
            let hash = self.hash_of(slot);
            place(&mut table, hash, slot);
        }
        self.growth[map.index()].table = table;
    }

    fn hash_of(&mut self, slot: u32) -> u64 {
        let hasher = self.hasher.get_or_insert_with(RandomState::new).clone();
        hasher.hash_one(self.key_of(slot))
    }

    fn hash(&mut self, key: &[u8]) -> u64 {
        self.hasher.get_or_insert_with(RandomState::new).hash_one(key)
    }
}

fn span(range: Range<usize>) -> Span {
    Span { at: range.start as u32, len: range.len() as u32 }
}

/// The places of a table where a key of this hash may be.
fn probe(table: &[u32], hash: u64) -> impl Iterator<Item = u32> {
    let mask = table.len() - 1;
    (0..table.len()).map(move |step| table[(hash as usize + step) & mask])
}

fn place(table: &mut [u32], hash: u64, slot: u32) {
    let mask = table.len() - 1;
    let mut at = hash as usize & mask;
    while table[at] != NONE {
        at = (at + 1) & mask;
    }
    table[at] = slot;
}

/// One of 128 bits, chosen by what is cheap to see of a key.
#[inline]
fn look(key: &[u8]) -> u128 {
    let (first, last) = (key.first().copied().unwrap_or(0), key.last().copied().unwrap_or(0));
    let middle = key.get(key.len() / 2).copied().unwrap_or(0);
    let mixed = u32::from(first) | u32::from(last) << 8 | u32::from(middle) << 16 | (key.len() as u32) << 24;
    1 << (mixed.wrapping_mul(0x9E37_79B1) >> 25)
}

/// The number that PHP takes a key for: canonical decimal in the range of `i64`. `05`, `-0` and `+1` are text.
fn integer(key: &[u8]) -> Option<i64> {
    let digits = key.strip_prefix(b"-").unwrap_or(key);
    let canonical = match digits {
        [] => false,
        [b'0'] => digits.len() == key.len(),
        [b'1'..=b'9', rest @ ..] => rest.len() < 19 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !canonical {
        return None;
    }
    std::str::from_utf8(key).ok()?.parse().ok()
}

fn decimal(number: i64, digits: &mut [u8; 20]) -> &[u8] {
    let mut rest = number.unsigned_abs();
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    &digits[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_decimals_are_numbers() {
        for (key, number) in [("0", 0), ("7", 7), ("-1", -1), ("9223372036854775807", i64::MAX)] {
            assert_eq!(integer(key.as_bytes()), Some(number));
        }
        assert_eq!(integer(b"-9223372036854775808"), Some(i64::MIN));
        for key in ["", "-", "-0", "00", "05", "+1", " 1", "1.5", "0x1", "9223372036854775808"] {
            assert_eq!(integer(key.as_bytes()), None, "{key}");
        }
    }

    #[test]
    fn decimals_are_written_in_full_range() {
        for number in [0, 9, 10, -1, i64::MAX, i64::MIN] {
            assert_eq!(decimal(number, &mut [0; 20]), number.to_string().as_bytes());
        }
    }

    #[test]
    fn a_large_map_is_found_again_by_hash() {
        let mut builder = Builder::with_capacity(0, 0);
        for round in 0..2 {
            for number in 0..1000 {
                let at = builder.arena().len();
                builder.arena().extend_from_slice(round.to_string().as_bytes());
                builder.set(MapId::ROOT, format!("key{number}").as_bytes(), at);
            }
        }
        let raw = builder.finish();
        assert_eq!(raw.root().len(), 1000);
        assert!(raw.root().entries().all(|(_, value)| value.as_str() == Some("1")));
    }
}
