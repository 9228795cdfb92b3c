use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::message::{Action, ButtonContext};

const BOT: BotId = BotId::new(39);

fn refused(item: ContextItem) -> BuildError {
    ContextMenu::builder()
        .item(ContextItem::link("Good", "/x"))
        .item(item)
        .build()
        .expect_err("it is refused")
}

#[test]
fn a_menu_is_sent_as_an_array_and_stored_escaped() {
    let menu = ContextMenu::builder()
        .item(ContextItem::link(" Terms & \"prices\" ", "/t?a=1&b=2").context(ButtonContext::Mobile))
        .item(ContextItem::command("Go", "/go now").disabled())
        .item(ContextItem::app_with("App", 5, "0"))
        .build()
        .unwrap();
    assert_eq!(
        menu.to_value(),
        json!([
            {"TEXT": "Terms & \"prices\"", "LINK": "/t?a=1&b=2", "CONTEXT": "MOBILE"},
            {"TEXT": "Go", "COMMAND": "go", "COMMAND_PARAMS": "now", "DISABLED": "Y"},
            {"TEXT": "App", "APP_ID": 5, "APP_PARAMS": "0"},
        ])
    );
    assert_eq!(
        menu.normalised(BOT)[0],
        json!({"BOT_ID": 39, "LINK": "/t?a=1&amp;b=2", "TEXT": "Terms &amp; &quot;prices&quot;",
            "CONTEXT": "MOBILE", "DISABLED": "N"})
    );
    assert_eq!(menu.to_value_for(BOT)["BOT_ID"], 39);
    assert_eq!(menu.to_value_for(BOT)["ITEMS"], menu.to_value());
    assert!(menu.has_commands());
}

#[test]
fn an_item_that_the_portal_would_drop_is_named_with_field_and_rule() {
    let error = refused(ContextItem::link("Site", "shop.example"));
    assert_eq!((error.place(), error.field(), error.section()), ("item 2 \"Site\"", "LINK", "5.4"));
    for (item, field) in [
        (ContextItem::link(" ", "/x"), "TEXT"),
        (ContextItem::send("x", " "), "ACTION_VALUE"),
        (ContextItem::app("x", -1), "APP_ID"),
        (ContextItem::app_with("x", 1, ""), "APP_PARAMS"),
        (ContextItem::command("x", "/"), "COMMAND"),
        (ContextItem::command_with("x", "go", " "), "COMMAND_PARAMS"),
        (ContextItem::new("x", Action::Help("1".to_owned())), "ACTION"),
    ] {
        assert_eq!(refused(item).field(), field);
    }
    assert_eq!(ContextMenu::builder().build().unwrap_err().kind(), BuildErrorKind::Empty);
}

#[test]
fn what_is_read_back_is_checked_like_what_is_built() {
    for (stored, said) in [
        (json!([{"TEXT": "T", "LINK": "/x", "COMMAND": "go"}]), "exactly one"),
        (json!([{"TEXT": "T", "LINK": "/x", "WIDTH": 5}]), "only buttons"),
        (json!([{"TYPE": "NEWLINE"}]), "exactly one"),
        (json!([]), "no item"),
    ] {
        let error = serde_json::from_value::<ContextMenu>(stored).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn an_oversize_menu_says_by_how_much() {
    let build =
        |signs: usize| ContextMenu::builder().item(ContextItem::link("&".repeat(signs), "/x")).build();
    let over = build(20_000).unwrap_err().over().unwrap();
    let fits = 20_000 - over.div_ceil("&amp;".len());
    assert!(build(fits).unwrap().size(LONGEST_BOT) <= JSON_LIMIT);
    assert!(build(fits + 1).unwrap_err().over().unwrap() <= 5);
}

proptest! {
    #[test]
    fn a_menu_survives_the_outbox(text in "\\PC{1,9}", what in "\\PC{1,9}", kind in 0..4_u8, off in any::<bool>()) {
        let item = match kind {
            0 => ContextItem::link(text, format!("/{what}")),
            1 => ContextItem::command(text, what),
            2 => ContextItem::app_with(text, 7, what),
            _ => ContextItem::put(text, what),
        };
        let item = if off { item.disabled() } else { item };
        if let Ok(menu) = ContextMenu::builder().item(item).build() {
            let stored = serde_json::to_string(&menu).unwrap();
            prop_assert_eq!(serde_json::from_str::<ContextMenu>(&stored).unwrap(), menu);
        }
    }
}
