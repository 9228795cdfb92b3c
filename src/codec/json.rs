//! JSON, turned into what the portal's own form encoding would have made of it.
//!
//! ```
//! use openlines::codec;
//!
//! let raw = codec::from_json(&serde_json::json!({"system": true, "forward": null, "ids": [7]}));
//! assert_eq!(raw.path(&["system"]).and_then(|flag| flag.flag()), Some(true));
//! assert!(raw.path(&["forward"]).is_none());
//! ```
//!
//! **Trap:** as in a form nothing keeps its type: numbers and flags become text, `null` and empty lists are not there.

use serde_json::Value as Json;

use super::form::{self, FormError, FormErrorKind, Limits};
use crate::wire::{Builder, MapId, Raw};

/// Decodes a body by its content type: a form, or JSON where the type says JSON, and nothing more (protocol 1.2).
///
/// ```
/// use openlines::codec;
///
/// let json = br#"{"event":"ONAPPTEST","data":{"QUERY":{"n":[1,null,true]}}}"#;
/// let raw = codec::decode(Some("application/json; charset=utf-8"), json, &Default::default())?;
/// assert_eq!(raw.path(&["data", "QUERY", "n"]).map(|n| n.to_json()), Some(serde_json::json!({"0": "1", "2": "1"})));
/// # Ok::<(), codec::form::FormError>(())
/// ```
pub fn decode(content_type: Option<&str>, body: &[u8], limits: &Limits) -> Result<Raw, FormError> {
    let essence = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return form::decode(body, limits);
    }
    let json = essence.eq_ignore_ascii_case("application/json")
        || essence.len() > 5 && essence.as_bytes()[essence.len() - 5..].eq_ignore_ascii_case(b"+json");
    if !json {
        return Err(FormError::new(FormErrorKind::MediaType, 0));
    }
    limits.check_body(body.len())?;
    let value: Json = serde_json::from_slice(body).map_err(|error| {
        let line = body.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
        let at = line.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1);
        FormError::new(FormErrorKind::NotJson, at.min(body.len()))
    })?;
    if !value.is_object() {
        return Err(FormError::new(FormErrorKind::NotJson, 0));
    }
    let mut pairs = 0;
    check(&value, limits, 0, &mut pairs, body.len())?;
    Ok(from_json(&value))
}

/// The value as it would arrive in a form (protocol 1.3): null and what is empty vanish, `true` is `1` and `false` is
/// `0`, numbers are text, lists are maps with the keys `0..n`.
///
/// A value that is neither object nor list gives the empty [`Raw`].
pub fn from_json(value: &Json) -> Raw {
    let mut builder = Builder::with_capacity(256, 32);
    fill(&mut builder, MapId::ROOT, value);
    builder.finish()
}

fn fill(builder: &mut Builder, map: MapId, value: &Json) {
    match value {
        Json::Object(entries) => {
            for (key, value) in entries {
                put(builder, map, key, value);
            }
        }
        Json::Array(entries) => {
            for (key, value) in entries.iter().enumerate() {
                put(builder, map, &key.to_string(), value);
            }
        }
        _ => {}
    }
}

fn put(builder: &mut Builder, map: MapId, key: &str, value: &Json) {
    let text = match value {
        Json::Object(_) | Json::Array(_) => {
            if holds_pairs(value) {
                let inner = builder.enter(map, key.as_bytes());
                fill(builder, inner, value);
            }
            return;
        }
        Json::Null => return,
        Json::Bool(true) => "1",
        Json::Bool(false) => "0",
        Json::Number(number) => &number.to_string(),
        Json::String(text) => text.as_str(),
    };
    // PHP writes 1.0 as 1.
    let text = if value.is_f64() { text.strip_suffix(".0").unwrap_or(text) } else { text };
    let at = builder.arena().len();
    builder.arena().extend_from_slice(text.as_bytes());
    builder.set(map, key.as_bytes(), at);
}

/// Whether anything of the value would be sent.
fn holds_pairs(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Object(entries) => entries.values().any(holds_pairs),
        Json::Array(entries) => entries.iter().any(holds_pairs),
        _ => true,
    }
}

fn check(value: &Json, limits: &Limits, depth: usize, pairs: &mut usize, at: usize) -> Result<(), FormError> {
    let mut inner = |key: Option<&str>, value: &Json| {
        if key.is_some_and(|key| key.len() > limits.key_bytes) {
            return Err(FormError::new(FormErrorKind::KeyTooLong { limit: limits.key_bytes }, at));
        }
        check(value, limits, depth + 1, pairs, at)
    };
    match value {
        Json::Object(_) | Json::Array(_) if depth > limits.brackets => {
            Err(FormError::new(FormErrorKind::TooManyBrackets { limit: limits.brackets }, at))
        }
        Json::Object(entries) => entries.iter().try_for_each(|(key, value)| inner(Some(key), value)),
        Json::Array(entries) => entries.iter().try_for_each(|value| inner(None, value)),
        _ => {
            *pairs += 1;
            limits.check_pairs(*pairs, at)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_form_cannot_carry_vanishes() {
        let raw = from_json(&json!({
            "null": null, "list": [], "map": {}, "nested": {"a": [null, {}]}, "text": "", "yes": true, "no": false,
            "int": -7, "float": 1.5, "whole": 2.0, "sparse": [1, null, "x"],
        }));
        let expected = json!({
            "text": "", "yes": "1", "no": "0", "int": "-7", "float": "1.5", "whole": "2",
            "sparse": {"0": "1", "2": "x"},
        });
        assert_eq!(raw.to_json(), expected);
    }

    #[test]
    fn an_unknown_content_type_is_refused() {
        let error = decode(Some("text/plain"), b"event=X", &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), FormErrorKind::MediaType);
        assert!(decode(None, b"event=X", &Limits::default()).is_err());
    }

    #[test]
    fn the_media_type_is_read_without_regard_to_case_and_parameters() {
        let form = Some("Application/X-WWW-Form-URLEncoded; charset=UTF-8");
        assert!(decode(form, b"event=X", &Limits::default()).is_ok());
        assert!(decode(Some("application/vnd.api+JSON"), b"{}", &Limits::default()).is_ok());
    }

    #[test]
    fn broken_json_says_where() {
        let error =
            decode(Some("application/json"), b"{\n\"a\": \"secret\" x}", &Limits::default()).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (FormErrorKind::NotJson, 16));
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn json_keeps_the_limits_of_a_form() {
        let deep = format!("{}1{}", "{\"a\":".repeat(66), "}".repeat(66));
        let error = decode(Some("application/json"), deep.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), FormErrorKind::TooManyBrackets { limit: 64 });
        let many = format!("{{\"a\":[{}1]}}", "1,".repeat(5_000));
        let error = decode(Some("application/json"), many.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), FormErrorKind::TooManyPairs { limit: 5_000 });
    }
}
