//! Error codes: those that a call can bring about, and those that only a fault can.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::{Emulator, RestFault};
use serde_json::{Value, json};
use support::{App, SOON, only, post, stage, with_v1_bot, with_v2_bot};

#[tokio::test]
async fn a_fault_answers_any_error_code_for_which_no_reason_can_be_made() {
    let (_emulator, _handler, app, _, bot_id) = with_v2_bot().await;
    for (method, code) in [
        ("imbot.v2.Bot.register", "BOT_REGISTER_FAILED"),
        ("imbot.v2.Bot.unregister", "BOT_UNREGISTER_FAILED"),
        ("imbot.v2.Command.register", "COMMAND_REGISTER_FAILED"),
        ("imbot.v2.File.upload", "FILE_FOLDER_ERROR"),
        ("imbot.v2.File.upload", "FILE_UPLOAD_FAILED"),
        ("imbot.v2.Event.get", "AUTH_ERROR"),
        ("imbot.message.add", "WRONG_SENDER"),
        ("imopenlines.network.join", "IMBOT_ERROR"),
        ("imopenlines.network.join", "INACTIVE"),
        ("imopenlines.dialog.get", "IM_NOT_INSTALLED"),
        ("imopenlines.crm.message.add", "MESSAGE_ADD_ERROR"),
        ("imopenlines.operator.answer", ""),
    ] {
        app.portal.faults().rest(method, RestFault::error(400, code), 1);
        assert_eq!(app.refused(method, json!({"botId": bot_id}), 400).await, code);
        assert!(!app.portal.calls().pop().unwrap().executed, "{method}");
        let (_, body) = app.call(method, json!({"botId": bot_id})).await;
        assert_ne!(body["error"], json!(code), "only once");
    }
}

#[tokio::test]
async fn a_forced_error_strikes_the_item_of_a_batch_and_comes_after_the_authorisation() {
    let (_emulator, _handler, app, _) = stage().await;
    let faults = app.portal.faults();
    faults.rest("profile", RestFault::error(403, "ACCESS_DENIED"), 2);
    let (status, body) =
        post(&app.http, &format!("{}profile", app.portal.app().client_endpoint), &json!({})).await;
    assert_eq!((status, &body["error"]), (401, &json!("NO_AUTH_FOUND")), "nobody is refused as nobody");
    let cmd = json!({"a": "profile", "b": "profile", "c": "server.time"});
    let result = app.ok("batch", json!({"cmd": cmd})).await;
    assert_eq!(result["result_error"]["a"]["error"], "ACCESS_DENIED");
    assert_eq!(result["result"]["b"]["ID"], "1", "twice: once for nobody, once here");
    faults.rest("batch", RestFault::error(500, "INTERNAL_SERVER_ERROR"), 1);
    assert_eq!(app.refused("batch", json!({"cmd": {"a": "profile"}}), 500).await, "INTERNAL_SERVER_ERROR");
    faults.rest("profile", RestFault::HtmlBody, 1);
    let result = app.ok("batch", json!({"cmd": {"a": "profile"}})).await;
    assert_eq!(result["result"]["a"]["ID"], "1", "other faults mean whole requests");
}

#[tokio::test]
async fn a_forced_error_is_stored_and_put_back() {
    let emulator = Emulator::start().await;
    let faults = emulator.portal().faults();
    faults.rest("profile", RestFault::error(403, "ACCESS_DENIED"), 1);
    let stored = serde_json::to_value(faults.state()).unwrap();
    let row =
        json!({"method": "profile", "fault": "error", "status": 403, "code": "ACCESS_DENIED", "times": 1});
    assert_eq!(stored["rest"][0], row);
    faults.clear();
    faults.set(&stored).unwrap();
    assert_eq!(faults.state().rest[0].fault, RestFault::error(403, "ACCESS_DENIED"));
    for mut row in [json!({"fault": "error"}), json!({"fault": "error", "code": "X", "status": 7})] {
        row["method"] = json!("profile");
        assert!(faults.set(&json!({"rest": [row]})).is_err());
    }
    assert_eq!(faults.state().rest.len(), 1, "what is wrong changes nothing");
}

