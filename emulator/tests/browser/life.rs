//! Bots that come and go, and the application's life: installed, configured, updated, paid for, removed.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::{Json, Router};
use openlines_emulator::Emulator;
use serde_json::{Value, json};

use super::support::{App, Handler, SOON, of, only, post};
use super::window;

/// A bot that went down is seen as such, its code is said to be taken, and a click frees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_bot_is_removed_and_its_code_is_free() {
    window::play("bots", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let http = reqwest::Client::new();
        let register = async |token: &str, handler: &str| -> Value {
            let fields = json!({"code": "echo", "type": "openline", "properties": {"name": "Echo"},
                "eventMode": "webhook", "webhookUrl": format!("{handler}?CLIENT_ID={token}")});
            let url = format!("{}imbot.v2.Bot.register", portal.webhook_url());
            post(&http, &url, &json!({"botToken": token, "fields": fields})).await.1
        };
        let first = Handler::start().await;
        register("first", &first.url).await;
        let url = first.url.clone();
        drop(first);
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        window.types("#client-text", "hello\n").await;
        let nobody =
            format!("nobody listens at {}", url.trim_start_matches("http://").trim_end_matches("/events"));
        window.sees("#exchanges .row.callback.bad .why", &nobody).await;

        let second = Handler::start().await;
        assert_eq!(register("second", &second.url).await["error"], "BOT_CODE_ALREADY_TAKEN");
        window.sees("#trouble", "the code echo is held by the bot Echo").await;
        window.sees("#exchanges .row.call.bad .by", "webhook").await;
        window.clicks("#exchanges .row.call.bad").await;
        window.sees("#exchange .by", "Called by webhook").await;
        window.shot("code-taken").await;
        window.clicks("#to-bots").await;
        window.sees("#portal-bots .silent", "Not answering since").await;
        window.sees("#portal-bots .silent", &nobody).await;
        window.fits().await;
        window.shot("bots").await;
        window.clicks("#portal-bots .danger").await;
        window.sees("#portal-bots .danger", "Really remove?").await;
        window.clicks("#portal-bots .danger").await;
        window.sees("#portal-bots", "No bot is registered yet").await;
        portal.settled(SOON).await;
        assert_eq!(of(&portal, "ONIMBOTV2DELETE").len(), 1);
        window.clicks("#trouble button:last-child").await;
        window.hides("#trouble").await;
        assert!(register("second", &second.url).await["result"]["bot"]["id"].is_i64());
        window.sees("#portal-bots .about", "Echo").await;
        // The dialog of the bot that is gone waits for an operator; the next one is the new bot's.
        window.clicks("#finish").await;
        window.sees("#session", "closed").await;
        window.types("#client-text", "hello again\n").await;
        window.sees("#session", "bot Echo").await;
        window.hides("#portal-bots .silent").await;
    })
    .await;
}

/// Serves a settings form that grows with the country and refuses the key `wrong`.
async fn form(State(client_id): State<String>, uri: Uri, body: Bytes) -> Json<Value> {
    let has = |part: &str| body.windows(part.len()).any(|seen| seen == part.as_bytes());
    if uri.path() == "/save" {
        return Json(if has("=wrong") {
            json!({"status": "error", "errors": [{"field": "api-key", "message": "Invalid <b>key</b>"}]})
        } else {
            json!({"status": "success"})
        });
    }
    let mut fields = vec![
        json!({"id": "key", "name": "api-key", "type": "input", "label": "API key"}),
        json!({"id": "country", "name": "country", "type": "input", "label": "Country", "value": "US", "updateForm": true}),
    ];
    if has("=DE") {
        fields.push(json!({"id": "vat", "name": "vat-id", "type": "dropdown-list", "label": "VAT",
            "items": [{"value": "full", "name": "Full rate"}, {"value": "none", "name": "None"}]}));
    }
    let action = body_host(&uri);
    Json(
        json!({"title": "Delivery service", "version": "1", "steps": [{"id": "one", "title": "Access", "fields": fields}],
        "form": {"id": "f", "action": action, "clientId": client_id, "redirect": "/crm/"}}),
    )
}

/// The form's own address is in the query of the one that it is asked at.
fn body_host(uri: &Uri) -> String {
    format!("http://{}/save", uri.query().unwrap_or_default())
}

/// Everything that an administrator does with an application.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_application_is_lived_through_on_the_page() {
    window::play("life", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let handler = Handler::start().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap();
        let router = Router::new().fallback(form).with_state(portal.app().client_id);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        window.size(1280, 1000).await;
        window.open(&emulator.url()).await;
        window.clicks("#tab-portal").await;
        window.sees("#app-state", "not on this portal").await;
        window.counts("#app-uninstall:disabled", 1).await;
        window.clears("#install-url").await;
        window.types("#install-url", &format!("{}\n", handler.url)).await;
        window.sees("#app-state", "installed").await;
        let app = App::install(&emulator, &handler).await;
        for event in ["ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPUNINSTALL"] {
            app.ok("event.bind", json!({"event": event, "handler": handler.url})).await;
        }

        window.clicks("#app-update").await;
        window.sees("#app-state", "version 2").await;
        window.clicks("#app-pay").await;
        window.sees("#app-state", "paid for 30 days").await;
        window.clicks("#app-expire").await;
        window.sees("#app-state", "payment expired").await;
        window.sees("#portal-app p", "No event leaves the portal for it").await;
        window.clicks("#app-pay").await;
        window.sees("#app-state", "paid for 30 days").await;

        // Its settings form: asked for, grown, refused, saved.
        window.hides("#form-open").await;
        window.types("#app-settings", &format!("http://{host}/settings?{host}")).await;
        window.types("#app-page", &format!("http://{host}/page\n")).await;
        window.clicks("#form-open").await;
        window.sees("#app-form h3", "Delivery service").await;
        window.sets("[data-field=country]", "DE").await;
        window.counts("[data-field=vat-id]", 1).await;
        window.chooses_value("[data-field=vat-id]", "none").await;
        window.types("[data-field=api-key]", "wrong").await;
        window.clicks("#form-save").await;
        window.sees("#app-form .wrong", "Invalid <b>key</b>").await;
        assert_eq!(window.nameless("#portal").await, json!([]), "every control says what it is");
        window.fits().await;
        window.shot("settings-form").await;
        window.clears("[data-field=api-key]").await;
        window.types("[data-field=api-key]", "right").await;
        window.clicks("#form-save").await;
        window.sees("#toast", "The portal goes to /crm/.").await;
        window.hides("#app-form").await;
        window.counts("#app-open[href='/app/'][target=_blank]", 1).await;
        window.script("document.getElementById('portal-app').scrollIntoView()").await;
        window.shot("application").await;
        window.dark(true).await;
        window.shot("application-dark").await;
        window.dark(false).await;
        window.size(390, 844).await;
        window.clicks("#panes [data-pane=side]").await;
        window.fits().await;
        window.script("document.getElementById('portal-app').scrollIntoView()").await;
        window.shot("phone-application").await;
        window.size(1280, 1000).await;

        window.clicks("#app-clean").await;
        window.sees("#app-state", "not on this portal").await;
        portal.settled(SOON).await;
        assert_eq!(only(&portal, "ONAPPUNINSTALL")["data"]["CLEAN"], "1");
        assert_eq!(only(&portal, "ONAPPUPDATE")["data"]["VERSION"], "2");
        window.clicks("#install").await;
        window.sees("#app-state", "installed").await;
        window.clicks("#app-uninstall").await;
        window.sees("#app-state", "not on this portal").await;
        serving.abort();
    })
    .await;
}
