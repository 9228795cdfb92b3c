//! The page's view of the limits: the rate limit with the level of every bucket, and the operating time of methods.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use crate::limits::RateLimit;
use crate::portal::Portal;
use crate::server::shared::Shared;

/// Buckets and sums that are shown.
const SHOWN: usize = 20;
/// The most that a number of this page may be.
const MOST: f64 = 1_000_000.0;

/// One turn of a limit.
#[derive(Deserialize)]
#[serde(tag = "limit", rename_all = "snake_case")]
pub(super) enum Turn {
    /// `off`, `standard`, `enterprise`, or `own` with its two numbers.
    Rate {
        kind: String,
        #[serde(default)]
        bucket: f64,
        #[serde(default)]
        per_second: f64,
    },
    /// Seconds that each method has in ten minutes; nothing for no limit.
    Operating { seconds: Option<f64> },
    /// What a call of a method costs.
    Cost { method: String, seconds: f64 },
}

pub(super) async fn turn(State(shared): State<Arc<Shared>>, Json(turn): Json<Turn>) -> Response {
    let portal = Portal::new(Arc::clone(&shared));
    let sane = |number: f64| (0.0..=MOST).contains(&number);
    match turn {
        Turn::Rate { kind, bucket, per_second } => portal.set_rate_limit(match kind.as_str() {
            "standard" => Some(RateLimit::STANDARD),
            "enterprise" => Some(RateLimit::ENTERPRISE),
            "off" => None,
            "own" if sane(bucket) && bucket >= 1.0 && sane(per_second) => {
                Some(RateLimit { bucket, per_second })
            }
            _ => {
                return refused(
                    StatusCode::BAD_REQUEST,
                    "A bucket holds at least one request, and leaks none or more a second.",
                );
            }
        }),
        Turn::Operating { seconds } if seconds.is_none_or(sane) => {
            portal.set_operating_limit(seconds.map(Duration::from_secs_f64));
        }
        Turn::Cost { method, seconds } if sane(seconds) && !method.trim().is_empty() => {
            portal.set_operating_cost(method.trim(), Duration::from_secs_f64(seconds));
        }
        Turn::Operating { .. } | Turn::Cost { .. } => {
            return refused(StatusCode::BAD_REQUEST, "A cost needs a method and seconds, none or more.");
        }
    }
    shared.changed.send_modify(|turn| *turn += 1);
    Json(json!({})).into_response()
}

/// The limits as they stand.
pub(super) fn shown(shared: &Shared) -> Value {
    let limit = shared.limiter.limit();
    let kind = match limit {
        None => "off",
        Some(RateLimit::STANDARD) => "standard",
        Some(RateLimit::ENTERPRISE) => "enterprise",
        Some(_) => "own",
    };
    let levels = shared.limiter.levels(shared.clock.micros());
    let now = shared.clock.unix();
    let (allowed, costs, spent) = shared.look(|world| {
        let operating = &world.operating;
        (operating.limit, operating.costs(), operating.spent(now))
    });
    json!({
        "rate": {
            "kind": kind,
            "bucket": limit.map(|limit| limit.bucket),
            "per_second": limit.map(|limit| limit.per_second),
            "levels": levels.iter().take(SHOWN)
                .map(|(from, level)| json!({"from": from.to_string(), "level": level}))
                .collect::<Vec<_>>(),
        },
        "operating": {
            "limit": allowed,
            "costs": costs.iter().filter(|(_, seconds)| **seconds > 0.0)
                .map(|(method, seconds)| json!({"method": method, "seconds": seconds}))
                .collect::<Vec<_>>(),
            "spent": spent.iter().take(SHOWN)
                .map(|one| json!({"caller": one.caller, "method": one.method, "seconds": one.seconds,
                    "resets_at": one.resets_at}))
                .collect::<Vec<_>>(),
        },
    })
}
