//! Grants of an authorisation server.

use axum::{body::Body, http::Response};
use openlines::rest::{
    HttpOptions, Outcome, SetupError,
    oauth::{Grant, OAuthClient, OAuthError, OAuthErrorKind},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::portal::{Portal, Seen, answer};

fn granted() -> Value {
    json!({
        "access_token": "acc3ss", "expires": 1_780_319_382, "expires_in": 3600, "scope": "imbot,imopenlines",
        "domain": "oauth.example", "server_endpoint": "https://oauth.example/rest/", "status": "L",
        "client_endpoint": "https://p.example/rest", "member_id": "a223", "user_id": 67, "refresh_token": "r3fresh2",
    })
}

async fn refresh(server: &str) -> Result<Grant, OAuthError> {
    let client = OAuthClient::new(HttpOptions::default()).unwrap();
    let (secret, token) = (SecretString::from("cl13nt&s3cret"), SecretString::from("r3fresh1"));
    client.refresh(server, "local.1", &secret, &token).await
}

async fn refresh_with(
    given: impl Fn(&Seen) -> Response<Body> + Clone + Send + Sync + 'static,
) -> Result<Grant, OAuthError> {
    let server = Portal::start(given).await;
    refresh(&format!("{}/rest/", server.origin)).await
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_pair() -> Result<(), SetupError> {
    let server = Portal::start(|_| answer(200, granted())).await;
    let grant = refresh(&format!("{}/rest/", server.origin)).await.unwrap();
    assert_eq!(grant.access_token.expose_secret(), "acc3ss");
    assert_eq!(grant.refresh_token.expose_secret(), "r3fresh2");
    assert_eq!(grant.client_endpoint, "https://p.example/rest/");
    assert_eq!((grant.member_id.as_str(), grant.user_id.unwrap().get()), ("a223", 67));
    assert_eq!(grant.scope, ["imbot", "imopenlines"]);
    let seen = &server.seen()[0];
    assert_eq!((seen.verb.as_str(), seen.path.as_str()), ("GET", "/oauth/token/"));
    assert_eq!(
        seen.query,
        "grant_type=refresh_token&client_id=local.1&client_secret=cl13nt%26s3cret&refresh_token=r3fresh1"
    );
    let client = OAuthClient::new(HttpOptions::default())?;
    client.exchange(&server.origin, "local.1", &"s".into(), &"c0de".into()).await.unwrap();
    assert_eq!(
        server.seen()[1].query,
        "grant_type=authorization_code&client_id=local.1&client_secret=s&code=c0de"
    );
    Ok(())
}

#[tokio::test]
async fn expiry_and_user_may_be_missing_and_numbers_be_text() {
    let given = json!({
        "access_token": "a", "refresh_token": "r", "expires_in": "3600", "scope": "imbot imopenlines",
        "client_endpoint": "https://p.example/rest/", "member_id": "a223",
    });
    let grant = refresh_with(move |_| answer(200, &given)).await.unwrap();
    assert_eq!((grant.expires_in.as_secs(), grant.expires, grant.user_id), (3600, None, None));
    assert_eq!(grant.scope.len(), 2);
}

#[tokio::test]
async fn an_error_is_read_from_the_body_whatever_the_status() {
    for (status, body, kind) in [
        (400, json!({"error": "invalid_grant"}).to_string(), OAuthErrorKind::InvalidGrant),
        (200, json!({"error": "invalid_grant"}).to_string(), OAuthErrorKind::InvalidGrant),
        (401, json!({"error": "invalid_client"}).to_string(), OAuthErrorKind::InvalidClient),
        (400, json!({"error": "invalid_request"}).to_string(), OAuthErrorKind::InvalidRequest),
        (403, json!({"error": "insufficient_scope"}).to_string(), OAuthErrorKind::InvalidScope),
        (402, json!({"error": "PAYMENT_REQUIRED"}).to_string(), OAuthErrorKind::PaymentRequired),
        (403, json!({"error": "SOMETHING"}).to_string(), OAuthErrorKind::Refused),
        (403, json!({}).to_string(), OAuthErrorKind::Refused),
        (500, json!({}).to_string(), OAuthErrorKind::Unknown),
        (503, "<html>".to_owned(), OAuthErrorKind::Busy),
        (500, "<html>".to_owned(), OAuthErrorKind::Unknown),
        (200, "<html>".to_owned(), OAuthErrorKind::Unknown),
        (302, String::new(), OAuthErrorKind::Refused),
        (200, json!({"access_token": "a"}).to_string(), OAuthErrorKind::BadAnswer),
    ] {
        let given = body.clone();
        let error = refresh_with(move |_| answer(status, &given)).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{status} {body}");
    }
}

#[tokio::test]
async fn a_portal_address_that_may_not_be_called_is_no_grant() {
    for endpoint in ["http://p.example/rest/", "ftp://p.example/", "p.example"] {
        let mut given = granted();
        given["client_endpoint"] = json!(endpoint);
        let error = refresh_with(move |_| answer(200, &given)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (OAuthErrorKind::BadAnswer, Outcome::Executed));
    }
}

#[tokio::test]
async fn a_secret_goes_over_tls_or_loopback_only() {
    let error = refresh("http://oauth.example/rest/").await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (OAuthErrorKind::BadAddress, Outcome::NotExecuted));
}

#[tokio::test]
async fn what_the_server_echoes_is_not_told() {
    let given =
        json!({"error": "invalid_grant", "error_description": "r3fresh1 of cl13nt&s3cret is used up"});
    let error = refresh_with(move |_| answer(400, &given)).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(told.contains("used up") && !told.contains("r3fresh1") && !told.contains("s3cret"), "{told}");
}
