//! The program as people start it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use bot_trials::{Home, chat, demo, refused, stopped_under_load};
use openlines_emulator::{CrmBinding, Emulator, RestFault, containing};
use rstest::rstest;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lead");
const SOON: Duration = Duration::from_secs(20);

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

#[rstest]
#[case("crm.contact.add")]
#[case("crm.deal.add")]
#[tokio::test]
async fn killed_while_it_waits_for_an_answer_of_the_crm_it_makes_nothing_twice(#[case] method: &str) {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    portal.line().crm(CrmBinding::Nothing);
    let home = Home::new(&portal, "");
    let bot = home.serve(PROGRAM, &portal, "lead").await;
    let ann = portal.client("Ann");
    for text in ["hello", "Ann", "+49 30 1234567", "skip", "A bridge", "skip", "skip", "yes"] {
        ann.says(text).await;
    }
    ann.hears(containing("Is this right?")).within(SOON).await;
    portal.faults().rest(method, RestFault::SilenceAfterExecution, 1);
    ann.says("yes").await;
    portal.wait_for_call(method, SOON).await;
    bot.kill();
    portal.faults().clear();
    let bot = home.serve(PROGRAM, &portal, "lead").await;
    ann.hears(containing("has the number")).within(SOON).await;
    ann.hears(containing("We will write to you here")).within(SOON).await;
    bot.terminate().await;
    for added in ["crm.contact.add", "crm.deal.add"] {
        assert_eq!(portal.calls().iter().filter(|call| call.method == added).count(), 1, "{added}");
    }
    let thanks = portal.bot_messages().into_iter().filter(|said| said.text.contains("has the number"));
    assert_eq!(thanks.count(), 1);
}
