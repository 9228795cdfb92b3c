//! The assistant on an emulated portal, whose events it is sent, or fetches.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stub;

use std::{sync::Arc, time::Duration};

use openlines::{
    app::Running,
    clock::{Clock, ManualClock, SystemClock},
    prelude::*,
};
use openlines_emulator::{BotLeaves, Emulator, Portal, RestFault, containing};
use rstest::rstest;
use stub::{Answers, Stub, assistant};
use tokio::sync::Notify;

const SOON: Duration = Duration::from_secs(20);
const TYPING: &str = "imbot.v2.Chat.InputAction.notify";
const HAND_OVER: &str = "imopenlines.bot.session.operator";

struct Stage {
    portal: Portal,
    running: Running,
    stub: Stub,
    clock: ManualClock,
    _emulator: Emulator,
}

async fn stage(fetches: bool, answers: Answers) -> Stage {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config::new()
        .without_admin()
        .listen(address)
        .database_url("memory:")
        .webhook(portal.webhook_url(), "a-token-of-our-own");
    let config = if fetches { config } else { config.public_url(format!("http://{address}")) };
    // Without OAuth the bot only hears of a person while it is in the chat.
    portal.line().bot_leaves(BotLeaves::WhenClosed);
    let stub = Stub::start(answers);
    let settings = stub.settings("quiet_seconds = 0");
    let profile = BotProfile::openline("assistant").name("Assistant").return_command("/bot");
    let clock = ManualClock::new(SystemClock.now());
    // Who fetches waits for the clock, which then has to go by itself.
    let app = if fetches { App::new(config) } else { App::new(config).clock(Arc::new(clock.clone())) };
    let running = app.bot(profile, assistant(settings)).start().await.unwrap();
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    Stage { portal, running, stub, clock, _emulator: emulator }
}

impl Stage {
    async fn quiet(&self) {
        self.portal.settled(SOON).await;
        tokio::time::timeout(SOON, self.running.idle()).await.expect("the app comes to rest");
    }

    fn calls(&self, method: &str) -> usize {
        self.portal.calls().iter().filter(|call| call.method.eq_ignore_ascii_case(method)).count()
    }

    async fn nobody_is_needed(&self) {
        let inbox = self.running.store().inbox(None, 9).await.unwrap();
        assert!(inbox.is_empty(), "{inbox:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_client_asks_and_hears_the_answer_while_the_bot_is_seen_typing(
    #[values(false, true)] fetches: bool,
) {
    let go = Arc::new(Notify::new());
    let stage = stage(fetches, Answers::Waits(go.clone(), "After a while.")).await;
    let ann = stage.portal.client("Ann");
    ann.says("how long does delivery take?").await;
    stage.stub.came(1).await;
    stage.portal.wait_for_call(TYPING, SOON).await;
    if !fetches {
        stage.clock.advance(Duration::from_secs(9));
        stage.portal.wait_for_calls(TYPING, 2, SOON).await;
    }
    go.notify_one();
    ann.hears("After a while.").within(SOON).await;
    stage.nobody_is_needed().await;
}

#[rstest]
#[tokio::test]
async fn an_unsure_model_hands_the_client_over_with_a_brief(#[values(false, true)] fetches: bool) {
    let stage = stage(fetches, Answers::Says("HAND_OVER")).await;
    let ann = stage.portal.client("Ann");
    ann.says("is delivery insured?").await;
    stage.portal.wait_for_call(HAND_OVER, SOON).await;
    ann.hears(containing("colleague")).within(SOON).await;
    stage.quiet().await;
    let said = stage.portal.bot_messages();
    let brief = said.iter().find(|message| message.internal).unwrap();
    assert!(
        brief.text.contains("is delivery insured?") && brief.text.contains("delivery.md"),
        "{}",
        brief.text
    );
    assert!(!ann.sees().iter().any(|seen| seen.text.contains("delivery.md")), "{:?}", ann.sees());
    stage.nobody_is_needed().await;
}

#[rstest]
#[tokio::test]
async fn a_person_who_takes_over_while_the_model_thinks_is_not_talked_over(
    #[values(false, true)] fetches: bool,
) {
    let go = Arc::new(Notify::new());
    let stage = stage(fetches, Answers::Waits(go.clone(), "After a while.")).await;
    let ann = stage.portal.client("Ann");
    ann.says("how long does delivery take?").await;
    stage.stub.came(1).await;
    let ivan = stage.portal.operator("Ivan");
    ivan.takes(&ann).await;
    ivan.says(&ann, "Good day, I am Ivan").await;
    ann.says("operator").await;
    tokio::time::timeout(SOON, stage.running.idle()).await.expect("the turn is cancelled");
    go.notify_one();
    ann.says("thank you, Ivan").await;
    stage.quiet().await;
    assert!(stage.portal.bot_messages().is_empty(), "{:?}", stage.portal.bot_messages());
    assert_eq!(stage.calls(HAND_OVER), 0, "who has a person is not handed over");
    assert_eq!(stage.stub.asked().len(), 1, "and the model is asked nothing more");
    stage.nobody_is_needed().await;
    // Given back, the bot answers again.
    stage.stub.now(Answers::Says("Two days."));
    ivan.says(&ann, "/bot").await;
    stage.quiet().await;
    ann.says("and how long does delivery take?").await;
    ann.hears("Two days.").within(SOON).await;
    let said: Vec<String> = stage.portal.bot_messages().into_iter().map(|message| message.text).collect();
    assert_eq!(said, ["Two days."], "nothing before it, a brief neither");
}

#[rstest]
#[case::sure("Two days.")]
#[case::unsure("HAND_OVER")]
#[tokio::test]
async fn a_person_of_whom_nobody_told_keeps_the_session_and_is_not_talked_over(#[case] says: &'static str) {
    let go = Arc::new(Notify::new());
    let stage = stage(false, Answers::Waits(go.clone(), says)).await;
    // The bot leaves the chat to the person, and hears nothing of it.
    stage.portal.line().bot_leaves(BotLeaves::AfterHandOver);
    let ann = stage.portal.client("Ann");
    ann.says("how long does delivery take?").await;
    stage.stub.came(1).await;
    let ivan = stage.portal.operator("Ivan");
    ivan.takes(&ann).await;
    ivan.says(&ann, "Good day, I am Ivan").await;
    stage.clock.advance(Duration::from_secs(15));
    go.notify_one();
    stage.quiet().await;
    assert_eq!(stage.portal.session_operator(ann.chat_id()), Some(ivan.user_id()));
    let heard: Vec<String> = ann.sees().into_iter().filter(|seen| !seen.own).map(|seen| seen.text).collect();
    assert_eq!(heard.len(), 1, "Ivan's alone: {heard:?}");
    assert!(stage.portal.bot_messages().is_empty(), "no brief either: {:?}", stage.portal.bot_messages());
    assert_eq!(stage.calls(HAND_OVER), 0);
    stage.nobody_is_needed().await;
}

#[tokio::test]
async fn an_answer_whose_sending_breaks_is_heard_once_and_asked_for_once() {
    let stage = stage(true, Answers::Says("Two days.")).await;
    stage.portal.faults().rest("imbot.v2.Chat.Message.send", RestFault::CloseAfterExecution, 1);
    let ann = stage.portal.client("Ann");
    ann.says("how long does delivery take?").await;
    ann.hears("Two days.").within(SOON).await;
    stage.quiet().await;
    assert_eq!(stage.portal.bot_messages().len(), 1);
    assert_eq!(stage.stub.asked().len(), 1);
    stage.nobody_is_needed().await;
}
