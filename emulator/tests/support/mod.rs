//! A bot's side of the wire, written with nothing but an HTTP server and an HTTP client.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use openlines_emulator::{Delivery, Emulator, Portal};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A handler that answers 200 and keeps what it got.
pub(crate) struct Handler {
    pub(crate) url: String,
    pub(crate) bodies: Arc<Mutex<Vec<Bytes>>>,
    task: JoinHandle<()>,
}

impl Handler {
    pub(crate) async fn start() -> Self {
        let bodies: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let router = Router::new().fallback(keep).with_state(Arc::clone(&bodies));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, bodies, task }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(State(bodies): State<Arc<Mutex<Vec<Bytes>>>>, body: Bytes) -> StatusCode {
    bodies.lock().unwrap().push(body);
    StatusCode::OK
}

/// An application that is installed on the portal.
pub(crate) struct App {
    pub(crate) portal: Portal,
    pub(crate) token: String,
    pub(crate) refresh: String,
    pub(crate) http: reqwest::Client,
}

impl App {
    pub(crate) async fn install(emulator: &Emulator, handler: &Handler) -> Self {
        let portal = emulator.portal();
        let form = portal.install(&handler.url).await.form();
        let text = |name: &str| form["auth"][name].as_str().unwrap().to_owned();
        Self {
            portal,
            token: text("access_token"),
            refresh: text("refresh_token"),
            http: reqwest::Client::new(),
        }
    }

    pub(crate) async fn call(&self, method: &str, mut params: Value) -> (u16, Value) {
        params["auth"] = json!(self.token);
        let url = format!("{}{method}", self.portal.app().client_endpoint);
        post(&self.http, &url, &params).await
    }

    /// The result of a call that must succeed.
    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        let (status, body) = self.call(method, params).await;
        assert_eq!(status, 200, "{method}: {body}");
        body["result"].clone()
    }

    /// The code of a call that must fail with this status.
    pub(crate) async fn refused(&self, method: &str, params: Value, status: u16) -> String {
        let (got, body) = self.call(method, params).await;
        assert_eq!(got, status, "{method}: {body}");
        assert!(body.get("time").is_none(), "an error has no time block");
        body["error"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn register_v1(&self, code: &str, handler: &Handler) -> i64 {
        let id = self
            .ok(
                "imbot.register",
                json!({"CODE": code, "TYPE": "O", "EVENT_HANDLER": handler.url, "PROPERTIES": {"NAME": code}}),
            )
            .await;
        id.as_i64().unwrap()
    }

    pub(crate) async fn register_v2(&self, code: &str, handler: &Handler) -> i64 {
        let fields = json!({"code": code, "type": "openline", "properties": {"name": code},
            "eventMode": "webhook", "webhookUrl": handler.url});
        self.ok("imbot.v2.Bot.register", json!({"fields": fields})).await["bot"]["id"].as_i64().unwrap()
    }

    pub(crate) async fn register_fetch(&self, code: &str) -> i64 {
        let fields = json!({"code": code, "type": "openline", "properties": {"name": code}});
        self.ok("imbot.v2.Bot.register", json!({"fields": fields})).await["bot"]["id"].as_i64().unwrap()
    }
}

/// A portal with the application installed on it; the handler hears its events. All of it lives as long as the emulator
/// and the handler are kept.
pub(crate) async fn stage() -> (Emulator, Handler, App, Portal) {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    (emulator, handler, app, portal)
}

/// The same with an open-line bot of the first generation, `helper`, and its id.
pub(crate) async fn with_v1_bot() -> (Emulator, Handler, App, Portal, i64) {
    let (emulator, handler, app, portal) = stage().await;
    let bot_id = app.register_v1("helper", &handler).await;
    (emulator, handler, app, portal, bot_id)
}

/// The same with one of the second generation.
pub(crate) async fn with_v2_bot() -> (Emulator, Handler, App, Portal, i64) {
    let (emulator, handler, app, portal) = stage().await;
    let bot_id = app.register_v2("helper", &handler).await;
    (emulator, handler, app, portal, bot_id)
}

pub(crate) async fn post(http: &reqwest::Client, url: &str, params: &Value) -> (u16, Value) {
    let answer = http.post(url).json(params).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The deliveries of one event.
pub(crate) fn of(portal: &Portal, event: &str) -> Vec<Delivery> {
    portal.deliveries().into_iter().filter(|delivery| delivery.event == event).collect()
}

/// The form of the only delivery of an event.
#[track_caller]
pub(crate) fn only(portal: &Portal, event: &str) -> Value {
    let all = of(portal, event);
    assert_eq!(all.len(), 1, "{event}: {all:?}");
    all[0].form()
}

/// Codes of the events delivered so far, in order.
pub(crate) fn events(portal: &Portal) -> Vec<String> {
    portal.deliveries().into_iter().map(|delivery| delivery.event).collect()
}
