use std::sync::Arc;

use super::*;
use crate::codec::{events, fetched, form, from_json};

fn of_body(body: &str) -> Incoming {
    let raw = form::decode(body.as_bytes(), &form::Limits::default()).unwrap();
    events(&Callback::read(Arc::new(raw)).unwrap()).unwrap().remove(0)
}

fn button(ts: i64, handler: i64, token: &str) -> Incoming {
    of_body(&format!(
        "event=ONIMCOMMANDADD&event_handler_id={handler}&ts={ts}&auth[access_token]={token}\
         &data[COMMAND][7][BOT_ID]=5&data[COMMAND][7][access_token]={token}&data[COMMAND][7][COMMAND]=order\
         &data[COMMAND][7][COMMAND_CONTEXT]=KEYBOARD&data[COMMAND][7][MESSAGE_ID]=90\
         &data[PARAMS][DIALOG_ID]=12&data[PARAMS][AUTHOR_ID]=12"
    ))
}

fn line_event(event: &str, user: i64, text: &str) -> Incoming {
    of_body(&format!(
        "event={event}&ts=100&data[DATA][connector][connector_id]=wa&data[DATA][connector][line_id]=3\
         &data[DATA][connector][chat_id]=g-1&data[DATA][connector][user_id]={user}\
         &data[DATA][message][id]=x1&data[DATA][message][text]={text}&data[DATA][chat][chat_id]=77"
    ))
}

#[test]
fn the_same_button_pressed_twice_is_two_facts_and_delivered_twice_is_one() {
    assert_eq!(fact(&button(100, 1, "a"), None), fact(&button(100, 2, "b"), None));
    assert_ne!(fact(&button(100, 1, "a"), None), fact(&button(101, 1, "a"), None));
    assert_eq!(fact(&button(100, 1, "a"), None).kind, FactKind::Other);
}

#[test]
fn quiet_is_a_client_whose_chat_no_person_has() {
    let said = |author: Author, owner: Option<i64>, text: &str| {
        let mut event = of_body(
            "event=ONIMBOTV2MESSAGEADD&data[bot][id]=5&data[message][id]=9&data[chat][dialogId]=chat4",
        );
        let Event::Message(message) = &mut event.event else { unreachable!() };
        (message.author, message.text) = (author, text.to_owned());
        message.chat.owner = owner.map(UserId::new);
        is_quiet(&event)
    };
    assert!(said(Author::Client, Some(5), "hello") && said(Author::Client, Some(0), "hello"));
    assert!(!said(Author::Client, Some(27), "hello"), "a person has it, or a bot that is not known here");
    assert!(!said(Author::Client, None, "hello"), "who has it is not told");
    assert!(!said(Author::Client, Some(5), " 0 "), "asks for a person");
    for other in [Author::Operator, Author::Employee, Author::Bot, Author::System, Author::Unknown] {
        assert!(!said(other, Some(5), "hello"), "{other:?}");
    }
    assert!(!is_quiet(&button(100, 1, "a")));
}

#[test]
fn what_was_fetched_is_known_by_its_number_except_messages() {
    let event = |id: i64, kind: &str| {
        let data = serde_json::json!({
            "bot": {"id": 5}, "message": {"id": 90, "authorId": 12, "text": "x"}, "messageId": 90,
            "chat": {"id": 4, "dialogId": "chat4"},
        });
        let event =
            serde_json::json!({"eventId": id, "type": kind, "date": "2026-01-01T00:00:00Z", "data": data});
        let fetched = fetched(&event).unwrap();
        (events(&fetched.callback).unwrap().remove(0), fetched.event_id)
    };
    let fact_of = |(incoming, id): &(Incoming, i64)| fact(incoming, Some(*id));
    assert_eq!(fact_of(&event(1, "ONIMBOTV2MESSAGEADD")), fact_of(&event(2, "ONIMBOTV2MESSAGEADD")));
    assert_eq!(fact_of(&event(1, "ONIMBOTV2MESSAGEDELETE")), fact_of(&event(1, "ONIMBOTV2MESSAGEDELETE")));
    assert_ne!(fact_of(&event(1, "ONIMBOTV2MESSAGEDELETE")), fact_of(&event(2, "ONIMBOTV2MESSAGEDELETE")));
    let webhook = "event=ONIMBOTV2MESSAGEADD&ts=7&data[bot][id]=5&data[message][id]=90&data[message][authorId]=12\
        &data[chat][dialogId]=chat4";
    assert_eq!(fact(&of_body(webhook), None), fact_of(&event(1, "ONIMBOTV2MESSAGEADD")));
}

