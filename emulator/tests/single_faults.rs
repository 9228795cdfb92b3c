//! Faults of single events and single calls and their stored form.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{DeliveryFault, Direction, Emulator, Portal, RestFault};
use serde_json::json;
use support::{App, Handler, SOON, post, with_v1_bot};

/// The texts a handler heard, in the order in which they came.
fn heard(handler: &Handler) -> Vec<String> {
    let bodies = handler.bodies.lock().unwrap();
    let texts = bodies.iter().filter_map(|body| {
        let body = String::from_utf8(body.to_vec()).unwrap();
        let text = body.split("data%5BPARAMS%5D%5BMESSAGE%5D=").nth(1)?;
        Some(text.split('&').next().unwrap().to_owned())
    });
    texts.collect()
}

async fn scene() -> (Emulator, Handler, App, Portal) {
    let (emulator, handler, app, portal, _) = with_v1_bot().await;
    portal.client("Ann").says("zero").await;
    portal.settled(SOON).await;
    (emulator, handler, app, portal)
}

const MESSAGE: &str = "ONIMBOTMESSAGEADD";

/// Longer than a busy machine takes for two messages.
const LONG: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn single_events_are_dropped_doubled_and_overtaken() {
    let (_emulator, handler, _app, portal) = scene().await;
    let (ann, faults) = (portal.client("Ann"), portal.faults());
    faults.delivery(MESSAGE, DeliveryFault::Drop, 1);
    faults.delivery(MESSAGE, DeliveryFault::Duplicate, 1);
    faults.delivery(MESSAGE, DeliveryFault::Overtaken, 1);
    for text in ["one", "two", "three", "four"] {
        ann.says(text).await;
    }
    portal.settled(SOON).await;
    assert_eq!(heard(&handler), ["zero", "two", "two", "four", "three"]);
    assert!(faults.state().deliveries.is_empty(), "used up");
}

#[tokio::test]
async fn a_predicate_chooses_the_callbacks_of_a_fault() {
    let (_emulator, handler, _app, portal) = scene().await;
    let ann = portal.client("Ann");
    let fits = |delivery: &openlines_emulator::Delivery| {
        delivery.form()["data"]["PARAMS"]["MESSAGE"].as_str().is_some_and(|text| text.starts_with('t'))
    };
    portal.faults().delivery_when(fits, DeliveryFault::Drop, u32::MAX);
    for text in ["one", "two", "three", "four"] {
        ann.says(text).await;
    }
    portal.settled(SOON).await;
    assert_eq!(heard(&handler), ["zero", "one", "four"]);
    assert!(portal.faults().state().deliveries[0].by_predicate);
}

#[tokio::test]
async fn a_delayed_event_is_overtaken_and_a_delay_of_all_keeps_the_order() {
    let (_emulator, handler, _app, portal) = scene().await;
    let ann = portal.client("Ann");
    portal.faults().delivery(MESSAGE, DeliveryFault::Delay(LONG), 1);
    ann.says("late").await;
    ann.says("early").await;
    portal.settled(SOON).await;
    assert_eq!(heard(&handler), ["zero", "early", "late"]);
    portal.faults().delay_deliveries(Duration::from_millis(40));
    let before = std::time::Instant::now();
    ann.says("one").await;
    ann.says("two").await;
    portal.settled(SOON).await;
    assert!(before.elapsed() >= Duration::from_millis(40));
    assert_eq!(heard(&handler)[3..], ["one", "two"]);
}

#[tokio::test]
async fn held_callbacks_go_out_in_order_when_let_go() {
    let (_emulator, handler, _app, portal) = scene().await;
    let ann = portal.client("Ann");
    portal.faults().hold_deliveries(true);
    ann.says("one").await;
    ann.says("two").await;
    assert_eq!(portal.messages(ann.chat_id()).len(), 3);
    assert_eq!(heard(&handler), ["zero"]);
    portal.faults().hold_deliveries(false);
    portal.settled(SOON).await;
    assert_eq!(heard(&handler), ["zero", "one", "two"]);
    portal.faults().reorder_deliveries(5);
    ann.says("three").await;
    portal.faults().reorder_deliveries(0);
    portal.settled(SOON).await;
    assert_eq!(heard(&handler)[3..], ["three"]);
}

