//! `DELIMITER` blocks: a line between two blocks (protocol 6.2).

use crate::validate::field::{color, positive};
use crate::validate::php::{Fatal, Php, PhpArray};

/// Pixels of a delimiter that names no size above zero.
const DEFAULT_SIZE: i64 = 200;

/// The stored form; whatever stands under the key is a delimiter.
pub(super) fn block(params: &Php) -> Result<Php, Fatal> {
    let mut delimiter = PhpArray::default();
    delimiter.set("SIZE", positive(params, "SIZE").unwrap_or(Php::Int(DEFAULT_SIZE)));
    if let Some(color) = color(params, "COLOR")? {
        delimiter.set("COLOR", color.clone());
    }
    Ok(Php::Array(delimiter))
}
