//! Channels: what the client of each sees of what bots and operators send.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::{Emulator, LostPart, SeenMessage};
use serde_json::{Value, json};
use support::{App, with_v1_bot};

async fn bot_says(app: &App, dialog: &str, extra: Value) -> i64 {
    let mut params = json!({"DIALOG_ID": dialog, "MESSAGE": "[b]Pay[/b] now"});
    params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    app.ok("imbot.message.add", params).await.as_i64().unwrap()
}

fn last(seen: Vec<SeenMessage>) -> SeenMessage {
    seen.last().unwrap().clone()
}

#[tokio::test]
async fn every_channel_shows_what_it_can_of_one_message() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let extra = json!({"KEYBOARD": [{"TEXT": "Pay", "LINK": "/pay"}], "ATTACH": [{"MESSAGE": "15 EUR"}]});
    for (connector, text, attach, buttons) in [
        ("livechat", "[b]Pay[/b] now", true, vec![]),
        ("telegrambot", "helper:\nPay now", false, vec![]),
        ("whatsapp", "helper:\nPay now", false, vec![]),
        ("network", "[b]Pay[/b] now", true, vec!["Pay".to_owned()]),
    ] {
        let ann = portal.client_on("Ann", connector, portal.line_id());
        ann.says("how much?").await;
        bot_says(&app, &ann.dialog_id(), extra.clone()).await;
        let seen = ann.sees();
        assert_eq!(seen.len(), 2, "{connector}: {seen:?}");
        assert!(seen[0].own && seen[0].text == "how much?");
        let answer = &seen[1];
        assert_eq!(
            (answer.connector.as_str(), answer.text.as_str(), answer.attach.is_some(), &answer.buttons),
            (connector, text, attach, &buttons)
        );
        assert_eq!(answer.lost.contains(&LostPart::Keyboard), buttons.is_empty(), "{connector}");
        assert_eq!(answer.lost.contains(&LostPart::Attachment), !attach, "{connector}");
    }
}

#[tokio::test]
async fn the_same_name_on_another_channel_is_another_client() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let there = portal.client_on("Ann", "telegrambot", portal.line_id());
    let here = portal.client("Ann");
    assert_ne!(there.user_id(), here.user_id());
    assert_eq!(portal.client_on("Ann", "telegrambot", portal.line_id()).user_id(), there.user_id());
    let sales = portal.add_line("Sales");
    assert_ne!(portal.client_on("Ann", "telegrambot", sales.id()).chat_id(), there.chat_id());
    assert!(portal.lines().contains(&(sales.id(), "Sales".to_owned())));
    assert!(portal.connectors().iter().any(|(code, title)| code == "whatsapp" && title == "WhatsApp"));
}

#[tokio::test]
#[should_panic(expected = "no connector \"pigeon\"")]
async fn a_channel_that_does_not_exist_fails_the_test() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let _ = portal.client_on("Ann", "pigeon", portal.line_id());
}

#[tokio::test]
async fn an_edit_reaches_only_channels_that_can_edit() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let ivan = portal.operator("Ivan");
    for (connector, follows) in [("telegrambot", true), ("whatsapp", false)] {
        let ann = portal.client_on("Ann", connector, portal.line_id());
        ann.says("hello").await;
        let id = ivan.says(&ann, "Good dya").await;
        ivan.edits(id, "Good day").await;
        let seen = last(ann.sees());
        assert_eq!(seen.text, if follows { "Ivan:\nGood day" } else { "Ivan:\nGood dya" });
        assert_eq!((seen.edited, seen.lost.contains(&LostPart::Edit)), (follows, !follows));
    }
}

#[tokio::test]
async fn what_stays_in_the_portal_is_not_seen() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    bot_says(&app, &ann.dialog_id(), json!({"SKIP_CONNECTOR": "Y"})).await;
    bot_says(&app, &ann.dialog_id(), json!({"SYSTEM": "Y"})).await;
    let ivan = portal.operator("Ivan");
    ivan.silences(&ann, true).await;
    bot_says(&app, &ann.dialog_id(), json!({})).await;
    assert_eq!(ann.sees().len(), 1, "a note, a system message, and one in silent mode: {:?}", ann.sees());
    ivan.silences(&ann, false).await;
    bot_says(&app, &ann.dialog_id(), json!({})).await;
    assert_eq!(ann.sees().len(), 2);
}

#[tokio::test]
async fn a_channel_that_is_off_refuses_and_the_network_never_does() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client_on("Ann", "telegrambot", portal.line_id());
    let bob = portal.client_on("Bob", "network", portal.line_id());
    ann.says("hello").await;
    bob.says("hello").await;
    portal.line().channel("telegrambot", false).channel("network", false);
    let to = |dialog: String| json!({"DIALOG_ID": dialog, "MESSAGE": "hi"});
    let code = app.refused("imbot.message.add", to(ann.dialog_id()), 400).await;
    assert_eq!(code, "ERROR_FROM_OTHER_MODULE");
    app.ok("imbot.message.add", to(bob.dialog_id())).await;
}

#[tokio::test]
async fn a_failing_channel_loses_the_message_and_tells_the_operator() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let ann = portal.client_on("Ann", "whatsapp", portal.line_id());
    ann.says("hello").await;
    portal.set_connector_failing("whatsapp", true);
    let id = portal.operator("Ivan").says(&ann, "Good day").await;
    assert!(id > 0, "the sender gets an id all the same");
    assert_eq!(ann.sees().len(), 1);
    assert!(ann.transcript().contains("*: WhatsApp did not take the message."), "{}", ann.transcript());
}
