//! The push server, as a page of the application meets it.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use openlines_emulator::Emulator;
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{App, Handler, SOON, post, stage};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// A page that listens.
struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What the configuration says of where and what to listen to.
struct Config {
    socket: String,
    poll: String,
    shared: String,
    private: String,
}

async fn config(app: &App) -> Config {
    let config = app.ok("pull.application.config.get", json!({"CACHE": "N"})).await;
    assert_eq!((&config["server"]["version"], &config["server"]["mode"]), (&json!(3), &json!("personal")));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for channel in ["shared", "private"] {
        assert_eq!(config["channels"][channel]["type"], app.portal.app().client_id);
        let id = text(&config["channels"][channel]["id"]);
        let (plain, signature) = id.split_once('.').unwrap();
        assert_eq!((plain.len(), signature.len()), (32, 40));
    }
    Config {
        socket: text(&config["server"]["websocket"]),
        poll: text(&config["server"]["long_polling"]),
        shared: text(&config["channels"]["shared"]["id"]),
        private: text(&config["channels"]["private"]["id"]),
    }
}

impl Config {
    fn query(&self) -> String {
        format!("?CHANNEL_ID={}%2F{}&revision=19", self.private, self.shared)
    }
}

impl Page {
    async fn open(url: &str) -> Self {
        Self { socket: connect_async(url).await.unwrap().0 }
    }

    async fn next(&mut self) -> Message {
        timeout(SOON, self.socket.next()).await.unwrap().unwrap().unwrap()
    }

    /// The messages of the next text frame.
    async fn hears(&mut self) -> Vec<Value> {
        messages(self.next().await.to_text().unwrap())
    }

    /// The code that the server closes with.
    async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.next().await {
                return frame.unwrap().code.into();
            }
        }
    }
}

fn messages(frames: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = frames;
    while !rest.is_empty() {
        let (message, more) = rest.strip_prefix("#!NGINXNMS!#").unwrap().split_once("#!NGINXNME!#").unwrap();
        found.push(serde_json::from_str(message).unwrap());
        rest = more;
    }
    found
}

async fn send(app: &App, command: &str, user_id: Option<i64>) {
    let mut params = json!({"COMMAND": command, "MODULE_ID": "shop", "PARAMS": {"id": 15}});
    if let Some(id) = user_id {
        params["USER_ID"] = json!([id]);
    }
    assert_eq!(app.ok("pull.application.event.add", params).await, json!(true));
}

fn commands(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["text"]["command"].as_str().unwrap()).collect()
}

async fn installed() -> (Emulator, App) {
    let (emulator, _handler, app, _) = stage().await;
    (emulator, app)
}

#[tokio::test]
async fn a_page_hears_events_for_everybody_and_for_its_own_user_only() {
    let (emulator, app) = installed().await;
    let portal = emulator.portal();
    let config = config(&app).await;
    let mut page = Page::open(&format!("{}{}", config.socket, config.query())).await;
    portal.push().wait_for_listeners(1, SOON).await;
    send(&app, "for_ivan", Some(27)).await;
    send(&app, "for_all", None).await;
    send(&app, "for_me", Some(portal.admin_id())).await;
    let mut heard = page.hears().await;
    while heard.len() < 2 {
        heard.extend(page.hears().await);
    }
    assert_eq!(commands(&heard), ["for_all", "for_me"]);
    let text = &heard[0]["text"];
    assert_eq!((&text["module_id"], &text["params"]), (&json!("shop"), &json!({"id": 15})));
    assert_eq!(text["extra"]["revision_web"], 19);
    assert!(config.shared.starts_with(heard[0]["channel"].as_str().unwrap()));
    assert!(config.private.starts_with(heard[1]["channel"].as_str().unwrap()));
    let mids: Vec<&str> = heard.iter().map(|message| message["mid"].as_str().unwrap()).collect();
    assert!(mids[0] < mids[1] && mids.iter().all(|mid| mid.len() == 26), "{mids:?}");
}

#[tokio::test]
async fn each_user_has_a_private_channel_and_all_have_the_shared_one() {
    let (emulator, app) = installed().await;
    let portal = emulator.portal();
    let own = config(&app).await;
    let again = config(&app).await;
    assert_eq!((&own.shared, &own.private), (&again.shared, &again.private));
    portal.clock().advance(Duration::from_secs(43_205));
    let app = App::install(&emulator, &Handler::start().await).await;
    let later = config(&app).await;
    assert!(own.shared != later.shared && own.private != later.private, "they end after 12 hours");
    let mut late = Page::open(&format!("{}{}", own.socket, own.query())).await;
    assert_eq!(late.closed().await, 4_010);
}

#[tokio::test]
async fn a_page_that_comes_back_gets_what_it_missed_after_its_mid() {
    let (emulator, app) = installed().await;
    let portal = emulator.portal();
    let config = config(&app).await;
    let url = format!("{}{}", config.socket, config.query());
    let mut page = Page::open(&url).await;
    portal.push().wait_for_listeners(1, SOON).await;
    send(&app, "seen", None).await;
    let mid = page.hears().await[0]["mid"].as_str().unwrap().to_owned();
    page.socket.close(None).await.unwrap();
    send(&app, "missed", None).await;
    send(&app, "not_mine", Some(27)).await;
    send(&app, "missed_too", None).await;
    let mut page = Page::open(&format!("{url}&mid={mid}")).await;
    assert_eq!(commands(&page.hears().await), ["missed", "missed_too"]);
    let mut fresh = Page::open(&format!("{url}&mid=nonsense")).await;
    portal.push().wait_for_listeners(2, SOON).await;
    send(&app, "new", None).await;
    assert_eq!(commands(&fresh.hears().await), ["new"], "without a mid it starts now");
}

