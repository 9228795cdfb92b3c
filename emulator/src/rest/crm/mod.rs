//! `crm.*`: the few methods that bots of open lines use. They read names in any case and refuse with an empty code.

pub(super) mod duplicates;
pub(super) mod entities;
pub(super) mod timeline;

use super::{Call, RestError};

/// A refusal of the CRM's old methods: no code, only a text.
fn refused(text: &str) -> RestError {
    RestError::bad("", text)
}

/// Refuses a caller without the right to read the CRM.
fn reader(call: &Call<'_>) -> Result<(), RestError> {
    if call.world.crm.blind.contains(&call.auth.user_id) {
        return Err(RestError::forbidden("ACCESS_DENIED", "Access denied."));
    }
    Ok(())
}
