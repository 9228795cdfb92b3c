//! The page in a real browser: headless Chromium over WebDriver, against an emulator and a bot of a few lines.
//!
//! Skipped aloud without `chromium` and `chromedriver` (Debian's `chromium` and `chromium-driver`); with
//! `OPENLINES_BROWSER=required` their absence is a failure. Screenshots go to `target/screens`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod bot;
mod connectors;
mod controls;
mod life;
#[path = "../support/mod.rs"]
mod support;
mod window;

use bot::Bot;
use openlines_emulator::{Emulator, RateLimit};
use serde_json::json;
use support::{SOON, events, of};

/// The whole life of a dialog, as one plays it on the page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dialog_is_played_from_the_first_word_to_the_last() {
    window::play("dialog", async |window| {
        let emulator = Emulator::builder().rate_limit(RateLimit::STANDARD).start().await.unwrap();
        let portal = emulator.portal();
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        window.sees("#client-log .empty", "No bot yet").await;
        window.shot("empty").await;
        let bot = Bot::start(&emulator).await;

        // The client writes, the bot answers with a keyboard and an attachment.
        window.types("#client-text", "Hi, where is my order?\n").await;
        window.sees("#client-log .message.own", "Hi, where is my order?").await;
        window.sees("#client-log .message.bot", "You said: Hi, where is my order?").await;
        window.sees("#operator-log .message.bot .key", "Pay").await;
        window.sees("#session", "bot helper").await;
        for block in ["user", "link", "rich_link", "message", "grid", "image", "file", "delimiter"] {
            window.counts(&format!("#operator-log .b-{block}"), 1).await;
        }
        window.shot("desktop-light").await;
        window.dark(true).await;
        window.shot("desktop-dark").await;
        window.dark(false).await;

        // A button is pressed; the site's widget has none, the network's chat has.
        window.sees("#client-log .lost", "this channel does not show: keyboard").await;
        window.clicks("#operator-log .key[title='/pay 15']").await;
        window.sees("#client-log .message.bot", "Paid: 15").await;
        window.chooses("#connector", "Bitrix24.Network").await;
        window.sees("#client-log .empty", "Say hello").await;
        window.types("#client-text", "Hi from the network\n").await;
        window.clicks("#client-log .key[title='/pay 15']").await;
        window.sees("#client-log .message.bot", "Paid: 15").await;
        window.chooses("#connector", "Live Chat").await;
        window.counts("#operator-log .message.bot", 2).await;
        portal.settled(SOON).await;
        assert_eq!(of(&portal, "ONIMBOTV2COMMANDADD").len(), 2);

        // An operator takes over: the bot is silent from now on.
        window.clicks("#take").await;
        window.sees("#session", "operator Ivan").await;
        window.types("#client-text", "Are you human?\n").await;
        window.sees("#operator-log .message.client", "Are you human?").await;
        window.types("#operator-text", "I am [b]Ivan[/b].\n").await;
        window.sees("#client-log .message.operator b", "Ivan").await;
        portal.settled(SOON).await;
        assert_eq!(
            bot.heard(),
            ["Hi, where is my order?", "Hi from the network"],
            "the bot hears nothing after the take-over"
        );
        window.counts("#operator-log .message.bot", 2).await;
        window.chooses("#transfer", "to Alex Admin").await;
        window.sees("#session", "operator Alex Admin").await;
        window.clicks("#finish").await;
        window.sees("#session", "closed").await;
        assert_eq!(portal.session_status(portal.client("Ann").chat_id()), Some(60));

        // The inspector has seen it all.
        for name in
            ["ONAPPINSTALL", "ONIMBOTV2MESSAGEADD", "ONIMBOTV2COMMANDADD", "imbot.v2.chat.message.send"]
        {
            window.sees("#exchanges .name", name).await;
        }
        window.types("#search", "where order message.send").await;
        window.counts("#exchanges .row:not([hidden])", 1).await;
        window.clicks("#exchanges .row:not([hidden])").await;
        window.sees("#exchange h3", "imbot.v2.chat.message.send").await;
        window.sees("#exchange .tree", "You said: Hi").await;
        window.sees("#exchange .tree", "Rate limit after it").await;
        window.clicks("[data-view=raw]").await;
        window.sees("#exchange pre", "\"dialogId\"").await;
        window.clicks("[data-view=answer]").await;
        window.sees("#exchange .tree", "result").await;
        window.sees("#exchange .tree", "“time.start” is a whole second").await;
        window.shot("inspector").await;
        window.clicks("#as-curl").await;
        window.sees("#toast", "Copied as a curl command.").await;
        window.clicks("#exchange .close").await;
        window.clears("#search").await;

        // A fault is switched on, strikes, and is seen.
        window.clicks("#tab-faults").await;
        window.types("#fault-call", "imbot.v2.Chat.Message.send").await;
        window.clicks("#plan-call").await;
        window.sees("#active-faults", "503 QUERY_LIMIT_EXCEEDED").await;
        window.types("#client-text", "Once more, please\n").await;
        window.clicks("#tab-inspector").await;
        window.sees("#exchanges .row.call.bad", "QUERY_LIMIT_EXCEEDED").await;
        window.shot("scenario-light").await;
        window.dark(true).await;
        window.shot("scenario-dark").await;
        window.size(390, 844).await;
        for pane in ["client", "operator", "side"] {
            window.clicks(&format!("#panes [data-pane={pane}]")).await;
            window.fits().await;
            window.shot(&format!("scenario-phone-dark-{pane}")).await;
        }
        window.dark(false).await;
        window.size(1280, 800).await;

        // A callback is delivered again.
        let before = of(&portal, "ONIMBOTV2MESSAGEADD").len();
        window.clicks("#exchanges .row.callback").await;
        window.clicks("#again").await;
        window.sees("#toast", "Delivered again.").await;
        window.until("one more delivery", || events(&portal).len() > before).await;
    })
    .await;
}

