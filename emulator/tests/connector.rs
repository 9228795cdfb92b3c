//! An application brings a channel of its own.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use serde_json::{Value, json};
use support::{App, SOON, of, only, post, stage, with_v1_bot};

fn connector(id: &str) -> Value {
    json!({"ID": id, "NAME": "My channel", "ICON": {"DATA_IMAGE": "data:image/svg+xml,x"},
        "PLACEMENT_HANDLER": "http://127.0.0.1/settings"})
}

fn inbound(text: &str) -> Value {
    json!([{"user": {"id": "u-7", "name": "Ann", "last_name": "Lee"}, "message": {"id": "ext-1", "date": 1, "text": text},
        "chat": {"id": "channel-123"}}])
}

#[tokio::test]
async fn a_connector_is_refused_with_status_200_and_the_error_inside() {
    let (_emulator, _handler, app, _) = stage().await;
    for (change, code) in [
        (json!({"ID": "a.b"}), "APPLICATION_REGISTRATION_ERROR_POINT"),
        (json!({"ID": ""}), "CONNECTOR_ID_REQUIRED"),
        (json!({"NAME": ""}), "NAME_REQUIRED"),
        (json!({"ICON": {}}), "ICON_REQUIRED"),
        (json!({"PLACEMENT_HANDLER": ""}), "NO_PLACEMENT_HANDLER"),
        (json!({"ID": "livechat"}), "APPLICATION_REGISTRATION_ERROR"),
    ] {
        let mut params = connector("mine");
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, body) = app.call("imconnector.register", params).await;
        assert_eq!((status, &body["result"], &body["error"]), (200, &json!(false), &json!(code)));
    }
    assert_eq!(app.ok("imconnector.register", connector("Mine")).await["result"], true);
    assert_eq!(app.ok("imconnector.list", json!({})).await["mine"], "My channel");
    let url = format!("{}imconnector.register", app.portal.webhook_url());
    let (status, body) = post(&app.http, &url, &connector("other")).await;
    assert_eq!((status, &body["error"]), (403, &json!("WRONG_AUTH_TYPE")));
    let (_, body) = app.call("imconnector.unregister", json!({"ID": "livechat"})).await;
    assert_eq!(body["error"], "APPLICATION_UNREGISTRATION_ERROR");
    assert_eq!(app.ok("imconnector.unregister", json!({"ID": "mine"})).await["result"], true);
    assert!(app.ok("imconnector.list", json!({})).await.get("mine").is_none());
}

