//! What a portal allows.

use std::time::Duration;

/// Operating time of a method in ten minutes, unless the portal's plan says otherwise.
const OPERATING: Duration = Duration::from_secs(420);

/// What a portal allows (protocol 8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "limits do nothing until calls are limited by them"]
pub struct Limits {
    pub(super) burst: u32,
    pub(super) per_second: u32,
    pub(super) operating: Duration,
    pub(super) deadline: Option<Duration>,
}

impl Limits {
    /// 50 at once, 2 a second: every plan but the largest.
    pub const fn standard() -> Self {
        Self::new(50, 2)
    }

    /// 250 at once, 5 a second: Enterprise.
    pub const fn enterprise() -> Self {
        Self::new(250, 5)
    }

    /// So many at once, so many a second.
    pub const fn new(burst: u32, per_second: u32) -> Self {
        Self { burst, per_second, operating: OPERATING, deadline: None }
    }

    /// How much operating time a method has in ten minutes; 420 s unless said otherwise.
    pub const fn operating(mut self, time: Duration) -> Self {
        self.operating = time;
        self
    }

    /// How long a call may wait for its turn; then it fails with
    /// [`CallErrorKind::Limited`](crate::rest::CallErrorKind::Limited), not executed. Without it a call waits as long
    /// as its caller does.
    pub const fn deadline(mut self, span: Duration) -> Self {
        self.deadline = Some(span);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::standard()
    }
}
