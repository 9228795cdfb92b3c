//! The inspector's side of the server: the list, one exchange, search, replay.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{caller, refused};
use crate::delivery::Callback;
use crate::exchanges::{Exchange, What, show};
use crate::server::shared::Shared;
use crate::world::World;

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: u64,
}

/// Rows that changed after a revision, the number below which all is forgotten, and what to be loud about.
pub(super) async fn after(State(shared): State<Arc<Shared>>, Query(after): Query<After>) -> Json<Value> {
    let exchanges = &shared.exchanges;
    let (revision, fresh) = exchanges.after(after.after);
    let trouble = exchanges.trouble();
    let rows: Vec<Value> =
        shared.look(|world| fresh.iter().map(|one| with_caller(world, one, show::row(one))).collect());
    Json(json!({
        "revision": revision,
        "oldest": exchanges.oldest(),
        "rows": rows,
        "trouble": {"unmodelled": trouble.unmodelled, "undelivered": trouble.undelivered,
            "dropped": trouble.dropped},
    }))
}

/// Adds who made the call, and the bot code that was wanted in vain.
fn with_caller(world: &World, exchange: &Exchange, mut shown: Value) -> Value {
    if let What::Call(request) = &exchange.what {
        shown["by"] = json!(caller::of(world, request));
        if let Some(code) = caller::code_taken(exchange, request) {
            shown["taken"] = json!(code);
        }
    }
    shown
}

pub(super) async fn whole(State(shared): State<Arc<Shared>>, Path(number): Path<u64>) -> Response {
    let origin = shared.look(|world| world.identity.origin.clone());
    match shared.exchanges.get(number) {
        Some(exchange) => {
            let whole = show::whole(&exchange, &origin);
            Json(shared.look(|world| with_caller(world, &exchange, whole))).into_response()
        }
        None => refused(StatusCode::NOT_FOUND, "This exchange is no longer kept."),
    }
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    q: String,
}

/// Numbers of the exchanges that hold every word: in names, addresses, bodies or answers.
pub(super) async fn search(State(shared): State<Arc<Shared>>, Query(wanted): Query<Wanted>) -> Json<Value> {
    let words: Vec<String> = wanted.q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let (_, all) = shared.exchanges.after(0);
    let found: Vec<u64> =
        all.iter().filter(|one| show::matches(one, &words)).map(|exchange| exchange.number).collect();
    Json(json!({"numbers": found}))
}

/// Sends a callback once more, byte for byte. Calls are repeated by the browser.
pub(super) async fn replay(State(shared): State<Arc<Shared>>, Path(number): Path<u64>) -> Response {
    let Some(exchange) = shared.exchanges.get(number) else {
        return refused(StatusCode::NOT_FOUND, "This exchange is no longer kept.");
    };
    let What::Callback { event, url, body, .. } = exchange.what else {
        return refused(StatusCode::CONFLICT, "Only callbacks are delivered again.");
    };
    let id = shared.deliveries.push(Callback { event, url, body });
    Json(json!({"delivery": id})).into_response()
}

pub(super) async fn clear(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.exchanges.clear();
    Json(json!({}))
}

pub(super) async fn dismiss(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.exchanges.dismiss_trouble();
    Json(json!({}))
}
