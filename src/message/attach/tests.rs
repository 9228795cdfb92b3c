use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::{BotId, ChatId, UserId};

#[test]
fn an_attachment_is_sent_in_the_full_form() {
    let attach = Attach::builder()
        .color(Color::rgb(0x29, 0x61, 0x9b))
        .message(" [b]Order[/b] ")
        .delimiter()
        .grid([GridRow::new("Sum", "15 €").display(GridDisplay::Row), GridRow::new("Paid", "")])
        .link("Shop", "https://shop.example/")
        .block(Image::new("/i.png").name("photo").size(10, 20))
        .block(FileLink::new("/f.pdf").name("bill.pdf").size(1000))
        .block(UserBlock::new("Ann").target(UserTarget::Chat(ChatId::new(5))).avatar("/a.png"))
        .block(RichLink::new("/r").name("Card").preview("/p.png"))
        .block(RichLink::new("/r").html("<b>x</b>").extra_image("/e.png"))
        .block(LinkBlock::to(LinkTarget::Network("b123".to_owned())).name("Shop").html("<i>\nx</i>"))
        .block(UserBlock::new("Net").target(UserTarget::Network("u5".to_owned())))
        .message_as_description("all#BR#of it")
        .build()
        .unwrap();
    let sent = attach.to_value();
    assert_eq!(sent["COLOR"], "#29619b");
    assert_eq!(sent["BLOCKS"][0], json!({"MESSAGE": "[b]Order[/b]"}));
    assert_eq!(sent["BLOCKS"][2]["GRID"][0]["DISPLAY"], "ROW");
    assert_eq!(sent["BLOCKS"][3], json!({"LINK": {"LINK": "https://shop.example/", "NAME": "Shop"}}));
    let stored = attach.normalised();
    assert_eq!(stored["BLOCKS"][1], json!({"DELIMITER": {"SIZE": 200}}));
    assert_eq!(
        stored["BLOCKS"][6],
        json!({"USER": [{"NAME": "Ann", "CHAT_ID": 5, "AVATAR": "/a.png", "AVATAR_TYPE": "CHAT"}]})
    );
    assert_eq!(stored["BLOCKS"][7]["RICH_LINK"][0]["PREVIEW_SIZE"], json!({"HEIGHT": 0, "WIDTH": 0}));
    assert_eq!(
        stored["BLOCKS"][8],
        json!({"RICH_LINK": [{"LINK": "/r", "HTML": "<b>x</b>", "EXTRA_IMAGE": "/e.png"}]})
    );
    assert_eq!(stored["BLOCKS"][9]["LINK"][0]["NETWORK_ID"], "b123");
    assert_eq!(stored["BLOCKS"][10]["USER"][0]["AVATAR_TYPE"], "USER");
    assert_eq!(sent["BLOCKS"][11], json!({"MESSAGE": {"TEXT": "all#BR#of it", "AS_DESCRIPTION": "Y"}}));
    assert_eq!(stored["BLOCKS"][11], json!({"MESSAGE": "all[BR]of it"}));
    assert_eq!(stored["DESCRIPTION"], "all[BR]of it");
    let back: Attach = serde_json::from_value(sent).unwrap();
    assert_eq!(back, attach);
}

