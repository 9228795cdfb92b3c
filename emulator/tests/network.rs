//! Messages through lines of the network, and RT events.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{App, post, stage};

const ADD: &str = "imopenlines.network.message.add";

#[tokio::test]
async fn a_user_gets_one_network_message_a_week() {
    let (emulator, handler, app, portal) = stage().await;
    let with = |change: Value| {
        let mut params = json!({"code": portal.network_code(), "user_id": 27, "message": "hi"});
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        params
    };
    assert_eq!(app.refused(ADD, with(json!({"message": " "})), 400).await, "MESSAGE_EMPTY");
    assert_eq!(app.ok(ADD, with(json!({}))).await, true, "a failed call uses nothing up");
    assert_eq!(
        app.refused(ADD, with(json!({"message": ""})), 400).await,
        "USER_MESSAGE_LIMIT",
        "checked first"
    );
    assert_eq!(app.ok(ADD, with(json!({"user_id": 1}))).await, true, "each user has a week of their own");
    portal.clock().advance(Duration::from_secs(7 * 86_400 - 60));
    let app = App::install(&emulator, &handler).await;
    assert_eq!(app.refused(ADD, with(json!({})), 400).await, "USER_MESSAGE_LIMIT");
    portal.clock().advance(Duration::from_secs(60));
    assert_eq!(app.ok(ADD, with(json!({}))).await, true);
    assert_eq!(app.refused(ADD, with(json!({})), 400).await, "USER_MESSAGE_LIMIT");
    portal.set_nfr(true);
    assert_eq!(app.ok(ADD, with(json!({}))).await, true);
    let sent: Vec<i64> = portal.network_messages().iter().map(|message| message.user_id).collect();
    assert_eq!(sent, [27, 1, 27, 27]);
    assert!(portal.bot_messages().is_empty(), "a network line's messages are not the bot's");
}

#[tokio::test]
async fn network_messages_are_refused_in_the_portals_order() {
    let (_emulator, _handler, app, portal) = stage().await;
    let code = portal.network_code();
    for (params, refusal) in [
        (json!({"CODE": "short"}), "CODE"),
        (json!({"CODE": "f".repeat(32)}), "NOT_FOUND"),
        (json!({"CODE": portal.unjoined_network_code()}), "NOT_FOUND"),
        (json!({"CODE": code}), "USER_ID_EMPTY"),
        (json!({"CODE": code, "USER_ID": 27}), "MESSAGE_EMPTY"),
        (
            json!({"CODE": code, "USER_ID": 27, "MESSAGE": "x", "ATTACH": "no", "KEYBOARD": "no"}),
            "ATTACH_ERROR",
        ),
        (
            json!({"CODE": code, "USER_ID": 27, "MESSAGE": "x", "KEYBOARD": "[{\"TEXT\":\"a\",\"LINK\":\"/a\"}]"}),
            "KEYBOARD_ERROR",
        ),
    ] {
        assert_eq!(app.refused(ADD, params, 400).await, refusal);
    }
    let keyboard = json!([{"TEXT": "Open", "LINK": "https://example.com/"}]);
    let params = json!({"CODE": code, "USER_ID": 27, "MESSAGE": "x", "KEYBOARD": keyboard});
    app.ok(ADD, params).await;
    assert_eq!(portal.network_messages()[0].keyboard.as_ref().unwrap()[0]["TEXT"], "Open");
}

#[tokio::test]
async fn a_network_line_is_joined_once() {
    let (_emulator, _handler, app, portal) = stage().await;
    let join = json!({"CODE": portal.unjoined_network_code()});
    let bot_id = app.ok("imopenlines.network.join", join.clone()).await;
    assert_eq!(app.ok("imopenlines.network.join", join.clone()).await, bot_id);
    assert_eq!(app.refused("imopenlines.network.join", json!({"CODE": "x"}), 400).await, "CODE");
    let params = json!({"CODE": join["CODE"], "USER_ID": 27, "MESSAGE": "x"});
    assert_eq!(app.ok(ADD, params).await, true);
}

#[tokio::test]
async fn rt_events_are_checked_and_kept() {
    let (_emulator, _handler, app, portal) = stage().await;
    let name = "pull.application.event.add";
    app.ok(name, json!({"COMMAND": "order_new", "PARAMS": {"id": 15}})).await;
    app.ok(name, json!({"COMMAND": "order_new", "USER_ID": "[27, 0]", "MODULE_ID": "shop.bot"})).await;
    app.ok(name, json!({"COMMAND": "order_new", "USER_ID": []})).await;
    assert_eq!(
        app.refused(name, json!({"COMMAND": "order new", "MODULE_ID": "Shop"}), 400).await,
        "MODULE_ID_ERROR"
    );
    assert_eq!(app.refused(name, json!({"COMMAND": "order new"}), 400).await, "COMMAND_ERROR");
    assert_eq!(app.refused(name, json!({"COMMAND": "x", "PARAMS": "nonsense"}), 400).await, "PARAMS_ERROR");
    let rt = portal.rt_events();
    assert_eq!(rt.len(), 2);
    assert_eq!(
        (rt[0].user_ids.clone(), rt[0].module_id.as_str(), &rt[0].params),
        (None, "application", &json!({"id": 15}))
    );
    assert_eq!((rt[1].user_ids.clone(), rt[1].module_id.as_str()), (Some(vec![27]), "shop.bot"));
    let url = format!("{}{name}", portal.webhook_url());
    let (status, body) = post(&app.http, &url, &json!({"COMMAND": "x"})).await;
    assert_eq!((status, &body["error"]), (403, &json!("WRONG_AUTH_TYPE")));
    let config = app.ok("pull.application.config.get", json!({})).await;
    assert_eq!(config["server"]["version"], 3);
}
