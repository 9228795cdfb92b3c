//! The life of the application: page in a frame, payment, confirmation, settings form, removal.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use openlines_emulator::{Emulator, Unheard};
use serde_json::{Value, json};
use support::{App, Handler, SOON, events, of, only, stage};

#[tokio::test]
async fn a_page_is_embedded_by_a_form_post_and_finishes_the_installation() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let portal = emulator.portal();
    let http = reqwest::Client::new();
    let shell = async |query: &str| {
        http.get(format!("{}{query}", portal.frame_url())).send().await.unwrap().text().await.unwrap()
    };
    assert!(shell("").await.contains("no page"));
    let page = portal.install_with_page(&handler.url).await;
    let form = page.form();
    let app = App {
        portal: portal.clone(),
        token: form["AUTH_ID"].as_str().unwrap().to_owned(),
        refresh: String::new(),
        http: http.clone(),
    };
    app.register_v1("helper", &handler).await;
    let html = shell("").await;
    assert!(html.contains("APP_SID") && html.contains("AUTH_ID") && html.contains("installFinish"));
    assert!(html.contains(&portal.app().application_token));
    assert!(shell("?user=27").await.contains("not installed yet"));

    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.settled(SOON).await;
    assert_eq!(events(&portal), Vec::<String>::new());
    let missed: Vec<(String, Unheard)> =
        portal.undelivered().into_iter().map(|one| (one.event, one.why)).collect();
    assert!(missed.contains(&("ONIMBOTMESSAGEADD".to_owned(), Unheard::NotInstalled)), "{missed:?}");

    let finish = format!("{}install-finish", portal.frame_url());
    let foreign = http.post(&finish).header("Origin", "http://evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    assert_eq!(app.ok("app.info", json!({})).await["INSTALLED"], false);
    let own = http.post(&finish).header("Origin", emulator.url()).send().await.unwrap();
    assert_eq!(own.status(), 200);
    assert_eq!(app.ok("app.info", json!({})).await["INSTALLED"], true);
    assert!(!shell("?user=27").await.contains("not installed yet"), "now everybody gets the page");
    let url = format!("{}refresh-auth", portal.frame_url());
    let fresh: Value =
        http.post(url).header("Origin", emulator.url()).send().await.unwrap().json().await.unwrap();
    let app = App { token: fresh["AUTH_ID"].as_str().unwrap().to_owned(), ..app };
    assert_eq!(app.ok("profile", json!({})).await["ID"], "1");
    ann.says("still there?").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 1);
}

#[tokio::test]
async fn an_application_that_is_not_paid_for_hears_nothing_and_gets_no_new_token() {
    let (emulator, handler, app, portal) = stage().await;
    app.ok("event.bind", json!({"event": "OnAppPayment", "handler": handler.url})).await;
    app.register_v1("helper", &handler).await;
    portal.pay_app(28);
    portal.settled(SOON).await;
    let paid = only(&portal, "ONAPPPAYMENT");
    assert_eq!(
        (&paid["data"]["STATUS"], &paid["data"]["PAYMENT_EXPIRED"], &paid["data"]["DAYS"]),
        (&json!("P"), &json!("N"), &json!("28"))
    );
    assert_eq!(paid["auth"]["status"], "P");
    assert!(paid["auth"].get("refresh_token").is_none());
    portal.expire_payment();
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    assert!(of(&portal, "ONIMBOTMESSAGEADD").is_empty());
    assert!(portal.undelivered().iter().all(|one| one.why == Unheard::Unpaid), "{:?}", portal.undelivered());
    assert_eq!(app.ok("app.info", json!({})).await["PAYMENT_EXPIRED"], "Y");
    let url = format!(
        "{}/oauth/token/?grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        emulator.url(),
        portal.app().client_id,
        portal.app().client_secret,
        app.refresh
    );
    let refused: Value = app.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(refused["error"], "PAYMENT_REQUIRED");
    portal.pay_app(30);
    portal.client("Ann").says("again").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 1);
    assert_eq!(of(&portal, "ONAPPPAYMENT").len(), 2);
    let renewed: Value = app.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert!(renewed.get("access_token").is_some(), "the refused grant is not used up: {renewed}");
}

#[tokio::test]
async fn a_method_waits_for_the_admin_who_allows_or_forbids_it() {
    let (_emulator, handler, app, portal) = stage().await;
    app.ok("event.bind", json!({"event": "OnAppMethodConfirm", "handler": handler.url})).await;
    for (allowed, after) in [(true, None), (false, Some("METHOD_CONFIRM_DENIED"))] {
        portal.require_confirmation("server.time");
        assert_eq!(app.refused("server.time", json!({}), 401).await, "METHOD_CONFIRM_WAITING");
        portal.confirm_method("server.time", allowed);
        portal.settled(SOON).await;
        let told = of(&portal, "ONAPPMETHODCONFIRM").last().unwrap().form();
        assert_eq!(told["data"]["METHOD"], "server.time");
        assert_eq!(told["data"]["TOKEN"], app.token);
        assert_eq!(told["data"]["CONFIRMED"], if allowed { "1" } else { "0" });
        assert!(told["auth"].get("access_token").is_none());
        match after {
            None => assert!(app.ok("server.time", json!({})).await.is_string()),
            Some(code) => assert_eq!(app.refused("server.time", json!({}), 403).await, code),
        }
    }
}

