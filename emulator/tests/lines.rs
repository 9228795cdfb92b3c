//! Sessions of the open line: who leads, hand-over, and what the CRM methods allow.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::{BotJoins, BotLeaves};
use serde_json::{Value, json};
use support::{App, SOON, events, of, only, stage, with_v1_bot};

#[tokio::test]
async fn a_first_message_starts_a_session_and_lets_the_welcome_bot_in() {
    let (_emulator, handler, app, portal) = stage().await;
    app.ok("event.bind", json!({"event": "OnSessionStart", "handler": handler.url})).await;
    let bot_id = app.register_v1("helper", &handler).await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    ann.says("anyone?").await;
    portal.settled(SOON).await;
    let order =
        ["ONAPPINSTALL", "ONSESSIONSTART", "ONIMBOTJOINCHAT", "ONIMBOTMESSAGEADD", "ONIMBOTMESSAGEADD"];
    assert_eq!(events(&portal), order);
    let start = &only(&portal, "ONSESSIONSTART")["data"]["DATA"];
    assert_eq!(start["chat"]["chat_id"], ann.chat_id().to_string());
    assert_eq!(start["line"]["id"], portal.line_id().to_string());
    assert_eq!(portal.session_operator(ann.chat_id()), Some(bot_id));
    let params = of(&portal, "ONIMBOTMESSAGEADD")[0].form()["data"]["PARAMS"].clone();
    let entity = params["CHAT_ENTITY_ID"].as_str().unwrap();
    assert!(entity.starts_with(&format!("livechat|{}|", portal.line_id())));
    assert!(entity.ends_with(&format!("|{}", ann.user_id())));
    assert_eq!(params["CHAT_ENTITY_DATA_2"], format!("LEAD|0|COMPANY|0|CONTACT|0|DEAL|{}", portal.deal_id()));
    assert!(
        params["CHAT_ENTITY_DATA_1"]
            .as_str()
            .unwrap()
            .starts_with(&format!("Y|DEAL|{}|N|N|", portal.deal_id()))
    );
}

#[tokio::test]
async fn a_zero_hands_the_dialog_over_after_the_bot_has_heard_it() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    ann.says(" 0 ").await;
    ann.says("is anyone there?").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 2);
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD")[1].form()["data"]["PARAMS"]["MESSAGE"], "0");
    assert_eq!(portal.session_operator(ann.chat_id()), Some(0));
    let again = app.refused("imopenlines.bot.session.operator", json!({"chat_id": ann.chat_id()}), 400).await;
    assert_eq!(again, "WRONG_CHAT");
}

#[tokio::test]
async fn an_operator_takes_over_and_the_dialog_shows_who_leads() {
    let (_emulator, handler, app, portal) = stage().await;
    portal.line().bot_leaves(BotLeaves::WhenClosed);
    let bot_id = app.register_v1("helper", &handler).await;
    let ann = portal.client("Ann");
    let owner = async |app: &App| {
        let dialog = app.ok("imopenlines.dialog.get", json!({"chat_id": ann.chat_id()})).await;
        dialog["owner"].as_i64().unwrap()
    };
    ann.says("hello").await;
    assert_eq!(owner(&app).await, bot_id);
    let ivan = portal.operator("Ivan");
    ivan.takes(&ann).await;
    assert_eq!(owner(&app).await, ivan.user_id());
    ivan.finishes(&ann).await;
    assert_eq!(portal.session_status(ann.chat_id()), Some(60));
    ann.says("me again").await;
    assert_eq!(owner(&app).await, bot_id, "a new session begins with the bot");
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTJOINCHAT").len(), 2);
}

#[tokio::test]
async fn the_bot_joins_only_the_first_session_if_the_line_says_so() {
    let (_emulator, handler, app, portal) = stage().await;
    portal.line().bot_joins(BotJoins::FirstSession);
    app.register_v1("helper", &handler).await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.operator("Ivan").finishes(&ann).await;
    ann.says("me again").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTJOINCHAT").len(), 1);
    assert_eq!(portal.session_status(ann.chat_id()), Some(0), "new, and nobody has answered");
}

