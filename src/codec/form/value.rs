//! Percent-decoding, as PHP's `urldecode` does it.

use super::scan::first_of;

/// Appends what `input` up to the first `&` decodes to; says how many bytes of `input` that were.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    loop {
        let rest = &input[at..];
        let run = first_of(rest, [b'&', b'+', b'%']);
        out.extend_from_slice(&rest[..run]);
        at += run;
        match input.get(at) {
            None | Some(b'&') => return at,
            // Escapes come in rows: a letter that is not ASCII takes two or more.
            Some(_) => {
                while let Some(b'%' | b'+') = input.get(at) {
                    let (byte, width) = byte_at(input, at);
                    out.push(byte);
                    at += width;
                }
            }
        }
    }
}

/// The decoded byte at `at`, and how many bytes it takes: `+` is a space, `%` without two hex digits is itself.
#[inline]
pub(super) fn byte_at(input: &[u8], at: usize) -> (u8, usize) {
    match input[at] {
        b'+' => (b' ', 1),
        b'%' => match (input.get(at + 1).and_then(hex), input.get(at + 2).and_then(hex)) {
            (Some(high), Some(low)) => (high << 4 | low, 3),
            _ => (b'%', 1),
        },
        byte => (byte, 1),
    }
}

fn hex(digit: &u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Replaces what is not UTF-8 in `bytes` from `from` on by U+FFFD.
pub(super) fn make_utf8(bytes: &mut Vec<u8>, from: usize) {
    let tail = &bytes[from..];
    if tail.is_ascii() || std::str::from_utf8(tail).is_ok() {
        return;
    }
    let lossy = String::from_utf8_lossy(tail).into_owned();
    bytes.truncate(from);
    bytes.extend_from_slice(lossy.as_bytes());
}
