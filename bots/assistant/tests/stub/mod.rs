//! An endpoint of the test's own, on a thread of its own, and the assistant that asks it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use assistant::{Assistant, Ledger, Model, Settings, knowledge::Knowledge};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::post,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// A key that protects nothing.
pub(crate) const KEY: &str = "sk-nothing-but-a-test-4711";

/// What it does with a question.
#[derive(Clone)]
pub(crate) enum Answers {
    Says(&'static str),
    /// And repeats the key, as some do.
    Fails(u16),
    /// Says something that is none of the interface, and repeats the key.
    Babbles,
    /// Once it is let go.
    Waits(Arc<Notify>, &'static str),
}

pub(crate) struct Stub {
    pub(crate) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    answers: Mutex<Answers>,
    asked: Mutex<Vec<Value>>,
    keys: Mutex<Vec<String>>,
    came: Notify,
}

impl Stub {
    pub(crate) fn start(answers: Answers) -> Self {
        let inner = Arc::new(Inner {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
            keys: Mutex::default(),
            came: Notify::new(),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(inner.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { url, inner }
    }

    pub(crate) fn now(&self, answers: Answers) {
        *self.inner.answers.lock().unwrap() = answers;
    }

    /// The bodies of all questions.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// What they had for authorization.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.inner.keys.lock().unwrap().clone()
    }

    /// Once so many questions have come.
    pub(crate) async fn came(&self, count: usize) {
        loop {
            let next = self.inner.came.notified();
            if self.asked().len() >= count {
                return;
            }
            next.await;
        }
    }

    /// With this endpoint, and more.
    pub(crate) fn settings(&self, more: &str) -> Settings {
        toml::from_str(&format!("endpoint = \"{}\"\n{more}", self.url)).unwrap()
    }
}

async fn answer(
    State(stub): State<Arc<Inner>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> impl IntoResponse {
    let key = headers.get("authorization").and_then(|key| key.to_str().ok()).unwrap_or_default();
    stub.keys.lock().unwrap().push(key.to_owned());
    stub.asked.lock().unwrap().push(body);
    stub.came.notify_waiters();
    let answers = stub.answers.lock().unwrap().clone();
    match answers {
        Answers::Says(text) => (StatusCode::OK, Json(completion(text))),
        Answers::Waits(go, text) => {
            go.notified().await;
            (StatusCode::OK, Json(completion(text)))
        }
        Answers::Babbles => (StatusCode::BAD_REQUEST, Json(json!({"detail": format!("what is {KEY}?")}))),
        Answers::Fails(status) => {
            let error = json!({"message": format!("Incorrect API key provided: {KEY}"), "type": "invalid_request_error"});
            (StatusCode::from_u16(status).unwrap(), Json(json!({ "error": error })))
        }
    }
}

fn completion(text: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_773_682_918, "model": "stub",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100},
    })
}

pub(crate) fn pages() -> Knowledge {
    let pages =
        [("delivery.md", "# Delivery\nIt takes **two** days.\n# Returns\nSend it back within 30 days.")];
    Knowledge::of_pages(pages).unwrap()
}

/// The assistant, with a model or without.
pub(crate) fn assistant(settings: Settings) -> Assistant {
    assistant_of_a_day(settings, 1_000_000)
}

pub(crate) fn assistant_of_a_day(settings: Settings, tokens: u32) -> Assistant {
    let ledger = Ledger::open(Path::new(":memory:"), tokens).unwrap();
    let model = Model::new(KEY, &settings, ledger);
    Assistant::new(settings, pages(), Some(model))
}
