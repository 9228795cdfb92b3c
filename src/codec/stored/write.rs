//! Writing the stored form: which pairs are kept, and how.

use bytes::Bytes;

use super::VERSION;
use crate::{
    codec::events::{connector, line, v1},
    wire::{BotId, CommandId, Event, Node, Raw},
};

/// Keys whose values are tokens, wherever they stand.
pub(super) fn is_token(key: &str) -> bool {
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

/// Which part of a callback is kept.
pub(super) enum Part<'e> {
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
            (Self::Blocks(event), Place::Blocks) => {
                line::belongs(node, event) && connector::belongs(node, event)
            }
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
            (Self::Payload, "DATA" | connector::MESSAGES) if line::is_list(node) => Self::Blocks,
            _ => Self::Elsewhere,
        }
    }
}

pub(super) fn write(raw: &Raw, part: &Part<'_>) -> Bytes {
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
pub(in crate::codec) fn payload(raw: &Raw) -> Bytes {
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
