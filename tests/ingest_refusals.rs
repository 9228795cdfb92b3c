//! What is refused changes nothing: no row, no call, and an answer from the one catalogue.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use doorstep::*;
use futures_util::stream;
use openlines::ingest::BODY_MAX;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceExt;

const TYPE: &str = "application/x-www-form-urlencoded";

async fn post(stage: &Stage, path: &str, content_type: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = Request::post(path).header("content-type", content_type).body(body.into()).unwrap();
    let response = stage.gate.router().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn refused(stage: &Stage, path: &str, content_type: &str, body: impl Into<Body>) -> (u16, String) {
    let calls = stage.journal.calls.load(std::sync::atomic::Ordering::SeqCst);
    let asked = stage.authority.asked();
    let (status, text) = post(stage, path, content_type, body).await;
    assert!(!status.is_success(), "{text}");
    assert_eq!(stage.journal.calls.load(std::sync::atomic::Ordering::SeqCst), calls, "nothing is written");
    assert_eq!(stage.authority.asked(), asked, "nobody is called");
    assert!(stage.heard.woken.lock().unwrap().is_empty());
    assert!(!text["error_description"].as_str().unwrap().is_empty());
    (status.as_u16(), text["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_missing_forged_or_foreign_token_is_refused() {
    let stage = Stage::installed().await;
    let body = |token: &str| message_body("86101", token);
    let without = body("TOKEN").replace("&auth%5Bapplication_token%5D=TOKEN", "");
    assert!(!without.contains("auth%5Bapplication_token%5D=TOKEN"));
    for (what, body, expected) in [
        ("missing", without, (401, "MISSING_TOKEN")),
        ("empty", body(""), (401, "MISSING_TOKEN")),
        ("forged", body("0123456789abcdef0123456789abcdef"), (403, "FORGED_TOKEN")),
        ("cut", body(&APPLICATION_TOKEN[..31]), (403, "FORGED_TOKEN")),
        (
            "of another portal",
            body(APPLICATION_TOKEN).replace(MEMBER, "ffffffffffffffffffffffffffffffff"),
            (403, "UNKNOWN_PORTAL"),
        ),
        (
            "as a map",
            body("TOKEN")
                .replace("auth%5Bapplication_token%5D=TOKEN", "auth%5Bapplication_token%5D%5B0%5D=TOKEN"),
            (401, "MISSING_TOKEN"),
        ),
        (
            "of a bot only",
            format!(
                "data%5Bbot%5D%5Bauth%5D%5Bapplication_token%5D={APPLICATION_TOKEN}&event=ONIMBOTV2DELETE&auth%5Bmember_id%5D={MEMBER}"
            ),
            (401, "MISSING_TOKEN"),
        ),
        ("without an auth block", "event=ONIMBOTV2MESSAGEADD".into(), (401, "MISSING_TOKEN")),
    ] {
        let (status, code) = refused(&stage, "/events", TYPE, body).await;
        assert_eq!((status, code.as_str()), expected, "{what}");
    }
    let (status, _) = post(&stage, "/events", TYPE, body(APPLICATION_TOKEN)).await;
    assert_eq!(status, StatusCode::OK, "and the genuine one is not");
    assert_eq!(stage.rows().len(), 1);
}

#[tokio::test]
async fn the_token_of_one_portal_opens_no_other() {
    let stage = Stage::installed().await;
    let other = "0a0b0c0d0e0f10111213141516171819";
    stage.authority.knows("refresh-of-the-other", other);
    let body = install_body_of(
        other,
        "https://oauth.bitrix.info/rest/",
        "refresh-of-the-other",
        "token-of-the-other",
    );
    stage.gate.accept(None, FORM, body.into()).await.unwrap();
    let proofs = stage.proofs();
    until("the other is installed", || stage.registry.portals().len() == 2).await;
    proofs.stop().await;
    stage.journal.rows.lock().unwrap().clear();
    stage.heard.woken.lock().unwrap().clear();
    let (status, code) = refused(&stage, "/events", TYPE, message_body("1", "token-of-the-other")).await;
    assert_eq!((status, code.as_str()), (403, "FORGED_TOKEN"));
}

#[tokio::test]
async fn nothing_of_a_portal_is_accepted_before_its_proof() {
    let stage = Stage::new().await;
    stage.gate.accept(None, FORM, install_body(REFRESH_TOKEN, APPLICATION_TOKEN).into()).await.unwrap();
    let (status, code) = refused(&stage, "/events", TYPE, message_body("1", APPLICATION_TOKEN)).await;
    assert_eq!((status, code.as_str()), (403, "UNKNOWN_PORTAL"));
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let stage = Stage::installed().await;
    let deep = format!("event=X&a{}=1", "[b]".repeat(65));
    let long = format!("event=X&{}=1", "k".repeat(600));
    let many = "a=1&".repeat(5001);
    for (what, content_type, body, expected) in [
        ("nothing", TYPE, String::new(), (400, "NO_EVENT")),
        ("no callback", TYPE, "%%%&&&=;".into(), (400, "NO_EVENT")),
        ("too deep", TYPE, deep, (400, "BODY_MALFORMED")),
        ("a long key", TYPE, long, (400, "BODY_MALFORMED")),
        ("too many pairs", TYPE, many, (400, "BODY_MALFORMED")),
        ("no JSON", "application/json", "{\"event\":".into(), (400, "BODY_MALFORMED")),
        ("a JSON list", "application/json", "[]".into(), (400, "BODY_MALFORMED")),
        ("a file", "multipart/form-data; boundary=x", "--x--".into(), (415, "NOT_A_FORM")),
        ("plain text", "text/plain", message_body("1", APPLICATION_TOKEN), (415, "NOT_A_FORM")),
        ("no type", "", message_body("1", APPLICATION_TOKEN), (415, "NOT_A_FORM")),
    ] {
        let (status, code) = refused(&stage, "/events", content_type, body).await;
        assert_eq!((status, code.as_str()), expected, "{what}");
    }
}

#[tokio::test]
async fn content_types_are_read_without_case_and_with_parameters() {
    let stage = Stage::installed().await;
    for (id, content_type) in
        ["APPLICATION/X-WWW-Form-UrlEncoded", "application/x-www-form-urlencoded; charset=UTF-8"]
            .into_iter()
            .enumerate()
    {
        let body = message_body(&format!("{}", id + 1), APPLICATION_TOKEN);
        assert_eq!(post(&stage, "/events", content_type, body).await.0, StatusCode::OK, "{content_type}");
    }
    let json = serde_json::json!({
        "event": "ONAPPTEST", "ts": 5, "data": {"QUERY": {"a": 1}},
        "auth": {"member_id": MEMBER, "application_token": APPLICATION_TOKEN},
    });
    let (status, _) = post(&stage, "/events", "application/json; charset=utf-8", json.to_string()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(stage.rows().len(), 3);
}

#[tokio::test]
async fn an_application_that_is_not_configured_is_not_found() {
    let stage = Stage::installed().await;
    let body = message_body("1", APPLICATION_TOKEN);
    let (status, code) = refused(&stage, "/events/another.app", TYPE, body.clone()).await;
    assert_eq!((status, code.as_str()), (404, "UNKNOWN_APP"));
    let both = Stage::with(vec![oauth_app().into(), webhook().into()]).await;
    let (status, code) = refused(&both, "/events", TYPE, body.clone()).await;
    assert_eq!((status, code.as_str()), (404, "APP_NOT_NAMED"));
    assert_eq!(post(&stage, &format!("/events/{CLIENT_ID}"), TYPE, body).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whatever_its_length_says() {
    let stage = Stage::installed().await;
    let fits = format!("event=X&pad={}", "x".repeat(BODY_MAX - 12));
    assert_eq!(fits.len(), BODY_MAX);
    assert_eq!(
        refused(&stage, "/events", TYPE, fits.clone()).await.0,
        401,
        "a body of exactly the limit is read"
    );
    assert_eq!(refused(&stage, "/events", TYPE, format!("{fits}x")).await, (413, "BODY_TOO_LARGE".into()));
    let chunks = stream::iter((0..64).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024])));
    let (status, code) = refused(&stage, "/events", TYPE, Body::from_stream(chunks)).await;
    assert_eq!((status, code.as_str()), (413, "BODY_TOO_LARGE"), "no length at all");
}

#[tokio::test]
async fn an_endless_body_is_cut_off_and_not_kept() {
    let stage = Stage::installed().await;
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
    assert_eq!(refused(&stage, "/events", TYPE, Body::from_stream(endless)).await.0, 413);
}

#[tokio::test]
async fn a_lying_length_on_a_real_connection_gets_its_refusal() {
    let stage = Stage::installed().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, stage.gate.router()).into_future());
    let ask = async |head: &str, body: Vec<u8>, breaks_off: bool| {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /events HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {TYPE}\r\n{head}\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(&body).await.unwrap();
        if breaks_off {
            socket.shutdown().await.unwrap();
        }
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let large = vec![b'x'; BODY_MAX + 1];
    let answer = ask(&format!("content-length: {}", large.len()), large.clone(), false).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let mut chunked = format!("{:x}\r\n", large.len()).into_bytes();
    chunked.extend_from_slice(&large);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    let answer = ask("transfer-encoding: chunked", chunked, false).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // More announced than sent: it never ends, so nothing of it counts.
    let body = message_body("1", APPLICATION_TOKEN);
    let answer = ask(&format!("content-length: {}", body.len() + 100), body.into_bytes(), true).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Less announced than sent: the cut body has no token left.
    let body = message_body("1", APPLICATION_TOKEN);
    let answer = ask("content-length: 40", body.into_bytes(), false).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(stage.rows().is_empty());
    server.abort();
}

#[tokio::test]
async fn a_store_that_fails_is_answered_with_503_and_when_to_come_again() {
    let stage = Stage::installed().await;
    stage.journal.fails.store(true, std::sync::atomic::Ordering::SeqCst);
    let request = Request::post("/events")
        .header("content-type", TYPE)
        .body(Body::from(message_body("1", APPLICATION_TOKEN)))
        .unwrap();
    let response = stage.gate.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    assert!(stage.rows().is_empty() && stage.heard.woken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_address_that_is_not_there_and_a_get_are_refused_from_the_catalogue() {
    use tower::ServiceExt;
    let stage = Stage::new().await;
    for (method, path, status, code) in [
        ("POST", "/events/a/b", 404, "NO_SUCH_ADDRESS"),
        ("GET", "/", 404, "NO_SUCH_ADDRESS"),
        ("GET", "/events", 405, "NOT_A_POST"),
    ] {
        let request =
            axum::http::Request::builder().method(method).uri(path).body(axum::body::Body::empty()).unwrap();
        let answer = stage.gate.router().oneshot(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        let body = axum::body::to_bytes(answer.into_body(), 4096).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains(code));
    }
}
