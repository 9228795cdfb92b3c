//! What else one turns on the page: limits, the line, modes of the session, messages afterwards, every fault.

use std::time::Duration;

use openlines_emulator::Emulator;
use serde_json::{Value, json};

use super::bot::Bot;
use super::support::{SOON, of};
use super::window;

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const DOWN: &str = "\u{e015}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_context_menu_is_drawn_and_its_commands_run() {
    window::play("menu", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let bot = Bot::start(&emulator).await;
        let ann = portal.client("Ann");
        ann.says("hello").await;
        let menu = json!([
            {"TEXT": "Refund <15> & \"close\"", "COMMAND": "pay", "COMMAND_PARAMS": "back"},
            {"TEXT": "Quote", "ACTION": "PUT", "ACTION_VALUE": "about order 15: "},
            {"TEXT": "Terms", "LINK": "https://example.com/"},
            {"TEXT": "Not now", "COMMAND": "pay", "DISABLED": "Y"},
        ]);
        let fields =
            json!({"BOT_ID": bot.id(), "DIALOG_ID": ann.dialog_id(), "MESSAGE": "Order 15", "MENU": menu});
        bot.app.ok("imbot.message.add", fields).await;
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        window.clicks("#operator-log .more.has-menu").await;
        window.sees(".menu .title", "Menu of helper").await;
        window.sees(".menu button span", "Refund <15> & \"close\"").await;
        window.counts(".menu button:disabled", 1).await;
        window.shot("menu").await;
        window.chooses_entry("Quote").await;
        assert_eq!(
            window.script("return document.getElementById('operator-text').value").await,
            "about order 15: "
        );
        // By keyboard: the menu opens, its first entry has the focus, Escape gives it back.
        window.presses_key_on("#operator-log .more.has-menu", ENTER).await;
        window.sees(".menu .title", "Menu of helper").await;
        window.presses(DOWN).await;
        window.presses(ESCAPE).await;
        window.counts(".menu", 0).await;
        let focus = "return document.activeElement.className";
        assert_eq!(window.script(focus).await, "more has-menu");
        window.presses(ENTER).await;
        window.sees(".menu .title", "Menu of helper").await;
        window.presses(ENTER).await;
        window.sees("#operator-log .message.bot", "Paid: back").await;
        portal.settled(SOON).await;
        let form = of(&portal, "ONIMBOTV2COMMANDADD")[0].form();
        assert_eq!(form["data"]["command"]["context"], "menu");
        window.counts("#client-log .has-menu", 0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_edited_deleted_and_reacted_to() {
    window::play("edits", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let bot = Bot::start(&emulator).await;
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        window.types("#client-text", "helo\n").await;
        window.sees("#client-log .message.bot", "You said: helo").await;
        window.clicks("#client-log .message.own .more").await;
        window.chooses_entry("Edit").await;
        window.sees("#client-form .editing", "Editing message").await;
        window.clears("#client-text").await;
        window.types("#client-text", "hello\n").await;
        window.sees("#client-log .message.own .tag", "edited").await;
        window.counts("#client-form .editing", 0).await;
        window.sees("#operator-log .message.client", "hello").await;
        portal.settled(SOON).await;
        assert_eq!(of(&portal, "ONIMBOTV2MESSAGEUPDATE").len(), 1);

        window.clicks("#client-log .message.bot .more").await;
        window.chooses_entry("❤️").await;
        window.sees("#operator-log .message.bot .reaction", "❤️").await;
        window.clicks("#operator-log .message.bot .reaction").await;
        window.sees("#operator-log .message.bot .reaction", "❤️ 2").await;
        window.clicks("#client-log .message.bot .reaction").await;
        window.counts("#client-log .reaction[aria-pressed=true]", 0).await;
        portal.settled(SOON).await;
        let heard: Vec<Value> = of(&portal, "ONIMBOTV2REACTIONCHANGE")
            .iter()
            .map(|one| one.form()["data"]["action"].clone())
            .collect();
        assert_eq!(heard, ["add", "add", "delete"]);

        window.clicks("#client-log .message.own .more").await;
        window.chooses_entry("Delete").await;
        window.counts("#client-log .message.own", 0).await;
        window.sees("#operator-log .message.deleted", "deleted").await;
        portal.settled(SOON).await;
        assert_eq!(of(&portal, "ONIMBOTV2MESSAGEDELETE").len(), 1);
        // The operator's own words too.
        window.types("#operator-text", "one moment\n").await;
        window.clicks("#operator-log .message.operator .more").await;
        window.chooses_entry("Delete").await;
        window.counts("#operator-log .message.operator.deleted", 1).await;
        assert_eq!(
            bot.heard(),
            ["helo", "one moment"],
            "the words that took the dialog over are the last it hears"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_keeps_silent_pins_takes_a_break_and_marks_spam() {
    window::play("modes", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let ann = portal.client("Ann");
        ann.says("hello").await;
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        window.sees("#session", "queue asks Ivan").await;
        let choose = async |entry: &str| {
            window.clicks("#more").await;
            window.chooses_entry(entry).await;
        };
        choose("Silent mode").await;
        window.sees("#modes", "silent").await;
        window.types("#operator-text", "between us\n").await;
        window.sees("#operator-log .message.internal .tag", "not sent to the client").await;
        assert_eq!(ann.sees().len(), 1);
        choose("Silent mode").await;
        window.counts("#modes .pill", 0).await;
        choose("Pinned").await;
        window.sees("#modes", "pinned").await;
        choose("On a break").await;
        window.sees("#me", "Ivan · break").await;
        window.clicks("#more").await;
        window.counts(".menu [aria-checked=true]", 2).await;
        window.shot("modes").await;
        window.chooses_entry("Mark as spam").await;
        window.sees("#session", "spam").await;
        assert_eq!(portal.session_status(ann.chat_id()), Some(65));
        window.clicks("#more").await;
        window.counts(".menu button:disabled", 5).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_and_the_line_are_turned_and_shown() {
    window::play("limits", async |window| {
        let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
        let portal = emulator.portal();
        let bot = Bot::start(&emulator).await;
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        window.clicks("#tab-limits").await;
        window.sees("#rate-none", "Every request is taken.").await;
        window.chooses("#rate-kind", "50, then 2 a second").await;
        window.sees("#rate-none", "No request has come yet.").await;
        bot.app.ok("profile", json!({})).await;
        window.sees("#rate-levels", "127.0.0.1").await;
        window.sees("#rate-levels .amount", "of 50").await;
        // The bucket leaks before one's eyes, without a word from the portal.
        window.sees("#rate-levels .amount", "0.0 of 50").await;
        window.sets("#operating-limit", "60").await;
        window.clicks("#set-operating").await;
        window.types("#cost-method", "profile").await;
        window.clicks("#set-cost").await;
        window.sees("#operating-costs", "30 s a call").await;
        for _ in 0..3 {
            bot.app.ok("profile", json!({})).await;
        }
        window.sees("#operating-spent .meter.full", "90 of 60 s").await;
        assert_eq!(bot.app.call("profile", json!({})).await.0, 429);
        window.shot("limits-used").await;
        assert_eq!(window.nameless("#limits").await, json!([]));
        window.clicks("#operating-costs button").await;
        window.counts("#operating-costs li", 0).await;
        portal.clock().advance(Duration::from_secs(660));
        assert_eq!(bot.app.call("profile", json!({})).await.0, 200);

        window.clicks("#tab-line").await;
        window.sets("[data-setting=WELCOME_BOT_TIME]", "90").await;
        window.sets("[data-setting=WELCOME_MESSAGE_TEXT]", "Good day").await;
        window.sets("[data-setting=WORKTIME_FROM]", "9").await;
        window.sets("[data-setting=LINE_NAME]", "Big shop").await;
        window.sees("#line", "Big shop").await;
        window.clicks("[data-queue='Put Alex Admin into the queue']").await;
        window.sees("#queue", "2. Alex Admin").await;
        window.clicks("[data-queue='Alex Admin earlier']").await;
        window.sees("#queue", "1. Alex Admin").await;
        window.clicks("[data-channel=whatsapp]").await;
        window.sees("#connector", "WhatsApp · off").await;
        let told = bot.app.ok("imopenlines.config.get", json!({"CONFIG_ID": portal.line_id()})).await;
        for (name, value) in
            [("WELCOME_BOT_TIME", "90"), ("WELCOME_MESSAGE_TEXT", "Good day"), ("WORKTIME_FROM", "9")]
        {
            assert_eq!(told[name], value, "{name}");
        }
        assert_eq!(told["QUEUE"], json!(["1", "27"]));
        window.shot("line-set").await;
        assert_eq!(window.nameless("#line-panel").await, json!([]));
        window.chooses("[data-setting=WELCOME_BOT_ID]", "no bot").await;
        window.types("#client-text", "anybody?\n").await;
        window.sees("#session", "queue asks Alex Admin").await;
        assert!(bot.heard().is_empty());
    })
    .await;
}

/// Every fault there is, from the keyboard alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_within_reach_of_the_keyboard() {
    window::play("keyboard", async |window| {
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let bot = Bot::start(&emulator).await;
        window.size(1280, 800).await;
        window.open(&format!("{}#tab=faults", emulator.url())).await;
        let reached = window.tabs_through(60).await;
        for id in [
            "switch-drop", "switch-duplicate", "switch-hold", "reorder", "delay", "fault-callback", "plan-callback",
            "fault-call", "fault-call-kind", "plan-call", "expire_tokens", "revoke_tokens", "revoke_access", "rename", "restart",
        ] {
            assert!(reached.iter().any(|seen| seen == id), "{id} cannot be reached by keyboard: {reached:?}");
        }
        assert_eq!(window.nameless("body").await, json!([]));
        let faults = portal.faults();
        window.presses_key_on("#switch-drop", " ").await;
        window.presses_key_on("#switch-duplicate", " ").await;
        window.presses_key_on("#switch-hold", " ").await;
        window.presses_key_on("#reorder", ENTER).await;
        window.presses_key_on("#delay", ENTER).await;
        window.until("all of them are on", || {
            let state = faults.state();
            state.drop_deliveries && state.duplicate_deliveries && state.hold_deliveries
                && state.reorder_deliveries == 3 && state.delay_deliveries_millis == 2_000
        }).await;
        window.sees("#active-faults", "and 4 more").await;
        let codes = "return [...document.querySelectorAll('#fault-call-kind option, #fault-callback-kind option')].map(one => one.value)";
        let codes = window.script(codes).await;
        assert_eq!(codes, json!(["drop", "duplicate", "overtaken", "delay", "query_limit_exceeded", "operating_limit", "html_body",
            "error_in_success", "close_before_execution", "close_after_execution", "silence_before_execution",
            "silence_after_execution", "slow_answer"]));
        // Each kind of fault of a call can be planned: Down chooses the next one.
        for at in 0..9 {
            window.presses_key_on("#plan-call", ENTER).await;
            window.counts("#planned-calls li", at + 1).await;
            window.presses_key_on("#fault-call-kind", DOWN).await;
        }
        let kinds: std::collections::HashSet<String> =
            faults.state().rest.iter().map(|row| serde_json::to_value(row).unwrap()["fault"].to_string()).collect();
        assert_eq!(kinds.len(), 9, "{kinds:?}");
        window.presses_key_on("#clear-faults", ENTER).await;
        window.counts("#active-faults button", 0).await;
        assert_eq!(faults.state(), openlines_emulator::FaultState::default());

        assert_eq!(bot.app.call("profile", json!({})).await.0, 200);
        window.presses_key_on("#expire_tokens", ENTER).await;
        window.sees("#toast", "All access tokens are expired.").await;
        assert_eq!(bot.app.call("profile", json!({})).await.1["error"], "expired_token");
        window.presses_key_on("#revoke_access", ENTER).await;
        window.sees("#toast", "All access tokens are revoked.").await;
        assert_eq!(bot.app.call("profile", json!({})).await.1["error"], "invalid_token");
        window.presses_key_on("#revoke_tokens", ENTER).await;
        window.sees("#toast", "All refresh tokens are revoked.").await;
        let before = portal.app().domain;
        window.presses_key_on("#rename", ENTER).await;
        window.sees("#toast", "The portal has moved.").await;
        assert_ne!(portal.app().domain, before);
        window.presses_key_on("#restart", ENTER).await;
        window.sees("#toast", "The portal restarts.").await;
        window.sees("#link", "live").await;
        // The focus can be seen on every control of the panel.
        window.presses_key_on("#switch-drop", "\u{e004}").await;
        let outline = "return getComputedStyle(document.activeElement).outlineStyle";
        assert_eq!(window.script(outline).await, "solid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_either_way() {
    window::play("files", async |window| {
        let emulator = Emulator::start().await;
        let _bot = Bot::start(&emulator).await;
        let portal = emulator.portal();
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        let folder = tempfile::tempdir().unwrap();
        for (name, who, log) in
            [("bill <1>.txt", "client", "#operator-log"), ("answer.txt", "operator", "#client-log")]
        {
            let path = folder.path().join(name);
            std::fs::write(&path, name).unwrap();
            window.uploads(&format!("#{who}-file"), &path).await;
            window.sees(&format!("{log} .message a"), name).await;
        }
        window.shot("files").await;
        let sent = portal.client("Ann").sees().into_iter().flat_map(|message| message.files);
        let contents: Vec<Vec<u8>> = sent.filter_map(|id| Some(portal.file(id)?.content.to_vec())).collect();
        assert_eq!(contents, [b"bill <1>.txt".to_vec(), b"answer.txt".to_vec()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_shown_call_by_call() {
    window::play("batch", async |window| {
        let emulator = Emulator::start().await;
        let bot = Bot::start(&emulator).await;
        let ann = emulator.portal().client("Ann");
        ann.says("hello").await;
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        let send = |text: &str| {
            let dialog = ann.dialog_id();
            format!("imbot.v2.Chat.Message.send?botId={}&dialogId={dialog}&fields[message]={text}", bot.id())
        };
        let cmd = json!({"c01": send("one"), "c02": send("two"), "c03": "crm.deal.get?id=999999", "c04": "profile"});
        bot.app.call("batch", json!({"halt": 1, "cmd": cmd})).await;
        window.sees("#exchanges .row.call.bad", "3 calls, 1 failed").await;
        window.clicks("#exchanges .row.call.bad").await;
        window.counts("#exchange .part", 4).await;
        window.counts("#exchange .part.good", 2).await;
        window.sees("#exchange .part.bad summary", "crm.deal.get").await;
        window.sees("#exchange .part.bad .tree", "999999").await;
        window.sees("#exchange .part.none summary", "not run").await;
        window.clicks("#exchange .part.good summary").await;
        window.sees("#exchange .part.good[open] .tree", "one").await;
        window.sees("#exchange .part.good[open] .tree h4", "Result").await;
        window.shot("batch").await;
    })
    .await;
}

/// The same page over TLS: modules, the stream of news, and acts; an RT event is there as it is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_lives_over_tls() {
    window::play("tls", async |window| {
        let emulator = Emulator::builder().tls().installed().start().await.unwrap();
        let portal = emulator.portal();
        assert!(emulator.url().starts_with("https://"));
        window.size(1280, 800).await;
        window.open(&emulator.url()).await;
        window.types("#client-text", "over TLS\n").await;
        window.sees("#operator-log .message.client", "over TLS").await;
        portal.client("Ann").says("and by itself").await;
        window.sees("#client-log .message.own", "and by itself").await;
        window.clicks("#kinds [data-kind=rt]").await;
        window.counts("#exchanges .row:not([hidden])", 0).await;
        let pem = std::fs::read(emulator.ca_path().unwrap()).unwrap();
        let ca = reqwest::Certificate::from_pem(&pem).unwrap();
        let http = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
        let app = portal.app();
        let query = [("grant_type", "authorization_code"), ("client_id", &app.client_id),
            ("client_secret", &app.client_secret), ("code", &portal.authorization_code())];
        let url = format!("{}/oauth/token/", emulator.url());
        let pair: Value = http.get(url).query(&query).send().await.unwrap().json().await.unwrap();
        let event = json!({"auth": pair["access_token"], "COMMAND": "order_new", "PARAMS": {"id": 15}, "USER_ID": [1, 27]});
        let url = format!("{}/rest/pull.application.event.add", emulator.url());
        assert_eq!(http.post(url).json(&event).send().await.unwrap().status(), 200);
        window.sees("#exchanges .row:not([hidden])", "application:order_new").await;
        window.sees("#exchanges .row:not([hidden]) small", "to 1, 27").await;
        window.clicks("#exchanges .row:not([hidden])").await;
        window.sees("#exchange .tree", "15").await;
        // A call is made again from the page itself.
        window.clicks("#kinds [data-kind=call]").await;
        window.counts("#exchanges .row.oauth .arrow svg", 1).await;
        window.clicks("#exchanges .row.call:not([hidden])").await;
        window.clicks("#again").await;
        window.sees("#toast", "Called again: 200.").await;
    })
    .await;
}
