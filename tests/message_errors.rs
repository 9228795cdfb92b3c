//! What a refusal says, word for word: which button, item, block or row, which field, which rule, and where the rule
//! stands.

#![allow(clippy::unwrap_used)]

use openlines::{
    message::{
        Action, Attach, Block, BuildError, Button, Color, ContextItem, ContextMenu, Delimiter, FileLink,
        GridRow, Image, Keyboard, LinkBlock, LinkTarget, Menu, Reply, RichLink, UserBlock, UserTarget,
    },
    wire::{BotId, ChatId, UserId},
};
use rstest::rstest;

fn keyboard(button: impl Into<Button>) -> BuildError {
    Keyboard::builder().button(Button::link("Shop", "/")).row().button(button).build().unwrap_err()
}

#[rstest]
#[case(Button::link(" ", "/x"), r#"button 2 "" (row 2): TEXT must not be blank (protocol 5.2)"#)]
#[case(
    Button::link("0", "/x"),
    r#"button 2 "0" (row 2): TEXT must not be "0", which the portal takes for nothing (protocol 5.2)"#
)]
#[case(
    Button::link("Site", "shop.example"),
    r#"button 2 "Site" (row 2): LINK must start with "/", "http://" or "https://", not "shop.example" (protocol 5.2)"#
)]
#[case(Button::app("App", 0).into(), r#"button 2 "App" (row 2): APP_ID must be above 0, not 0 (protocol 5.2)"#)]
#[case(
    Button::app("App", 5).params(" ").into(),
    r#"button 2 "App" (row 2): APP_PARAMS must not be blank; leave them away (protocol 5.2)"#
)]
#[case(
    Button::call("Call", "\t"),
    r#"button 2 "Call" (row 2): ACTION_VALUE must not be blank (protocol 5.2)"#
)]
#[case(Button::command("Go", "/").into(), r#"button 2 "Go" (row 2): COMMAND must not be blank (protocol 5.2)"#)]
#[case(
    Button::command("Go", "go").params("0").into(),
    r#"button 2 "Go" (row 2): COMMAND_PARAMS must be empty or say something, "0" is dropped by the portal (protocol 5.2)"#
)]
#[case(Button::link("Wide", "/").width(0), r#"button 2 "Wide" (row 2): WIDTH must be above 0 (protocol 5.2)"#)]
#[case(
    Button::link("A label that is longer than what an error shows", ""),
    r#"button 2 "A label that is longer than what an erro…" (row 2): LINK must start with "/", "http://" or "https://", not "" (protocol 5.2)"#
)]
fn a_keyboard_names_the_button(#[case] button: Button, #[case] said: &str) {
    assert_eq!(keyboard(button).to_string(), said);
}

#[test]
fn a_keyboard_names_itself() {
    let oversize = Keyboard::builder().button(Button::link("x".repeat(60_000), "/"));
    assert_eq!(
        oversize.build_for(BotId::new(39)).unwrap_err().to_string(),
        "KEYBOARD has 60160 characters, 161 over the limit of 59999 (protocol 5.3)"
    );
    assert_eq!(
        Keyboard::builder().row().build().unwrap_err().to_string(),
        "KEYBOARD has no button (protocol 5.3)"
    );
    assert_eq!(
        "red".parse::<Color>().unwrap_err().to_string(),
        r##"COLOR must be # and 3 or 6 hex digits, not "red" (protocol 5.2)"##
    );
}

#[rstest]
#[case(ContextItem::send(" ", "x"), r#"item 2 "": TEXT must not be blank (protocol 5.4)"#)]
#[case(
    ContextItem::link("Site", "shop.example"),
    r#"item 2 "Site": LINK must start with "/", "http://" or "https://", not "shop.example" (protocol 5.4)"#
)]
#[case(
    ContextItem::new("Help", Action::Help("1".to_owned())),
    r#"item 2 "Help": ACTION must be one of PUT, SEND, COPY, CALL, DIALOG; LIVECHAT and HELP are for keyboards (protocol 5.4)"#
)]
#[case(
    ContextItem::command_with("Go", "go", " "),
    r#"item 2 "Go": COMMAND_PARAMS must be empty or say something, " " is dropped by the portal (protocol 5.4)"#
)]
fn a_context_menu_names_the_item(#[case] item: ContextItem, #[case] said: &str) {
    let error = ContextMenu::builder().item(ContextItem::link("Shop", "/")).item(item).build().unwrap_err();
    assert_eq!(error.to_string(), said);
}

