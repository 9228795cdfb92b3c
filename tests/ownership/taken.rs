//! An operator takes a session over while something is under way.

use std::time::Duration;

use openlines::{prelude::*, wire::MessageId};
use openlines_emulator::RestFault;

use crate::{
    bench::{Bench, By, Echo, MINUTE, profile},
    stage::SOON,
    witness::{Seen, TAKES},
};

const SEND: &str = "imbot.v2.Chat.Message.send";

#[tokio::test]
async fn a_running_turn_is_cancelled_and_its_author_is_told() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    let asked = ann.says("think hard").await;
    bench.notes.thinking.notified().await;
    let ivan = bench.portal().operator("Ivan");
    ivan.says(&ann, TAKES).await;
    bench.quiet().await;
    assert_eq!(bench.said_to(&ann), ["You said: hello"]);
    let [withheld] = &bench.notes.withheld()[..] else { panic!("one report: {:?}", bench.notes.withheld()) };
    assert!(withheld.turn_cancelled(), "{withheld:?}");
    assert_eq!(withheld.operator, Some(UserId::new(ivan.user_id())));
    assert_eq!(withheld.answers, Some(MessageId::new(asked)));
    assert_eq!(withheld.chat.as_ref().unwrap().id.get(), ann.chat_id());
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn replies_that_wait_in_the_outbox_are_withheld_and_told_of_in_their_order() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    bench.portal().faults().rest(SEND, RestFault::SlowAnswer(Duration::from_millis(300)), 9);
    for text in ["one", "two", "three", "four"] {
        ann.says(text).await;
    }
    bench.portal().wait_for_calls(SEND, 2, SOON).await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    bench.quiet().await;
    let said = bench.said_to(&ann);
    let withheld = bench.notes.withheld_texts();
    let all: Vec<&String> = said.iter().chain(&withheld).collect();
    let expected = ["hello", "one", "two", "three", "four"].map(|text| format!("You said: {text}"));
    assert_eq!(all, expected.iter().collect::<Vec<_>>());
    assert!(!withheld.is_empty(), "said {said:?}");
    let seen = bench.witness.seen();
    let known = seen.iter().position(|seen| matches!(seen, Seen::Known(_))).unwrap();
    let began_later = seen[known..].contains(&Seen::Began(ann.chat_id()));
    assert!(!began_later, "{seen:?}");
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn a_client_whom_a_person_serves_is_not_heard_until_the_session_is_over() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    let ivan = bench.portal().operator("Ivan");
    ivan.says(&ann, TAKES).await;
    ann.says("thank you").await;
    bench.quiet().await;
    assert_eq!(bench.notes.heard(), ["hello"]);
    ivan.finishes(&ann).await;
    ann.says("me again").await;
    bench.quiet().await;
    assert_eq!(bench.notes.heard(), ["hello", "me again"]);
    assert_eq!(bench.said_to(&ann), ["You said: hello", "You said: me again"]);
}

#[tokio::test]
async fn a_bot_that_asks_hears_the_client_and_its_replies_are_withheld() {
    let build = |app: App, notes| app.bot(profile().hears_while_human(), Echo(notes));
    let bench = Bench::of(By::Callback, build).await;
    let ann = bench.client("Ann").await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    ann.says("thank you").await;
    bench.quiet().await;
    assert_eq!(bench.notes.heard(), ["hello", "thank you"]);
    assert_eq!(bench.notes.withheld_texts(), ["You said: thank you"]);
    assert_eq!(bench.said_to(&ann), ["You said: hello"]);
}

#[tokio::test]
async fn notes_go_out_while_a_person_has_the_session() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    ann.says("later").await;
    bench.quiet().await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    bench.quiet().await;
    bench.clock.advance(MINUTE);
    bench.quiet().await;
    let notes: Vec<String> = bench
        .portal()
        .bot_messages()
        .into_iter()
        .filter(|said| said.internal)
        .map(|said| said.text)
        .collect();
    assert_eq!(notes, ["A note"]);
    assert_eq!(bench.notes.heard().last().unwrap(), "timer while Human");
    assert_eq!(bench.notes.withheld_texts(), ["Are you there?"]);
}

