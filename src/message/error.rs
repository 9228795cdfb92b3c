//! What a builder refuses, and why.

use std::fmt;

/// The kinds of [`BuildError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// A field that must say something is blank.
    Blank,
    /// A value breaks the rule of its field.
    BadValue,
    /// There is nothing in it.
    Empty,
    /// It is longer than the portal takes.
    TooLong {
        /// What it has.
        size: usize,
        /// What it may have.
        limit: usize,
    },
}

/// A part of a message that the portal would drop, cut or refuse: which part, which field, which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    kind: BuildErrorKind,
    place: String,
    field: &'static str,
    rule: String,
    section: &'static str,
}

impl BuildError {
    pub(crate) fn new(kind: BuildErrorKind, field: &'static str, section: &'static str) -> Self {
        Self { kind, place: String::new(), field, rule: String::new(), section }
    }

    pub(crate) fn blank(field: &'static str, section: &'static str) -> Self {
        Self::new(BuildErrorKind::Blank, field, section).rule("must not be blank")
    }

    pub(crate) fn bad(field: &'static str, section: &'static str, rule: impl Into<String>) -> Self {
        Self::new(BuildErrorKind::BadValue, field, section).rule(rule)
    }

    pub(crate) fn too_long(field: &'static str, section: &'static str, size: usize, limit: usize) -> Self {
        Self::new(BuildErrorKind::TooLong { size, limit }, field, section)
            .rule(format!("has {size} characters, {} over the limit of {limit}", size.saturating_sub(limit)))
    }

    pub(crate) fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = rule.into();
        self
    }

    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.place =
            if self.place.is_empty() { place.to_string() } else { format!("{place}, {}", self.place) };
        self
    }

    /// The kind, to match on.
    pub fn kind(&self) -> BuildErrorKind {
        self.kind
    }

    /// The part by kind, number from 1, and text: `button 3 "Order"`. Empty if the whole is meant.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The field as the portal calls it.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The section of the protocol that says so.
    pub fn section(&self) -> &'static str {
        self.section
    }

    /// How many characters it is over the limit, if it is.
    pub fn over(&self) -> Option<usize> {
        match self.kind {
            BuildErrorKind::TooLong { size, limit } => Some(size.saturating_sub(limit)),
            _ => None,
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{} {} (protocol {})", self.field, self.rule, self.section)
    }
}

impl std::error::Error for BuildError {}

/// A text quoted in an error, cut to a readable length.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("{shown:?}")
}
