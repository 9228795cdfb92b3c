//! PHP's conversions: `trim`, `empty`, `(int)`, loose comparison, a scalar where a string is asked for.

use super::{Fatal, Php, number::text_float};
use std::borrow::Cow;

/// 2⁶⁴, the modulus of PHP's float to integer conversion.
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// `trim($text)` without a second argument. The no-break space and other Unicode spaces stay.
pub(in crate::validate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\n', '\r', '\t', '\u{b}', '\0'])
}

/// `htmlspecialchars($text, ENT_COMPAT)`: existing entities are escaped again, the single quote is not escaped.
pub(in crate::validate) fn html_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `empty($value)`.
pub(in crate::validate) fn is_empty(value: &Php) -> bool {
    match value {
        Php::Null => true,
        Php::Bool(flag) => !flag,
        Php::Int(number) => *number == 0,
        Php::Float(number) => *number == 0.0,
        Php::Str(text) => text.is_empty() || text == "0",
        Php::Array(array) => array.is_empty(),
    }
}

/// `$value == 'WORD'` for a word that is no number: `true` equals every word.
pub(in crate::validate) fn loosely_equals_word(value: &Php, word: &str) -> bool {
    match value {
        Php::Bool(flag) => *flag,
        Php::Str(text) => text == word,
        _ => false,
    }
}

/// The value handed to a parameter of type string; `parameter` names it as PHP's `TypeError` does.
pub(in crate::validate) fn string_argument<'v>(
    value: &'v Php,
    parameter: &str,
) -> Result<Cow<'v, str>, Fatal> {
    Ok(match value {
        Php::Null | Php::Bool(false) => Cow::Borrowed(""),
        Php::Bool(true) => Cow::Borrowed("1"),
        Php::Int(number) => Cow::Owned(number.to_string()),
        Php::Float(number) => Cow::Owned(text_float(*number)),
        Php::Str(text) => Cow::Borrowed(text),
        Php::Array(_) => {
            return Err(Fatal(format!("TypeError: {parameter} must be of type string, array given")));
        }
    })
}

/// `(int)$value`, which never fails: an array is 1 unless it is empty.
pub(in crate::validate) fn to_int(value: &Php) -> i64 {
    match value {
        Php::Null => 0,
        Php::Bool(flag) => i64::from(*flag),
        Php::Int(number) => *number,
        Php::Float(number) => float_to_int(*number),
        Php::Str(text) => text_to_int(text),
        Php::Array(array) => i64::from(!array.is_empty()),
    }
}

/// Out of range wraps around modulo 2⁶⁴.
fn float_to_int(number: f64) -> i64 {
    if !number.is_finite() {
        return 0;
    }
    if (-TWO_POW_64 / 2.0..TWO_POW_64 / 2.0).contains(&number) {
        return number as i64;
    }
    // The remainder of a whole number below 2⁶⁴ fits u64, and the cast to i64 is the wrap-around.
    (number % TWO_POW_64).rem_euclid(TWO_POW_64) as u64 as i64
}

/// The number that the text starts with, 0 without one; out of range ends at the limits.
fn text_to_int(text: &str) -> i64 {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let bytes = text.as_bytes();
    let digits_from = |at: usize| bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits_from(sign);
    let mut end = sign + whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits_from(end + 1);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return 0;
    }
    let integer_end = end;
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent_sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits_from(end + 1 + exponent_sign);
        if exponent > 0 {
            end += 1 + exponent_sign + exponent;
        }
    }
    if integer_end == end
        && fraction == 0
        && let Ok(number) = text[..sign + whole].parse::<i64>()
    {
        return number;
    }
    match text[..end].parse::<f64>() {
        Ok(number) if number.is_finite() => number as i64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_the_integer_that_php_makes_of_it() {
        let cases = [
            ("", 0),
            ("12", 12),
            (" 12", 12),
            ("12 ", 12),
            ("\u{c}7", 7),
            ("+5", 5),
            ("5.", 5),
            (".5", 0),
            ("1e", 1),
            ("1e+2x", 100),
            ("-.5e1", -5),
            ("1.9e1", 19),
            ("0x1A", 0),
            ("--1", 0),
            ("1_000", 1),
            ("\u{a0}1", 0),
            ("1e19", i64::MAX),
            ("9999999999999999999", i64::MAX),
            ("-9999999999999999999", i64::MIN),
            ("1e1000", 0),
        ];
        for (text, number) in cases {
            assert_eq!(to_int(&Php::text(text)), number, "{text:?}");
        }
    }

    #[test]
    fn a_float_out_of_range_wraps_around() {
        let cases = [
            (1.9, 1),
            (-1.9, -1),
            (1e19, -8_446_744_073_709_551_616),
            (-1e19, 8_446_744_073_709_551_616),
            (1e300, 0),
            (3e19, -6_893_488_147_419_103_232),
            (f64::INFINITY, 0),
        ];
        for (float, number) in cases {
            assert_eq!(to_int(&Php::Float(float)), number, "{float}");
        }
    }

    #[test]
    fn the_text_zero_is_empty_and_the_text_zero_point_zero_is_not() {
        assert!(is_empty(&Php::text("0")));
        assert!(!is_empty(&Php::text("0.0")));
        assert!(!is_empty(&Php::text(" ")));
    }

    #[test]
    fn true_equals_every_word_and_an_array_is_no_string() {
        assert!(loosely_equals_word(&Php::Bool(true), "MOBILE"));
        assert!(!loosely_equals_word(&Php::Int(0), "MOBILE"));
        assert!(string_argument(&Php::Array(Default::default()), "trim(): Argument #1 ($string)").is_err());
    }
}
