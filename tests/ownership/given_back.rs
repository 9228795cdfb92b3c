//! A session is given back to the bot, although its chat still belongs to the operator.

use openlines::prelude::*;

use crate::{
    bench::{Bench, By, Echo, profile},
    witness::TAKES,
};

/// Ann, whose session Ivan has, and the bot has heard of it.
async fn taken(bench: &Bench) -> (openlines_emulator::Client, openlines_emulator::Operator) {
    let ann = bench.client("Ann").await;
    let ivan = bench.portal().operator("Ivan");
    ivan.says(&ann, TAKES).await;
    ann.says("not for the bot").await;
    bench.quiet().await;
    assert_eq!(bench.said_to(&ann), ["You said: hello"]);
    (ann, ivan)
}

#[tokio::test]
async fn an_operators_word_gives_it_back_and_another_operator_takes_it_again() {
    let bench = Bench::new().await;
    let (ann, ivan) = taken(&bench).await;
    ivan.says(&ann, "/BOT ").await;
    ann.says("back?").await;
    bench.quiet().await;
    assert_eq!(
        bench.portal().session_operator(ann.chat_id()),
        Some(ivan.user_id()),
        "on the portal it is Ivan's"
    );
    assert_eq!(bench.notes.heard(), ["hello", "back?"], "the word itself is not heard");
    assert_eq!(bench.said_to(&ann), ["You said: hello", "You said: back?"]);
    bench.portal().operator("Petr").takes(&ann).await;
    ann.says("and now?").await;
    bench.quiet().await;
    assert_eq!(bench.said_to(&ann).len(), 2, "another person owns the chat");
}

#[tokio::test]
async fn the_same_operators_next_word_takes_it_again() {
    let bench = Bench::new().await;
    let (ann, ivan) = taken(&bench).await;
    ivan.says(&ann, "/bot").await;
    bench.quiet().await;
    ivan.says(&ann, "No, I do it myself").await;
    ann.says("well").await;
    bench.quiet().await;
    assert_eq!(bench.notes.heard(), ["hello"]);
}

#[tokio::test]
async fn a_command_of_an_operator_gives_it_back() {
    let build = |app: App, notes| app.bot(profile().command("back", "Gives the dialog back"), Echo(notes));
    let bench = Bench::of(By::Callback, build).await;
    let (ann, ivan) = taken(&bench).await;
    ivan.says(&ann, "/back").await;
    bench.quiet().await;
    ann.says("back?").await;
    bench.quiet().await;
    assert_eq!(bench.notes.heard(), ["hello", "/back", "back?"]);
    assert_eq!(bench.said_to(&ann), ["You said: hello", "You said: back?"]);
}

#[tokio::test]
async fn a_page_gives_it_back_from_outside_of_an_event() {
    let bench = Bench::new().await;
    let (ann, _) = taken(&bench).await;
    let key = bench.stage.running.registry().portals()[0].key.clone();
    let desk = bench.stage.running.portal(key.member.as_str()).unwrap();
    desk.send("k1", "echo", &DialogId::from(ann.dialog_id()), "From the desk").await.unwrap();
    bench.quiet().await;
    assert_eq!(bench.notes.withheld_texts(), ["From the desk"]);
    desk.take_back(&DialogId::from(ann.dialog_id())).await.unwrap();
    desk.send("k2", "echo", &DialogId::from(ann.dialog_id()), "From the desk again").await.unwrap();
    ann.says("back?").await;
    bench.quiet().await;
    let said = bench.said_to(&ann);
    assert!(
        said.contains(&"From the desk again".into()) && said.contains(&"You said: back?".into()),
        "{said:?}"
    );
    let error = desk.take_back(&DialogId::from("27")).await.unwrap_err();
    assert!(error.to_string().contains("is no chat"), "{error}");
}
