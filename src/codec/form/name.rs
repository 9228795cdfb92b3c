//! Where a pair goes: PHP's rules for names.

use std::ops::Range;

use super::{FormError, FormErrorKind, Limits, scan::first_of, value};
use crate::wire::{Builder, MapId, Raw};

/// Decodes pair after pair into one [`Raw`].
pub(super) struct Decoder<'b> {
    body: &'b [u8],
    limits: &'b Limits,
    builder: Builder,
    /// The key in hand, where it could not be taken from the body as it stands.
    scratch: Vec<u8>,
    /// Where the name of the pair before began, and the maps it led through: pairs mostly share them.
    before: usize,
    trail: Vec<Level>,
}

/// A map that a name led to.
#[derive(Clone, Copy)]
struct Level {
    /// Bytes of the raw name up to here, the opening bracket of the next segment included.
    resume: usize,
    map: MapId,
    brackets: usize,
}

/// The key in hand.
enum Key {
    /// As it stands in the body.
    Body(Range<usize>),
    /// In `Decoder::scratch`.
    Scratch,
    /// `[]`: the next free number.
    Next,
}

/// A segment between brackets.
struct Segment {
    key: Range<usize>,
    /// Has to be decoded.
    encoded: bool,
    /// `[]`, or one white space between the brackets.
    next: bool,
    /// Just behind the closing bracket.
    end: usize,
}

impl<'b> Decoder<'b> {
    pub(super) fn new(body: &'b [u8], limits: &'b Limits) -> Self {
        let builder = Builder::with_capacity(body.len(), body.len() / 32);
        Self { body, limits, builder, scratch: Vec::new(), before: 0, trail: Vec::with_capacity(8) }
    }

    pub(super) fn finish(self) -> Raw {
        self.builder.finish()
    }

    /// Decodes the pair that begins at `at`; says where the next one begins.
    #[inline]
    pub(super) fn pair(&mut self, at: usize) -> Result<usize, FormError> {
        let shared = self.shared(at);
        let from = at + shared.map_or(0, |level| level.resume);
        let end = from + first_of(&self.body[from..], [b'=', b'&']);
        let target = match shared.and_then(|level| self.beside(level, at, end)) {
            Some(target) => Some(target),
            None => self.target(shared, at, end)?,
        };
        let value = if self.body.get(end) == Some(&b'=') { end + 1 } else { end };
        let Some((map, key)) = target else {
            let rest = &self.body[value..];
            return Ok(value + first_of(rest, [b'&']) + 1);
        };
        let arena = self.builder.arena();
        let begin = arena.len();
        let length = value::decode(&self.body[value..], arena);
        value::make_utf8(arena, begin);
        match key {
            Key::Body(range) => self.builder.set(map, &self.body[range], begin),
            Key::Scratch => self.builder.set(map, &self.scratch, begin),
            Key::Next => {
                self.builder.append(map, begin);
            }
        }
        Ok(value + length + 1)
    }

    /// The common case: one more plain key in the map of the pair before.
    #[inline]
    fn beside(&self, level: Level, at: usize, end: usize) -> Option<(MapId, Key)> {
        let segment = self.segment(at + level.resume, end)?;
        let short = segment.key.len() <= self.limits.key_bytes;
        let plain = segment.end == end && short && !segment.encoded && !segment.next;
        let plain = plain && self.body[segment.key.clone()].is_ascii();
        plain.then_some((level.map, Key::Body(segment.key)))
    }

    /// Where the value of the name `at..end` goes; `None` if PHP drops it.
    #[inline(never)]
    fn target(
        &mut self,
        shared: Option<Level>,
        at: usize,
        end: usize,
    ) -> Result<Option<(MapId, Key)>, FormError> {
        if let Some(level) = shared
            && let Some(target) = self.resume(level, at, end)?
        {
            return Ok(Some(target));
        }
        // The rare bracket that never closes is judged from the beginning of the name.
        self.start(at, end)
    }

