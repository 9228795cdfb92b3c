use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{
    message::{Action, ButtonPayload, TEXT_LIMIT},
    wire::{Command, CommandContext, CommandId, ConnectorId},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Topic {
    Delivery,
    Order(u32),
    Other { note: String },
}

fn menu() -> Menu<Topic> {
    Menu::new("What is it about?")
        .item(Topic::Delivery, "Доставка — ещё сегодня")
        .synonym("shipping")
        .item(Topic::Order(15), "Order [b]15[/b]")
        .item(Topic::Other { note: "x".to_owned() }, "👍")
}

#[rstest]
#[case("2")]
#[case(" 2. ")]
#[case("2)")]
#[case("(2)")]
#[case("№2")]
#[case("№ 2.")]
#[case("#2")]
#[case("No. 2")]
#[case("номер 2")]
#[case("02")]
#[case("2️⃣")]
#[case("２")]
#[case("②")]
#[case("❷")]
#[case("٢")]
#[case("order [B]15[/B]")]
#[case("Order [\u{2060}b]15[\u{2060}/b]")]
#[case("2. Order [b]15[/b]")]
#[case("2 - order [b]15[/b]!")]
#[case("ORDER")]
fn many_spellings_mean_the_second_answer(#[case] answer: &str) {
    assert_eq!(menu().read(answer), MenuReading::Chosen(&Topic::Order(15)));
}

#[rstest]
#[case("")]
#[case(" \n")]
#[case("00")]
#[case("0.")]
#[case("-2")]
#[case("2.5")]
#[case("1, 2")]
#[case("4")]
#[case("22")]
#[case("99999999999999999999999")]
#[case("1. Order [b]15[/b]")]
#[case("ord")]
#[case("!")]
#[case("[")]
#[case("👎")]
fn what_is_no_answer_is_taken_for_none(#[case] answer: &str) {
    assert_eq!(menu().read(answer), MenuReading::Unknown);
    assert_eq!(menu().choice(answer), None);
}

#[test]
fn labels_and_synonyms_are_read_loosely() {
    for answer in
        ["доставка — еще  сегодня", "Доставка — ЕЩЁ сегодня.", "доставка", "«Shipping»!", "SHIPPING"]
    {
        assert_eq!(menu().choice(answer), Some(&Topic::Delivery), "{answer}");
    }
    assert_eq!(menu().choice("👍"), Some(&Topic::Other { note: "x".to_owned() }));
    assert_eq!(menu().read(" 0\n"), MenuReading::EndsSession);
}

#[test]
fn signs_that_tell_answers_apart_are_heeded() {
    let menu = Menu::new("Which?").item(1, "C++").item(2, "C#").item(3, "C");
    assert_eq!((menu.choice("c++"), menu.choice("C#"), menu.choice("c")), (Some(&1), Some(&2), Some(&3)));
    assert_eq!(menu.read("c!"), MenuReading::Ambiguous(vec![&1, &2, &3]));
}

#[test]
fn a_line_without_buttons_gets_numbers_and_labels_as_they_are() {
    let hinted = menu().hint("[i]Answer with a number.[/i]");
    let reply = hinted.reply_for(&ConnectorId::from("viber")).unwrap();
    assert_eq!(
        reply.text,
        "What is it about?\n1. Доставка — ещё сегодня\n2. Order [\u{2060}b]15[\u{2060}/b]\n3. 👍\n[i]Answer with a number.[/i]"
    );
    assert!(reply.keyboard.is_none());
    assert_eq!(hinted.reply_for(&ConnectorId::from("LiveChat")).unwrap(), reply);
}

#[test]
fn buttons_stand_in_columns_and_send_their_labels() {
    let reply = menu().columns(2).reply_for(Capabilities::PORTAL).unwrap();
    assert_eq!(reply.text, "What is it about?");
    let keyboard = reply.keyboard.unwrap();
    assert_eq!(keyboard.rows().map(|row| row.len()).collect::<Vec<_>>(), [2, 1]);
    for button in keyboard.rows().flatten() {
        let Action::Send(text) = button.action() else { panic!("{button:?}") };
        assert!(menu().choice(text.as_str()).is_some());
    }
}

fn presses(menu: &Menu<Topic>) -> Vec<Command> {
    let keyboard = menu.reply_for(Capabilities::PORTAL).unwrap().keyboard.unwrap();
    let press = |button: &Button| match button.action() {
        Action::Command { command, params } => {
            Command::new(CommandId::new(1), command.clone(), params.clone(), CommandContext::Button)
        }
        other => panic!("{other:?}"),
    };
    keyboard.rows().flatten().map(press).collect()
}

#[test]
fn a_pressed_button_means_its_value_whatever_has_become_of_its_place_and_label() {
    let pressed = presses(&menu().by_command());
    for (command, (value, _)) in pressed.iter().zip(menu().items()) {
        assert_eq!(menu().choice(command), Some(value));
        assert_eq!(menu().choice(&command.press::<MenuPress>().payload().unwrap()), Some(value));
    }
    let later =
        Menu::new("What is it about?").item(Topic::Order(15), "My order").item(Topic::Order(16), "New");
    assert_eq!(later.read(&pressed[0]), MenuReading::Stale);
    assert_eq!(later.read(&pressed[1]), MenuReading::Chosen(&Topic::Order(15)));
    let another = Menu::new("Which topic?").item(Topic::Delivery, "Delivery");
    assert_eq!(another.read(&pressed[0]), MenuReading::NotMine);
    let named =
        |prompt: &str| Menu::new(prompt).named("topic").by_command().item(Topic::Delivery, "Delivery");
    assert_eq!(named("Anew?").choice(&presses(&named("Old?"))[0]), Some(&Topic::Delivery));
    let foreign = Command::new(CommandId::new(1), "help", "1", CommandContext::Typed);
    assert_eq!(menu().read(&foreign), MenuReading::NotMine);
    let typed = Command::new(CommandId::new(1), MenuPress::COMMAND, "1", CommandContext::Typed);
    assert_eq!(menu().read(&typed), MenuReading::Stale);
}

#[test]
fn a_channel_without_commands_gets_labels_to_send() {
    let keyboard =
        menu().by_command().reply_for(Capabilities::NETWORK_MESSAGE).unwrap().keyboard.expect("buttons");
    assert!(!keyboard.has_commands());
}

#[test]
fn a_menu_that_could_not_be_answered_is_refused() {
    let refused = |menu: Menu<u8>| menu.reply_for(Capabilities::TEXT).unwrap_err().to_string();
    let one = || Menu::new("Which?").item(1, "One");
    for (menu, said) in [
        (Menu::new(" ").item(1, "One"), "PROMPT must not be blank (protocol 3.5)"),
        (Menu::new("Which?"), "MENU has no item (protocol 3.5)"),
        (
            Menu::new("Which?").synonym("x").item(1, "One"),
            "SYNONYM \"x\" must come after an item (protocol 3.5)",
        ),
        (one().item(2, "\n"), "item 2 \"\": LABEL must not be blank (protocol 3.5)"),
        (one().synonym("\u{2060}"), "item 1 \"One\": SYNONYM must not be blank (protocol 3.5)"),
        (
            one().item(2, "№0"),
            "item 2 \"№0\": LABEL \"№0\" is 0, which ends the bot's session (protocol 2.1)",
        ),
        (one().item(2, "1."), "item 2 \"1.\": LABEL \"1.\" is the number of item 1 (protocol 3.5)"),
        (
            one().item(2, "Two").synonym("ONE"),
            "item 2 \"Two\": SYNONYM \"ONE\" means item 1 already (protocol 3.5)",
        ),
        (
            Menu::new("x".repeat(TEXT_LIMIT)).item(1, "One"),
            "MESSAGE has 20007 characters, 7 over the limit of 20000 (protocol 7)",
        ),
    ] {
        assert_eq!(refused(menu), said);
    }
    assert!(
        one().synonym("one").synonym("1").reply_for(Capabilities::TEXT).is_ok(),
        "the same item twice is no harm"
    );
}

#[test]
fn a_menu_is_kept_in_a_dialogue() {
    let menu = menu().named("topic").columns(2).by_command();
    let stored = serde_json::to_string(&menu).unwrap();
    assert_eq!(serde_json::from_str::<Menu<Topic>>(&stored).unwrap(), menu);
}

proptest! {
    #[test]
    fn every_answer_that_is_shown_is_understood(
        labels in proptest::collection::vec("(\\PC{1,12}|[0-9]{1,2}[.)]?|[ёЁ№#]{1,3})", 1..6),
        synonyms in proptest::collection::vec("\\PC{0,6}", 6),
        by_command in any::<bool>(),
    ) {
        let mut menu = Menu::new("Which?");
        for (at, label) in labels.iter().enumerate() {
            menu = menu.item(at, label).synonym(&synonyms[at]);
        }
        if by_command {
            menu = menu.by_command();
        }
        let Ok(text) = menu.reply_for(Capabilities::TEXT) else { return Ok(()) };
        for (at, (_, label)) in menu.items().enumerate() {
            prop_assert_eq!(menu.choice(&(at + 1).to_string()), Some(&at));
            prop_assert_eq!(menu.choice(label), Some(&at));
            prop_assert_eq!(menu.choice(label.to_uppercase().as_str()).is_some(), true);
        }
        prop_assert_eq!(text.text.lines().count(), 1 + labels.len());
    }

    #[test]
    fn no_text_breaks_the_reading(text in "(\\PC|[0-9№#.️⃣ ]){0,30}") {
        let _ = menu().read(text.as_str());
    }
}