#[test]
fn two_edits_of_one_second_are_two_facts() {
    let edit = |text: &str| {
        fact(
            &of_body(&format!(
                "event=ONIMBOTMESSAGEUPDATE&ts=5&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]=9\
             &data[PARAMS][MESSAGE]={text}&data[PARAMS][DIALOG_ID]=chat1"
            )),
            None,
        )
    };
    assert_eq!(edit("a"), edit("a"));
    assert_ne!(edit("a"), edit("b"));
}

#[test]
fn envelope_and_tokens_do_not_make_a_line_event_another() {
    let with = |handler: i64, token: &str, text: &str| {
        fact(
            &of_body(&format!(
                "event=ONOPENLINEMESSAGEADD&event_handler_id={handler}&ts=100&auth[access_token]={token}\
             &data[DATA][connector][connector_id]=wa&data[DATA][connector][line_id]=3\
             &data[DATA][message][id]=x1&data[DATA][message][text]={text}"
            )),
            None,
        )
    };
    assert_eq!(with(1, "a", "hi"), with(2, "b", "hi"));
    assert_ne!(with(1, "a", "hi"), with(1, "a", "ho"));
}

#[test]
fn bot_line_and_session_events_of_one_client_share_a_lane() {
    let message = of_body(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]=9&data[PARAMS][DIALOG_ID]=chat77\
         &data[PARAMS][CHAT_ENTITY_TYPE]=LINES&data[PARAMS][CHAT_ENTITY_ID]=wa|3|g-1|44",
    );
    assert_eq!(lane(&message), "line|wa|3|44");
    assert_eq!(lane(&line_event("ONOPENLINEMESSAGEADD", 44, "x")), "line|wa|3|44");
    assert_eq!(lane(&line_event("ONSESSIONSTART", 44, "x")), "line|wa|3|44");
}

#[test]
fn a_group_without_a_client_has_the_lane_of_its_external_chat() {
    let message = of_body(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]=9&data[PARAMS][DIALOG_ID]=chat77\
         &data[PARAMS][CHAT_ENTITY_TYPE]=LINES&data[PARAMS][CHAT_ENTITY_ID]=wa|3|g-1|0",
    );
    assert_eq!(lane(&message), "group|wa|3|g-1");
    assert_eq!(lane(&line_event("ONOPENLINEMESSAGEADD", 0, "x")), "group|wa|3|g-1");
    // A session does not carry the external chat; the portal's own chat is all there is.
    assert_eq!(lane(&line_event("ONSESSIONSTART", 0, "x")), "dialog|chat77");
}

#[test]
fn connector_events_and_applications_have_lanes_apart() {
    let connector = of_body(
        "event=ONIMCONNECTORMESSAGEADD&data[CONNECTOR]=wa&data[LINE]=3&data[MESSAGES][0][chat][id]=g-1",
    );
    assert_eq!(lane(&connector), "connector|wa|3|g-1");
    assert_eq!(lane(&of_body("event=ONIMCONNECTORLINEDELETE&data=107")), "connector||107|");
    assert_eq!(lane(&of_body("event=ONAPPINSTALL")), "app");
    assert_eq!(lane(&of_body("event=ONIMBOTDELETE&data[BOT_ID]=5")), "bot|5");
}

#[test]
fn messages_and_typed_commands_are_ordered_by_their_message() {
    assert_eq!(ordering(&button(1, 1, "a")), None);
    let message =
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]=9&data[PARAMS][DIALOG_ID]=1";
    assert_eq!(ordering(&of_body(message)), Some(MessageId::new(9)));
}

#[test]
fn what_could_not_be_typed_has_a_fact_and_a_lane_of_its_own() {
    let untyped = |text: &str| {
        let raw = from_json(&serde_json::json!({"event": "ONIMBOTMESSAGEADD", "ts": 4, "data": {"x": text}}));
        Callback::read(Arc::new(raw)).unwrap()
    };
    assert_eq!(fact_of_untyped(&untyped("a"), None), fact_of_untyped(&untyped("a"), None));
    assert_ne!(fact_of_untyped(&untyped("a"), None), fact_of_untyped(&untyped("b"), None));
    assert_eq!(fact_of_untyped(&untyped("a"), Some(1)), fact_of_untyped(&untyped("b"), Some(1)));
    assert_eq!(lane_of_untyped(&untyped("a")), "untyped|ONIMBOTMESSAGEADD");
}
