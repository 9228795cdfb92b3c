//! The front door: routes, reading a request into parameters, faults and limits before the portal sees it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::connection::Line;
use super::faulty;
use super::shared::Shared;
use super::xml::xml_answer;
use crate::faults::RestFault;
use crate::record::RecordedCall;
use crate::rest::{self, Incoming};
use crate::world::files::StoredFile;
use crate::{exchanges, form, frame, oauth, page, push};

/// Request bodies may be this big: the largest file, 100 MiB, as base64.
pub(crate) const LONGEST_BODY: usize = 144 * 1_024 * 1_024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    // The application's page in its frame shows as much as the emulator's own, so it is guarded alike.
    let frames = Router::new()
        .route("/app/", get(frame::shell))
        .route("/app/install-finish", post(frame::install_finish))
        .route("/app/refresh-auth", post(frame::refresh_auth))
        .route_layer(middleware::from_fn(page::own_host));
    Router::new()
        .merge(frames)
        .route("/oauth/authorize/", get(oauth::authorize))
        .route("/oauth/authorize", get(oauth::authorize))
        .route("/oauth/token/", any(oauth::token))
        .route("/oauth/token", any(oauth::token))
        .route("/rest/download.json", get(download))
        .route("/rest/{*path}", any(call))
        // What the inspector shows; routes added after this are not recorded.
        .route_layer(middleware::from_fn_with_state(Arc::clone(&shared), exchanges::tap::record))
        .merge(page::routes())
        .route("/sub/", get(push::poll).options(push::preflight))
        .route("/subws/", get(push::socket))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(shared)
}

async fn call(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = path_below(&uri, "/rest/");
    // What the authorisation server answers under the same address never moves.
    if rest::plain_name(&path) != "app.info"
        && let Some(moved) = moved(&shared, &line, uri.path(), query.as_deref())
    {
        return moved;
    }
    let params = read_params(query, &headers, &body);
    let remark = form::misread(content_type(&headers), &body);
    let rest::Address { webhook, method } = rest::Address::of(&path);
    let answered = if method.to_ascii_lowercase().ends_with(".xml") { xml_answer } else { json_answer };
    let (bearer, fetched) = (bearer(&headers), HashMap::new());
    let incoming = Incoming { method, webhook, bearer, params, forced: None, fetched, remark };
    answer(&shared, &line, incoming, answered).await
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
    let found = shared.look(|world| world.files.linked(token).cloned());
    let Some(StoredFile { name, content, source, .. }) = found else {
        let body = json!({"error": "ERROR_NOT_FOUND", "error_description": "File not found"});
        return json_answer(404, &body);
    };
    if let Some(source) = source.and_then(|source| axum::http::HeaderValue::from_str(&source).ok()) {
        // The portal never read it: its address leads on to where it lies.
        return (StatusCode::FOUND, [(header::LOCATION, source)]).into_response();
    }
    // Never shown by a browser as a page of this server.
    let disposition = format!("attachment; filename*=utf-8''{}", form::percent(&name).replace('+', "%20"));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, content).into_response()
}

/// After a renaming the old address answers 302, and only that.
fn moved(shared: &Shared, line: &Line, path: &str, query: Option<&str>) -> Option<Response> {
    if line.listener == shared.listener.load(Ordering::SeqCst) {
        return None;
    }
    let origin = shared.look(|world| world.identity.origin.clone());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{origin}{path}{query}");
    let name = rest::Address::of(path.strip_prefix("/rest/").unwrap_or(path)).name();
    note(shared, &name, 302, Value::from("moved to the new address"));
    // A body that no client should try to read as an answer.
    let html = "<html><head><title>302 Found</title></head><body>302 Found</body></html>";
    let headers = [(header::LOCATION, target), (header::CONTENT_TYPE, "text/html".to_owned())];
    Some((StatusCode::FOUND, headers, html).into_response())
}

async fn answer(
    shared: &Shared,
    line: &Line,
    mut incoming: Incoming,
    answered: fn(u16, &Value) -> Response,
) -> Response {
    let method = rest::name_of(&incoming.method);
    if !shared.limiter.admits(line.peer.ip(), shared.clock.micros()) {
        return refused(shared, &method, StatusCode::SERVICE_UNAVAILABLE);
    }
    let fault = shared.faults.next_rest(&method);
    if fault == Some(RestFault::SilenceBeforeExecution) {
        note(shared, &method, 0, Value::from("no answer, and not executed"));
    }
    incoming.forced = fault.clone().and_then(rest::RestError::forced);
    if incoming.forced.is_none()
        && let Some(fault) = fault.clone()
        && let Some(spoilt) = faulty::instead(line, fault).await
    {
        note(shared, &method, spoilt.status, spoilt.shown);
        return spoilt.response;
    }
    let named = shared.look(|world| rest::files_named(world, &incoming));
    if !named.is_empty() {
        incoming.fetched = shared.fetching.read(named).await;
    }
    let outcome = shared.hit(|world| rest::handle(world, incoming));
    faulty::afterwards(line, fault).await;
    let mut response = answered(outcome.status, &outcome.body);
    if let Some(why) = outcome.why {
        response.extensions_mut().insert(exchanges::Why(why));
    }
    response
}

/// The answer to a request that is longer than any portal takes, or that ended before its time.
pub(crate) fn too_long() -> Response {
    let text = format!("The request is longer than {LONGEST_BODY} bytes, or was cut off");
    tracing::warn!("{text}");
    json_answer(413, &json!({"error": "REQUEST_TOO_LARGE", "error_description": text}))
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
        why: None,
    };
    shared.hit(|world| world.record_call(call));
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "origin, content-type, accept"),
    ];
    (status_of(status), headers, body.to_string()).into_response()
}

pub(super) fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The rest of the path, decoded as far as it is text: a name that is none is refused as a method, not as a path.
fn path_below(uri: &Uri, root: &str) -> String {
    let rest = uri.path().strip_prefix(root).unwrap_or_default();
    percent_decode_str(rest).decode_utf8_lossy().into_owned()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Query and body as one set of parameters.
pub(crate) fn read_params(query: Option<String>, headers: &HeaderMap, body: &[u8]) -> Map<String, Value> {
    form::params(&query.unwrap_or_default(), content_type(headers), body)
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
