//! Rules that several blocks share.

use crate::message::{BuildError, error::quoted, link, trim};

pub(super) const SECTION: &str = "6.2";

/// An address that the portal keeps as it is.
pub(super) fn address(address: &str, field: &'static str) -> Result<(), BuildError> {
    link::check(address, field, SECTION)?;
    if trim::has_escapes(address) {
        let rule = "must not hold a backslash before n, t, \" or \\: the portal unescapes it; write %5C";
        return Err(BuildError::bad(field, SECTION, rule));
    }
    Ok(())
}

/// An address that may be missing.
pub(super) fn address_if_any(value: Option<&str>, field: &'static str) -> Result<(), BuildError> {
    value.map_or(Ok(()), |value| address(value, field))
}

/// A number that is dropped unless it is above 0.
pub(super) fn above_zero(value: Option<i64>, field: &'static str) -> Result<(), BuildError> {
    match value {
        Some(value) if value <= 0 => {
            Err(BuildError::bad(field, SECTION, format!("must be above 0, not {value}")))
        }
        _ => Ok(()),
    }
}

/// An id that the portal keeps as it is: it takes the first sign, escaped, and the integer of the rest.
pub(super) fn network_id(id: &str) -> Result<(), BuildError> {
    let mut signs = id.chars();
    let kept = signs.next().is_some_and(|first| !"&<>\"".contains(first));
    let number = signs.as_str();
    if kept && number.parse::<i64>().is_ok_and(|parsed| parsed.to_string() == number) {
        return Ok(());
    }
    let rule = format!("must be one sign and a number, as b123, not {}", quoted(id));
    Err(BuildError::bad("NETWORK_ID", SECTION, rule))
}

/// A text of several lines as the portal keeps it.
pub(super) fn lines(text: &str) -> String {
    trim::keep_backslashes(trim::trimmed(text))
}

/// A text of one line as the portal keeps it.
pub(super) fn line(text: &str) -> String {
    trim::keep_backslashes(&trim::one_line(text))
}
