//! Reading the fields of one map, in the order in which portals write them.

use super::TypeError;
use crate::wire::{Entries, Node};

/// The fields of one map of a callback. A look-up begins behind the one before: portals keep the order of their keys, so
/// that most are found at once.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    node: Node<'a>,
    behind: Entries<'a>,
    base: &'static str,
    /// Key of this map in `base`, where it is one of several.
    entry: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// The fields of `node`, which is found at `base`.
    pub(super) fn new(node: Node<'a>, base: &'static str) -> Self {
        Self { node, behind: node.entries(), base, entry: None }
    }

    /// The fields of `node`, which is found under `entry` of `base`.
    pub(super) fn of_entry(node: Node<'a>, base: &'static str, entry: &'a str) -> Self {
        Self { entry: Some(entry), ..Self::new(node, base) }
    }

    /// The map at `key`, whose path is `base`.
    pub(super) fn map(&mut self, key: &str, base: &'static str) -> Option<Fields<'a>> {
        self.get(key).filter(|node| node.is_map()).map(|node| Fields::new(node, base))
    }

    pub(super) fn get(&mut self, key: &str) -> Option<Node<'a>> {
        let mut entries = self.behind.clone();
        let behind = entries.len();
        let node = entries.find_key(key, usize::MAX).or_else(|| {
            entries = self.node.entries();
            entries.find_key(key, self.node.len() - behind)
        })?;
        self.behind = entries;
        Some(node)
    }

    /// What is wrong with `key`.
    pub(super) fn wrong(&self, key: &str, expected: &'static str, found: Option<Node<'_>>) -> TypeError {
        let plain = |entry: &&str| {
            entry.len() <= 30
                && entry.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        let mut path = self.base.to_owned();
        for part in self.entry.map(|entry| Some(entry).filter(plain).unwrap_or("?")).into_iter().chain([key])
        {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(part);
        }
        TypeError::new(path, expected, found)
    }

    /// A text, empty if there is none.
    pub(super) fn text(&mut self, key: &str) -> &'a str {
        self.get(key).and_then(Node::as_str).unwrap_or("")
    }

    /// A text, kept only if it is not empty.
    pub(super) fn some_text(&mut self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A text that must not be a map; empty if there is none.
    pub(super) fn plain_text(&mut self, key: &str) -> Result<&'a str, TypeError> {
        match self.get(key) {
            None => Ok(""),
            Some(node) => node.as_str().ok_or_else(|| self.wrong(key, "a text", Some(node))),
        }
    }

    /// A number, if one is there.
    pub(super) fn int(&mut self, key: &str) -> Option<i64> {
        self.get(key).and_then(Node::int)
    }

    /// An id greater than 0, from the first of `keys` that is there.
    pub(super) fn id(&mut self, keys: &[&str]) -> Result<i64, TypeError> {
        let (key, node) = self.first(keys);
        match node.and_then(Node::int) {
            Some(id) if id > 0 => Ok(id),
            _ => Err(self.wrong(key, "an id: a whole number greater than 0", node)),
        }
    }

    /// An id that may be 0, and may be missing; from the first of `keys` that is there and not empty.
    pub(super) fn some_id(&mut self, keys: &[&str]) -> Result<Option<i64>, TypeError> {
        let (key, node) = self.first(keys);
        let Some(node) = node else {
            return Ok(None);
        };
        match node.int() {
            Some(id) if id >= 0 => Ok(Some(id)),
            _ => Err(self.wrong(key, "an id: a whole number, 0 for nobody", Some(node))),
        }
    }

    /// A yes or no; `None` if it is missing or neither.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        self.get(key).filter(|node| !node.is_empty()).and_then(Node::flag)
    }

    fn first<'k>(&mut self, keys: &[&'k str]) -> (&'k str, Option<Node<'a>>) {
        for key in keys {
            if let Some(node) = self.get(key).filter(|node| !node.is_empty()) {
                return (key, Some(node));
            }
        }
        (keys.first().copied().unwrap_or(""), None)
    }
}
