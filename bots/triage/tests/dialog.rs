//! The dialog, in memory.
#![allow(clippy::unwrap_used, reason = "a test says by a panic what is wrong")]

use std::time::Duration;

use openlines::{
    clock::WorkingHours,
    testing::{Conversation, CrashSweep},
};
use triage::{Settings, Stage, routes};

const TOPICS: [&str; 3] = ["Order", "Complaint", "Something else"];

fn closed() -> Settings {
    let hours = WorkingHours::builder("UTC").days(openlines::prelude::Weekday::ALL, "00:00-00:01").build();
    Settings { hours: Some(hours.unwrap()), ..Settings::default() }
}

/// Through the questions, up to what the bot says to the last answer.
fn asked(settings: Settings) -> Conversation {
    let mut talk = Conversation::with(routes(settings));
    talk.client_says("hello").expect("Good day! This is Reception.").expect_menu("What is it about?", TOPICS);
    talk.client_says("complaint").expect_menu("How urgent is it?", ["Today", "It can wait"]);
    talk.client_says("today");
    talk
}

#[test]
fn a_client_is_handed_over_with_a_summary_and_the_bot_falls_silent() {
    let mut talk = asked(Settings::default());
    talk.expect("[b]Complaint[/b], Today").expect("Thank you. A colleague will be with you shortly.");
    talk.expect_hand_over();
    talk.client_says("are you there?").expect_nothing();
}

#[test]
fn what_is_no_answer_is_asked_again() {
    let mut talk = Conversation::with(routes(Settings::default()));
    talk.client_says("hello").expect("Good day! This is Reception.").expect_menu("What is it about?", TOPICS);
    talk.client_says("what?").expect("I did not understand that.").expect_menu("What is it about?", TOPICS);
}

#[test]
fn nobody_comes_and_it_is_queued_again_as_often_as_is_set() {
    let mut talk = asked(Settings::default());
    talk.expect("[b]Complaint[/b], Today").expect_containing("A colleague").expect_hand_over();
    for _ in 0..2 {
        talk.after(Duration::from_secs(600));
        talk.expect_containing("I have asked the colleagues again").expect_hand_over();
    }
    talk.after(Duration::from_secs(6_000)).expect_state(Stage::Called { topic: 1, calls: 3 });
    talk.expect_nothing();
}

#[test]
fn out_of_hours_a_time_is_promised_and_a_contact_taken() {
    let mut talk = asked(closed());
    talk.expect_containing("We are closed now and open again on").expect("Who may we ask for then?");
    talk.client_says("[b]Ann").expect_containing("how can we reach you");
    talk.restart().client_says("+49 30 1234567").expect_containing("Reach [\u{2060}b]Ann by +49 30 1234567");
    talk.expect_containing("We will be in touch on").expect_hand_over().expect_state(Stage::Done);
}

#[test]
fn wherever_it_is_stopped_the_dialog_is_the_same() {
    CrashSweep::of(|| routes(Settings::default())).says(["hello", "1", "2"]).run();
}
