//! Readers for what PHP makes of a type: numbers as text, `[]` for an empty map, `"Y"` for true, `false` for nothing.
//!
//! For `#[serde(deserialize_with = …)]` of answers; with `default` beside it a missing field is the default too.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;

/// A whole number in any dress; `null`, `false` and `""` are 0.
pub(crate) fn int<'de, D: Deserializer<'de>, T: From<i64>>(from: D) -> Result<T, D::Error> {
    let value = Value::deserialize(from)?;
    as_int(&value)
        .map(T::from)
        .ok_or_else(|| D::Error::custom(format_args!("expected a whole number, got {}", shape(&value))))
}

/// A text, also if it came as a number; `null`, `false` and lists are empty.
pub(crate) fn text<'de, D: Deserializer<'de>, T: From<String>>(from: D) -> Result<T, D::Error> {
    let text = match Value::deserialize(from)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "1".to_owned(),
        Value::Null | Value::Bool(false) => String::new(),
        Value::Array(items) if items.is_empty() => String::new(),
        value => return Err(D::Error::custom(format_args!("expected a text, got {}", shape(&value)))),
    };
    Ok(T::from(text))
}

/// True or false in any dress; what is none of them is false.
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(as_flag(&Value::deserialize(from)?))
}

/// A struct of its own, or nothing in any dress.
pub(crate) fn maybe<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    match Value::deserialize(from)? {
        Value::Array(items) if items.is_empty() => Ok(None),
        value if is_nothing(&value) => Ok(None),
        value => serde_json::from_value(value).map(Some).map_err(D::Error::custom),
    }
}

/// A part that is not there, or is no such thing, reads as an empty one.
pub(crate) fn part<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    Ok(maybe(from)?.unwrap_or_default())
}

/// A list, also if it came as a map with keys 0..n-1 or as nothing.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let items = match Value::deserialize(from)? {
        Value::Array(items) => items,
        Value::Object(fields) => fields.into_iter().map(|(_, value)| value).collect(),
        value if is_nothing(&value) => Vec::new(),
        value => return Err(D::Error::custom(format_args!("expected a list, got {}", shape(&value)))),
    };
    items.into_iter().map(|item| serde_json::from_value(item).map_err(D::Error::custom)).collect()
}

/// A list of whole numbers, each of them and the list in any dress.
pub(crate) fn ints<'de, D: Deserializer<'de>, T: From<i64>>(from: D) -> Result<Vec<T>, D::Error> {
    let items: Vec<Value> = list(from)?;
    let wrong = |value| D::Error::custom(format_args!("expected a whole number, got {}", shape(value)));
    items.iter().map(|value| as_int(value).map(T::from).ok_or_else(|| wrong(value))).collect()
}

/// A map, also if it came as `[]`, as a list or as nothing; a list's keys are its positions.
pub(crate) fn map<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    let value = Value::deserialize(from)?;
    as_map(value)
        .map_err(|shape| D::Error::custom(format_args!("expected a map, got {shape}")))?
        .into_iter()
        .map(|(key, value)| Ok((key, serde_json::from_value(value).map_err(D::Error::custom)?)))
        .collect()
}

/// The entries of a map in any dress; the shape of what is none.
pub(crate) fn as_map(value: Value) -> Result<BTreeMap<String, Value>, &'static str> {
    match value {
        Value::Object(fields) => Ok(fields.into_iter().collect()),
        Value::Array(items) => {
            Ok(items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect())
        }
        value if is_nothing(&value) => Ok(BTreeMap::new()),
        value => Err(shape(&value)),
    }
}

/// A whole number in any dress.
pub(crate) fn as_int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) if text.trim().is_empty() => Some(0),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(set) => Some(i64::from(*set)),
        Value::Null => Some(0),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// True in any dress.
pub(crate) fn as_flag(value: &Value) -> bool {
    match value {
        Value::Bool(set) => *set,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => matches!(text.as_str(), "Y" | "y" | "1" | "true" | "TRUE"),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn whole(number: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation)]
    (number.fract() == 0.0 && number.abs() <= LARGEST).then_some(number as i64)
}

/// What a value is, without what it holds.
pub(crate) fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::UserId;

    #[derive(Debug, Deserialize)]
    struct Loose {
        #[serde(default, deserialize_with = "int")]
        id: UserId,
        #[serde(default, deserialize_with = "flag")]
        set: bool,
        #[serde(default, deserialize_with = "text")]
        name: String,
        #[serde(default, deserialize_with = "list")]
        list: Vec<i64>,
        #[serde(default, deserialize_with = "map")]
        map: BTreeMap<String, i64>,
    }

    fn read(value: Value) -> Loose {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_php_makes_of_a_type_is_read() {
        let loose = read(json!({"id": "27", "set": "Y", "name": 5, "list": {"0": 1, "1": 2}, "map": []}));
        assert_eq!((loose.id.get(), loose.set, loose.name.as_str()), (27, true, "5"));
        assert_eq!(loose.list, [1, 2]);
        assert!(loose.map.is_empty());
        let loose = read(json!({"id": 27.0, "set": 0, "name": null, "list": false, "map": [7]}));
        assert_eq!((loose.id.get(), loose.set, loose.name.as_str()), (27, false, ""));
        assert!(loose.list.is_empty());
        assert_eq!(loose.map["0"], 7);
        assert_eq!(read(json!({})).id.get(), 0);
    }

    #[test]
    fn a_wrong_shape_is_named_without_its_content() {
        let error = serde_json::from_value::<Loose>(json!({"id": ["s3cret"]})).unwrap_err().to_string();
        assert!(error.contains("a list"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}
