//! When the bot asks, and what it makes of the answers, in a conversation.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use csat::{Settings, Speech, Stage, Standing, profile, routes};
use openlines::{
    clock::{Weekday, WorkingHours},
    testing::{Conversation, ConversationBuilder, CrashSweep, Sent},
};
use rstest::rstest;
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const MARKS: [&str; 5] = ["Very bad", "Bad", "Fair", "Good", "Excellent"];
const PLEASE: &str = "How was it? Please rate this conversation.";
const THANKS: &str = "Thank you, we have passed it on.";
const IVAN: i64 = 27;

fn builder(settings: &Settings) -> ConversationBuilder {
    Conversation::builder().bot(profile(settings))
}

fn talk(settings: Settings) -> Conversation {
    builder(&settings).with(routes(settings))
}

/// A client whom an operator has answered.
fn answered(settings: Settings) -> Conversation {
    let mut talk = talk(settings);
    talk.client_says("hello").expect_nothing().expect_hand_over();
    talk.operator_says("Your parcel is here").expect_nothing();
    talk
}

/// What the portal says of the dialog from now on: its owner, its session, whether that waits for its closing; the chat is
/// bound to deal 15.
fn dialog(talk: &mut Conversation, owner: i64, session: i64, closing: bool) {
    let closing = if closing { "Y" } else { "N" };
    let answer = json!({
        "id": 1777, "dialog_id": "chat1777", "name": "Ann - Support", "owner": owner, "message_type": "L",
        "entity_type": "LINES", "entity_id": "livechat|22|1775|599", "entity_data_3": "N",
        "entity_data_1": format!("Y|DEAL|15|N|{closing}|{session}|0|0|0|0"),
        "entity_data_2": "LEAD|0|COMPANY|0|CONTACT|9|DEAL|15", "last_message_id": 0,
    });
    talk.answers("imopenlines.dialog.get", answer);
}

fn calls(talk: &Conversation, wanted: &str) -> Vec<Value> {
    let calls = talk.effects().into_iter().filter_map(|sent| match sent {
        Sent::Call { method, params } if method.eq_ignore_ascii_case(wanted) => Some(params),
        _ => None,
    });
    calls.collect()
}

fn notes(talk: &Conversation) -> Vec<String> {
    let notes = calls(talk, "crm.timeline.comment.add").into_iter();
    notes.map(|call| call["fields"]["COMMENT"].as_str().unwrap().to_owned()).collect()
}

fn is_finished(talk: &Conversation) -> bool {
    talk.effects().contains(&Sent::SessionFinished)
}

fn at_night() -> Settings {
    // It is 17:41 UTC.
    let hours = WorkingHours::builder("UTC").days(Weekday::ALL, "09:00-17:00").build().unwrap();
    Settings { hours: Some(hours), ..Settings::default() }
}

#[test]
fn an_operator_says_that_it_is_over_and_the_mark_goes_into_the_crm_with_the_comment_and_the_session_is_finished()
 {
    let settings = Settings { field: Some("UF_CRM_MARK".into()), ..Settings::default() };
    let mut talk = answered(settings.check().unwrap());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    dialog(&mut talk, IVAN, 343, false);
    talk.answers("crm.deal.update", json!(true));
    talk.client_says("five!").expect_containing("Thank you! Would you like to add something?");
    talk.client_says("Quick [b]and kind").expect(THANKS);
    assert!(notes(&talk).is_empty() && !is_finished(&talk), "it may still change");
    talk.after(3 * MINUTE).expect_nothing();
    assert_eq!(notes(&talk), ["Mark 5 of 5\nQuick [\u{2060}b]and kind"]);
    assert_eq!(calls(&talk, "crm.deal.update"), [json!({"id": 15, "fields": {"UF_CRM_MARK": 5}})]);
    assert!(is_finished(&talk));
}

