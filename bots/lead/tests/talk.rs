//! What the bot asks and says, in a conversation.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use lead::{Settings, routes};
use openlines::{
    rest::{CallError, CallErrorKind},
    testing::{Conversation, Sent},
};
use serde_json::{Value, json};

/// A portal whose CRM knows nobody.
fn empty(talk: &mut Conversation) {
    talk.answers("crm.duplicate.findbycomm", json!([]))
        .answers("crm.contact.add", json!(8))
        .answers("crm.deal.list", json!([]))
        .answers("crm.deal.add", json!(15))
        .answers("crm.lead.list", json!([]))
        .answers("crm.lead.add", json!(16))
        .answers("crm.timeline.comment.add", json!(1));
}

fn answered(talk: &mut Conversation) {
    for text in ["hello", "Ann", "+49 30 1234567", "skip", "A bridge", "1500", "skip", "yes"] {
        talk.client_says(text);
    }
}

fn calls(talk: &Conversation, wanted: &str) -> Vec<Value> {
    let calls = talk.effects().into_iter().filter_map(|sent| match sent {
        Sent::Call { method, params } if method == wanted => Some(params),
        _ => None,
    });
    calls.collect()
}

#[test]
fn the_first_message_begins_the_form_and_the_confirmed_one_becomes_a_deal_with_a_contact_and_a_note() {
    let mut talk = Conversation::with(routes(Settings::default()));
    empty(&mut talk);
    answered(&mut talk);
    talk.take_effects();
    talk.client_says("yes").expect("Thank you! Your request has the number 15.");
    assert_eq!(
        calls(&talk, "crm.contact.add")[0]["fields"]["IM"][0]["VALUE"].as_str().unwrap().split('|').next(),
        Some("imol")
    );
    let deal = &calls(&talk, "crm.deal.add")[0]["fields"];
    assert_eq!(
        (&deal["TITLE"], &deal["OPPORTUNITY"], &deal["CONTACT_ID"]),
        (&json!("Ann: A bridge"), &json!(1500.0), &json!(8))
    );
    assert_eq!(deal["ORIGINATOR_ID"], "openlines.lead");
    let note = &calls(&talk, "crm.timeline.comment.add")[0]["fields"];
    assert_eq!(note["COMMENT"], "A bridge\nAnn, +49301234567\n1500 EUR");
    talk.expect_hand_over();
}

#[test]
fn answers_are_checked_in_the_language_of_the_site_and_can_be_gone_back_to_and_corrected() {
    let mut talk = Conversation::builder().language("ru").with(routes(Settings::default()));
    empty(&mut talk);
    talk.client_says("привет").expect_containing("Здравствуйте").expect("Как вас зовут?");
    talk.client_says("Анна").expect("По какому номеру вам позвонить?");
    talk.client_says("скоро").expect_containing("Это не похоже на номер телефона");
    talk.client_says("назад").expect("Как вас зовут?");
    talk.client_says("Анна Петровна").expect("По какому номеру вам позвонить?");
    talk.client_says("8 999 123-45-67").expect_containing("Ваша электронная почта?");
    talk.client_says("анна собака почта").expect_containing("Это не похоже на адрес электронной почты");
    talk.client_says("anna@shop.example").expect("Что вам нужно?");
    talk.client_says("мост").expect_containing("Какой у вас бюджет?");
    talk.client_says("-5").expect_containing("Нужно 0 или больше");
    talk.client_says("пропустить").expect_containing("Есть чертёж");
    talk.client_sends_file("plan.pdf", "PDF", "").expect_containing("Можно сохранить эти данные");
    talk.client_says("да").expect_containing("Задача: мост");
    talk.client_says("изменить имя").expect("Как вас зовут?");
    talk.client_says("Анна").expect_containing("Имя: Анна\n");
    talk.client_says("да").expect("Спасибо! Номер вашей заявки — 15.");
    let note = &calls(&talk, "crm.timeline.comment.add")[0]["fields"]["COMMENT"];
    let note = note.as_str().unwrap();
    assert!(note.starts_with("мост\nАнна, +79991234567\nanna@shop.example\n[file "), "{note}");
}