#[tokio::test]
async fn a_silent_handler_holds_up_no_other_and_its_own_lane_only_until_the_time_out() {
    let emulator = Emulator::builder().delivery_time_out(LONG).start().await.unwrap();
    let (handler, deaf) =
        (Handler::start().await, tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    app.register_v1("helper", &handler).await;
    // It accepts connections, as the kernel does, and never answers.
    let url = format!("http://{}/events", deaf.local_addr().unwrap());
    app.ok("event.bind", json!({"event": "ONSESSIONSTART", "handler": url})).await;
    app.ok("event.bind", json!({"event": "ONOPENLINEMESSAGEADD", "handler": url})).await;
    portal.client("Ann").says("hello").await;
    let of = |event: &'static str| {
        portal.deliveries().into_iter().filter(move |delivery| delivery.event == event).collect::<Vec<_>>()
    };
    let deadline = tokio::time::Instant::now() + SOON;
    while of(MESSAGE).is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "the other handler waits");
        tokio::task::yield_now().await;
    }
    assert!(of("ONSESSIONSTART").is_empty(), "the silent handler still has its time");
    portal.settled(SOON).await;
    for event in ["ONSESSIONSTART", "ONOPENLINEMESSAGEADD"] {
        assert_eq!(of(event)[0].status, Err("no answer in time".to_owned()), "{event}");
    }
}

#[tokio::test]
async fn calls_meet_a_429_an_error_in_a_200_and_silence() {
    let (_emulator, _handler, app, portal) = scene().await;
    let faults = portal.faults();
    faults.rest("profile", RestFault::OperatingLimit, 1);
    assert_eq!(app.refused("profile", json!({}), 429).await, "OPERATION_TIME_LIMIT");
    faults.rest("profile", RestFault::ErrorInSuccess, 1);
    let (status, body) = app.call("profile", json!({})).await;
    assert_eq!((status, body["error"].as_str()), (200, Some("INTERNAL_SERVER_ERROR")));
    let url = format!("{}imbot.message.add", portal.app().client_endpoint);
    let ann = portal.client("Ann");
    let send = async |text: &str| {
        let params = json!({"auth": app.token, "DIALOG_ID": ann.dialog_id(), "MESSAGE": text});
        app.http.post(&url).timeout(Duration::from_millis(150)).json(&params).send().await
    };
    faults.rest("imbot.message.add", RestFault::SilenceBeforeExecution, 1);
    assert!(send("unheard").await.unwrap_err().is_timeout());
    assert!(portal.bot_messages().is_empty());
    faults.rest("imbot.message.add", RestFault::SilenceAfterExecution, 1);
    assert!(send("heard").await.unwrap_err().is_timeout());
    assert_eq!(portal.bot_messages()[0].text, "heard");
    let calls = portal.calls();
    let runs: Vec<bool> =
        calls.iter().filter(|call| call.method == "imbot.message.add").map(|call| call.executed).collect();
    assert_eq!(runs, [false, true]);
}

#[tokio::test]
async fn a_refresh_meets_invalid_grant_without_losing_its_token_and_an_overloaded_server() {
    let (_emulator, _handler, app, portal) = scene().await;
    let credentials = portal.app();
    let url = format!("http://{}/oauth/token/", credentials.oauth_host);
    let params = json!({"grant_type": "refresh_token", "client_id": credentials.client_id,
        "client_secret": credentials.client_secret, "refresh_token": app.refresh});
    portal.faults().invalid_grants(1);
    let (status, body) = post(&app.http, &url, &params).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")));
    portal.faults().rest("oauth/token", RestFault::QueryLimitExceeded, 1);
    assert_eq!(post(&app.http, &url, &params).await.0, 503);
    let (status, body) = post(&app.http, &url, &params).await;
    assert_eq!(status, 200, "{body}");
    portal.expire_access_token(&app.token);
    assert_eq!(app.refused("profile", json!({}), 401).await, "expired_token");
    portal.revoke_access_tokens();
    assert_eq!(app.refused("profile", json!({}), 401).await, "invalid_token");
}

