use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::message::ColorToken;

const BOT: BotId = BotId::new(39);

fn refused(button: impl Into<Button>) -> BuildError {
    Keyboard::builder()
        .button(Button::link("Good", "/x"))
        .row()
        .button(button)
        .build()
        .expect_err("it is to be refused")
}

#[test]
fn a_keyboard_is_sent_as_an_array_and_stored_with_the_defaults() {
    let keyboard = Keyboard::builder()
        .button(Button::command(" Show ", "/echo").params("test").block().display(ButtonDisplay::Line))
        .row()
        .button(Button::link("T", "https://e.example/?a=1&b=\"2\"").token(ColorToken::Primary).width(40))
        .build()
        .unwrap();
    assert_eq!(
        keyboard.to_value(),
        json!([
            {"TEXT": "Show", "COMMAND": "echo", "COMMAND_PARAMS": "test", "BLOCK": "Y", "DISPLAY": "LINE"},
            {"TYPE": "NEWLINE"},
            {"TEXT": "T", "LINK": "https://e.example/?a=1&b=\"2\"", "BG_COLOR_TOKEN": "primary", "WIDTH": 40},
        ])
    );
    let stored = keyboard.normalised(BOT);
    assert_eq!(stored[0]["BOT_ID"], 39);
    assert_eq!(stored[0]["BLOCK"], "Y");
    assert_eq!(stored[2]["LINK"], "https://e.example/?a=1&amp;b=&quot;2&quot;");
    assert_eq!(stored[2]["CONTEXT"], "ALL");
    assert_eq!(keyboard.rows().map(|row| row.len()).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn colours_of_the_whole_go_out_beside_the_buttons() {
    let keyboard =
        Keyboard::builder().bg_color(Color::rgb(1, 2, 3)).button(Button::send("Yes", "yes")).build().unwrap();
    assert_eq!(keyboard.to_value()["COLORS"], json!({"BG_COLOR": "#010203"}));
    assert_eq!(keyboard.normalised(BOT)[0]["BG_COLOR"], "#010203");
    assert_eq!(keyboard.to_value_for(BOT)["BOT_ID"], 39);
}

#[test]
fn a_button_that_the_portal_would_drop_is_named_with_field_and_rule() {
    let error = refused(Button::link("Site", "shop.example"));
    assert_eq!(error.place(), "button 2 \"Site\" (row 2)");
    assert_eq!((error.field(), error.section()), ("LINK", "5.2"));
    for (button, field) in [
        (Button::link("  ", "/x"), "TEXT"),
        (Button::link("0", "/x"), "TEXT"),
        (Button::link("x", "HTTPS://x"), "LINK"),
        (Button::app("x", 0).into(), "APP_ID"),
        (Button::app("x", 5).params(" ").into(), "APP_PARAMS"),
        (Button::send("x", "\t"), "ACTION_VALUE"),
        (Button::command("x", "/").into(), "COMMAND"),
        (Button::command("x", "go").params("0").into(), "COMMAND_PARAMS"),
        (Button::command("x", "go").params("\n").into(), "COMMAND_PARAMS"),
        (Button::link("x", "/x").width(0), "WIDTH"),
    ] {
        assert_eq!(refused(button).field(), field);
    }
    let error = Keyboard::builder().row().build().unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Empty);
}

#[test]
fn an_oversize_keyboard_says_by_how_much() {
    let build = |signs: usize| {
        Keyboard::builder().button(Button::command("T", "go").params("я".repeat(signs))).build()
    };
    let error = build(70_000).unwrap_err();
    let BuildErrorKind::TooLong { size, limit: JSON_LIMIT } = error.kind() else { panic!("{error}") };
    assert_eq!(error.over(), Some(size - JSON_LIMIT));
    let fits = 70_000 - error.over().unwrap();
    assert_eq!(build(fits).unwrap().size(LONGEST_BOT), JSON_LIMIT);
    assert_eq!(build(fits + 1).unwrap_err().over(), Some(1));
}

#[test]
fn what_is_read_back_is_checked_like_what_is_built() {
    for (stored, field) in [
        (json!([{"TEXT": "T", "LINK": "/x", "COMMAND": "go"}]), "exactly one"),
        (json!([{"TEXT": "T"}]), "exactly one"),
        (json!([{"TEXT": "T", "LINK": "ftp://x"}]), "LINK"),
        (json!([]), "no button"),
    ] {
        let error = serde_json::from_value::<Keyboard>(stored).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

#[test]
fn a_command_is_read_as_if_it_had_been_typed() {
    let said = |button: Button<OfCommand>| match button.action() {
        Action::Command { command, params } => format!("{command}|{params}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(said(Button::command("x", "/order  15 now")), "order|15 now");
    assert_eq!(said(Button::command("x", "order 15").params("16")), "order|16");
    let built = Action::Command { command: "/a b".to_owned(), params: "c".to_owned() };
    assert_eq!(
        Button::new("x", built).action(),
        &Action::Command { command: "a".to_owned(), params: "b c".to_owned() }
    );
    let zero = Keyboard::builder().button(Button::command("x", "0")).build().unwrap();
    assert_eq!(
        (&zero.to_value()[0]["COMMAND"], &zero.normalised(BOT)[0]["COMMAND"]),
        (&json!("/0"), &json!("0"))
    );
}

#[test]
fn a_size_is_counted_with_the_bot_it_is_built_for() {
    let keyboard =
        |text: usize| Keyboard::builder().button(Button::link("x".repeat(text), "/x")).row().vote();
    let spare = JSON_LIMIT - keyboard(1).build_for(BOT).unwrap().size(BOT);
    let built = keyboard(1 + spare).build_for(BOT).unwrap();
    assert_eq!(built.size(BOT), JSON_LIMIT);
    assert_eq!(keyboard(1 + spare).build().unwrap_err().over(), Some("2147483647".len() - "39".len()));
    let stored = serde_json::to_string(&built).unwrap();
    assert_eq!(serde_json::from_str::<Keyboard>(&stored).unwrap(), built, "what was built is read back");
}

fn any_button() -> impl Strategy<Value = Button> {
    let text = "[ -~я😀/\"\\\\\u{2028}\n]{0,12}";
    (text, text, 0..10_u8, any::<[bool; 3]>(), proptest::option::of(0..3_u32)).prop_map(
        |(text, value, kind, [block, disabled, line], width)| {
            let mut button: Button = match kind {
                0 => Button::link(text, format!("/{value}")),
                1 => Button::link(text, value),
                2 => Button::app(text, 7).params(value).into(),
                3 => Button::put(text, value),
                4 => Button::copy(text, value),
                5 => Button::dialog(text, value.into()),
                6 => Button::command(text, "go").params(value).into(),
                7 => Button::help(text, value),
                8 => Button::livechat(text, value),
                _ => Button::command(text, value).into(),
            };
            button.block = block && matches!(button.action, Action::Command { .. });
            button.disabled = disabled;
            button.display = if line { ButtonDisplay::Line } else { ButtonDisplay::Block };
            button.width = width;
            button
        },
    )
}

proptest! {
    #[test]
    fn a_keyboard_survives_the_outbox(buttons in proptest::collection::vec(any_button(), 1..5)) {
        let mut builder = Keyboard::builder();
        for button in buttons {
            builder = builder.button(button).row();
        }
        if let Ok(keyboard) = builder.build() {
            let stored = serde_json::to_string(&keyboard).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Keyboard>(&stored).unwrap(), &keyboard);
            prop_assert!(keyboard.size(BOT) <= JSON_LIMIT);
        }
    }
}
