//! The conversation in memory: what people do arrives as on a portal, what the bot does is told, time stands still.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use openlines::{
    dispatch::Policy,
    prelude::*,
    rest::{CallError, CallErrorKind, methods::imopenlines::DialogGet},
    testing::{Conversation, Press, Sent},
};
use rstest::rstest;
use serde::{Deserialize, Serialize};
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);

async fn echo(_cx: Context, message: Message) -> String {
    format!("You said: {}", literal(&message.text))
}

/// What `test` says when it fails.
fn failure(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("the expectation fails");
    panic.downcast_ref::<String>().cloned().expect("a text")
}

#[test]
fn what_the_client_says_is_answered() {
    Conversation::with(echo).client_says("hi").expect("You said: hi");
}

#[tokio::test]
async fn it_works_inside_of_a_runtime_too() {
    let mut talk = Conversation::with(echo);
    talk.client_says("hi").expect("You said: hi");
    tokio::task::yield_now().await;
    talk.client_says("[b]bye").expect("You said: [b]bye").expect_nothing();
}

#[test]
fn an_expectation_that_fails_tells_what_was_expected_and_what_happened() {
    let told = failure(|| {
        Conversation::with(echo).client_says("hi").expect("Hello");
    });
    for part in
        ["that the bot says\n    Hello", "it said\n    You said: hi", "client: hi", "bot: You said: hi"]
    {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let silent =
        async |_cx: Context, _message: Message| Err::<(), _>(HandlerError::msg("no stock").permanent());
    let told = failure(|| {
        Conversation::with(silent).client_says("hi").expect("Hello");
    });
    assert!(told.contains("nothing more") && told.contains("is parked: no stock"), "{told}");
    let told = failure(|| {
        Conversation::with(echo).client_says("hi").expect_nothing();
    });
    assert!(told.contains("says nothing more, but it said\n    You said: hi"), "{told}");
    let told = failure(|| {
        Conversation::with(echo).client_says("hi").expect_hand_over();
    });
    assert!(told.contains("hands over"), "{told}");
    let told = failure(|| {
        Conversation::with(echo).client_presses("Yes");
    });
    assert!(told.contains("no message of the bot has such a button"), "{told}");
}

#[rstest]
#[case::v2(BotProfile::openline("shop"))]
#[case::v1(BotProfile::openline("shop").v1())]
fn events_of_both_generations_say_who_wrote_what_and_where(#[case] profile: BotProfile) {
    let bot = async |cx: Context, message: Message| {
        let chat = cx.chat().unwrap();
        let heard = Reply::text(format!(
            "{:?} {} in {} of a line: {} in {}",
            message.author,
            message.author_id,
            chat.dialog,
            chat.is_line(),
            message.language
        ));
        // An operator who writes has the session: only a note may be said.
        if message.author == Author::Operator { heard.internal_note() } else { heard }
    };
    let mut talk = Conversation::builder()
        .bot(profile.clone().hears_operators())
        .language("ru")
        .channel("viber")
        .with(bot);
    talk.client_says("hi").expect("Client 599 in chat1777 of a line: true in ru");
    talk.operator_says("hi").expect_containing("Operator 27 in chat1777");
    let mut inside = Conversation::builder().bot(profile).private_chat().with(bot);
    inside.client_says("hi").expect("Employee 599 in 599 of a line: false in en");
}

#[rstest]
#[case::v2(BotProfile::openline("shop"))]
#[case::v1(BotProfile::openline("shop").v1())]
fn commands_joins_sessions_and_other_events_reach_their_routes(#[case] profile: BotProfile) {
    let bot = Router::new()
        .command("order", async |_cx: Context, number: u32| format!("order {number}"))
        .on(async |_cx: Context, _joined: Joined| "joined")
        .on(async |cx: Context, _started: SessionStarted| cx.timer("idle").with_session().after(MINUTE))
        .on(async |_cx: Context, _fired: TimerFired| "fired")
        .on(async |cx: Context, reaction: Reaction| {
            cx.reply(format!("{} by {}", reaction.reaction, reaction.user.unwrap().name));
        });
    let v2 = profile == BotProfile::openline("shop");
    let mut talk = Conversation::builder().bot(profile).with(bot);
    talk.client_says("/order 15").expect("order 15").client_says("/nothing").expect_nothing();
    talk.joins().expect("joined");
    talk.session_starts().after(MINUTE).expect("fired");
    talk.session_starts().session_finishes().after(2 * MINUTE).expect_nothing();
    if v2 {
        let message = json!({"id": 86_101, "chatId": 1777});
        talk.event(
            "ONIMBOTV2REACTIONCHANGE",
            json!({"reaction": "like", "action": "add", "message": message}),
        );
        talk.expect("like by Ann");
    }
}

#[derive(Serialize, Deserialize)]
struct Rate {
    stars: u8,
}

impl ButtonPayload for Rate {
    const COMMAND: &'static str = "rate";
}

#[test]
fn a_press_does_what_its_button_does_and_twice_is_twice() {
    let ask = async |_cx: Context, _message: Message| {
        let keyboard = Keyboard::builder()
            .button(Button::payload("Five", &Rate { stars: 5 }))
            .button(Button::send("Again", "ask"))
            .row()
            .button(Button::link("Shop", "https://shop.example/"))
            .build()?;
        Ok::<_, HandlerError>(Reply::text("How was it?").keyboard(keyboard))
    };
    let bot = Router::new()
        .text("ask", ask)
        .button(async |_cx: Context, rate: Rate| format!("{} stars", rate.stars));
    let mut talk = Conversation::with(bot);
    talk.client_says("ask").expect("How was it?").expect_buttons(["Five", "Again", "Shop"]);
    talk.client_presses("Five").expect("5 stars").client_presses("Five").expect("5 stars");
    talk.client_presses("Again").expect("How was it?");
    let told = failure(|| {
        talk.client_presses("Shop");
    });
    assert!(told.contains("of which the bot does not hear"), "{told}");
    let said = talk.effects().into_iter().find_map(|sent| sent.said().cloned()).unwrap();
    assert_eq!(said.buttons[2].press, Press::Link("https://shop.example/".into()));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Count(u32);

impl DialogState for Count {
    const VERSION: u32 = 1;
    fn fallback() -> Self {
        Self(0)
    }
}

#[derive(Serialize)]
struct Counted {
    to: u32,
}

impl RtEvent for Counted {
    const COMMAND: &'static str = "counted";
}

#[test]
fn what_the_bot_did_is_told_in_its_order_and_each_thing_once() {
    let bot = async |cx: Context, message: Message| {
        let Count(count) = cx.state();
        cx.goto(Count(count + 1));
        cx.timer("later").payload(&count).after(MINUTE);
        cx.react(message.id, "like");
        cx.rt_to(RtRecipients::user(27), &Counted { to: count + 1 });
        cx.reply(Reply::text("A note").internal_note());
        cx.crm_reply(CrmItem::Deal(15), "By the deal");
        cx.network_reply("0123456789abcdef0123456789abcdef", UserId::new(28), "Through the network");
        cx.upload(&Upload::bytes("bill.pdf", "content").message("Your bill")).await?;
        cx.hand_over();
        Ok::<_, HandlerError>(())
    };
    let mut talk = Conversation::with(bot);
    let due = talk.now().plus(MINUTE);
    let sent = talk.client_says("go").take_effects();
    for wanted in [
        Sent::State { name: "dialogue".into(), state: json!(1) },
        Sent::Timer { name: "later".into(), at: due, payload: json!(0) },
        Sent::Rt { command: "counted".into(), params: json!({"to": 1}), users: vec![UserId::new(27)] },
        Sent::File { name: "bill.pdf".into(), text: "Your bill".into() },
        Sent::Network {
            line: "0123456789abcdef0123456789abcdef".into(),
            user: UserId::new(28),
            text: "Through the network".into(),
        },
        Sent::HandOver,
    ] {
        assert_eq!(sent.iter().filter(|sent| **sent == wanted).count(), 1, "{wanted:?} in {sent:#?}");
    }
    let said: Vec<_> =
        sent.iter().filter_map(Sent::said).map(|said| (&*said.text, said.internal_note)).collect();
    assert_eq!(said, [("A note", true), ("By the deal", false)]);
    let reacted = |sent: &Sent| matches!(sent, Sent::Call { method, .. } if method.ends_with("Reaction.add"));
    assert_eq!(sent.iter().filter(|sent| reacted(sent)).count(), 1);
    assert!(talk.take_effects().is_empty() && talk.effects().len() == sent.len());
    talk.expect_state(Count(1)).expect_nothing();
}

#[test]
fn what_the_bot_does_to_sessions_and_messages_is_told() {
    let bot = async |cx: Context, message: Message| match message.text.as_str() {
        "edit" => {
            let asked = cx.send_now("asked", "Which?").await.unwrap();
            cx.edit(asked, "Never mind");
            cx.delete(asked);
        }
        "transfer" => cx.transfer_to(UserId::new(28)),
        _ => cx.finish_session(),
    };
    let mut talk = Conversation::with(bot);
    let sent = talk.client_says("edit").expect("Which?").take_effects();
    let Sent::Edit { message, text, .. } = &sent[0] else { panic!("{sent:?}") };
    assert_eq!((text.as_str(), &sent[1..]), ("Never mind", &[Sent::Deletion { message: *message }][..]));
    assert_eq!(talk.client_says("transfer").take_effects(), [Sent::Transfer { to: "28".into() }]);
    talk.session_finishes();
    assert_eq!(talk.client_says("finish").take_effects(), [Sent::SessionFinished]);
}

#[test]
fn a_handler_that_does_not_return_fails_the_test_by_name() {
    let bot = async |_cx: Context, _message: Message| std::future::pending::<()>().await;
    let told = failure(|| {
        Conversation::builder().patience(Duration::from_millis(20)).with(bot).client_says("hi");
    });
    assert!(told.contains("a handler does not return"), "{told}");
}

#[test]
fn a_handler_may_wait_for_something_outside() {
    let bot = async |_cx: Context, _message: Message| {
        let manifest = tokio::fs::read_to_string("Cargo.toml").await?;
        Ok::<_, HandlerError>(if manifest.contains("openlines") { "read" } else { "what is that?" })
    };
    Conversation::with(bot).client_says("hi").expect("read");
}

#[test]
fn a_failed_turn_is_tried_again_as_time_passes_and_parked_after_its_last_try() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let bot = move |cx: Context, message: Message| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match (message.text.as_str(), cx.failed_before()) {
                ("twice", 0 | 1) | ("never", _) => Err(HandlerError::msg("out of paper")),
                (_, failed) => Ok(format!("after {failed}")),
            }
        }
    };
    let mut talk = Conversation::with(bot);
    talk.client_says("twice").expect_nothing().after(MINUTE).expect("after 2");
    talk.client_says("never").after(10 * MINUTE).expect_nothing().expect_parked("out of paper");
    assert_eq!(tries.load(Ordering::SeqCst), 3 + Policy::default().turn_tries as usize);
    talk.client_says("panic over").expect("after 0");
}