#[test]
fn a_block_that_the_portal_would_drop_is_named_with_field_and_rule() {
    let refused = |block: Block| Attach::builder().message("m").block(block).build().unwrap_err();
    let error = refused(vec![GridRow::new("a", "b"), GridRow::new(" ", "\n")].into());
    assert_eq!(error.place(), "block 2 GRID, row 2 \"\"");
    for (block, field) in [
        (Block::message(" \n"), "MESSAGE"),
        (Block::Message("\t".to_owned()), "MESSAGE"),
        (LinkBlock::new("javascript:1").into(), "LINK"),
        (LinkBlock::to(LinkTarget::User(UserId::new(5))).into(), "NAME"),
        (LinkBlock::new("/x").preview("p.png").into(), "PREVIEW"),
        (RichLink::new("/x").preview_size(5, 5).into(), "WIDTH, HEIGHT"),
        (Image::new("i.png").into(), "LINK"),
        (Image::new("/i.png").size(0, 5).into(), "WIDTH"),
        (FileLink::new("/f").size(0).into(), "SIZE"),
        (Delimiter::new().size(0).into(), "SIZE"),
        (UserBlock::new(" ").into(), "NAME"),
        (UserBlock::new("b").target(UserTarget::Bot(BotId::new(0))).into(), "BOT_ID"),
        (vec![GridRow::new("a", "b").link("x")].into(), "LINK"),
        (Block::Image(Vec::new()), "LIST"),
        (Image::new("/a\\new.png").into(), "LINK"),
        (RichLink::new("/x").preview("/p").extra_image("/e").into(), "EXTRA_IMAGE"),
        (RichLink::new("/x").extra_image("e").into(), "EXTRA_IMAGE"),
        (LinkBlock::new("/x").preview("/p").html("h").into(), "HTML"),
        (LinkBlock::to(LinkTarget::Network("b1x".to_owned())).name("n").into(), "NETWORK_ID"),
        (LinkBlock::to(LinkTarget::Network("b1".to_owned())).into(), "NAME"),
        (UserBlock::new("b").target(UserTarget::Network(String::new())).into(), "NETWORK_ID"),
        (UserBlock::new("b").target(UserTarget::Network("<1".to_owned())).into(), "NETWORK_ID"),
        (FileLink::new("/f").size(u64::MAX).into(), "SIZE"),
        (Block::described(" "), "MESSAGE"),
    ] {
        assert_eq!(refused(block).field(), field);
    }
    assert_eq!(Attach::builder().build().unwrap_err().kind(), BuildErrorKind::Empty);
}

#[test]
fn a_description_is_given_once() {
    let twice =
        Attach::builder().message_as_description("a").message_as_description("b").build().unwrap_err();
    assert_eq!((twice.place(), twice.field()), ("block 2 MESSAGE", "AS_DESCRIPTION"));
    let both = Attach::builder().description("a").message_as_description("b").build().unwrap_err();
    assert_eq!((both.place(), both.field()), ("block 1 MESSAGE", "AS_DESCRIPTION"));
}

#[test]
fn the_words_of_an_order_are_none_in_a_text() {
    let described = |builder: AttachBuilder| {
        let attach = builder.message("m").build().unwrap();
        let stored = serde_json::to_string(&attach).unwrap();
        assert_eq!(serde_json::from_str::<Attach>(&stored).unwrap(), attach);
        attach.normalised()["DESCRIPTION"].as_str().unwrap().to_owned()
    };
    assert_eq!(described(Attach::builder().description("FIRST_MESSAGE")), "FIRST_MESSAGE\u{2060}");
    assert_eq!(described(Attach::builder().description_of_first_message()), "FIRST_MESSAGE");
    assert_eq!(described(Attach::builder().description_without_message()), "SKIP_MESSAGE");
}

#[test]
fn a_backslash_stays_a_backslash() {
    let attach = Attach::builder().message(r"C:\new\\table \d").build().unwrap();
    let sent = attach.to_value()["BLOCKS"][0]["MESSAGE"].as_str().unwrap().to_owned();
    assert_eq!(sent.replace('\u{2060}', ""), r"C:\new\\table \d");
    assert!(!trim::has_escapes(&sent));
}

#[test]
fn an_oversize_attachment_says_by_how_much() {
    let build = |signs: usize| Attach::builder().message(format!("z{}", "/".repeat(signs))).build();
    assert_eq!(build(29_949).unwrap().size(), JSON_LIMIT - 1);
    assert_eq!(build(29_950).unwrap_err().over(), Some(1));
}

proptest! {
    #[test]
    fn an_attachment_survives_the_outbox(
        texts in proptest::collection::vec("[ -~я\u{2028}\r\n\t\u{0}\\\\nt\"]{0,20}", 6),
        description in "[ -~\\\\n]{0,20}",
    ) {
        let link = format!("/{}", texts[4]);
        let built = Attach::builder()
            .description(description)
            .message(&texts[0])
            .grid([GridRow::new(&texts[1], &texts[2]).link(&link)])
            .block(LinkBlock::new(&link).name(&texts[3]).description(&texts[5]))
            .block(RichLink::new(&link).description(&texts[5]))
            .block(Image::new(&link).name(&texts[1]))
            .block(UserBlock::new(&texts[3]))
            .build();
        if let Ok(attach) = built {
            let stored = serde_json::to_string(&attach).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Attach>(&stored).unwrap(), &attach);
        }
    }
}
