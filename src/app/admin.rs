//! The private address: is the process alive, can it work, what does it do.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::metrics::{self, Snapshot};
use crate::store::Store;

/// `/healthz` (the process answers), `/readyz` (its store takes what comes) and `/metrics`.
pub(super) fn router(store: Arc<dyn Store>, snapshot: Snapshot) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready).with_state(store))
        .route("/metrics", get(figures).with_state(snapshot))
}

async fn ready(State(store): State<Arc<dyn Store>>) -> (StatusCode, String) {
    match store.probe().await {
        Ok(()) => (StatusCode::OK, "ready\n".into()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
    }
}

async fn figures(State(snapshot): State<Snapshot>) -> Response {
    match metrics::begin() {
        Some(handle) => {
            snapshot.look_into_the_inbox().await;
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            (kind, snapshot.render(handle)).into_response()
        }
        None => {
            let why = "this program counts with a recorder of its own; ask that one\n";
            (StatusCode::NOT_FOUND, why).into_response()
        }
    }
}
