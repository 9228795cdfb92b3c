//! Calls that nobody waits for.

use async_trait::async_trait;
use serde_json::Value;

use super::{Api, Call, CallError, CallPriority};

/// Makes every call as one that can wait: polls, and keeping registrations up to date. They get their part of a busy
/// portal's slots all the same, see [`CallPriority`].
#[derive(Debug, Clone)]
pub(crate) struct Background<A>(pub(crate) A);

#[async_trait]
impl<A: Api> Api for Background<A> {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        self.0.call(call.priority(CallPriority::Bulk)).await
    }
}
