//! Through a network line, by the ledger.

use std::time::Duration;

use openlines::{
    dispatch::NetworkLimit,
    prelude::*,
    store::{
        InboxItem, InboxRequest,
        InboxState::{Parked, Rejected, Uncertain},
        LedgerState,
    },
};
use openlines_emulator::RestFault;
use rstest::rstest;

use crate::bench::{Bench, By, bench, bench_with, impatient};

const ADD: &str = "imopenlines.network.message.add";

struct Stand {
    bench: Bench,
    ann: openlines_emulator::Client,
    user: i64,
    code: String,
}

async fn stand(by: By) -> Stand {
    on(bench(BotProfile::openline("net"), by).await)
}

fn on(bench: Bench) -> Stand {
    let ann = bench.portal().client("Ann");
    let user = bench.portal().employee("Eve").user_id();
    let code = bench.portal().network_code();
    let line = code.clone();
    bench.does(move |cx| cx.network_reply(&line, UserId::new(user), "Your invoice"));
    Stand { bench, ann, user, code }
}

impl Stand {
    async fn asks(&self) {
        self.bench.client_asks(&self.ann).await;
    }

    fn arrived(&self) -> usize {
        self.bench.portal().network_messages().len()
    }

    async fn ledger(&self) -> Option<LedgerState> {
        let portal = self.bench.stage.running.registry().portals().remove(0).key;
        let store = self.bench.stage.running.store();
        store.ledger(&portal, &self.code, UserId::new(self.user)).await.unwrap().map(|entry| entry.state)
    }
}

#[rstest]
#[tokio::test]
async fn one_a_week_arrives_and_the_next_is_rejected_with_the_moment_of_its_turn(
    #[values(By::OAuth, By::Webhook)] by: By,
) {
    let stand = stand(by).await;
    stand.asks().await;
    assert_eq!((stand.arrived(), stand.ledger().await), (1, Some(LedgerState::Sent)));
    stand.asks().await;
    let error = stand.bench.needs_a_person(Rejected).await;
    assert!(error.contains("the next at 20") && error.contains(&format!("user {}", stand.user)), "{error}");
    assert_eq!((stand.arrived(), stand.bench.calls(ADD).len()), (1, 1), "the portal was not asked");
}

#[tokio::test]
async fn a_week_later_the_next_one_arrives() {
    let stand = stand(By::OAuth).await;
    stand.asks().await;
    let week = Duration::from_secs(7 * 86_400 + 60);
    stand.bench.portal().clock().advance(week);
    stand.bench.clock.advance(week);
    stand.asks().await;
    assert_eq!(stand.arrived(), 2);
    stand.bench.nobody_is_needed().await;
}