#[test]
fn a_handlers_own_call_that_meets_a_limit_waits_for_time_to_pass() {
    let bot = async |cx: Context, _message: Message| {
        let deal = cx.call("crm.deal.get", json!({"id": 15})).await?;
        Ok::<_, HandlerError>(deal.to_string())
    };
    let mut talk = Conversation::with(bot);
    talk.answers("crm.deal.get", json!(15));
    talk.fails(CallError::new(CallErrorKind::Limited, "crm.deal.get"));
    talk.client_says("deal").expect_nothing().after(MINUTE).expect("15");
}

#[test]
fn a_call_that_the_test_does_not_answer_is_refused_and_says_what_to_do() {
    let bot = async |cx: Context, _message: Message| cx.call("crm.deal.get", json!({})).await.map(drop);
    Conversation::with(bot).client_says("deal").expect_parked(r#"say .answers("crm.deal.get""#);
}

#[rstest]
#[case::v2_is_one_message(BotProfile::openline("shop"))]
#[case::v1_is_looked_up(BotProfile::openline("shop").v1())]
fn a_message_whose_answer_is_lost_is_not_sent_twice(#[case] profile: BotProfile) {
    let mut talk = Conversation::builder().bot(profile).with(echo);
    for method in ["imbot.v2.Chat.Message.send", "imbot.message.add"] {
        talk.fails(CallError::new(CallErrorKind::Unknown, method));
    }
    talk.client_says("hi").after(2 * MINUTE).expect("You said: hi").expect_nothing();
}

#[test]
fn what_the_portal_refuses_is_shown() {
    let mut talk = Conversation::with(echo);
    let refused = CallError::new(CallErrorKind::Refused, "imbot.v2.Chat.Message.send");
    talk.fails(refused.code_of_portal("ACCESS_DENIED"));
    talk.client_says("hi").expect_nothing().expect_unsent("ACCESS_DENIED");
}

#[test]
fn a_files_content_is_what_was_sent() {
    let bot = Router::new().files(async |cx: Context, message: Message| {
        let limits = DownloadLimits::new().types(["txt"]);
        let file = cx.download(&message.files[0], &limits).await?;
        let name = file.name().to_owned();
        let bytes = file.bytes().await?;
        Ok::<_, HandlerError>(format!("{name}: {}", String::from_utf8_lossy(&bytes)))
    });
    let mut talk = Conversation::with(bot);
    talk.client_sends_file("счёт 1.txt", "ten roubles", "").expect("счёт 1.txt: ten roubles");
    talk.client_sends_file("bill.exe", "ten", "").expect_parked("bill.exe");
}

#[test]
fn a_restart_keeps_what_is_durable_and_a_newer_program_goes_on_from_there() {
    let count = async |cx: Context, _message: Message| {
        let Count(count) = cx.state();
        cx.goto(Count(count + 1));
        cx.timer("tick").after(MINUTE);
    };
    let mut talk = Conversation::with(count);
    talk.client_says("a").restart().client_says("b").expect_state(Count(2));
    let newer = Router::new().on(async |cx: Context, _fired: TimerFired| {
        let Count(count) = cx.state();
        format!("{count} by the newer program")
    });
    talk.restart_with(newer).after(MINUTE).expect("2 by the newer program").expect_nothing();
}

#[test]
fn an_operator_is_not_heard_unless_the_profile_says_so() {
    Conversation::with(echo).operator_says("hi").expect_nothing();
}

/// Asks the portal who has the session of this chat, in each way in which it can be named, and of another one.
async fn whose(cx: Context, message: Message) -> Result<Reply, HandlerError> {
    let chat = message.chat.id;
    let known = cx.invoke(&DialogGet::of_chat(chat)).await?.chat;
    let session = known.session.as_ref().map(|session| session.id).unwrap_or_default();
    let openlines::wire::ChatEntity::Lines(address) = &known.entity else {
        return Err(HandlerError::msg("no line"));
    };
    let address =
        format!("{}|{}|{}|{}", address.connector, address.line, address.external_chat, address.user);
    for other in [
        DialogGet::new().dialog_id(DialogId::of_chat(chat)),
        DialogGet::new().session_id(session),
        DialogGet::of_client(&address),
        DialogGet::of_client(format!("imol|{address}")),
    ] {
        assert_eq!(cx.invoke(&other).await?.chat, known);
    }
    for unknown in
        [DialogGet::of_chat(openlines::wire::ChatId::new(1)), DialogGet::of_client("livechat|1|2|3")]
    {
        assert!(cx.invoke(&unknown).await.is_err());
    }
    let owner = known.owner.unwrap_or_default();
    let whose = match owner.get() {
        0 => "nobody".to_owned(),
        _ if cx.bot().is_some_and(|bot| bot.id.get() == owner.get()) => "the bot".to_owned(),
        person => format!("person {person}"),
    };
    Ok(Reply::text(whose).internal_note())
}

#[test]
fn a_handler_that_asks_the_portal_who_has_the_session_is_told() {
    let bot = Router::new()
        .text("a person, please", async |cx: Context, _message: Message| cx.hand_over())
        .fallback(whose);
    let mut talk = Conversation::builder().bot(BotProfile::openline("asks").hears_operators()).with(bot);
    talk.client_says("who has it?").expect("the bot");
    talk.client_says("a person, please").expect_hand_over();
    talk.client_says("and now?").expect("nobody");
    talk.operator_says("I do").expect("person 27");
    talk.session_finishes().client_says("again").expect("the bot");
}

#[test]
fn of_a_private_chat_the_portal_tells_no_session() {
    let asks =
        async |cx: Context, message: Message| match cx.invoke(&DialogGet::of_chat(message.chat.id)).await {
            Ok(_) => "there is one".to_owned(),
            Err(error) => error.to_string(),
        };
    Conversation::builder().private_chat().with(asks).client_says("hi").expect_containing("ACCESS_ERROR");
}
