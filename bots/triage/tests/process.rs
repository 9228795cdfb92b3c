//! The program, as it is started.

use bot_trials::{chat, demo, demo_unread, refused, stopped_under_load};

const TRIAGE: &str = env!("CARGO_BIN_EXE_triage");

#[test]
fn at_the_terminal() {
    insta::assert_snapshot!(chat(TRIAGE, "", "hello\nmy parcel is lost\norder\ntoday\nare you there?\n"));
}

#[test]
fn in_the_browser() {
    demo(TRIAGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_browser_of_somebody_who_has_closed_the_terminal() {
    demo_unread(TRIAGE).await;
}

#[test]
fn a_wrong_setting_is_named() {
    for (settings, said) in [
        ("calls = -1", "`calls`: invalid value: integer `-1`, expected u8"),
        ("patience = 5", "`patience`: unknown field"),
        ("language = \"fr\"", "`language`: `fr` is none of en, ru, de"),
        ("topics = []", "`topics`: there is none"),
        ("[hours]\nzone = \"Europe/Berlin\"\nweek = { workdays = \"09:00-18:00\" }", "write `mon` to `sun`"),
        ("[[topics]]\nlabel = { ru = \"Заказ\" }", "`topics.label`: one has no label in `en`"),
    ] {
        let told = refused(TRIAGE, settings);
        assert!(told.contains(said), "{settings}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_in_the_midst_of_it() {
    // What is no topic is asked about again, each time.
    stopped_under_load(TRIAGE, "", "triage", "a question", "What is it about?").await;
}
