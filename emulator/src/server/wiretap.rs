//! Writes down every request to the portal and to the authorisation server, and its answer.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::connection::Line;
use super::front::LONGEST_BODY;
use super::shared::Shared;
use crate::exchanges::{Begun, Direction, Ended};
use crate::rest;

/// Passes a request on and records it. Pages and streams are not recorded.
pub(super) async fn record(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/rest/") && !path.starts_with("/oauth/") {
        return next.run(request).await;
    }
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "The body is too long, or it ended too soon.")
            .into_response();
    };
    let address = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let id = shared.exchanges.begin(Begun {
        direction: Direction::Call,
        http_method: parts.method.to_string(),
        name: name_in(parts.uri.path()),
        address,
        content_type: content_type.unwrap_or_default().to_owned(),
        body: body.clone(),
        delivery_id: None,
        unix: shared.clock.unix(),
    });
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (head, body) = answer.into_parts();
    // Answers are made of one piece; one that cannot be read has nothing to show either.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let cut = line.is_cut();
    shared.exchanges.end(
        id,
        Ended {
            answer: if cut { Bytes::new() } else { body.clone() },
            answer_length: if cut { 0 } else { body.len() },
            status: if cut { Err("connection closed".to_owned()) } else { Ok(head.status.as_u16()) },
            took: started.elapsed(),
            limiter_level: shared.limiter.level(line.peer.ip(), shared.clock.micros()),
        },
    );
    Response::from_parts(head, Body::from(body))
}

/// The method a path names, or what else it asks for.
fn name_in(path: &str) -> String {
    let path = path.trim_matches('/');
    let Some(rest) = path.strip_prefix("oauth/rest/").or_else(|| path.strip_prefix("rest/")) else {
        return path.to_owned();
    };
    match rest.split('/').collect::<Vec<_>>().as_slice() {
        // A webhook's code is a secret, and no name.
        [user, _code] if user.parse::<i64>().is_ok() => String::new(),
        parts => rest::plain_name(parts.last().copied().unwrap_or_default()),
    }
}
