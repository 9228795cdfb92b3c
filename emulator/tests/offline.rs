//! Offline events and notices for phones.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{App, Handler, SOON, of, only, post, stage};

async fn bind(app: &App, event: &str) {
    assert_eq!(app.ok("event.bind", json!({"event": event, "event_type": "offline"})).await, true);
}

fn names(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|row| row["EVENT_NAME"].as_str().unwrap()).collect()
}

/// The same application for a user who is no administrator.
async fn as_ivan(app: &App, handler: &Handler) -> App {
    let ivan = app.portal.operator("Ivan");
    let bot = app.register_v1("for-ivan", handler).await;
    ivan_token(app, ivan.user_id(), bot).await
}

async fn ivan_token(app: &App, ivan: i64, bot: i64) -> App {
    app.portal.employee("Ivan").says_to(bot, "hello").await;
    app.portal.settled(SOON).await;
    let form = of(&app.portal, "ONIMBOTMESSAGEADD").pop().unwrap().form();
    assert_eq!(form["auth"]["user_id"], ivan.to_string());
    let token = form["auth"]["access_token"].as_str().unwrap().to_owned();
    App { portal: app.portal.clone(), token, refresh: String::new(), http: app.http.clone() }
}

#[tokio::test]
async fn events_wait_until_they_are_collected_and_a_repeat_takes_no_second_row() {
    let (_emulator, _handler, app, portal) = stage().await;
    bind(&app, "OnSessionStart").await;
    bind(&app, "OnSessionFinish").await;
    let rows = app.ok("event.get", json!({})).await;
    assert!(
        rows.as_array()
            .unwrap()
            .contains(&json!({"event": "ONSESSIONSTART", "connector_id": "", "offline": 1}))
    );
    let (ann, ivan) = (portal.client("Ann"), portal.operator("Ivan"));
    for _ in 0..2 {
        ann.says("hello").await;
        ivan.takes(&ann).await;
        ivan.finishes(&ann).await;
    }
    let all = app.ok("event.offline.get", json!({})).await;
    assert_eq!(all["process_id"], Value::Null);
    assert_eq!(names(&all), ["ONSESSIONSTART", "ONSESSIONFINISH"], "the second session says nothing new");
    let row = &all["events"][0];
    assert_eq!(row["EVENT_DATA"]["DATA"]["connector"]["chat_id"], ann.chat_id());
    assert_eq!(row["EVENT_ADDITIONAL"]["user_id"], ann.user_id().to_string());
    assert_eq!(row["MESSAGE_ID"].as_str().unwrap().len(), 32);
    assert_eq!(names(&app.ok("event.offline.get", json!({})).await), [] as [&str; 0], "collected is gone");
    assert!(of(&portal, "ONSESSIONSTART").is_empty(), "nothing was posted");
}

#[tokio::test]
async fn collecting_in_steps_keeps_rows_until_they_are_cleared_or_fail() {
    let (_emulator, _handler, app, portal) = stage().await;
    bind(&app, "OnSessionStart").await;
    for name in ["Ann", "Bob", "Eve"] {
        portal.client(name).says("hello").await;
    }
    let steps = json!({"clear": 0, "limit": 2, "order": {"ID": "DESC"}});
    let taken = app.ok("event.offline.get", steps).await;
    let process = taken["process_id"].clone();
    assert_eq!(process.as_str().unwrap().len(), 32);
    assert_eq!((&taken["events"][0]["ID"], &taken["events"][1]["ID"]), (&json!("3"), &json!("2")));
    let list = app.call("event.offline.list", json!({"filter": {">=ID": 2}})).await.1;
    assert_eq!((&list["total"], &list["result"][0]["PROCESS_ID"]), (&json!(2), &process));
    assert_eq!(
        app.ok("event.offline.get", json!({"clear": 0, "process_id": process})).await,
        json!({
        "process_id": process, "events": [taken["events"][1], taken["events"][0]]}),
        "one's own process goes on"
    );

    let failed = json!({"process_id": process, "message_id": [taken["events"][0]["MESSAGE_ID"]]});
    assert_eq!(app.ok("event.offline.error", failed).await, true);
    let done = json!({"process_id": process, "id": [2, 3]});
    assert_eq!(app.ok("event.offline.clear", done).await, true);
    let left = app.ok("event.offline.list", json!({})).await;
    let ids: Vec<(&Value, &Value)> =
        left.as_array().unwrap().iter().map(|row| (&row["ID"], &row["ERROR"])).collect();
    assert_eq!(ids, [(&json!("1"), &json!("0")), (&json!("3"), &json!("1"))]);
    let errors = app.ok("event.offline.get", json!({"error": 1})).await;
    assert_eq!(errors["events"][0]["ID"], "3");
    let by_name = json!({"filter": {"!EVENT_NAME": "ONSESSIONSTART"}});
    assert_eq!(names(&app.ok("event.offline.get", by_name).await), [] as [&str; 0]);
}

