//! The REST methods of operators, sessions and line settings, with their errors in the order of the portal.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::Portal;
use serde_json::{Value, json};
use support::{App, SOON, of, only, post, stage, with_v1_bot};

/// A call by the admin's webhook, whose user is an operator like any other.
async fn by_admin(app: &App, portal: &Portal, method: &str, params: Value) -> (u16, Value) {
    post(&app.http, &format!("{}{method}", portal.webhook_url()), &params).await
}

#[tokio::test]
async fn the_operator_family_checks_chat_user_kind_and_right() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let group = portal.group_chat("Staff", &[]);
    let methods = [
        "operator.answer",
        "operator.skip",
        "operator.spam",
        "operator.finish",
        "operator.another.finish",
        "session.join",
        "session.start",
        "session.mode.silent",
        "crm.lead.create",
    ];
    for method in methods {
        let method = format!("imopenlines.{method}");
        for (chat_id, code) in
            [(json!(0), "CHAT_ID"), (json!(999_999), "CHAT_ID"), (json!(group), "CHAT_TYPE")]
        {
            assert_eq!(app.refused(&method, json!({"CHAT_ID": chat_id}), 400).await, code, "{method}");
        }
        portal.set_line_access(portal.admin_id(), false);
        let params = json!({"CHAT_ID": ann.chat_id()});
        assert_eq!(app.refused(&method, params, 400).await, "ACCESS_DENIED", "{method}");
        portal.set_line_access(portal.admin_id(), true);
    }
    portal.settled(SOON).await;
    let bot = &only(&portal, "ONIMBOTMESSAGEADD")["data"]["BOT"][bot_id.to_string()];
    let bots_own = App { token: bot["access_token"].as_str().unwrap().to_owned(), ..app };
    let code = bots_own.refused("imopenlines.operator.answer", json!({"CHAT_ID": ann.chat_id()}), 400).await;
    assert_eq!(code, "USER_ID", "a bot is no operator");
}

#[tokio::test]
async fn an_operator_answers_finishes_and_cannot_finish_for_another() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    let chat = || json!({"CHAT_ID": ann.chat_id()});
    assert_eq!(app.refused("imopenlines.operator.answer", chat(), 400).await, "", "no session, and no code");
    assert_eq!(app.refused("imopenlines.operator.finish", chat(), 400).await, "NOT_LOAD_SESSION_OR_CHAT");
    ann.says("hello").await;
    assert_eq!(app.refused("imopenlines.operator.finish", chat(), 400).await, "ERROR_USER_NOT_OPERATOR");
    assert_eq!(app.refused("imopenlines.crm.lead.create", chat(), 400).await, "ERROR_USER_NOT_OPERATOR");
    assert_eq!(app.ok("imopenlines.operator.answer", json!({"chat_id": ann.chat_id()})).await, true);
    assert_eq!(portal.session_operator(ann.chat_id()), Some(portal.admin_id()));
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 1, "no bot hears the click");
    assert_eq!(app.ok("imopenlines.crm.lead.create", chat()).await, true);
    let dialog = app.ok("imopenlines.dialog.get", chat()).await;
    assert!(!dialog["entity_data_2"].as_str().unwrap().contains("LEAD|0"), "{dialog}");
    portal.operator("Ivan").answers(&ann).await;
    assert_eq!(app.refused("imopenlines.operator.finish", chat(), 400).await, "ERROR_USER_NOT_OPERATOR");
    assert_eq!(app.ok("imopenlines.operator.another.finish", chat()).await, true);
    assert_eq!(portal.session_status(ann.chat_id()), Some(60));
    let code = app.refused("imopenlines.operator.another.finish", chat(), 400).await;
    assert_eq!(code, "IMOL_CHAT_ERROR_NOT_LOAD_DATA");
    ann.says("again").await;
    assert_eq!(app.ok("imopenlines.operator.spam", chat()).await, true);
    assert_eq!(portal.session_status(ann.chat_id()), Some(65));
}

#[tokio::test]
async fn an_operator_transfers_by_any_of_three_names() {
    let (_emulator, _handler, app, portal) = stage().await;
    let name = "imopenlines.operator.transfer";
    let ann = portal.client("Ann");
    let with = |change: Value| {
        let mut params = json!({"CHAT_ID": ann.chat_id()});
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        params
    };
    assert_eq!(app.refused(name, with(json!({"USER_ID": 27})), 400).await, "OPERATOR_WRONG", "no session");
    ann.says("hello").await;
    for (change, code) in [
        (json!({"CHAT_ID": 0}), "CHAT_ID_EMPTY"),
        (json!({}), "TRANSFER_ID_EMPTY"),
        (json!({"USER_ID": 0}), "USER_ID_EMPTY"),
        (json!({"QUEUE_ID": 0}), "QUEUE_ID_EMPTY"),
        (json!({"QUEUE_ID": 999}), "OPERATOR_WRONG"),
        (json!({"USER_ID": ann.user_id()}), "OPERATOR_WRONG"),
    ] {
        assert_eq!(app.refused(name, with(change), 400).await, code);
    }
    assert_eq!(app.ok(name, with(json!({"USER_ID": 27}))).await, true);
    assert_eq!(portal.session_operator(ann.chat_id()), Some(27));
    let sales = portal.add_line("Sales");
    assert_eq!(app.ok(name, with(json!({"TRANSFER_ID": format!("queue{}", sales.id())}))).await, true);
    assert_eq!(portal.session_line(ann.chat_id()), Some(sales.id()));
}

