//! Text to value: JSON, or what the portal's forgiving reader of JavaScript literals makes of it.
//!
//! The forgiving reader is no parser. It takes white space away around every bracket and double quote (inside
//! strings too), counts brackets inside strings, splits at commas and the first colon, and never unescapes
//! anything but `\uXXXX`. Every scalar becomes text.

use super::{Fatal, Key, MAX_DEPTH, Php, PhpArray, trim};
use serde_json::Value;

/// The reader walks over every level anew. The portal needs more than its time limit for far less than this many
/// bytes, so what needs more ends as it does there.
const WORK_LIMIT: usize = 64 << 20;

/// `CUtil::JsObjectToPhp($text)`: strict JSON first, the forgiving reader if that gives nothing.
pub(in crate::validate) fn from_json_or_js_literal(text: &str) -> Result<Php, Fatal> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Null) | Err(_) => from_js_literal(text),
        Ok(value) => Ok(Php::from_json(&value)),
    }
}

/// `CUtil::JsObjectToPhp($text, true)`: the forgiving reader alone.
pub(in crate::validate) fn from_js_literal(text: &str) -> Result<Php, Fatal> {
    let tight = tightened(text);
    Reader { work_left: WORK_LIMIT }.literal(&tight, MAX_DEPTH)
}

struct Reader {
    work_left: usize,
}

impl Reader {
    fn literal(&mut self, text: &str, depth: usize) -> Result<Php, Fatal> {
        if depth == 0 {
            return Ok(Php::Null);
        }
        let text = trim(text);
        self.work_left = self
            .work_left
            .checked_sub(text.len())
            .ok_or_else(|| Fatal("Error: Maximum execution time of 60 seconds exceeded".to_owned()))?;
        match text.as_bytes().first() {
            None => Ok(Php::Null),
            Some(b'{') => self.object(text, depth),
            Some(b'[') => self.list(text, depth),
            Some(_) => Ok(Php::Str(scalar(text))),
        }
    }

    /// An unclosed literal is `false`, not an error.
    fn object(&mut self, text: &str, depth: usize) -> Result<Php, Fatal> {
        let Some(pieces) = pieces(text, b'}') else { return Ok(Php::Bool(false)) };
        let mut pairs = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let (key, value) = match piece.split_once(':') {
                Some((key, value)) => (key, Some(value)),
                None => (piece, None),
            };
            let key = if key.starts_with('"') { without_ends(key) } else { key };
            let key = match self.literal(key, depth - 1)? {
                Php::Str(text) => Key::from_text(&text),
                Php::Int(number) => Key::Int(number),
                Php::Bool(flag) => Key::Int(i64::from(flag)),
                Php::Null | Php::Float(_) => Key::Text(String::new()),
                Php::Array(_) => return Err(Fatal("TypeError: Illegal offset type".to_owned())),
            };
            let value = value.map_or(Ok(Php::Null), |value| self.literal(value, depth - 1))?;
            pairs.push((key, value));
        }
        Ok(Php::Array(PhpArray::from_pairs(pairs)))
    }

    /// An empty last place is left out, an empty place before it is null.
    fn list(&mut self, text: &str, depth: usize) -> Result<Php, Fatal> {
        let Some(pieces) = pieces(text, b']') else { return Ok(Php::Bool(false)) };
        let mut values = Vec::with_capacity(pieces.len());
        for piece in pieces {
            values.push(self.literal(piece, depth - 1)?);
        }
        if values.last() == Some(&Php::Null) {
            values.pop();
        }
        Ok(Php::Array(values.into_iter().collect()))
    }
}

/// Cuts what lies between the first byte and its closing bracket at the commas of its own level; `None` if it is
/// never closed. What follows the closing bracket is ignored.
fn pieces(text: &str, closing: u8) -> Option<Vec<&str>> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut start = 1;
    let mut depth = 0_i64;
    let mut quote = None;
    let mut previous = b' ';
    for (at, &byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            b'"' | b'\'' if previous != b'\\' => match quote {
                None => quote = Some(byte),
                Some(open) if open == byte => quote = None,
                Some(_) => {}
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' if byte == closing && depth == 0 => {
                pieces.push(&text[start..at]);
                return Some(pieces);
            }
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 && quote.is_none() => {
                pieces.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        previous = byte;
    }
    None
}

/// A quote at the start takes one character off each end, whatever the last one is.
fn scalar(text: &str) -> String {
    let text = if text.starts_with(['"', '\'']) { without_ends(text) } else { text };
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        decoded.push_str(&rest[..at]);
        let digits =
            rest.get(at + 2..at + 6).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            // A byte order mark decodes to nothing, half a surrogate pair to a question mark.
            Some(0xfeff | 0xfffe) => rest = &rest[at + 6..],
            Some(unit) => {
                decoded.push(char::from_u32(unit).unwrap_or('?'));
                rest = &rest[at + 6..];
            }
            None => {
                decoded.push_str("\\u");
                rest = &rest[at + 2..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

/// `mb_substr($text, 1, -1)`.
fn without_ends(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.next_back();
    characters.as_str()
}

/// Takes white space away around `{ } [ ] "`.
fn tightened(text: &str) -> String {
    let is_space = |character: char| matches!(character, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let mut tight = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if matches!(character, '{' | '}' | '[' | ']' | '"') {
            tight.truncate(tight.trim_end_matches(is_space).len());
            tight.push(character);
            while characters.next_if(|&next| is_space(next)).is_some() {}
        } else {
            tight.push(character);
        }
    }
    tight
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Value {
        from_json_or_js_literal(text).expect("a literal with usable keys").to_json()
    }

    #[test]
    fn single_quotes_bare_keys_and_trailing_commas_are_read() {
        assert_eq!(read("[{'TEXT':'a', N:5},]"), json!([{"TEXT": "a", "N": "5"}]));
        assert_eq!(read("{'a':'b: c',}"), json!({"a": "b: c", "": null}));
        assert_eq!(read("[,1]"), json!([null, "1"]));
    }

    #[test]
    fn brackets_in_a_string_lose_the_space_around_them() {
        assert_eq!(read("['a [b] {c}']"), json!(["a[b]{c}"]));
    }

    #[test]
    fn a_bracket_left_open_in_a_string_spoils_the_literal() {
        assert_eq!(read("['a [b']"), json!(false));
    }

    #[test]
    fn only_unicode_escapes_are_decoded_and_never_in_pairs() {
        assert_eq!(read(r"['\u041f\n\u12']"), json!([r"П\n\u12"]));
        assert_eq!(read(r"['\ud83d\ude00\ufeff']"), json!(["??"]));
    }

    #[test]
    fn strict_json_keeps_its_types_and_its_spaces() {
        assert_eq!(read("[1, \"a [b]\", true]"), json!([1, "a [b]", true]));
        assert_eq!(read("null"), json!("null"));
    }

    #[test]
    fn a_list_as_a_key_is_fatal() {
        assert!(from_json_or_js_literal("{[1]:2}").is_err());
    }

    #[test]
    fn deep_nesting_is_cut_and_does_not_overflow_the_stack() {
        let deep = |levels: usize| format!("{}'x'{}", "[".repeat(levels), "]".repeat(levels));
        assert!(matches!(from_js_literal(&deep(10_000)), Ok(Php::Array(_))));
        assert!(matches!(from_js_literal(&deep(500_000)), Err(Fatal(_))));
    }
}
