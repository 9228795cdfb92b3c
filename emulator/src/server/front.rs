//! The front door: routes, reading a request into parameters, faults and limits before the portal sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::{Map, Value, json};

use super::connection::Line;
use super::shared::Shared;
use crate::faults::RestFault;
use crate::record::RecordedCall;
use crate::rest::{self, Incoming};
use crate::{form, oauth, page, push};

/// Request bodies may be this big: the largest file, 100 MiB, as base64.
const LONGEST_BODY: usize = 144 * 1_024 * 1_024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/page/state", get(page::state))
        .route("/page/live", get(page::live))
        .route("/page/say", post(page::say))
        .route("/page/press", post(page::press))
        .route("/page/operator", post(page::operator))
        .route("/oauth/authorize/", get(oauth::authorize))
        .route("/oauth/authorize", get(oauth::authorize))
        .route("/oauth/token/", any(oauth::token))
        .route("/oauth/token", any(oauth::token))
        .route("/rest/download.json", get(download))
        .route("/rest/{*path}", any(call))
        .route("/sub/", get(push::poll).options(push::preflight))
        .route("/subws/", get(push::socket))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(shared)
}

async fn call(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(moved) = moved(&shared, &line, &format!("/rest/{path}"), query.as_deref()) {
        return moved;
    }
    let params = read_params(query, &headers, &body);
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (webhook, method) = match parts.as_slice() {
        [method] => (None, (*method).to_owned()),
        [user, code] if user.parse::<i64>().is_ok() => {
            (Some(((*user).to_owned(), (*code).to_owned())), String::new())
        }
        [user, code, method] => (Some(((*user).to_owned(), (*code).to_owned())), (*method).to_owned()),
        _ => (None, path.clone()),
    };
    answer(&shared, &line, Incoming { method, webhook, bearer: bearer(&headers), params }).await
}

/// A file under its signed address.
async fn download(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    RawQuery(query): RawQuery,
) -> Response {
    if let Some(moved) = moved(&shared, &line, "/rest/download.json", query.as_deref()) {
        return moved;
    }
    let params = form::decode(query.unwrap_or_default().as_bytes());
    let token = params.get("token").and_then(Value::as_str).unwrap_or_default();
    let token = token.strip_prefix("disk|").unwrap_or_default();
    let found =
        shared.look(|world| world.files.linked(token).map(|file| (file.name.clone(), file.content.clone())));
    let Some((name, content)) = found else {
        let body = json!({"error": "ERROR_NOT_FOUND", "error_description": "File not found"});
        return json_answer(404, &body);
    };
    // Never shown by a browser as a page of this server.
    let disposition = format!("attachment; filename*=utf-8''{}", form::percent(&name).replace('+', "%20"));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, content).into_response()
}

/// After a renaming the old address answers 302, and only that; but the authorisation server, which lives there too
/// and knows `app.info`, does not move.
fn moved(shared: &Shared, line: &Line, path: &str, query: Option<&str>) -> Option<Response> {
    let is_trusted = rest::plain_name(path.trim_start_matches("/rest/")) == "app.info";
    if is_trusted || line.listener == shared.listener.load(Ordering::SeqCst) {
        return None;
    }
    let origin = shared.look(|world| world.identity.origin.clone());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{origin}{path}{query}");
    note(shared, path.rsplit('/').next().unwrap_or_default(), 302, Value::from("moved to the new address"));
    // A body that no client should try to read as an answer.
    let html = "<html><head><title>302 Found</title></head><body>302 Found</body></html>";
    let headers = [(header::LOCATION, target), (header::CONTENT_TYPE, "text/html".to_owned())];
    Some((StatusCode::FOUND, headers, html).into_response())
}

async fn answer(shared: &Shared, line: &Line, incoming: Incoming) -> Response {
    let method = rest::plain_name(&incoming.method);
    if !shared.limiter.admits(line.peer.ip(), shared.clock.micros()) {
        return refused(shared, &method, StatusCode::SERVICE_UNAVAILABLE);
    }
    let fault = shared.faults.next_rest(&method);
    match fault {
        Some(RestFault::QueryLimitExceeded) => {
            return refused(shared, &method, StatusCode::SERVICE_UNAVAILABLE);
        }
        Some(RestFault::HtmlBody) => {
            note(shared, &method, 502, Value::from("<html>"));
            let html = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>";
            return (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], html).into_response();
        }
        Some(RestFault::CloseBeforeExecution) => {
            note(shared, &method, 0, Value::from("connection closed before execution"));
            line.cut();
            return StatusCode::OK.into_response();
        }
        Some(RestFault::CloseAfterExecution | RestFault::SlowAnswer(_)) | None => {}
    }
    let outcome = shared.hit(|world| rest::handle(world, incoming));
    match fault {
        Some(RestFault::CloseAfterExecution) => line.cut(),
        Some(RestFault::SlowAnswer(delay)) => tokio::time::sleep(delay).await,
        _ => {}
    }
    json_answer(outcome.status, &outcome.body)
}

fn refused(shared: &Shared, method: &str, status: StatusCode) -> Response {
    let body = json!({"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"});
    note(shared, method, status.as_u16(), body.clone());
    json_answer(status.as_u16(), &body)
}

/// Records a call that never reached its method.
fn note(shared: &Shared, method: &str, status: u16, answer: Value) {
    let unix = shared.clock.unix();
    let call = RecordedCall {
        method: method.to_owned(),
        params: Value::Null,
        status,
        answer,
        user_id: 0,
        in_batch: false,
        executed: false,
        unix,
    };
    shared.hit(|world| world.record_call(call));
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "origin, content-type, accept"),
    ];
    (status, headers, body.to_string()).into_response()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Query and body as one set of parameters; the body's win. Unparsable JSON counts for nothing.
pub(crate) fn read_params(query: Option<String>, headers: &HeaderMap, body: &[u8]) -> Map<String, Value> {
    let mut params = form::decode(query.unwrap_or_default().as_bytes());
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.to_ascii_lowercase().starts_with("multipart/form-data") {
        params.extend(form::multipart::decode(content_type, body));
    } else if content_type.to_ascii_lowercase().contains("application/json") {
        if let Ok(Value::Object(map)) = serde_json::from_slice(body) {
            params.extend(map);
        }
    } else {
        params.extend(form::decode(body));
    }
    params
}
