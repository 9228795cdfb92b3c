//! The program, as it is started.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use bot_trials::{Home, chat, demo, refused, stopped_under_load, until};
use csat::Settings;
use openlines_emulator::{Client, Emulator, Operator, Portal, RestFault, containing};
use rstest::rstest;

const CSAT: &str = env!("CARGO_BIN_EXE_csat");
const SOON: Duration = Duration::from_secs(20);

#[test]
fn at_the_terminal() {
    let scenario = "hello\n/rate\n5!\nquick and kind\nand my parcel?\n/rate\ntwo\n3\n/rate\nwhere is it?\n";
    insta::assert_snapshot!(chat(CSAT, "", scenario));
}

#[test]
fn in_the_browser() {
    demo(CSAT);
}

#[rstest]
#[case("cap = 5", "`cap`: unknown field")]
#[case("language = \"fr\"", "`language`: unknown variant `fr`, expected one of `en`, `ru`, `de`")]
#[case("word = \"five\"", "`word`: `five` is not allowed, what is no mark is, such as /rate")]
#[case("low = 5", "`low`: `more than 4` is not allowed, 0 to 4 are")]
#[case("answer_minutes = 0", "`answer_minutes`: invalid value: integer `0`, expected a nonzero u16")]
#[case("alert = [\"boss\"]", "`alert`: `boss` is not allowed, the id of an employee is")]
#[case("rt_to = [0]", "`rt_to[0]`: invalid value: integer `0`, expected a nonzero u32")]
#[case("field = \"Mark\"", "`field`: `Mark` is not allowed, the name of a field is, such as UF_CRM_MARK")]
#[case("[hours]\nzone = \"Mars\"\nweek = {}", "`hours`")]
fn a_wrong_setting_is_named(#[case] settings: &str, #[case] said: &str) {
    let told = refused(CSAT, settings);
    assert!(told.contains(said), "{settings}: {told}");
}

#[test]
fn the_file_of_settings_shows_the_defaults() {
    let shown: Settings = toml::from_str(include_str!("../csat.toml")).unwrap();
    assert_eq!(format!("{shown:?}"), format!("{:?}", Settings::default()));
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_in_the_midst_of_it() {
    // Whoever wants to be asked is, each time.
    stopped_under_load(CSAT, "", "csat", "/rate", "How was it?").await;
}

/// A client who has given a mark, which counts once the operator goes on.
async fn rated(portal: &Portal) -> (Client, Operator) {
    let (ann, ivan) = (portal.client("Ann"), portal.operator("Ivan"));
    ann.says("hello").await;
    portal.wait_for_call("imopenlines.bot.session.operator", SOON).await;
    ivan.says(&ann, "Your parcel is here").await;
    ivan.says(&ann, "/rate").await;
    ann.hears(containing("How was it?")).within(SOON).await;
    ann.says("3").await;
    ann.hears(containing("Would you like to add something?")).within(SOON).await;
    (ann, ivan)
}

#[rstest]
#[tokio::test]
async fn killed_while_it_waits_for_an_answer_of_the_crm_it_enters_the_mark_once(
    #[values("crm.deal.update", "crm.timeline.comment.add")] method: &str,
    #[values(false, true)] fetches: bool,
) {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let home = Home::new(&portal, "field = \"UF_CRM_MARK\"");
    let home = if fetches { home.fetching() } else { home };
    let bot = home.serve(CSAT, &portal, "csat").await;
    let (ann, ivan) = rated(&portal).await;
    portal.faults().rest(method, RestFault::SilenceAfterExecution, 1);
    portal.faults().rest("batch", RestFault::SilenceAfterExecution, 1);
    ivan.says(&ann, "Thank you!").await;
    let deal = || portal.crm_item("deal", ann.deal_id()).unwrap();
    let is_done = || match method {
        "crm.deal.update" => deal().fields["UF_CRM_MARK"] == "3",
        _ => deal().comments.len() == 1,
    };
    until("the portal has done it", || home.log(), is_done).await;
    bot.kill();
    portal.faults().clear();
    let bot = home.serve(CSAT, &portal, "csat").await;
    until("the mark is entered", || home.log(), || deal().comments.len() == 1).await;
    portal.settled(SOON).await;
    bot.terminate().await;
    assert_eq!(deal().fields["UF_CRM_MARK"], "3");
    let notes: Vec<String> = deal().comments.into_iter().map(|comment| comment.text).collect();
    assert_eq!(notes, ["Mark 3 of 5"]);
}

#[tokio::test]
async fn after_a_restart_a_client_is_not_asked_again_for_thirty_days() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let home = Home::new(&portal, "");
    let bot = home.serve(CSAT, &portal, "csat").await;
    let (ann, ivan) = rated(&portal).await;
    ivan.finishes(&ann).await;
    bot.kill();
    let bot = home.serve(CSAT, &portal, "csat").await;
    ann.says("hello again").await;
    portal.wait_for_calls("imopenlines.bot.session.operator", 2, SOON).await;
    ivan.says(&ann, "Your other parcel is here").await;
    ivan.says(&ann, "/rate").await;
    // It is over without a question.
    portal.wait_for_call("imopenlines.bot.session.finish", SOON).await;
    portal.settled(SOON).await;
    bot.terminate().await;
    let asked = portal.bot_messages().into_iter().filter(|said| said.text.contains("How was it?"));
    assert_eq!(asked.count(), 1);
}
