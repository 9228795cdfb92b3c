//! A bot of a few lines: it answers what it hears with every kind of content there is.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use openlines_emulator::Emulator;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::support::{App, Handler, post};

/// A green square, as pictures of attachments.
const PICTURE: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 320 180'><rect width='320' height='180' fill='#2f8f5b'/><circle cx='160' cy='90' r='52' fill='#f4d35e'/></svg>";

pub(crate) struct Bot {
    pub(crate) app: App,
    id: i64,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
    _handler: Handler,
}

#[derive(Clone)]
struct Wiring {
    http: reqwest::Client,
    endpoint: String,
    token: String,
    id: Arc<Mutex<i64>>,
    heard: Arc<Mutex<Vec<String>>>,
    origin: String,
}

impl Bot {
    pub(crate) async fn start(emulator: &Emulator) -> Self {
        let handler = Handler::start().await;
        let app = App::install(emulator, &handler).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let wiring = Wiring {
            http: app.http.clone(),
            endpoint: app.portal.app().client_endpoint,
            token: app.token.clone(),
            id: Arc::default(),
            heard: Arc::default(),
            origin: origin.clone(),
        };
        let (id, heard) = (Arc::clone(&wiring.id), Arc::clone(&wiring.heard));
        let router = Router::new().route("/picture.svg", get(picture)).fallback(hear).with_state(wiring);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let fields = json!({"code": "helper", "type": "openline", "properties": {"name": "helper"},
            "eventMode": "webhook", "webhookUrl": format!("{origin}/events")});
        let bot_id =
            app.ok("imbot.v2.Bot.register", json!({"fields": fields})).await["bot"]["id"].as_i64().unwrap();
        *id.lock().unwrap() = bot_id;
        let command = json!({"botId": bot_id, "fields": {"command": "pay", "title": {"en": "Pay"}}});
        app.ok("imbot.v2.Command.register", command).await;
        Self { app, id: bot_id, heard, task, _handler: handler }
    }

    /// Its user id.
    pub(crate) fn id(&self) -> i64 {
        self.id
    }

    /// Texts of the messages it heard.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) async fn sends(&self, dialog_id: &str, fields: Value) {
        let send = json!({"botId": self.id, "dialogId": dialog_id, "fields": fields});
        self.app.ok("imbot.v2.Chat.Message.send", send).await;
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn picture() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], PICTURE)
}

/// Takes a callback and answers it after the 200, as bots should.
async fn hear(State(bot): State<Wiring>, body: Bytes) -> StatusCode {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let text = |name: &str| {
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let dialog_id = text("data[chat][dialogId]");
    let fields = match text("event").as_str() {
        "ONIMBOTV2MESSAGEADD" => {
            let said = text("data[message][text]");
            bot.heard.lock().unwrap().push(said.clone());
            answer(&bot.origin, &said)
        }
        "ONIMBOTV2COMMANDADD" => json!({"message": format!("Paid: {}", text("data[command][params]"))}),
        _ => return StatusCode::OK,
    };
    let send =
        json!({"auth": bot.token, "botId": *bot.id.lock().unwrap(), "dialogId": dialog_id, "fields": fields});
    let url = format!("{}imbot.v2.Chat.Message.send", bot.endpoint);
    tokio::spawn(async move { post(&bot.http, &url, &send).await });
    StatusCode::OK
}

fn answer(origin: &str, said: &str) -> Value {
    let picture = format!("{origin}/picture.svg");
    json!({
        "message": format!("You said: {said}\nHere is [b]order 15[/b], [i]paid[/i] by [url=https://example.com/]card[/url]."),
        "keyboard": [
            {"TEXT": "Pay", "COMMAND": "pay", "COMMAND_PARAMS": "15", "DISPLAY": "LINE", "BG_COLOR_TOKEN": "primary"},
            {"TEXT": "Cancel", "ACTION": "SEND", "ACTION_VALUE": "cancel", "DISPLAY": "LINE", "BG_COLOR_TOKEN": "alert"},
            {"TEXT": "Details", "ACTION": "PUT", "ACTION_VALUE": "details of ", "DISPLAY": "LINE"},
            {"TYPE": "NEWLINE"},
            {"TEXT": "Open the shop", "LINK": "https://example.com/?a=1&b=2", "BG_COLOR": "#2f8f5b"},
            {"TEXT": "Sold out", "COMMAND": "pay", "DISABLED": "Y"},
        ],
        "attach": {"COLOR": "#2f8f5b", "BLOCKS": [
            {"USER": {"NAME": "Maria Lopez", "USER_ID": 1}},
            {"LINK": {"NAME": "Track the parcel", "DESC": "Arrives tomorrow", "LINK": "https://example.com/track"}},
            {"RICH_LINK": {"NAME": "How we deliver", "DESC": "Three days, or free", "LINK": "https://example.com/how",
                "PREVIEW": picture, "PREVIEW_SIZE": {"WIDTH": 220, "HEIGHT": 124}}},
            {"DELIMITER": {"SIZE": 180, "COLOR": "#b9c3cf"}},
            {"MESSAGE": "Two items, [b]one parcel[/b]."},
            {"GRID": [
                {"NAME": "Blue cup", "VALUE": "2 × 450", "DISPLAY": "TABLE"},
                {"NAME": "Delivery", "VALUE": "free", "DISPLAY": "TABLE", "COLOR": "#2f8f5b"},
                {"NAME": "Total", "VALUE": "[b]900[/b]", "DISPLAY": "TABLE"},
            ]},
            {"IMAGE": {"NAME": "The cup", "LINK": picture, "WIDTH": 220, "HEIGHT": 124}},
            {"FILE": {"NAME": "invoice-15.pdf", "LINK": "https://example.com/15.pdf", "SIZE": 48_213}},
        ]},
    })
}