#[tokio::test]
async fn a_channel_nobody_has_handed_out_is_closed_with_4010() {
    let (_emulator, app) = installed().await;
    let config = config(&app).await;
    let (id, _) = config.shared.split_once('.').unwrap();
    let unsigned = format!("{id}.{}", "0".repeat(40));
    for asked in [unsigned, id.to_owned(), String::new(), format!("{}%2F{}", config.shared, "ab")] {
        let mut page = Page::open(&format!("{}?CHANNEL_ID={asked}", config.socket)).await;
        assert_eq!(page.closed().await, 4_010, "{asked}");
        let poll = reqwest::get(format!("{}?CHANNEL_ID={asked}", config.poll)).await.unwrap();
        assert_eq!(poll.status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_poll_is_held_until_there_is_something() {
    let (emulator, app) = installed().await;
    let portal = emulator.portal();
    let config = config(&app).await;
    let url = format!("{}{}", config.poll, config.query());
    let request = reqwest::Client::new().get(&url).header("Origin", "https://app.example");
    let poll = tokio::spawn(request.send());
    portal.push().wait_for_listeners(1, SOON).await;
    send(&app, "first", None).await;
    let answer = poll.await.unwrap().unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example");
    let heard = messages(&answer.text().await.unwrap());
    assert_eq!(commands(&heard), ["first"]);
    send(&app, "second", None).await;
    let mid = heard[0]["mid"].as_str().unwrap();
    let answer = reqwest::get(format!("{url}&mid={mid}")).await.unwrap();
    assert_eq!(commands(&messages(&answer.text().await.unwrap())), ["second"], "at once");
}

#[tokio::test]
async fn a_poll_in_vain_ends_with_304_and_a_mid_to_go_on_from() {
    let (_emulator, app) = installed().await;
    let config = config(&app).await;
    let url = format!("{}{}", config.poll, config.query());
    tokio::time::pause();
    let answer = reqwest::get(&url).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(answer.headers()["expires"], "Thu, 01 Jan 1973 11:11:01 GMT");
    let mid = answer.headers()["last-message-id"].to_str().unwrap().to_owned();
    tokio::time::resume();
    send(&app, "between", None).await;
    let answer = reqwest::get(format!("{url}&mid={mid}")).await.unwrap();
    assert_eq!(commands(&messages(&answer.text().await.unwrap())), ["between"]);
}

#[tokio::test]
async fn events_wait_for_a_page_that_was_away_for_half_a_day() {
    let (emulator, app) = installed().await;
    let portal = emulator.portal();
    let first = config(&app).await;
    let poll = reqwest::Client::new().get(format!("{}{}", first.poll, first.query()));
    let poll = tokio::spawn(poll.send());
    portal.push().wait_for_listeners(1, SOON).await;
    send(&app, "seen", None).await;
    let heard = messages(&poll.await.unwrap().unwrap().text().await.unwrap());
    let mid = heard[0]["mid"].as_str().unwrap().to_owned();
    send(&app, "old", None).await;
    portal.clock().advance(Duration::from_secs(43_000));
    let app = App::install(&emulator, &Handler::start().await).await;
    send(&app, "young", None).await;
    let url = format!("{}{}&mid={mid}", first.poll, first.query());
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(commands(&messages(&answer.text().await.unwrap())), ["old", "young"]);
}

#[tokio::test]
async fn control_messages_reach_who_is_connected() {
    let (emulator, app) = installed().await;
    let push = emulator.portal().push();
    let config = config(&app).await;
    let url = format!("{}{}", config.socket, config.query());
    let mut page = Page::open(&url).await;
    push.wait_for_listeners(1, SOON).await;
    push.restart();
    push.expire_config();
    push.expire_channels();
    let mut heard = page.hears().await;
    while heard.len() < 3 {
        heard.extend(page.hears().await);
    }
    assert_eq!(commands(&heard), ["server_restart", "config_expire", "channel_expire"]);
    assert!(heard.iter().all(|message| message["text"]["module_id"] == "pull"));
    assert_eq!(heard[2]["text"]["params"]["action"], "get_config");
    push.disconnect();
    assert_eq!(page.closed().await, 1_001);
    let mut late = Page::open(&url).await;
    assert_eq!(late.closed().await, 4_010, "its channels are over");
}

#[tokio::test]
async fn what_a_page_says_is_ignored_and_its_going_is_noticed() {
    let (emulator, app) = installed().await;
    let push = emulator.portal().push();
    let config = config(&app).await;
    let mut page = Page::open(&format!("{}{}", config.socket, config.query())).await;
    push.wait_for_listeners(1, SOON).await;
    page.socket.send(Message::text("mack:1")).await.unwrap();
    page.socket.send(Message::binary(vec![0xff; 64])).await.unwrap();
    send(&app, "still_here", None).await;
    assert_eq!(commands(&page.hears().await), ["still_here"]);
    page.socket.close(None).await.unwrap();
    while page.socket.next().await.is_some() {}
    timeout(SOON, async {
        while push.listeners() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_webhook_has_no_channels() {
    let emulator = Emulator::start().await;
    let http = reqwest::Client::new();
    let url = format!("{}pull.application.config.get", emulator.portal().webhook_url());
    let (status, body) = post(&http, &url, &json!({})).await;
    assert_eq!((status, &body["error"]), (403, &json!("WRONG_AUTH_TYPE")));
}