#[rstest]
#[case::the_answer_was_lost(RestFault::CloseAfterExecution, 1)]
#[case::the_call_was_lost(RestFault::CloseBeforeExecution, 2)]
#[case::html_instead_of_json(RestFault::HtmlBody, 1)]
#[case::the_rate_limit(RestFault::QueryLimitExceeded, 1)]
#[tokio::test]
async fn with_the_weekly_limit_it_arrives_exactly_once_whatever_happens_to_its_call(
    #[case] fault: RestFault,
    #[case] times: u32,
) {
    let stand = stand(By::OAuth).await;
    stand.bench.portal().faults().rest(ADD, fault, times);
    stand.ann.says("do").await;
    // Waits for limits are real.
    let idle = async {
        while stand.ledger().await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::stage::SOON, idle).await.expect("it is in the ledger");
    stand.bench.stage.quiet().await;
    assert_eq!((stand.arrived(), stand.ledger().await), (1, Some(LedgerState::Sent)));
    stand.bench.nobody_is_needed().await;
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_that_came_before_the_limit_says_nothing() {
    let stand = stand(By::OAuth).await;
    let line = stand.bench.portal().unjoined_network_code();
    let user = stand.user;
    stand.bench.does(move |cx| cx.network_reply(&line, UserId::new(user), "Your invoice"));
    stand.bench.portal().faults().rest(ADD, RestFault::CloseBeforeExecution, 1);
    stand.asks().await;
    let error = stand.bench.needs_a_person(Uncertain).await;
    assert!(error.contains("NOT_FOUND"), "{error}");
}

#[tokio::test]
async fn an_nfr_portal_has_no_limit_and_a_lost_answer_is_not_repeated() {
    let stand = stand(By::OAuth).await;
    stand.bench.portal().set_nfr(true);
    stand.asks().await;
    stand.asks().await;
    assert_eq!(stand.arrived(), 2, "two on one day");
    stand.bench.portal().faults().rest(ADD, RestFault::CloseAfterExecution, 1);
    stand.asks().await;
    assert_eq!((stand.arrived(), stand.ledger().await), (3, Some(LedgerState::Uncertain)));
    let error = stand.bench.needs_a_person(Uncertain).await;
    assert!(!error.is_empty());
    assert_eq!(stand.bench.calls(ADD).len(), 3, "it was not sent again");
    // A person who has asked the user may send it again.
    let entry = stand.bench.inbox().await.remove(0);
    let now = openlines::wire::Timestamp::from_seconds(0);
    stand.bench.stage.running.store().request(InboxRequest::Retry(entry.item), now).await.unwrap();
    stand.bench.portal().wait_for_calls(ADD, 4, crate::stage::SOON).await;
    stand.bench.stage.quiet().await;
    assert_eq!((stand.arrived(), stand.ledger().await), (4, Some(LedgerState::Sent)));
    assert!(matches!(entry.item, InboxItem::Call(_)));
    stand.bench.nobody_is_needed().await;
}

#[tokio::test]
async fn the_limit_may_be_set_by_hand() {
    let mut policy = impatient();
    policy.network_limit = NetworkLimit::Exempt;
    let stand = on(bench_with(BotProfile::openline("net"), By::OAuth, policy).await);
    stand.bench.portal().set_nfr(true);
    stand.asks().await;
    stand.asks().await;
    assert_eq!(stand.arrived(), 2);
    assert!(stand.bench.calls("app.info").is_empty(), "nobody had to be asked");
}

#[tokio::test]
async fn a_message_of_another_program_within_the_week_is_told_apart_from_our_own() {
    let stand = stand(By::OAuth).await;
    let (code, user) = (stand.code.clone(), stand.user);
    stand.bench.does(move |cx| {
        let theirs = serde_json::json!({"CODE": code, "USER_ID": user, "MESSAGE": "Theirs"});
        cx.call_later(ADD, theirs);
    });
    stand.asks().await;
    let code = stand.code.clone();
    stand.bench.does(move |cx| cx.network_reply(&code, UserId::new(user), "Ours"));
    stand.asks().await;
    assert_eq!((stand.arrived(), stand.ledger().await), (1, None));
    let error = stand.bench.needs_a_person(Rejected).await;
    assert!(error.contains("from elsewhere") && error.contains("USER_MESSAGE_LIMIT"), "{error}");
}

#[tokio::test]
async fn a_line_that_is_not_joined_rejects_it() {
    let stand = stand(By::OAuth).await;
    let (line, user) = (stand.bench.portal().unjoined_network_code(), stand.user);
    stand.bench.does(move |cx| cx.network_reply(&line, UserId::new(user), "Your invoice"));
    stand.asks().await;
    let error = stand.bench.needs_a_person(Rejected).await;
    assert!(error.contains("NOT_FOUND"), "{error}");
}

#[tokio::test]
async fn links_arrive_and_other_buttons_fail_the_turn() {
    let stand = stand(By::OAuth).await;
    let with = |button: Button| {
        let (code, user) = (stand.code.clone(), stand.user);
        let keyboard = Keyboard::builder().button(button).build().unwrap();
        stand.bench.does(move |cx| {
            cx.network_reply(&code, UserId::new(user), Reply::text("Pay").keyboard(keyboard.clone()));
        });
    };
    with(Button::command("Pay", "pay").into());
    stand.asks().await;
    let error = stand.bench.needs_a_person(Parked).await;
    assert!(error.contains("`Pay`") && error.contains("links only"), "{error}");
    with(Button::link("Pay", "https://shop.example/pay"));
    stand.asks().await;
    let arrived = stand.bench.portal().network_messages();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].keyboard.as_ref().unwrap()[0]["LINK"], "https://shop.example/pay");
}

#[tokio::test]
async fn a_handler_is_told_beforehand_when_the_next_one_is_allowed() {
    let stand = stand(By::OAuth).await;
    let desk = {
        let running = &stand.bench.stage.running;
        let member = running.registry().portals().remove(0).key.member;
        running.portal(member.as_str()).unwrap()
    };
    let user = UserId::new(stand.user);
    assert_eq!(desk.network_ledger(&stand.code, user).await.unwrap().next_allowed, None);
    stand.asks().await;
    let ledger = desk.network_ledger(&stand.code, user).await.unwrap();
    let last = ledger.last.unwrap();
    assert_eq!(ledger.next_allowed, Some(last.at.plus(Duration::from_secs(7 * 86_400))));
    stand.bench.portal().set_nfr(true);
    assert_eq!(desk.network_ledger(&stand.code, user).await.unwrap().next_allowed, None);
}
