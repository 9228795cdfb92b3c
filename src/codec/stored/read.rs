//! Reading the stored form, whatever the bytes are.

use super::{StoredError, VERSION};
use crate::wire::{Builder, MapId, Raw};

/// Deeper than any form or JSON that was accepted.
const DEEPEST: usize = 256;

/// Larger than anything that was accepted: bodies have at most 1 MiB unless told otherwise.
const LARGEST: usize = 64 * 1024 * 1024;

/// Reads everything, or says where it is damaged.
pub(super) fn pairs(bytes: &[u8]) -> Result<Raw, StoredError> {
    let mut reader = Reader { bytes, at: 0 };
    match reader.byte() {
        Some(VERSION) if bytes.len() <= LARGEST => {}
        Some(version) if version != VERSION => return Err(StoredError::Version(version)),
        _ => return Err(StoredError::Damaged { at: 0 }),
    }
    let count = reader.number()?;
    // Each entry takes two bytes at least, so that a false count reserves nothing.
    if count > bytes.len() / 2 {
        return Err(reader.damaged());
    }
    let mut entries = Vec::with_capacity(count);
    let mut length = 0usize;
    for _ in 0..count {
        let entry = (reader.number()?, reader.number()?);
        length =
            length.saturating_add(entry.0).saturating_add(if entry.1 & 1 == 0 { entry.1 / 2 } else { 0 });
        entries.push(entry);
    }
    let text_at = reader.at;
    let text = std::str::from_utf8(&bytes[text_at..])
        .map_err(|error| StoredError::Damaged { at: text_at + error.valid_up_to() })?;
    if text.len() != length {
        return Err(reader.damaged());
    }
    fill(&entries, text).ok_or(StoredError::Damaged { at: text_at })
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// At most 28 bits: no length of an accepted body needs more.
    fn number(&mut self) -> Result<usize, StoredError> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte().ok_or_else(|| self.damaged())?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.damaged())
    }

    fn damaged(&self) -> StoredError {
        StoredError::Damaged { at: self.at }
    }
}

/// Builds the maps; `None` if the counts or lengths do not fit the text.
fn fill(entries: &[(usize, usize)], text: &str) -> Option<Raw> {
    let mut builder = Builder::over(text, entries.len());
    // Maps that are open, with the number of entries still to come.
    let mut open: Vec<(MapId, usize)> = vec![(MapId::ROOT, usize::MAX)];
    let mut at = 0;
    let mut piece = |length: usize| {
        let piece = at..at + length;
        at += length;
        text.is_char_boundary(at).then_some(piece)
    };
    for (key, value) in entries {
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
        let (map, left) = open.last_mut()?;
        *left -= 1;
        let key = piece(*key)?;
        if value & 1 == 0 {
            builder.add_text(*map, key, piece(value / 2)?);
        } else {
            let inner = builder.add_map(*map, key);
            open.push((inner, value / 2));
            if open.len() > DEEPEST {
                return None;
            }
        }
    }
    let complete = open.iter().skip(1).all(|(_, left)| *left == 0);
    complete.then(|| builder.finish())
}
