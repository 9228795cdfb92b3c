//! The authorisation page, the exchange of its code, and what the token endpoint refuses.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{Emulator, Portal};
use reqwest::StatusCode;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use support::post;

const CALLBACK: &str = "http://127.0.0.1:9/callback?own=1";

async fn portal() -> (Emulator, Portal) {
    let emulator = Emulator::builder().redirect_uri(CALLBACK).installed().start().await.unwrap();
    let portal = emulator.portal();
    (emulator, portal)
}

async fn token(portal: &Portal, grant: &[(&str, &str)]) -> (u16, Value) {
    let app = portal.app();
    let mut form = vec![("client_id", app.client_id.as_str()), ("client_secret", app.client_secret.as_str())];
    form.extend_from_slice(grant);
    let url = format!("http://{}/oauth/token/", app.oauth_host);
    let answer = reqwest::Client::new().post(url).form(&form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn exchange(portal: &Portal, code: &str) -> (u16, Value) {
    token(portal, &[("grant_type", "authorization_code"), ("code", code)]).await
}

async fn refresh(portal: &Portal, pair: &Value) -> (u16, Value) {
    let refresh = pair["refresh_token"].as_str().unwrap();
    token(portal, &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await
}

async fn authorise(emulator: &Emulator, client_id: &str) -> reqwest::Response {
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let query = [("client_id", client_id), ("state", "a&b=c")];
    browser.get(format!("{}/oauth/authorize/", emulator.url())).query(&query).send().await.unwrap()
}

#[tokio::test]
async fn the_page_sends_the_browser_back_with_a_code_that_buys_a_pair() {
    let (emulator, portal) = portal().await;
    let app = portal.app();
    let answer = authorise(&emulator, &app.client_id).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    let target = reqwest::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let given: Vec<(String, String)> = target.query_pairs().into_owned().collect();
    let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["own", "code", "state", "domain", "member_id", "scope", "server_domain"]);
    let value = |name: &str| given.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!(value("state"), "a&b=c");
    assert_eq!((value("domain"), value("member_id")), (app.domain.clone(), app.member_id.clone()));
    assert_eq!(value("server_domain"), app.oauth_host);
    let (status, pair) = exchange(&portal, &value("code")).await;
    assert_eq!(status, 200, "{pair}");
    assert_eq!(pair["scope"].as_str(), Some(value("scope").as_str()));
    assert_eq!((&pair["user_id"], &pair["status"]), (&json!(portal.admin_id()), &json!("L")));
    assert_eq!(pair["domain"], app.oauth_host);
}

#[tokio::test]
async fn whom_the_page_does_not_know_is_told_on_the_page() {
    let (emulator, portal) = portal().await;
    for client_id in ["", "local.unknown.1", "<script>"] {
        let answer = authorise(&emulator, client_id).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert!(!answer.headers().contains_key("location"));
        assert!(!answer.text().await.unwrap().contains('<'));
    }
    portal.uninstall(true).await;
    let answer = authorise(&emulator, &portal.app().client_id).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_is_good_for_thirty_seconds_and_no_refusal_uses_it_up() {
    let (_emulator, portal) = portal().await;
    portal.clock().stop();
    let (first, second) = (portal.authorization_code(), portal.authorization_code());
    let wrong = [("grant_type", "authorization_code"), ("code", &*first), ("client_secret", "guess")];
    assert_eq!(token(&portal, &wrong).await.1["error"], "invalid_client");
    portal.clock().advance(Duration::from_secs(29));
    assert_eq!(exchange(&portal, &first).await.0, 200);
    portal.clock().advance(Duration::from_secs(1));
    let (status, body) = exchange(&portal, &second).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_refresh_token_lives_for_180_days_from_its_own_issue() {
    let (_emulator, portal) = portal().await;
    let (_, pair) = exchange(&portal, &portal.authorization_code()).await;
    portal.clock().advance(Duration::from_secs(179 * 86_400));
    let (status, renewed) = refresh(&portal, &pair).await;
    assert_eq!(status, 200, "{renewed}");
    portal.clock().advance(Duration::from_secs(179 * 86_400));
    let (status, again) = refresh(&portal, &renewed).await;
    assert_eq!(status, 200, "each new pair starts anew: {again}");
    portal.clock().advance(Duration::from_secs(181 * 86_400));
    assert_eq!(refresh(&portal, &again).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn the_token_endpoint_names_what_is_wrong() {
    let (_emulator, portal) = portal().await;
    let (_, pair) = exchange(&portal, &portal.authorization_code()).await;
    let good = pair["refresh_token"].as_str().unwrap();
    for (grant, status, error) in [
        (vec![], 400, "invalid_request"),
        (vec![("grant_type", "password")], 400, "invalid_request"),
        (vec![("grant_type", "refresh_token")], 400, "invalid_request"),
        (vec![("grant_type", "authorization_code"), ("code", "")], 400, "invalid_request"),
        (vec![("grant_type", "authorization_code"), ("code", "never")], 400, "invalid_grant"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "never")], 400, "invalid_grant"),
        // A refresh token is no code.
        (vec![("grant_type", "authorization_code"), ("code", good)], 400, "invalid_grant"),
        (
            vec![("grant_type", "refresh_token"), ("refresh_token", good), ("scope", "imbot,tasks")],
            400,
            "invalid_scope",
        ),
        (
            vec![("grant_type", "refresh_token"), ("refresh_token", good), ("client_secret", "no")],
            401,
            "invalid_client",
        ),
    ] {
        let (got, body) = token(&portal, &grant).await;
        assert_eq!((got, body["error"].as_str()), (status, Some(error)), "{grant:?}");
        assert!(body["error_description"].is_string());
    }
    assert_eq!(refresh(&portal, &pair).await.0, 200, "none of it used the token up");
}

#[tokio::test]
async fn revoked_refresh_tokens_are_invalid_grants_and_a_code_still_helps() {
    let (_emulator, portal) = portal().await;
    let (_, pair) = exchange(&portal, &portal.authorization_code()).await;
    portal.revoke_refresh_tokens();
    assert_eq!(refresh(&portal, &pair).await.1["error"], "invalid_grant");
    assert_eq!(exchange(&portal, &portal.authorization_code()).await.0, 200);
}

#[tokio::test]
async fn an_employee_authorises_for_itself() {
    let (_emulator, portal) = portal().await;
    let ivan = portal.operator("Ivan").user_id();
    let (_, pair) = exchange(&portal, &portal.authorization_code_for(ivan)).await;
    assert_eq!(pair["user_id"], json!(ivan));
    let http = reqwest::Client::new();
    let call = |method: &str| format!("{}{method}", portal.app().client_endpoint);
    let (_, profile) = post(&http, &call("profile"), &json!({"auth": pair["access_token"]})).await;
    assert_eq!((&profile["result"]["NAME"], &profile["result"]["ADMIN"]), (&json!("Ivan"), &json!(false)));
    let foreign = json!({"auth": pair["access_token"], "COMMAND": "x", "USER_ID": "1"});
    let (status, refused) = post(&http, &call("pull.application.event.add"), &foreign).await;
    assert_eq!((status, &refused["error"]), (400, &json!("USER_ID_ACCESS_ERROR")));
}
