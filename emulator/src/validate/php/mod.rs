//! A value as the portal's PHP sees it, so that its coercions can be reproduced exactly.
//!
//! ```
//! use openlines_emulator::validate::{Outcome, keyboard};
//! use serde_json::json;
//! let button = json!({"TEXT": "Shop", "LINK": "/shop"});
//! let list = keyboard::check(&json!([button]), 0);
//! let map = keyboard::check(&json!({"0": button}), 0);
//! assert!(matches!(&list, Outcome::Ok { .. }) && list == map);
//! ```
//!
//! The validators are full of `isset`, `empty`, `(int)` and loose `==`, and those do not act on JSON but on what
//! PHP made of it: a JSON object and a JSON list are one type, `{}` is the empty array, `"5"` as a key is the
//! integer 5. The trap: a list is only a list while its keys are 0, 1, 2 … in that order.

mod array;
mod coerce;
mod literal;
mod number;

pub(super) use array::{Key, PhpArray};
pub(super) use coerce::{html_escaped, is_empty, loosely_equals_word, string_argument, to_int, trim};
pub(super) use literal::{from_js_literal, from_json_or_js_literal};
pub(super) use number::json_float;

use serde_json::{Number, Value};

/// Nothing that the portal reads lies deeper than this; what does is cut off, so that no recursion is unbounded.
const MAX_DEPTH: usize = 512;

/// What ends a PHP request with HTTP 500: a `TypeError` nobody catches, or a value that `json_encode` refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fatal(pub(super) String);

/// One PHP value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Php {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Array(PhpArray),
}

impl Php {
    /// `json_decode($body, true)` of an already parsed body.
    pub(super) fn from_json(value: &Value) -> Self {
        Self::from_json_at(value, MAX_DEPTH)
    }

    fn from_json_at(value: &Value, depth: usize) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => number
                .as_i64()
                .map(Self::Int)
                .or_else(|| number.as_f64().map(Self::Float))
                .unwrap_or(Self::Null),
            Value::String(text) => Self::Str(text.clone()),
            Value::Array(_) | Value::Object(_) if depth == 0 => Self::Null,
            Value::Array(items) => {
                Self::Array(items.iter().map(|item| Self::from_json_at(item, depth - 1)).collect())
            }
            Value::Object(fields) => Self::Array(PhpArray::from_pairs(
                fields.iter().map(|(key, item)| (Key::from_text(key), Self::from_json_at(item, depth - 1))),
            )),
        }
    }

    /// What a reader of the portal's `json_encode` gets: lists as lists, `[]` for an empty map.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Int(number) => Value::from(*number),
            Self::Float(number) => {
                let written = json_float(*number);
                match written.parse::<i64>() {
                    Ok(whole) => Value::from(whole),
                    Err(_) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
                }
            }
            Self::Str(text) => Value::String(text.clone()),
            Self::Array(array) if array.is_list() => {
                Value::Array(array.values().map(Self::to_json).collect())
            }
            Self::Array(array) => {
                Value::Object(array.entries().map(|(key, item)| (key.to_string(), item.to_json())).collect())
            }
        }
    }

    /// `isset($value[$name])`: a field of an array that is there and not null. Anything but an array has none.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Array(array) => array.get(name).filter(|value| !matches!(value, Self::Null)),
            _ => None,
        }
    }

    /// What `foreach` walks over: the values of an array, nothing for a scalar.
    pub(super) fn items(&self) -> impl Iterator<Item = &Self> {
        match self {
            Self::Array(array) => Some(array.values()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }

    /// A string value.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_whose_keys_count_up_from_zero_is_a_list() {
        assert_eq!(Php::from_json(&json!({"0": "a", "1": "b"})).to_json(), json!(["a", "b"]));
        assert_eq!(Php::from_json(&json!({"1": "a"})).to_json(), json!({"1": "a"}));
        assert_eq!(Php::from_json(&json!({})).to_json(), json!([]));
    }

    #[test]
    fn a_whole_float_is_written_without_its_fraction() {
        assert_eq!(Php::from_json(&json!(1000.0)).to_json(), json!(1000));
        assert_eq!(Php::from_json(&json!(1.5)).to_json(), json!(1.5));
    }

    #[test]
    fn a_null_field_is_not_set() {
        let button = Php::from_json(&json!({"TEXT": null, "LINK": false}));
        assert_eq!(button.field("TEXT"), None);
        assert_eq!(button.field("LINK"), Some(&Php::Bool(false)));
        assert_eq!(Php::text("TEXT").field("TEXT"), None);
    }
}
