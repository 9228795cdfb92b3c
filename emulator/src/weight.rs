//! What a value weighs, and what is kept of one that weighs too much.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! let file = serde_json::json!({"name": "a.bin", "content": "A".repeat(400_000)});
//! let url = format!("{}server.time", portal.webhook_url());
//! reqwest::Client::new().post(url).json(&file).send().await.unwrap();
//! let kept = portal.calls().pop().unwrap().params;
//! assert_eq!(kept["name"], "a.bin");
//! assert!(kept["content"].as_str().unwrap().ends_with("… of 390.62 KB"));
//! # }
//! ```
//!
//! The trap: the weight is a guess of memory, not the length of the JSON.

use bytes::Bytes;
use serde_json::{Map, Value};

/// What is kept whole of one body, one call's parameters or one answer.
pub(crate) const KEPT_OF_ONE: usize = 256 * 1_024;
/// In a value that is cut, longer texts are.
const LONGEST_TEXT: usize = 16 * 1_024;
/// That much is left of such a text.
const TEXT_LEFT: usize = 1_024;
/// A value without its texts.
const NODE: usize = 48;

/// About how many bytes of memory the value takes.
pub(crate) fn weight(value: &Value) -> usize {
    NODE + match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| NODE + key.len() + weight(value)).sum(),
        _ => 0,
    }
}

/// A copy of the parameters: whole if they are of ordinary size, else cut and marked.
pub(crate) fn copy_of(params: &Map<String, Value>, wanted: impl Fn(&str) -> bool) -> Value {
    let members = || params.iter().filter(|(key, _)| wanted(key));
    let total: usize = members().map(|(key, value)| NODE + key.len() + weight(value)).sum();
    if total <= KEPT_OF_ONE {
        return Value::Object(members().map(|(key, value)| (key.clone(), value.clone())).collect());
    }
    let mut left = KEPT_OF_ONE;
    cut_map(members(), total, &mut left)
}

/// The value as it is kept.
pub(crate) fn cut_down(value: Value) -> Value {
    let total = weight(&value);
    if total <= KEPT_OF_ONE { value } else { cut(&value, &mut KEPT_OF_ONE.clone()) }
}

/// A body as it is kept.
pub(crate) fn cut_body(body: &Bytes) -> Bytes {
    if body.len() <= KEPT_OF_ONE {
        return body.clone();
    }
    let mut kept = body[..KEPT_OF_ONE].to_vec();
    kept.extend_from_slice(mark(body.len()).as_bytes());
    kept.into()
}

/// `… of 27 MB`.
fn mark(bytes: usize) -> String {
    format!("… of {}", readable_size(bytes))
}

fn cut(value: &Value, left: &mut usize) -> Value {
    *left = left.saturating_sub(NODE);
    match value {
        Value::String(text) => Value::from(cut_text(text, left)),
        Value::Array(list) => {
            let mut kept = Vec::new();
            for item in list {
                if *left == 0 {
                    kept.push(Value::from(format!("… of {} items", list.len())));
                    break;
                }
                kept.push(cut(item, left));
            }
            Value::Array(kept)
        }
        Value::Object(map) => cut_map(map.iter(), weight(value), left),
        other => other.clone(),
    }
}

fn cut_map<'v>(
    members: impl Iterator<Item = (&'v String, &'v Value)>,
    total: usize,
    left: &mut usize,
) -> Value {
    let mut kept = Map::new();
    for (key, value) in members {
        if *left == 0 {
            kept.insert("…".to_owned(), Value::from(mark(total)));
            break;
        }
        *left = left.saturating_sub(NODE);
        let key = cut_text(key, left);
        kept.insert(key, cut(value, left));
    }
    Value::Object(kept)
}

fn cut_text(text: &str, left: &mut usize) -> String {
    let room = if text.len() > LONGEST_TEXT { TEXT_LEFT } else { text.len() };
    if text.len() <= room.min(*left) {
        *left -= text.len();
        return text.to_owned();
    }
    let end = text.floor_char_boundary(room.min(*left));
    *left -= end;
    format!("{}{}", &text[..end], mark(text.len()))
}

/// `5 B`, `1.95 KB`, `20 MB`.
pub(crate) fn readable_size(bytes: usize) -> String {
    let units = ["B", "KB", "MB", "GB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1_024.0 && unit + 1 < units.len() {
        size /= 1_024.0;
        unit += 1;
    }
    let number = format!("{size:.2}");
    let number = number.trim_end_matches('0').trim_end_matches('.');
    format!("{number} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { unreachable!() };
        map
    }

    #[test]
    fn a_size_is_written_in_the_largest_unit_that_fits() {
        let written: Vec<String> = [0, 5, 1_023, 2_000, 20 << 20].into_iter().map(readable_size).collect();
        assert_eq!(written, ["0 B", "5 B", "1023 B", "1.95 KB", "20 MB"]);
    }

    #[test]
    fn parameters_of_ordinary_size_are_kept_whole() {
        let params = map(json!({"a": "x".repeat(200_000), "list": [1, {"b": null}], "auth": "secret"}));
        let kept = copy_of(&params, |key| key != "auth");
        assert_eq!(kept, json!({"a": "x".repeat(200_000), "list": [1, {"b": null}]}));
    }

    #[test]
    fn long_texts_long_names_and_many_members_are_cut() {
        let texts = copy_of(&map(json!({"file": "я".repeat(1 << 20), "id": 7})), |_| true);
        assert_eq!(texts["id"], 7);
        assert!(texts["file"].as_str().unwrap().ends_with("я… of 2 MB"));
        let mut name = Map::new();
        name.insert("k".repeat(27 << 20), Value::from(""));
        let name = copy_of(&name, |_| true);
        assert!(weight(&name) < 5_000 && name.to_string().contains("… of 27 MB"));
        let many: Map<String, Value> = (0..50_000).map(|at| (format!("key {at}"), Value::from(at))).collect();
        let many = copy_of(&many, |_| true);
        assert!(weight(&many) < 2 * KEPT_OF_ONE && many["…"].as_str().unwrap().starts_with("… of "));
        let list = cut_down(json!(vec![0; 50_000]));
        assert_eq!(list.as_array().unwrap().last().unwrap(), "… of 50000 items");
        assert!(weight(&list) < 2 * KEPT_OF_ONE);
    }

    #[test]
    fn a_body_says_how_long_it_was() {
        let long = cut_body(&Bytes::from(vec![b'a'; 27 << 20]));
        assert!(long.ends_with("… of 27 MB".as_bytes()) && long.len() < KEPT_OF_ONE + 30);
        assert_eq!(cut_body(&Bytes::from(vec![b'a'; KEPT_OF_ONE])).len(), KEPT_OF_ONE);
    }
}
