//! Settings of the HTTP client.

use std::{fmt, time::Duration};

/// Settings of [`HttpApi`](super::HttpApi) and [`OAuthClient`](crate::rest::oauth::OAuthClient).
#[derive(Debug, Clone)]
#[must_use = "options do nothing until a client is made with them"]
pub struct HttpOptions {
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) max_body: usize,
}

impl Default for HttpOptions {
    /// 5 s to connect; 65 s for the whole, for the portal gives up after 60; 16 MiB of answer.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(65),
            max_body: 16 * 1024 * 1024,
        }
    }
}

impl HttpOptions {
    /// How long to wait for a connection. What fails here was certainly not executed.
    pub fn connect_timeout(mut self, span: Duration) -> Self {
        self.connect_timeout = span;
        self
    }

    /// How long to wait for the whole answer. After that the outcome is unknown.
    pub fn timeout(mut self, span: Duration) -> Self {
        self.timeout = span;
        self
    }

    /// Longest answer, in bytes.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }
}

/// No HTTP client could be made: the system's certificates or its resolver cannot be used.
#[derive(Debug, Clone)]
pub struct SetupError(pub(super) String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no HTTP client could be made; are the system's certificates installed? {}", self.0)
    }
}

impl std::error::Error for SetupError {}
