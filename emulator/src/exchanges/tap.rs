//! The tap on the front door: every request to REST and to the authorisation server, with its answer.
//!
//! A layer around the routes, so that no route knows of it. A request whose caller goes away, and one whose connection a
//! fault cuts, are entered as such.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use super::{Level, Outcome, What, Why};
use crate::server::connection::Line;
use crate::server::front::{LONGEST_BODY, too_long};
use crate::server::shared::Shared;
use crate::weight::cut_body;

/// An exchange under way; it ends as broken unless it is answered.
struct Open {
    shared: Arc<Shared>,
    number: u64,
    started: Instant,
    line: Option<Line>,
}

impl Open {
    fn level(&self) -> Option<Level> {
        let from = self.line.as_ref()?.peer.ip();
        let (limit, filled) = self.shared.limiter.level(from, self.shared.clock.micros())?;
        Some(Level { filled, size: limit.bucket })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let why = "the caller went away before the answer".to_owned();
        let outcome = Outcome::Broken { why, took: self.started.elapsed(), level: self.level() };
        self.shared.exchanges.end_if_pending(self.number, outcome);
    }
}

pub(crate) async fn record(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return too_long();
    };
    let line = parts.extensions.get::<ConnectInfo<Line>>().map(|ConnectInfo(line)| line.clone());
    let asked = super::Request {
        verb: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        content_type: text(&parts.headers, header::CONTENT_TYPE),
        authorization: text(&parts.headers, header::AUTHORIZATION),
        body: cut_body(&body),
        peer: line.as_ref().map(|line| line.peer.ip()),
    };
    let number = shared.exchanges.begin(What::Call(asked), Outcome::Pending);
    let open = Open { shared, number, started: Instant::now(), line };
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = answer.into_parts();
    // Answers of these routes are whole in memory: reading them cannot fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let (took, level) = (open.started.elapsed(), open.level());
    let outcome = if open.line.as_ref().is_some_and(Line::is_cut) {
        Outcome::Broken { why: "the connection was closed without an answer".to_owned(), took, level }
    } else {
        Outcome::Answered { status: parts.status.as_u16(), body: cut_body(&body), took, level }
    };
    let why = parts.extensions.get::<Why>().map(|why| why.0.clone());
    open.shared.exchanges.answered(number, outcome, why);
    Response::from_parts(parts, Body::from(body))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
