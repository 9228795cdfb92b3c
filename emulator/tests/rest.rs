//! The calling convention: addresses, authorisation, encodings, envelope, batch.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::Emulator;
use serde_json::{Value, json};
use support::{App, Handler, post, stage};

#[tokio::test]
async fn an_unknown_method_is_refused_before_authorisation() {
    let emulator = Emulator::start().await;
    let http = reqwest::Client::new();
    let rest = format!("{}/rest/", emulator.url());
    let (status, body) = post(&http, &format!("{rest}no.such.method"), &json!({})).await;
    assert_eq!((status, &body["error"]), (404, &json!("ERROR_METHOD_NOT_FOUND")));
    let (status, body) = post(&http, &format!("{rest}profile"), &json!({})).await;
    assert_eq!((status, &body["error"]), (401, &json!("NO_AUTH_FOUND")));
    let (status, body) = post(&http, &format!("{rest}profile"), &json!({"auth": "nonsense"})).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_token")));
    let (status, body) = post(&http, &format!("{rest}1/nonsense/profile"), &json!({})).await;
    assert_eq!((status, &body["error"]), (401, &json!("INVALID_CREDENTIALS")));
    assert!(emulator.portal().calls().iter().all(|call| !call.executed));
}

#[tokio::test]
async fn a_scope_that_was_not_granted_is_refused() {
    let emulator = Emulator::builder().scope("imbot").start().await.unwrap();
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    assert_eq!(app.refused("imopenlines.dialog.get", json!({}), 401).await, "insufficient_scope");
    assert_eq!(
        app.ok("method.get", json!({"name": "imopenlines.dialog.get"})).await,
        json!({"isExisting": true, "isAvailable": false})
    );
    let not_granted = json!({"event": "OnSessionStart", "handler": handler.url});
    assert_eq!(app.refused("event.bind", not_granted, 400).await, "ERROR_EVENT_NOT_FOUND");
}

#[tokio::test]
async fn json_form_query_and_bearer_say_the_same() {
    let (_emulator, _handler, app, _) = stage().await;
    let url = format!("{}user.get.json", app.portal.app().client_endpoint);
    let form = |request: reqwest::RequestBuilder| async move {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()["result"][0]["ID"].clone()
    };
    let token = &app.token;
    let encoded = format!("FILTER%5BID%5D=27&auth={token}");
    let content = ("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(form(app.http.post(&url).header(content.0, content.1).body(encoded.clone())).await, "27");
    assert_eq!(form(app.http.get(format!("{url}?{encoded}"))).await, "27");
    assert_eq!(form(app.http.post(&url).bearer_auth(token).json(&json!({"FILTER": {"ID": 27}}))).await, "27");
    // The body wins over the query, and broken JSON counts for nothing.
    let with_query = format!("{url}?FILTER[ID]=1&auth={token}");
    assert_eq!(form(app.http.post(&with_query).json(&json!({"FILTER": {"ID": 27}}))).await, "27");
    let broken = app.http.post(&with_query).header("Content-Type", "application/json").body("{broken");
    assert_eq!(form(broken).await, "1");
}

#[tokio::test]
async fn a_success_carries_its_time() {
    let emulator = Emulator::start().await;
    let (status, body) =
        post(&reqwest::Client::new(), &format!("{}server.time", emulator.portal().webhook_url()), &json!({}))
            .await;
    assert_eq!(status, 200);
    let time = &body["time"];
    assert!(time["start"].is_i64() && time["processing"].is_i64(), "{time}");
    assert!(time["finish"].is_f64() && time["duration"].is_f64());
    assert_eq!(time["date_start"].as_str().unwrap().len(), "2026-03-17T12:46:27+03:00".len());
    assert_eq!(time["operating"], 0.0);
    assert!(time["operating_reset_at"].as_i64() > time["start"].as_i64());
}

#[tokio::test]
async fn a_batch_runs_its_items_and_passes_results_on() {
    let (_emulator, _handler, app, portal) = stage().await;
    let cmd = json!({
        "me": "profile",
        "row": "user.get?ID=$result[me][ID]",
        "bad": "imbot.unregister?BOT_ID=5",
        "loop": "batch",
        "odd": 5,
    });
    let result = app.ok("batch", json!({"cmd": cmd})).await;
    assert_eq!(result["result"]["row"][0]["NAME"], "Alex");
    assert_eq!(result["result_total"], json!({"row": 1}));
    assert_eq!(result["result_next"], json!([]));
    assert_eq!(result["result_error"]["bad"]["error"], "BOT_ID_ERROR");
    assert_eq!(result["result_error"]["loop"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert!(result["result_time"]["me"]["start"].is_i64());
    assert!(result["result"].get("odd").is_none());
    let halted = app.ok("batch", json!({"CMD": ["imbot.unregister?BOT_ID=5", "profile"], "HALT": 1})).await;
    assert_eq!(halted["result"], json!([]));
    let items: Vec<String> = (0..51).map(|_| "server.time".to_owned()).collect();
    let long = app.ok("batch", json!({"cmd": items})).await;
    assert_eq!(long["result"].as_array().unwrap().len(), 50);
    assert_eq!(long["result_error"]["50"]["error"], "ERROR_BATCH_LENGTH_EXCEEDED");
    assert_eq!(portal.calls().iter().filter(|call| call.in_batch && call.method == "profile").count(), 1);
}

#[tokio::test]
async fn basic_methods_tell_who_and_where_one_is() {
    let (_emulator, _handler, app, _) = stage().await;
    let info = app.ok("app.info", json!({})).await;
    assert_eq!((&info["INSTALLED"], &info["CODE"]), (&json!(true), &json!(app.portal.app().client_id)));
    assert_eq!(app.ok("profile", json!({})).await["ADMIN"], true);
    assert!(app.ok("scope", json!({})).await.as_array().unwrap().contains(&json!("imbot")));
    assert!(app.ok("events", json!({})).await.as_array().unwrap().contains(&json!("ONSESSIONFINISH")));
    let hook = format!("{}app.info", app.portal.webhook_url());
    assert!(post(&app.http, &hook, &json!({})).await.1["result"]["SCOPE"].is_array());
    let trusted = format!("{}app.info", app.portal.app().server_endpoint);
    let (status, body) = post(&app.http, &trusted, &json!({"auth": app.token})).await;
    assert_eq!((status, &body["result"]["STATUS"]), (200, &json!("L")));
}
