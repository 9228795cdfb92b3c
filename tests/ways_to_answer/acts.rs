//! Edits, deletions, reactions and read marks, of both generations.

use openlines::{
    message::{ContextItem, ContextMenu},
    prelude::*,
    store::InboxState::{Parked, Rejected},
    wire::MessageId,
};
use openlines_emulator::{ChatMessage, RestFault};
use rstest::rstest;

use crate::bench::{Bench, By, bench};

const V1: bool = false;
const V2: bool = true;

/// A bot that has said one message, with a button and a block.
async fn stand(v2: bool, by: By) -> (Bench, openlines_emulator::Client, MessageId) {
    let profile = BotProfile::openline("acts");
    let bench = bench(if v2 { profile } else { profile.v1() }, by).await;
    let ann = bench.portal().client("Ann");
    let keyboard = Keyboard::builder().button(Button::command("Pay", "pay")).build().unwrap();
    let attach = Attach::builder().message("Order 15").build().unwrap();
    bench.does(move |cx| {
        cx.reply(Reply::text("First").keyboard(keyboard.clone()).attach(attach.clone()));
    });
    bench.client_asks(&ann).await;
    let message = MessageId::new(bench.portal().bot_messages()[0].id);
    (bench, ann, message)
}

fn now(bench: &Bench, message: MessageId) -> ChatMessage {
    let messages = bench.portal().bot_messages();
    messages.into_iter().find(|found| found.id == message.get()).unwrap()
}

