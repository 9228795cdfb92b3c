//! What the journal keeps of a callback: its decoded pairs without the tokens, in a compact form of their own.
//!
//! Layout, version 1: the byte 1; the number of entries; for each entry in order, inner ones after their map, the length
//! of its key and then `2 × length` of its text or `2 × count + 1` of its entries; then all keys and texts in that order.
//! Numbers are LEB128.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{
    Callback, TypeError, events,
    events::{line, v1},
};
use crate::wire::{BotId, Builder, CommandId, Event, Incoming, MapId, Node, Origin, Raw};

const VERSION: u8 = 1;

/// Deeper than any form or JSON that was accepted.
const DEEPEST: usize = 256;

/// Larger than anything that was accepted: bodies have at most 1 MiB unless told otherwise.
const LARGEST: usize = 64 * 1024 * 1024;

/// Keys whose values are tokens, wherever they stand.
fn is_token(key: &str) -> bool {
    matches!(
        key,
        "access_token"
            | "refresh_token"
            | "application_token"
            | "AUTH_ID"
            | "REFRESH_ID"
            | "APPLICATION_TOKEN"
    )
}

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
        (event, None) if incoming.origin == Origin::Line => Part::Blocks(event),
        _ => Part::All,
    };
    write(&incoming.raw, &part)
}

/// Decoded pairs, read back. Never panics, whatever the bytes are.
pub fn from_stored(bytes: &[u8]) -> Result<Raw, StoredError> {
    let mut reader = Reader { bytes, at: 0 };
    match reader.byte() {
        Some(VERSION) if bytes.len() <= LARGEST => {}
        Some(version) => return Err(StoredError::Version(version)),
        None => return Err(StoredError::Damaged { at: 0 }),
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
    fill(&entries, text, count).ok_or(StoredError::Damaged { at: text_at })
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

/// Why a stored event does not read back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoredError {
    /// Written by another version of the program, or nothing that was ever stored.
    Version(u8),
    /// The bytes are damaged at `at`.
    Damaged {
        /// Where.
        at: usize,
    },
    /// It was stored because it could not be typed, and still cannot.
    Type(TypeError),
    /// It holds more than one event, or none.
    NotOne {
        /// How many besides the last.
        events: usize,
    },
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => {
                write!(
                    f,
                    "a stored event has the format {version}, this program knows {VERSION}: run the newer version"
                )
            }
            Self::Damaged { at } => {
                write!(
                    f,
                    "a stored event is damaged at byte {at}: check the disk, then drop it or restore a copy"
                )
            }
            Self::Type(error) => error.fmt(f),
            Self::NotOne { .. } => f.write_str(
                "a stored callback holds several events or none: read it with the bot it was kept for",
            ),
        }
    }
}

impl std::error::Error for StoredError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Type(error) => Some(error),
            _ => None,
        }
    }
}

impl From<TypeError> for StoredError {
    fn from(error: TypeError) -> Self {
        Self::Type(error)
    }
}

/// Which part of a callback is kept.
enum Part<'e> {
    All,
    Bot(BotId),
    Command(CommandId, BotId),
    Blocks(&'e Event),
}

impl Part<'_> {
    fn keeps(&self, place: Place, key: &str, node: Node<'_>) -> bool {
        if is_token(key) {
            return false;
        }
        match (self, place) {
            (Self::Bot(bot), Place::Bots) => v1::bot_id(key, node) == Some(*bot),
            (Self::Command(command, bot), Place::Commands) => {
                v1::command_id(key, node) == Some((*command, *bot))
            }
            (Self::Blocks(event), Place::Blocks) => line::belongs(node, event),
            _ => true,
        }
    }
}

/// Where the writer is, as far as it matters.
#[derive(Clone, Copy)]
enum Place {
    Top,
    Payload,
    Bots,
    Commands,
    Blocks,
    Elsewhere,
}

impl Place {
    fn inside(self, key: &str, node: Node<'_>) -> Self {
        match (self, key) {
            (Self::Top, "data") => Self::Payload,
            (Self::Payload, v1::BOTS) => Self::Bots,
            (Self::Payload, v1::COMMANDS) => Self::Commands,
            (Self::Payload, "DATA") if line::is_list(node) => Self::Blocks,
            _ => Self::Elsewhere,
        }
    }
}

fn write(raw: &Raw, part: &Part<'_>) -> Bytes {
    write_from(raw.root(), Place::Top, part)
}

fn write_from(map: Node<'_>, place: Place, part: &Part<'_>) -> Bytes {
    let mut writer = Writer { count: 0, lengths: Vec::with_capacity(256), text: Vec::with_capacity(1024) };
    writer.entries(map, place, part);
    let mut bytes = Vec::with_capacity(writer.lengths.len() + writer.text.len() + 6);
    bytes.push(VERSION);
    number(&mut bytes, writer.count);
    bytes.extend_from_slice(&writer.lengths);
    bytes.extend_from_slice(&writer.text);
    Bytes::from(bytes)
}

/// `data` alone, for the digest of an event.
pub(super) fn payload(raw: &Raw) -> Bytes {
    match raw.root().get("data") {
        Some(data) if data.is_map() => write_from(data, Place::Payload, &Part::All),
        Some(data) => Bytes::copy_from_slice(data.as_str().unwrap_or("").as_bytes()),
        None => Bytes::new(),
    }
}

struct Writer {
    count: usize,
    lengths: Vec<u8>,
    text: Vec<u8>,
}

impl Writer {
    fn entries(&mut self, map: Node<'_>, place: Place, part: &Part<'_>) {
        for (key, node) in map.entries().filter(|(key, node)| part.keeps(place, key, *node)) {
            self.count += 1;
            number(&mut self.lengths, key.len());
            self.text.extend_from_slice(key.as_bytes());
            if let Some(text) = node.as_str() {
                number(&mut self.lengths, text.len() * 2);
                self.text.extend_from_slice(text.as_bytes());
            } else {
                let place = place.inside(key, node);
                let kept = node.entries().filter(|(key, node)| part.keeps(place, key, *node)).count();
                number(&mut self.lengths, kept * 2 + 1);
                self.entries(node, place, part);
            }
        }
    }
}

fn number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
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
fn fill(entries: &[(usize, usize)], text: &str, count: usize) -> Option<Raw> {
    let mut builder = Builder::with_capacity(text.len(), count);
    // Maps that are open, with the number of entries still to come.
    let mut open: Vec<(MapId, usize)> = vec![(MapId::ROOT, usize::MAX)];
    let mut at = 0usize;
    for (key_length, value) in entries {
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
        let (map, left) = open.last_mut()?;
        let map = *map;
        *left -= 1;
        let key = text.get(at..at.checked_add(*key_length)?)?;
        at += key_length;
        if value & 1 == 0 {
            let piece = text.get(at..at.checked_add(value / 2)?)?;
            at += value / 2;
            let begin = builder.arena().len();
            builder.arena().extend_from_slice(piece.as_bytes());
            builder.set(map, key.as_bytes(), begin);
        } else {
            if open.len() > DEEPEST {
                return None;
            }
            let inner = builder.enter(map, key.as_bytes());
            open.push((inner, value / 2));
        }
    }
    let complete = open.iter().skip(1).all(|(_, left)| *left == 0);
    complete.then(|| builder.finish())
}

#[cfg(test)]
mod tests;
