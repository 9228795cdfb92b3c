//! The Rust face itself: failures that tell, secrets that do not, isolation.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use openlines_emulator::Emulator;
use serde_json::json;
use support::{SOON, with_v1_bot, with_v2_bot};

#[tokio::test]
async fn a_wait_in_vain_prints_the_transcript_and_the_calls() {
    let (_emulator, _handler, _app, portal, _) = with_v1_bot().await;
    portal.client("Ann").says("hello").await;
    let wait = portal.wait_for_bot_message(|_| true, Duration::from_millis(20));
    let panic = AssertUnwindSafe(wait).catch_unwind().await.unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    for part in
        ["a bot message that fits", "Ann: hello", "200 imbot.register", "ONAPPINSTALL to http://127.0.0.1"]
    {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[tokio::test]
async fn no_secret_is_in_any_debug_text() {
    let (emulator, handler, app, portal, _) = with_v2_bot().await;
    let hook = format!("{}imbot.v2.Bot.register", portal.webhook_url());
    let fields = json!({"code": "second", "properties": {"name": "x"}, "eventMode": "webhook",
        "webhookUrl": format!("{}?CLIENT_ID=hidden-token", handler.url)});
    support::post(&app.http, &hook, &json!({"botToken": "hidden-token", "fields": fields})).await;
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    let credentials = portal.app();
    let code = portal.webhook_url().split('/').nth(5).unwrap().to_owned();
    let text = format!(
        "{emulator:?} {portal:?} {credentials:?} {:?} {:?} {:?} {:?}",
        portal.deliveries(),
        portal.calls(),
        portal.client("Ann"),
        portal.faults(),
    );
    let secrets = [
        credentials.client_secret,
        credentials.application_token,
        app.token.clone(),
        app.refresh.clone(),
        code,
        "hidden-token".to_owned(),
    ];
    for secret in secrets {
        assert!(!secret.is_empty() && !text.contains(&secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn two_emulators_know_nothing_of_one_another_and_stop_when_dropped() {
    let (one, other) = (Emulator::start().await, Emulator::start().await);
    assert_ne!(one.url(), other.url());
    assert_ne!(one.portal().app().client_secret, other.portal().app().client_secret);
    assert_ne!(one.portal().app().member_id, other.portal().app().member_id);
    one.portal().client("Ann").says("hello").await;
    assert!(other.portal().messages(one.portal().client("Ann").chat_id()).is_empty());
    let (url, http) = (one.url(), reqwest::Client::new());
    assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
    drop(one);
    // The open connection closes too, so a pooled one is no way in.
    let deadline = tokio::time::Instant::now() + SOON;
    while http.get(&url).send().await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline, "the emulator still answers");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error_and_not_a_panic() {
    let emulator = Emulator::start().await;
    let address = emulator.url().trim_start_matches("http://").parse().unwrap();
    let error = Emulator::builder().listen(address).start().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn bot_messages_can_be_watched_as_they_come() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let mut watch = portal.watch_bot_messages();
    let ann = portal.client("Ann");
    ann.says("hello").await;
    app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "hi"})).await;
    assert_eq!(watch.recv().await.unwrap().text, "hi");
}
