//! Properties of every validator: no input breaks one, and what one stores passes again.

use super::pull::{self, Caller};
use super::text::{html_to_bb_code, plain};
use super::{Outcome, attach, json_chars, keyboard, menu};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names that the validators look for, so that random objects reach their rules.
const NAMES: [&str; 32] = [
    "TEXT",
    "LINK",
    "FUNCTION",
    "APP_ID",
    "APP_PARAMS",
    "ACTION",
    "ACTION_VALUE",
    "COMMAND",
    "COMMAND_PARAMS",
    "CONTEXT",
    "DISPLAY",
    "TYPE",
    "WIDTH",
    "BG_COLOR",
    "BG_COLOR_TOKEN",
    "BUTTONS",
    "ITEMS",
    "COLORS",
    "BLOCKS",
    "USER",
    "RICH_LINK",
    "MESSAGE",
    "GRID",
    "IMAGE",
    "FILE",
    "DELIMITER",
    "NAME",
    "VALUE",
    "NETWORK_ID",
    "USER_ID",
    "PARAMS",
    "MODULE_ID",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\[\\]{}:,'\"\\\\u0-9a-f \n/#<>]{0,24}".prop_map(Value::from),
        prop::sample::select(vec![
            "/x",
            "https://e.example",
            "#fff",
            "PUT",
            "LINE",
            "NEWLINE",
            "Y",
            "base",
            "go"
        ])
        .prop_map(Value::from),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    let name =
        prop_oneof![4 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
    scalar().prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Text that no rule rewrites: not blank, not `0`, nothing to escape.
fn calm_text() -> impl Strategy<Value = String> {
    "[a-zа-я][a-zа-я0-9 ]{0,12}[a-zа-я]"
}

fn good_button() -> impl Strategy<Value = Value> {
    (calm_text(), calm_text(), 0..4, any::<bool>()).prop_map(|(text, word, action, line)| {
        let mut button = match action {
            0 => json!({"LINK": format!("/{word}")}),
            1 => json!({"COMMAND": word, "COMMAND_PARAMS": text}),
            2 => json!({"APP_ID": 5, "APP_PARAMS": word}),
            _ => json!({"ACTION": "SEND", "ACTION_VALUE": word}),
        };
        button["TEXT"] = json!(text);
        button["DISPLAY"] = json!(if line { "LINE" } else { "BLOCK" });
        button
    })
}

fn good_block() -> impl Strategy<Value = Value> {
    (calm_text(), 0..8).prop_map(|(text, kind)| match kind {
        0 => json!({"USER": {"NAME": text, "CHAT_ID": 5}}),
        1 => json!({"LINK": {"NAME": text, "LINK": "/l", "PREVIEW": "/p", "WIDTH": 3}}),
        2 => json!({"RICH_LINK": {"NAME": text, "LINK": "/l", "PREVIEW": "/p"}}),
        3 => json!({"MESSAGE": text}),
        4 => json!({"GRID": [{"NAME": text, "VALUE": "v", "DISPLAY": "COLUMN"}]}),
        5 => json!({"IMAGE": {"NAME": text, "LINK": "/i"}}),
        6 => json!({"FILE": {"NAME": text, "LINK": "/f", "SIZE": 9}}),
        _ => json!({"DELIMITER": {"COLOR": "#ccc"}}),
    })
}

fn check_attach(input: &Value) -> Outcome {
    attach::check(input, 1_770_000_000, || "#29619b".to_owned())
}

/// What was stored, after it was seen to have the size that the outcome names.
fn stored(outcome: Outcome) -> Option<Value> {
    match outcome {
        Outcome::Ok { normalised, json_chars: chars } => {
            assert_eq!(json_chars(&normalised), Some(chars));
            Some(normalised)
        }
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_breaks_a_validator(input in anything(), bot_id in -1_i64..2) {
        stored(keyboard::check(&input, bot_id));
        stored(menu::check(&input, bot_id));
        stored(check_attach(&input));
        let _ = pull::check(&input, &Caller::Admin);
        let _ = pull::check(&input, &Caller::User { id: "27".to_owned() });
    }

    #[test]
    fn no_value_in_a_string_breaks_a_validator(input in anything(), quote in any::<bool>()) {
        let text = input.to_string();
        let text = json!(if quote { text.replace('"', "'") } else { text });
        stored(keyboard::check(&text, 39));
        stored(menu::check(&text, 39));
        stored(check_attach(&text));
        let _ = pull::check(&json!({"COMMAND": "x", "PARAMS": text, "USER_ID": text}), &Caller::Admin);
    }

    #[test]
    fn no_text_breaks_a_conversion(text in any::<String>(), tags in "(\\[/?(b|s|url|user=1|send)\\]|</?[abis]>|x){0,20}") {
        for text in [text, tags] {
            prop_assert!(!plain(&text, str::to_owned).is_empty());
            let _ = html_to_bb_code(&text);
        }
    }

    #[test]
    fn a_stored_keyboard_is_stored_again_unchanged(buttons in prop::collection::vec(good_button(), 1..6)) {
        let first = stored(keyboard::check(&json!(buttons), 39));
        prop_assert!(first.is_some());
        let first = first.unwrap_or_default();
        prop_assert_eq!(stored(keyboard::check(&first, 39)), Some(first));
    }

    #[test]
    fn a_stored_menu_is_stored_again_unchanged(items in prop::collection::vec(good_button(), 1..6)) {
        let first = stored(menu::check(&json!(items), 39));
        prop_assert!(first.is_some());
        let first = first.unwrap_or_default();
        prop_assert_eq!(stored(menu::check(&first, 39)), Some(first));
    }

    #[test]
    fn a_stored_attachment_is_stored_again_unchanged(blocks in prop::collection::vec(good_block(), 1..6)) {
        let first = stored(check_attach(&json!(blocks)));
        prop_assert!(first.is_some());
        let first = first.unwrap_or_default();
        prop_assert_eq!(stored(check_attach(&first)), Some(first));
    }
}