#[test]
fn a_context_menu_names_itself() {
    let oversize = ContextMenu::builder().item(ContextItem::link("&".repeat(12_000), "/"));
    assert_eq!(
        oversize.build_for(BotId::new(39)).unwrap_err().to_string(),
        "MENU has 60068 characters, 69 over the limit of 59999 (protocol 5.4)"
    );
    assert_eq!(ContextMenu::builder().build().unwrap_err().to_string(), "MENU has no item (protocol 5.4)");
}

#[rstest]
#[case(Block::message(" \n"), "block 2 MESSAGE: MESSAGE must not be blank (protocol 6.2)")]
#[case(
    Block::Grid(vec![GridRow::new("a", "b"), GridRow::new("", "")]),
    r#"block 2 GRID, row 2 "": NAME and VALUE must not both be blank (protocol 6.2)"#
)]
#[case(
    Block::Grid(vec![GridRow::new("Sum", "5").link("sum")]),
    r#"block 2 GRID, row 1 "Sum": LINK must start with "/", "http://" or "https://", not "sum" (protocol 6.2)"#
)]
#[case(
    Block::Grid(vec![GridRow::new("Chat", "5").chat(ChatId::new(0))]),
    r#"block 2 GRID, row 1 "Chat": CHAT_ID must be above 0, not 0 (protocol 6.2)"#
)]
#[case(Block::Grid(Vec::new()), "block 2 GRID: LIST must hold at least one row (protocol 6.2)")]
#[case(
    Block::Image(vec![Image::new("/a.png"), Image::new("/b.png").size(0, 5)]),
    r#"block 2 IMAGE, image 2 "/b.png": WIDTH must be above 0, not 0 (protocol 6.2)"#
)]
#[case(
    Image::new("/a\\new.png").into(),
    r#"block 2 IMAGE, image 1 "/a\\new.png": LINK must not hold a backslash before n, t, " or \: the portal unescapes it; write %5C (protocol 6.2)"#
)]
#[case(FileLink::new("/f").size(0).into(), r#"block 2 FILE, file 1 "/f": SIZE must be above 0, not 0 (protocol 6.2)"#)]
#[case(
    LinkBlock::to(LinkTarget::User(UserId::new(5))).into(),
    "block 2 LINK: NAME must not be blank (protocol 6.2)"
)]
#[case(
    LinkBlock::new("/x").html("h").preview("/p").into(),
    "block 2 LINK: HTML must not come with PREVIEW, which it replaces (protocol 6.2)"
)]
#[case(
    RichLink::new("/x").extra_image("/e").preview("/p").into(),
    "block 2 RICH_LINK: EXTRA_IMAGE must not come with PREVIEW, for which the portal drops it (protocol 6.2)"
)]
#[case(
    RichLink::new("/x").preview_size(5, 5).into(),
    "block 2 RICH_LINK: WIDTH, HEIGHT must come with PREVIEW (protocol 6.2)"
)]
#[case(
    UserBlock::new("Ann").target(UserTarget::Network("b1x".to_owned())).into(),
    r#"block 2 USER: NETWORK_ID must be one sign and a number, as b123, not "b1x" (protocol 6.2)"#
)]
#[case(Delimiter::new().size(0).into(), "block 2 DELIMITER: SIZE must be above 0, not 0 (protocol 6.2)")]
fn an_attachment_names_the_block(#[case] block: Block, #[case] said: &str) {
    let error = Attach::builder().message("first").block(block).build().unwrap_err();
    assert_eq!(error.to_string(), said);
}

#[test]
fn an_attachment_names_itself() {
    assert_eq!(Attach::builder().build().unwrap_err().to_string(), "ATTACH has no block (protocol 6.3)");
    assert_eq!(
        Attach::builder().message("x".repeat(60_000)).build().unwrap_err().to_string(),
        "ATTACH has 60099 characters, 100 over the limit of 59999 (protocol 6.4)"
    );
    assert_eq!(
        Attach::builder().description("a").message_as_description("b").build().unwrap_err().to_string(),
        "block 1 MESSAGE: AS_DESCRIPTION would replace the description given before (protocol 6.2)"
    );
}

#[test]
fn a_reply_and_a_menu_name_themselves() {
    assert_eq!(Reply::text(" ").check().unwrap_err().to_string(), "MESSAGE must not be blank (protocol 4.8)");
    let menu = Menu::new("Which?").item(1, "One").item(2, "№1");
    assert_eq!(
        menu.check().unwrap_err().to_string(),
        r#"item 2 "№1": LABEL "№1" is the number of item 1 (protocol 3.5)"#
    );
}
