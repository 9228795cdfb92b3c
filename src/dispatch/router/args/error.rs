//! Arguments that could not be read, and what is known about them.

use std::fmt;

use crate::wire::Command;

/// Why arguments could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgsError {
    kind: ArgsErrorKind,
}

/// What is wrong. Texts are as they were typed: put them through [`literal()`](crate::message::literal()).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArgsErrorKind {
    /// There are too few.
    Missing {
        /// What should come next.
        wanted: String,
    },
    /// One is not what it should be.
    Wrong {
        /// What came.
        given: String,
        /// What should have.
        wanted: String,
    },
    /// There are too many.
    TooMany {
        /// What is left over.
        given: String,
    },
}

impl ArgsError {
    /// There are too few; `wanted` should come next.
    pub fn missing(wanted: impl Into<String>) -> Self {
        Self { kind: ArgsErrorKind::Missing { wanted: wanted.into() } }
    }

    /// `given` should have been `wanted`.
    pub fn wrong(given: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self { kind: ArgsErrorKind::Wrong { given: given.into(), wanted: wanted.into() } }
    }

    /// `given` is left over.
    pub fn too_many(given: impl Into<String>) -> Self {
        Self { kind: ArgsErrorKind::TooMany { given: given.into() } }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ArgsErrorKind {
        &self.kind
    }
}

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ArgsErrorKind::Missing { wanted } => write!(f, "{wanted} is missing"),
            ArgsErrorKind::Wrong { given, wanted } => write!(f, "`{given}` is not {wanted}"),
            ArgsErrorKind::TooMany { given } => write!(f, "`{given}` is too much"),
        }
    }
}

impl std::error::Error for ArgsError {}

/// A command whose arguments could not be read, see [`Router::bad_args`](crate::dispatch::Router::bad_args).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BadArgs {
    /// The command.
    pub command: Command,
    /// What is wrong.
    pub error: ArgsError,
    /// How the command is written: `/order NUMBER [TEXT]`.
    pub usage: String,
}

impl BadArgs {
    pub(in crate::dispatch::router) fn new(command: Command, error: ArgsError, usage: String) -> Self {
        let usage = format!("/{} {usage}", command.name).trim_end().to_owned();
        Self { command, error, usage }
    }
}
