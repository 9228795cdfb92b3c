//! A portal by incoming webhook, and bots that fetch their events: no OAuth, no public address.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use openlines::prelude::*;
use openlines_emulator::Emulator;
use stage::{SOON, Stage, settings};

const BOT_TOKEN: &str = "a-token-of-our-own";

async fn echo(cx: Context, message: Message) {
    cx.reply(format!("You said: {}", literal(&message.text)));
}

async fn started(config: impl FnOnce(&openlines_emulator::Portal) -> Config, profile: BotProfile) -> Stage {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let running = App::new(config(&portal)).bot(profile, echo).start().await.unwrap();
    Stage { emulator, portal, running }
}

fn by_webhook(portal: &openlines_emulator::Portal) -> Config {
    Config::new()
        .listen("127.0.0.1:0".parse().unwrap())
        .without_admin()
        .database_url("memory:")
        .webhook(portal.webhook_url(), BOT_TOKEN)
}

/// A port that is free now, for an app that has to know its address before it starts.
fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn answers(stage: &Stage) {
    tokio::time::timeout(SOON, stage.running.set_up(1)).await.expect("the portal is set up");
    let client = stage.portal.client("Ann");
    client.says("one").await;
    client.says("two").await;
    let said = stage.portal.wait_for_bot_messages(2, SOON).await;
    let texts: Vec<&str> = said.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["You said: one", "You said: two"]);
}

#[tokio::test]
async fn a_v2_bot_by_webhook_fetches_its_events_and_answers() {
    let stage = started(by_webhook, BotProfile::openline("echo")).await;
    answers(&stage).await;
    assert!(stage.portal.deliveries().is_empty(), "nothing was posted anywhere");
}

#[tokio::test]
async fn a_v2_bot_by_webhook_hears_callbacks_at_its_public_address() {
    let address = free_address();
    let config = |portal: &openlines_emulator::Portal| {
        by_webhook(portal).listen(address).public_url(format!("http://{address}"))
    };
    let stage = started(config, BotProfile::openline("echo")).await;
    answers(&stage).await;
    assert!(stage.portal.deliveries().iter().any(|sent| sent.event == "ONIMBOTV2MESSAGEADD"));
}

#[tokio::test]
async fn a_v1_bot_by_webhook_hears_callbacks_at_its_public_address() {
    let address = free_address();
    let config = |portal: &openlines_emulator::Portal| {
        by_webhook(portal).listen(address).public_url(format!("http://{address}"))
    };
    let stage = started(config, BotProfile::openline("echo").v1()).await;
    answers(&stage).await;
    assert!(stage.portal.deliveries().iter().any(|sent| sent.event == "ONIMBOTMESSAGEADD"));
}

#[tokio::test]
async fn an_oauth_bot_without_a_public_address_fetches_its_events() {
    let stage = started(settings, BotProfile::openline("echo")).await;
    stage.portal.install(&format!("{}/install", stage.running.url())).await;
    answers(&stage).await;
}

#[tokio::test]
async fn what_was_said_while_a_fetching_bot_was_down_is_answered_when_it_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", directory.path().join("bot.db").display());
    let config = |portal: &openlines_emulator::Portal| by_webhook(portal).database_url(database.clone());
    let Stage { emulator, portal, running } = started(config, BotProfile::openline("echo")).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    running.stop().await;
    let client = portal.client("Ann");
    client.says("anybody there?").await;
    let running = App::new(config(&portal)).bot(BotProfile::openline("echo"), echo).start().await.unwrap();
    let stage = Stage { emulator, portal, running };
    let said = stage.portal.wait_for_bot_messages(1, SOON).await;
    assert_eq!(said[0].text, "You said: anybody there?");
}

#[tokio::test]
async fn a_v1_bot_without_a_public_address_is_refused_with_the_way_out() {
    let emulator = Emulator::start().await;
    let app = App::new(by_webhook(&emulator.portal())).bot(BotProfile::openline("echo").v1(), echo);
    let error = app.start().await.unwrap_err().to_string();
    assert!(error.contains("OPENLINES_PUBLIC_URL") && error.contains("v2"), "{error}");
}