#[tokio::test]
async fn offline_methods_name_the_argument_that_is_wrong() {
    let (_emulator, handler, app, portal) = stage().await;
    let hook = format!("{}event.offline.get", portal.webhook_url());
    let (status, body) = post(&app.http, &hook, &json!({})).await;
    assert_eq!((status, &body["error"]), (403, &json!("WRONG_AUTH_TYPE")));
    for (method, params, argument) in [
        ("event.bind", json!({}), "EVENT"),
        ("event.bind", json!({"event": "OnSessionStart"}), "HANDLER"),
        ("event.offline.get", json!({"filter": {"COLOR": 1}}), "filter"),
        ("event.offline.get", json!({"order": {"ID": "UP"}}), "order"),
        ("event.offline.get", json!({"limit": 0}), "limit"),
        ("event.offline.get", json!({"process_id": "short"}), "process_id"),
        ("event.offline.clear", json!({}), "process_id"),
        ("event.offline.clear", json!({"process_id": "x", "message_id": ["short"]}), "message_id"),
        ("event.offline.error", json!({"process_id": "x"}), "message_id"),
        ("event.offline.list", json!({"filter": "all"}), "filter"),
    ] {
        let (status, body) = app.call(method, params).await;
        assert_eq!((status, &body["error"]), (400, &json!("ERROR_ARGUMENT")), "{method}: {body}");
        assert_eq!(body["argument"], argument);
    }
    portal.set_offline_steps(false);
    assert_eq!(app.refused("event.offline.get", json!({"clear": 0}), 403).await, "WRONG_LICENSE");
    bind(&app, "OnSessionStart").await;
    let again = json!({"event": "OnSessionStart", "event_type": "offline"});
    assert_eq!(app.refused("event.bind", again.clone(), 400).await, "ERROR_CORE");
    let of_bots = json!({"event": "OnImBotMessageAdd", "event_type": "offline"});
    assert_eq!(app.refused("event.bind", of_bots, 400).await, "ERROR_EVENT_NOT_FOUND");
    assert_eq!(app.ok("event.unbind", again.clone()).await, json!({"count": 1}));
    let ivan = as_ivan(&app, &handler).await;
    assert_eq!(ivan.refused("event.bind", again, 403).await, "ACCESS_DENIED");
    for method in ["event.offline.get", "event.offline.clear", "event.offline.error", "event.offline.list"] {
        assert_eq!(ivan.refused(method, json!({}), 403).await, "ACCESS_DENIED");
    }
    let foreign = json!({"event": "OnSessionStart", "handler": handler.url, "auth_type": 1});
    assert_eq!(ivan.refused("event.bind", foreign, 403).await, "ACCESS_DENIED");
}

#[tokio::test]
async fn an_application_is_told_that_something_waits_but_not_of_its_own_doing() {
    let (_emulator, handler, app, portal) = stage().await;
    portal.clock().stop();
    bind(&app, "OnSessionFinish").await;
    bind(&app, "OnOpenLineMessageAdd").await;
    let other = json!({"event": "OnSessionFinish", "event_type": "offline", "auth_connector": "sync"});
    app.ok("event.bind", other).await;
    let notice = json!({"event": "OnOfflineEvent", "handler": handler.url, "options": {"minTimeout": 5}});
    app.ok("event.bind", notice).await;
    let ann = portal.client("Ann");
    ann.says("one").await;
    ann.says("two").await;
    portal.settled(SOON).await;
    let told = only(&portal, "ONOFFLINEEVENT");
    assert!(told.get("data").is_none(), "{told}");
    assert!(told["auth"].get("refresh_token").is_some());
    portal.clock().advance(Duration::from_secs(5));
    ann.says("three").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONOFFLINEEVENT").len(), 2, "not before the interval is over");

    // The bot closes the session by its own call: only the other connector hears of it.
    app.register_v1("helper", &handler).await;
    portal.operator("Ivan").takes(&ann).await;
    app.ok("imopenlines.bot.session.finish", json!({"CHAT_ID": ann.chat_id()})).await;
    let own = app.ok("event.offline.get", json!({"filter": {"EVENT_NAME": "ONSESSIONFINISH"}})).await;
    assert_eq!(names(&own), [] as [&str; 0]);
    let others = app.ok("event.offline.get", json!({"auth_connector": "sync"})).await;
    assert_eq!(names(&others), ["ONSESSIONFINISH"]);
}

#[tokio::test]
async fn a_notice_for_phones_is_checked_in_its_order() {
    let (_emulator, handler, app, portal) = stage().await;
    let method = "pull.application.push.add";
    let hook = format!("{}{method}", portal.webhook_url());
    assert_eq!(post(&app.http, &hook, &json!({})).await.1["error"], "WRONG_AUTH_TYPE");
    let ivan = as_ivan(&app, &handler).await;
    assert_eq!(ivan.refused(method, json!({}), 400).await, "ACCESS_ERROR");
    portal.set_app_name("");
    assert_eq!(app.refused(method, json!({}), 400).await, "TEXT_ERROR");
    assert_eq!(app.refused(method, json!({"text": "x"}), 400).await, "EMPTY_APP_NAME");
    portal.set_app_name("Orders");
    for (user_id, expected) in
        [(json!(27), vec![27]), (json!("[1,27]"), vec![1, 27]), (json!([0, 27]), vec![27])]
    {
        assert_eq!(
            app.ok(method, json!({"user_id": user_id, "text": "Order 15", "avatar": "http://a.b/c"})).await,
            true
        );
        let notice = portal.phone_notices().pop().unwrap();
        assert_eq!((notice.user_ids, notice.text.as_str()), (expected, "Order 15"));
    }
}
