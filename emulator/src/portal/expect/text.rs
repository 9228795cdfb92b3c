//! Which text a message must have.

use std::fmt;

use crate::portal::people::plainly;

/// A text that is wanted: a `&str` or `String` means exactly that text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPattern(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Exactly(String),
    Containing(String),
    Anything,
}

/// Any message that has this in its text.
///
/// ```
/// use openlines_emulator::{TextPattern, anything, containing};
/// assert!(containing("order").fits("Your order 15"));
/// assert!(!TextPattern::from("order").fits("Your order 15"));
/// assert!(anything().fits(""));
/// ```
#[must_use]
pub fn containing(part: &str) -> TextPattern {
    TextPattern(Kind::Containing(part.to_owned()))
}

/// Any message, whatever its text.
#[must_use]
pub fn anything() -> TextPattern {
    TextPattern(Kind::Anything)
}

impl TextPattern {
    /// Whether a text is what is wanted.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Exactly(wanted) => text == wanted,
            Kind::Containing(part) => text.contains(part.as_str()),
            Kind::Anything => true,
        }
    }
}

impl TextPattern {
    /// Whether it would fit if case and spaces did not count.
    pub(super) fn nearly_fits(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Exactly(wanted) => plainly(text) == plainly(wanted),
            Kind::Containing(part) => plainly(text).contains(&plainly(part)),
            Kind::Anything => true,
        }
    }
}

impl From<&str> for TextPattern {
    fn from(text: &str) -> Self {
        Self(Kind::Exactly(text.to_owned()))
    }
}

impl From<String> for TextPattern {
    fn from(text: String) -> Self {
        Self(Kind::Exactly(text))
    }
}

impl From<&String> for TextPattern {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for TextPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Exactly(text) => write!(f, "{text:?}"),
            Kind::Containing(part) => write!(f, "containing {part:?}"),
            Kind::Anything => f.write_str("of any text"),
        }
    }
}