/// Faults are turned on the page, felt by the bot, and shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_is_switched_on_and_seen() {
    window::play("faults", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let bot = Bot::start(&emulator).await;
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        window.clicks("#tab-faults").await;
        window.clicks("#switch-drop").await;
        window.sees("#active-faults", "callbacks dropped").await;
        window.types("#client-text", "lost\n").await;
        window.sees("#trouble.mild", "Dropped by a fault: ONIMBOTV2JOINCHAT, ONIMBOTV2MESSAGEADD").await;
        window.clicks("#switch-drop").await;
        window.counts("#active-faults button", 0).await;
        portal.settled(SOON).await;
        assert!(bot.heard().is_empty());

        window.types("#fault-call", "imbot.v2.Chat.Message.send").await;
        window.clicks("#plan-call").await;
        window.sees("#planned-calls", "imbot.v2.chat.message.send 503").await;
        window.shot("faults").await;
        window.types("#client-text", "refused\n").await;
        window.clicks("#tab-inspector").await;
        window.sees("#exchanges .row.call.bad", "QUERY_LIMIT_EXCEEDED").await;
        window.sees("#exchanges .row.dropped", "dropped by a fault").await;
        window.counts("#active-faults button", 0).await;
        assert!(portal.bot_messages().is_empty());

        // What the portal does not model is loud.
        let (status, _) = bot.app.call("crm.magic.wand", json!({})).await;
        assert_eq!(status, 404);
        window.sees("#trouble", "This portal does not model: crm.magic.wand").await;
        window.sees("#exchanges .row.loud", "crm.magic.wand").await;
        window.shot("trouble").await;
        window.clicks("#trouble button:last-child").await;
        window.hides("#trouble").await;

        let event = json!({"COMMAND": "order_new", "PARAMS": {"id": 15}});
        bot.app.ok("pull.application.event.add", event).await;
        window.clicks("#kinds [data-kind=rt]").await;
        window.counts("#exchanges .row:not([hidden])", 1).await;
        window.sees("#exchanges .row:not([hidden])", "application:order_new").await;
        // The portal moves, and restarts; the page finds it again.
        window.clicks("#tab-faults").await;
        window.clicks("#rename").await;
        window.sees("#address", "portal at 127.0.0.1:").await;
        assert_ne!(portal.app().domain, emulator.url()["http://".len()..]);
        window.clicks("#restart").await;
        window.sees("#toast", "The portal restarts.").await;
        window.sees("#link", "live").await;
        portal.client("Ann").says("after the restart").await;
        window.sees("#client-log .message.own", "after the restart").await;
        window.clicks("#tab-inspector").await;
        window.clicks("#kinds [data-kind=all]").await;
        portal.settled(SOON).await;
        window.clicks("#clear").await;
        window.sees("#exchanges .empty", "Nothing on the wire yet").await;
    })
    .await;
}

