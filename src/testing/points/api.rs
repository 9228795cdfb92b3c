//! A portal's REST face behind points.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::Points;
use crate::rest::{Api, Call, CallError};

pub(super) struct PointedApi {
    pub(super) inner: Arc<dyn Api>,
    pub(super) points: Points,
}

#[async_trait]
impl Api for PointedApi {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let method = call.method.to_string();
        self.points.pass("before", &method).await;
        let answer = self.inner.call(call).await;
        self.points.pass("after", &method).await;
        answer
    }
}