#[tokio::test]
async fn messages_go_in_and_out_through_the_applications_channel() {
    let (_emulator, handler, app, portal) = stage().await;
    let line = portal.line_id();
    for event in [
        "OnImConnectorMessageAdd",
        "OnImConnectorMessageUpdate",
        "OnImConnectorMessageDelete",
        "OnImConnectorDialogStart",
        "OnImConnectorDialogFinish",
        "OnImConnectorStatusDelete",
        "OnImConnectorLineDelete",
    ] {
        app.ok("event.bind", json!({"event": event, "handler": handler.url})).await;
    }
    let bot_id = app.register_v1("helper", &handler).await;
    app.ok("imconnector.register", connector("mine")).await;
    let send = |messages: Value| json!({"CONNECTOR": "mine", "LINE": line, "MESSAGES": messages});
    let name = "imconnector.send.messages";
    assert_eq!(app.refused(name, send(inbound("hello")), 400).await, "NOT_ACTIVE_LINE", "not switched on");
    let on = json!({"CONNECTOR": "mine", "LINE": line, "ACTIVE": 1});
    assert_eq!(app.ok("imconnector.activate", on).await, true);
    let status = app.ok("imconnector.status", json!({"CONNECTOR": "mine", "LINE": line})).await;
    assert_eq!((&status["STATUS"], &status["CONFIGURED"]), (&json!(true), &json!(true)));
    for (messages, code) in [
        (json!("x"), "ERROR_ARGUMENT"),
        (json!(["x"]), "100"),
        (json!([{"user": {"id": 1}, "chat": {"id": 1}}]), "100"),
        (inbound(""), "IMCONNECTOR_NOT_ALL_THE_REQUIRED_DATA"),
    ] {
        assert_eq!(app.refused(name, send(messages), 400).await, code);
    }
    let unknown = json!({"CONNECTOR": "none", "LINE": line, "MESSAGES": inbound("x")});
    assert_eq!(app.refused(name, unknown, 400).await, "IMCONNECTOR_NO_CORRECT_PROVIDER");

    let sent = app.ok(name, send(inbound("hello"))).await;
    let chat_id: i64 = sent["DATA"]["RESULT"][0]["session"]["CHAT_ID"].as_str().unwrap().parse().unwrap();
    assert_eq!(sent["SUCCESS"], true);
    app.ok(name, send(inbound("me again"))).await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 2, "both in one chat");
    let start = only(&portal, "ONIMCONNECTORDIALOGSTART");
    assert_eq!(start["data"]["DATA"][0]["chat"]["id"], "channel-123");
    assert_eq!(start["data"]["DATA"][0]["user"]["id"], "u-7");

    let answer =
        app.ok("imbot.message.add", json!({"DIALOG_ID": format!("chat{chat_id}"), "MESSAGE": "hi"})).await;
    portal.settled(SOON).await;
    let out = only(&portal, "ONIMCONNECTORMESSAGEADD")["data"].clone();
    let row = &out["MESSAGES"][0];
    assert_eq!((&out["CONNECTOR"], &out["LINE"]), (&json!("mine"), &json!(line.to_string())));
    assert_eq!(row["im"], json!({"chat_id": chat_id.to_string(), "message_id": answer.to_string()}));
    assert_eq!(row["message"]["text"], "[b]helper:[/b] [br]hi");
    assert_eq!(row["user"]["ID"], bot_id.to_string());
    assert!(!portal.seen_in(chat_id).last().unwrap().delivered);
    let confirm = json!([{"im": row["im"], "message": {"id": ["out-1"]}, "chat": {"id": "channel-123"}}]);
    let done = app.ok("imconnector.send.status.delivery", send(confirm)).await;
    assert_eq!(done["SUCCESS"], true);
    assert!(portal.seen_in(chat_id).last().unwrap().delivered);
    app.ok("imbot.message.update", json!({"MESSAGE_ID": answer, "MESSAGE": "hi!"})).await;
    app.ok("imbot.message.delete", json!({"MESSAGE_ID": answer})).await;
    app.ok("imopenlines.bot.session.finish", json!({"CHAT_ID": chat_id})).await;
    app.ok("imconnector.activate", json!({"CONNECTOR": "mine", "LINE": line, "ACTIVE": 0})).await;
    app.ok("imopenlines.config.delete", json!({"CONFIG_ID": line})).await;
    portal.settled(SOON).await;
    let update = only(&portal, "ONIMCONNECTORMESSAGEUPDATE");
    assert_eq!(update["data"]["MESSAGES"][0]["message"], json!({"id": ["out-1"], "text": "hi!"}));
    let delete = only(&portal, "ONIMCONNECTORMESSAGEDELETE");
    assert_eq!(delete["data"]["MESSAGES"][0]["message"], json!({"id": "out-1"}));
    let finish = only(&portal, "ONIMCONNECTORDIALOGFINISH");
    assert_eq!(finish["data"]["DATA"][0]["session"]["closed"], "Y");
    let off = only(&portal, "ONIMCONNECTORSTATUSDELETE");
    assert_eq!(off["data"], json!({"connector": "mine", "line": line.to_string()}));
    assert_eq!(only(&portal, "ONIMCONNECTORLINEDELETE")["data"], line.to_string());
}

#[tokio::test]
async fn connector_events_of_others_reach_nobody() {
    let (_emulator, handler, app, portal) = stage().await;
    app.ok("event.bind", json!({"event": "OnImConnectorMessageAdd", "handler": handler.url})).await;
    let ann = portal.client_on("Ann", "whatsapp", portal.line_id());
    ann.says("hello").await;
    portal.operator("Ivan").says(&ann, "Good day").await;
    portal.settled(SOON).await;
    assert!(of(&portal, "ONIMCONNECTORMESSAGEADD").is_empty());
    assert!(ann.sees()[1].delivered, "the portal's own channels confirm at once");
}