#[rstest]
#[tokio::test]
async fn an_edit_replaces_the_message_whole(
    #[values(V1, V2)] v2: bool,
    #[values(By::OAuth, By::Webhook)] by: By,
) {
    let (bench, ann, message) = stand(v2, by).await;
    bench.does(move |cx| cx.edit(message, "Second"));
    bench.client_asks(&ann).await;
    let edited = now(&bench, message);
    assert_eq!((edited.text.as_str(), edited.edited), ("Second", true));
    assert_eq!((edited.keyboard, edited.attach), (None, None));
    let keyboard = Keyboard::builder().button(Button::command("Back", "back")).build().unwrap();
    let attach = Attach::builder().message("Order 16").build().unwrap();
    bench.does(move |cx| {
        cx.edit(message, Reply::text("Third").keyboard(keyboard.clone()).attach(attach.clone()));
    });
    bench.client_asks(&ann).await;
    let edited = now(&bench, message);
    assert_eq!(edited.text, "Third");
    assert_eq!(edited.keyboard.unwrap()[0]["COMMAND"], "back");
    assert!(edited.attach.unwrap().to_string().contains("Order 16"));
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn a_v1_message_has_its_context_menu_until_an_edit_takes_it_away() {
    let (bench, ann, _) = stand(V1, By::OAuth).await;
    let menu = ContextMenu::builder().item(ContextItem::command_with("Cancel", "order", "cancel 15")).build();
    let reply = Reply::text("Order 15").context_menu(menu.unwrap());
    bench.does(move |cx| cx.reply(reply.clone()));
    bench.client_asks(&ann).await;
    let said = bench.portal().bot_messages().pop().unwrap();
    assert_eq!(said.menu.unwrap()[0]["COMMAND"], "order");
    bench.does(move |cx| cx.edit(MessageId::new(said.id), "Cancelled"));
    bench.client_asks(&ann).await;
    assert_eq!(now(&bench, MessageId::new(said.id)).menu, None);
    bench.nobody_is_needed().await;
}

#[rstest]
#[case::the_answer_was_lost(RestFault::CloseAfterExecution)]
#[case::the_call_was_lost(RestFault::CloseBeforeExecution)]
#[case::html_instead_of_json(RestFault::HtmlBody)]
#[tokio::test]
async fn a_deletion_is_done_whatever_happens_to_its_call(
    #[values(V1, V2)] v2: bool,
    #[case] fault: RestFault,
) {
    let (bench, ann, message) = stand(v2, By::OAuth).await;
    let method = if v2 { "imbot.v2.Chat.Message.delete" } else { "imbot.message.delete" };
    bench.portal().faults().rest(method, fault, 1);
    bench.does(move |cx| cx.delete(message));
    bench.client_asks(&ann).await;
    assert!(now(&bench, message).deleted);
    bench.nobody_is_needed().await;
}

#[rstest]
#[tokio::test]
async fn a_message_of_nobody_is_refused_by_name(#[values(V1, V2)] v2: bool) {
    let (bench, ann, _) = stand(v2, By::OAuth).await;
    bench.does(move |cx| cx.delete_completely(MessageId::new(999_999)));
    bench.client_asks(&ann).await;
    let error = bench.needs_a_person(Rejected).await;
    assert!(error.contains(if v2 { "MESSAGE_NOT_FOUND" } else { "CANT_EDIT_MESSAGE" }), "{error}");
}

#[rstest]
#[tokio::test]
async fn a_like_is_set_once_and_taken_back(#[values(V1, V2)] v2: bool) {
    let (bench, ann, message) = stand(v2, By::OAuth).await;
    let add = if v2 { "imbot.v2.Chat.Message.Reaction.add" } else { "imbot.message.like" };
    bench.does(move |cx| {
        cx.react(message, "like");
        cx.react(message, "like");
    });
    bench.portal().faults().rest(add, RestFault::CloseAfterExecution, 1);
    bench.client_asks(&ann).await;
    bench.nobody_is_needed().await;
    let taken_back = if v2 { "imbot.v2.Chat.Message.Reaction.delete" } else { add };
    let before = bench.calls(taken_back).len();
    bench.does(move |cx| cx.unreact(message, "like"));
    bench.client_asks(&ann).await;
    let calls = bench.calls(taken_back);
    assert_eq!(calls.len(), before + 1);
    assert_eq!(calls.last().unwrap().status, 200, "it was set: {calls:?}");
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn a_v2_bot_marks_as_read() {
    let (bench, ann, _) = stand(V2, By::OAuth).await;
    bench.does(move |cx| cx.read());
    bench.client_asks(&ann).await;
    let calls = bench.calls("imbot.v2.Chat.Message.read");
    assert_eq!(calls[0].answer["result"]["counter"], 0, "{calls:?}");
    bench.nobody_is_needed().await;
}

#[rstest]
#[case::read(|cx: &Context| cx.read(), "read")]
#[case::other_reactions(|cx: &Context| cx.react(MessageId::new(1), "kiss"), "`like`")]
#[case::a_description(|cx: &Context| { let _ = cx.chat_acts().description("x"); }, "description")]
#[tokio::test]
async fn what_a_v1_bot_has_no_call_for_fails_the_turn_by_name(
    #[case] act: fn(&Context),
    #[case] named: &str,
) {
    let (bench, ann, _) = stand(V1, By::OAuth).await;
    bench.does(act);
    bench.client_asks(&ann).await;
    let error = bench.needs_a_person(Parked).await;
    assert!(error.contains("a v1 bot cannot") && error.contains(named), "{error}");
}

#[rstest]
#[case::an_edit_without_a_text(|cx: &Context| cx.edit(MessageId::new(1), " "), "blank")]
#[case::a_reaction_that_is_none(|cx: &Context| cx.react(MessageId::new(1), "Thumbs up!"), "camelCase")]
#[case::a_blank_title(|cx: &Context| { let _ = cx.chat_acts().title(" "); }, "blank")]
#[tokio::test]
async fn what_the_portal_would_refuse_fails_the_turn_by_name(#[case] act: fn(&Context), #[case] named: &str) {
    let (bench, ann, _) = stand(V2, By::OAuth).await;
    bench.does(act);
    bench.client_asks(&ann).await;
    let error = bench.needs_a_person(Parked).await;
    assert!(error.contains(named), "{error}");
}
