//! What a validator answers.

use super::php::{Fatal, Php};
use super::size::{SIZE_LIMIT, encoded_chars};
use serde_json::Value;

/// The portal's answer to one KEYBOARD, MENU or ATTACH value (protocol 5.3 and 6.3).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// Stored.
    Ok {
        /// What the portal stores and echoes.
        normalised: Value,
        /// Characters of the stored JSON, below [`SIZE_LIMIT`].
        json_chars: usize,
    },
    /// The value is empty (`""`, `"0"`, `0`, `false`, `null`, `[]`): the method goes on as if it were absent.
    Ignored,
    /// Refused: nothing valid is in it, or it is no array.
    Error {
        /// `KEYBOARD_ERROR`, `MENU_ERROR` or `ATTACH_ERROR`; the method may rename it (protocol 4).
        code: &'static str,
    },
    /// Refused for its size.
    Oversize {
        /// `KEYBOARD_OVERSIZE`, `MENU_OVERSIZE` or `ATTACH_OVERSIZE`; the method may rename it (protocol 4).
        code: &'static str,
        /// Characters that the stored JSON would have, [`SIZE_LIMIT`] or more.
        json_chars: usize,
    },
    /// The portal's own code breaks on the value and answers HTTP 500.
    Fatal {
        /// The PHP error, for logs; a portal shows it to nobody.
        detail: String,
    },
}

impl Outcome {
    /// Whether the method goes on with the message.
    #[must_use]
    pub fn accepted(&self) -> bool {
        matches!(self, Self::Ok { .. } | Self::Ignored)
    }

    /// The error code of a refusal; none for HTTP 500.
    #[must_use]
    pub fn error_code(&self) -> Option<&'static str> {
        match self {
            Self::Error { code } | Self::Oversize { code, .. } => Some(code),
            Self::Ok { .. } | Self::Ignored | Self::Fatal { .. } => None,
        }
    }

    /// What the portal stores, if it stores anything.
    #[must_use]
    pub fn normalised(&self) -> Option<&Value> {
        match self {
            Self::Ok { normalised, .. } => Some(normalised),
            _ => None,
        }
    }

    /// The end of every check: nothing left is an error, too much is an oversize.
    pub(super) fn of(
        stored: Result<Option<Php>, Fatal>,
        error: &'static str,
        oversize: &'static str,
    ) -> Self {
        let measured = stored.and_then(|stored| {
            stored.map(|stored| encoded_chars(&stored).map(|json_chars| (stored, json_chars))).transpose()
        });
        match measured {
            Err(Fatal(detail)) => Self::Fatal { detail },
            Ok(None) => Self::Error { code: error },
            Ok(Some((_, json_chars))) if json_chars >= SIZE_LIMIT => {
                Self::Oversize { code: oversize, json_chars }
            }
            Ok(Some((stored, json_chars))) => Self::Ok { normalised: stored.to_json(), json_chars },
        }
    }
}
