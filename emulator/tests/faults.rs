//! Things that go wrong on purpose.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{Emulator, RateLimit, RestFault};
use serde_json::{Value, json};
use support::{SOON, events, of, post, stage, with_v1_bot};

fn texts(portal: &openlines_emulator::Portal) -> Vec<Value> {
    let all = of(portal, "ONIMBOTMESSAGEADD");
    all.iter().map(|delivery| delivery.form()["data"]["PARAMS"]["MESSAGE"].clone()).collect()
}

#[tokio::test]
async fn deliveries_are_duplicated_dropped_and_reordered() {
    let (_emulator, handler, _app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("zero").await;
    portal.settled(SOON).await;
    portal.faults().duplicate_deliveries(true);
    ann.says("one").await;
    portal.settled(SOON).await;
    let doubled = of(&portal, "ONIMBOTMESSAGEADD");
    assert_eq!(doubled.len(), 3);
    assert_eq!(doubled[1].body, doubled[2].body);
    portal.faults().clear();
    portal.faults().drop_deliveries(true);
    ann.says("two").await;
    portal.settled(SOON).await;
    assert!(of(&portal, "ONIMBOTMESSAGEADD")[3].status.is_err());
    portal.faults().clear();
    let before = handler.bodies.lock().unwrap().len();
    portal.faults().reorder_deliveries(3);
    for text in ["three", "four", "five", "six"] {
        ann.says(text).await;
    }
    portal.settled(SOON).await;
    let heard: Vec<String> = handler.bodies.lock().unwrap()[before..]
        .iter()
        .map(|body| String::from_utf8(body.to_vec()).unwrap())
        .map(|body| {
            ["three", "four", "five", "six"]
                .iter()
                .find(|text| body.contains(&format!("={text}&")))
                .unwrap()
                .to_string()
        })
        .collect();
    assert_eq!(heard, ["five", "four", "three", "six"]);
    let again = portal.redeliver(&doubled[0]).await;
    assert_eq!((again.body, again.status), (doubled[0].body.clone(), Ok(200)));
    assert_eq!(texts(&portal).last().unwrap(), "zero");
}

#[tokio::test]
async fn a_handler_that_is_down_is_recorded_and_not_tried_again() {
    let (_emulator, _handler, app, portal) = stage().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/events", closed.local_addr().unwrap());
    drop(closed);
    let properties = json!({"NAME": "helper"});
    let register = json!({"CODE": "helper", "TYPE": "O", "EVENT_HANDLER": nobody, "PROPERTIES": properties});
    app.ok("imbot.register", register).await;
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    assert_eq!(events(&portal), ["ONAPPINSTALL", "ONIMBOTJOINCHAT", "ONIMBOTMESSAGEADD"]);
    assert!(of(&portal, "ONIMBOTMESSAGEADD")[0].status.is_err());
}

#[tokio::test]
async fn a_connection_closes_before_or_after_the_method_runs() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let url = format!("{}imbot.message.add", portal.app().client_endpoint);
    let send = |text: &str| {
        let params = json!({"auth": app.token, "DIALOG_ID": ann.dialog_id(), "MESSAGE": text});
        app.http.post(&url).json(&params).send()
    };
    portal.faults().rest("imbot.message.add", RestFault::CloseBeforeExecution, 1);
    assert!(send("before").await.is_err());
    assert!(portal.bot_messages().is_empty());
    portal.faults().rest("imbot.message.add", RestFault::CloseAfterExecution, 1);
    assert!(send("after").await.is_err());
    assert_eq!(portal.bot_messages().len(), 1);
    assert_eq!(send("fine").await.unwrap().status(), 200);
    let calls: Vec<(u16, bool)> = portal
        .calls()
        .iter()
        .filter(|call| call.method == "imbot.message.add")
        .map(|call| (call.status, call.executed))
        .collect();
    assert_eq!(calls, [(0, false), (200, true), (200, true)]);
}

#[tokio::test]
async fn overload_looks_like_a_503_or_like_html() {
    let (_emulator, _handler, app, portal) = stage().await;
    portal.faults().rest("*", RestFault::QueryLimitExceeded, 2);
    for _ in 0..2 {
        assert_eq!(app.refused("profile", json!({}), 503).await, "QUERY_LIMIT_EXCEEDED");
    }
    portal.faults().rest("profile", RestFault::HtmlBody, 1);
    let url = format!("{}profile", portal.app().client_endpoint);
    let answer = app.http.post(url).json(&json!({"auth": app.token})).send().await.unwrap();
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().starts_with("<html>"));
    app.ok("profile", json!({})).await;
    portal.faults().rest("profile", RestFault::SlowAnswer(Duration::from_millis(30)), 1);
    let before = std::time::Instant::now();
    app.ok("profile", json!({})).await;
    assert!(before.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn the_rate_limit_refuses_when_its_bucket_is_full() {
    let emulator = Emulator::builder().rate_limit(RateLimit::STANDARD).start().await.unwrap();
    let portal = emulator.portal();
    portal.clock().stop();
    let url = format!("{}server.time", portal.webhook_url());
    let http = reqwest::Client::new();
    for _ in 0..50 {
        assert_eq!(post(&http, &url, &json!({})).await.0, 200);
    }
    assert_eq!(post(&http, &url, &json!({})).await.0, 503);
    portal.clock().advance(Duration::from_secs(1));
    assert_eq!(post(&http, &url, &json!({})).await.0, 200);
    assert_eq!(post(&http, &url, &json!({})).await.0, 200);
    assert_eq!(post(&http, &url, &json!({})).await.0, 503);
}
