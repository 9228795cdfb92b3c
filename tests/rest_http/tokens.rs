//! Renewed tokens and renamed portals.

use std::sync::{Arc, atomic::Ordering};

use axum::http::header;
use openlines::rest::{Api as _, Call, CallErrorKind};
use serde_json::json;

use crate::portal::{Portal, Seen, Tokens, answer, answer_with, api, key};

fn profile() -> Call {
    Call::new(key(), "profile", json!({"a": 1}))
}

#[tokio::test]
async fn a_stale_token_is_renewed_once_and_the_call_made_again() {
    for code in ["expired_token", "invalid_token"] {
        let portal = Portal::start(move |seen: &Seen| match seen.authorization.as_str() {
            "Bearer token-0" => answer(401, json!({"error": code})),
            _ => answer(200, json!({"result": "done"})),
        })
        .await;
        let tokens = Tokens::bearer(&[&portal]);
        assert_eq!(api(Arc::clone(&tokens)).call(profile()).await.unwrap(), "done");
        assert_eq!(tokens.renewals.load(Ordering::SeqCst), 1);
        assert_eq!(portal.seen()[1].body, json!({"a": 1}));
    }
}

#[tokio::test]
async fn a_token_refused_after_renewal_is_not_renewed_again() {
    let portal = Portal::start(|_| answer(401, json!({"error": "expired_token"}))).await;
    let tokens = Tokens::bearer(&[&portal]);
    let error = api(Arc::clone(&tokens)).call(profile()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (CallErrorKind::Unauthorised, "expired_token"));
    assert_eq!((tokens.renewals.load(Ordering::SeqCst), portal.seen().len()), (1, 2));
}

#[tokio::test]
async fn a_webhook_has_no_token_to_renew() {
    let portal = Portal::start(|_| answer(401, json!({"error": "expired_token"}))).await;
    let tokens = Tokens::webhook(&format!("{}/rest/1/c0dec0de/", portal.origin));
    let error = api(Arc::clone(&tokens)).call(profile()).await.unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::Unauthorised);
    assert_eq!((tokens.renewals.load(Ordering::SeqCst), portal.seen().len()), (0, 1));
}

#[tokio::test]
async fn a_token_follows_a_renamed_portal_to_where_the_authorisation_server_says() {
    let new = Portal::start(|_| answer(200, json!({"result": "done"}))).await;
    let elsewhere = Portal::start(|_| answer(200, json!({"result": "stolen"}))).await;
    let location = format!("{}/rest/profile", elsewhere.origin);
    let old = Portal::start(move |_| answer_with(302, header::LOCATION, &location)).await;
    let tokens = Tokens::bearer(&[&old, &new]);
    assert_eq!(api(tokens).call(profile()).await.unwrap(), "done");
    assert_eq!(new.seen()[0].body, json!({"a": 1}));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_that_the_authorisation_server_does_not_confirm_gets_no_token() {
    let elsewhere = Portal::start(|_| answer(200, json!({"result": "stolen"}))).await;
    let location = format!("{}/rest/profile", elsewhere.origin);
    let old = Portal::start(move |_| answer_with(302, header::LOCATION, &location)).await;
    let tokens = Tokens::bearer(&[&old]);
    let api = api(Arc::clone(&tokens));
    for _ in 0..3 {
        let error = api.call(profile()).await.unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::Unreachable);
        assert!(error.description().contains("has moved to 127.0.0.1:"), "{error}");
    }
    assert!(elsewhere.seen().is_empty());
    assert_eq!(tokens.renewals.load(Ordering::SeqCst), 1, "the authorisation server is not asked every time");
}

#[tokio::test]
async fn a_webhook_follows_its_path_to_the_new_host_once() {
    let new = Portal::start(|_| answer(200, json!({"result": "done"}))).await;
    let location = format!("{}/rest/1/c0dec0de/profile", new.origin);
    let old = Portal::start(move |_| answer_with(302, header::LOCATION, &location)).await;
    let tokens = Tokens::webhook(&format!("{}/rest/1/c0dec0de/", old.origin));
    assert_eq!(api(tokens).call(profile()).await.unwrap(), "done");
    let seen = new.seen();
    assert_eq!((seen[0].verb.as_str(), seen[0].body.clone()), ("POST", json!({"a": 1})));
}

#[tokio::test]
async fn a_redirect_to_another_page_is_not_followed() {
    let other = Portal::start(|_| answer(200, json!({"result": "stolen"}))).await;
    for location in [format!("{}/auth/", other.origin), "/auth/".to_owned(), "https://p.example/".to_owned()]
    {
        let old = Portal::start(move |_| answer_with(302, header::LOCATION, &location)).await;
        let tokens = Tokens::webhook(&format!("{}/rest/1/c0dec0de/", old.origin));
        let error = api(tokens).call(profile()).await.unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::Refused);
    }
    assert!(other.seen().is_empty());
}