#[tokio::test]
async fn an_update_and_a_removal_tell_what_they_are() {
    let (_emulator, handler, app, portal) = stage().await;
    for event in ["OnAppUpdate", "OnAppUninstall"] {
        app.ok("event.bind", json!({"event": event, "handler": handler.url})).await;
    }
    let icon = json!({"DATA_IMAGE": "data:,x"});
    let connector =
        json!({"ID": "mine", "NAME": "Mine", "ICON": icon, "PLACEMENT_HANDLER": "http://127.0.0.1/x"});
    app.ok("imconnector.register", connector).await;
    portal.update_app(3);
    portal.uninstall(true).await;
    let update = only(&portal, "ONAPPUPDATE");
    assert_eq!(update["data"], json!({"VERSION": "3", "PREVIOUS_VERSION": "1", "LANGUAGE_ID": "en"}));
    let removal = only(&portal, "ONAPPUNINSTALL");
    assert_eq!(removal["data"], json!({"CLEAN": "1", "LANGUAGE_ID": "en"}));
    assert!(removal["auth"].get("access_token").is_none());
    assert!(!portal.connectors().iter().any(|(code, _)| code == "mine"), "its connectors go with it");
}

/// An application that serves a settings form and refuses one value.
async fn settings_app(client_id: String) -> (String, Arc<Mutex<Vec<String>>>) {
    type Kept = (String, Arc<Mutex<Vec<String>>>);
    async fn answer(State((client_id, seen)): State<Kept>, uri: Uri, body: Bytes) -> (StatusCode, String) {
        let body = String::from_utf8(body.to_vec()).unwrap();
        seen.lock().unwrap().push(body.clone());
        if uri.path() == "/save" {
            if body.contains("wrong") {
                let errors = json!([{"field": "api-key", "message": "Invalid API key"}]);
                return (StatusCode::BAD_REQUEST, json!({"status": "error", "errors": errors}).to_string());
            }
            return (StatusCode::OK, json!({"status": "success"}).to_string());
        }
        let mut fields = vec![
            json!({"id": "key", "name": "api-key", "type": "input"}),
            json!({"id": "country", "name": "country", "type": "dropdown-list", "value": "US", "updateForm": true}),
        ];
        if body.contains("DE") {
            fields.push(json!({"id": "vat", "name": "vat-id", "type": "input"}));
        }
        let form = json!({"title": "Setup", "version": "1",
            "steps": [{"id": "one", "title": "One", "fields": fields}],
            "form": {"id": "f", "action": format!("http://{}/save", "HOST"), "clientId": client_id, "redirect": "/crm/"}});
        (StatusCode::OK, form.to_string().replace("HOST", seen_host(&seen).as_str()))
    }
    /// The first entry is the application's own address.
    fn seen_host(seen: &Arc<Mutex<Vec<String>>>) -> String {
        seen.lock().unwrap()[0].clone()
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let seen = Arc::new(Mutex::new(vec![host.clone()]));
    let router = Router::new().fallback(answer).with_state((client_id, Arc::clone(&seen)));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (format!("http://{host}/settings"), seen)
}

#[tokio::test]
async fn a_settings_form_is_asked_for_filled_in_and_saved() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let _app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    let (url, seen) = settings_app(portal.app().client_id).await;
    portal.set_settings_url(Some(&url));
    let mut form = portal.settings_after_install().await;
    assert_eq!((form.status(), form.faults()), (Ok(200), &[] as &[String]));
    assert_eq!(form.values()["country"], "US", "the form's own value");
    form.fill("api-key", "wrong").await;
    form.fill("country", "DE").await;
    assert_eq!(form.config()["steps"][0]["fields"].as_array().unwrap().len(), 3, "the form has grown");
    let errors = form.save().await.unwrap_err();
    assert_eq!((errors[0].field.as_str(), errors[0].message.as_str()), ("api-key", "Invalid API key"));
    form.fill("api-key", "right").await;
    assert_eq!(form.save().await, Ok(Some("/crm/".to_owned())));
    assert!(portal.settings_form().await.faults().is_empty());
    let bodies = seen.lock().unwrap().clone();
    let named = |name: &str| bodies.iter().filter(|body| body.contains(&format!("event={name}&"))).count();
    assert_eq!(
        (named("OnAppSettingsInstall"), named("OnAppSettingsChange"), named("OnAppSettingsDisplay")),
        (1, 1, 1)
    );
    let saved = bodies.iter().find(|body| body.contains("saveform=Y")).unwrap();
    for part in ["data%5Bapi-key%5D=wrong", "auth%5Baccess_token%5D=", "auth%5Bapplication_token%5D="] {
        assert!(saved.contains(part), "{saved}");
    }
}

#[tokio::test]
async fn a_settings_form_with_faults_says_which() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let _app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    portal.set_settings_url(Some(&handler.url));
    let form = portal.settings_form().await;
    assert!(form.faults().iter().any(|fault| fault.contains("title")), "{:?}", form.faults());
    assert!(form.save().await.is_err());
}
