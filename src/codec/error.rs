//! Why a verified callback could not be understood.
//!
//! ```
//! use std::sync::Arc;
//! use openlines::codec;
//!
//! let raw = codec::form::decode(b"event=ONIMBOTDELETE&data[BOT_ID]=x", &Default::default())?;
//! let error = codec::events(&codec::Callback::read(Arc::new(raw))?).unwrap_err();
//! assert_eq!(error.path(), "data.BOT_ID");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** it names where and what shape, never the content, which a client may have written.

use std::fmt;

use crate::wire::Node;

/// An event that lacks an essential, or has something else in its place: where, what was found, what to do.
///
/// Holds no value: what stands in the wrong place may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeError {
    path: String,
    expected: &'static str,
    found: Found,
}

/// What was found in a field: its kind, never its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// Nothing. Null and empty lists do not travel on this wire.
    Missing,
    /// A text that is not what was expected.
    Text {
        /// Its length.
        bytes: usize,
    },
    /// A map or list.
    Map {
        /// Its entries.
        entries: usize,
    },
}

impl TypeError {
    pub(super) fn new(path: impl Into<String>, expected: &'static str, found: Option<Node<'_>>) -> Self {
        let found = found.map_or(Found::Missing, |node| match node.as_str() {
            Some(text) => Found::Text { bytes: text.len() },
            None => Found::Map { entries: node.len() },
        });
        Self { path: path.into(), expected, found }
    }

    /// The field, keys joined by dots.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What belongs there.
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    /// What was there.
    pub fn found(&self) -> Found {
        self.found
    }
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found ", self.path, self.expected)?;
        match self.found {
            Found::Missing => f.write_str("nothing")?,
            Found::Text { bytes } => write!(f, "a text of {bytes} bytes")?,
            Found::Map { entries } => write!(f, "a map of {entries} entries")?,
        }
        f.write_str(
            "; the event is kept as it came: look at it, and put it back once this version understands it",
        )
    }
}

impl std::error::Error for TypeError {}
