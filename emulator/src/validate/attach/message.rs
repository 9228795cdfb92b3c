//! `MESSAGE` blocks: text with BB codes (protocol 6.2).

use crate::validate::field::trimmed;
use crate::validate::php::{Fatal, Php};

/// The stored text; `None` if it is blank. `{"TEXT": …, "AS_DESCRIPTION": "Y"}` also becomes the description.
pub(super) fn block(message: &Php, description: &mut String) -> Result<Option<Php>, Fatal> {
    let text = trimmed(message.field("TEXT").unwrap_or(message))?.replace("#BR#", "[BR]");
    if text.is_empty() {
        return Ok(None);
    }
    if matches!(message.field("AS_DESCRIPTION"), Some(Php::Str(flag)) if flag == "Y") {
        description.clone_from(&text);
    }
    Ok(Some(Php::Str(text)))
}
