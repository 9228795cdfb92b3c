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
        b'%' => match input.get(at + 1..at + 3) {
            Some(&[high, low]) => {
                let (high, low) = (DIGITS[usize::from(high)], DIGITS[usize::from(low)]);
                if high | low < 16 { (high << 4 | low, 3) } else { (b'%', 1) }
            }
            _ => (b'%', 1),
        },
        byte => (byte, 1),
    }
}

/// What a byte is as a hex digit; 255 for what is none.
const DIGITS: [u8; 256] = {
    let mut digits = [255; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value] as usize] = value as u8;
        digits[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

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
