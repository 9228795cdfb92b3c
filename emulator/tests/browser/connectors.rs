//! What the client sees: exactly what the channel shows, and in words what it does not.

use openlines_emulator::Emulator;
use serde_json::json;

use super::bot::Bot;
use super::window;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_channel_shows_what_it_can_and_says_what_is_lost() {
    window::play("connectors", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let bot = Bot::start(&emulator).await;
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        for (channel, code, shows, lost, attached, keys) in [
            (
                "Live Chat",
                "livechat",
                "Shows text, formatting, attachments, files; no keyboards.",
                "keyboard",
                1,
                0,
            ),
            (
                "Telegram",
                "telegrambot",
                "Shows text, files; no formatting, no attachments, no keyboards; signs",
                "keyboard, attachment",
                0,
                0,
            ),
            (
                "WhatsApp",
                "whatsapp",
                "no keyboards; no edits; signs with the name",
                "keyboard, attachment",
                0,
                0,
            ),
            (
                "Bitrix24.Network",
                "network",
                "Shows text, formatting, attachments, keyboards, files.",
                "",
                1,
                5,
            ),
        ] {
            window.chooses("#connector", channel).await;
            window.sees("#channel", shows).await;
            window.types("#client-text", "[b]hi[/b]\n").await;
            window.sees("#client-log .message.bot .text", "Here is").await;
            window.counts("#client-log .attach", attached).await;
            window.counts("#client-log .key", keys).await;
            if lost.is_empty() {
                window.counts("#client-log .lost", 0).await;
            } else {
                window.sees("#client-log .lost", &format!("this channel does not show: {lost}")).await;
            }
            window.counts("#operator-log .key", 5).await;
            let ann = portal.client_on("Ann", code, portal.line_id());
            let plain = matches!(code, "telegrambot" | "whatsapp");
            window.counts("#client-log .message.bot > .text > b", usize::from(!plain) * 2).await;
            if plain {
                window.sees("#client-log .message.own", "[b]hi[/b]").await;
                let seen = ann.sees();
                assert!(seen[1].text.starts_with("helper:\n"), "{seen:?}");
                window.sees("#client-log .message.bot .text", "helper:\nYou said").await;
            }
        }
        // An edit reaches Telegram and not WhatsApp; a note reaches nobody.
        for (channel, code, follows) in [("Telegram", "telegrambot", true), ("WhatsApp", "whatsapp", false)] {
            window.chooses("#connector", channel).await;
            let ann = portal.client_on("Ann", code, portal.line_id());
            bot.sends(&ann.dialog_id(), json!({"message": "first text"})).await;
            window.sees("#client-log .message.bot .text", "first text").await;
            let id = portal.bot_messages().last().unwrap().id;
            let fields = json!({"botId": bot.id(), "messageId": id, "fields": {"message": "second text"}});
            bot.app.ok("imbot.v2.Chat.Message.update", fields).await;
            window.sees("#operator-log .message.bot .text", "second text").await;
            let (shown, lost) = if follows { ("second text", 0) } else { ("first text", 1) };
            window.sees("#client-log .message.bot .text", shown).await;
            window.counts("#client-log .lost", 1 + lost).await;
            bot.sends(&ann.dialog_id(), json!({"message": "a note", "skipConnector": true})).await;
            window.sees("#operator-log .message.internal", "a note").await;
            window.sees("#operator-log .message.internal .tag", "internal note").await;
            assert!(!ann.sees().iter().any(|one| one.text.contains("a note")));
        }
        window.shot("connectors").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_rates_the_dialog_by_a_button_where_the_channel_has_one() {
    window::play("rating", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        portal.line().vote_text(Some("Were you satisfied?"));
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        for (channel, code, buttons) in [("Telegram", "telegrambot", 0), ("Live Chat", "livechat", 2)] {
            window.chooses("#connector", channel).await;
            window.types("#client-text", "hello\n").await;
            window.sees("#session", "queue asks Ivan").await;
            window.clicks("#finish").await;
            window.sees("#client-log", "Were you satisfied?").await;
            window.counts("#client-log .key", buttons).await;
            if buttons == 0 {
                window.types("#client-text", "0\n").await;
                window.sees("#modes", "rated 👎").await;
            } else {
                window.clicks("#client-log .key[aria-label='Satisfied']").await;
                window.sees("#modes", "rated 👍").await;
                window.counts("#client-log .key", 0).await;
            }
            let ann = if code == "livechat" {
                portal.client("Ann")
            } else {
                portal.client_on("Ann", code, portal.line_id())
            };
            assert!(portal.session_vote(ann.chat_id()).is_some(), "{channel}");
        }
    })
    .await;
}
