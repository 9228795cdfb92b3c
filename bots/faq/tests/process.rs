//! The program, as it is started.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use bot_trials::{Home, chat, demo, refused, stopped_under_load, until};
use openlines_emulator::{Emulator, containing};

const FAQ: &str = env!("CARGO_BIN_EXE_faq");

#[test]
fn at_the_terminal() {
    let scenario = "hello\n1\nhow long dos it take?\nback\n2\nwhere is the moon?\nopenning hours\nperson\n";
    insta::assert_snapshot!(chat(FAQ, "", scenario));
}

#[test]
fn in_the_browser() {
    demo(FAQ);
}

#[test]
fn a_wrong_setting_is_named() {
    let said = refused(FAQ, "look_every_seconds = 0");
    assert!(
        said.contains(
            "settings.toml: `look_every_seconds`: invalid value: integer `0`, expected a nonzero u16"
        ),
        "{said}"
    );
    let said = refused(FAQ, "answer = \"x.toml\"");
    assert!(said.contains("settings.toml: `answer`: unknown field") && said.contains("`answers`"), "{said}");
    let said = refused(FAQ, "answers = \"nowhere.toml\"");
    assert!(said.contains("nowhere.toml: the answers cannot be read"), "{said}");
    let said = refused(FAQ, "unanswered = \"no/such/folder.tsv\"");
    assert!(said.contains("no/such/folder.tsv: it cannot be written"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_in_the_midst_of_it() {
    stopped_under_load(FAQ, "", "faq", "may I pay by card?", "By card").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_file_counts_without_a_restart_and_what_it_cannot_answer_is_counted() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let home = Home::new(&portal, "answers = \"a.toml\"\nunanswered = \"u.tsv\"");
    let file = home.path().join("a.toml");
    std::fs::write(&file, "topics = [{ label = \"Tea\", answer = \"60\" }]").unwrap();
    let _bot = home.serve(FAQ, &portal, "faq").await;
    let ann = portal.client("Ann");
    ann.says("tea").await;
    ann.hears("60").await;

    std::fs::write(&file, "topics = [{ label = \"Tea\", anwser = \"65\" }]").unwrap();
    until("it says what is wrong", || home.log(), || home.log().contains("`topics[0].anwser`")).await;
    ann.says("tea please").await;
    ann.hears("60").await;

    std::fs::write(&file, "topics = [{ label = \"Tea\", answer = \"65\" }]").unwrap();
    until("it says that they changed", || home.log(), || home.log().contains("the answers have changed"))
        .await;
    ann.says("how much is the tea?").await;
    ann.hears("65").await;

    ann.says("and coffee?").await;
    ann.hears(containing("I have no answer to that")).await;
    let noted = std::fs::read_to_string(home.path().join("u.tsv")).unwrap();
    assert!(noted.ends_with("\tand coffee?\n") && noted.lines().count() == 1, "{noted}");
    assert!(home.log().contains("no answer question=\"and coffee?\""), "{}", home.log());
    let figures = home.metrics();
    assert!(
        figures.contains("faq_unanswered_total 1") && figures.contains("faq_answered_total 3"),
        "{figures}"
    );
}
