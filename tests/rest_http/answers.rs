//! What an answer is taken for.

use std::{sync::Arc, time::Duration};

use axum::http::header;
use openlines::rest::{
    Api as _, Call, CallErrorKind,
    CallErrorKind::{BadAnswer, BadParams, Limited, Refused, Unauthorised, Unknown, Unreachable},
    HttpApi, HttpOptions, Outcome, TokenErrorKind,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::portal::{Portal, Tokens, answer, answer_with, api, key, profile};

#[tokio::test]
async fn a_call_posts_json_with_the_token_in_the_header() {
    let portal = Portal::start(|_| answer(200, json!({"result": {"ID": "1"}, "time": {"start": 1.5}}))).await;
    let api = api(Tokens::bearer(&[&portal]));
    let result = api.call(Call::new(key(), "app.info", json!({"A": [1, "я/"]}))).await.unwrap();
    assert_eq!(result, json!({"ID": "1"}));
    let seen = portal.seen();
    assert_eq!((seen[0].verb.as_str(), seen[0].path.as_str()), ("POST", "/rest/app.info"));
    assert_eq!(seen[0].authorization, "Bearer token-0");
    assert_eq!(seen[0].body, json!({"A": [1, "я/"]}));
}

#[tokio::test]
async fn a_webhook_carries_its_code_in_the_path_and_no_header() {
    let portal = Portal::start(|_| answer(200, json!({"result": null}))).await;
    let api = api(Tokens::webhook(&format!("{}/rest/1/c0dec0de", portal.origin)));
    assert_eq!(api.call(Call::new(key(), "profile", Value::Null)).await.unwrap(), Value::Null);
    let seen = portal.seen();
    assert_eq!((seen[0].path.as_str(), seen[0].authorization.as_str()), ("/rest/1/c0dec0de/profile", ""));
    assert_eq!(seen[0].body, json!({}));
}

#[tokio::test]
async fn every_answer_is_taken_for_what_it_is() {
    let html = "<html><body>Service overloaded</body></html>";
    let rows: &[(u16, String, CallErrorKind, &str)] = &[
        (400, json!({"error": "CHAT_ID", "error_description": "x"}).to_string(), Refused, "CHAT_ID"),
        (403, json!({"error": "", "error_description": "x"}).to_string(), Refused, ""),
        (400, json!({"error": 105}).to_string(), Refused, "105"),
        (400, json!({"error": {"a": 1}}).to_string(), Refused, "(a map)"),
        (400, json!({"error_description": "no code at all"}).to_string(), Refused, ""),
        (401, json!({"error": "insufficient_scope"}).to_string(), Refused, "insufficient_scope"),
        (200, json!({"result": false, "error": "X", "error_description": "y"}).to_string(), Refused, "X"),
        (200, json!({"error": "WRONG_ENCODING"}).to_string(), BadAnswer, "WRONG_ENCODING"),
        (401, json!({"error": "NO_AUTH_FOUND"}).to_string(), Unauthorised, "NO_AUTH_FOUND"),
        (403, json!({"error": "PORTAL_DELETED"}).to_string(), Unauthorised, "PORTAL_DELETED"),
        (401, json!({"error": "CONNECTION_ERROR"}).to_string(), Unreachable, "CONNECTION_ERROR"),
        (503, json!({"error": "QUERY_LIMIT_EXCEEDED"}).to_string(), Limited, "QUERY_LIMIT_EXCEEDED"),
        (429, json!({"error": "OPERATION_TIME_LIMIT"}).to_string(), Limited, "OPERATION_TIME_LIMIT"),
        (503, html.to_owned(), Limited, ""),
        (429, html.to_owned(), Limited, ""),
        (500, html.to_owned(), Unknown, ""),
        (502, String::new(), Unknown, ""),
        (200, html.to_owned(), Unknown, ""),
        (200, String::new(), Unknown, ""),
        (200, "[1]".to_owned(), Unknown, ""),
        (200, "{}".to_owned(), Unknown, ""),
        (500, json!({"error": "INTERNAL_SERVER_ERROR"}).to_string(), Unknown, "INTERNAL_SERVER_ERROR"),
        (500, json!({"error": "ERROR_CORE"}).to_string(), Unknown, "ERROR_CORE"),
        (400, json!({"error": "ERROR_CORE"}).to_string(), Refused, "ERROR_CORE"),
        (500, json!({"error": "SERVER_ERROR"}).to_string(), Refused, "SERVER_ERROR"),
        (400, json!({"error": "SENDING_FAILED"}).to_string(), Unknown, "SENDING_FAILED"),
        (
            400,
            json!({"error": "MESSAGE_DUPLICATED_BY_UUID"}).to_string(),
            Unknown,
            "MESSAGE_DUPLICATED_BY_UUID",
        ),
    ];
    for (status, body, kind, code) in rows {
        let (status, given) = (*status, body.clone());
        let error = profile(move |_| answer(status, &given)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (*kind, *code), "{status} {body}: {error}");
        assert_eq!(error.status(), Some(status));
    }
}

#[tokio::test]
async fn an_empty_error_beside_a_result_is_success() {
    for error in [json!(""), json!(null), json!(0), json!([])] {
        let given = json!({"result": 7, "error": error});
        assert_eq!(profile(move |_| answer(200, &given)).await.unwrap(), 7);
    }
}

#[tokio::test]
async fn an_argument_error_names_the_argument() {
    let given =
        json!({"error": "ERROR_ARGUMENT", "error_description": "is null or empty", "argument": "CHAT_ID"});
    let error = profile(move |_| answer(400, &given)).await.unwrap_err();
    assert_eq!(error.description(), "is null or empty (argument CHAT_ID)");
}

#[tokio::test]
async fn the_wait_that_the_portal_asks_for_is_told() {
    let error = profile(|_| answer_with(503, header::RETRY_AFTER, "7")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (Limited, Some(Duration::from_secs(7))));
}

#[tokio::test]
async fn an_answer_over_the_limit_has_an_unknown_outcome() {
    let portal = Portal::start(|_| answer(200, json!({"result": "x".repeat(2000)}))).await;
    let options = HttpOptions::default().max_body(1000);
    let api = HttpApi::new(Tokens::bearer(&[&portal]), options).unwrap();
    let error = api.call(Call::new(key(), "profile", json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), Unknown);
    assert!(error.description().contains("1000 bytes"), "{error}");
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/rest/1/c0dec0de/", listener.local_addr().unwrap());
    drop(listener);
    let error =
        api(Tokens::webhook(&address)).call(Call::new(key(), "profile", json!({}))).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (Unreachable, Outcome::NotExecuted));
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_has_an_unknown_outcome() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/rest/1/c0dec0de/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for begun in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"res"] {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await.unwrap();
            socket.write_all(begun.as_bytes()).await.unwrap();
        }
    });
    let api = api(Tokens::webhook(&address));
    for _ in 0..2 {
        let error = api.call(Call::new(key(), "profile", json!({}))).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (Unknown, Outcome::Unknown), "{error}");
    }
}

