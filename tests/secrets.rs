//! No token, client secret or master key in anything that is written: logs at `trace`, errors, `Debug`.
//! Alone in its file, because it listens to everything the process logs.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use openlines::prelude::*;
use openlines_emulator::RestFault;
use serde_json::Value;
use stage::{MASTER_KEY, stage};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every text below a key that names a token.
fn tokens(value: &Value, under_token: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) if under_token => found.push(text.clone()),
        Value::Object(map) => {
            for (key, value) in map {
                let is_token = matches!(key.as_str(), "access_token" | "refresh_token" | "application_token");
                tokens(value, is_token, found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn nothing_that_is_written_holds_a_secret() {
    let written = Written::default();
    let sink = written.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || sink.clone())
        .init();

    let stage = stage(|app| {
        app.bot(BotProfile::openline("echo"), async |cx: Context, message: Message| {
            tracing::info!(?cx, ?message, incoming = ?cx.incoming(), "heard");
            cx.reply(format!("You said: {}", literal(&message.text)));
        })
    })
    .await;
    let app = stage.portal.app();
    stage.portal.faults().rest("imbot.v2.Chat.Message.send", RestFault::CloseAfterExecution, 1);
    stage.portal.faults().rest("imbot.v2.Chat.Message.send", RestFault::HtmlBody, 1);
    let client = stage.portal.client("Ann");
    client.says("one").await;
    stage.quiet().await;
    stage.portal.expire_access_tokens();
    client.says("two").await;
    stage.quiet().await;

    // Refusals, too: a forged token, and the real one where it does not belong.
    let delivery = stage.portal.deliveries().into_iter().rev().find(|sent| sent.status == Ok(200)).unwrap();
    let forged =
        String::from_utf8(delivery.body.to_vec()).unwrap().replace(&app.application_token, "forged-token");
    let http = reqwest::Client::new();
    let url = format!("{}/events", stage.running.url());
    let answer = http
        .post(&url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(forged)
        .send()
        .await
        .unwrap();
    assert!([401, 403].contains(&answer.status().as_u16()));
    let refusal = answer.text().await.unwrap();

    stage.portal.revoke_refresh_tokens();
    stage.portal.expire_access_tokens();
    client.says("three").await;
    stage.portal.settled(stage::SOON).await;
    stage.portal.wait_for_call("imbot.v2.chat.message.send", stage::SOON).await;

    let mut secrets = vec![app.client_secret.clone(), app.application_token.clone(), MASTER_KEY.to_owned()];
    for delivery in stage.portal.deliveries() {
        tokens(&delivery.form(), false, &mut secrets);
    }
    // What a refresh grant gave is in no delivery.
    let before = secrets.len();
    for exchange in stage.portal.exchanges() {
        if let Ok(answer) = serde_json::from_slice(&exchange.answer) {
            tokens(&answer, false, &mut secrets);
        }
    }
    assert!(secrets.len() >= before + 4, "the installation and the expired token led to two grants at least");
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() > 10, "the scenario has tokens to look for, {} of them", secrets.len());
    assert!(secrets.iter().all(|secret| secret.len() >= 16), "each is long enough not to occur by chance");

    let shown = format!("{:?} {:?} {:?}", stage.running, stage::settings(&stage.portal), stage.portal.app());
    let lines = String::from_utf8_lossy(&written.0.lock().unwrap()).into_owned();
    assert!(lines.contains("heard") && lines.lines().count() > 50, "the scenario is logged");
    for secret in secrets {
        for (name, text) in [("a log line", &lines), ("a Debug text", &shown), ("a refusal", &refusal)] {
            if let Some(at) = text.find(&secret) {
                let from = text[..at].rfind('\n').map_or(0, |line| line + 1);
                let to = text[at..].find('\n').map_or(text.len(), |end| at + end);
                panic!("{name} holds a secret: {}", text[from..to].replace(&secret, "<<<HERE>>>"));
            }
        }
    }
}
