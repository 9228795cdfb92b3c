//! Arguments of codes. The platform has no escape for them, so each kind has its way to look the same.

use super::literal;
use crate::message::{literal::FENCE, trim::one_line};

/// An address: what would end the code, break the line or be read as a quote is percent-encoded. None for a scheme
/// that is no link in a messenger, such as `javascript:`.
pub(super) fn address(given: &str) -> Option<String> {
    let given = given.trim_matches(|sign: char| sign.is_whitespace() || sign.is_control());
    let scheme = given.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let link = given.starts_with('/')
        || matches!(scheme.as_deref(), Some("http" | "https" | "mailto" | "tel")) && !given.ends_with(':');
    if !link {
        return None;
    }
    let mut safe = String::with_capacity(given.len());
    let (mut hyphens, mut broken) = (0, false);
    for sign in given.chars() {
        hyphens = if sign == '-' { hyphens + 1 } else { 0 };
        // Only the first `#` begins a fragment; a second one could make `#BR#`.
        let encode = matches!(sign, '[' | ']' | '"' | '<' | '>' | '\u{2060}')
            || sign.is_whitespace()
            || sign.is_control()
            || (sign == '#' && broken)
            || hyphens == FENCE;
        broken |= sign == '#';
        if encode {
            hyphens = 0;
            let mut bytes = [0; 4];
            for byte in sign.encode_utf8(&mut bytes).bytes() {
                safe.push_str(&format!("%{byte:02X}"));
            }
        } else {
            safe.push(sign);
        }
    }
    Some(safe)
}

/// Words, as in `[send=words]`: one line, brackets full-width.
pub(super) fn words(given: &str) -> String {
    let line = one_line(given).replace('[', "\u{ff3b}").replace(']', "\u{ff3d}");
    let safe = literal(&line).to_string();
    // A joiner at the end keeps apart from text that follows, which here is the closing bracket.
    safe.trim_end_matches('\u{2060}').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_end_its_code() {
        let evil = "https://e.example/?a=[b]]\n#BR#br#";
        assert_eq!(address(evil).unwrap(), "https://e.example/?a=%5Bb%5D%5D%0A#BR%23br%23");
        assert_eq!(address(" /shop ").unwrap(), "/shop");
        assert!(!address(&format!("/{}", "-".repeat(300))).unwrap().contains(&"-".repeat(FENCE)));
    }

    #[test]
    fn what_is_no_link_is_none() {
        for bad in ["javascript:alert(1)", "", "shop.example", "JavaScript:x", "data:text/html,x", "http:"] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_are_one_line_without_brackets() {
        assert_eq!(words("a]b[c\nd"), "a\u{ff3d}b\u{ff3b}c d");
        assert_eq!(words("#"), "#");
    }
}
