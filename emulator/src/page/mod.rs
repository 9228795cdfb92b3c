//! The page: the client's chat, the operator's view, and the inspector, side by side and live.
//!
//! It is embedded, needs no network and no build: one document, one style sheet and a few ES modules under `assets`.
//! The browser asks for the state whenever the stream of [`live`] says that something changed.
//!
//! The trap: it has no password. Whoever can reach the port can read everything, tokens included; what [`guard`] keeps
//! out is only the pages of other sites in the author's own browser.

mod acts;
mod app;
mod app_form;
mod bots;
mod caller;
mod faults;
mod guard;
mod inspector;
mod limits;
mod line;
mod operator;
mod setup;
mod state;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::Stream;

use crate::server::shared::Shared;
pub(crate) use guard::own_host;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// What the browser loads: name, type, content.
const ASSETS: [(&str, &str, &str); 29] = [
    ("index.html", HTML, include_str!("assets/index.html")),
    ("base.css", CSS, include_str!("assets/base.css")),
    ("chat.css", CSS, include_str!("assets/chat.css")),
    ("attach.css", CSS, include_str!("assets/attach.css")),
    ("side.css", CSS, include_str!("assets/side.css")),
    ("settings.css", CSS, include_str!("assets/settings.css")),
    ("main.js", JS, include_str!("assets/main.js")),
    ("dom.js", JS, include_str!("assets/dom.js")),
    ("portal.js", JS, include_str!("assets/portal.js")),
    ("bbcode.js", JS, include_str!("assets/bbcode.js")),
    ("attach.js", JS, include_str!("assets/attach.js")),
    ("message.js", JS, include_str!("assets/message.js")),
    ("menu.js", JS, include_str!("assets/menu.js")),
    ("chat.js", JS, include_str!("assets/chat.js")),
    ("composer.js", JS, include_str!("assets/composer.js")),
    ("tabs.js", JS, include_str!("assets/tabs.js")),
    ("inspector.js", JS, include_str!("assets/inspector.js")),
    ("exchange.js", JS, include_str!("assets/exchange.js")),
    ("setup.js", JS, include_str!("assets/setup.js")),
    ("bots.js", JS, include_str!("assets/bots.js")),
    ("app.js", JS, include_str!("assets/app.js")),
    ("app-form.js", JS, include_str!("assets/app-form.js")),
    ("icons.js", JS, include_str!("assets/icons.js")),
    ("switches.js", JS, include_str!("assets/switches.js")),
    ("limits.js", JS, include_str!("assets/limits.js")),
    ("line.js", JS, include_str!("assets/line.js")),
    ("operator.js", JS, include_str!("assets/operator.js")),
    ("tree.js", JS, include_str!("assets/tree.js")),
    ("batch.js", JS, include_str!("assets/batch.js")),
];

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(index))
        .route("/page/asset/{name}", get(asset))
        .route("/page/live", get(live))
        .route("/page/state", get(state::state))
        .route("/page/say", post(acts::say))
        .route("/page/send-file", post(acts::send_file))
        .route("/page/press", post(acts::press))
        .route("/page/message", post(acts::message))
        .route("/page/rate", post(acts::rate))
        .route("/page/operator", post(operator::act))
        .route("/page/file/{id}", get(acts::file))
        .route("/page/exchanges", get(inspector::after).delete(inspector::clear))
        .route("/page/exchange/{number}", get(inspector::whole))
        .route("/page/search", get(inspector::search))
        .route("/page/replay/{number}", post(inspector::replay))
        .route("/page/trouble", axum::routing::delete(inspector::dismiss))
        .route("/page/fault", post(faults::switch))
        .route("/page/limit", post(limits::turn))
        .route("/page/line", post(line::change))
        .route("/page/install", post(setup::install))
        .route("/page/bot", post(bots::remove))
        .route("/page/app", post(app::act))
        .route("/page/app-form", post(app_form::act))
        .layer(middleware::from_fn(guard::guard))
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

/// A refusal that the page shows as it is.
fn refused(status: StatusCode, text: &str) -> Response {
    (status, text.to_owned()).into_response()
}
