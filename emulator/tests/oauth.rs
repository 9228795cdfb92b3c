//! The authorisation server and the life of the application.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{Emulator, Portal};
use serde_json::{Value, json};
use support::{App, Handler, SOON, of, only, post, stage};

async fn token(portal: &Portal, change: Value) -> (u16, Value) {
    let app = portal.app();
    let mut params = json!({"client_id": app.client_id, "client_secret": app.client_secret, "grant_type": "refresh_token"});
    params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let query: Vec<(String, String)> = params
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let url = format!("http://{}/oauth/token/", app.oauth_host);
    let answer = reqwest::Client::new().get(url).query(&query).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_refresh_token_works_once_and_brings_a_new_pair() {
    let (_emulator, _handler, app, portal) = stage().await;
    let (status, first) = token(&portal, json!({"refresh_token": app.refresh})).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["member_id"], portal.app().member_id);
    assert_eq!(first["client_endpoint"], portal.app().client_endpoint);
    assert_eq!(first["expires_in"], 3_600);
    let (status, again) = token(&portal, json!({"refresh_token": app.refresh})).await;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")));
    let (_, second) = token(&portal, json!({"refresh_token": first["refresh_token"]})).await;
    assert_ne!(second["access_token"], first["access_token"]);
    let url = format!("{}profile", portal.app().client_endpoint);
    assert_eq!(
        post(&app.http, &url, &json!({"auth": first["access_token"]})).await.0,
        200,
        "the old access lives on"
    );
}

#[tokio::test]
async fn the_client_secret_is_checked() {
    let (_emulator, _handler, app, portal) = stage().await;
    for (change, error) in [
        (json!({"client_secret": "guess"}), "invalid_client"),
        (json!({"client_id": "local.other"}), "invalid_client"),
        (json!({"client_secret": ""}), "invalid_request"),
        (json!({"grant_type": "password"}), "invalid_request"),
        (json!({"refresh_token": "nonsense"}), "invalid_grant"),
    ] {
        let mut params = json!({"refresh_token": app.refresh});
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, body) = token(&portal, params).await;
        assert!(status >= 400);
        assert_eq!(body["error"], error);
    }
    assert_eq!(token(&portal, json!({"refresh_token": app.refresh})).await.0, 200, "no refusal used it up");
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_within_thirty_seconds() {
    let emulator = Emulator::builder().redirect_uri("http://127.0.0.1:9/callback").start().await.unwrap();
    let handler = Handler::start().await;
    let _app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    let exchange = |code: &str| json!({"grant_type": "authorization_code", "code": code});
    let code = portal.authorization_code();
    assert_eq!(token(&portal, exchange(&code)).await.0, 200);
    assert_eq!(token(&portal, exchange(&code)).await.1["error"], "invalid_grant");
    let late = portal.authorization_code();
    portal.clock().advance(Duration::from_secs(31));
    assert_eq!(token(&portal, exchange(&late)).await.1["error"], "invalid_grant");

    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = format!("{}/oauth/authorize/", emulator.url());
    let query = [("client_id", portal.app().client_id), ("state", "s 1".to_owned())];
    let answer = client.get(url).query(&query).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let target = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(target.starts_with("http://127.0.0.1:9/callback?code="), "{target}");
    assert!(target.contains("&state=s+1&") && target.contains(&portal.app().member_id));
}

#[tokio::test]
async fn an_access_token_expires_by_the_portals_clock() {
    let (_emulator, _handler, app, portal) = stage().await;
    app.ok("profile", json!({})).await;
    portal.clock().advance(Duration::from_secs(3_600));
    assert_eq!(app.refused("profile", json!({}), 401).await, "expired_token");
}

#[tokio::test]
async fn a_new_installation_has_another_application_token() {
    let (emulator, handler, app, portal) = stage().await;
    let before = portal.app().application_token;
    assert_eq!(only(&portal, "ONAPPINSTALL")["auth"]["application_token"], before);
    portal.update_app(2);
    portal.settled(SOON).await;
    app.ok("event.bind", json!({"event": "ONAPPUPDATE", "handler": handler.url})).await;
    portal.update_app(3);
    portal.settled(SOON).await;
    let update = &only(&portal, "ONAPPUPDATE")["data"];
    assert_eq!((&update["VERSION"], &update["PREVIOUS_VERSION"]), (&json!("3"), &json!("2")));
    app.ok("event.bind", json!({"event": "ONAPPUNINSTALL", "handler": handler.url})).await;
    portal.uninstall(true).await;
    let gone = only(&portal, "ONAPPUNINSTALL");
    assert_eq!((&gone["data"]["CLEAN"], &gone["auth"]["application_token"]), (&json!("1"), &json!(before)));
    assert_eq!(app.refused("profile", json!({}), 401).await, "invalid_token");
    assert_eq!(token(&portal, json!({"refresh_token": app.refresh})).await.1["error"], "invalid_client");
    App::install(&emulator, &handler).await;
    assert_ne!(portal.app().application_token, before);
    assert_eq!(
        of(&portal, "ONAPPINSTALL")[1].form()["auth"]["application_token"],
        portal.app().application_token
    );
}

#[tokio::test]
async fn handlers_are_bound_once_and_unbound_by_count() {
    let (_emulator, handler, app, _) = stage().await;
    let bind = json!({"event": "OnSessionStart", "handler": handler.url});
    app.ok("event.bind", bind.clone()).await;
    assert_eq!(app.refused("event.bind", bind.clone(), 400).await, "ERROR_CORE");
    assert_eq!(app.refused("event.bind", json!({"event": "OnSessionStart"}), 400).await, "ERROR_ARGUMENT");
    let unknown = json!({"event": "OnNothing", "handler": handler.url});
    assert_eq!(app.refused("event.bind", unknown, 400).await, "ERROR_EVENT_NOT_FOUND");
    let local = json!({"event": "OnSessionFinish", "handler": "http://localhost/x"});
    assert_eq!(app.refused("event.bind", local, 400).await, "ERROR_WRONG_HANDLER_URL");
    let rows = app.ok("event.get", json!({})).await;
    assert!(rows.as_array().unwrap().iter().any(|row| row["event"] == "ONSESSIONSTART"));
    assert_eq!(app.ok("event.unbind", bind.clone()).await, json!({"count": 1}));
    assert_eq!(app.ok("event.unbind", bind).await, json!({"count": 0}));
}
