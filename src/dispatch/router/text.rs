//! What a text route waits for: exact texts, and patterns.
//!
//! ```
//! use openlines::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let router = Router::new()
//!     .text(["hello", "good day"], async |_cx: Context, _message: Message| "Good day!")
//!     .pattern(Pattern::new(r"(?i)order\D*(?<number>\d+)")?, async |_cx: Context, found: Captures| {
//!         found.get("number").map(|number| format!("Order {number} is on its way"))
//!     });
//! # let _ = router;
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** exact texts are compared in any case and with `ё` as `е`; a pattern sees the text as it was written, so
//! say `(?i)` and `[её]` in it.

use std::{fmt, ops::Range, sync::Arc};

use regex::Regex;

use crate::wire::Message;

/// One text, or any of several, see [`Router::text`](super::Router::text).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no text to wait for",
    note = "give one text, an array, a slice or a `Vec` of them; for a regular expression there is `Router::pattern`"
)]
pub trait Texts {
    /// Each of them.
    fn texts(self) -> Vec<String>;
}

impl Texts for &str {
    fn texts(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl Texts for String {
    fn texts(self) -> Vec<String> {
        vec![self]
    }
}

impl Texts for &String {
    fn texts(self) -> Vec<String> {
        vec![self.clone()]
    }
}

impl<S: AsRef<str>, const N: usize> Texts for [S; N] {
    fn texts(self) -> Vec<String> {
        self.as_slice().texts()
    }
}

impl<S: AsRef<str>> Texts for &[S] {
    fn texts(self) -> Vec<String> {
        self.iter().map(|text| text.as_ref().to_owned()).collect()
    }
}

impl<S: AsRef<str>> Texts for Vec<S> {
    fn texts(self) -> Vec<String> {
        self.as_slice().texts()
    }
}

/// The form in which exact texts are compared: lower case, `ё` as `е`, blanks trimmed and single.
pub(in crate::dispatch) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        let lower = word.chars().flat_map(char::to_lowercase);
        folded.extend(lower.map(|sign| if sign == 'ё' { 'е' } else { sign }));
    }
    folded
}

/// A regular expression, in the syntax of the crate `regex`: linear in the length of the text, whatever a client
/// writes.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub(super) regex: Regex,
    names: Arc<[Option<String>]>,
}

impl Pattern {
    /// Reads an expression. It matches anywhere in the text unless it says `^` and `$`.
    pub fn new(expression: &str) -> Result<Self, PatternError> {
        let regex = Regex::new(expression)
            .map_err(|error| PatternError { expression: expression.to_owned(), reason: error.to_string() })?;
        let names = regex.capture_names().map(|name| name.map(str::to_owned)).collect();
        Ok(Self { regex, names })
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    pub(super) fn captures(&self, message: Message) -> Option<Captures> {
        let found = self.regex.captures(&message.text)?;
        let spans = found.iter().map(|group| group.map(|group| group.range())).collect();
        Some(Captures { message, spans, names: self.names.clone() })
    }
}

/// An expression that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    expression: String,
    reason: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pattern `{}` cannot be read: {}", self.expression, self.reason)
    }
}

impl std::error::Error for PatternError {}

/// What a [`Pattern`] found in a message.
#[derive(Debug, Clone)]
pub struct Captures {
    message: Message,
    spans: Vec<Option<Range<usize>>>,
    names: Arc<[Option<String>]>,
}

impl Captures {
    /// The group `(?<name>…)`, if it took part.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.at(self.names.iter().position(|known| known.as_deref() == Some(name))?)
    }

    /// The group by its number, if it took part; 0 is the whole of what was found.
    pub fn at(&self, group: usize) -> Option<&str> {
        self.message.text.get(self.spans.get(group)?.clone()?)
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Author, Chat, MessageId, UserId};

    #[test]
    fn exact_texts_are_compared_without_case_blanks_and_yo() {
        assert_eq!(folded("  Всё\tЁЛКИ \n ПАЛКИ "), "все елки палки");
        assert_eq!(folded("STRASSE"), "strasse");
        assert_eq!(folded(" \t"), "");
    }

    #[test]
    fn captures_are_found_by_name_and_number() {
        let pattern = Pattern::new(r"заказ (?<number>\d+)( срочно)?").unwrap();
        let said = |text: &str| {
            Message::new(MessageId::new(1), text, Chat::default(), UserId::new(1), Author::Client)
        };
        let found = pattern.captures(said("мой заказ 15, да")).unwrap();
        assert_eq!(
            (found.get("number"), found.at(1), found.at(0)),
            (Some("15"), Some("15"), Some("заказ 15"))
        );
        assert_eq!((found.at(2), found.at(3), found.get("x")), (None, None, None));
        assert!(pattern.captures(said("заказ")).is_none());
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        let error = Pattern::new("(a").unwrap_err().to_string();
        assert!(error.contains("`(a`") && error.contains("unclosed group"), "{error}");
    }
}