    /// The deepest map of the pair before that the name at `at` leads through as well.
    #[inline]
    fn shared(&mut self, at: usize) -> Option<Level> {
        while let Some(level) = self.trail.last() {
            if self.body[at..].starts_with(&self.body[self.before..self.before + level.resume]) {
                self.before = at;
                return Some(*level);
            }
            self.trail.pop();
        }
        None
    }

    /// Follows the name `at..end` from a level it shares with the one before. `None`: a bracket is not closed.
    #[inline]
    fn resume(&mut self, level: Level, at: usize, end: usize) -> Result<Option<(MapId, Key)>, FormError> {
        let Some(segment) = self.segment(at + level.resume, end) else {
            return Ok(None);
        };
        let after = segment.end;
        let key = self.key(segment, at, end)?;
        self.follow(level.map, key, level.brackets, after, at..end, true)
    }

    /// Follows the name `at..end` from its beginning. `None`: PHP drops such a name.
    fn start(&mut self, at: usize, end: usize) -> Result<Option<(MapId, Key)>, FormError> {
        self.trail.clear();
        self.before = at;
        let mut from = at;
        while from < end && matches!(self.body[from], b' ' | b'+' | b'%') {
            match value::byte_at(&self.body[..end], from) {
                (b' ', width) => from += width,
                _ => break,
            }
        }
        let (mut to, mut encoded, mut bracket) = (from, false, None);
        while to < end {
            let (byte, width) = value::byte_at(&self.body[..end], to);
            match byte {
                0 => break,
                b'[' => {
                    bracket = Some(to + width);
                    break;
                }
                b' ' | b'.' => encoded = true,
                _ => encoded |= width > 1,
            }
            to += width;
        }
        if to == from {
            return Ok(None);
        }
        let Some(first) = bracket else {
            return Ok(self.top(from..to, encoded, at, end)?.map(|key| (MapId::ROOT, key)));
        };
        self.check_brackets(1, at, end)?;
        let Some(segment) = self.segment(first, end) else {
            // An unclosed bracket is a `_`, and then PHP takes the rest of the name, up to a NUL, for a plain one.
            let to = self.until_nul(to, end);
            return Ok(self.top(from..to, true, at, end)?.map(|key| (MapId::ROOT, key)));
        };
        let Some(key) = self.top(from..to, encoded, at, end)? else {
            return Ok(None);
        };
        let map = self.enter(MapId::ROOT, &key);
        let after = segment.end;
        self.trail.push(Level { resume: first - at, map, brackets: 1 });
        let key = self.key(segment, at, end)?;
        self.follow(map, key, 1, after, at..end, true)
    }

    /// Goes on behind the closing bracket at `after`: another one opens, or `key` of `map` is the place.
    #[inline]
    fn follow(
        &mut self,
        mut map: MapId,
        mut key: Key,
        mut brackets: usize,
        mut after: usize,
        name: Range<usize>,
        mut same_again: bool,
    ) -> Result<Option<(MapId, Key)>, FormError> {
        let Range { start: at, end } = name;
        while after < end {
            let (b'[', width) = value::byte_at(&self.body[..end], after) else {
                break;
            };
            brackets += 1;
            self.check_brackets(brackets, at, end)?;
            let inner = after + width;
            let Some(segment) = self.segment(inner, end) else {
                break;
            };
            if let Key::Next = key {
                // Each `[]` makes a map of its own, so that no later name can share it.
                same_again = false;
                let Some(made) = self.builder.append_map(map) else {
                    return Ok(None);
                };
                map = made;
            } else {
                map = self.enter(map, &key);
            }
            if same_again {
                self.trail.push(Level { resume: inner - at, map, brackets });
            }
            after = segment.end;
            key = self.key(segment, at, end)?;
        }
        Ok(Some((map, key)))
    }

