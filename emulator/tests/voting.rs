//! A client rates the dialog when the line asks for it.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{Client, Vote};
use serde_json::{Value, json};
use support::{App, SOON, of, stage, with_v1_bot};

const HOUR: Duration = Duration::from_secs(3_600);

fn heard(client: &Client) -> Vec<String> {
    client.sees().into_iter().filter(|one| !one.own).map(|one| one.text).collect()
}

/// What the history tells of the session's end.
async fn end_of(app: &App, chat_id: i64) -> Value {
    let history = app.ok("imopenlines.session.history.get", json!({"CHAT_ID": chat_id})).await;
    let messages = history["message"].as_object().unwrap();
    messages.values().rfind(|one| one["params"].get("imolVoteSid").is_some()).unwrap()["params"].clone()
}

#[tokio::test]
async fn an_answer_by_text_is_kept_thanked_for_and_leaves_the_session_as_it_is() {
    let (_emulator, _handler, app, portal) = stage().await;
    let id = portal.line_id();
    let params = json!({"VOTE_MESSAGE": "Y", "VOTE_MESSAGE_1_TEXT": "Buttons!", "VOTE_MESSAGE_2_TEXT": "1 or 0?",
        "VOTE_MESSAGE_2_LIKE": "Thanks!", "VOTE_MESSAGE_2_DISLIKE": "Sorry!"});
    app.ok("imopenlines.config.update", json!({"CONFIG_ID": id, "PARAMS": params})).await;
    portal.line().waits_before_closing(HOUR);
    let ivan = portal.operator("Ivan");
    for (name, answer, vote, mark, thanks) in
        [("Ann", " 1 ", Vote::Like, 5, "Thanks!"), ("Bob", "0", Vote::Dislike, 1, "Sorry!")]
    {
        let client = portal.client_on(name, "telegrambot", id);
        client.says("hello").await;
        client.says("1").await;
        assert_eq!(portal.session_vote(client.chat_id()), None, "nobody has asked");
        ivan.finishes(&client).await;
        client.says(answer).await;
        assert_eq!(heard(&client)[..], ["1 or 0?", thanks], "{name}");
        let chat_id = client.chat_id();
        assert_eq!((portal.session_vote(chat_id), portal.session_status(chat_id)), (Some(vote), Some(50)));
        client.says(answer).await;
        assert_eq!(portal.session_status(chat_id), Some(25), "the second one is a message like others");
        assert_eq!(portal.session_vote(chat_id), Some(vote));
        ivan.finishes(&client).await;
        ivan.finishes(&client).await;
        let end = end_of(&app, chat_id).await;
        assert_eq!((&end["imolVoteUser"], &end["imolVoteHead"]), (&json!(mark), &json!(0)), "{end}");
    }
}

#[tokio::test]
async fn live_chat_and_the_network_have_buttons_and_read_no_answer_in_a_text() {
    let (_emulator, _handler, app, portal) = stage().await;
    portal.line().vote_text(Some("Satisfied?")).waits_before_closing(HOUR);
    let ivan = portal.operator("Ivan");
    for connector in ["livechat", "network"] {
        let client = portal.client_on("Ann", connector, portal.line_id());
        client.says("hello").await;
        ivan.finishes(&client).await;
        let chat_id = client.chat_id();
        client.says("1").await;
        assert_eq!(
            (portal.session_vote(chat_id), portal.session_status(chat_id)),
            (None, Some(25)),
            "{connector}"
        );
        client.votes(Vote::Dislike).await;
        assert_eq!(
            (portal.session_vote(chat_id), portal.session_status(chat_id)),
            (Some(Vote::Dislike), Some(25))
        );
        let asked = portal.messages(chat_id).into_iter().find(|one| one.text == "Satisfied?").unwrap();
        let history = app.ok("imopenlines.session.history.get", json!({"CHAT_ID": chat_id})).await;
        assert_eq!(history["message"][asked.id.to_string()]["params"]["imolVote"], "dislike");
    }
}

