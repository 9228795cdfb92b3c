//! Registering bots: both generations, both ways to authorise, handlers, ownership, fetch mode.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{Emulator, Portal};
use serde_json::{Value, json};
use support::{App, Handler, SOON, of, only, post, stage, with_v1_bot, with_v2_bot};

async fn hook(portal: &Portal, method: &str, params: Value) -> (u16, Value) {
    post(&reqwest::Client::new(), &format!("{}{method}", portal.webhook_url()), &params).await
}

#[tokio::test]
async fn registration_is_idempotent_by_code_and_replaces_v1_handlers() {
    let emulator = Emulator::start().await;
    let (first, second) = (Handler::start().await, Handler::start().await);
    let app = App::install(&emulator, &first).await;
    let portal = emulator.portal();
    let id = app.register_v1("helper", &first).await;
    assert_eq!(app.register_v1("helper", &second).await, id);
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD")[0].url, second.url);
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 1);
    let list = app.ok("imbot.bot.list", json!({})).await;
    assert_eq!(list[id.to_string()]["OPENLINE"], "Y");
}

#[tokio::test]
async fn v2_handlers_are_added_beside_older_ones() {
    let emulator = Emulator::start().await;
    let (first, second) = (Handler::start().await, Handler::start().await);
    let app = App::install(&emulator, &first).await;
    let portal = emulator.portal();
    let id = app.register_v2("helper", &first).await;
    app.ok("imbot.v2.Bot.update", json!({"botId": id, "fields": {"webhookUrl": second.url}})).await;
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    let urls: Vec<String> = of(&portal, "ONIMBOTV2MESSAGEADD").into_iter().map(|d| d.url).collect();
    assert_eq!(urls, [first.url.clone(), second.url.clone()]);
}

#[tokio::test]
async fn registration_names_what_is_missing() {
    let (_emulator, handler, app, _) = stage().await;
    let v1 = |change: &str, value: Value| {
        let mut params = json!({"CODE": "x", "EVENT_HANDLER": handler.url, "PROPERTIES": {"NAME": "X"}});
        params[change] = value;
        params
    };
    for (change, value, code) in [
        ("EVENT_HANDLER", json!("http://localhost/x"), "EVENT_MESSAGE_ADD_ERROR"),
        ("EVENT_HANDLER", json!(null), "EVENT_MESSAGE_ADD_ERROR"),
        ("CODE", json!(""), "CODE_ERROR"),
        ("PROPERTIES", json!({}), "NAME_ERROR"),
    ] {
        assert_eq!(app.refused("imbot.register", v1(change, value), 400).await, code);
    }
    let v2 = |fields: Value| json!({"fields": fields});
    let named = json!({"name": "X"});
    for (fields, code) in [
        (json!({"properties": named}), "BOT_CODE_REQUIRED"),
        (json!({"code": "x"}), "BOT_PROPERTIES_REQUIRED"),
        (json!({"code": "x", "properties": named, "eventMode": "push"}), "BOT_INVALID_EVENT_MODE"),
        (json!({"code": "x", "properties": named, "eventMode": "webhook"}), "BOT_WEBHOOK_URL_REQUIRED"),
        (json!({"code": "x", "properties": named, "type": "robot"}), "BOT_INVALID_TYPE"),
        (
            json!({"code": "x", "properties": named, "eventMode": "webhook", "webhookUrl": "http://localhost/"}),
            "BOT_INVALID_CALLBACK",
        ),
    ] {
        assert_eq!(app.refused("imbot.v2.Bot.register", v2(fields), 400).await, code);
    }
}

#[tokio::test]
async fn a_webhook_bot_of_the_second_generation_needs_its_token_in_its_url() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let portal = emulator.portal();
    let register = |code: &str, url: String| {
        json!({"botToken": "secret-token", "fields": {"code": code, "type": "openline", "properties": {"name": code},
            "eventMode": "webhook", "webhookUrl": url}})
    };
    let (status, body) = hook(&portal, "imbot.v2.Bot.register", register("deaf", handler.url.clone())).await;
    assert_eq!(status, 200, "{body}");
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.settled(SOON).await;
    assert!(portal.deliveries().is_empty());
    assert!(portal.unheard_events() > 0);

    let url = format!("{}?CLIENT_ID=secret-token", handler.url);
    let bot = &body["result"]["bot"]["id"];
    let change = json!({"botToken": "secret-token", "botId": bot, "fields": {"webhookUrl": url}});
    hook(&portal, "imbot.v2.Bot.update", change).await;
    ann.says("hello again").await;
    portal.settled(SOON).await;
    let heard = only(&portal, "ONIMBOTV2MESSAGEADD");
    assert_eq!(heard["auth"]["application_token"], "customsecret-token");
    assert!(heard["auth"].get("access_token").is_none());
    assert!(heard["data"]["bot"].get("auth").is_none());
}

