//! Callbacks as a portal posts them, and the mark by which an answer is known again.

use std::fmt::Write as _;

/// The application token that the stub's portal signs its callbacks with.
pub(crate) const APPLICATION_TOKEN: &str = "d1c2b3a495867768594a3b2c1d0e0f10";
/// The stub's portal.
pub(crate) const MEMBER: &str = "7c1f0b2a9d3e4f5687a1b2c3d4e5f601";
/// The bot's id there.
pub(crate) const BOT: i64 = 456;

/// A new message of a v2 bot in an open line, 3.8 KB.
const V2: &str = include_str!("event/v2.form");
/// The same of a v1 bot, 1.7 KB.
const V1: &str = include_str!("event/v1.form");
/// Chats are numbered from here.
const FIRST_CHAT: u32 = 100_001;
/// Their clients from here.
const FIRST_USER: u32 = 200_001;

/// What the client writes: its number within its dialog, in signs that survive every encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The dialog, from 0.
    pub(crate) dialog: u32,
    /// The message within the dialog, from 0.
    pub(crate) number: u32,
}

impl Mark {
    /// Every mark in the bytes of a request, in order.
    pub(crate) fn all(bytes: &[u8]) -> Vec<Self> {
        let mut found = Vec::new();
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|byte| *byte == b'q') {
            rest = &rest[at + 1..];
            if let Some(mark) = Self::read(rest) {
                found.push(mark);
            }
        }
        found
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (dialog, rest) = number(bytes, b'x')?;
        let (number, _) = number(rest, b'z')?;
        Some(Self { dialog, number })
    }
}

/// The number that begins here and the rest behind `end`.
fn number(bytes: &[u8], end: u8) -> Option<(u32, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || bytes.get(digits) != Some(&end) {
        return None;
    }
    let value = std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()?;
    Some((value, &bytes[digits + 1..]))
}

/// The body of a callback, cut where it differs.
#[derive(Debug, Clone)]
pub(crate) struct Template(Vec<(&'static str, &'static str)>);

impl Template {
    /// A v2 bot's.
    pub(crate) fn v2() -> Self {
        Self::cut(V2)
    }

    /// A v1 bot's.
    pub(crate) fn v1() -> Self {
        Self::cut(V1)
    }

    fn cut(text: &'static str) -> Self {
        let pieces = text.trim_end().split('{').map(|piece| match piece.split_once('}') {
            Some((name, after)) => (name, after),
            None => ("", piece),
        });
        Self(pieces.collect())
    }

    /// The callback of message `message`, sent at `seconds`; `more` lengthens its text.
    pub(crate) fn body(&self, mark: Mark, message: u64, seconds: u64, more: &str) -> String {
        let mut body = String::with_capacity(4_096);
        for (name, after) in &self.0 {
            let written = match *name {
                "chat" => write!(body, "{}", FIRST_CHAT + mark.dialog),
                "user" => write!(body, "{}", FIRST_USER + mark.dialog),
                "message" => write!(body, "{message}"),
                "uuid" => write!(body, "{message:012}"),
                "ts" => write!(body, "{seconds}"),
                "text" => {
                    write!(body, "q{}x{}z+Where+is+my+order%3F{more}", mark.dialog, mark.number)
                }
                _ => Ok(()),
            };
            debug_assert!(written.is_ok(), "a String takes everything");
            body.push_str(after);
        }
        body
    }

    /// A body of exactly `bytes`, its text made as long as it takes.
    pub(crate) fn of_size(&self, bytes: usize) -> String {
        let mark = Mark { dialog: 7, number: 1 };
        let short = self.body(mark, 90_001, 1_773_690_118, "");
        let more: String = "+more".chars().cycle().take(bytes.saturating_sub(short.len())).collect();
        self.body(mark, 90_001, 1_773_690_118, &more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_a_form_and_in_json() {
        let mark = Mark { dialog: 12, number: 7 };
        let body = Template::v2().body(mark, 5, 1_773_690_118, "");
        assert_eq!(Mark::all(body.as_bytes()), [mark]);
        assert_eq!(Mark::all(br#"{"message":"You said: q12x7z ?","q":1}"#), [mark]);
        assert_eq!(Mark::all(b"quick q1x q1x2 q1x2y").len(), 0);
    }

    #[test]
    fn a_body_has_the_size_asked_for() {
        assert_eq!(Template::v1().of_size(1_800).len(), 1_800);
        assert_eq!(Template::v2().of_size(4_300).len(), 4_300);
    }
}
