//! Why a call failed, and what is known of its outcome.
//!
//! ```
//! use openlines::rest::{CallError, CallErrorKind, Outcome};
//!
//! let error = CallError::new(CallErrorKind::Refused, "profile").code_of_portal("insufficient_scope");
//! assert!(error.is("INSUFFICIENT_SCOPE"));
//! assert_eq!(error.outcome(), Outcome::NotExecuted);
//! ```
//!
//! **Trap:** a portal may refuse with an empty code, or with the code of something within; match on the kind first.

use std::{borrow::Cow, fmt, time::Duration};

/// The kinds of [`CallError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The portal answered with an error code: it did not do it.
    Refused,
    /// The rate limit (503 `QUERY_LIMIT_EXCEEDED`) or operating limit (429): it did not do it, later it may.
    Limited,
    /// The token does not work and could not be renewed, or the portal is not known.
    Unauthorised,
    /// No connection was made: it did not do it.
    Unreachable,
    /// The connection broke or timed out after the request went out, or the answer was no JSON, or a server error:
    /// nobody knows whether it was done.
    Unknown,
    /// It was done, but the answer does not have the documented shape.
    BadAnswer,
    /// The parameters cannot be sent; nothing was.
    BadParams,
    /// Whoever made the call held it back before it went out, see [`Departure`](super::Departure).
    Withheld,
}

/// What is known after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Certainly not executed.
    NotExecuted,
    /// Perhaps executed.
    Unknown,
    /// Executed.
    Executed,
}

/// A failed call: which method, what the portal said, what is known. Holds no secret.
#[derive(Debug, Clone)]
pub struct CallError {
    kind: CallErrorKind,
    method: Cow<'static, str>,
    code: String,
    description: String,
    status: Option<u16>,
    retry_after: Option<Duration>,
}

impl CallError {
    /// A failure of `kind` of `method`.
    pub fn new(kind: CallErrorKind, method: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            method: method.into(),
            code: String::new(),
            description: String::new(),
            status: None,
            retry_after: None,
        }
    }

    /// Adds the portal's error code.
    #[must_use]
    pub fn code_of_portal(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Adds what the portal or the transport said.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn status_of_portal(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds how long to wait before the next try.
    #[must_use]
    pub fn retry_after_of_portal(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The kind, to match on.
    pub fn kind(&self) -> CallErrorKind {
        self.kind
    }

    /// The method called.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The portal's error code; may be empty also when the portal refused (protocol 8.2).
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether the portal refused with `code`; portals are not of one mind about its case.
    pub fn is(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code)
    }

    /// What the portal or the transport said.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// How long to wait before the next try, if the portal or the limiter said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What is known of the outcome.
    pub fn outcome(&self) -> Outcome {
        match self.kind {
            CallErrorKind::Unknown => Outcome::Unknown,
            CallErrorKind::BadAnswer => Outcome::Executed,
            _ => Outcome::NotExecuted,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            CallErrorKind::Refused => "the portal refused",
            CallErrorKind::Limited => "the portal's limit was reached by",
            CallErrorKind::Unauthorised => "the portal did not accept the authorisation of",
            CallErrorKind::Unreachable => "the portal could not be reached for",
            CallErrorKind::Unknown => "the outcome is unknown of",
            CallErrorKind::BadAnswer => "the answer could not be read of",
            CallErrorKind::BadParams => "the parameters could not be sent of",
            CallErrorKind::Withheld => "nothing was sent of",
        };
        write!(f, "{what} {}", self.method)?;
        if let Some(status) = self.status {
            write!(f, ", HTTP {status}")?;
        }
        if !self.code.is_empty() {
            write!(f, ", {}", self.code)?;
        }
        if !self.description.is_empty() {
            write!(f, ": {}", self.description)?;
        }
        Ok(())
    }
}

impl std::error::Error for CallError {}
