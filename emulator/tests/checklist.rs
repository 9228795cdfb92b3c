//! Behaviour that is easy to miss, as far as no other file has it, and input at the edge of what there can be.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::collections::BTreeSet;

use openlines_emulator::Emulator;
use serde_json::{Value, json};
use support::{App, Handler, SOON, of};

async fn stage() -> (Emulator, Handler, App) {
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    (emulator, handler, app)
}

#[tokio::test]
async fn every_callback_names_its_handler_before_its_data() {
    let (_emulator, handler, app) = stage().await;
    app.register_v1("one", &handler).await;
    app.register_v2("two", &handler).await;
    app.portal.client("Ann").says("hello").await;
    app.portal.settled(SOON).await;
    let deliveries = app.portal.deliveries();
    assert!(deliveries.len() >= 3);
    for delivery in deliveries {
        let body = String::from_utf8(delivery.body.to_vec()).unwrap();
        let names: Vec<&str> = body.split('&').map(|pair| pair.split(['=', '%']).next().unwrap()).collect();
        assert_eq!(&names[..3], ["event", "event_handler_id", "data"], "{}", delivery.event);
    }
}

#[tokio::test]
async fn in_a_line_only_bots_for_open_lines_hear() {
    let (_emulator, handler, app) = stage().await;
    let helper = app.register_v1("helper", &handler).await;
    let plain =
        json!({"CODE": "plain", "TYPE": "B", "EVENT_HANDLER": handler.url, "PROPERTIES": {"NAME": "plain"}});
    let plain = app.ok("imbot.register", plain).await.as_i64().unwrap();
    for (bot_id, hears) in [(helper, 1), (plain, 0)] {
        app.portal.line().welcome_bot(Some(bot_id));
        let before = of(&app.portal, "ONIMBOTMESSAGEADD").len();
        app.portal.client(&format!("Client of {bot_id}")).says("hello").await;
        app.portal.settled(SOON).await;
        assert_eq!(of(&app.portal, "ONIMBOTMESSAGEADD").len() - before, hears);
    }
    assert_eq!(of(&app.portal, "ONIMBOTJOINCHAT").len(), 2, "both were let in");
}

#[tokio::test]
async fn the_limit_of_a_keyboard_is_sixty_thousand_characters_of_what_is_stored() {
    let (_emulator, handler, app) = stage().await;
    app.register_v1("helper", &handler).await;
    let ann = app.portal.client("Ann");
    ann.says("hello").await;
    let send = |length: usize| {
        let keyboard = json!([{"TEXT": "x".repeat(length), "LINK": "/x"}]);
        json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "hi", "KEYBOARD": keyboard})
    };
    app.ok("imbot.message.add", send(1)).await;
    let stored = app.portal.bot_messages()[0].keyboard.clone().unwrap();
    // The portal writes each slash with a backslash before it.
    let around = stored.to_string().replace('/', "\\/").chars().count() - 1;
    app.ok("imbot.message.add", send(59_999 - around)).await;
    assert_eq!(app.refused("imbot.message.add", send(60_000 - around), 400).await, "PARAM_KEYBOARD_ERROR");
}

#[tokio::test]
async fn an_attachment_gets_a_number_and_a_colour_of_the_portals_choice() {
    let (_emulator, handler, app) = stage().await;
    app.register_v1("helper", &handler).await;
    app.portal.clock().stop();
    let ann = app.portal.client("Ann");
    ann.says("hello").await;
    let mut colours = BTreeSet::new();
    // Forty draws of ten colours come out alike once in 10 to the power of 39.
    for _ in 0..40 {
        let attach = json!({"ID": 5, "BLOCKS": [{"MESSAGE": "x"}]});
        app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "hi", "ATTACH": attach}))
            .await;
        let stored = app.portal.bot_messages().pop().unwrap();
        let attach = stored.attach.unwrap();
        assert_eq!(attach["ID"], stored.unix, "its own ID does not count");
        colours.insert(attach["COLOR"].as_str().unwrap().to_owned());
    }
    assert!(colours.len() > 1 && colours.iter().all(|colour| colour.starts_with('#')), "{colours:?}");
}

#[tokio::test]
async fn numbers_at_their_edge_break_nothing() {
    let (_emulator, handler, app) = stage().await;
    let portal = &app.portal;
    let bot_id = app.register_v1("helper", &handler).await;
    for edge in ["9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e308", "", "Y"] {
        let names = [
            "WELCOME_BOT_TIME",
            "QUEUE_TIME",
            "AUTO_CLOSE_TIME",
            "FULL_CLOSE_TIME",
            "WORKTIME_FROM",
            "WORKTIME_TO",
        ];
        let mut params: serde_json::Map<String, Value> =
            names.into_iter().map(|name| (name.to_owned(), json!(edge))).collect();
        params.insert("WORKTIME_ENABLE".to_owned(), json!("Y"));
        app.ok("imopenlines.config.update", json!({"CONFIG_ID": portal.line_id(), "PARAMS": params})).await;
        let options = json!({"minTimeout": edge});
        let bind = json!({"event": "OnOfflineEvent", "handler": format!("{}?{}", handler.url, edge.len()), "options": options});
        app.call("event.bind", bind).await;
        app.call("event.bind", json!({"event": "OnSessionStart", "event_type": "offline"})).await;
        let client = portal.client(&format!("Client {edge:?}"));
        client.says("hello").await;
        let ivan = portal.operator("Ivan");
        ivan.says(&client, "hi").await;
        client.says("0").await;
        ivan.skips(&client).await;
        ivan.finishes(&client).await;
        for (method, params) in [
            ("imbot.v2.Event.get", json!({"botId": bot_id, "offset": edge, "limit": edge})),
            ("imbot.v2.Bot.list", json!({"offset": edge, "limit": edge})),
            ("imbot.v2.Chat.Message.getContext", json!({"botId": bot_id, "messageId": 1, "range": edge})),
            (
                "imbot.v2.Chat.Message.read",
                json!({"botId": bot_id, "dialogId": client.dialog_id(), "messageId": edge}),
            ),
            ("crm.lead.list", json!({"start": edge, "filter": {"ID": edge, ">ID": [edge]}})),
            ("event.offline.list", json!({"start": edge, "limit": edge})),
            ("event.offline.get", json!({"limit": edge})),
            (
                "imopenlines.network.message.add",
                json!({"CODE": portal.network_code(), "USER_ID": edge, "MESSAGE": "x"}),
            ),
            ("imconnector.activate", json!({"CONNECTOR": edge, "LINE": edge, "ACTIVE": edge})),
        ] {
            let (status, body) = app.call(method, params).await;
            assert!(body.is_object() && status < 500, "{method} {edge}: {status} {body}");
        }
    }
    portal.clock().advance(std::time::Duration::from_secs(1_000_000_000));
    portal.close_due_sessions();
    assert_eq!(app.call("server.time", json!({})).await.0, 401, "alive, and the token has expired long ago");
}
