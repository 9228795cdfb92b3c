//! Web socket and long polling: how a page comes in.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::log::{What, http_date, mid_text, read_mid};
use crate::form;
use crate::server::shared::Shared;

/// How long a poll is held.
const HOLD: Duration = Duration::from_secs(60);
/// Close code of a page whose channels are not ours.
const WRONG_CHANNEL: u16 = 4010;
/// The date by which a client knows that `Last-Message-Id` counts.
const TAKE_MID: &str = "Thu, 01 Jan 1973 11:11:01 GMT";

/// One page that listens; it counts as a listener until it is dropped.
struct Listener {
    shared: Arc<Shared>,
    channels: Vec<String>,
    connected_at: u128,
    mid: u128,
}

impl Listener {
    /// `None` when the channels are not ours.
    fn admit(shared: &Arc<Shared>, query: Option<&str>) -> Option<Self> {
        let params = form::decode(query.unwrap_or_default().as_bytes());
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
        let asked = text("CHANNEL_ID");
        shared.hit(|world| {
            let channels = world.push.admitted(asked, world.now())?;
            let connected_at = world.push.log.last_mid();
            let mid = read_mid(text("mid")).map_or(connected_at, |mid| mid.min(connected_at));
            world.push.listeners += 1;
            Some(Self { shared: Arc::clone(shared), channels, connected_at, mid })
        })
    }

    /// What came since the last time.
    fn news(&mut self) -> Vec<super::log::Entry> {
        let (entries, mid) =
            self.shared.look(|world| world.push_news(&self.channels, self.connected_at, self.mid));
        self.mid = mid;
        entries
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.hit(|world| world.push.listeners = world.push.listeners.saturating_sub(1));
    }
}

pub(crate) async fn socket(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    if shared.look(|world| world.push.shut) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    upgrade.on_upgrade(async move |mut socket| match Listener::admit(&shared, query.as_deref()) {
        Some(listener) => listen(socket, listener).await,
        None => close(&mut socket, WRONG_CHANNEL, "wrong channel id or signature").await,
    })
}

async fn listen(mut socket: WebSocket, mut listener: Listener) {
    let mut changed = listener.shared.changed.subscribe();
    loop {
        changed.mark_unchanged();
        let mut frames = String::new();
        let mut end = None;
        for entry in listener.news() {
            match entry.what {
                What::Body(_) => frames.push_str(&entry.frame()),
                What::Close(code, reason) => end = Some((code, reason)),
            }
        }
        if !frames.is_empty() && socket.send(Message::text(frames)).await.is_err() {
            return;
        }
        if let Some((code, reason)) = end {
            return close(&mut socket, code, reason).await;
        }
        tokio::select! {
            news = changed.changed() => if news.is_err() { return },
            heard = socket.recv() => match heard {
                // A page of version 3 has nothing to say; pings answer themselves.
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}

async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        // Until the page has closed too: a connection that is cut before loses the code on its way.
        while let Some(Ok(_)) = socket.recv().await {}
    }
}

pub(crate) async fn poll(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if shared.look(|world| world.push.shut) {
        return (StatusCode::SERVICE_UNAVAILABLE, cors(&headers)).into_response();
    }
    let Some(mut listener) = Listener::admit(&shared, query.as_deref()) else {
        return (StatusCode::BAD_REQUEST, cors(&headers), "wrong channel id or signature").into_response();
    };
    let deadline = Instant::now() + HOLD;
    let mut changed = shared.changed.subscribe();
    loop {
        changed.mark_unchanged();
        let entries = listener.news();
        let frames: String = entries.iter().map(super::log::Entry::frame).collect();
        if !frames.is_empty() {
            let now = [(header::LAST_MODIFIED, http_date(shared.clock.unix()))];
            return (StatusCode::OK, cors(&headers), now, frames).into_response();
        }
        let closed = entries.iter().any(|entry| matches!(entry.what, What::Close(..)));
        if closed || !matches!(timeout_at(deadline, changed.changed()).await, Ok(Ok(()))) {
            let mid = [
                (header::EXPIRES, TAKE_MID.to_owned()),
                (HeaderName::from_static("last-message-id"), mid_text(listener.mid)),
            ];
            return (StatusCode::NOT_MODIFIED, cors(&headers), mid).into_response();
        }
    }
}

pub(crate) async fn preflight(headers: HeaderMap) -> Response {
    (StatusCode::NO_CONTENT, cors(&headers)).into_response()
}

/// A page of any site may poll: the channel ids are what it must know.
fn cors(headers: &HeaderMap) -> [(HeaderName, HeaderValue); 5] {
    let any = HeaderValue::from_static("*");
    let origin = headers.get(header::ORIGIN).cloned().unwrap_or(any);
    [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (header::VARY, HeaderValue::from_static("Origin")),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, OPTIONS")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("If-Modified-Since, If-None-Match")),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Last-Message-Id, Expires")),
    ]
}