#[tokio::test]
async fn a_bot_transfers_and_finishes_its_session() {
    let (_emulator, handler, app, portal) = stage().await;
    let ann = portal.client("Ann");
    let transfer = |change: Value| {
        let mut params = json!({"CHAT_ID": ann.chat_id()});
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        params
    };
    let name = "imopenlines.bot.session.transfer";
    assert_eq!(app.refused(name, transfer(json!({"USER_ID": 27})), 400).await, "BOT_ID_ERROR");
    app.register_v1("helper", &handler).await;
    assert_eq!(
        app.refused(name, transfer(json!({"USER_ID": 27})), 400).await,
        "OPERATOR_WRONG",
        "no session"
    );
    ann.says("hello").await;
    for (change, code) in [
        (json!({}), "TRANSFER_ID_EMPTY"),
        (json!({"USER_ID": 0}), "USER_ID_EMPTY"),
        (json!({"QUEUE_ID": ""}), "QUEUE_ID_EMPTY"),
        (json!({"TRANSFER_ID": "queue"}), "TRANSFER_ID_EMPTY"),
        (json!({"USER_ID": ann.user_id()}), "OPERATOR_WRONG"),
    ] {
        assert_eq!(app.refused(name, transfer(change), 400).await, code);
    }
    assert_eq!(app.refused(name, json!({"USER_ID": 27}), 400).await, "CHAT_ID_EMPTY");
    assert_eq!(app.ok(name, transfer(json!({"TRANSFER_ID": "27", "LEAVE": "Y"}))).await, true);
    assert_eq!(portal.session_operator(ann.chat_id()), Some(27));
    assert_eq!(app.ok("imopenlines.bot.session.finish", json!({"chat_id": ann.chat_id()})).await, true);
    assert_eq!(portal.session_status(ann.chat_id()), Some(60));
    assert_eq!(app.ok("imopenlines.bot.session.finish", json!({"chat_id": ann.chat_id()})).await, true);
}

#[tokio::test]
async fn session_messages_always_succeed_and_sometimes_speak() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let send = |name: &str, text: &str| json!({"CHAT_ID": ann.chat_id(), "NAME": name, "MESSAGE": text});
    for (name, text) in [("DEFAULT", "hi"), ("DEFAULT", ""), ("OTHER", "x"), ("WELCOME", "")] {
        assert_eq!(app.ok("imopenlines.bot.session.message.send", send(name, text)).await, true);
    }
    let texts: Vec<String> = portal.bot_messages().into_iter().map(|message| message.text).collect();
    assert_eq!(texts, ["hi", "Welcome to the open channel!"]);
}