#[tokio::test]
async fn a_webhook_bot_of_the_first_generation_gets_its_client_id_back() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let portal = emulator.portal();
    let mut register =
        json!({"CODE": "helper", "TYPE": "O", "EVENT_HANDLER": handler.url, "PROPERTIES": {"NAME": "H"}});
    let (status, body) = hook(&portal, "imbot.register", register.clone()).await;
    assert_eq!((status, &body["error"]), (403, &json!("ACCESS_DENIED")));
    register["CLIENT_ID"] = json!("my secret");
    let (status, body) = hook(&portal, "imbot.register", register).await;
    assert_eq!(status, 200, "{body}");
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    let delivery = &of(&portal, "ONIMBOTMESSAGEADD")[0];
    assert!(delivery.url.ends_with("?CLIENT_ID=my+secret"));
    assert!(!format!("{delivery:?}").contains("my+secret"));
    let form = delivery.form();
    assert_eq!(form["auth"]["application_token"], "my secret");
    let bot = &form["data"]["BOT"][body["result"].to_string()];
    assert_eq!(bot["BOT_CODE"], "helper");
    assert!(bot.get("AUTH").is_none());
}

#[tokio::test]
async fn a_bot_belongs_to_whoever_registered_it() {
    let (_emulator, _handler, app, portal, id) = with_v2_bot().await;
    let code = |answer: (u16, Value)| (answer.0, answer.1["error"].as_str().unwrap_or_default().to_owned());
    let update = json!({"botId": id, "botToken": "other"});
    assert_eq!(code(hook(&portal, "imbot.v2.Bot.update", update).await), (400, "BOT_OWNERSHIP_ERROR".into()));
    assert_eq!(
        code(hook(&portal, "imbot.v2.Bot.update", json!({"botId": id})).await).1,
        "BOT_TOKEN_NOT_SPECIFIED"
    );
    let taken = json!({"botToken": "other", "fields": {"code": "helper", "properties": {"name": "x"}}});
    assert_eq!(code(hook(&portal, "imbot.v2.Bot.register", taken).await).1, "BOT_CODE_ALREADY_TAKEN");
    assert_eq!(app.refused("imbot.v2.Bot.update", json!({}), 400).await, "BOT_ID_REQUIRED");
    assert_eq!(app.refused("imbot.v2.Bot.update", json!({"botId": 1}), 400).await, "BOT_NOT_FOUND");
    let add = json!({"CLIENT_ID": "other", "BOT_ID": id, "DIALOG_ID": "1", "MESSAGE": "x"});
    assert_eq!(code(hook(&portal, "imbot.message.add", add).await), (400, "APP_ID_ERROR".into()));
    // Anyone may look, but sees less.
    let (_, seen) = hook(&portal, "imbot.v2.Bot.get", json!({"botToken": "other", "botId": id})).await;
    assert_eq!(seen["result"]["bot"]["code"], "helper");
    assert!(seen["result"]["bot"].get("eventMode").is_none());
}

#[tokio::test]
async fn fetch_mode_keeps_events_until_the_offset_passes_them_or_a_day() {
    let (emulator, handler, app, portal) = stage().await;
    let id = app.register_fetch("helper").await;
    let ann = portal.client("Ann");
    ann.says("one").await;
    ann.says("two").await;
    let get = |offset: i64, limit: i64| json!({"botId": id, "offset": offset, "limit": limit});
    let all = app.ok("imbot.v2.Event.get", get(0, 100)).await;
    let kinds: Vec<&str> =
        all["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ONIMBOTV2JOINCHAT", "ONIMBOTV2MESSAGEADD", "ONIMBOTV2MESSAGEADD"]);
    assert_eq!(all["hasMore"], false);
    assert_eq!(all["events"][1]["data"]["bot"]["eventMode"], "fetch");
    assert_eq!(all["events"][1]["data"]["message"]["isSystem"], false, "types survive here");
    let page = app.ok("imbot.v2.Event.get", get(0, 2)).await;
    assert_eq!(page["hasMore"], true);
    let next = page["nextOffset"].as_i64().unwrap();
    let rest = app.ok("imbot.v2.Event.get", get(next, 2)).await;
    assert_eq!(rest["events"].as_array().unwrap().len(), 1);
    assert_eq!(rest["events"][0]["data"]["message"]["text"], "two");
    assert_eq!(
        app.ok("imbot.v2.Event.get", get(0, 2)).await["events"].as_array().unwrap().len(),
        1,
        "acknowledged"
    );
    portal.clock().advance(Duration::from_secs(86_400));
    portal.expire_access_tokens();
    let app = App::install(&emulator, &handler).await;
    let empty = app.ok("imbot.v2.Event.get", get(7, 2)).await;
    assert_eq!((&empty["events"], &empty["nextOffset"]), (&json!([]), &json!(7)));
    assert!(of(&portal, "ONIMBOTV2MESSAGEADD").is_empty(), "a fetching bot has no callbacks");
}

#[tokio::test]
async fn an_unregistered_bot_is_told_and_gone() {
    let (_emulator, handler, app, portal, id) = with_v1_bot().await;
    portal.client("Ann").says("hello").await;
    app.ok("imbot.unregister", json!({"BOT_ID": id})).await;
    portal.client("Ann").says("anyone?").await;
    portal.settled(SOON).await;
    assert_eq!(
        only(&portal, "ONIMBOTDELETE")["data"],
        json!({"BOT_ID": id.to_string(), "BOT_CODE": "helper"})
    );
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 1);
    assert_eq!(app.refused("imbot.unregister", json!({"BOT_ID": id}), 400).await, "BOT_ID_ERROR");
    // The line that lost its bot takes the next one.
    let next = app.register_v1("second", &handler).await;
    let bob = portal.client("Bob");
    bob.says("hello").await;
    assert_eq!(portal.session_operator(bob.chat_id()), Some(next));
}
