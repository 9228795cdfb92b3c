//! User text inside BB code.

use std::fmt::{self, Write as _};

/// U+2060, of no width: it keeps what follows from being read together with what stands before.
pub(super) const JOINER: char = '\u{2060}';

/// So many hyphens in a row begin a quote.
pub(super) const FENCE: usize = 54;

/// So many spaces in a row are drawn as a tab.
const TAB: usize = 4;

/// Text that is shown as it is, whatever it holds. Made by [`literal()`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal<T>(T);

/// Makes text safe to put into BB code: it is shown as it is and opens no tag, mention, quote or line break.
///
/// A U+2060 (no width) goes behind every `[` and inside every `#BR#`, `>>`, row of 54 hyphens and row of four
/// spaces, for the platform has no escape (protocol 7).
///
/// ```
/// use openlines::message::literal;
///
/// assert_eq!(literal("[b]5 < 6#BR#").to_string(), "[\u{2060}b]5 < 6#\u{2060}BR#");
/// assert_eq!(format!("[i]{}[/i]", literal("plain")), "[i]plain[/i]");
/// ```
///
/// **Trap:** it looks after its own text only. Do not write a bracket of your own right before it: for `[topic]` put
/// the brackets inside too. An argument of a code (`[send=…]`) needs [`Text`](super::Text).
pub fn literal<T: AsRef<str>>(text: T) -> Literal<T> {
    Literal(text)
}

impl<T: AsRef<str>> fmt::Display for Literal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        if joins_what_stands_before(text) {
            f.write_char(JOINER)?;
        }
        let (mut written, mut row, mut before) = (0, 0, '\0');
        for (at, sign) in text.char_indices() {
            row = if sign == before { row + 1 } else { 1 };
            before = sign;
            let next = at + sign.len_utf8();
            let rest = &text.as_bytes()[next..];
            let breaks = match sign {
                '[' => true,
                '#' => begins_break(rest),
                '>' => rest.first() == Some(&b'>'),
                '-' => row == FENCE - 1,
                ' ' => row == TAB - 1 && rest.first() == Some(&b' '),
                _ => false,
            };
            if breaks {
                f.write_str(&text[written..next])?;
                f.write_char(JOINER)?;
                (written, row) = (next, 0);
            }
        }
        f.write_str(&text[written..])
    }
}

/// Whether `#` before it makes `#BR#`, or may do so with what comes behind it.
fn begins_break(rest: &[u8]) -> bool {
    let seen = rest.len().min(3);
    seen > 0 && rest[..seen].eq_ignore_ascii_case(&b"br#"[..seen])
}

/// Whether it begins as `#BR#` or `>>` end: behind a sign of the bot's own, as in `Order #{}`, it would make one.
fn joins_what_stands_before(text: &str) -> bool {
    text.starts_with('>') || text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("br#"))
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
        }) || ["#br#", ">>", "    ", &"-".repeat(FENCE)]
            .iter()
            .any(|seen| text.to_ascii_lowercase().contains(seen))
    }

    #[test]
    fn breaks_that_share_a_sign_are_both_broken_up() {
        assert!(!opens_a_tag(&literal("#BR#BR#br#").to_string()));
        assert!(!opens_a_tag(&literal("[[/b]").to_string()));
        assert!(!opens_a_tag(&literal("ends with [").to_string()));
        assert!(!opens_a_tag(&literal(">>>>> quoted").to_string()));
        assert!(!opens_a_tag(&literal("-".repeat(400)).to_string()));
        assert!(!opens_a_tag(&literal(" ".repeat(40)).to_string()));
    }

    #[test]
    fn two_texts_do_not_make_together_what_neither_makes() {
        for (one, other) in [("#", "BR#"), ("#BR", "#"), (">", "> x"), ("[", "b]"), ("#B", "R#")] {
            let both = format!("{}{}", literal(one), literal(other));
            assert!(!opens_a_tag(&both), "{both:?}");
        }
        assert!(!opens_a_tag(&format!("Order #{}", literal("BR#"))));
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "",
            "plain",
            "a -> b, a > b",
            "<b>x</b>",
            "#1 and #",
            "#BR",
            "--- -- -",
            "a  b   c",
            "😀 \u{202e} é",
        ] {
            let kept = literal(text).to_string();
            assert!(text == kept || text.ends_with("#BR"), "{kept:?}");
        }
    }

    proptest! {
        #[test]
        fn no_tag_is_seen_and_the_original_comes_back(
            text in "(\\[|\\]|/|#BR#|#|b|BR|url=|>|>>|-{50,60}| {1,6}|\\PC|[\u{0}-\u{1f}]){0,40}"
        ) {
            let safe = literal(&text).to_string();
            prop_assert!(!opens_a_tag(&safe), "{safe:?}");
            prop_assert_eq!(safe.replace(JOINER, ""), text.replace(JOINER, ""));
        }
    }
}
