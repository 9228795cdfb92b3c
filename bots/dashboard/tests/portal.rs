//! What the page is told, and what its buttons do, on an emulated portal whose events are sent, or fetched.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

mod stage;

use std::time::Duration;

use dashboard::Settings;
use openlines::prelude::*;
use openlines_emulator::RestFault;
use rstest::rstest;
use serde_json::Value;
use stage::{Stage, gist};

fn is(holder: &str, waits: bool) -> impl Fn(&Value) -> bool {
    move |row| row["holder"] == holder && row["waits"].is_i64() == waits
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_is_shown_from_its_first_word_to_its_end(#[values(false, true)] fetches: bool) {
    let stage = Stage::new(fetches, |_| Settings::default()).await;
    let token = stage.token(stage.portal.admin_id()).await;
    let (ann, ivan) =
        (stage.portal.client_on("Ann", "telegrambot", stage.portal.line_id()), stage.portal.operator("Ivan"));
    ann.says("hello").await;
    let row = stage
        .sees(&token, &ann, |row| {
            is("bot", false)(row) && row["channel"] == "telegrambot" && row["line_name"] != ""
        })
        .await;
    assert_eq!((&row["client"], &row["bot"]), (&"Ann".into(), &"Clerk".into()));
    assert_eq!(gist(&row).2, ["client: hello", "bot: You said: hello"], "without its codes");

    // Handed over the client waits, whatever the bot says, and notes are for people.
    ann.says("person").await;
    let row = stage.sees(&token, &ann, |row| is("waiting", true)(row) && gist(row).2.len() == 4).await;
    assert_eq!(gist(&row).2[2..], ["client: person", "bot: One moment, please"]);
    let waits = row["waits"].clone();
    ann.says("are you there?").await;
    let row = stage.sees(&token, &ann, |row| gist(row).2.last().unwrap().contains("are you there?")).await;
    assert_eq!(row["waits"], waits, "since the first word that nobody has answered");

    ivan.says(&ann, "Here I am").await;
    let row = stage.sees(&token, &ann, |row| is("human", false)(row) && row["operator_name"] == "Ivan").await;
    assert_eq!(row["operator"], ivan.user_id());
    assert_eq!(
        gist(&row).2.iter().filter(|line| line.contains("Here I am")).count(),
        1,
        "told twice, shown once"
    );
    ann.says("good").await;
    stage.sees(&token, &ann, is("human", true)).await;
    if !fetches {
        // Without a public address nobody tells of a session's end.
        ivan.finishes(&ann).await;
        stage.sees(&token, &ann, Value::is_null).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_takes_a_dialog_over_by_their_own_right_and_returns_it(
    #[values(false, true)] fetches: bool,
) {
    let stage = Stage::new(fetches, |portal| {
        let olga = UserId::new(portal.operator("Olga").user_id());
        Settings { supervisors: vec![olga], ..Settings::default() }
    })
    .await;
    let olga = stage.portal.operator("Olga").user_id();
    let token = stage.token(olga).await;
    let ann = stage.portal.client("Ann");
    ann.says("hello").await;
    ann.hears("You said: [b]hello[/b]").within(stage::SOON).await;
    stage.sees(&token, &ann, is("bot", false)).await;

    assert_eq!(stage.presses(&token, "take", ann.chat_id()).await.0, 200);
    let row = stage.sees(&token, &ann, |row| is("human", false)(row) && row["operator_name"] == "Olga").await;
    assert_eq!(row["operator"], olga);
    assert_eq!(stage.portal.session_operator(ann.chat_id()), Some(olga));
    let calls = stage.portal.calls();
    let taken = calls.iter().find(|call| call.method == "imopenlines.session.intercept").unwrap();
    assert_eq!(taken.user_id, olga, "by her own right");
    ann.says("who are you?").await;
    stage.sees(&token, &ann, is("human", true)).await;
    stage.quiet().await;
    assert_eq!(stage.portal.bot_messages().len(), 1, "the bot is silent");

    assert_eq!(stage.presses(&token, "return", ann.chat_id()).await.0, 200);
    stage.sees(&token, &ann, |row| row["holder"] == "bot").await;
    ann.says("and now?").await;
    ann.hears("You said: [b]and now?[/b]").within(stage::SOON).await;
    // Hers on the portal all the time, and yet once more.
    assert_eq!(stage.presses(&token, "take", ann.chat_id()).await.0, 200);
    stage.sees(&token, &ann, |row| row["holder"] == "human").await;
    ann.says("once more").await;
    stage.quiet().await;
    assert_eq!(stage.portal.bot_messages().len(), 2, "the bot is silent again");

    // From the queue it is answered.
    let bob = stage.portal.client("Bob");
    bob.says("person").await;
    stage.sees(&token, &bob, is("waiting", true)).await;
    assert_eq!(stage.presses(&token, "take", bob.chat_id()).await.0, 200);
    stage.sees(&token, &bob, |row| row["holder"] == "human").await;
    assert!(stage.portal.calls().iter().any(|call| call.method == "imopenlines.operator.answer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_portal_refuses_is_told_and_changes_nothing() {
    let stage = Stage::new(false, |_| Settings::default()).await;
    let token = stage.token(stage.portal.admin_id()).await;
    let ann = stage.portal.client("Ann");
    ann.says("hello").await;
    stage.sees(&token, &ann, is("bot", false)).await;
    stage.portal.faults().rest("imopenlines.session.intercept", RestFault::error(400, "OPERATOR_WRONG"), 1);
    let (status, told) = stage.presses(&token, "take", ann.chat_id()).await;
    assert_eq!(status, 409);
    assert!(told["error"].as_str().unwrap().contains("OPERATOR_WRONG"), "{told}");
    stage.sees(&token, &ann, is("bot", false)).await;
    let (status, told) = stage.presses(&token, "take", 999_999).await;
    assert_eq!((status, told["error"].as_str().unwrap()), (409, "This dialog is over."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_sees_nothing_presses_nothing_and_is_told_why() {
    let nobody = vec![UserId::new(4_711)];
    let settings = Settings { administrators: false, supervisors: nobody, ..Settings::default() };
    let stage = Stage::new(false, |_| settings).await;
    let ann = stage.portal.client("Ann");
    ann.says("a secret of Ann's").await;
    stage.quiet().await;
    let ivan = stage.token(stage.portal.operator("Ivan").user_id()).await;
    let admin = stage.token(stage.portal.admin_id()).await;
    for (token, expected, why) in [
        (ivan.as_str(), 403, "you (user "),
        (&admin, 403, "supervisors only"),
        ("guessed", 401, "does not say who you are"),
    ] {
        let (status, told) = stage.asks(token).await;
        assert_eq!(status, expected, "{told}");
        assert!(
            told["error"].as_str().unwrap().contains(why) && !told.to_string().contains("secret of"),
            "{told}"
        );
        for button in ["take", "return"] {
            assert_eq!(stage.presses(token, button, ann.chat_id()).await.0, expected);
        }
    }
    let bare = reqwest::get(format!("{}/dashboard/news?member=x", stage.running.url())).await.unwrap();
    assert_eq!(bare.status(), 401);
    stage.quiet().await;
    assert_eq!(
        stage.portal.session_operator(ann.chat_id()),
        stage.portal.bot_id("clerk"),
        "nothing was taken"
    );
    assert!(stage.portal.rt_events().is_empty(), "nobody is told anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_look_are_told_and_of_what_has_changed() {
    let stage = Stage::new(false, |_| Settings::default()).await;
    let (ann, bob) = (stage.portal.client("Ann"), stage.portal.client("Bob"));
    ann.says("hello").await;
    ann.hears("You said: [b]hello[/b]").within(stage::SOON).await;
    stage.quiet().await;
    assert!(stage.portal.rt_events().is_empty(), "nobody looks");

    let admin = stage.portal.admin_id();
    let token = stage.token(admin).await;
    stage.sees(&token, &ann, |row| is("bot", false)(row) && row["line_name"] != "").await;
    let told = stage.asks(&token).await.1["news"].clone();
    bob.says("good day").await;
    let deadline = tokio::time::Instant::now() + stage::SOON;
    let event = loop {
        let of_bob =
            |event: &openlines_emulator::RtEvent| event.params.to_string().contains("You said: good day");
        if let Some(event) = stage.portal.rt_events().into_iter().find(of_bob) {
            break event;
        }
        assert!(tokio::time::Instant::now() < deadline, "{:?}", stage.portal.rt_events());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((event.command.as_str(), event.user_ids.as_deref()), ("dashboard.news", Some(&[admin][..])));
    assert_eq!(event.params["life"], told["life"]);
    let rows = event.params["dialogs"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["rev"].as_i64() > event.params["from"].as_i64()), "{}", event.params);

    stage.quiet().await;
    let news = stage.asks(&token).await.1["news"].clone();
    let (life, rev) = (&news["life"], &news["rev"]);
    for (seen, rows) in [
        (format!("&life={life}&rev={rev}"), 0),
        (format!("&life=1&rev={rev}"), 2),
        (format!("&life={life}&rev=1"), 2),
    ] {
        let news = stage.asks_since(&token, &seen).await.1["news"].clone();
        assert_eq!(news["dialogs"].as_array().unwrap().len(), rows, "{seen}: {news}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_all_is_there_again(#[values(false, true)] fetches: bool) {
    let stage = Stage::new(fetches, |_| Settings::default()).await;
    let token = stage.token(stage.portal.admin_id()).await;
    let (ann, bob, eve) =
        (stage.portal.client("Ann"), stage.portal.client("Bob"), stage.portal.client("Eve"));
    let ivan = stage.portal.operator("Ivan");
    ann.says("person").await;
    bob.says("hello").await;
    bob.hears("You said: [b]hello[/b]").within(stage::SOON).await;
    eve.says("hello").await;
    stage.sees(&token, &eve, is("bot", false)).await;
    ivan.says(&eve, "Good day, Eve").await;
    eve.says("Good day, Ivan").await;
    let before = stage.sees(&token, &ann, |row| is("waiting", true)(row) && gist(row).2.len() == 2).await;
    stage.sees(&token, &bob, is("bot", false)).await;
    stage.sees(&token, &eve, is("human", true)).await;
    stage.quiet().await;

    let stage = stage.restarted(async |_| {}).await;
    let after = stage.sees(&token, &ann, |row| gist(row).2.len() == 3).await;
    assert_eq!(gist(&after).0, "waiting");
    let waits = |row: &Value| row["waits"].as_i64().unwrap();
    // Fetched, the word was heard some seconds after it was written.
    assert!((-10_000..1_000).contains(&(waits(&after) - waits(&before))), "{before:#} {after:#}");
    assert_eq!((&after["client"], &after["bot"]), (&"Ann".into(), &"Clerk".into()));
    let row = stage.sees(&token, &bob, |row| is("bot", false)(row) && !gist(row).2.is_empty()).await;
    assert_eq!(gist(&row).2, ["client: hello", "bot: You said: hello"]);
    let row = stage.sees(&token, &eve, |row| is("human", true)(row) && row["operator_name"] == "Ivan").await;
    assert!(gist(&row).2.contains(&"operator: Good day, Eve".to_owned()), "{row:#}");
    // And goes on.
    bob.says("once more").await;
    let row = stage.sees(&token, &bob, |row| gist(row).2.len() == 4).await;
    assert_eq!(gist(&row).2[2..], ["client: once more", "bot: You said: once more"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_it_was_down_is_shown_once(#[values(false, true)] fetches: bool) {
    let stage = Stage::new(fetches, |_| Settings::default()).await;
    let token = stage.token(stage.portal.admin_id()).await;
    let (ann, bob) = (stage.portal.client("Ann"), stage.portal.client("Bob"));
    for client in [&ann, &bob] {
        client.says("hello").await;
        stage.sees(&token, client, |row| gist(row).2.len() == 2).await;
    }
    stage.quiet().await;
    let ivan = stage.portal.operator("Ivan");
    let stage = stage
        .restarted(async |_| {
            ann.says("while you were away").await;
            ivan.takes(&bob).await;
            ivan.finishes(&bob).await;
        })
        .await;
    let row = stage.sees(&token, &ann, |row| gist(row).2.len() >= 4 && is("bot", false)(row)).await;
    assert_eq!(gist(&row).2[2..], ["client: while you were away", "bot: You said: while you were away"]);
    stage.sees(&token, &bob, Value::is_null).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_by_incoming_webhook_has_no_page_and_is_told_so() {
    let emulator = openlines_emulator::Emulator::start().await;
    let config = Config::new()
        .listen("127.0.0.1:0".parse().unwrap())
        .without_admin()
        .database_url("memory:")
        .webhook(emulator.portal().webhook_url(), "a-token-of-our-own");
    let app = App::new(config)
        .bot(BotProfile::openline("dashboard").name("Switchboard"), dashboard::Passing(String::new()));
    let running = dashboard::beside_with(app, Settings::default()).start().await.unwrap();
    let member = running.desks().portals()[0].portal().member.clone();
    let url = format!("{}/dashboard/news?member={}", running.url(), member.as_str());
    let answer = reqwest::Client::new().get(url).bearer_auth("any").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().contains("incoming webhook"));
}
