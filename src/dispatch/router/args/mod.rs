//! Arguments of commands as types.
//!
//! ```
//! use std::str::FromStr;
//! use openlines::prelude::*;
//!
//! enum Size { Small, Large }
//!
//! impl FromStr for Size {
//!     type Err = ();
//!     fn from_str(word: &str) -> Result<Self, ()> {
//!         match word {
//!             "small" => Ok(Self::Small),
//!             "large" => Ok(Self::Large),
//!             _ => Err(()),
//!         }
//!     }
//! }
//!
//! impl FromArgs for Size {
//!     fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError> {
//!         args.parse("small|large")
//!     }
//!     fn usage() -> String {
//!         "small|large".to_owned()
//!     }
//! }
//!
//! // `/pizza large 2 with extra cheese`
//! let router = Router::new().command(
//!     "pizza",
//!     async |_cx: Context, (size, count, note): (Size, u8, Option<String>)| {
//!         let size = if matches!(size, Size::Large) { "large" } else { "small" };
//!         format!("{count} {size}, {}", literal(note.as_deref().unwrap_or("plain")))
//!     },
//! );
//! # let _ = router;
//! ```
//!
//! **Trap:** a `String` takes one word (or several in quotes), and all that is left when it is the last value: `(String,
//! u8)` and `(u8, String)` both read what one expects, `(String, String)` gives the second one everything but a word.

mod error;
mod values;

pub use error::{ArgsError, ArgsErrorKind, BadArgs};

use std::str::FromStr;

use crate::wire::Command;

/// What a command's handler takes: made from the words after the command's name.
///
/// There are numbers, `String`, `Option` and `Vec` of these, tuples of up to six of these, `()` for a command without
/// arguments, and [`Command`] itself, which takes whatever comes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from the arguments of a command",
    note = "take `Command`, a number, `String`, `Option` or `Vec` of these, or a tuple; or implement `FromArgs` for `{Self}`"
)]
pub trait FromArgs: Send + Sized {
    /// Takes what it needs. What is left over at the end is an error, unless something took
    /// [`rest`](Args::rest).
    fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError>;

    /// How it is written, for the answer to arguments that cannot be read: `NUMBER`, `small|large`.
    fn usage() -> String {
        "…".to_owned()
    }
}

/// The words after a command's name, taken one by one.
#[derive(Debug)]
pub struct Args<'a> {
    command: &'a Command,
    left: &'a str,
    last: bool,
}

/// What holds several words together: typed, and put there by the keyboards of phones.
const QUOTES: [(char, char); 4] = [('"', '"'), ('«', '»'), ('“', '”'), ('„', '“')];

impl<'a> Args<'a> {
    fn new(command: &'a Command) -> Self {
        Self { command, left: command.params.trim(), last: true }
    }

    /// The command they came with.
    pub fn command(&self) -> &'a Command {
        self.command
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Whether the value being made is the last, so that it may have all that is left.
    pub fn is_last(&self) -> bool {
        self.last
    }

    /// Takes a word, or what stands between quotes.
    pub fn word(&mut self) -> Option<&'a str> {
        if self.left.is_empty() {
            return None;
        }
        let (word, left) = self.quoted().unwrap_or_else(|| {
            let end = self.left.find(char::is_whitespace).unwrap_or(self.left.len());
            self.left.split_at(end)
        });
        self.left = left.trim_start();
        Some(word)
    }

    /// Takes all that is left; quotes around the whole are cut.
    pub fn rest(&mut self) -> &'a str {
        let rest = std::mem::take(&mut self.left);
        let whole = Self { left: rest, ..*self }.quoted().filter(|(_, left)| left.is_empty());
        whole.map_or(rest, |(inner, _)| inner)
    }

    /// Takes a word and reads it; `wanted` says what it should have been.
    pub fn parse<T: FromStr>(&mut self, wanted: &str) -> Result<T, ArgsError> {
        let word = self.word().ok_or_else(|| ArgsError::missing(wanted))?;
        word.parse().map_err(|_| ArgsError::wrong(word, wanted))
    }

    /// What stands between quotes, and what comes after. A quote that is not closed before a blank is none.
    fn quoted(&self) -> Option<(&'a str, &'a str)> {
        QUOTES.iter().find_map(|(open, close)| {
            let inner = self.left.strip_prefix(*open)?;
            let ends = inner.match_indices(*close).find_map(|(at, found)| {
                let after = &inner[at + found.len()..];
                (after.is_empty() || after.starts_with(char::is_whitespace)).then_some((at, after))
            });
            ends.map(|(at, after)| (&inner[..at], after))
        })
    }

    /// Makes one value of several, which is the last only if the whole is and it is the last of it.
    fn part<T: FromArgs>(&mut self, last: bool) -> Result<T, ArgsError> {
        let whole = self.last;
        self.last = whole && last;
        let value = T::from_args(self);
        self.last = whole;
        value
    }
}

/// Reads all of a command's arguments.
pub(super) fn read<A: FromArgs>(command: &Command) -> Result<A, ArgsError> {
    let mut args = Args::new(command);
    let value = A::from_args(&mut args)?;
    if args.is_empty() { Ok(value) } else { Err(ArgsError::too_many(args.left)) }
}

#[cfg(test)]
mod tests;
