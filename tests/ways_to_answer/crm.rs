//! Through the chat of a CRM item.

use openlines::{
    prelude::*,
    store::InboxState::{Rejected, Uncertain},
};
use openlines_emulator::RestFault;
use rstest::rstest;

use crate::bench::{Bench, By, bench};

const ADD: &str = "imopenlines.crm.message.add";

async fn stand(by: By) -> (Bench, openlines_emulator::Client) {
    let bench = bench(BotProfile::openline("crm"), by).await;
    let client = bench.portal().client("Ann");
    client.says("hello").await;
    bench.stage.quiet().await;
    (bench, client)
}

/// Texts of the client's chat with their authors' ids, the portal's own left out.
fn said(bench: &Bench, client: &openlines_emulator::Client) -> Vec<(i64, String)> {
    let messages = bench.portal().messages(client.chat_id());
    messages
        .into_iter()
        .filter(|message| message.author_id > 0 && message.author_id != client.user_id())
        .map(|message| (message.author_id, message.text))
        .collect()
}

#[rstest]
#[tokio::test]
async fn an_employee_elsewhere_lets_the_bot_write_into_the_deals_chat(
    #[values(By::OAuth, By::Webhook)] by: By,
) {
    let (bench, ann) = stand(by).await;
    let deal = ann.deal_id();
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "Your parcel is on its way"));
    let bot = bench.portal().bot_id("crm").unwrap();
    bench.portal().employee("Eve").says_to(bot, "do").await;
    bench.stage.quiet().await;
    assert_eq!(said(&bench, &ann), [(bot, "Your parcel is on its way".to_owned())]);
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn of_two_clients_the_one_of_the_item_gets_it_whoever_writes() {
    let (bench, ann) = stand(By::OAuth).await;
    let bob = bench.portal().client("Bob");
    let deal = ann.deal_id();
    assert_ne!(deal, bob.deal_id());
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "For Ann"));
    bench.client_asks(&bob).await;
    assert_eq!(said(&bench, &ann).len(), 1);
    assert_eq!(said(&bench, &bob).len(), 0);
    bench.nobody_is_needed().await;
}

#[rstest]
#[tokio::test]
async fn a_sender_who_is_not_in_the_chat_joins_it(#[values(By::OAuth, By::Webhook)] by: By) {
    let (bench, ann) = stand(by).await;
    let (eve, deal) = (bench.portal().employee("Eve").user_id(), ann.deal_id());
    bench.does(move |cx| cx.crm_reply_as(UserId::new(eve), CrmItem::Deal(deal), "Eve here"));
    bench.client_asks(&ann).await;
    assert_eq!(said(&bench, &ann), [(eve, "Eve here".to_owned())]);
    assert_eq!(bench.calls("imopenlines.crm.chat.user.add").len(), 1);
    let statuses: Vec<u16> = bench.calls(ADD).iter().map(|call| call.status).collect();
    assert_eq!(statuses, [400, 200]);
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn an_item_without_an_active_session_is_told_so() {
    let (bench, ann) = stand(By::OAuth).await;
    let bob = bench.portal().client("Bob");
    bob.says("hello").await;
    let operator = bench.portal().operator("Olga");
    operator.takes(&ann).await;
    operator.finishes(&ann).await;
    let deal = ann.deal_id();
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "Too late"));
    bench.client_asks(&bob).await;
    let error = bench.needs_a_person(Rejected).await;
    assert!(
        error.contains("no chat with an active session") && error.contains("wait until the client writes"),
        "{error}"
    );
    assert!(bench.calls(ADD).is_empty(), "what cannot arrive is not sent");
}

#[tokio::test]
async fn a_chat_that_is_not_the_items_is_told_so_and_no_other_is_taken() {
    let (bench, ann) = stand(By::OAuth).await;
    let bob = bench.portal().client("Bob");
    bob.says("hello").await;
    let (deal, chat) = (ann.deal_id(), bob.chat_id());
    bench.does(move |cx| {
        cx.crm_reply_in(CrmItem::Deal(deal), openlines::wire::ChatId::new(chat), "Where to?");
    });
    bench.client_asks(&bob).await;
    let error = bench.needs_a_person(Rejected).await;
    assert!(error.contains(&format!("chat {chat}")) && error.contains("crm_reply"), "{error}");
    assert!(bench.calls(ADD).is_empty());
}

