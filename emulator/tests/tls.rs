//! TLS of the port: everything over https, trusted by the authority's file and by nothing else.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::Emulator;
use serde_json::{Value, json};
use support::post;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn trusting(emulator: &Emulator) -> reqwest::Client {
    let pem = std::fs::read(emulator.ca_path().unwrap()).unwrap();
    let ca = reqwest::Certificate::from_pem(&pem).unwrap();
    reqwest::Client::builder().tls_certs_only([ca]).build().unwrap()
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_calls_by_either_name_of_loopback() {
    let emulator = Emulator::builder().tls().start().await.unwrap();
    let http = trusting(&emulator);
    let url = format!("{}server.time", emulator.portal().webhook_url());
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    assert_eq!(post(&http, &url, &json!({})).await.0, 200);
    assert_eq!(post(&http, &url.replace("127.0.0.1", "localhost"), &json!({})).await.0, 200);
}

#[tokio::test]
async fn nobody_is_trusted_without_the_authority() {
    let emulator = Emulator::builder().tls().start().await.unwrap();
    let url = format!("{}/", emulator.url());
    assert!(reqwest::Client::new().get(&url).send().await.unwrap_err().is_connect());
    let other = Emulator::builder().tls().start().await.unwrap();
    assert!(trusting(&other).get(&url).send().await.unwrap_err().is_connect());
    assert_eq!(trusting(&emulator).get(&url).send().await.unwrap().status(), 200, "and nothing broke");
}

#[tokio::test]
async fn every_address_that_is_handed_out_is_https() {
    let emulator = Emulator::builder().tls().installed().start().await.unwrap();
    let portal = emulator.portal();
    let http = trusting(&emulator);
    let app = portal.app();
    let query = [
        ("grant_type", "authorization_code"),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("code", &portal.authorization_code()),
    ];
    let url = format!("{}/oauth/token/", emulator.url());
    let pair: Value = http.get(url).query(&query).send().await.unwrap().json().await.unwrap();
    let own = emulator.url();
    assert_eq!(pair["client_endpoint"], format!("{own}/rest/"));
    assert_eq!(pair["server_endpoint"], format!("{own}/rest/"));
    let url = format!("{own}/rest/pull.application.config.get");
    let (status, config) = post(&http, &url, &json!({"auth": pair["access_token"]})).await;
    assert_eq!(status, 200, "{config}");
    let server = &config["result"]["server"];
    for field in ["websocket", "websocket_secure"] {
        assert!(server[field].as_str().unwrap().starts_with("wss://127.0.0.1:"), "{server}");
    }
    for field in ["long_polling", "long_pooling_secure"] {
        assert!(server[field].as_str().unwrap().starts_with(&own), "{server}");
    }
}

#[tokio::test]
async fn plain_http_on_the_port_ends_without_an_answer_and_harms_nobody() {
    let emulator = Emulator::builder().tls().start().await.unwrap();
    let address = emulator.url().replace("https://", "");
    let mut silent = tokio::net::TcpStream::connect(&address).await.unwrap();
    let mut plain = tokio::net::TcpStream::connect(&address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    // Another connection is still in the middle of its handshake.
    assert_eq!(trusting(&emulator).get(emulator.url()).send().await.unwrap().status(), 200);
    silent.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_authoritys_file_goes_with_the_emulator() {
    let emulator = Emulator::builder().tls().start().await.unwrap();
    let path = emulator.ca_path().unwrap().to_owned();
    assert!(path.exists());
    drop(emulator);
    assert!(!path.exists());
    assert_eq!(Emulator::start().await.ca_path(), None);
}

#[tokio::test]
async fn a_portal_that_is_renamed_speaks_tls_at_both_addresses() {
    let emulator = Emulator::builder().tls().start().await.unwrap();
    let portal = emulator.portal();
    let pem = std::fs::read(emulator.ca_path().unwrap()).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let old = format!("{}server.time", portal.webhook_url());
    let moved = portal.rename("127.0.0.2:0").await.unwrap();
    let answer = http.post(&old).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let new = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(new.starts_with(&format!("https://{moved}/rest/")), "{new}");
    assert_eq!(post(&http, &new, &json!({})).await.0, 200);
    // A restart closes what is open, and nothing else.
    portal.restart().await;
    assert_eq!(post(&http, &new, &json!({})).await.0, 200);
}

#[tokio::test]
async fn the_authority_of_an_identity_is_trusted_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let start = async || Emulator::builder().identity(&file).unwrap().tls().start().await.unwrap();
    let first = start().await;
    let (http, path) = (trusting(&first), first.ca_path().unwrap().to_owned());
    drop(first);
    assert!(path.exists(), "it stays for the next start");
    let second = start().await;
    assert_eq!(second.ca_path().unwrap(), path);
    let url = format!("{}/", second.url());
    assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
    assert_eq!(trusting(&second).get(&url).send().await.unwrap().status(), 200);
}