#[tokio::test]
async fn a_crm_message_is_checked_in_the_portals_order_and_gets_an_attachment() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let ann = portal.client("Ann");
    let name = "imopenlines.crm.message.add";
    let with = |change: Value| {
        let mut params = json!({"CRM_ENTITY_TYPE": "deal", "CRM_ENTITY": portal.deal_id(), "USER_ID": bot_id,
            "CHAT_ID": ann.chat_id(), "MESSAGE": "hi"});
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        params
    };
    assert_eq!(app.refused(name, with(json!({})), 400).await, "CHAT_NOT_IN_CRM", "no session yet");
    ann.says("hello").await;
    for (change, argument) in [
        (json!({"CRM_ENTITY_TYPE": "", "MESSAGE": ""}), "CRM_ENTITY_TYPE"),
        (json!({"CRM_ENTITY": 0, "MESSAGE": ""}), "CRM_ENTITY"),
        (json!({"USER_ID": "x"}), "USER_ID"),
        (json!({"CHAT_ID": "chat5"}), "CHAT_ID"),
        (json!({"MESSAGE": "0"}), "MESSAGE"),
    ] {
        let (status, body) = app.call(name, with(change)).await;
        assert_eq!(
            (status, &body["error"], &body["argument"]),
            (400, &json!("ERROR_ARGUMENT"), &json!(argument))
        );
    }
    let lower = app.call(name, json!({"crm_entity_type": "deal"})).await.1;
    assert_eq!(lower["argument"], "CRM_ENTITY_TYPE", "lower-case names are ignored");
    assert_eq!(app.refused(name, with(json!({"CRM_ENTITY": 99_999})), 403).await, "ACCESS_DENIED");
    assert_eq!(app.refused(name, with(json!({"USER_ID": ann.user_id()})), 403).await, "ACCESS_DENIED");
    portal.set_crm_reader(portal.admin_id(), false);
    assert_eq!(app.refused(name, with(json!({})), 403).await, "ACCESS_DENIED");
    portal.set_crm_reader(portal.admin_id(), true);
    let bob = portal.client("Bob");
    bob.says("hello").await;
    assert_ne!(bob.deal_id(), portal.deal_id());
    assert_eq!(app.refused(name, with(json!({"CHAT_ID": bob.chat_id()})), 400).await, "CHAT_NOT_IN_CRM");
    assert_eq!(app.refused(name, with(json!({"USER_ID": 27})), 400).await, "CANCELED", "not in the chat");

    let id = app.ok(name, with(json!({}))).await;
    let message = portal.bot_messages().pop().unwrap();
    assert_eq!((message.id, message.text.as_str()), (id.as_i64().unwrap(), "hi"));
    assert!(message.attach.unwrap().to_string().contains("automatically"));
    portal.operator("Ivan").finishes(&ann).await;
    assert_eq!(app.refused(name, with(json!({})), 400).await, "CHAT_NOT_IN_CRM", "closed");
}

#[tokio::test]
async fn chats_of_a_deal_are_found_and_joined() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let deal = json!({"CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY": portal.deal_id()});
    let chats = app.ok("imopenlines.crm.chat.get", deal.clone()).await;
    let row = json!([{"CHAT_ID": ann.chat_id().to_string(), "CONNECTOR_ID": "livechat", "CONNECTOR_TITLE": "Live Chat"}]);
    assert_eq!(chats, row);
    assert_eq!(app.ok("imopenlines.crm.chat.getLastId", deal.clone()).await, ann.chat_id());
    assert_eq!(
        app.refused("imopenlines.crm.chat.getLastId", json!({}), 400).await,
        "CRM_CHAT_EMPTY_CRM_DATA"
    );
    let mut add = deal;
    add["USER_ID"] = json!(27);
    assert_eq!(app.ok("imopenlines.crm.chat.user.add", add).await, ann.chat_id());
}

#[tokio::test]
async fn a_dialog_is_found_four_ways_and_its_history_is_readable() {
    let (_emulator, _handler, app, portal) = stage().await;
    let ann = portal.client("Ann");
    let id = ann.says("hello").await;
    let chat = app.ok("imopenlines.dialog.get", json!({"DIALOG_ID": ann.dialog_id()})).await;
    assert_eq!(
        (&chat["type"], &chat["message_type"], &chat["entity_type"]),
        (&json!("lines"), &json!("L"), &json!("LINES"))
    );
    let session = chat["entity_data_1"].as_str().unwrap().split('|').nth(5).unwrap().to_owned();
    for params in [
        json!({"chat_id": ann.chat_id()}),
        json!({"session_id": session}),
        json!({"user_code": chat["entity_id"]}),
        json!({"user_code": format!("imol|{}", chat["entity_id"].as_str().unwrap())}),
    ] {
        assert_eq!(app.ok("imopenlines.dialog.get", params).await["id"], ann.chat_id());
    }
    assert_eq!(app.refused("imopenlines.dialog.get", json!({"chat_id": 5}), 400).await, "ACCESS_ERROR");
    let history = app.ok("imopenlines.session.history.get", json!({"CHAT_ID": ann.chat_id()})).await;
    assert_eq!(history["message"][id.to_string()]["text"], "hello");
    let missing = app.refused("imopenlines.session.history.get", json!({}), 400).await;
    assert_eq!(missing, "MISSING_REQUIRED_PARAM");
}
