//! The page's switches: faults of deliveries and calls, tokens, the rate limit, the clock.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use crate::faults::RestFault;
use crate::limits::RateLimit;
use crate::portal::Portal;
use crate::server::shared::Shared;

/// One turn of a switch.
#[derive(Deserialize)]
#[serde(tag = "switch", rename_all = "snake_case")]
pub(super) enum Switch {
    Drop { on: bool },
    Duplicate { on: bool },
    Reorder { count: usize },
    Rest { method: String, fault: String, times: u32 },
    Clear,
    ExpireTokens,
    RevokeTokens,
    RateLimit { kind: String },
    Clock { seconds: u64 },
}

/// Faults of calls that the page offers: code, title, and what it is.
const REST_FAULTS: [(&str, &str, RestFault); 5] = [
    ("503", "503 QUERY_LIMIT_EXCEEDED", RestFault::QueryLimitExceeded),
    ("html", "502 with an HTML page", RestFault::HtmlBody),
    ("close_before", "connection reset, method not run", RestFault::CloseBeforeExecution),
    ("close_after", "connection reset, method run", RestFault::CloseAfterExecution),
    ("slow", "answer after 30 seconds", RestFault::SlowAnswer(Duration::from_secs(30))),
];

/// At most this far the page moves the clock in one step: a year.
const FARTHEST: u64 = 366 * 86_400;

pub(super) async fn switch(State(shared): State<Arc<Shared>>, Json(switch): Json<Switch>) -> Response {
    let portal = Portal::new(Arc::clone(&shared));
    let faults = &shared.faults;
    match switch {
        Switch::Drop { on } => faults.drop_deliveries(on),
        Switch::Duplicate { on } => faults.duplicate_deliveries(on),
        Switch::Reorder { count } => faults.reorder_deliveries(count.min(100)),
        Switch::Rest { method, fault, times } => {
            let Some((.., fault)) = REST_FAULTS.iter().find(|(code, ..)| *code == fault) else {
                return refused(StatusCode::BAD_REQUEST, "There is no such fault.");
            };
            let method = method.trim();
            let method = if method.is_empty() { "*" } else { method };
            faults.rest(method, *fault, times.clamp(1, 1_000_000));
        }
        Switch::Clear => faults.clear(),
        Switch::ExpireTokens => portal.expire_access_tokens(),
        Switch::RevokeTokens => portal.revoke_refresh_tokens(),
        Switch::RateLimit { kind } => portal.set_rate_limit(match kind.as_str() {
            "standard" => Some(RateLimit::STANDARD),
            "enterprise" => Some(RateLimit::ENTERPRISE),
            _ => None,
        }),
        Switch::Clock { seconds } => shared.clock.advance(Duration::from_secs(seconds.min(FARTHEST))),
    }
    // Whoever watches sees the switch move.
    shared.changed.send_modify(|turn| *turn += 1);
    Json(json!({})).into_response()
}

/// The switches as they stand.
pub(super) fn shown(shared: &Shared) -> Value {
    let (delivery, calls) = shared.faults.planned();
    let title = |fault: RestFault| {
        REST_FAULTS.iter().find(|(.., known)| *known == fault).map_or("another fault", |(_, title, _)| title)
    };
    let calls: Vec<Value> = calls
        .into_iter()
        .map(|(method, fault, times)| json!({"method": method, "title": title(fault), "times": times}))
        .collect();
    let limit = match shared.limiter.limit() {
        None => "off",
        Some(RateLimit::STANDARD) => "standard",
        Some(RateLimit::ENTERPRISE) => "enterprise",
        Some(_) => "own",
    };
    json!({
        "drop": delivery.drop,
        "duplicate": delivery.duplicate,
        "reorder": delivery.reorder,
        "calls": calls,
        "offers": REST_FAULTS.iter().map(|(code, title, _)| json!([code, title])).collect::<Vec<_>>(),
        "rate_limit": limit,
    })
}