#[tokio::test]
async fn sessions_are_intercepted_opened_joined_pinned_and_rated() {
    let (_emulator, _handler, app, portal) = stage().await;
    let ann = portal.client("Ann");
    let said = ann.says("hello").await;
    portal.operator("Ivan").answers(&ann).await;
    let chat = || json!({"CHAT_ID": ann.chat_id()});
    let data = async |place: usize| {
        let dialog = app.ok("imopenlines.dialog.get", chat()).await;
        dialog["entity_data_1"].as_str().unwrap().split('|').nth(place).unwrap().to_owned()
    };
    assert_eq!(app.refused("imopenlines.session.intercept", json!({}), 400).await, "CHAT_ID_EMPTY");
    let code = app.refused("imopenlines.session.intercept", json!({"CHAT_ID": 5}), 400).await;
    assert_eq!(code, "OPERATOR_WRONG");
    assert_eq!(app.ok("imopenlines.session.intercept", chat()).await, true);
    assert_eq!(portal.session_operator(ann.chat_id()), Some(portal.admin_id()));

    let dialog = app.ok("imopenlines.dialog.get", chat()).await;
    let code = json!({"USER_CODE": format!("imol|{}", dialog["entity_id"].as_str().unwrap())});
    assert_eq!(app.ok("imopenlines.session.open", code).await["chatId"], ann.chat_id());
    let unknown = app.refused("imopenlines.session.open", json!({"USER_CODE": "x"}), 400).await;
    assert_eq!(unknown, "ACCESS_DENIED");

    assert_eq!(app.refused("imopenlines.session.mode.pin", json!({}), 400).await, "CHAT_ID_EMPTY");
    assert_eq!(app.ok("imopenlines.session.mode.pin", chat()).await, true);
    assert_eq!(data(3).await, "Y");
    let session = portal.session_id(ann.chat_id()).unwrap();
    assert_eq!(app.ok("imopenlines.session.mode.unpinAll", json!({})).await, json!([session]));
    assert_eq!(data(3).await, "N");
    assert_eq!(app.ok("imopenlines.session.mode.pinAll", json!({})).await, json!([session]));
    assert_eq!(app.ok("imopenlines.session.mode.unpin", chat()).await, true);
    assert_eq!(data(3).await, "N");

    let silent = json!({"CHAT_ID": ann.chat_id(), "ACTIVATE": "Y"});
    assert_eq!(app.ok("imopenlines.session.mode.silent", silent).await, true);
    portal.operator("Ivan").says(&ann, "between us").await;
    assert_eq!(ann.sees().len(), 1, "in silent mode nothing leaves");

    let vote = "imopenlines.session.head.vote";
    assert_eq!(app.refused(vote, json!({"RATING": 5}), 400).await, "EMPTY_SESSION_ID");
    assert_eq!(app.refused(vote, json!({"SESSION_ID": session}), 400).await, "EMPTY_VOTE_PARAMS");
    assert_eq!(app.ok(vote, json!({"SESSION_ID": session, "RATING": 5, "COMMENT": "fine"})).await, true);
    let history = app.ok("imopenlines.session.history.get", json!({"SESSION_ID": session})).await;
    assert_eq!((&history["sessionVoteHead"], &history["sessionCommentHead"]), (&json!(5), &json!("fine")));
    let unknown = app.refused("imopenlines.session.history.get", json!({"SESSION_ID": 999_999}), 400).await;
    assert_eq!(unknown, "INVALID_SESSION_ID");

    let quick = json!({"CHAT_ID": ann.chat_id(), "MESSAGE_ID": said});
    assert_eq!(app.ok("imopenlines.message.quick.save", quick.clone()).await, true);
    let none = json!({"CHAT_ID": ann.chat_id(), "MESSAGE_ID": 5});
    assert_eq!(app.refused("imopenlines.message.quick.save", none, 400).await, "CANT_SAVE_QUICK_ANSWER");
    portal.operator("Ivan").finishes(&ann).await;
    assert_eq!(app.ok("imopenlines.message.session.start", quick).await, true);
    assert_ne!(portal.session_id(ann.chat_id()), Some(session));
    for (method, paused) in [("get", false), ("start", true), ("get", true), ("stop", true), ("get", false)] {
        let answer = app.ok(&format!("imopenlines.operator.pause.{method}"), json!({})).await;
        assert_eq!(answer, if method == "get" { paused } else { true });
    }
}

