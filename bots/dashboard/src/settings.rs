//! `dashboard.toml`.

use std::num::NonZeroU16;

use openlines::prelude::*;
use serde::Deserialize;

/// What can be set; every key has a default that works.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Ids of the users who may see the page and press its buttons.
    pub supervisors: Vec<UserId>,
    /// Whether the portal's administrators may, too.
    pub administrators: bool,
    /// A client who waits for longer is shown as late.
    pub late_seconds: NonZeroU16,
    /// A dialog in which nothing was heard for so long is not shown.
    pub days: NonZeroU16,
    /// What the program's own bot says once a session before it passes the client on; nothing if empty.
    pub greeting: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            supervisors: Vec::new(),
            administrators: true,
            late_seconds: const { NonZeroU16::new(60).unwrap() },
            days: const { NonZeroU16::new(3).unwrap() },
            greeting: "Good day! A colleague will be with you shortly.".into(),
        }
    }
}

impl Settings {
    /// Refuses what cannot work, by its key.
    pub fn check(self) -> Result<Self, AppError> {
        if self.supervisors.is_empty() && !self.administrators {
            return Err(AppError::wrong_setting(
                "dashboard.toml: `supervisors`: there is none, and `administrators` is off: nobody could look",
            ));
        }
        Ok(self)
    }

    /// Whether this user may look, and press.
    pub(crate) fn allow(&self, user: UserId, is_admin: bool) -> bool {
        (self.administrators && is_admin) || self.supervisors.contains(&user)
    }
}
