//! On an emulated portal, by callbacks and by fetching.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::{sync::Arc, time::Duration};

use faq::{Answers, Faq, Shelf, Unanswered};
use openlines::{app::Running, prelude::*};
use openlines_emulator::{Emulator, Portal, containing};
use rstest::rstest;

const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy)]
enum Delivery {
    Webhook,
    Fetch,
}

async fn start(portal: &Portal, delivery: Delivery) -> Running {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config::new()
        .without_admin()
        .listen(address)
        .database_url("memory:")
        .webhook(portal.webhook_url(), "a-token-of-our-own");
    let config = match delivery {
        Delivery::Webhook => config.public_url(format!("http://{address}")),
        Delivery::Fetch => config,
    };
    let answers = Answers::read("answers.toml".as_ref(), include_str!("../answers.toml")).unwrap();
    let faq = Faq::new(Arc::new(Shelf::of(answers)), Unanswered::default());
    let profile = BotProfile::openline("faq").name("Help").return_command("/bot");
    let running = App::new(config).bot(profile, faq).start().await.unwrap();
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    running
}

#[rstest]
#[tokio::test]
async fn clients_are_greeted_answered_and_handed_over(
    #[values(Delivery::Webhook, Delivery::Fetch)] delivery: Delivery,
) {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let running = start(&portal, delivery).await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    ann.hears("Good day!").await;
    ann.hears(containing("What is it about?")).await;
    ann.says("1").await;
    ann.hears(containing("What about the delivery?")).await;
    ann.says("2").await;
    ann.hears(containing("Free from 50 €")).await;
    ann.says("person").await;
    ann.hears(containing("One moment please")).await;
    portal.wait_for_call("imopenlines.bot.session.operator", SOON).await;

    let bob = portal.client("Bob");
    bob.says("hi").await;
    bob.hears(containing("What is it about?")).await;
    bob.says("0").await;
    portal.settled(SOON).await;
    tokio::time::timeout(SOON, running.idle()).await.expect("the app comes to rest");
    let polled = portal.calls().iter().any(|call| call.method == "imbot.v2.event.get");
    assert_eq!(polled, matches!(delivery, Delivery::Fetch));
    let inbox = running.store().inbox(None, 9).await.unwrap();
    assert!(inbox.is_empty(), "nobody is needed: {inbox:?}");
    running.stop().await;
}

#[rstest]
#[tokio::test]
async fn while_a_person_has_the_session_the_bot_is_silent(
    #[values(Delivery::Webhook, Delivery::Fetch)] delivery: Delivery,
) {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let running = start(&portal, delivery).await;
    let (ann, ivan) = (portal.client("Ann"), portal.operator("Ivan"));
    ann.says("card").await;
    ann.hears(containing("By card, in cash")).await;
    ivan.takes(&ann).await;
    ivan.says(&ann, "It is me now").await;
    let said = portal.bot_messages().len();
    ann.says("card").await;
    portal.settled(SOON).await;
    tokio::time::timeout(SOON, running.idle()).await.expect("the app comes to rest");
    assert_eq!(portal.bot_messages().len(), said);
    running.stop().await;
}