#[tokio::test]
async fn a_dialog_with_another_operator_begins_from_a_message() {
    let (_emulator, _handler, app, portal) = stage().await;
    let name = "imopenlines.bot.session.dialog.new";
    let ann = portal.client("Ann");
    let said = ann.says("hello").await;
    let params = |chat: i64, operator: i64, message: i64| json!({"CHAT_ID": chat, "OPERATOR_ID": operator, "MESSAGE_ID": message});
    assert_eq!(app.refused(name, params(0, 0, 0), 400).await, "EMPTY_CHAT_ID");
    assert_eq!(app.refused(name, params(1, 0, 0), 400).await, "EMPTY_OPERATOR_ID");
    assert_eq!(app.refused(name, params(1, 27, 0), 400).await, "EMPTY_MESSAGE_ID");
    assert_eq!(app.ok(name, params(ann.chat_id(), 27, 5)).await, false);
    assert_eq!(app.ok(name, params(ann.chat_id(), 27, said)).await, true);
    assert_eq!(portal.session_operator(ann.chat_id()), Some(27));
}

#[tokio::test]
async fn a_line_is_made_read_changed_and_removed_by_rest() {
    let (emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    let params = json!({"LINE_NAME": "Sales", "QUEUE": [27], "WELCOME_BOT_ENABLE": "Y", "WELCOME_BOT_ID": bot_id,
        "WELCOME_BOT_JOIN": "first", "WELCOME_BOT_TIME": 180, "WELCOME_BOT_LEFT": "close", "XML_ID": "own"});
    let id = app.ok("imopenlines.config.add", json!({"PARAMS": params})).await.as_i64().unwrap();
    let line = app.ok("imopenlines.config.get", json!({"CONFIG_ID": id})).await;
    for (name, value) in [
        ("ID", json!(id.to_string())),
        ("LINE_NAME", json!("Sales")),
        ("ACTIVE", json!("Y")),
        ("WELCOME_BOT_ID", json!(bot_id.to_string())),
        ("WELCOME_BOT_JOIN", json!("first")),
        ("WELCOME_BOT_TIME", json!("180")),
        ("WELCOME_BOT_LEFT", json!("close")),
        ("DATE_CREATE", json!({})),
        ("XML_ID", json!("own")),
        ("QUEUE", json!(["27"])),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert_eq!(line["QUEUE_FULL"]["27"]["USER_ID"], "27");
    let bare = app.ok("imopenlines.config.get", json!({"CONFIG_ID": id, "WITH_QUEUE": "N"})).await;
    assert!(bare.get("QUEUE").is_none());
    assert_eq!(app.ok("imopenlines.config.get", json!({"CONFIG_ID": 999})).await, false);
    assert_eq!(app.refused("imopenlines.config.get", json!({"config_id": id}), 400).await, "CONFIG_ID_EMPTY");
    let change = json!({"CONFIG_ID": id, "PARAMS": {"ACTIVE": "N", "WELCOME_BOT_ENABLE": "N"}});
    assert_eq!(app.ok("imopenlines.config.update", change.clone()).await, true);
    let line = app.ok("imopenlines.config.get", json!({"CONFIG_ID": id})).await;
    assert_eq!((&line["ACTIVE"], &line["WELCOME_BOT_ENABLE"]), (&json!("N"), &json!("N")));
    let asked = json!({"PARAMS": {"select": ["ID", "LINE_NAME"], "order": {"ID": "DESC"}, "filter": {"ACTIVE": "N"}}});
    let list = app.ok("imopenlines.config.list.get", asked).await;
    assert_eq!(list, json!([{"ID": id.to_string(), "LINE_NAME": "Sales"}]));
    let wrong = app.refused("imopenlines.config.list.get", json!({"PARAMS": {"select": "ID"}}), 400).await;
    assert_eq!(wrong, "INVALID_FORMAT");
    let path = app.ok("imopenlines.config.path.get", json!({})).await;
    assert_eq!(path["SERVER_ADDRESS"], emulator.url());
    assert_eq!(app.ok("imopenlines.config.delete", json!({"CONFIG_ID": id})).await, true);
    assert_eq!(app.ok("imopenlines.config.delete", json!({"CONFIG_ID": id})).await, false);
    portal.settled(SOON).await;
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    let heard = of(&portal, "ONIMBOTMESSAGEADD")[0].form();
    let bots_token = heard["data"]["BOT"][bot_id.to_string()]["access_token"].as_str().unwrap().to_owned();
    let bots_own = App { token: bots_token, ..app };
    assert_eq!(
        bots_own.refused("imopenlines.config.update", change, 403).await,
        "CONFIG_WRONG_USER_PERMISSION"
    );
    let (status, body) =
        by_admin(&bots_own, &portal, "imopenlines.config.get", json!({"CONFIG_ID": 22})).await;
    assert_eq!((status, &body["result"]["LINE_NAME"]), (200, &json!("Shop")));
}
