//! Bots that are removed, callers that are named, and the application's life, by the requests of the page.

use openlines_emulator::Emulator;
use serde_json::json;

use super::Page;
use super::support::{self, App, Handler, SOON, of};

#[tokio::test]
async fn a_dead_bot_is_shown_as_such_and_removed_so_that_its_code_is_free() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let page = Page::of(&emulator);
    let register = async |token: &str, url: &str| {
        let fields = json!({"code": "echo", "type": "openline", "properties": {"name": "Echo"},
            "eventMode": "webhook", "webhookUrl": format!("{url}?CLIENT_ID={token}")});
        let params = json!({"botToken": token, "fields": fields});
        let url = format!("{}imbot.v2.Bot.register", portal.webhook_url());
        support::post(&page.http, &url, &params).await
    };
    let dead = Handler::start().await;
    let (_, first) = register("first", &dead.url).await;
    assert_eq!(page.state().await["bot_list"][0]["handlers"], json!([dead.url]));
    let url = dead.url.clone();
    drop(dead);
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    let bot = page.state().await["bot_list"][0].clone();
    let address = url.trim_start_matches("http://").trim_end_matches("/events");
    assert_eq!(bot["silent"]["why"], format!("nobody listens at {address}"));
    assert!(bot["silent"]["since"].as_i64().unwrap() > 0);

    let live = Handler::start().await;
    assert_eq!(register("second", &live.url).await.1["error"], "BOT_CODE_ALREADY_TAKEN");
    let rows = page.ask("exchanges").await["rows"].clone();
    let refused = rows.as_array().unwrap().iter().rfind(|row| row["kind"] == "call").unwrap().clone();
    assert_eq!((&refused["taken"], &refused["by"]), (&json!("echo"), &json!("webhook")));

    let id = first["result"]["bot"]["id"].clone();
    assert_eq!(bot["id"], id);
    assert_eq!(page.does("bot", json!({"id": id})).await, 200);
    assert_eq!(page.does("bot", json!({"id": id})).await, 404);
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTV2DELETE").len(), 1, "the bot is told");
    assert_eq!(
        portal.session_status(portal.client("Ann").chat_id()),
        Some(0),
        "its dialog waits for an operator"
    );
    let state = page.state().await;
    assert_eq!(
        (&state["bot_list"], &state["line_settings"]["settings"]["WELCOME_BOT_ID"]),
        (&json!([]), &json!("0"))
    );
    let (status, again) = register("second", &live.url).await;
    assert_eq!(status, 200, "{again}");
    portal.client("Bob").says("hello").await;
    portal.settled(SOON).await;
    let state = page.state().await;
    assert_eq!((state["bot_list"].as_array().unwrap().len(), state["bot_list"][0].get("silent")), (1, None));
    assert!(!live.bodies.lock().unwrap().is_empty(), "the next bot meets the clients");
}

#[tokio::test]
async fn each_call_says_who_made_it() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let bot_id = app.register_v2("helper", &handler).await;
    app.ok("imbot.v2.Bot.get", json!({"botId": bot_id})).await;
    app.call("imbot.v2.Bot.get", json!({"botId": 999_999})).await;
    let portal = emulator.portal();
    app.http.get(format!("{}profile", portal.webhook_url())).send().await.unwrap();
    for path in ["/rest/1/wrong/profile", "/rest/profile", "/rest/profile?auth=wrong"] {
        app.http.get(format!("{}{path}", emulator.url())).send().await.unwrap();
    }
    let rows = Page::of(&emulator).ask("exchanges").await["rows"].clone();
    let calls = rows.as_array().unwrap().iter().filter(|row| row["kind"] == "call");
    let by: Vec<&str> = calls.map(|row| row["by"].as_str().unwrap()).collect();
    let admin = by[0];
    assert!(admin.starts_with("application for "), "{by:?}");
    assert_eq!(
        by[1..],
        [
            format!("{admin}, bot helper ({bot_id})").as_str(),
            &format!("{admin}, bot 999999, which is not there"),
            "webhook",
            "an unknown webhook",
            "without authorisation",
            "an unknown token",
        ]
    );
}

#[tokio::test]
async fn the_application_lives_its_life_from_the_page() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let page = Page::of(&emulator);
    let portal = emulator.portal();
    let app = async || page.state().await["setup"]["app"].clone();
    assert_eq!(page.does("app", json!({"act": "update", "version": 2})).await, 409, "it is not there yet");
    assert_eq!(page.does("app", json!({"act": "uninstall"})).await, 409);
    assert_eq!(page.does("install", json!({"url": handler.url})).await, 200);
    assert_eq!((&app().await["version"], &app().await["handler"]), (&json!(1), &json!(true)));
    let client = App::install(&emulator, &handler).await;
    for event in ["ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPUNINSTALL"] {
        client.ok("event.bind", json!({"event": event, "handler": handler.url})).await;
    }
    for wrong in [
        json!({"act": "update", "version": 0}),
        json!({"act": "pay", "days": 0}),
        json!({"act": "pay", "days": 1_000_000}),
        json!({"act": "addresses", "page": "javascript:alert(1)", "settings": ""}),
    ] {
        assert_eq!(page.does("app", wrong.clone()).await, 400, "{wrong}");
    }
    assert_eq!(page.does("app", json!({"act": "update", "version": 2})).await, 200);
    assert_eq!(page.does("app", json!({"act": "pay", "days": 30})).await, 200);
    assert_eq!((&app().await["version"], &app().await["days"]), (&json!(2), &json!(30)));
    assert_eq!(page.does("app", json!({"act": "expire"})).await, 200);
    assert_eq!(app().await["expired"], true);
    assert_eq!(page.state().await["setup"]["installed"], false, "it hears nothing while it is not paid for");
    assert_eq!(page.does("app", json!({"act": "pay", "days": 1})).await, 200);
    let addresses = json!({"act": "addresses", "page": " http://127.0.0.1:9/page ", "settings": ""});
    assert_eq!(page.does("app", addresses).await, 200);
    assert_eq!(
        (&app().await["page"], &app().await["settings"]),
        (&json!("http://127.0.0.1:9/page"), &json!(null))
    );
    assert_eq!(page.does("app-form", json!({"act": "open"})).await, 409, "it has no form");
    assert_eq!(page.does("app", json!({"act": "uninstall", "clean": true})).await, 200);
    assert_eq!(
        (&app().await["active"], page.state().await["setup"]["installed"].clone()),
        (&json!(false), json!(false))
    );
    portal.settled(SOON).await;
    assert_eq!(support::only(&portal, "ONAPPUNINSTALL")["data"]["CLEAN"], "1");
    assert_eq!(of(&portal, "ONAPPUPDATE").len(), 1);
    assert!(!of(&portal, "ONAPPPAYMENT").is_empty());
    assert_eq!(page.does("install", json!({"url": handler.url})).await, 200);
    assert_eq!(app().await["active"], true);
}