#[test]
fn of_a_low_mark_people_and_pages_are_told_with_who_what_and_where() {
    let settings = Settings {
        alert: vec!["27".into(), "chat15".into()],
        rt_to: vec![31.try_into().unwrap()],
        ..Settings::default()
    };
    let mut talk = answered(settings.check().unwrap());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    talk.client_says("⭐⭐").expect_containing("we are sorry").client_says("Slow").expect(THANKS);
    talk.after(3 * MINUTE);
    let said: Vec<(String, String)> = talk
        .take_effects()
        .iter()
        .filter_map(|sent| sent.said())
        .map(|said| (said.dialog.as_str().to_owned(), said.shown()))
        .collect();
    let notice = "Low mark, 2 of 5: Ann - Support\nSlow\n[chat=imol|343]Open the dialog[/chat]".to_owned();
    assert_eq!(said, [("27".to_owned(), notice.clone()), ("chat15".to_owned(), notice)]);
    let rt = talk.effects().into_iter().find_map(|sent| match sent {
        Sent::Rt { command, params, users } => Some((command, params, users)),
        _ => None,
    });
    let (command, params, users) = rt.unwrap();
    assert_eq!((command.as_str(), users), ("csat.mark", vec![31.into()]));
    assert_eq!(
        params,
        json!({"dialog": "chat1777", "session": 343, "mark": 2, "comment": "Slow", "low": true})
    );
}

#[test]
fn a_mark_given_twice_or_changed_is_one_mark() {
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    dialog(&mut talk, IVAN, 343, false);
    talk.client_says("2").expect_containing("we are sorry");
    talk.client_says("2").expect("All right: 2 of 5.").client_says("Slow").expect(THANKS);
    talk.after(2 * MINUTE).client_says("well, no").client_says("4").expect_nothing();
    assert_eq!(
        notes(&talk),
        ["Mark 2 of 5\nSlow"],
        "more than a comment goes to the line, and the mark stands"
    );
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    dialog(&mut talk, IVAN, 343, false);
    talk.client_says("2").expect_containing("we are sorry").client_says("Good").expect("All right: 4 of 5.");
    talk.after(2 * MINUTE).client_says("5").expect("All right: 5 of 5.").after(3 * MINUTE);
    assert_eq!(notes(&talk), ["Mark 5 of 5"]);
}

#[test]
fn what_is_no_mark_goes_to_the_line_and_the_question_is_void() {
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    talk.client_says("and where is the other parcel?").client_says("5").expect_nothing();
    talk.operator_says("On its way").after(2 * DAY).expect_nothing();
    assert!(!is_finished(&talk), "the session is the operator's");
}

#[test]
fn a_comment_that_is_a_question_reaches_the_line_as_well() {
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    dialog(&mut talk, IVAN, 343, false);
    talk.client_says("1").expect_containing("we are sorry");
    talk.client_says("Where is the other one?").after(DAY).expect_nothing();
    assert_eq!(notes(&talk), ["Mark 1 of 5\nWhere is the other one?"]);
    assert!(!is_finished(&talk), "somebody has to answer");
}

#[test]
fn an_operator_who_falls_silent_is_through_and_one_whose_client_waits_is_not() {
    let mut talk = answered(Settings::default());
    talk.after(59 * MINUTE).expect_nothing().after(MINUTE).expect_menu(PLEASE, MARKS);
    let mut talk = answered(Settings::default());
    talk.client_says("and the other one?").after(2 * DAY).expect_nothing();
    let mut talk = answered(Settings { silence_minutes: 0, ..Settings::default() });
    talk.after(2 * DAY).expect_nothing();
}

#[test]
fn a_session_that_goes_on_is_not_asked() {
    let mut talk = answered(Settings::default());
    for _ in 0..5 {
        talk.after(50 * MINUTE).operator_says("One moment").after(50 * MINUTE).client_says("All right");
    }
    talk.expect_nothing();
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    talk.operator_says("One thing more").client_says("5").after(2 * DAY).expect_nothing();
    assert!(!is_finished(&talk));
}

#[test]
fn nobody_is_asked_about_a_session_that_nobody_attended() {
    let mut talk = talk(Settings::default());
    talk.client_says("hello").expect_hand_over().after(2 * DAY).expect_nothing();
    dialog(&mut talk, 0, 343, false);
    talk.session_finishes().after(DAY).expect_nothing();
}

#[rstest]
#[case::the_line_waits_for_the_client(IVAN, true)]
#[case::it_is_closed(0, false)]
fn without_session_events_the_portal_is_looked_at(#[case] owner: i64, #[case] closing: bool) {
    let mut talk = answered(Settings::default());
    talk.client_says("Thank you!").expect_nothing();
    dialog(&mut talk, owner, 343, closing);
    talk.answers("imbot.v2.Chat.User.list", json!({"users": [{"id": 599}], "hasNextPage": false}));
    talk.after(2 * MINUTE).expect_menu(PLEASE, MARKS).after(DAY).expect_nothing();
}

