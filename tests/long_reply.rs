//! A reply that is too long for one message arrives as several.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::collections::HashSet;

use openlines::prelude::*;
use stage::stage;

fn long() -> Reply {
    let paragraph = "A sentence of seven words, no more. ".repeat(100);
    let text = Text::new().bold([paragraph.trim(); 15].join("\n\n"));
    let keyboard = Keyboard::builder().button(Button::link("Shop", "https://shop.example/")).build().unwrap();
    let attach = Attach::builder().message("Order 15").build().unwrap();
    Reply::from(text).keyboard(keyboard).attach(attach)
}

async fn arrives_as_several(profile: BotProfile) -> stage::Stage {
    let tell = async |cx: Context, _message: Message| cx.reply(long());
    let stage = stage(|app| app.bot(profile, tell)).await;
    stage.portal.client("Ann").says("tell me").await;
    stage.quiet().await;
    let messages = stage.portal.bot_messages();
    assert_eq!(messages.len(), 3, "{}", messages.len());
    for message in &messages {
        assert!(message.text.chars().count() <= 20_000 && !message.text.ends_with("(...)"));
        assert!(message.text.starts_with("[b]A sentence") && message.text.ends_with("no more.[/b]"));
    }
    let last = messages.iter().map(|message| (message.keyboard.is_some(), message.attach.is_some()));
    assert_eq!(last.collect::<Vec<_>>(), [(false, false), (false, false), (true, true)]);
    let said: String =
        messages.iter().map(|message| message.text.replace("[b]", "").replace("[/b]", "")).collect();
    let whole = long().text.replace("[b]", "").replace("[/b]", "");
    let words = |text: &str| text.split_whitespace().collect::<String>();
    assert!(words(&said) == words(&whole), "the messages in their order say it all");
    stage
}

#[tokio::test]
async fn a_v2_bot_says_a_long_reply_in_several_messages_each_under_its_own_key() {
    let stage = arrives_as_several(BotProfile::openline("teller")).await;
    let calls = stage.portal.calls();
    let sent = calls.iter().filter(|call| call.method.eq_ignore_ascii_case("imbot.v2.Chat.Message.send"));
    let keys: HashSet<String> =
        sent.map(|call| call.params["fields"]["templateId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
}

#[tokio::test]
async fn a_v1_bot_says_a_long_reply_in_several_messages() {
    arrives_as_several(BotProfile::openline("teller").v1()).await;
}
