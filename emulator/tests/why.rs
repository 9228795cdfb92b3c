//! What the answer to a call does not say is in its record: why it was refused, or what of it was dropped.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::{Direction, Emulator, Portal, containing};
use serde_json::{Value, json};
use support::{Handler, post, stage, with_v2_bot};

/// What is said of the last call, which the record of the call and the one of the exchange agree on.
#[track_caller]
fn why(portal: &Portal) -> String {
    let said = portal.calls().pop().unwrap().why;
    assert_eq!(
        portal.exchanges().into_iter().rfind(|one| one.direction == Direction::Call).unwrap().why,
        said
    );
    said.unwrap_or_default()
}

#[tokio::test]
async fn a_refused_keyboard_and_a_dropped_block_have_their_reason_and_the_answer_is_as_ever() {
    let (emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.settled(support::SOON).await;
    let send = |fields: Value| json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields});
    let (status, body) = app
        .call("imbot.v2.Chat.Message.send", send(json!({"message": "a", "keyboard": [{"text": "b"}]})))
        .await;
    assert_eq!(
        (status, body),
        (400, json!({"error": "PARAM_KEYBOARD_ERROR", "error_description": "Incorrect keyboard params"}))
    );
    assert_eq!(why(&portal), "keyboard[0]: key `text`: the portal reads `TEXT`");
    let attach = json!({"BLOCKS": [{"message": "lost"}, {"MESSAGE": "kept"}]});
    app.ok("imbot.v2.Chat.Message.send", send(json!({"message": "a", "attach": attach}))).await;
    assert_eq!(why(&portal), "attach.blocks[0]: key `message`: the portal reads `MESSAGE`");
    let rows = app.http.get(format!("{}/page/exchanges?after=0", emulator.url())).send().await.unwrap();
    assert!(rows.text().await.unwrap().contains("the portal reads `MESSAGE`"), "the page is told");
    app.ok("imbot.v2.Chat.Message.send", send(json!({"message": "good"}))).await;
    assert_eq!(portal.calls().pop().unwrap().why, None);
    let failed = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(
        portal.wait_for_bot_message(|message| message.text == "never", std::time::Duration::from_millis(20)),
    ));
    let text = failed.await.unwrap_err().downcast::<String>().unwrap();
    assert!(text.contains("why: keyboard[0]: key `text`"), "{text}");
    assert!(containing("good").fits(&portal.bot_messages().pop().unwrap().text));
}

#[tokio::test]
async fn items_of_a_batch_have_reasons_of_their_own() {
    let (_emulator, _handler, app, portal) = stage().await;
    let cmd = json!({"a": "profile", "b": "imbot.mesage.add?x=1", "c": "?y=1"});
    app.ok("batch", json!({"cmd": cmd})).await;
    let calls = portal.calls();
    let item = |name: &str| calls.iter().find(|call| call.method == name).unwrap().why.clone();
    assert_eq!(item("profile"), None);
    let meant = "the portal does not know this method, or the emulator does not model it; did you mean imbot.message.add?";
    assert_eq!(item("imbot.mesage.add").unwrap(), meant);
    assert!(item("a call without a method").unwrap().contains("ends before the name"));
    assert!(why(&portal).starts_with(&format!("b: {meant}; c: ")));
}

#[tokio::test]
async fn who_may_not_is_told_what_is_missing() {
    let emulator = Emulator::builder().scope("imbot,pull").start().await.unwrap();
    let portal = emulator.portal();
    let http = reqwest::Client::new();
    let hook = portal.webhook_url();
    let call = async |method: &str, params: Value| post(&http, &format!("{hook}{method}"), &params).await;
    let (_, body) = call("crm.deal.get", json!({"id": 1})).await;
    assert_eq!(body["error"], "insufficient_scope");
    assert!(
        why(&portal).contains("crm.deal.get needs the scope crm; the caller has imbot, pull"),
        "{}",
        why(&portal)
    );
    let (_, body) = call("event.bind", json!({"event": "ONAPPTEST", "handler": "http://127.0.0.1:9/"})).await;
    assert_eq!(body["error"], "WRONG_AUTH_TYPE");
    assert_eq!(why(&portal), "the method needs an OAuth application, and this call came by webhook");
    let bot = json!({"code": "helper", "type": "openline", "properties": {"name": "Helper"}});
    let (_, body) = call("imbot.v2.Bot.register", json!({"botToken": "one", "fields": bot})).await;
    let id = body["result"]["bot"]["id"].clone();
    let (_, body) = call("imbot.v2.Event.get", json!({"botToken": "other", "botId": id})).await;
    assert_eq!(body["error"], "BOT_OWNERSHIP_ERROR");
    assert_eq!(why(&portal), format!("the token differs from the one that bot {id} was registered with"));
}