#[test]
fn what_waits_in_the_queue_again_is_not_at_its_end() {
    let mut talk = answered(Settings::default());
    dialog(&mut talk, 0, 343, false);
    talk.after(2 * DAY).expect_nothing();
}

#[test]
fn a_session_that_was_closed_at_once_is_asked_about_through_its_crm_item_and_the_answer_is_no_new_request() {
    let mut talk = answered(Settings::default());
    dialog(&mut talk, 0, 343, false);
    talk.session_finishes().expect_menu(PLEASE, MARKS);
    dialog(&mut talk, 567, 344, false);
    talk.client_says("4").expect_containing("Thank you!").after(3 * MINUTE);
    assert_eq!(notes(&talk), ["Mark 4 of 5"]);
    assert!(is_finished(&talk) && !talk.effects()[3..].contains(&Sent::HandOver), "{}", talk.transcript());
    // Bound to nothing, there is no way back into the chat.
    let mut talk = answered(Settings::default());
    talk.session_finishes().after(DAY).expect_nothing();
}

#[test]
fn an_answer_to_a_question_that_was_asked_before_the_end_counts_after_it() {
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    talk.session_finishes().after(HOUR);
    talk.client_says("отлично").expect_containing("Thank you!").after(3 * MINUTE).expect_nothing();
    assert!(is_finished(&talk), "the session that the answer has begun");
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    talk.session_finishes().client_says("I have another question").expect_nothing().expect_hand_over();
}

#[test]
fn a_mark_may_still_be_changed_once_the_session_is_closed_and_what_is_none_is_a_new_request() {
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    dialog(&mut talk, IVAN, 343, false);
    talk.client_says("2").expect_containing("we are sorry").session_finishes();
    dialog(&mut talk, 567, 344, false);
    talk.client_says("3").expect("All right: 3 of 5.").after(3 * MINUTE).expect_nothing();
    assert_eq!(notes(&talk), ["Mark 3 of 5"]);
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    dialog(&mut talk, IVAN, 343, false);
    talk.client_says("5").expect_containing("Thank you!").session_finishes();
    dialog(&mut talk, 567, 344, false);
    talk.client_says("I want to order more").expect_nothing().expect_hand_over();
    assert_eq!(notes(&talk), ["Mark 5 of 5"]);
}

#[rstest]
#[case::asked(None, 12 * HOUR)]
#[case::rated(Some("5"), 3 * MINUTE)]
fn a_session_that_another_person_has_taken_by_a_click_is_not_finished(
    #[case] says: Option<&str>,
    #[case] span: Duration,
) {
    for (owner, finished) in [(IVAN, true), (31, false)] {
        let mut talk = answered(Settings::default());
        talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
        says.map(|text| talk.client_says(text).expect_containing("Thank you!"));
        dialog(&mut talk, owner, 343, false);
        talk.after(span).expect_nothing();
        assert_eq!(is_finished(&talk), finished, "{owner}");
    }
}

#[test]
fn in_silent_mode_nothing_is_for_the_client() {
    let mut talk = answered(Settings::default());
    let mut says = |silent: &str, id: i64| {
        let chat = json!({
            "id": 1777, "dialogId": "chat1777", "owner": IVAN, "messageType": "L", "entityType": "LINES",
            "entityId": "livechat|22|1775|599", "entityData1": "N|NONE|0|N|N|343|0|0|0|0", "entityData3": silent,
        });
        let user = json!({"id": IVAN, "name": "Ivan", "type": "employee", "connector": false, "bot": false});
        let message = json!({"id": id, "chatId": 1777, "authorId": IVAN, "text": "/rate"});
        talk.event("ONIMBOTV2MESSAGEADD", json!({"chat": chat, "user": user, "message": message}));
        talk.take_effects().iter().filter(|sent| sent.said().is_some()).count()
    };
    assert_eq!((says("Y", 99_001), says("N", 99_002)), (0, 1));
}

#[test]
fn who_does_not_answer_is_left_alone_and_the_session_finished() {
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    talk.after(12 * HOUR - MINUTE);
    assert!(!is_finished(&talk));
    talk.after(MINUTE).expect_nothing();
    assert!(is_finished(&talk));
    assert_eq!(talk.state::<Standing>().stage, Stage::Quiet);
}

