//! What people write to the bot.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::{path::PathBuf, time::Duration};

use notifier::{Notifier, OptOuts};
use openlines::{prelude::*, testing::Conversation};
use openlines_emulator::{Emulator, containing};
use rstest::rstest;

const SOON: Duration = Duration::from_secs(20);

fn opt_outs() -> (tempfile::TempDir, PathBuf, OptOuts) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("opt-outs.csv");
    let opt_outs = OptOuts::open(&file).unwrap();
    (dir, file, opt_outs)
}

#[test]
fn stop_and_start_are_remembered_over_restarts() {
    let (_dir, file, kept) = opt_outs();
    let user = UserId::new(599);
    let mut talk =
        Conversation::builder().private_chat().with(Notifier::new(Default::default(), kept.clone()));
    talk.client_says("hello").expect_containing("Write STOP");
    talk.client_says("Stop!").expect_containing("no more messages");
    talk.client_says("stop").expect_containing("no more messages");
    let rows = std::fs::read_to_string(&file).unwrap();
    assert_eq!(rows.lines().count(), 2, "a heading and one row: {rows}");
    let portal = rows.lines().last().unwrap().split(',').next().unwrap().to_owned();
    assert!(kept.has(&portal, user) && OptOuts::open(&file).unwrap().has(&portal, user));
    assert!(!kept.has("another portal", user) && !kept.has(&portal, UserId::new(600)));
    talk.client_says("start").expect_containing("messages again");
    assert!(!kept.has(&portal, user) && !OptOuts::open(&file).unwrap().has(&portal, user));
}

#[test]
fn half_a_row_at_the_end_is_one_that_was_never_acknowledged() {
    let (_dir, file, kept) = opt_outs();
    kept.set("p", UserId::new(7), true, Timestamp::from_seconds(0)).unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{whole}p,8,tr")).unwrap();
    let kept = OptOuts::open(&file).unwrap();
    assert!(kept.has("p", UserId::new(7)) && !kept.has("p", UserId::new(8)));
    kept.set("p", UserId::new(9), true, Timestamp::from_seconds(0)).unwrap();
    let rows = std::fs::read_to_string(&file).unwrap();
    assert_eq!(rows, format!("{whole}p,9,true,1970-01-01T00:00:00Z\n"));
}

#[test]
fn whatever_else_a_client_says_is_for_a_person() {
    let (_dir, _file, kept) = opt_outs();
    let mut talk = Conversation::with(Notifier::new(Default::default(), kept));
    talk.client_says("where is my order?").expect_nothing().expect_hand_over();
}

#[rstest]
#[case::webhook(true)]
#[case::fetch(false)]
#[tokio::test]
async fn a_client_of_an_open_line_says_stop(#[case] webhook: bool) {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config::new()
        .without_admin()
        .listen(address)
        .database_url("memory:")
        .webhook(portal.webhook_url(), "a-token-of-our-own");
    let config = if webhook { config.public_url(format!("http://{address}")) } else { config };
    let (_dir, _file, kept) = opt_outs();
    let bot = Notifier::new(Default::default(), kept.clone());
    let running = App::new(config).bot(BotProfile::openline("notifier"), bot).start().await.unwrap();
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    let ann = portal.client("Ann");
    ann.says("STOP").await;
    ann.hears(containing("no more messages")).await;
    let member = running.registry().portals().remove(0).key.member;
    assert!(kept.has(member.as_str(), UserId::new(ann.user_id())));
    running.stop().await;
}
