//! Bot messages without a key: v1.

use openlines::{prelude::*, store::InboxState::Uncertain};
use openlines_emulator::RestFault;
use rstest::rstest;

use crate::bench::{Bench, By, bench};

const ADD: &str = "imbot.message.add";

async fn stand(by: By) -> (Bench, openlines_emulator::Client) {
    let bench = bench(BotProfile::openline("old").v1(), by).await;
    let client = bench.portal().client("Ann");
    (bench, client)
}

#[rstest]
#[tokio::test]
async fn a_reply_whose_answer_was_lost_is_found_in_the_history(#[values(By::OAuth, By::Webhook)] by: By) {
    let (bench, ann) = stand(by).await;
    bench.does(|cx| cx.reply("[b]One[/b]\nline"));
    bench.portal().faults().rest(ADD, RestFault::CloseAfterExecution, 1);
    bench.client_asks(&ann).await;
    assert_eq!(bench.stage.said().len(), 1);
    assert_eq!(bench.calls("imopenlines.session.history.get").len(), 1);
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn a_reply_that_the_history_does_not_have_is_shown_and_its_dialog_goes_on() {
    let (bench, ann) = stand(By::OAuth).await;
    bench.does(|cx| {
        cx.reply("One");
        cx.reply("Two");
    });
    bench.portal().faults().rest(ADD, RestFault::CloseBeforeExecution, 1);
    bench.client_asks(&ann).await;
    assert_eq!(bench.stage.said(), ["Two"]);
    bench.needs_a_person(Uncertain).await;
}

#[tokio::test]
async fn an_earlier_reply_of_the_same_text_is_not_taken_for_it() {
    let (bench, ann) = stand(By::OAuth).await;
    bench.does(|cx| {
        cx.reply("Same");
        cx.reply("Same");
    });
    bench.portal().faults().rest(ADD, RestFault::SlowAnswer(std::time::Duration::ZERO), 1);
    bench.portal().faults().rest(ADD, RestFault::CloseBeforeExecution, 1);
    bench.client_asks(&ann).await;
    assert_eq!(bench.stage.said(), ["Same"]);
    bench.needs_a_person(Uncertain).await;
}

#[tokio::test]
async fn two_lost_replies_of_the_same_text_are_both_found() {
    let (bench, ann) = stand(By::OAuth).await;
    bench.does(|cx| {
        cx.reply("Same");
        cx.reply("Same");
    });
    bench.portal().faults().rest(ADD, RestFault::CloseAfterExecution, 2);
    bench.client_asks(&ann).await;
    assert_eq!(bench.stage.said(), ["Same", "Same"]);
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn while_the_history_cannot_be_read_nothing_is_decided() {
    let (bench, ann) = stand(By::OAuth).await;
    bench.does(|cx| cx.reply("One"));
    bench.portal().faults().rest(ADD, RestFault::CloseAfterExecution, 1);
    bench.portal().faults().rest("imopenlines.session.history.get", RestFault::HtmlBody, 3);
    bench.client_asks(&ann).await;
    assert_eq!(bench.stage.said(), ["One"]);
    assert_eq!(bench.calls("imopenlines.session.history.get").len(), 4, "three of them met the fault");
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn in_a_private_chat_there_is_no_history_to_look_into() {
    let (bench, _ann) = stand(By::OAuth).await;
    bench.does(|cx| cx.reply("One"));
    bench.portal().faults().rest(ADD, RestFault::CloseAfterExecution, 1);
    let eve = bench.portal().employee("Eve");
    eve.says_to(bench.portal().bot_id("old").unwrap(), "do").await;
    bench.stage.quiet().await;
    assert_eq!(bench.stage.said(), ["One"]);
    let error = bench.needs_a_person(Uncertain).await;
    assert!(error.contains("the outcome is unknown"), "{error}");
    assert!(bench.calls("imopenlines.session.history.get").is_empty());
}
