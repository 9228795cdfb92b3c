//! Methods that the admin confirms first (`METHOD_CONFIRM_WAITING`, protocol 8.3): token by token.

use std::collections::BTreeMap;

use super::RestError;

/// Which tokens have asked for a method, and what the admin said.
#[derive(Debug, Default)]
pub(crate) struct Confirmation {
    by_token: BTreeMap<String, Option<bool>>,
}

impl Confirmation {
    /// Lets a call through, or refuses it and notes who asked.
    pub(super) fn check(&mut self, token: &str) -> Result<(), RestError> {
        match *self.by_token.entry(token.to_owned()).or_default() {
            Some(true) => Ok(()),
            Some(false) => Err(RestError::forbidden(
                "METHOD_CONFIRM_DENIED",
                "Method call was denied by the administrator",
            )),
            None => Err(RestError::new(401, "METHOD_CONFIRM_WAITING", "Waiting for confirmation")),
        }
    }

    /// The admin's word on every token that waits; the tokens.
    pub(crate) fn decide(&mut self, allowed: bool) -> Vec<String> {
        let waiting = self.by_token.iter_mut().filter(|(_, state)| state.is_none());
        waiting
            .map(|(token, state)| {
                *state = Some(allowed);
                token.clone()
            })
            .collect()
    }
}
