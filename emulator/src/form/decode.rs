//! Reading a form as PHP reads it into an array.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Brackets below the name that PHP follows.
const DEEPEST: usize = 64;
/// Pairs read from one body; the rest is left out, as PHP does with its own limit.
const MOST_PAIRS: usize = 50_000;

/// A form body or query string as a nested value. Maps whose keys are 0, 1, 2… in order become lists.
pub(crate) fn decode(body: &[u8]) -> Map<String, Value> {
    from_pairs(body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let cut = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (unescape(&pair[..cut]), unescape(pair.get(cut + 1..).unwrap_or_default()))
    }))
}

/// The same of names and values that are already plain.
pub(super) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let mut root = Branch::default();
    for (key, value) in pairs.into_iter().take(MOST_PAIRS) {
        if let Some((name, path)) = key_path(&key) {
            root.insert(name, &path, value);
        }
    }
    match root.into_value() {
        Value::Object(map) => map,
        Value::Array(list) => {
            list.into_iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Map::new(),
    }
}

/// The top name and the bracket segments below it; `None` stands for `[]`.
fn key_path(key: &str) -> Option<(String, Vec<Option<String>>)> {
    let key = key.split('\0').next().unwrap_or_default().trim_start_matches(' ');
    let cut = key.find('[').unwrap_or(key.len());
    let (name, mut rest) = key.split_at(cut);
    let mut name = name.replace([' ', '.'], "_");
    if name.is_empty() {
        return None;
    }
    let mut path = Vec::new();
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(close) = inner.find(']') else {
            // An unclosed bracket becomes an underscore of the name, if nothing was nested before it.
            if path.is_empty() {
                name.push('_');
                name.push_str(inner);
            }
            break;
        };
        let segment = &inner[..close];
        path.push((!segment.trim().is_empty()).then(|| segment.to_owned()));
        if path.len() > DEEPEST {
            return None;
        }
        rest = &inner[close + 1..];
    }
    Some((name, path))
}

fn unescape(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'+' => out.push(b' '),
            b'%' => match tail {
                [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    out.push(hex(*high) << 4 | hex(*low));
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            other => out.push(*other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.saturating_sub(b'A') + 10,
    }
}

enum Node {
    Text(String),
    Branch(Branch),
}

#[derive(Default)]
struct Branch {
    entries: Vec<(String, Node)>,
    at: HashMap<String, usize>,
    next: i64,
}

impl Branch {
    fn insert(&mut self, key: String, path: &[Option<String>], value: String) {
        let slot = self.slot(key);
        match path.split_first() {
            None => *slot = Node::Text(value),
            Some((segment, deeper)) => {
                if matches!(slot, Node::Text(_)) {
                    *slot = Node::Branch(Self::default());
                }
                if let Node::Branch(branch) = slot {
                    let key = segment.clone().unwrap_or_else(|| branch.next.to_string());
                    branch.insert(key, deeper, value);
                }
            }
        }
    }

    fn slot(&mut self, key: String) -> &mut Node {
        if let Some(number) = whole_number(&key) {
            self.next = self.next.max(number.saturating_add(1));
        }
        let at = *self.at.entry(key.clone()).or_insert_with(|| {
            self.entries.push((key, Node::Text(String::new())));
            self.entries.len() - 1
        });
        &mut self.entries[at].1
    }

    fn into_value(self) -> Value {
        let list = !self.entries.is_empty()
            && self
                .entries
                .iter()
                .enumerate()
                .all(|(at, (key, _))| whole_number(key) == i64::try_from(at).ok());
        let entries = self.entries.into_iter().map(|(key, node)| {
            (
                key,
                match node {
                    Node::Text(text) => Value::String(text),
                    Node::Branch(branch) => branch.into_value(),
                },
            )
        });
        if list {
            Value::Array(entries.map(|(_, value)| value).collect())
        } else {
            Value::Object(entries.collect())
        }
    }
}

fn whole_number(key: &str) -> Option<i64> {
    let number: i64 = key.parse().ok()?;
    (number.to_string() == key).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use serde_json::{Value, json};

    fn read(body: &str) -> Value {
        Value::Object(decode(body.as_bytes()))
    }

    #[test]
    fn brackets_nest_and_gapless_numbers_are_lists() {
        assert_eq!(
            read("a[b][]=1&a[b][]=2&c%5B567%5D=x+y"),
            json!({"a": {"b": ["1", "2"]}, "c": {"567": "x y"}})
        );
    }

    #[test]
    fn the_last_of_two_equal_names_wins() {
        assert_eq!(read("a=1&a=2&b[x]=1&b=3"), json!({"a": "2", "b": "3"}));
    }

    #[test]
    fn odd_names_are_read_as_php_reads_them() {
        assert_eq!(read("a.b c=1&d[e=2&=3&%zz=4"), json!({"a_b_c": "1", "d_e": "2", "%zz": "4"}));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = decode(&body);
        }
    }
}
