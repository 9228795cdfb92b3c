//! Colours of buttons and attachments.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::error::{BuildError, quoted};

/// A colour the portal takes: `#` and 3 or 6 hex digits.
///
/// ```
/// use openlines::message::Color;
///
/// assert_eq!(Color::rgb(0x29, 0x61, 0x9b), "#29619b".parse()?);
/// assert!("red".parse::<Color>().is_err());
/// # Ok::<(), openlines::message::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(String);

impl Color {
    /// From red, green and blue.
    pub fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self(format!("#{red:02x}{green:02x}{blue:02x}"))
    }

    /// As it is sent, `#29619b`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Color {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Color {
    type Error = BuildError;

    fn try_from(text: String) -> Result<Self, BuildError> {
        let digits = text.strip_prefix('#').unwrap_or("");
        if matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(Self(text));
        }
        Err(BuildError::bad(
            "COLOR",
            "5.2",
            format!("must be # and 3 or 6 hex digits, not {}", quoted(&text)),
        ))
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.0
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A colour by its meaning, which follows the portal's theme.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ColorToken {
    /// The thing to do.
    Primary,
    /// Another thing to do.
    Secondary,
    /// A warning.
    Alert,
    /// No accent.
    #[default]
    Base,
}

impl ColorToken {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Alert => "alert",
            Self::Base => "base",
        }
    }
}
