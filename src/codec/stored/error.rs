//! Why a stored event does not read back.

use std::fmt;

use super::VERSION;
use crate::codec::TypeError;

/// Why a stored event does not read back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoredError {
    /// Written by another version of the program, or nothing that was ever stored.
    Version(u8),
    /// The bytes are damaged at `at`.
    Damaged {
        /// Where.
        at: usize,
    },
    /// It was stored because it could not be typed, and still cannot.
    Type(TypeError),
    /// It holds more than one event, or none.
    NotOne {
        /// How many besides the last.
        events: usize,
    },
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => {
                write!(
                    f,
                    "a stored event has the format {version}, this program knows {VERSION}: run the newer version"
                )
            }
            Self::Damaged { at } => {
                write!(
                    f,
                    "a stored event is damaged at byte {at}: check the disk, then drop it or restore a copy"
                )
            }
            Self::Type(error) => error.fmt(f),
            Self::NotOne { .. } => f.write_str(
                "a stored callback holds several events or none: read it with the bot it was kept for",
            ),
        }
    }
}

impl std::error::Error for StoredError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Type(error) => Some(error),
            _ => None,
        }
    }
}

impl From<TypeError> for StoredError {
    fn from(error: TypeError) -> Self {
        Self::Type(error)
    }
}