#[tokio::test]
async fn an_answer_closes_the_session_if_the_line_says_so_and_opens_none() {
    let (_emulator, handler, app, portal) = stage().await;
    app.ok("event.bind", json!({"event": "OnSessionStart", "handler": handler.url})).await;
    let ivan = portal.operator("Ivan");
    portal.line().vote_text(Some("1 or 0?")).vote_closes(true).waits_before_closing(HOUR);
    let ann = portal.client_on("Ann", "telegrambot", portal.line_id());
    ann.says("hello").await;
    ivan.finishes(&ann).await;
    assert_eq!(portal.session_status(ann.chat_id()), Some(50));
    ann.votes(Vote::Like).await;
    assert_eq!(portal.session_status(ann.chat_id()), Some(60));
    let support = portal.line_by_id(portal.line_id() + 1);
    support.vote_text(Some("1 or 0?"));
    let bob = portal.client_on("Bob", "telegrambot", support.id());
    bob.says("hello").await;
    ivan.finishes(&bob).await;
    bob.votes(Vote::Like).await;
    let chat_id = bob.chat_id();
    assert_eq!((portal.session_vote(chat_id), portal.session_status(chat_id)), (Some(Vote::Like), Some(60)));
    assert_eq!(end_of(&app, chat_id).await["imolVoteUser"], 5);
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONSESSIONSTART").len(), 2, "one for each of them");
    bob.says("1").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONSESSIONSTART").len(), 3);
    assert_eq!(portal.session_vote(chat_id), None, "another session");
}

#[tokio::test]
async fn another_text_or_too_much_time_withdraws_the_question() {
    let (_emulator, _handler, _app, portal) = stage().await;
    portal.line().vote_text(Some("1 or 0?")).votes_within(HOUR).waits_before_closing(HOUR * 9);
    let ivan = portal.operator("Ivan");
    let ann = portal.client_on("Ann", "telegrambot", portal.line_id());
    ann.says("hello").await;
    ivan.finishes(&ann).await;
    ann.says("wait, one thing more").await;
    ann.says("1").await;
    assert_eq!((portal.session_vote(ann.chat_id()), portal.session_status(ann.chat_id())), (None, Some(25)));
    ivan.finishes(&ann).await;
    portal.clock().advance(HOUR * 2);
    ann.says("0").await;
    assert_eq!((portal.session_vote(ann.chat_id()), portal.session_status(ann.chat_id())), (None, Some(25)));
    ivan.finishes(&ann).await;
    portal.clock().advance(HOUR);
    ann.votes(Vote::Dislike).await;
    assert_eq!(portal.session_vote(ann.chat_id()), Some(Vote::Dislike), "within the hour");
}

#[tokio::test]
async fn a_bot_that_stays_hears_the_answer_and_no_session_ends_by_it() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    portal.line().vote_text(Some("1 or 0?")).waits_before_closing(HOUR);
    portal.line().bot_leaves(openlines_emulator::BotLeaves::WhenClosed);
    let ann = portal.client_on("Ann", "telegrambot", portal.line_id());
    ann.says("hello").await;
    assert_eq!(portal.session_operator(ann.chat_id()), Some(bot_id));
    app.ok("imopenlines.operator.answer", json!({"CHAT_ID": ann.chat_id()})).await;
    app.ok("imopenlines.operator.finish", json!({"CHAT_ID": ann.chat_id()})).await;
    ann.votes(Vote::Dislike).await;
    portal.settled(SOON).await;
    let heard = of(&portal, "ONIMBOTMESSAGEADD");
    assert_eq!(heard.last().unwrap().form()["data"]["PARAMS"]["MESSAGE"], "0");
    assert_eq!(portal.session_status(ann.chat_id()), Some(50));
    assert_eq!(portal.session_operator(ann.chat_id()), Some(portal.admin_id()));
}

#[tokio::test]
async fn the_head_of_the_line_rates_beside_the_client() {
    let (_emulator, _handler, app, portal) = stage().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.operator("Ivan").finishes(&ann).await;
    let get = async || app.ok("imopenlines.session.history.get", json!({"CHAT_ID": ann.chat_id()})).await;
    let before = get().await;
    assert_eq!((&before["sessionVoteHead"], &before["sessionCommentHead"]), (&json!(0), &Value::Null));
    let session = before["sessionId"].clone();
    app.ok("imopenlines.session.head.vote", json!({"SESSION_ID": session, "RATING": 4})).await;
    assert_eq!(get().await["sessionVoteHead"], 4);
    let end = end_of(&app, ann.chat_id()).await;
    assert_eq!(end, json!({"imolVoteSid": session, "imolVoteUser": 0, "imolVoteHead": 4}));
}
