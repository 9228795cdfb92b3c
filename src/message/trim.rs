//! What the portal cuts off a text before it looks at it.

/// What PHP's `trim` cuts; it leaves U+00A0 and the like.
pub(super) const TRIMMED: [char; 6] = [' ', '\t', '\n', '\r', '\0', '\u{b}'];

/// Cuts what PHP's `trim` cuts.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(TRIMMED)
}

/// One line: line breaks become spaces, ends are trimmed.
pub(super) fn one_line(text: &str) -> String {
    let text = text
        .replace("\r\n", " ")
        .replace(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], " ");
    trimmed(&text).to_owned()
}

/// The portal unescapes `\n`, `\t`, `\"` and `\\` inside attachments once more (protocol 6.4), which would turn
/// `C:\new` into two lines. A U+2060 behind the backslash, of no width, keeps it from that.
pub(super) fn keep_backslashes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        kept.push(sign);
        if sign == '\\' && signs.peek().is_some_and(|next| is_escaped(*next)) {
            kept.push('\u{2060}');
        }
    }
    kept
}

/// The portal turns HTML in descriptions to BB code. A U+2060, of no width, keeps it from that.
pub(super) fn keep_html(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        kept.push(sign);
        let next = signs.peek().copied().unwrap_or(' ');
        if (sign == '<' && (next == '/' || next.is_ascii_alphabetic())) || (sign == '&' && next == 'n') {
            kept.push('\u{2060}');
        }
    }
    kept
}

/// `#BR#` as the portal stores it in texts of several lines.
pub(super) fn stored_breaks(text: &str) -> String {
    text.replace("#BR#", "[BR]")
}

/// Whether the portal would read an escape sequence in it.
pub(super) fn has_escapes(text: &str) -> bool {
    text.char_indices().any(|(at, sign)| sign == '\\' && text[at + 1..].starts_with(is_escaped))
}

fn is_escaped(sign: char) -> bool {
    matches!(sign, 'n' | 't' | '"' | '\\')
}