#[tokio::test]
async fn commands_name_what_is_missing() {
    let (_emulator, handler, app, _, bot_id) = with_v1_bot().await;
    let v1 = |change: Value| {
        let mut params = json!({"BOT_ID": bot_id, "COMMAND": "pay", "EVENT_COMMAND_ADD": handler.url,
            "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Pay"}]});
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        params
    };
    for (change, code) in [
        (json!({"LANG": []}), "LANG_ERROR"),
        (json!({"COMMAND": "/"}), "COMMAND_ERROR"),
        (json!({"EVENT_COMMAND_ADD": "ftp://127.0.0.1/x"}), "EVENT_COMMAND_ADD_ERROR"),
        (json!({"BOT_ID": 999_999}), "BOT_ID_ERROR"),
    ] {
        assert_eq!(app.refused("imbot.command.register", v1(change), 400).await, code);
    }
    let id = app.ok("imbot.command.register", v1(json!({}))).await;
    for (params, code) in [
        (json!({"COMMAND_ID": id}), "MESSAGE_ID_EMPTY"),
        (json!({"COMMAND_ID": id, "MESSAGE_ID": 5}), "MESSAGE_EMPTY"),
    ] {
        assert_eq!(app.refused("imbot.command.answer", params, 400).await, code);
    }
    for (fields, code) in [
        (json!({}), "COMMAND_REQUIRED"),
        (json!({"command": "two words", "title": {"en": "x"}}), "COMMAND_NAME_INVALID"),
        (json!({"command": "pay"}), "COMMAND_TITLE_REQUIRED"),
    ] {
        let params = json!({"botId": bot_id, "fields": fields});
        assert_eq!(app.refused("imbot.v2.Command.register", params, 400).await, code);
    }
}

#[tokio::test]
async fn an_oversize_menu_has_a_code_of_its_own_in_an_update() {
    let (_emulator, _handler, app, _, _) = with_v1_bot().await;
    let ann = app.portal.client("Ann");
    ann.says("hello").await;
    let id = app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "hi"})).await;
    let big = json!([{"TEXT": "x".repeat(60_000), "LINK": "/x"}]);
    let update = json!({"MESSAGE_ID": id, "MENU": big});
    assert_eq!(app.refused("imbot.message.update", update, 400).await, "MENU_OVERSIZE");
}

#[tokio::test]
async fn somebody_who_is_no_admin_is_kept_to_the_own_user() {
    let (_emulator, _handler, app, _, bot_id) = with_v1_bot().await;
    let petra = app.portal.employee("Petra");
    petra.says_to(bot_id, "hello").await;
    app.portal.settled(SOON).await;
    let token = only(&app.portal, "ONIMBOTMESSAGEADD")["auth"]["access_token"].as_str().unwrap().to_owned();
    let portal = app.portal.clone();
    let ivan = portal.operator("Ivan");
    let ann = portal.client("Ann");
    ann.says("hello").await;
    ivan.answers(&ann).await;
    let by_petra = App { token, ..app };
    let event = json!({"COMMAND": "x", "USER_ID": 27});
    assert_eq!(by_petra.refused("pull.application.event.add", event, 400).await, "USER_ID_ACCESS_ERROR");
    let own = json!({"COMMAND": "x", "USER_ID": petra.user_id().to_string()});
    assert_eq!(by_petra.ok("pull.application.event.add", own).await, true);
    let remove = json!({"CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY": ann.deal_id(), "USER_ID": ivan.user_id()});
    let code = by_petra.refused("imopenlines.crm.chat.user.delete", remove, 403).await;
    assert_eq!(code, "CHAT_DELETE_USER_PERMISSION_DENIED", "Ivan leads the dialog");
}

#[tokio::test]
async fn handler_addresses_and_long_bot_tokens_are_refused() {
    let (_emulator, _handler, app, _) = stage().await;
    for (handler, code) in [
        ("ftp://127.0.0.1/x", "ERROR_UNSUPPORTED_PROTOCOL"),
        ("http://localhost/x", "ERROR_WRONG_HANDLER_URL"),
    ] {
        let bind = json!({"event": "OnSessionStart", "handler": handler});
        assert_eq!(app.refused("event.bind", bind, 400).await, code);
    }
    let url = format!("{}imbot.v2.Bot.list", app.portal.webhook_url());
    for (length, status) in [(40, 200), (41, 400)] {
        let (got, body) = post(&app.http, &url, &json!({"botToken": "t".repeat(length)})).await;
        assert_eq!(got, status, "{body}");
        assert_eq!(body["error"] == "BOT_TOKEN_INVALID_LENGTH", status == 400);
    }
}

#[tokio::test]
async fn a_method_with_the_ending_xml_answers_xml_also_when_it_refuses() {
    let (_emulator, _handler, app, _) = stage().await;
    let hook = app.portal.webhook_url();
    for (method, status, wanted) in [
        ("profile.xml", 200, "<response><result><ID>1</ID><ADMIN>1</ADMIN>"),
        ("crm.lead.list.XML?filter[ID]=7", 200, "<item><ID>7</ID>"),
        ("no.such.method.xml", 404, "<response><error>ERROR_METHOD_NOT_FOUND</error>"),
        ("crm.lead.get.xml?ID=999", 400, "<error></error><error_description>Not found</error_description>"),
    ] {
        let answer = app.http.get(format!("{hook}{method}")).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (status, &"text/xml; charset=utf-8".parse().unwrap())
        );
        let text = answer.text().await.unwrap();
        assert!(
            text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>") && text.contains(wanted),
            "{text}"
        );
    }
    let json = app.http.get(format!("{hook}profile.json")).send().await.unwrap();
    assert_eq!(json.json::<Value>().await.unwrap()["result"]["ID"], "1");
}
