//! Field rules that keyboards, menus and attachments share: links, colours, colour tokens, single lines.

use super::php::{Fatal, Php, PhpArray, loosely_equals_word, string_argument, to_int, trim};

/// Names that `BG_COLOR_TOKEN` and `COLOR_TOKEN` may have.
const COLOR_TOKENS: [&str; 4] = ["primary", "secondary", "alert", "base"];

/// The text of a value that goes through `trim()`.
pub(super) fn trimmed(value: &Php) -> Result<String, Fatal> {
    Ok(trim(&string_argument(value, "trim(): Argument #1 ($string)")?).to_owned())
}

/// Whether the value is set and not blank.
pub(super) fn is_filled(value: Option<&Php>) -> Result<bool, Fatal> {
    value.map_or(Ok(false), |value| Ok(!trimmed(value)?.is_empty()))
}

/// Whether the value starts like a link that the portal takes: `/`, `http://` or `https://` (protocol 6.1).
pub(super) fn is_link(value: &Php) -> Result<bool, Fatal> {
    let text = string_argument(value, "preg_match(): Argument #2 ($subject)")?;
    Ok(["/", "http://", "https://"].iter().any(|start| text.starts_with(start)))
}

/// Field `name`, if it is a link.
pub(super) fn link<'v>(params: &'v Php, name: &str) -> Result<Option<&'v Php>, Fatal> {
    Ok(match params.field(name) {
        Some(value) if is_link(value)? => Some(value),
        _ => None,
    })
}

/// Field `name`, if it is `#` and 3 or 6 hexadecimal digits.
pub(super) fn color<'v>(params: &'v Php, name: &str) -> Result<Option<&'v Php>, Fatal> {
    Ok(match params.field(name) {
        Some(value) if is_hex_color(value)? => Some(value),
        _ => None,
    })
}

pub(super) fn is_hex_color(value: &Php) -> Result<bool, Fatal> {
    let text = string_argument(value, "preg_match(): Argument #2 ($subject)")?;
    let digits = text.strip_prefix('#').unwrap_or("");
    Ok(matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Field `name` as a colour token, `base` without a valid one.
pub(super) fn color_token(params: &Php, name: &str) -> Result<Php, Fatal> {
    let token = match params.field(name) {
        None => "base",
        Some(Php::Array(_)) => {
            return Err(Fatal(
                "TypeError: Color::tryFrom(): Argument #1 ($value) must be of type string|int, array given"
                    .to_owned(),
            ));
        }
        Some(Php::Str(text)) => COLOR_TOKENS.into_iter().find(|token| token == text).unwrap_or("base"),
        Some(_) => "base",
    };
    Ok(Php::text(token))
}

/// Field `name` if it loosely equals one of `words`; kept as it came, so `true` stays `true`.
pub(super) fn one_of<'v>(params: &'v Php, name: &str, words: &[&str]) -> Option<&'v Php> {
    params.field(name).filter(|value| words.iter().any(|word| loosely_equals_word(value, word)))
}

/// Field `name` as an integer above zero.
pub(super) fn positive(params: &Php, name: &str) -> Option<Php> {
    params.field(name).map(to_int).filter(|number| *number > 0).map(Php::Int)
}

/// Copies the fields of `names` that are integers above zero.
pub(super) fn copy_positive(params: &Php, names: &[&str], into: &mut PhpArray) {
    for name in names {
        if let Some(number) = positive(params, name) {
            into.set(name, number);
        }
    }
}

/// Every line break (`\R`: also the vertical tab, the form feed, U+0085, U+2028 and U+2029) becomes one space.
pub(super) fn single_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_link_is_told_by_its_first_characters_and_its_case() {
        for good in ["/", "//host", "http://", "https://a b"] {
            assert_eq!(is_link(&Php::text(good)), Ok(true), "{good}");
        }
        for bad in ["", " /x", "HTTP://a", "https:/a", "ftp://a", "./a", "javascript:1"] {
            assert_eq!(is_link(&Php::text(bad)), Ok(false), "{bad}");
        }
        assert!(is_link(&Php::from_json(&json!(["/x"]))).is_err());
    }

    #[test]
    fn a_color_has_three_or_six_digits_and_nothing_after_them() {
        for (text, good) in
            [("#fff", true), ("#A1b2C3", true), ("#ffff", false), ("#fff\n", false), ("fff", false)]
        {
            assert_eq!(is_hex_color(&Php::text(text)), Ok(good), "{text:?}");
        }
    }

    #[test]
    fn a_carriage_return_and_its_newline_are_one_break() {
        assert_eq!(single_line("a\r\nb\n\nc\u{2028}d"), "a b  c d");
    }
}
