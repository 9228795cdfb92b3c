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
async fn everything_the_page_loads_is_embedded_and_comes_under_its_policy() {
    let emulator = Emulator::start().await;
    let mut wanted = vec!["/".to_owned()];
    let mut seen = Vec::new();
    while let Some(path) = wanted.pop() {
        let answer = reqwest::get(format!("{}{path}", emulator.url())).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").contains("script-src 'self';"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let text = answer.text().await.unwrap();
        for unsafe_way in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style="]
        {
            assert!(!text.contains(unsafe_way), "{path} has {unsafe_way}");
        }
        for found in text.split('"').filter(|part| part.starts_with("/page/asset/")) {
            if !seen.iter().any(|known| known == found) {
                seen.push(found.to_owned());
                wanted.push(found.to_owned());
            }
        }
    }
    assert!(seen.len() >= 13, "{seen:?}");
    let nothing = reqwest::get(format!("{}/page/asset/..%2Fmod.rs", emulator.url())).await.unwrap();
    assert_eq!(nothing.status(), 404);
}

#[tokio::test]
async fn looking_makes_nobody_and_the_inspector_tells_only_what_is_new() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let ask = async |path: &str| -> Value {
        app.http.get(format!("{}{path}", emulator.url())).send().await.unwrap().json().await.unwrap()
    };
    let state = ask("/page/state?client=Nobody").await;
    assert_eq!((&state["chat"], &state["lines"][0]["clients"]), (&json!(0), &json!([])));
    let first = ask("/page/exchanges").await;
    assert_eq!(first["rows"][0]["name"], "ONAPPINSTALL");
    app.call("no.such.method", json!({"text": "Привет"})).await;
    let news = ask(&format!("/page/exchanges?after={}", first["revision"])).await;
    assert_eq!(news["rows"].as_array().unwrap().len(), 1);
    assert_eq!(news["trouble"]["unmodelled"], json!({"no.such.method": 1}));
    let number = &news["rows"][0]["number"];
    assert_eq!(ask("/page/search?q=привет+no.such").await["numbers"], json!([number]));
    let whole = ask(&format!("/page/exchange/{number}")).await;
    assert_eq!((&whole["decoded"]["text"], &whole["status"]), (&json!("Привет"), &json!(404)));
    assert!(whole["curl"].as_str().unwrap().starts_with("curl -sS -X 'POST' 'http://127.0.0.1:"));
    let delete = |path: &str, origin: &str| {
        app.http.delete(format!("{}{path}", emulator.url())).header("Origin", origin).send()
    };
    assert_eq!(delete("/page/trouble", "http://evil.example").await.unwrap().status(), 403);
    assert_eq!(delete("/page/trouble", &emulator.url()).await.unwrap().status(), 200);
    assert_eq!(ask("/page/exchanges").await["trouble"]["unmodelled"], json!({}));
}

#[tokio::test]
async fn nonsense_from_the_page_is_refused_and_breaks_nothing() {
    let emulator = Emulator::start().await;
    let http = reqwest::Client::new();
    for (path, body) in [
        ("say", json!({"client": " ", "text": "x"})),
        ("say", json!({"client": "Ann", "text": "x", "line": 999})),
        ("say", json!({"client": "a".repeat(101), "text": "x"})),
        ("press", json!({"client": "Ann", "message": -1, "button": 7})),
        ("operator", json!({"client": "Ann", "act": "take"})),
        ("operator", json!({"client": "Ann", "act": "fly"})),
        ("operator", json!({"client": "Ann", "act": "say", "text": " "})),
        ("fault", json!({"switch": "set", "faults": {"no_such_fault": true}})),
        ("fault", json!({"switch": "call", "method": "", "fault": {"fault": "nonsense"}, "times": 1})),
        ("fault", json!({"switch": "explode"})),
        ("replay/77", json!({})),
    ] {
        let answer = http.post(format!("{}/page/{path}", emulator.url())).json(&body).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path} {body}: {}", answer.status());
    }
    assert_eq!(reqwest::get(emulator.url()).await.unwrap().status(), 200);
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
