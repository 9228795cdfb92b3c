//! The page's switches: faults of deliveries and calls, tokens, the portal's address and clock.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use crate::faults::{DeliveryFault, RestFault};
use crate::portal::Portal;
use crate::server::shared::Shared;

/// One turn of a switch.
#[derive(Deserialize)]
#[serde(tag = "switch", rename_all = "snake_case")]
pub(super) enum Switch {
    /// What [`crate::Faults::set`] takes.
    Set {
        faults: Value,
    },
    Call {
        method: String,
        fault: RestFault,
        times: u32,
    },
    Delivery {
        event: String,
        fault: DeliveryFault,
        times: u32,
    },
    Clear,
    ExpireTokens,
    RevokeTokens,
    RevokeAccess,
    /// The portal moves to a free port of loopback; the page stays.
    Rename,
    Restart,
    Clock {
        seconds: u64,
    },
}

/// At most this far the page moves the clock in one step: a year.
const FARTHEST: u64 = 366 * 86_400;

pub(super) async fn switch(State(shared): State<Arc<Shared>>, Json(switch): Json<Switch>) -> Response {
    let portal = Portal::new(Arc::clone(&shared));
    let faults = &shared.faults;
    let any = |name: &str| if name.trim().is_empty() { "*".to_owned() } else { name.trim().to_owned() };
    match switch {
        Switch::Set { faults: wanted } => {
            if let Err(error) = faults.set(&wanted) {
                return refused(StatusCode::BAD_REQUEST, &error.to_string());
            }
        }
        Switch::Call { method, fault, times } => faults.rest(&any(&method), fault, times.max(1)),
        Switch::Delivery { event, fault, times } => faults.delivery(&any(&event), fault, times.max(1)),
        Switch::Clear => faults.clear(),
        Switch::ExpireTokens => portal.expire_access_tokens(),
        Switch::RevokeTokens => portal.revoke_refresh_tokens(),
        Switch::RevokeAccess => portal.revoke_access_tokens(),
        Switch::Rename => {
            if let Err(error) = portal.rename("127.0.0.1:0").await {
                return refused(StatusCode::CONFLICT, &format!("The portal cannot move: {error}"));
            }
        }
        Switch::Restart => {
            // The connection of this very request is among those that are closed.
            tokio::spawn(async move { portal.restart().await });
        }
        Switch::Clock { seconds } => shared.clock.advance(Duration::from_secs(seconds.min(FARTHEST))),
    }
    // Whoever watches sees the switch move.
    shared.changed.send_modify(|turn| *turn += 1);
    Json(json!({})).into_response()
}

/// The switches as they stand.
pub(super) fn shown(shared: &Shared) -> Value {
    json!({"state": shared.faults.state()})
}
