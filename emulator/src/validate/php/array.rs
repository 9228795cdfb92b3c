//! PHP's ordered array: map and list in one.

use super::Php;
use std::{collections::HashMap, fmt};

/// A key of a PHP array. Decimal text that is the canonical form of an integer *is* that integer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::validate) enum Key {
    Int(i64),
    Text(String),
}

impl Key {
    pub(in crate::validate) fn from_text(text: &str) -> Self {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Self::Int(number),
            _ => Self::Text(text.to_owned()),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Entries in insertion order, keys unique.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::validate) struct PhpArray {
    entries: Vec<(Key, Php)>,
}

impl PhpArray {
    /// A later value under the same key takes the place of the earlier one.
    pub(in crate::validate) fn from_pairs(pairs: impl IntoIterator<Item = (Key, Php)>) -> Self {
        let mut places = HashMap::new();
        let mut entries: Vec<(Key, Php)> = Vec::new();
        for (key, value) in pairs {
            match places.get(&key) {
                Some(&place) => entries[place] = (key, value),
                None => {
                    places.insert(key.clone(), entries.len());
                    entries.push((key, value));
                }
            }
        }
        Self { entries }
    }

    /// `$array['NAME'] = $value`.
    pub(in crate::validate) fn set(&mut self, name: &str, value: Php) {
        let place = self.entries.iter().position(|(key, _)| matches!(key, Key::Text(text) if text == name));
        match place {
            Some(place) => self.entries[place].1 = value,
            None => self.entries.push((Key::Text(name.to_owned()), value)),
        }
    }

    pub(in crate::validate) fn get(&self, name: &str) -> Option<&Php> {
        self.entries
            .iter()
            .find(|(key, _)| matches!(key, Key::Text(text) if text == name))
            .map(|(_, value)| value)
    }

    /// Whether the keys are 0, 1, 2 … in this order; true for the empty array.
    pub(in crate::validate) fn is_list(&self) -> bool {
        self.entries.iter().zip(0_i64..).all(|((key, _), place)| *key == Key::Int(place))
    }

    pub(in crate::validate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(in crate::validate) fn entries(&self) -> impl Iterator<Item = (&Key, &Php)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub(in crate::validate) fn values(&self) -> impl Iterator<Item = &Php> {
        self.entries.iter().map(|(_, value)| value)
    }

    pub(in crate::validate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Php> {
        self.entries.iter_mut().map(|(_, value)| value)
    }
}

impl FromIterator<Php> for PhpArray {
    fn from_iter<I: IntoIterator<Item = Php>>(values: I) -> Self {
        Self { entries: (0_i64..).map(Key::Int).zip(values).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_decimal_text_becomes_an_integer_key() {
        assert_eq!(Key::from_text("5"), Key::Int(5));
        assert_eq!(Key::from_text("-5"), Key::Int(-5));
        for text in ["05", "-0", "+5", " 5", "5.0", "", "9223372036854775808"] {
            assert_eq!(Key::from_text(text), Key::Text(text.to_owned()));
        }
    }

    #[test]
    fn the_last_value_of_a_repeated_key_stays_at_the_first_place() {
        let array = PhpArray::from_pairs([
            (Key::from_text("a"), Php::Int(1)),
            (Key::from_text("b"), Php::Int(2)),
            (Key::from_text("a"), Php::Int(3)),
        ]);
        assert_eq!(array.values().cloned().collect::<Vec<_>>(), [Php::Int(3), Php::Int(2)]);
    }
}
