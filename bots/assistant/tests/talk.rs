//! What the assistant says, asks and hands over, in a conversation.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stub;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use assistant::{Assistant, Settings};
use openlines::{
    dispatch::{Layer, Next},
    prelude::*,
    testing::{Conversation, CrashSweep, Sent},
    wire::Incoming,
};
use stub::{Answers, Stub, assistant, assistant_of_a_day, pages};

const QUIET: Duration = Duration::from_secs(2);

fn talk(stub: &Stub) -> Conversation {
    Conversation::with(assistant(stub.settings("")))
}

fn says(talk: &mut Conversation, text: &str) {
    talk.client_says(text).after(QUIET);
}

#[test]
fn a_burst_is_one_question_answered_from_the_passages_that_fit() {
    let stub = Stub::start(Answers::Says("It takes **two** days [not more]."));
    let mut talk = talk(&stub);
    talk.client_says("hi").client_says("how long does").client_says("delivery take?").after(QUIET);
    talk.expect("It takes [b]two[/b] days [not more].").expect_nothing();
    let asked = stub.asked();
    assert_eq!(asked.len(), 1);
    let rules = asked[0]["messages"][0]["content"].as_str().unwrap();
    assert!(rules.contains("<passage from=\"delivery.md, Delivery\">"), "{rules}");
    assert!(!rules.contains("Send it back"), "{rules}");
    assert_eq!(asked[0]["messages"][1]["content"], "hi\nhow long does\ndelivery take?");
    assert_eq!(
        (&asked[0]["model"], &asked[0]["max_completion_tokens"]),
        (&"gpt-4o-mini".into(), &600.into())
    );
    assert!(talk.effects().contains(&Sent::Typing), "it types while the model thinks");
}

#[test]
fn the_model_is_told_what_was_said_before_and_of_another_session_nothing() {
    let stub = Stub::start(Answers::Says("Two days."));
    let mut talk = talk(&stub);
    says(&mut talk, "how long does delivery take?");
    says(&mut talk, "and to the islands?");
    let messages = |at: usize| -> Vec<String> {
        let asked = stub.asked();
        let all = asked[at]["messages"].as_array().unwrap();
        all[1..].iter().map(|one| format!("{} {}", one["role"], one["content"]).replace('"', "")).collect()
    };
    assert_eq!(
        messages(1),
        ["user how long does delivery take?", "assistant Two days.", "user and to the islands?"]
    );
    talk.session_finishes();
    says(&mut talk, "hello");
    assert_eq!(messages(2), ["user hello"]);
}

#[test]
fn an_unsure_model_hands_over_with_a_brief_and_the_bot_is_quiet_until_a_person_comes() {
    let stub = Stub::start(Answers::Says("Two days."));
    let mut talk = talk(&stub);
    says(&mut talk, "how long does delivery take?");
    talk.expect("Two days.");
    stub.now(Answers::Says("HAND_OVER"));
    says(&mut talk, "is [b]delivery[/b] insured?");
    talk.expect("I will fetch a colleague, who answers you here.");
    talk.expect(
        "[b]Handed over[/b]: no sure answer in the pages\n[b]Asked[/b]: is [b]delivery[/b] insured?\n[b]Before that[/b]:\n\
         client: how long does delivery take?\nbot: Two days.\n[b]Pages that may help[/b]: delivery.md, Delivery",
    );
    talk.expect_hand_over();
    let notes =
        talk.effects().into_iter().filter_map(|sent| sent.said().cloned()).filter(|said| said.internal_note);
    let notes: Vec<_> = notes.collect();
    assert_eq!(notes.len(), 1, "the client does not see the brief");
    assert_ne!(notes[0].text, notes[0].shown(), "and what the client wrote is not live in it");
    let before = stub.asked().len();
    says(&mut talk, "are you there?");
    says(&mut talk, "operator");
    talk.expect_nothing();
    assert_eq!(stub.asked().len(), before, "nothing is asked");
    assert_eq!(talk.effects().iter().filter(|sent| **sent == Sent::HandOver).count(), 1, "once");
}

#[test]
fn who_asks_for_a_person_gets_one_at_once_and_the_model_is_not_asked() {
    let stub = Stub::start(Answers::Says("No."));
    for text in ["operator", "I want a HUMAN!", "позовите оператора, пожалуйста"] {
        let mut talk = talk(&stub);
        talk.client_says(text);
        talk.expect_containing("colleague")
            .expect_containing("the client asks for a person")
            .expect_hand_over();
    }
    let mut talk = talk(&stub);
    says(&mut talk, "the operator of your crane told me that spare parts are to be had from you");
    talk.expect("No.");
    assert_eq!(stub.asked().len(), 1);
}