#[tokio::test]
async fn a_portal_that_does_not_answer_in_time_has_an_unknown_outcome() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/rest/1/c0dec0de/", listener.local_addr().unwrap());
    let options = HttpOptions::default().timeout(Duration::from_millis(50));
    let api = HttpApi::new(Tokens::webhook(&address), options).unwrap();
    let error = api.call(Call::new(key(), "profile", json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), Unknown, "{error}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_sent() {
    let portal = Portal::start(|_| answer(200, json!({"result": 1}))).await;
    let tokens = Tokens::bearer(&[&portal]);
    for (method, params) in [
        ("", json!({})),
        ("a/../b", json!({})),
        ("profile?x", json!({})),
        ("profile", json!([1])),
        ("profile", json!("text")),
    ] {
        let error = api(Arc::clone(&tokens)).call(Call::new(key(), method, params)).await.unwrap_err();
        assert_eq!(error.kind(), BadParams, "{method}");
    }
    let plain = Tokens::webhook("http://p.example/rest/1/c0dec0de/");
    let error = api(plain).call(Call::new(key(), "profile", json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), BadParams);
    assert!(error.description().contains("loopback"), "{error}");
    assert!(portal.seen().is_empty());
}

#[tokio::test]
async fn no_token_means_no_call() {
    for (given, kind) in [
        (TokenErrorKind::UnknownPortal, Unauthorised),
        (TokenErrorKind::Revoked, Unauthorised),
        (TokenErrorKind::Unavailable, Unreachable),
    ] {
        let api = api(Tokens::refusing(given));
        let error = api.call(Call::new(key(), "profile", json!({}))).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotExecuted));
        assert!(error.description().contains("install"), "{error}");
    }
}