#[tokio::test]
async fn what_is_sent_at_once_is_an_error_that_says_so() {
    let build = |app: App, notes| {
        app.bot(profile().hears_operators(), Echo(notes)).bot(
            BotProfile::openline("now").hears_operators(),
            async |cx: Context, message: Message| {
                if message.author == Author::Client {
                    return Ok(());
                }
                let error = cx.send_now("now", "Me too").await.unwrap_err();
                assert!(error.is_withheld(), "{error}");
                cx.send_now("again", "Me too").await.map(|_| ())
            },
        )
    };
    let bench = Bench::of(By::Callback, build).await;
    let now = bench.portal().bot_id("now").unwrap();
    bench.portal().line().welcome_bot(Some(now));
    let ann = bench.client("Ann").await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    bench.quiet().await;
    assert!(bench.said_to(&ann).is_empty());
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn another_bot_of_ours_and_the_bots_own_echo_are_no_operators() {
    let build = |app: App, notes: crate::bench::Notes| {
        app.event("ONOPENLINEMESSAGEADD")
            .bot(profile(), Echo(notes.clone()))
            .bot(BotProfile::openline("other"), Echo(notes))
    };
    let bench = Bench::of(By::Callback, build).await;
    let portal = bench.portal();
    portal.line().connector("telegrambot", "Telegram");
    let ann = portal.client_on("Ann", "telegrambot", portal.line_id());
    for text in ["one", "two", "three"] {
        ann.says(text).await;
        bench.quiet().await;
    }
    assert_eq!(bench.said_to(&ann), ["You said: one", "You said: two", "You said: three"]);
    let echoes = portal.deliveries().iter().filter(|sent| sent.event == "ONOPENLINEMESSAGEADD").count();
    assert!(echoes >= 6, "both directions were told: {echoes}");
    assert!(bench.notes.withheld().is_empty());
}

#[tokio::test]
async fn what_an_operator_writes_to_the_channel_is_evidence_although_no_bot_is_in_the_chat() {
    let build = |app: App, notes| app.event("ONOPENLINEMESSAGEADD").bot(profile(), Echo(notes));
    let bench = Bench::of(By::Callback, build).await;
    let portal = bench.portal();
    portal
        .line()
        .connector("telegrambot", "Telegram")
        .bot_leaves(openlines_emulator::BotLeaves::AfterHandOver);
    let ann = portal.client_on("Ann", "telegrambot", portal.line_id());
    ann.says("think").await;
    bench.notes.thinking.notified().await;
    let ivan = portal.operator("Ivan");
    ivan.takes(&ann).await;
    ivan.says(&ann, TAKES).await;
    bench.quiet().await;
    assert!(bench.said_to(&ann).is_empty());
    assert!(bench.notes.withheld()[0].turn_cancelled());
}

#[tokio::test]
async fn a_hand_over_lets_the_bot_speak_and_a_transfer_lets_it_finish() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    ann.says("people please").await;
    bench.quiet().await;
    ann.says("still there?").await;
    bench.quiet().await;
    let waiting = ["You said: hello", "One moment", "You said: people please", "You said: still there?"];
    assert_eq!(bench.said_to(&ann), waiting);

    let bob = bench.client("Bob").await;
    let ivan = bench.portal().operator("Ivan");
    bob.says(&format!("to {}", ivan.user_id())).await;
    bench.quiet().await;
    assert_eq!(
        bench.said_to(&bob).len(),
        1,
        "the bot had left when it would have said it: {:?}",
        bench.said_to(&bob)
    );
    assert!(bench.notes.withheld().is_empty(), "the words of a transfer are not withheld");
}

#[tokio::test]
async fn what_is_said_to_a_client_who_asked_for_a_person_by_0_is_withheld_and_nobody_has_to_look() {
    let bench = Bench::new().await;
    // With it the portal takes the bot out of the chat.
    bench.portal().line().bot_leaves(openlines_emulator::BotLeaves::AfterHandOver);
    let ann = bench.client("Ann").await;
    ann.says("0").await;
    bench.quiet().await;
    assert_eq!(bench.said_to(&ann), ["You said: hello"]);
    assert_eq!(bench.notes.withheld_texts(), ["You said: 0"]);
    bench.nobody_is_needed().await;
}