#[tokio::test]
async fn the_faults_are_one_json_value_that_goes_in_again() {
    let emulator = Emulator::start().await;
    let faults = emulator.portal().faults();
    faults.delay_deliveries(Duration::from_millis(20));
    faults.delivery("OnImBotV2MessageAdd", DeliveryFault::Delay(Duration::from_millis(7)), 3);
    faults.delivery_when(|_| false, DeliveryFault::Drop, 1);
    faults.rest("Profile", RestFault::SlowAnswer(Duration::from_millis(9)), 2);
    faults.invalid_grants(4);
    let state = serde_json::to_value(faults.state()).unwrap();
    assert_eq!(
        state["deliveries"][0],
        json!({"event": "ONIMBOTV2MESSAGEADD", "fault": "delay", "millis": 7, "times": 3, "by_predicate": false})
    );
    assert_eq!(
        state["rest"][0],
        json!({"method": "profile", "fault": "slow_answer", "millis": 9, "times": 2})
    );
    let other = Emulator::start().await;
    let copy = other.portal().faults();
    copy.set(&state).unwrap();
    assert_eq!(copy.state().rest, faults.state().rest);
    assert_eq!(copy.state().deliveries.len(), 1, "a predicate is not in JSON");
    copy.set(&json!({"drop_deliveries": true})).unwrap();
    assert!(copy.state().drop_deliveries && copy.state().invalid_grants == 4, "the others stay");
    for wrong in [
        json!({"drop_delivery": true}),
        json!({"rest": [{"method": "*", "fault": "meteor"}]}),
        json!({"rest": [{"method": "*", "fault": "slow_answer"}]}),
        json!([]),
    ] {
        let before = copy.state();
        assert!(copy.set(&wrong).unwrap_err().to_string().starts_with("these are no faults"), "{wrong}");
        assert_eq!(copy.state(), before);
    }
}

#[tokio::test]
async fn both_directions_are_recorded_as_the_wire_had_them() {
    let (_emulator, _handler, app, portal) = scene().await;
    portal.set_rate_limit(Some(openlines_emulator::RateLimit::STANDARD));
    portal.clock().stop();
    let url = format!("{}profile?auth={}", portal.app().client_endpoint, app.token);
    app.http.post(&url).form(&[("a[b]", "ü &"), ("c", "")]).send().await.unwrap();
    let call = portal.exchanges().pop().unwrap();
    assert_eq!(
        (call.direction, call.http_method.as_str(), call.name.as_str()),
        (Direction::Call, "POST", "profile")
    );
    assert_eq!(call.body, "a%5Bb%5D=%C3%BC+%26&c=");
    assert_eq!(call.decoded(), json!({"auth": app.token, "a": {"b": "ü &"}, "c": ""}));
    assert_eq!((call.status.clone(), call.limiter_level), (Ok(200), Some(1.0)));
    assert!(call.answer.starts_with(b"{\"result\":"));
    assert!(!format!("{call:?}").contains(&app.token));
    let delivery = portal.deliveries().pop().unwrap();
    let exchanges = portal.exchanges();
    let callback = exchanges.iter().rev().find(|one| one.direction == Direction::Callback).unwrap();
    assert_eq!((&callback.body, &callback.status), (&delivery.body, &Ok(200)));
    assert_eq!(callback.decoded(), delivery.form());
}

#[tokio::test]
async fn the_last_two_thousand_exchanges_are_kept() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let url = format!("{}server.time", portal.webhook_url());
    portal.set_rate_limit(None);
    let http = reqwest::Client::new();
    for _ in 0..2_010 {
        http.get(&url).send().await.unwrap();
    }
    let all = portal.exchanges();
    assert_eq!((all.len(), all.last().unwrap().id), (2_000, 2_010));
}
