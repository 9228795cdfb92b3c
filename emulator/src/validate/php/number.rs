//! How PHP writes a float: in JSON with as many digits as are needed, in text with fourteen.

/// `json_encode($number)` under `serialize_precision = -1`: `1000`, `1.5`, `1.0e+25`.
pub(in crate::validate) fn json_float(number: f64) -> String {
    written(number, &format!("{number:e}"), 17, 'e')
}

/// `(string)$number` under `precision = 14`: `1000`, `0.3`, `1.0E+25`.
pub(super) fn text_float(number: f64) -> String {
    if number.is_nan() {
        return "NAN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "INF".to_owned() } else { "-INF".to_owned() };
    }
    written(number, &format!("{number:.13e}"), 14, 'E')
}

/// Lays out the digits of `scientific` (`d.ddde±x`) as C's `%G` would, with PHP's own exponent form.
fn written(number: f64, scientific: &str, precision: i32, letter: char) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        significant => significant,
    };
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let (first, rest) = digits.split_at(1);
    if !(-4..precision).contains(&exponent) {
        let rest = if rest.is_empty() { "0" } else { rest };
        return format!("{sign}{first}.{rest}{letter}{exponent:+}");
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(1);
    if digits.len() <= whole {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_every_digit_and_turns_to_exponents_late() {
        let cases = [
            (1.5, "1.5"),
            (1000.0, "1000"),
            (1e16, "10000000000000000"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-4, "0.0001"),
            (1.234e-5, "1.234e-5"),
            (1e25, "1.0e+25"),
            (-1.5e-10, "-1.5e-10"),
            (-0.0, "-0"),
        ];
        for (number, text) in cases {
            assert_eq!(json_float(number), text);
        }
    }

    #[test]
    fn text_has_fourteen_digits() {
        let cases = [
            (0.1 + 0.2, "0.3"),
            (1e13, "10000000000000"),
            (1e14, "1.0E+14"),
            (1e-5, "1.0E-5"),
            (1e100, "1.0E+100"),
        ];
        for (number, text) in cases {
            assert_eq!(text_float(number), text);
        }
        assert_eq!(text_float(f64::INFINITY), "INF");
    }
}
