//! What `faq.toml` says. The answers are in a file of their own, for those who keep them need not touch this one.
//!
//! **Trap:** these settings are read at the start; only the answers are followed.

use std::{num::NonZeroU16, path::PathBuf};

use serde::Deserialize;

/// Settings of the bot, all of which have a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What clients see as the bot's name.
    pub name: String,
    /// The file of the answers. Without it `answers.toml` in the current directory, and if that is not there, the
    /// sample of an imagined shop.
    pub answers: Option<PathBuf>,
    /// How often is looked whether the answers have changed: 1 to 65535 seconds.
    pub look_every_seconds: NonZeroU16,
    /// A file to which each question without an answer is added; none unless it is set.
    pub unanswered: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { name: "Help".into(), answers: None, look_every_seconds: NonZeroU16::MIN, unanswered: None }
    }
}
