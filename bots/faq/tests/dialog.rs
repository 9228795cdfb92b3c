//! What clients write, and what comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::sync::Arc;

use faq::{Answers, Faq, Found, Shelf, Unanswered, search};
use openlines::testing::{Conversation, CrashSweep, Sent};
use rstest::rstest;

const SAMPLE: &str = include_str!("../answers.toml");
const MENU: [&str; 4] = ["Delivery", "Payment", "Opening hours", "Returns"];

fn answers(text: &str) -> Answers {
    Answers::read("answers.toml".as_ref(), text).unwrap()
}

fn faq() -> Faq {
    Faq::new(Arc::new(Shelf::of(answers(SAMPLE))), Unanswered::default())
}

#[rstest]
#[case::number("2")]
#[case::number_as_written("2.")]
#[case::label("payment")]
#[case::synonym("Invoice")]
#[case::misspelt("pyament")]
#[case::a_letter_too_few("invoce")]
#[case::within_a_question("Could I pay by card, please?")]
fn a_topic_is_found_by_number_label_synonym_and_with_misspellings(#[case] says: &str) {
    let mut talk = Conversation::with(faq());
    talk.client_says("menu").expect_menu("What is it about?", MENU);
    talk.client_says(says).expect_containing("By card, in cash").expect_nothing();
}

#[test]
fn topics_below_a_topic_are_a_menu_of_their_own_and_back_leads_up() {
    let mut talk = Conversation::with(faq());
    talk.client_says("hi").expect_menu("What is it about?", MENU);
    let below = ["How long it takes", "What it costs"];
    talk.client_says("1").expect_menu("What about the delivery?", below);
    talk.client_says("1").expect_containing("Two days");
    talk.client_says("2").expect_containing("Free from 50");
    talk.client_says("back").expect_menu("What is it about?", MENU);
    talk.client_says("2").expect_containing("By card");
    talk.client_says("how many days?").expect_containing("Two days");
}

#[test]
fn an_answer_has_its_links_its_card_and_its_picture() {
    let mut talk = Conversation::with(faq());
    talk.client_says("when are you open?")
        .expect_containing("[url=https://shop.example/map]The way to us[/url]");
    let said = talk.effects().into_iter().rev().find_map(|sent| sent.said().cloned()).unwrap();
    let attach = said.attach.to_string();
    assert!(attach.contains("Saturday") && attach.contains("https://shop.example/door.jpg"), "{attach}");
}

#[test]
fn a_question_that_fits_two_topics_is_asked_back() {
    let two = r#"
        topics = [
            { label = "Tea", topics = [{ label = "Price", synonyms = ["cost"], answer = "60" }] },
            { label = "Cup", topics = [{ label = "Price", synonyms = ["cost"], answer = "40" }] },
        ]
    "#;
    let mut talk = Conversation::with(Faq::new(Arc::new(Shelf::of(answers(two))), Unanswered::default()));
    talk.client_says("what does it cost?")
        .expect_menu("Which of these do you mean?", ["Tea / Price", "Cup / Price"]);
    talk.client_says("2").expect("40");
}

#[rstest]
#[case::person("person")]
#[case::operator("Operator!")]
fn a_person_is_called_by_a_word(#[case] says: &str) {
    let mut talk = Conversation::with(faq());
    talk.client_says(says).expect("One moment please, a person will answer.").expect_hand_over();
}

#[test]
fn after_0_the_portal_has_called_a_person_and_the_bot_is_silent() {
    let mut talk = Conversation::with(faq());
    talk.client_says("hi").expect_menu("What is it about?", MENU);
    talk.client_says("0").expect_nothing();
    assert!(!talk.effects().iter().any(|sent| matches!(sent, Sent::HandOver)), "nobody was called twice");
}

#[test]
fn employees_who_try_it_in_their_own_chat_are_told_that_nobody_is_called() {
    let mut talk = Conversation::builder().private_chat().with(faq());
    talk.client_says("0").expect_containing("Only a client of an open line");
    talk.client_says("card").expect_containing("By card");
}

#[test]
fn what_has_no_answer_is_noted_once_a_line_and_shows_the_menu() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("unanswered.tsv");
    let shelf = Arc::new(Shelf::of(answers(SAMPLE)));
    let mut talk = Conversation::with(Faq::new(shelf, Unanswered::into_file(Some(file.clone())).unwrap()));
    talk.client_says("do you have\nblue ones?").expect_containing("I have no answer to that");
    talk.client_says("card").expect_containing("By card");
    talk.client_sends_file("photo.jpg", "…", "").expect_containing("I have no answer to that");
    let noted = std::fs::read_to_string(&file).unwrap();
    assert_eq!(noted, "2026-03-16T17:41:58Z\tdo you have blue ones?\n2026-03-16T17:41:58Z\t(a file)\n");
}

#[test]
fn ended_anywhere_it_answers_each_once_and_in_order() {
    CrashSweep::of(faq).says(["hi", "1", "2", "no such thing", "back"]).run();
}

#[rstest]
#[case::short_words_have_to_be_right("can I bay?", Found::None)]
#[case::two_letters_swapped("delviery", Found::One(vec!["Delivery".into()]))]
#[case::more_words_win("what is the delivery price", Found::One(vec!["Delivery".into(), "What it costs".into()]))]
#[case::nothing("", Found::None)]
#[case::signs_only("???", Found::None)]
fn what_fits_best_is_found(#[case] asked: &str, #[case] found: Found) {
    assert_eq!(search(&answers(SAMPLE), asked), found);
}

#[rstest]
#[case::misspelt_key("prompts = \"x\"", "`prompts`: unknown field")]
#[case::no_topics("prompt = \"x\"", "`topics`: MENU")]
#[case::blank_text("unknown = \" \"", "`unknown`: is blank")]
#[case::no_answer("topics = [{ label = \"A\" }]", "topic `A`: it has neither")]
#[case::second_label(
    "topics = [{ label = \"A\", answer = \"x\" }, { label = \"a\", answer = \"y\" }]",
    "means item 1 already"
)]
#[case::zero("topics = [{ label = \"0\", answer = \"x\" }]", "is 0, which ends the bot's session")]
#[case::link("topics = [{ label = \"A\", links = [{ text = \"x\", url = \"shop\" }] }]", "`shop` is no link")]
#[case::card_of_a_menu(
    "topics = [{ label = \"A\", card = [[\"x\", \"y\"]], topics = [{ label = \"B\", answer = \"x\" }] }]",
    "topic `A`: it has topics"
)]
#[case::deep(
    "[[topics]]\nlabel = \"A\"\n[[topics.topics]]\nlabel = \"B\"\nanswers = \"x\"",
    "`topics[0].topics[0].answers`"
)]
fn what_is_wrong_in_the_answers_is_named(#[case] text: &str, #[case] named: &str) {
    let wrong = Answers::read("shop.toml".as_ref(), text).unwrap_err().to_string();
    assert!(wrong.starts_with("shop.toml: ") && wrong.contains(named), "{wrong}");
}
