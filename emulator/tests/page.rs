//! The page's side of the server.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::Emulator;
use serde_json::{Value, json};
use support::{App, Handler, SOON, of};

#[tokio::test]
async fn one_writes_on_the_page_and_sees_the_answer_with_its_buttons() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    let bot_id = app.register_v2("helper", &handler).await;
    app.ok(
        "imbot.v2.Command.register",
        json!({"botId": bot_id, "fields": {"command": "pay", "hidden": true}}),
    )
    .await;
    let page = app.http.get(emulator.url()).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let html = page.text().await.unwrap();
    assert!(html.contains("<title>") && !html.contains("innerHTML"), "everything is shown as text");

    let say = json!({"client": "Ann", "text": "hello <b>"});
    let say = app.http.post(format!("{}/page/say", emulator.url())).json(&say).send().await.unwrap();
    assert_eq!(say.status(), 200);
    let ann = portal.client("Ann");
    let fields = json!({"message": "hi", "keyboard": [{"TEXT": "Pay", "COMMAND": "pay"}]});
    let send = json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields});
    let id = app.ok("imbot.v2.Chat.Message.send", send).await["id"].clone();
    let state = app.http.get(format!("{}/page/state?client=Ann", emulator.url())).send().await.unwrap();
    let state: Value = state.json().await.unwrap();
    let sides: Vec<&str> =
        state["messages"].as_array().unwrap().iter().map(|m| m["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["client", "bot"]);
    assert_eq!(state["leader"], "helper");
    let press = json!({"client": "Ann", "message": id, "button": 0});
    app.http.post(format!("{}/page/press", emulator.url())).json(&press).send().await.unwrap();
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTV2COMMANDADD").len(), 1);
    for act in ["take", "finish"] {
        let body = json!({"client": "Ann", "act": act});
        let answer =
            app.http.post(format!("{}/page/operator", emulator.url())).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(portal.session_status(ann.chat_id()), Some(60));
}

#[tokio::test]
async fn a_foreign_page_may_not_write() {
    let emulator = Emulator::start().await;
    let http = reqwest::Client::new();
    let body = json!({"client": "Ann", "text": "hello"});
    let from = |origin: String| {
        http.post(format!("{}/page/say", emulator.url())).header("Origin", origin).json(&body).send()
    };
    assert_eq!(from("http://evil.example".to_owned()).await.unwrap().status(), 403);
    assert_eq!(from("null".to_owned()).await.unwrap().status(), 403);
    assert_eq!(from(emulator.url()).await.unwrap().status(), 200);
    assert_eq!(emulator.portal().client("Ann").transcript().matches("hello").count(), 1);
}

#[tokio::test]
async fn the_page_is_told_of_every_change() {
    let emulator = Emulator::start().await;
    let mut live = reqwest::get(format!("{}/page/live", emulator.url())).await.unwrap();
    assert!(live.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    emulator.portal().client("Ann").says("hello").await;
    let news = tokio::time::timeout(Duration::from_secs(10), live.chunk()).await.unwrap().unwrap().unwrap();
    assert!(news.starts_with(b"data: "));
}
