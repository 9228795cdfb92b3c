//! Addresses in buttons and blocks.

use super::error::{BuildError, quoted};

/// The portal's rule for every link-like field (protocol 5.2, 6.1), case-sensitive.
pub(super) fn check(link: &str, field: &'static str, section: &'static str) -> Result<(), BuildError> {
    if ["/", "http://", "https://"].iter().any(|start| link.starts_with(start)) {
        return Ok(());
    }
    let rule = format!("must start with \"/\", \"http://\" or \"https://\", not {}", quoted(link));
    Err(BuildError::bad(field, section, rule))
}
