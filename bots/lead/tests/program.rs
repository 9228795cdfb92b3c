//! The program as people start it.
#![allow(clippy::unwrap_used, clippy::panic)]

use bot_trials::{chat, demo, refused, stopped_under_load};
use rstest::rstest;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lead");

#[test]
fn a_request_is_made_in_the_terminal() {
    let scenario = "hello\nAnn\nsoon\n+49 30 1234567\nback\n+49 30 7654321\nann@shop\nann@shop.example\nA bridge\n1500\nskip\nyes\n\
                    change the name\nAnn Lee\nyes\nthank you\n";
    insta::assert_snapshot!(chat(PROGRAM, "hand_over = false", scenario));
}

#[rstest]
#[case("items = \"deal\"", &["`items`", "unknown field", "`item`"])]
#[case("item = \"company\"", &["`item`", "unknown variant `company`", "`lead` or `deal`"])]
#[case("currency = \"euro\"", &["`currency`", "`euro`", "three capital letters"])]
#[case("responsible = 0", &["`responsible`", "from 1 upwards"])]
#[case("begin = []", &["lead.toml", "`begin`", "at least one word"])]
fn a_setting_that_cannot_be_is_named(#[case] settings: &str, #[case] named: &[&str]) {
    let said = refused(PROGRAM, settings);
    for part in named {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn in_the_browser_the_chat_page_answers() {
    demo(PROGRAM);
}

#[tokio::test]
async fn sigterm_under_load_loses_nothing_and_answers_nothing_twice() {
    // Each asks the first question again.
    stopped_under_load(PROGRAM, "", "lead", "back", "What is your name?").await;
}

#[test]
fn the_file_of_settings_shows_the_defaults() {
    let shown: lead::Settings = toml::from_str(include_str!("../lead.toml")).unwrap();
    assert_eq!(format!("{shown:?}"), format!("{:?}", lead::Settings::default()));
}
