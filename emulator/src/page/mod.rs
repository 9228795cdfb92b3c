//! The page: the client's chat, the operator's view, and the inspector, side by side and live.
//!
//! It is embedded, needs no network and no build: one document, one style sheet and a few ES modules under `assets`.
//! The browser asks for the state whenever the stream of [`live`] says that something changed.
//!
//! The trap: it has no password. State-changing requests must come from the page itself, so a foreign `Origin` is
//! refused; whoever can reach the port can read everything, tokens included.

mod acts;
mod faults;
mod inspector;
mod state;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::Stream;

use crate::server::shared::Shared;

/// Nothing from elsewhere runs or styles; pictures may come from where the bot says, everything else from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// What the browser loads: name, type, content.
const ASSETS: [(&str, &str, &str); 15] = [
    ("index.html", HTML, include_str!("assets/index.html")),
    ("base.css", CSS, include_str!("assets/base.css")),
    ("chat.css", CSS, include_str!("assets/chat.css")),
    ("side.css", CSS, include_str!("assets/side.css")),
    ("main.js", JS, include_str!("assets/main.js")),
    ("dom.js", JS, include_str!("assets/dom.js")),
    ("portal.js", JS, include_str!("assets/portal.js")),
    ("bbcode.js", JS, include_str!("assets/bbcode.js")),
    ("attach.js", JS, include_str!("assets/attach.js")),
    ("message.js", JS, include_str!("assets/message.js")),
    ("chat.js", JS, include_str!("assets/chat.js")),
    ("inspector.js", JS, include_str!("assets/inspector.js")),
    ("exchange.js", JS, include_str!("assets/exchange.js")),
    ("access.js", JS, include_str!("assets/access.js")),
    ("switches.js", JS, include_str!("assets/switches.js")),
];

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(index))
        .route("/page/asset/{name}", get(asset))
        .route("/page/live", get(live))
        .route("/page/state", get(state::state))
        .route("/page/say", post(acts::say))
        .route("/page/press", post(acts::press))
        .route("/page/operator", post(acts::operator))
        .route("/page/exchanges", get(inspector::after).delete(inspector::clear))
        .route("/page/exchange/{number}", get(inspector::whole))
        .route("/page/search", get(inspector::search))
        .route("/page/replay/{number}", post(inspector::replay))
        .route("/page/trouble", axum::routing::delete(inspector::dismiss))
        .route("/page/fault", post(faults::switch))
        .layer(middleware::from_fn(guard))
}

async fn index() -> Response {
    asset(Path("index.html".to_owned())).await
}

async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, content)) => ([(header::CONTENT_TYPE, *kind)], *content).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A server-sent event whenever anything changed; the page then asks for the state.
async fn live(State(shared): State<Arc<Shared>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = shared.changed.subscribe();
    let stream = futures_util::stream::unfold(news, |mut news| async move {
        news.changed().await.ok()?;
        let turn = *news.borrow_and_update();
        Some((Ok(Event::default().data(turn.to_string())), news))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// Refuses what another site's page wants changed, and tells the browser what this page may do.
async fn guard(request: Request, next: Next) -> Response {
    if request.method() != Method::GET && is_foreign(request.headers()) {
        return (StatusCode::FORBIDDEN, "This request comes from another site.").into_response();
    }
    let mut answer = next.run(request).await;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Whether another site's page has made the request. Programs that are no browsers send no `Origin`.
fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let own = [&b"http://"[..], b"https://"].iter().any(|scheme| {
        origin.as_bytes().strip_prefix(*scheme).is_some_and(|origin| !host.is_empty() && origin == host)
    });
    !own
}

/// A refusal that the page shows as it is.
fn refused(status: StatusCode, text: &str) -> Response {
    (status, text.to_owned()).into_response()
}