/// The line's channel `mine`, ready, and the chat of its first message.
async fn dialog(app: &App, group: &str) -> (i64, Value) {
    let line = app.portal.line_id();
    let mut params = connector("mine");
    params["CHAT_GROUP"] = json!(group);
    app.ok("imconnector.register", params).await;
    let on = json!({"CONNECTOR": "mine", "LINE": line, "ACTIVE": 1});
    app.ok("imconnector.activate", on).await;
    let address = json!({"CONNECTOR": "mine", "LINE": line});
    let mut send = address.clone();
    send["MESSAGES"] = inbound("hello");
    let sent = app.ok("imconnector.send.messages", send).await;
    (sent["DATA"]["RESULT"][0]["session"]["CHAT_ID"].as_str().unwrap().parse().unwrap(), address)
}

fn with(address: &Value, more: Value) -> Value {
    let mut params = address.clone();
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

#[tokio::test]
async fn a_channel_says_that_a_message_was_read() {
    let (_emulator, _handler, app, _, _) = with_v1_bot().await;
    let (chat_id, address) = dialog(&app, "N").await;
    let say = json!({"DIALOG_ID": format!("chat{chat_id}"), "MESSAGE": "hi"});
    let id = app.ok("imbot.message.add", say).await;
    let row = json!([{"im": {"chat_id": chat_id, "message_id": id}, "message": {"id": ["out-1"]}, "chat": {"id": "channel-123"}}]);
    let seen = || app.portal.seen_in(chat_id).pop().unwrap();
    let name = "imconnector.send.status.reading";
    assert_eq!((seen().delivered, seen().read), (false, false));
    assert_eq!(app.refused(name, address.clone(), 400).await, "ERROR_ARGUMENT");
    let done = app.ok(name, with(&address, json!({"MESSAGES": row}))).await;
    assert_eq!(done, json!({"SUCCESS": true, "DATA": {"RESULT": row}}));
    assert_eq!((seen().delivered, seen().read), (true, true));
    app.ok("imbot.message.update", json!({"MESSAGE_ID": id, "MESSAGE": "hi!"})).await;
    assert!(seen().edited && seen().read, "an edit takes nothing back");
}

#[tokio::test]
async fn a_channel_with_an_error_takes_nothing_until_it_is_switched_on_again() {
    let (_emulator, _handler, app, _, _) = with_v1_bot().await;
    let (chat_id, address) = dialog(&app, "N").await;
    assert_eq!(
        app.refused("imconnector.set.error", json!({"CONNECTOR": "mine"}), 400).await,
        "ERROR_ARGUMENT"
    );
    let nowhere = json!({"CONNECTOR": "mine", "LINE": 999});
    assert_eq!(app.ok("imconnector.set.error", nowhere).await, false);
    assert_eq!(app.ok("imconnector.set.error", address.clone()).await, true);
    let status = app.ok("imconnector.status", address.clone()).await;
    assert_eq!(
        (&status["ERROR"], &status["CONFIGURED"], &status["STATUS"]),
        (&json!(true), &json!(true), &json!(false))
    );
    let inbound = with(&address, json!({"MESSAGES": inbound("again")}));
    assert_eq!(app.refused("imconnector.send.messages", inbound.clone(), 400).await, "NOT_ACTIVE_LINE");
    let say = json!({"DIALOG_ID": format!("chat{chat_id}"), "MESSAGE": "hi"});
    assert_eq!(app.refused("imbot.message.add", say.clone(), 400).await, "ERROR_FROM_OTHER_MODULE");
    app.ok("imconnector.activate", with(&address, json!({"ACTIVE": 1}))).await;
    app.ok("imconnector.send.messages", inbound).await;
    app.ok("imbot.message.add", say).await;
}

#[tokio::test]
async fn a_channel_renames_the_chat_of_an_open_session() {
    for group in ["N", "Y"] {
        let (_emulator, _handler, app, _) = stage().await;
        let (chat_id, address) = dialog(&app, group).await;
        let name = "imconnector.chat.name.set";
        let title =
            async || app.ok("imopenlines.dialog.get", json!({"CHAT_ID": chat_id})).await["name"].clone();
        let full = json!({"CHAT_ID": "channel-123", "NAME": "VIP", "USER_ID": "u-7"});
        for missing in ["CHAT_ID", "NAME", "USER_ID"] {
            let mut params = with(&address, full.clone());
            params[missing] = json!("");
            if (group, missing) == ("Y", "USER_ID") {
                continue;
            }
            let (status, body) = app.call(name, params).await;
            assert_eq!(
                (status, &body["error"], &body["argument"]),
                (400, &json!("ERROR_ARGUMENT"), &json!(missing))
            );
        }
        let other = with(&address, json!({"CHAT_ID": "other", "NAME": "VIP", "USER_ID": "u-7"}));
        assert_eq!(app.refused(name, other, 400).await, "CHAT_RENAMING_FAILED");
        let stranger = with(&address, json!({"CHAT_ID": "channel-123", "NAME": "Nobody", "USER_ID": "u-8"}));
        assert_eq!(app.ok(name, stranger).await["SUCCESS"], true, "an unknown user is no error");
        assert_eq!(title().await == "Nobody", group == "Y", "in a group the user does not count");
        app.ok(name, with(&address, full.clone())).await;
        assert_eq!(title().await, "VIP");
        app.ok("imopenlines.session.start", json!({"CHAT_ID": chat_id})).await;
        app.ok("imopenlines.operator.finish", json!({"CHAT_ID": chat_id})).await;
        assert_eq!(
            app.refused(name, with(&address, full.clone()), 400).await,
            "CHAT_RENAMING_FAILED",
            "closed"
        );
        let unknown = with(&json!({"CONNECTOR": "none", "LINE": 22}), full.clone());
        assert_eq!(app.refused(name, unknown, 400).await, "IMCONNECTOR_NO_CORRECT_PROVIDER");
        app.ok("imconnector.activate", with(&address, json!({"ACTIVE": 0}))).await;
        assert_eq!(app.refused(name, with(&address, full), 400).await, "NOT_ACTIVE_LINE");
    }
}

#[tokio::test]
async fn a_channel_of_groups_has_one_chat_for_everybody_in_it_and_no_client() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let (chat_id, address) = dialog(&app, "Y").await;
    let from = |user: &str, chat: &str| {
        let row = json!([{"user": {"id": user, "name": user}, "message": {"id": "m", "text": user}, "chat": {"id": chat}}]);
        with(&address, json!({"MESSAGES": row}))
    };
    let chat_of = async |params: Value| {
        let sent = app.ok("imconnector.send.messages", params).await;
        sent["DATA"]["RESULT"][0]["session"]["CHAT_ID"].as_str().unwrap().parse::<i64>().unwrap()
    };
    assert_eq!(chat_of(from("u-8", "channel-123")).await, chat_id, "another one in the same group");
    let other = chat_of(from("u-7", "channel-124")).await;
    assert_ne!(other, chat_id, "the same one in another group");
    assert_eq!(chat_of(from("u-7", "channel-123")).await, chat_id);
    portal.settled(SOON).await;
    let heard = of(&portal, "ONIMBOTMESSAGEADD");
    let entity: Vec<_> =
        heard.iter().map(|heard| heard.form()["data"]["PARAMS"]["CHAT_ENTITY_ID"].clone()).collect();
    let id = |chat: &str| json!(format!("mine|{}|{chat}|0", portal.line_id()));
    assert_eq!(entity, [id("channel-123"), id("channel-123"), id("channel-124"), id("channel-123")]);
    let users: Vec<_> = heard.iter().map(|heard| heard.form()["data"]["USER"]["ID"].clone()).collect();
    assert!(users[0] == users[2] && users[0] != users[1], "each message has its author: {users:?}");
    assert_eq!(portal.session_operator(chat_id), Some(bot_id), "the bot meets a group as it meets a client");
}
