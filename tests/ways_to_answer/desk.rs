//! Sending outside of an event: once under its key.

use std::time::Duration;

use openlines::{
    app::AppErrorKind,
    clock::Clock,
    dispatch::{
        EnqueueErrorKind, Enqueued,
        NetworkOutcome::{Dropped, Due, Refused, Sent, TooEarly, Uncertain},
        PortalDesk,
    },
    prelude::*,
    store::InboxRequest,
    wire::DialogId,
};
use openlines_emulator::{Emulator, RestFault};

use crate::bench::{Bench, By, bench};

const WEEK: Duration = Duration::from_secs(7 * 86_400);

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
async fn what_became_of_each_message_of_a_campaign_is_told_by_its_name() {
    let (bench, desk) = stand().await;
    bench.portal().set_nfr(true);
    let (line, strange) = (bench.portal().network_code(), bench.portal().unjoined_network_code());
    let users = ["Ann", "Bob"].map(|name| UserId::new(bench.portal().employee(name).user_id()));
    let told = async |campaign: &str| desk.network_outcomes(campaign, &line, users).await.unwrap();
    let send = async |campaign: &str, line: &str, user: UserId| {
        assert_eq!(desk.broadcast(campaign, line, [(user, Reply::text("Open"))]).await.unwrap(), 1);
        bench.stage.quiet().await;
    };
    let begun = bench.clock.now();
    assert_eq!(told("sunday").await, [Due, Due]);
    send("sunday", &line, users[0]).await;
    let sunday = told("sunday").await;
    assert!(matches!(sunday[..], [Sent(at), Due] if at >= begun), "{sunday:?}");
    send("strange", &strange, users[1]).await;
    let refused = desk.network_outcomes("strange", &strange, users).await.unwrap();
    assert!(matches!(&refused[..], [Due, Refused(why)] if why.contains("NOT_FOUND")), "{refused:?}");

    // Without the limit, what was lost after it was sent is not repeated.
    bench.portal().faults().rest("imopenlines.network.message.add", RestFault::CloseAfterExecution, 1);
    send("monday", &line, users[1]).await;
    let monday = told("monday").await;
    assert!(matches!(&monday[..], [Due, Uncertain(why)] if !why.is_empty()), "{monday:?}");
    assert_eq!(told("sunday").await, sunday, "that of another campaign is none of this one");

    let store = bench.stage.running.store();
    for entry in bench.inbox().await {
        store.request(InboxRequest::Drop(entry.item), bench.clock.now()).await.unwrap();
    }
    let emptied = async {
        while !bench.inbox().await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::stage::SOON, emptied).await.expect("the inbox is empty");
    assert_eq!(desk.network_outcomes("strange", &strange, users).await.unwrap(), [Due, Dropped]);
    let monday = told("monday").await;
    assert!(matches!(&monday[..], [Due, Uncertain(why)] if why.contains("perhaps sent")), "{monday:?}");
}

#[tokio::test]
async fn what_would_be_too_early_is_told_unless_the_portal_has_no_limit() {
    let (bench, desk) = stand().await;
    let line = bench.portal().network_code();
    let users = ["Ann", "Bob"].map(|name| UserId::new(bench.portal().employee(name).user_id()));
    let told = async |campaign: &str| desk.network_outcomes(campaign, &line, users).await.unwrap();
    desk.broadcast("sunday", &line, [(users[0], Reply::text("Open"))]).await.unwrap();
    bench.stage.quiet().await;
    let asked = || bench.calls("app.info").len();
    let before = asked();
    assert!(matches!(told("sunday").await[..], [Sent(_), Due]));
    assert_eq!(asked(), before, "nobody is too early");
    let last = desk.network_ledger(&line, users[0]).await.unwrap().last.unwrap().at;
    assert_eq!(told("monday").await, [TooEarly(last.plus(WEEK)), Due]);
    bench.portal().set_nfr(true);
    assert_eq!(told("monday").await, [Due, Due]);
    bench.portal().set_nfr(false);
    bench.clock.advance(WEEK);
    assert_eq!(told("monday").await, [Due, Due]);
}

#[tokio::test]
async fn beside_the_server_it_is_told_by_the_database() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let dir = tempfile::tempdir().unwrap();
    let app = || {
        let config = Config::new()
            .without_admin()
            .listen("127.0.0.1:0".parse().unwrap())
            .database_url(format!("sqlite://{}", dir.path().join("bot.db").display()))
            .webhook(portal.webhook_url(), "a-token-of-our-own");
        App::new(config).bot(BotProfile::openline("desk"), async |_cx: Context, _message: Message| {})
    };
    assert_eq!(app().inspect(None).await.unwrap_err().kind(), AppErrorKind::Store, "not started yet");
    let running = app().start().await.unwrap();
    tokio::time::timeout(crate::stage::SOON, running.set_up(1)).await.expect("the portal is set up");
    let desk = running.desks().choose(None).unwrap();
    let member = desk.portal().member.as_str();
    assert_eq!(running.desks().choose(Some(member)).unwrap().portal(), desk.portal());
    assert_eq!(running.desks().choose(Some("nobody")).unwrap_err().kind(), AppErrorKind::Request);

    let line = portal.network_code();
    let users = ["Ann", "Bob"].map(|name| UserId::new(portal.employee(name).user_id()));
    desk.broadcast("sunday", &line, [(users[0], Reply::text("Open"))]).await.unwrap();
    running.idle().await;
    let view = app().inspect(Some(member)).await.unwrap();
    assert_eq!(view.portal(), desk.portal());
    let calls = portal.calls().len();
    for (campaign, expected) in [("sunday", "[Sent("), ("monday", "[TooEarly(")] {
        let told = view.network_outcomes(campaign, &line, users).await.unwrap();
        assert!(format!("{told:?}").starts_with(expected) && told[1] == Due, "{told:?}");
        assert_eq!(told, desk.network_outcomes(campaign, &line, users).await.unwrap());
    }
    let asked = portal.calls().split_off(calls);
    assert!(asked.iter().all(|call| call.method == "app.info"), "{asked:?}");
    running.stop().await;
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