#[tokio::test]
async fn a_connector_that_is_off_is_explained() {
    let (bench, ann) = stand(By::OAuth).await;
    let eve = bench.portal().employee("Eve");
    let deal = ann.deal_id();
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "Hello?"));
    bench.portal().line().channel("livechat", false);
    eve.says_to(bench.portal().bot_id("crm").unwrap(), "do").await;
    bench.stage.quiet().await;
    let error = bench.needs_a_person(Rejected).await;
    assert!(error.contains("CHAT_NOT_IN_CRM") && error.contains("connector that is on"), "{error}");
}

#[tokio::test]
async fn a_sender_without_the_right_to_the_item_is_named() {
    let (bench, ann) = stand(By::OAuth).await;
    let bot = bench.portal().bot_id("crm").unwrap();
    bench.portal().set_crm_reader(bot, false);
    let deal = ann.deal_id();
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "Hello?"));
    bench.client_asks(&ann).await;
    let error = bench.needs_a_person(Rejected).await;
    assert!(error.contains(&format!("user {bot}, the sender")) && error.contains("ACCESS_DENIED"), "{error}");
}

#[tokio::test]
async fn an_application_without_the_right_to_the_item_is_named() {
    let (bench, ann) = stand(By::OAuth).await;
    bench.portal().set_crm_reader(bench.portal().admin_id(), false);
    let deal = ann.deal_id();
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "Hello?"));
    bench.client_asks(&ann).await;
    let error = bench.needs_a_person(Rejected).await;
    assert!(error.contains("the user the application acts as may not read"), "{error}");
}

#[rstest]
#[case("")]
#[case("0")]
#[tokio::test]
async fn a_text_that_the_portal_would_refuse_fails_the_turn(#[case] text: &'static str) {
    let (bench, ann) = stand(By::OAuth).await;
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(1), text));
    bench.client_asks(&ann).await;
    let error = bench.needs_a_person(openlines::store::InboxState::Parked).await;
    assert!(error.contains("the text `0`"), "{error}");
}

#[rstest]
#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_in_the_history(#[values(By::OAuth, By::Webhook)] by: By) {
    let (bench, ann) = stand(by).await;
    let deal = ann.deal_id();
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "Once"));
    // One of the same text is in the history already.
    bench.client_asks(&ann).await;
    bench.portal().faults().rest(ADD, RestFault::CloseAfterExecution, 1);
    bench.client_asks(&ann).await;
    assert_eq!(said(&bench, &ann).len(), 2);
    assert_eq!(bench.calls(ADD).len(), 2, "it was not sent again");
    bench.nobody_is_needed().await;
}

#[rstest]
#[case::the_connection_broke_before(RestFault::CloseBeforeExecution)]
#[case::html_instead_of_json(RestFault::HtmlBody)]
#[case::an_error_in_a_success(RestFault::ErrorInSuccess)]
#[tokio::test]
async fn a_message_that_the_history_does_not_have_is_shown_and_not_sent_again(#[case] fault: RestFault) {
    let (bench, ann) = stand(By::OAuth).await;
    let deal = ann.deal_id();
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "Once"));
    // One of the same text is in the history: it is not this one.
    bench.client_asks(&ann).await;
    bench.portal().faults().rest(ADD, fault, 1);
    bench.client_asks(&ann).await;
    assert_eq!(said(&bench, &ann).len(), 1);
    let error = bench.needs_a_person(Uncertain).await;
    assert!(error.contains("the history of chat"), "{error}");
    assert_eq!(bench.calls(ADD).len(), 2, "one before, and one that was lost");
}

#[rstest]
#[case::the_limit(ADD, RestFault::QueryLimitExceeded)]
#[case::the_chat_cannot_be_asked_for("imopenlines.crm.chat.get", RestFault::CloseAfterExecution)]
#[case::the_last_message_cannot_be_asked_for("imopenlines.dialog.get", RestFault::HtmlBody)]
#[tokio::test]
async fn what_was_certainly_not_sent_is_sent_later(#[case] method: &str, #[case] fault: RestFault) {
    let (bench, ann) = stand(By::OAuth).await;
    let deal = ann.deal_id();
    bench.does(move |cx| cx.crm_reply(CrmItem::Deal(deal), "Once"));
    bench.portal().faults().rest(method, fault, 1);
    ann.says("do").await;
    bench.portal().wait_for_bot_message(|message| message.text == "Once", crate::stage::SOON).await;
    bench.stage.quiet().await;
    assert_eq!(said(&bench, &ann).len(), 1);
    bench.nobody_is_needed().await;
}
