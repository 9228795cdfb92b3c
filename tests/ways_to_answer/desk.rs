//! Sending outside of an event: once under its key.

use openlines::{
    clock::Clock,
    dispatch::{EnqueueErrorKind, Enqueued, NetworkOutcome, PortalDesk},
    prelude::*,
    wire::DialogId,
};
use openlines_emulator::RestFault;

use crate::bench::{Bench, By, bench};

async fn stand() -> (Bench, PortalDesk) {
    let bench = bench(BotProfile::openline("desk"), By::OAuth).await;
    let running = &bench.stage.running;
    assert!(running.portal("nobody").is_none());
    let member = running.registry().portals().remove(0).key.member;
    let desk = running.portal(member.as_str()).unwrap();
    (bench, desk)
}

#[tokio::test]
async fn the_same_item_of_a_campaign_is_sent_once_however_often_it_is_asked_for() {
    let (bench, desk) = stand().await;
    let code = bench.portal().network_code();
    let users: Vec<i64> = (0..20).map(|at| bench.portal().employee(&format!("E{at}")).user_id()).collect();
    let to = |users: &[i64]| -> Vec<(UserId, Reply)> {
        users.iter().map(|user| (UserId::new(*user), Reply::text("Open on Sunday"))).collect()
    };
    assert_eq!(desk.broadcast("sunday", &code, to(&users[..12])).await.unwrap(), 12);
    assert_eq!(desk.broadcast("sunday", &code, to(&users)).await.unwrap(), 8);
    assert_eq!(desk.broadcast("sunday", &code, to(&users)).await.unwrap(), 0);
    bench.stage.quiet().await;
    let mut got: Vec<i64> = bench.portal().network_messages().iter().map(|sent| sent.user_id).collect();
    got.sort_unstable();
    assert_eq!(got, users);
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn what_became_of_each_item_of_a_campaign_can_be_asked_for() {
    let (bench, desk) = stand().await;
    bench.portal().set_nfr(true);
    let (line, strange) = (bench.portal().network_code(), bench.portal().unjoined_network_code());
    let users = ["Ann", "Bob"].map(|name| UserId::new(bench.portal().employee(name).user_id()));
    let begun = bench.clock.now();
    let asked = users.map(|user| (user, begun));
    assert_eq!(desk.network_outcomes(&line, &asked).await.unwrap(), [None, None]);
    desk.broadcast("sunday", &line, [(users[0], Reply::text("Open"))]).await.unwrap();
    desk.broadcast("strange", &strange, [(users[1], Reply::text("Open"))]).await.unwrap();
    bench.stage.quiet().await;
    let sent = desk.network_outcomes(&line, &asked).await.unwrap();
    assert!(matches!(&sent[..], [Some(NetworkOutcome::Sent(at)), None] if *at >= begun), "{sent:?}");
    let refused = desk.network_outcomes(&strange, &asked).await.unwrap();
    let [None, Some(NetworkOutcome::Refused(why))] = &refused[..] else { panic!("{refused:?}") };
    assert!(why.contains("NOT_FOUND"), "{why}");
    let later = begun.plus(std::time::Duration::from_secs(60));
    let since = [(users[0], later), (users[1], later)];
    assert_eq!(desk.network_outcomes(&line, &since).await.unwrap(), [None, None]);

    // Without the limit, what was lost after it was sent is not repeated.
    bench.portal().faults().rest("imopenlines.network.message.add", RestFault::CloseAfterExecution, 1);
    let begun = bench.clock.now();
    desk.broadcast("monday", &line, [(users[1], Reply::text("Open"))]).await.unwrap();
    bench.stage.quiet().await;
    let perhaps = desk.network_outcomes(&line, &[(users[1], begun)]).await.unwrap();
    assert!(matches!(&perhaps[..], [Some(NetworkOutcome::Uncertain(why))] if !why.is_empty()), "{perhaps:?}");
}

#[tokio::test]
async fn a_broadcast_with_an_item_that_cannot_work_asks_for_nothing() {
    let (bench, desk) = stand().await;
    let keyboard = Keyboard::builder().button(Button::command("Pay", "pay")).build().unwrap();
    let items = [Reply::text("fine"), Reply::text("not").keyboard(keyboard)];
    let items = items.into_iter().enumerate().map(|(at, reply)| (UserId::new(at as i64 + 1), reply));
    let error = desk.broadcast("b", &bench.portal().network_code(), items).await.unwrap_err();
    assert_eq!(error.kind(), EnqueueErrorKind::Invalid);
    bench.stage.quiet().await;
    assert!(bench.portal().network_messages().is_empty());
}

#[tokio::test]
async fn crm_items_and_dialogs_are_written_to_once_for_each_key() {
    let (bench, desk) = stand().await;
    let ann = bench.portal().client("Ann");
    ann.says("hello").await;
    bench.stage.quiet().await;
    let bot = bench.portal().bot_id("desk").unwrap();
    let dialog = DialogId::from(ann.dialog_id());
    for expected in [Enqueued::Fresh, Enqueued::Known] {
        let sent = desk.send("welcome/ann", "desk", &dialog, "Welcome").await.unwrap();
        assert_eq!(sent, expected);
        bench.stage.quiet().await;
        let deal = CrmItem::Deal(ann.deal_id());
        let sent = desk.crm_send("deal/ann", UserId::new(bot), deal, "Deal").await.unwrap();
        assert_eq!(sent, expected);
        bench.stage.quiet().await;
    }
    assert_eq!(bench.stage.said(), ["Welcome", "Deal"]);
    let error = desk.send("x", "nobody", &dialog, "Welcome").await.unwrap_err();
    assert_eq!(error.kind(), EnqueueErrorKind::NoBot);
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn a_bot_message_asked_for_at_the_desk_has_its_key_too() {
    let (bench, desk) = stand().await;
    let ann = bench.portal().client("Ann");
    ann.says("hello").await;
    bench.stage.quiet().await;
    bench.portal().faults().rest("imbot.v2.Chat.Message.send", RestFault::CloseAfterExecution, 1);
    desk.send("k", "desk", &DialogId::from(ann.dialog_id()), "Welcome").await.unwrap();
    bench.stage.quiet().await;
    assert_eq!(bench.stage.said(), ["Welcome"]);
    bench.nobody_is_needed().await;
}
