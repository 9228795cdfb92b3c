//! User text inside BB code.

use std::fmt::{self, Write as _};

/// U+2060, of no width: it keeps a bracket from opening a tag.
const JOINER: char = '\u{2060}';

/// Text that is shown as it is, whatever it holds. Made by [`literal()`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal<T>(T);

/// Makes text safe to put into BB code: it is shown as it is and opens no tag, mention, link or line break.
///
/// A U+2060 (no width) goes behind every `[` and inside every `#BR#`, for the platform has no escape (protocol 7).
///
/// ```
/// use openlines::message::literal;
///
/// assert_eq!(literal("[b]5 < 6#BR#").to_string(), "[\u{2060}b]5 < 6#\u{2060}BR#");
/// assert_eq!(format!("[i]{}[/i]", literal("plain")), "[i]plain[/i]");
/// ```
pub fn literal<T: AsRef<str>>(text: T) -> Literal<T> {
    Literal(text)
}

impl<T: AsRef<str>> fmt::Display for Literal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        let mut written = 0;
        for (at, sign) in text.char_indices() {
            let next = at + sign.len_utf8();
            if sign == '[' || (sign == '#' && begins_break(&text.as_bytes()[next..])) {
                f.write_str(&text[written..next])?;
                f.write_char(JOINER)?;
                written = next;
            }
        }
        f.write_str(&text[written..])
    }
}

fn begins_break(rest: &[u8]) -> bool {
    rest.get(..3).is_some_and(|rest| rest.eq_ignore_ascii_case(b"br#"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads BB code as greedily as any renderer: `[`, an optional slash or star, then a letter, is a tag.
    fn opens_a_tag(text: &str) -> bool {
        let signs: Vec<char> = text.chars().collect();
        signs.iter().enumerate().any(|(at, sign)| {
            let next = signs.get(at + 1).copied().unwrap_or(']');
            *sign == '[' && next != JOINER
        }) || text.to_ascii_lowercase().contains("#br#")
    }

    #[test]
    fn breaks_that_share_a_sign_are_both_broken_up() {
        assert!(!opens_a_tag(&literal("#BR#BR#br#").to_string()));
        assert!(!opens_a_tag(&literal("[[/b]").to_string()));
        assert!(!opens_a_tag(&literal("ends with [").to_string()));
    }

    proptest! {
        #[test]
        fn no_tag_is_seen_and_the_original_comes_back(
            text in "(\\[|\\]|/|#BR#|#|b|BR|url=|\\PC|[\u{0}-\u{1f}]){0,40}"
        ) {
            let safe = literal(&text).to_string();
            prop_assert!(!opens_a_tag(&safe), "{safe:?}");
            prop_assert_eq!(safe.replace(JOINER, ""), text.replace(JOINER, ""));
        }
    }
}
