//! Menus through the whole pipeline: as text where the channel has no buttons, pressed where it has.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use openlines::{
    prelude::*,
    testing::{Conversation, Sent},
};
use openlines_emulator::BotLeaves;
use rstest::rstest;
use serde::{Deserialize, Serialize};
use stage::{Stage, stage};

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Shirt {
    Red,
    Blue,
    Striped { color: String },
}

fn shirts() -> Menu<Shirt> {
    Menu::new("Which shirt?")
        .hint("Write its number.")
        .item(Shirt::Red, "Red shirt")
        .synonym("crimson")
        .item(Shirt::Striped { color: "red".to_owned() }, "Red with [b]stripes[/b]")
        .item(Shirt::Blue, "Blue shirt")
}

/// Shows the menu when asked for shirts, and tells what was chosen.
fn shop(menu: fn() -> Menu<Shirt>) -> Router {
    Router::new()
        .text("shirts", move |cx: Context, _message: Message| {
            cx.reply_menu(&menu());
            std::future::ready(())
        })
        .menu(menu(), async |_cx: Context, shirt: Shirt| format!("{shirt:?}"))
        .fallback(async |_cx: Context, message: Message| format!("What is {}?", literal(message.text)))
}

async fn on_stage(router: Router) -> Stage {
    stage(|app| app.bot(BotProfile::openline("shop"), router)).await
}

fn said(stage: &Stage) -> Vec<String> {
    stage.said().iter().map(|text| text.replace('\u{2060}', "")).collect()
}

const SHOWN: &str =
    "Which shirt?\n1. Red shirt\n2. Red with [b]stripes[/b]\n3. Blue shirt\nWrite its number.";

#[rstest]
#[tokio::test]
async fn where_there_are_no_buttons_a_number_a_label_and_a_synonym_choose(
    #[values("livechat", "telegrambot")] channel: &str,
    #[values(false, true)] by_command: bool,
) {
    let menu = if by_command { || shirts().by_command() } else { shirts };
    let stage = on_stage(shop(menu)).await;
    let ann = stage.portal.client_on("Ann", channel, stage.portal.line_id());
    for text in ["shirts", "3", "№ 2.", "RED SHIRT!", "crimson", "blue", "4"] {
        ann.says(text).await;
    }
    stage.quiet().await;
    assert!(stage.portal.bot_messages()[0].keyboard.is_none());
    let striped = r#"Striped { color: "red" }"#;
    assert_eq!(said(&stage), [SHOWN, "Blue", striped, "Red", "Red", "Blue", "What is 4?"]);
}

#[test]
fn what_fits_several_answers_is_asked_again_by_their_numbers() {
    let mut talk = Conversation::with(shop(shirts));
    talk.client_says("shirts").expect(SHOWN).client_says("red");
    talk.expect(
        "Several answers fit. Please write the number of one:\n1. Red shirt\n2. Red with [b]stripes[/b]",
    );
    let asked = talk.effects().iter().filter_map(Sent::said).next_back().unwrap().text.clone();
    assert!(asked.contains("[\u{2060}b]"), "a label is not live");
    talk.client_says("2").expect(r#"Striped { color: "red" }"#);
}

#[test]
fn a_program_may_ask_again_itself_and_a_route_that_understands_goes_first() {
    let router = shop(shirts).text("red with", async |_cx: Context, _message: Message| "Wine?").ambiguous(
        async |_cx: Context, asked: Ambiguous| {
            let numbers: Vec<usize> = asked.choices.iter().map(|(number, _)| *number).collect();
            format!("“{}” is {numbers:?}", literal(asked.message.text))
        },
    );
    let mut talk = Conversation::with(router);
    talk.client_says("red").expect("“red” is [1, 2]");
    // The menu stands before the text.
    talk.client_says("red with").expect(r#"Striped { color: "red" }"#);
}

#[tokio::test]
async fn what_an_operator_says_ambiguously_is_asked_of_operators_only() {
    let stage = stage(|app| app.bot(BotProfile::openline("shop").hears_operators(), shop(shirts))).await;
    stage.portal.line().bot_leaves(BotLeaves::WhenClosed);
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    ann.says("shirts").await;
    stage.quiet().await;
    ivan.says(&ann, "red").await;
    stage.quiet().await;
    let asked = stage.portal.bot_messages().pop().unwrap();
    assert!(asked.text.starts_with("Several answers fit") && asked.internal, "{asked:?}");
}

#[rstest]
#[tokio::test]
async fn where_there_are_buttons_a_press_chooses_and_so_does_a_number(
    #[values(false, true)] by_command: bool,
) {
    let menu = if by_command { || shirts().by_command() } else { shirts };
    let stage = on_stage(shop(menu)).await;
    // An employee in the private chat with the bot, where all buttons show.
    let (eve, bot) = (stage.portal.employee("Eve"), stage.portal.bot_id("shop").unwrap());
    eve.says_to(bot, "shirts").await;
    eve.presses(bot, "Red with [b]stripes[/b]").await;
    stage.quiet().await;
    eve.says_to(bot, "3").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["Which shirt?", r#"Striped { color: "red" }"#, "Blue"]);
    let keyboard = stage.portal.bot_messages()[0].keyboard.clone().unwrap();
    assert_eq!(keyboard[0]["COMMAND"] == "menu", by_command, "{keyboard}");
}

#[test]
fn a_button_of_an_item_or_a_menu_that_is_gone_is_answered_politely() {
    let older = async |cx: Context, _message: Message| {
        let green = Shirt::Striped { color: "green".to_owned() };
        cx.reply_menu(&shirts().by_command().item(green, "Green stripes"));
        cx.reply_menu(&Menu::new("Anything else?").by_command().item(0, "No, thanks"));
    };
    let router = Router::new().text("old", older).nest(shop(|| shirts().by_command()));
    let mut talk = Conversation::builder().private_chat().with(router);
    talk.client_says("old").expect("Which shirt?").expect_menu("Anything else?", ["No, thanks"]);
    for (button, answer) in [("Green stripes", POLITE), ("No, thanks", POLITE), ("Blue shirt", "Blue")] {
        talk.client_presses(button).expect(answer);
    }
}

const POLITE: &str = "This button is out of date. Please write what you need.";

#[test]
fn a_menu_that_cannot_be_answered_fails_the_turn_by_name() {
    let router = Router::new()
        .fallback(async |cx: Context, _message: Message| cx.reply_menu(&Menu::new("Which?").item(1, "№0")));
    Conversation::with(router).client_says("hi").expect_parked("is 0, which ends the bot's session");
}
