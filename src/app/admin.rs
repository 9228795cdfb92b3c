//! The private address: is the process alive, can it work.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::store::{InboxState, Store};

/// `/healthz` (the process answers) and `/readyz` (its store does).
pub(super) fn router(store: Arc<dyn Store>) -> Router {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready)).with_state(store)
}

async fn ready(State(store): State<Arc<dyn Store>>) -> (StatusCode, String) {
    match store.inbox(Some(InboxState::Pending), 1).await {
        Ok(_) => (StatusCode::OK, "ready\n".into()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
    }
}
