// A bot of second-generation events that says everything back, written with nothing but an HTTP server and a client.
// Its answer to `menu` has a button. It stands where a bot author's own bot stands.

use std::sync::Arc;

use axum::extract::State;
use openlines_emulator::Portal;
use serde_json::{Value, json};

/// A running bot; it stops when it is dropped.
pub(crate) struct Parrot {
    task: tokio::task::JoinHandle<()>,
}

/// What the bot knows of its portal.
struct Nest {
    http: reqwest::Client,
    send_url: String,
    bot_id: std::sync::OnceLock<i64>,
}

const TOKEN: &str = "parrot-token";

impl Parrot {
    /// Listens, and registers itself with the incoming webhook.
    pub(crate) async fn start(portal: &Portal) -> Self {
        let nest = Arc::new(Nest {
            http: reqwest::Client::builder().no_proxy().build().expect("the client has no unusual settings"),
            send_url: format!("{}imbot.v2.Chat.Message.send", portal.webhook_url()),
            bot_id: std::sync::OnceLock::new(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let router =
            axum::Router::new().route("/events", axum::routing::post(hear)).with_state(Arc::clone(&nest));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serving ends with the task only");
        });
        let bot = json!({"code": "parrot", "type": "openline", "properties": {"name": "Parrot"},
            "eventMode": "webhook", "webhookUrl": format!("http://{address}/events?CLIENT_ID={TOKEN}")});
        let url = format!("{}imbot.v2.Bot.register", portal.webhook_url());
        let answer = nest.http.post(url).json(&json!({"botToken": TOKEN, "fields": bot})).send().await;
        let body: Value = answer.expect("the portal answers").json().await.expect("the answer is JSON");
        nest.bot_id.set(body["result"]["bot"]["id"].as_i64().expect("the bot is registered")).ok();
        Self { task }
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes a callback, and answers its message after the 200.
async fn hear(State(nest): State<Arc<Nest>>, body: axum::body::Bytes) {
    let (mut event, mut text, mut dialog) = Default::default();
    for (name, value) in form_urlencoded::parse(&body) {
        match &*name {
            "event" => event = value.into_owned(),
            "data[message][text]" => text = value.into_owned(),
            "data[chat][dialogId]" => dialog = value.into_owned(),
            _ => {}
        }
    }
    if event == "ONIMBOTV2MESSAGEADD" {
        tokio::spawn(async move { say_back(&nest, &text, &dialog).await });
    }
}

async fn say_back(nest: &Nest, text: &str, dialog: &str) {
    let mut fields = json!({"message": format!("You said: {text}")});
    if text == "menu" {
        fields["keyboard"] = json!([{"TEXT": "Again", "ACTION": "SEND", "ACTION_VALUE": "again"}]);
    }
    let params = json!({"botToken": TOKEN, "botId": nest.bot_id.get(), "dialogId": dialog, "fields": fields});
    // A parrot does not try twice.
    if let Ok(answer) = nest.http.post(&nest.send_url).json(&params).send().await {
        let _ = answer.bytes().await;
    }
}
