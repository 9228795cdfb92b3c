//! The size that the portal's limits look at: code points of the stored JSON.
//!
//! ```
//! use openlines_emulator::validate::json_chars;
//! use serde_json::json;
//!
//! assert_eq!(json_chars(&json!(["дом/😀"])), Some(10)); // ["дом\/😀"]
//! ```
//!
//! The trap: it is neither bytes nor the JSON that was sent. Non-ASCII counts one a code point, but `/` counts two,
//! U+2028 counts six, and all defaults that the portal adds count too.

use super::php::{Fatal, Php, json_float};
use serde_json::Value;

/// A stored keyboard, menu or attachment must have fewer characters than this (protocol 5.3 and 6.4).
pub const SIZE_LIMIT: usize = 60_000;

/// Characters of `value` as PHP's `json_encode` with `JSON_UNESCAPED_UNICODE` writes it (protocol 6.4); `None` if it
/// refuses to (a number that is not finite).
#[must_use]
pub fn json_chars(value: &Value) -> Option<usize> {
    encoded_chars(&Php::from_json(value)).ok()
}

pub(super) fn encoded_chars(value: &Php) -> Result<usize, Fatal> {
    Ok(match value {
        Php::Null | Php::Bool(true) => 4,
        Php::Bool(false) => 5,
        Php::Int(number) => number.to_string().len(),
        Php::Float(number) if number.is_finite() => json_float(*number).len(),
        Php::Float(_) => {
            return Err(Fatal("ArgumentException: Inf and NaN cannot be JSON encoded".to_owned()));
        }
        Php::Str(text) => text_chars(text),
        Php::Array(array) if array.is_empty() => 2,
        Php::Array(array) if array.is_list() => {
            array.values().map(|item| Ok(encoded_chars(item)? + 1)).sum::<Result<usize, Fatal>>()? + 1
        }
        Php::Array(array) => {
            array
                .entries()
                .map(|(key, item)| Ok(text_chars(&key.to_string()) + encoded_chars(item)? + 2))
                .sum::<Result<usize, Fatal>>()?
                + 1
        }
    })
}

fn text_chars(text: &str) -> usize {
    let escaped: usize = text
        .chars()
        .map(|character| match character {
            '"' | '\\' | '/' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t' => 2,
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => 6,
            _ => 1,
        })
        .sum();
    escaped + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_value_counts_as_php_writes_it() {
        let cases = [
            (json!(null), 4),
            (json!([true, false]), 12),
            (json!(-12), 3),
            (json!(1.5), 3),
            (json!(1e25), 7),
            (json!({}), 2),
            (json!({"a": [], "b": {"c": 1}}), 20),
            (json!("\u{7f}\u{8}\u{c}\0/<>&'\"\u{2028}é😀"), 29),
        ];
        for (value, chars) in cases {
            assert_eq!(json_chars(&value), Some(chars), "{value}");
        }
    }
}
