//! RT events for those who may see a dialog, and notices on phones.

use openlines::{prelude::*, store::InboxState::Parked};
use openlines_emulator::{BotLeaves, Client, RestFault};
use rstest::rstest;
use serde::Serialize;

use crate::bench::{Bench, By, bench};

#[derive(Serialize)]
struct Changed {
    text: &'static str,
}

impl RtEvent for Changed {
    const COMMAND: &'static str = "changed";
}

async fn stand(profile: BotProfile) -> (Bench, Client) {
    let bench = bench(profile.hears_while_human(), By::OAuth).await;
    bench.portal().line().bot_leaves(BotLeaves::WhenClosed);
    bench.does(|cx| cx.rt(&Changed { text: "what the client wrote" }));
    let client = bench.portal().client("Ann");
    (bench, client)
}

/// An operator is in the chat, whose session the client has begun.
async fn with_operator(bench: &Bench, client: &Client) {
    client.says("hello").await;
    bench.stage.quiet().await;
    bench.portal().operator("Ivan").takes(client).await;
}

#[rstest]
#[tokio::test]
async fn those_in_the_chat_are_told_and_nobody_else(
    #[values(BotProfile::openline("rt"), BotProfile::openline("rt").v1())] profile: BotProfile,
) {
    let (bench, ann) = stand(profile).await;
    bench.client_asks(&ann).await;
    assert!(bench.portal().rt_events().is_empty(), "only the client and the bot are there");
    let (ivan, olga) = (bench.portal().operator("Ivan"), bench.portal().operator("Olga"));
    ivan.takes(&ann).await;
    bench.clock.advance(std::time::Duration::from_secs(11));
    bench.client_asks(&ann).await;
    let told = bench.portal().rt_events();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].user_ids, Some(vec![ivan.user_id()]));
    assert!(!told[0].user_ids.as_ref().unwrap().contains(&olga.user_id()));
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn a_busy_dialog_asks_once_who_is_there() {
    let (bench, ann) = stand(BotProfile::openline("rt")).await;
    bench.does(|cx| (0..5).for_each(|_| cx.rt(&Changed { text: "x" })));
    with_operator(&bench, &ann).await;
    bench.client_asks(&ann).await;
    assert_eq!(bench.portal().rt_events().len(), 5);
    assert_eq!(bench.calls("imbot.v2.Chat.User.list").len(), 1);
}

#[tokio::test]
async fn an_event_whose_answer_was_lost_is_sent_again() {
    let (bench, ann) = stand(BotProfile::openline("rt")).await;
    with_operator(&bench, &ann).await;
    bench.portal().faults().rest("imbot.v2.Chat.User.list", RestFault::CloseBeforeExecution, 1);
    bench.portal().faults().rest("pull.application.event.add", RestFault::CloseAfterExecution, 1);
    bench.client_asks(&ann).await;
    assert_eq!(bench.portal().rt_events().len(), 2, "at least once");
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn a_notice_appears_on_phones_and_one_that_says_nothing_is_refused() {
    let (bench, ann) = stand(BotProfile::openline("rt")).await;
    let ivan = bench.portal().operator("Ivan").user_id();
    bench.does(move |cx| cx.phone_notice([UserId::new(ivan)], "A client waits"));
    bench.client_asks(&ann).await;
    let notices = bench.portal().phone_notices();
    assert_eq!((notices.len(), notices[0].text.as_str()), (1, "A client waits"));
    assert_eq!(notices[0].user_ids, [ivan]);
    bench.does(|cx| cx.phone_notice([], "Nobody"));
    bench.client_asks(&ann).await;
    assert!(bench.needs_a_person(Parked).await.contains("phone_notice"));
}