#[test]
fn without_consent_nothing_goes_into_the_crm() {
    let mut talk = Conversation::with(routes(Settings::default()));
    for text in ["hello", "Ann", "+49 30 1234567", "skip", "A bridge", "skip", "skip", "no"] {
        talk.client_says(text);
    }
    talk.take_effects();
    talk.client_says("yes").expect("Then we keep nothing of it. Write “request” if you change your mind.");
    talk.client_says("all right").expect_nothing();
    let touched = talk
        .effects()
        .iter()
        .any(|sent| matches!(sent, Sent::Call { method, .. } if method.starts_with("crm.")));
    assert!(!touched, "{}", talk.transcript());
    talk.client_says("request").expect("What is your name?");
}

#[test]
fn who_cancels_or_falls_silent_is_left_alone_until_they_begin_again() {
    let mut talk = Conversation::with(routes(Settings::default()));
    talk.client_says("hello").expect_containing("Good day!").expect("What is your name?");
    talk.client_says("cancel").expect_containing("Cancelled. Write “request”");
    talk.client_says("never mind").expect_nothing();
    talk.client_says("Request").expect("What is your name?");
    talk.after(Duration::from_secs(90_000)).expect_containing("We did not hear from you");
    talk.session_finishes();
    talk.client_says("me again").expect_containing("Good day!").expect("What is your name?");
}

#[test]
fn in_the_middle_of_the_form_a_person_can_be_called() {
    let mut talk = Conversation::with(routes(Settings::default()));
    talk.client_says("hello").client_says("Ann").take_effects();
    talk.client_says("operator").expect_containing("colleague").expect_hand_over();
    talk.client_says("are you there?").expect_nothing();
}

#[test]
fn a_known_contact_is_found_and_told_which_chat_is_theirs() {
    let mut talk = Conversation::with(routes(Settings::default()));
    empty(&mut talk);
    talk.answers("crm.duplicate.findbycomm", json!({"CONTACT": [7]}));
    talk.answers("crm.contact.get", json!({"ID": "7", "NAME": "Ann"}))
        .answers("crm.contact.update", json!(true));
    answered(&mut talk);
    talk.client_says("yes");
    assert!(calls(&talk, "crm.contact.add").is_empty());
    assert_eq!(calls(&talk, "crm.contact.update")[0]["id"], 7);
    assert_eq!(calls(&talk, "crm.deal.add")[0]["fields"]["CONTACT_ID"], 7);
}

#[test]
fn a_lead_carries_the_person_itself() {
    let settings = Settings { item: lead::Kind::Lead, responsible: Some(27), ..Settings::default() };
    let mut talk = Conversation::with(routes(settings));
    empty(&mut talk);
    answered(&mut talk);
    talk.take_effects();
    talk.client_says("yes").expect("Thank you! Your request has the number 16.");
    let made = &calls(&talk, "crm.lead.add")[0]["fields"];
    assert_eq!((&made["NAME"], &made["PHONE"][0]["VALUE"]), (&json!("Ann"), &json!("+49301234567")));
    assert_eq!(made["ASSIGNED_BY_ID"], 27);
    assert!(calls(&talk, "crm.contact.add").is_empty());
}

#[test]
fn an_addition_with_an_unknown_outcome_is_looked_for_and_not_made_again() {
    let mut talk = Conversation::with(routes(Settings::default()));
    empty(&mut talk);
    answered(&mut talk);
    talk.take_effects();
    talk.fails(CallError::new(CallErrorKind::Unknown, "crm.deal.add"));
    talk.client_says("yes");
    talk.answers("crm.deal.list", json!([{"ID": "15"}]));
    talk.answers("crm.duplicate.findbycomm", json!({"CONTACT": [8]}));
    talk.after(Duration::from_secs(5)).expect("Thank you! Your request has the number 15.");
    assert_eq!(calls(&talk, "crm.contact.add").len(), 1);
    assert_eq!(calls(&talk, "crm.timeline.comment.add").len(), 1);
    let looked: Vec<Value> = calls(&talk, "crm.deal.list");
    assert_eq!(looked.len(), 2, "before each try");
    assert_eq!(looked[0]["filter"], looked[1]["filter"], "under one key");
}

#[test]
fn what_the_crm_refuses_goes_to_a_person_with_a_note() {
    let mut talk = Conversation::with(routes(Settings::default()));
    empty(&mut talk);
    answered(&mut talk);
    talk.take_effects();
    let refused = CallError::new(CallErrorKind::Refused, "crm.deal.add").describe("Access denied.");
    talk.fails(refused);
    talk.client_says("yes")
        .expect_containing("Access denied.")
        .expect_containing("Something went wrong on our side");
    talk.expect_hand_over();
    talk.client_says("and now?").expect_nothing();
}