#[test]
fn in_quiet_hours_it_is_asked_when_they_end_or_not_at_all() {
    let mut talk = answered(at_night());
    talk.operator_says("/rate").after(15 * HOUR).expect_nothing();
    talk.restart().after(HOUR).expect_menu(PLEASE, MARKS);
    let mut talk = answered(at_night());
    talk.operator_says("/rate").client_says("Wait!").after(2 * DAY).expect_nothing();
    let mut talk = answered(Settings { later: false, ..at_night() });
    talk.operator_says("/rate").after(2 * DAY).expect_nothing();
    assert!(is_finished(&talk), "the operator is through all the same");
}

#[test]
fn a_client_is_asked_once_in_thirty_days_over_all_restarts() {
    let mut talk = answered(Settings::default());
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS);
    talk.client_says("5").expect_containing("Thank you!").after(3 * MINUTE).session_finishes();
    for _ in 0..2 {
        talk.restart().after(14 * DAY).client_says("hello again").expect_hand_over();
        talk.take_effects();
        talk.operator_says("Here you are").operator_says("/rate").after(2 * HOUR).expect_nothing();
        assert!(talk.take_effects().contains(&Sent::SessionFinished), "it is over without a question");
        talk.session_finishes();
    }
    talk.restart().after(2 * DAY).client_says("hello").operator_says("Here you are").operator_says("/rate");
    talk.expect_menu(PLEASE, MARKS);
}

#[test]
fn who_wants_to_be_asked_is_unless_a_person_has_the_session() {
    let mut talk = answered(Settings::default());
    talk.client_says("/rate").expect_nothing();
    talk.operator_says("/rate").expect_menu(PLEASE, MARKS).client_says("/rate").expect_menu(PLEASE, MARKS);
}

#[test]
fn the_bot_speaks_the_language_of_the_site() {
    for (code, question, mark, thanks) in
        [("ru", "Как всё прошло?", "пять", "Спасибо!"), ("de", "Wie war es?", "Ausgezeichnet", "Danke!")]
    {
        let mut talk = builder(&Settings::default()).language(code).with(routes(Settings::default()));
        talk.client_says("hello").operator_says("hello").operator_says("/rate").expect_containing(question);
        talk.client_says(mark).expect_containing(thanks);
    }
}

#[test]
fn every_language_has_every_text_and_a_question_that_can_be_answered() {
    let names = |texts: &'static str| texts.lines().filter_map(|line| Some(line.split_once(" = ")?.0));
    for (speech, code, texts) in csat::SPEECHES {
        assert!(names(csat::SPEECHES[0].2).eq(names(texts)), "{code}");
        assert_eq!(Speech::of(code, Speech::En), speech);
        let values = ["mark", "who"].map(|name| (name, "2".to_owned()));
        for name in names(texts) {
            let said = speech.say(name, &values);
            assert!(said != name && !said.contains('{'), "{code}: {said}");
        }
        for (mark, label) in (1..).zip(["mark-1", "mark-2", "mark-3", "mark-4", "mark-5"]) {
            assert_eq!(csat::mark_in(&speech.say(label, &[])), Some(mark), "{code}");
        }
    }
}

#[test]
fn wherever_it_is_stopped_the_mark_is_in_the_crm_once_or_shown_as_uncertain() {
    let settings = || Settings { field: Some("UF_CRM_MARK".into()), ..Settings::default() };
    CrashSweep::of(move || routes(settings()))
        .settings(builder(&Settings::default()))
        .at_most_once()
        .script(|talk| {
            talk.client_says("hello").operator_says("Here you are").operator_says("/rate");
            dialog(talk, IVAN, 343, false);
            talk.answers("crm.deal.update", json!(true));
            talk.client_says("2").client_says("Slow").after(10 * MINUTE);
        })
        .check(|talk| {
            let notes = notes(talk);
            assert!(notes.len() <= 1, "{notes:?}");
            if notes.is_empty() {
                talk.expect_unsent("");
            }
            let fields = calls(talk, "crm.deal.update");
            assert!(!fields.is_empty() && fields.iter().all(|call| call["fields"]["UF_CRM_MARK"] == 2));
            talk.expect_menu(PLEASE, MARKS).expect_containing("we are sorry").expect(THANKS).expect_nothing();
        })
        .run();
}
