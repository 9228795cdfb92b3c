//! BB code written by its codes, from Markdown, in pieces, and back to plain text.
//!
//! ```
//! use openlines::{message::{Reply, Text}, wire::UserId};
//!
//! let text = Text::new()
//!     .plain("Dear ")
//!     .bold("[Ann]")
//!     .plain(", ask ")
//!     .user(UserId::new(27), "Ivan")
//!     .plain(" or see ")
//!     .url("https://shop.example/a[1]", Text::new().italic("the page"));
//! assert_eq!(
//!     text.to_string().replace('\u{2060}', ""),
//!     "Dear [b][Ann][/b], ask [user=27]Ivan[/user] or see [url=https://shop.example/a%5B1%5D][i]the page[/i][/url]"
//! );
//! assert_eq!(Text::markdown("**5** < 6 & [x]").strip().replace('\u{2060}', ""), "5 < 6 & [x]");
//! let _reply: Reply = text.into();
//! ```
//!
//! A `&str` or `String` given to a method is user text and is shown as it is; only [`Text::markup`] takes BB code.
//!
//! **Trap:** quotes are blocks: a [`quote`](Text::quote) inside [`bold`](Text::bold) is not drawn as a quote.

mod boundary;
mod codes;
mod links;
mod markdown;
mod moment;
mod quote;
mod split;
mod strip;
mod tags;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

pub use codes::{Icon, ImageSize};
pub use moment::MomentFormat;
pub use strip::{Phrases, strip, strip_with};

use super::{Literal, Reply, literal};

pub(super) use split::split;

/// Text with BB code, put together code by code.
///
/// ```
/// use openlines::{message::Text, wire::UserId};
///
/// let text = Text::new().plain("Dear ").bold("Ann").plain(", ask ").user(UserId::new(27), "Ivan");
/// assert_eq!(text.as_str(), "Dear [b]Ann[/b], ask [user=27]Ivan[/user]");
/// assert_eq!(Text::markdown("- **one**\n- two").as_str(), "• [b]one[/b]\n• two");
/// ```
///
/// A `&str` or `String` given to a method is user text and is shown as it is; only [`markup`](Self::markup) takes BB
/// code. What the platform cannot carry is not refused: it is written so that it looks the same, or left as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use = "a text is said once it is given to a reply"]
pub struct Text {
    code: String,
}

impl Text {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds user text, shown as it is.
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.push(&literal(text.as_ref()).to_string())
    }

    /// Adds BB code of your own, not looked at.
    pub fn markup(self, code: impl AsRef<str>) -> Self {
        self.push(code.as_ref())
    }

    /// Adds another text.
    pub fn append(self, text: impl Into<Self>) -> Self {
        self.push(&text.into().code)
    }

    /// Reads Markdown: CommonMark with tables, strikethrough and task lists. HTML in it is shown as text.
    ///
    /// Lists, tables and rules become text, for the messenger has no code for them (protocol 7).
    pub fn markdown(markdown: impl AsRef<str>) -> Self {
        Self { code: markdown::to_bb(markdown.as_ref()) }
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.code
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty()
    }

    /// What a preview or a channel without markup shows of it; see [`strip()`](crate::message::strip).
    #[must_use]
    pub fn strip(&self) -> String {
        strip(&self.code)
    }

    /// Cuts it into texts of at most `limit` characters, at the end of a paragraph if there is one, else of a line, a
    /// sentence, a word. Open codes are closed at the end of one and opened again in the next. None is blank.
    ///
    /// [`TEXT_LIMIT`](crate::message::TEXT_LIMIT) is what a message takes; less than 64 is taken for 64.
    pub fn split(&self, limit: usize) -> Vec<Self> {
        split(&self.code, limit).into_iter().map(|code| Self { code }).collect()
    }

    fn push(mut self, code: &str) -> Self {
        self.code.push_str(code);
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new().plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new().plain(text)
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::new().plain(text)
    }
}

impl<T: AsRef<str>> From<Literal<T>> for Text {
    fn from(text: Literal<T>) -> Self {
        Self { code: text.to_string() }
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.code
    }
}

impl From<Text> for Reply {
    fn from(text: Text) -> Self {
        Self::text(text.code)
    }
}