    /// Reads what stands between an opening bracket and the next closing one; `None` if there is none, or a NUL first.
    #[inline(always)]
    fn segment(&self, begin: usize, end: usize) -> Option<Segment> {
        let name = &self.body[..end];
        let (mut at, mut encoded) = (begin, false);
        if let Some((b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r', width)) =
            (at < end).then(|| value::byte_at(name, at))
        {
            encoded = width > 1 || name[at] == b'+';
            at += width;
        }
        let blank = at;
        loop {
            // Looking a little past the end of the name spares the slow search of its last bytes.
            let until = self.body.len().min(end + 8);
            at += first_of(&self.body[at..until], [b']', b'%', b'+', 0]);
            if at >= end {
                return None;
            }
            let (byte, width) = value::byte_at(name, at);
            match byte {
                0 => return None,
                b']' => return Some(Segment { key: begin..at, encoded, next: at == blank, end: at + width }),
                _ => encoded |= width > 1 || name[at] == b'+',
            }
            at += width;
        }
    }

    /// Takes a segment in hand.
    #[inline]
    fn key(&mut self, segment: Segment, at: usize, end: usize) -> Result<Key, FormError> {
        if segment.next {
            return Ok(Key::Next);
        }
        let raw = &self.body[segment.key.clone()];
        let key = if segment.encoded || !raw.is_ascii() {
            self.scratch.clear();
            decode_all(raw, &mut self.scratch);
            value::make_utf8(&mut self.scratch, 0);
            Key::Scratch
        } else {
            Key::Body(segment.key)
        };
        self.check_key(&key, at, end)?;
        Ok(key)
    }

    /// Takes the first name in hand; `None` if PHP refuses it.
    fn top(
        &mut self,
        name: Range<usize>,
        encoded: bool,
        at: usize,
        end: usize,
    ) -> Result<Option<Key>, FormError> {
        let raw = &self.body[name.clone()];
        if !encoded && raw.is_ascii() {
            let key = Key::Body(name);
            self.check_key(&key, at, end)?;
            return Ok(Some(key));
        }
        self.scratch.clear();
        decode_all(raw, &mut self.scratch);
        // A name that becomes one of a protected cookie only by being mended is dropped.
        let guarded = |name: &[u8]| name.starts_with(b"__Host-") || name.starts_with(b"__Secure-");
        let was_guarded = guarded(&self.scratch);
        for byte in &mut self.scratch {
            if matches!(byte, b' ' | b'.' | b'[') {
                *byte = b'_';
            }
        }
        if guarded(&self.scratch) && !was_guarded {
            return Ok(None);
        }
        value::make_utf8(&mut self.scratch, 0);
        self.check_key(&Key::Scratch, at, end)?;
        Ok(Some(Key::Scratch))
    }

    fn enter(&mut self, map: MapId, key: &Key) -> MapId {
        match key {
            Key::Body(range) => self.builder.enter(map, &self.body[range.clone()]),
            Key::Scratch | Key::Next => self.builder.enter(map, &self.scratch),
        }
    }

    fn until_nul(&self, mut at: usize, end: usize) -> usize {
        while at < end {
            let (byte, width) = value::byte_at(&self.body[..end], at);
            if byte == 0 {
                break;
            }
            at += width;
        }
        at
    }

    fn check_brackets(&self, brackets: usize, at: usize, end: usize) -> Result<(), FormError> {
        if brackets > self.limits.brackets {
            let kind = FormErrorKind::TooManyBrackets { limit: self.limits.brackets };
            return Err(FormError::new(kind, at).in_name(&self.body[at..end]));
        }
        Ok(())
    }

    #[inline]
    fn check_key(&self, key: &Key, at: usize, end: usize) -> Result<(), FormError> {
        let bytes = match key {
            Key::Body(range) => range.len(),
            Key::Scratch => self.scratch.len(),
            Key::Next => 0,
        };
        if bytes > self.limits.key_bytes {
            let kind = FormErrorKind::KeyTooLong { limit: self.limits.key_bytes };
            return Err(FormError::new(kind, at).in_name(&self.body[at..end]));
        }
        Ok(())
    }
}

/// Decodes a piece of a name, which holds no `&` outside of an escape.
fn decode_all(raw: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < raw.len() {
        let (byte, width) = value::byte_at(raw, at);
        out.push(byte);
        at += width;
    }
}