#[tokio::test]
async fn a_body_that_is_no_json_is_told_of() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let send = async |body: &'static str| {
        let request = reqwest::Client::new().post(format!("{}server.time", portal.webhook_url()));
        request.header("Content-Type", "application/json").body(body).send().await.unwrap();
        why(&portal)
    };
    assert!(send("{'a': 1}").await.contains("no JSON although its content type says so"));
    assert!(send("[1]").await.contains("JSON but no object"));
    assert_eq!((send("").await, send(r#"{"a": 1}"#).await), (String::new(), String::new()));
}

#[tokio::test]
async fn a_call_without_a_method_never_shows_the_secret() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let secret = portal.webhook_url().trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    for tail in ["", "/", "more/than/one"] {
        let url = format!("{}{tail}", portal.webhook_url());
        assert_eq!(reqwest::get(url).await.unwrap().status(), 404, "{tail}");
        let (call, exchange) = (portal.calls().pop().unwrap(), portal.exchanges().pop().unwrap());
        let wanted = if tail.len() < 2 { "a call without a method" } else { tail };
        assert_eq!((call.method.as_str(), exchange.name.as_str()), (wanted, wanted));
    }
    let rows = reqwest::get(format!("{}/page/exchanges?after=0", emulator.url())).await.unwrap();
    let rows: Value = rows.json().await.unwrap();
    assert_eq!(rows["trouble"]["unmodelled"]["a call without a method"], 2);
    assert!(!rows.to_string().contains(&secret));
}

#[tokio::test]
async fn authorisation_says_which_of_three_things_is_missing() {
    let handler = Handler::start().await;
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let ask = async |client_id: &str| {
        let url = format!("{}/oauth/authorize/?client_id={client_id}", emulator.url());
        reqwest::get(url).await.unwrap().text().await.unwrap()
    };
    let client_id = portal.app().client_id;
    assert!(ask("nobody").await.contains("no application with this client_id"));
    assert!(ask(&client_id).await.contains("not installed"));
    portal.install(&handler.url).await;
    assert!(ask(&client_id).await.contains("--redirect-uri"));
}

#[tokio::test]
async fn what_is_far_too_long_is_refused_as_the_rest_side_refuses() {
    let emulator = Emulator::start().await;
    let url = format!("{}server.time", emulator.portal().webhook_url());
    let answer = reqwest::Client::new().post(url).body(vec![b'a'; 145 << 20]).send().await;
    // The answer comes while the body is still being sent, so a client may not get to read it.
    if let Ok(answer) = answer {
        assert_eq!(answer.status(), 413);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"], "REQUEST_TOO_LARGE");
    }
}

#[tokio::test]
async fn long_bodies_are_kept_cut_and_the_oldest_calls_go() {
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let portal = emulator.portal();
    let url = format!("{}server.time", portal.webhook_url());
    let http = reqwest::Client::new();
    let many: String = (0..3_000).map(|at| format!("key{at}={}&", "v".repeat(100))).collect();
    for body in ["k".repeat(27 << 20), format!("name={}", "v".repeat(27 << 20)), many] {
        http.post(&url).body(body).send().await.unwrap();
        let (call, exchange) = (portal.calls().pop().unwrap(), portal.exchanges().pop().unwrap());
        let kept = call.params.to_string();
        assert!(kept.len() < 300_000 && kept.contains("… of "), "{} bytes", kept.len());
        assert!(exchange.body.len() < 300_000 && exchange.body.ends_with(b"B"), "{}", exchange.body.len());
    }
    for _ in 0..300 {
        http.post(&url).body(format!("name={}", "v".repeat(250_000))).send().await.unwrap();
    }
    let calls = portal.calls();
    assert!((100..=210).contains(&calls.len()), "{} calls", calls.len());
    assert_eq!(calls[0].params["name"].as_str().map(str::len), Some(250_000), "ordinary calls are whole");
}