/// Names, texts, keyboards, attachments and bodies are shown as what they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_foreign_becomes_markup() {
    window::play("foreign", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let bot = Bot::start(&emulator).await;
        let evil = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>";
        let ann = portal.client(evil);
        ann.says(&format!("{evil} [url=javascript:window.hacked=1]a[/url] [b]open [i]mixed[/b] [/i] [code][b]{evil}[/b][/code]")).await;
        let blocks = json!([{"MESSAGE": evil}, {"USER": {"NAME": evil, "LINK": "javascript:window.hacked=1"}},
            {"GRID": [{"NAME": evil, "VALUE": evil, "LINK": "javascript:window.hacked=1"}]},
            {"LINK": {"NAME": evil, "DESC": evil, "HTML": evil, "LINK": "/\"><script>window.hacked=1</script>"}},
            {"FILE": {"NAME": evil, "LINK": "https://127.0.0.1:1/\" onclick=\"x"}}]);
        let keyboard = json!([{"TEXT": evil, "LINK": "https://127.0.0.1:1/"}]);
        bot.sends(&ann.dialog_id(), json!({"message": evil, "attach": blocks, "keyboard": keyboard})).await;
        bot.app.call(&format!("x{}", "%3Cscript%3Ewindow.hacked=1%3C/script%3E"), json!({"a": evil})).await;
        window.size(1280, 800).await;
        let address = format!("{}#client={}", emulator.url(), "%3Cimg%20src%3Dx%20onerror%3D%22window.hacked%3D1%22%3E%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E");
        window.open(&address).await;
        window.sees("#operator-log .message.bot .key", evil).await;
        window.sees("#operator-log .message.client code", &format!("[b]{evil}[/b]")).await;
        window.sees("#operator-log .message.client b", "open [i]mixed").await;
        window.sees("#operator-log dd", evil).await;
        window.clicks("#exchanges .row.call").await;
        window.counts("#exchange:not([hidden])", 1).await;
        // A bot's own name, in every place that has it; its menu, its pictures, its RT events.
        let fields = json!({"code": "evil", "type": "openline", "properties": {"name": evil}});
        let evil_bot = bot.app.ok("imbot.v2.Bot.register", json!({"fields": fields})).await["bot"]["id"].clone();
        let menu = json!([{"TEXT": evil, "LINK": "https://127.0.0.1:1/"}]);
        let text = "[img]javascript:window.hacked=1[/img] [url=data:text/html,x]b[/url] [icon=javascript:x title=y]";
        let fields = json!({"BOT_ID": bot.id(), "DIALOG_ID": ann.dialog_id(), "MESSAGE": text, "MENU": menu});
        bot.app.ok("imbot.message.add", fields).await;
        let event = json!({"COMMAND": "x", "PARAMS": {"html": evil}});
        bot.app.ok("pull.application.event.add", event).await;
        window.clicks("#operator-log .more.has-menu").await;
        window.sees(".menu button", evil).await;
        window.presses("\u{e00c}").await;
        window.clicks("#exchanges .row.rt").await;
        window.sees("#exchange .tree", evil).await;
        window.clicks("#tab-portal").await;
        window.sees("#portal b", evil).await;
        window.clicks("#tab-line").await;
        window.chooses_value("[data-setting=WELCOME_BOT_ID]", &evil_bot.to_string()).await;
        let bob = portal.client("Bob");
        bob.says("hello").await;
        window.sees("#who", "Bob").await;
        window.chooses_value("#who", "Bob").await;
        window.sees("#session", evil).await;
        window.chooses_value("#who", evil).await;
        window.sees("#operator-log .message.bot .key", evil).await;
        let foreign = "main script, main [onerror], main [onclick], a[href^=javascript], a[href^=data], img[src^=javascript]";
        window.counts(foreign, 0).await;
        assert_eq!(window.script("return window.hacked === undefined").await, true);
        window.shot("foreign").await;
    })
    .await;
}

/// Nothing sticks out at the sizes people have, and everything can be reached by keyboard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_fits_a_phone_and_is_worked_by_keyboard() {
    window::play("phone", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let _bot = Bot::start(&emulator).await;
        window.size(390, 844).await;
        window.open(&emulator.url()).await;
        window.types("#client-text", &format!("{}\n", "supercalifragilistic".repeat(8))).await;
        window.sees("#client-log .message.bot", "You said").await;
        window.fits().await;
        window.shot("phone-client").await;
        window.clicks("#panes [data-pane=operator]").await;
        window.hides("#client").await;
        window.fits().await;
        window.shot("phone-operator").await;
        window.clicks("#panes [data-pane=side]").await;
        window.sees("#exchanges .name", "ONIMBOTV2MESSAGEADD").await;
        window.fits().await;
        window.shot("phone-inspector").await;
        window.clicks("#exchanges .row.callback").await;
        window.sees("#exchange h3", "ONIMBOTV2").await;
        window.fits().await;
        window.shot("phone-exchange").await;
        for tab in ["faults", "limits", "line", "portal"] {
            window.clicks(&format!("#tab-{tab}")).await;
            window.fits().await;
            window.shot(&format!("phone-{tab}")).await;
        }
        window.size(1280, 800).await;
        for tab in ["faults", "limits", "line", "portal"] {
            window.clicks(&format!("#tab-{tab}")).await;
            window.fits().await;
            window.shot(tab).await;
        }

        // Tab by tab: every control of the chat comes, and a button is pressed with the space bar.
        let reached = window.tabs_through(70).await;
        for id in [
            "connector",
            "line",
            "who",
            "new-client",
            "client-text",
            "me",
            "more",
            "operator-text",
            "tab-portal",
        ] {
            assert!(reached.iter().any(|seen| seen == id), "{id} cannot be reached by keyboard: {reached:?}");
        }
        window.presses_key_on("#operator-log .key[title='/pay 15']", " ").await;
        window.sees("#client-log .message.bot", "Paid: 15").await;
        window.clicks("#tab-inspector").await;
        window.presses_key_on("#exchanges", "\u{e015}").await;
        window.counts("#exchanges [aria-selected=true]", 1).await;
        // Another client, another dialog; a reload changes nothing.
        window.clicks("#new-client").await;
        window.types("#new-name", "Zoë\n").await;
        window.types("#client-text", "hello\n").await;
        window.sees("#dialog", "Zoë").await;
        window.reload().await;
        window.sees("#client-log .message.own", "hello").await;
        assert_eq!(portal.client("Ann").transcript().matches("hello").count(), 0);
    })
    .await;
}
