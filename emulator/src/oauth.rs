//! The authorisation server: authorise, exchange a code, refresh (protocol 9).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::builder().installed().start().await.unwrap();
//! let portal = emulator.portal();
//! let (app, code) = (portal.app(), portal.authorization_code());
//! let url = format!(
//!     "http://{}/oauth/token/?grant_type=authorization_code&client_id={}&client_secret={}&code={code}",
//!     app.oauth_host, app.client_id, app.client_secret
//! );
//! let pair: serde_json::Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
//! assert_eq!(pair["expires_in"], 3600);
//! let again: serde_json::Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
//! assert_eq!(again["error"], "invalid_grant");
//! # }
//! ```
//!
//! A refresh token works once: its use issues a new pair. The client secret is compared every time.
//!
//! The trap: a client that loses the answer to a refresh has lost the portal; the old token is used up.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::faults::TOKEN_ENDPOINT;
use crate::form;
use crate::server::connection::Line;
use crate::server::faulty;
use crate::server::front::{json_answer, read_params};
use crate::server::shared::Shared;
use crate::world::World;
use crate::world::tokens::ACCESS_SECONDS;

pub(crate) async fn authorize(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let params = form::decode(query.unwrap_or_default().as_bytes());
    let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (client_id, state) = (text("client_id"), text("state"));
    let admin = shared.names.admin;
    let target = shared.hit(|world| {
        let app = world.apps.get(&client_id).ok_or(UNKNOWN_CLIENT)?;
        if !app.active {
            return Err(NOT_INSTALLED);
        }
        let redirect = app.redirect_uri.clone().ok_or(NO_REDIRECT)?;
        let scope = app.scope.join(",");
        let code = world.issue_code(&client_id, admin);
        let query = form::encode(&json!({
            "code": code,
            "state": state,
            "domain": world.identity.domain,
            "member_id": world.identity.member_id,
            "scope": scope,
            "server_domain": world.identity.oauth_domain,
        }));
        let joint = if redirect.contains('?') { '&' } else { '?' };
        Ok(format!("{redirect}{joint}{query}"))
    });
    match target {
        Ok(target) => (StatusCode::FOUND, [(header::LOCATION, target)]).into_response(),
        Err(why) => {
            tracing::warn!("no authorisation: {why}");
            (StatusCode::BAD_REQUEST, why).into_response()
        }
    }
}

const UNKNOWN_CLIENT: &str = "There is no application with this client_id here. The client id of this portal was printed at its start; every \
     start is another portal.";
const NOT_INSTALLED: &str = "The application is not installed. Install it on the page, under Portal, or start the emulator with --installed.";
const NO_REDIRECT: &str = "The application has no redirect address. Start the emulator with --redirect-uri URL, or build it with \
     redirect_uri.";

pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = read_params(query, &headers, &body);
    let fault = shared.faults.next_rest(TOKEN_ENDPOINT);
    if let Some(fault) = fault.clone()
        && let Some(spoilt) = faulty::instead(&line, fault).await
    {
        return spoilt.response;
    }
    let refused = shared.faults.refuses_grant();
    let granted = if refused { Err(INVALID_GRANT) } else { shared.hit(|world| grant(world, &params)) };
    let (status, body) = match granted {
        Ok(body) => (200, body),
        Err((status, error, text)) => (status, json!({"error": error, "error_description": text})),
    };
    faulty::afterwards(&line, fault).await;
    tracing::debug!(status, "token request");
    json_answer(status, &body)
}

type Refusal = (u16, &'static str, &'static str);
const INVALID_GRANT: Refusal = (400, "invalid_grant", "The grant is invalid, expired or used");

fn grant(world: &mut World, params: &Map<String, Value>) -> Result<Value, Refusal> {
    let text = |name: &str| params.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = text("grant_type").ok_or((400, "invalid_request", "grant_type is missing"))?;
    let client_id = text("client_id").ok_or((400, "invalid_request", "client_id is missing"))?;
    let secret = text("client_secret").ok_or((400, "invalid_request", "client_secret is missing"))?;
    let app = world.apps.get(client_id).filter(|app| app.client_secret == secret);
    let app = app.ok_or((401, "invalid_client", "Wrong client credentials"))?;
    if !app.active {
        return Err((401, "invalid_client", "The application is not installed"));
    }
    if app.payment_expired {
        return Err((402, "PAYMENT_REQUIRED", "The application is not paid for"));
    }
    let now = world.now();
    let found = match kind {
        "refresh_token" => {
            let token = text("refresh_token").ok_or((400, "invalid_request", "refresh_token is missing"))?;
            let valid = world.tokens.refresh.get(token).is_some_and(|grant| grant.client_id == client_id);
            if valid { world.tokens.refresh.remove(token) } else { None }
        }
        "authorization_code" => {
            let code = text("code").ok_or((400, "invalid_request", "code is missing"))?;
            let valid = world.tokens.codes.get(code).is_some_and(|grant| grant.client_id == client_id);
            if valid { world.tokens.codes.remove(code) } else { None }
        }
        _ => return Err((400, "invalid_request", "unknown grant_type")),
    };
    let found = found.filter(|grant| grant.expires > now).ok_or(INVALID_GRANT)?;
    let scope = world.apps.get(client_id).map(|app| app.scope.join(",")).unwrap_or_default();
    let (access, expires) = world.issue_access(client_id, found.user_id, None);
    let refresh = world.issue_refresh(client_id, found.user_id);
    Ok(json!({
        "access_token": access,
        "expires": expires,
        "expires_in": ACCESS_SECONDS,
        "scope": scope,
        // The authorisation server's host here, unlike in events.
        "domain": world.identity.oauth_domain,
        "server_endpoint": world.identity.server_endpoint(),
        "status": world.apps.get(client_id).map_or("L", |app| app.status),
        "client_endpoint": world.identity.client_endpoint(),
        "member_id": world.identity.member_id,
        "user_id": found.user_id,
        "refresh_token": refresh,
    }))
}
