//! Why a body was refused.

use std::fmt;

/// A body that was not decoded: what is wrong, where, and what to do. Holds no value of the body, and of its keys only
/// those that look like a portal's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    kind: FormErrorKind,
    at: usize,
    path: String,
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormErrorKind {
    /// More bytes than `limit`.
    BodyTooLarge {
        /// The most that is read.
        limit: usize,
    },
    /// More pairs than `limit`.
    TooManyPairs {
        /// The most that is decoded.
        limit: usize,
    },
    /// More brackets below the first name than `limit`.
    TooManyBrackets {
        /// The most that is decoded.
        limit: usize,
    },
    /// A key with more bytes than `limit`.
    KeyTooLong {
        /// The most that is decoded.
        limit: usize,
    },
    /// The content type is neither a form nor JSON.
    MediaType,
    /// The content type says JSON, the body is not.
    NotJson,
}

impl FormError {
    pub(in crate::codec) fn new(kind: FormErrorKind, at: usize) -> Self {
        Self { kind, at, path: String::new() }
    }

    pub(in crate::codec) fn in_name(self, name: &[u8]) -> Self {
        Self { path: shown(name), ..self }
    }

    /// What is wrong.
    pub fn kind(&self) -> FormErrorKind {
        self.kind
    }

    /// The byte of the body at which it shows.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The keys above it, joined by dots; empty when it is not about one key.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            FormErrorKind::BodyTooLarge { limit } => {
                write!(
                    f,
                    "the body has more than {limit} bytes: no portal sends as much, so check who sent it"
                )?;
            }
            FormErrorKind::TooManyPairs { limit } => {
                write!(
                    f,
                    "the body has more than {limit} pairs: no portal sends as many, so check who sent it"
                )?;
            }
            FormErrorKind::TooManyBrackets { limit } => {
                write!(
                    f,
                    "a key is nested deeper than {limit} brackets: PHP would drop it, so check who sent it"
                )?;
            }
            FormErrorKind::KeyTooLong { limit } => {
                write!(
                    f,
                    "a key has more than {limit} bytes: check that the body is a form and who sent it"
                )?;
            }
            FormErrorKind::MediaType => {
                write!(f, "the content type is no form: send application/x-www-form-urlencoded")?;
            }
            FormErrorKind::NotJson => {
                write!(f, "the body is not the JSON its content type says: send a JSON object or a form")?;
            }
        }
        write!(f, " (at byte {}", self.at)?;
        if !self.path.is_empty() {
            write!(f, " in {}", self.path)?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for FormError {}

/// A name that may be printed: what does not look like a key of a portal is a question mark, for anything may stand
/// where a key was expected, a token too.
fn shown(name: &[u8]) -> String {
    const SEGMENTS: usize = 6;
    let decoded: Vec<u8> =
        form_urlencoded::parse(name).next().map_or_else(Vec::new, |(name, _)| name.as_bytes().to_vec());
    let mut path = String::new();
    for (at, segment) in decoded.split(|byte| *byte == b'[').enumerate() {
        let segment = segment.strip_suffix(b"]").unwrap_or(segment);
        if at == SEGMENTS {
            path.push_str(".…");
            break;
        }
        if at > 0 {
            path.push('.');
        }
        let plain =
            segment.len() <= 30 && segment.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        path.push_str(std::str::from_utf8(segment).ok().filter(|_| plain).unwrap_or("?"));
    }
    path
}