#[test]
fn an_endpoint_that_is_down_hands_over_and_says_why_without_the_key() {
    let stub = Stub::start(Answers::Fails(401));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let waits = Answers::Waits(Arc::default(), "Late.");
    for (answers, endpoint, why) in [
        (Answers::Fails(401), None, "HTTP 401"),
        (Answers::Fails(404), None, "HTTP 404"),
        (Answers::Babbles, None, "its answer is none of this interface"),
        (waits, None, "no answer within 1s"),
        (Answers::Says(""), Some(format!("http://{nobody}/v1")), "it cannot be reached"),
    ] {
        stub.now(answers);
        let settings = match endpoint {
            Some(endpoint) => toml::from_str(&format!("endpoint = \"{endpoint}\"")).unwrap(),
            None => stub.settings("answer_seconds = 1"),
        };
        let mut talk = Conversation::with(assistant(settings));
        says(&mut talk, "how long does delivery take?");
        talk.expect_containing("colleague").expect_containing(why).expect_hand_over();
        assert!(!talk.transcript().contains(stub::KEY), "{}", talk.transcript());
    }
}

#[test]
fn the_budget_of_a_dialog_and_that_of_the_day_end_in_a_person() {
    let stub = Stub::start(Answers::Says("Two days."));
    let with = |per_dialog: u32, per_day: u32| {
        let settings = stub.settings(&format!("tokens_per_dialog = {per_dialog}\ntokens_per_answer = 200"));
        Conversation::with(assistant_of_a_day(settings, per_day))
    };
    // An answer costs 100 here, and may cost some 900.
    for (mut talk, why) in
        [(with(1_400, 9_999_999), "of this dialog"), (with(9_999_999, 1_400), "of the day")]
    {
        let before = stub.asked().len();
        let mut answered = 0;
        loop {
            says(&mut talk, "delivery?");
            let said =
                talk.take_effects().into_iter().filter_map(|sent| sent.said().map(|said| said.shown()));
            let said: Vec<String> = said.collect();
            if said[0] != "Two days." {
                assert!(said[1].contains(why), "{said:?}");
                break;
            }
            answered += 1;
        }
        assert!((1..9).contains(&answered), "{answered}");
        assert_eq!(stub.asked().len() - before, answered, "what is over the budget is not asked");
    }
}

/// Fails each turn once, after its handler.
struct FailsOnce(AtomicUsize);

#[async_trait]
impl Layer for FailsOnce {
    async fn around(&self, cx: &Context, incoming: &Incoming, next: Next<'_>) -> Handled {
        let handled = next.run(cx, incoming).await;
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(HandlerError::msg("after the answer")),
            _ => handled,
        }
    }
}

#[test]
fn a_turn_that_runs_again_does_not_ask_again() {
    let stub = Stub::start(Answers::Says("Two days."));
    let routes = Router::new().rest(assistant(stub.settings(""))).layer(FailsOnce(AtomicUsize::new(0)));
    let mut talk = Conversation::with(routes);
    says(&mut talk, "how long does delivery take?");
    talk.after(Duration::from_secs(5)).expect("Two days.").expect_nothing();
    assert_eq!(stub.asked().len(), 1);
}

#[test]
fn without_a_model_the_best_passage_answers_and_the_second_miss_goes_to_a_person() {
    let mut talk = Conversation::with(Assistant::new(Settings::default(), pages(), None));
    says(&mut talk, "How long do deliveries take?");
    talk.expect("It takes [b]two[/b] days.");
    says(&mut talk, "do you repair bicycles?");
    talk.expect_containing("in other words");
    says(&mut talk, "send it back?");
    talk.expect("Send it back within 30 days.");
    says(&mut talk, "bicycles?");
    talk.expect_containing("in other words");
    says(&mut talk, "two wheels, a chain and a bell?");
    talk.expect_containing("colleague").expect_containing("no sure answer").expect_hand_over();
}

#[test]
fn a_file_without_a_word_goes_to_a_person_and_a_site_in_russian_is_answered_so() {
    let mut talk =
        Conversation::builder().language("ru").with(Assistant::new(Settings::default(), pages(), None));
    talk.client_sends_file("photo.png", "PNG", "").after(QUIET);
    talk.expect_containing("Зову коллегу").expect_containing("сообщение без текста").expect_hand_over();
}

#[test]
fn an_employee_in_a_private_chat_is_told_so_and_not_handed_over() {
    let mut talk =
        Conversation::builder().private_chat().with(Assistant::new(Settings::default(), pages(), None));
    talk.client_says("operator");
    talk.expect("I did not find an answer to that.").expect_nothing();
    assert!(!talk.effects().contains(&Sent::HandOver));
}

#[test]
fn wherever_the_process_ends_each_question_has_its_answer_once_and_who_is_handed_over_is_told_once() {
    let each = || toml::from_str::<Settings>("quiet_seconds = 0").unwrap();
    let bot = move || Assistant::new(each(), pages(), None);
    let stops = CrashSweep::of(bot).says(["delivery?", "bicycles?", "send it back?", "operator"]).run();
    stops.expect(["after append", "before commit", "after imopenlines.bot.session.operator"]);
}
