//! The CRM beside open lines.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::{CrmBinding, Emulator};
use serde_json::json;
use support::{App, Handler, stage};

#[tokio::test]
async fn entities_are_added_read_changed_and_listed() {
    let (_emulator, _handler, app, portal) = stage().await;
    let fields = json!({"NAME": "Ann", "LAST_NAME": "Lee", "PHONE": [{"VALUE": "+49 30 1234", "VALUE_TYPE": "MOBILE"}]});
    let contact = app.ok("crm.contact.add", json!({"fields": fields})).await.as_i64().unwrap();
    let read = app.ok("crm.contact.get", json!({"id": contact})).await;
    assert_eq!((&read["ID"], &read["HAS_PHONE"]), (&json!(contact.to_string()), &json!("Y")));
    assert_eq!(read["PHONE"][0]["VALUE_TYPE"], "MOBILE");
    let list = json!({"filter": {"LAST_NAME": "Lee"}, "select": ["ID", "PHONE"]});
    let (_, body) = app.call("crm.contact.list", list).await;
    assert_eq!(body["total"], 1);
    assert_eq!(body["result"][0]["PHONE"][0]["VALUE"], "+49 30 1234");
    let deal = json!({"TITLE": "Order 15", "OPPORTUNITY": 1500, "CONTACT_ID": contact});
    let deal = app.ok("crm.deal.add", json!({"FIELDS": deal})).await;
    let change = json!({"ID": deal, "fields": {"STAGE_ID": "WON", "ID": 5}});
    assert_eq!(app.ok("crm.deal.update", change).await, true);
    let read = app.ok("crm.deal.get", json!({"ID": deal})).await;
    assert_eq!((&read["STAGE_ID"], &read["OPPORTUNITY"]), (&json!("WON"), &json!("1500")));
    assert_eq!(read["ID"], deal.to_string());
    let lead = app.ok("crm.lead.add", json!({"fields": {"TITLE": "A lead"}})).await;
    assert_eq!(portal.crm_item("lead", lead.as_i64().unwrap()).unwrap().fields["TITLE"], "A lead");
    for (method, params, text) in [
        ("crm.deal.get", json!({}), "ID is not defined or invalid."),
        ("crm.deal.get", json!({"id": 999_999}), "Not found"),
        ("crm.deal.update", json!({"id": 999_999, "fields": {}}), "Not found"),
        ("crm.deal.add", json!({"fields": "x"}), "Parameter 'fields' must be array."),
    ] {
        let (status, body) = app.call(method, params).await;
        assert_eq!((status, &body["error"], &body["error_description"]), (400, &json!(""), &json!(text)));
    }
}

#[tokio::test]
async fn a_deal_that_is_deleted_no_longer_speaks_for_its_chat() {
    let (_emulator, _handler, app, portal) = stage().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let deal = ann.deal_id();
    assert_eq!(app.ok("crm.deal.delete", json!({"id": deal})).await, true);
    assert!(portal.crm_item("deal", deal).is_none());
    let dialog = app.ok("imopenlines.dialog.get", json!({"CHAT_ID": ann.chat_id()})).await;
    assert!(dialog["entity_data_1"].as_str().unwrap().starts_with("N|NONE|0|"), "{dialog}");
    for (params, text) in [(json!({}), "ID is not defined or invalid."), (json!({"id": deal}), "Not found")] {
        let (status, body) = app.call("crm.deal.delete", params).await;
        assert_eq!((status, &body["error_description"]), (400, &json!(text)));
    }
}

#[tokio::test]
async fn a_page_of_a_list_has_fifty_rows() {
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    for number in 0..53 {
        app.ok("crm.contact.add", json!({"fields": {"NAME": format!("c{number:02}")}})).await;
    }
    let (_, first) = app.call("crm.contact.list", json!({"order": {"NAME": "DESC"}})).await;
    assert_eq!(
        (first["result"].as_array().unwrap().len(), &first["next"], &first["total"]),
        (50, &json!(50), &json!(53))
    );
    assert_eq!(first["result"][0]["NAME"], "c52");
    let (_, second) = app.call("crm.contact.list", json!({"start": 50})).await;
    assert_eq!((second["result"].as_array().unwrap().len(), second.get("next")), (3, None));
    let (_, uncounted) = app.call("crm.contact.list", json!({"start": -1})).await;
    assert_eq!((uncounted.get("next"), uncounted.get("total")), (None, None));
}

#[tokio::test]
async fn duplicates_are_found_by_the_digits_of_a_phone_number() {
    let (_emulator, _handler, app, _) = stage().await;
    let name = "crm.duplicate.findbycomm";
    let phone = json!([{"VALUE": "+49 (30) 12-34"}]);
    let contact = app.ok("crm.contact.add", json!({"fields": {"NAME": "Ann", "PHONE": phone}})).await;
    let lead = app.ok("crm.lead.add", json!({"fields": {"PHONE": phone}})).await;
    let ask = |extra: serde_json::Value| {
        let mut params = json!({"type": "PHONE", "values": ["49301234"]});
        params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        params
    };
    assert_eq!(app.ok(name, ask(json!({}))).await, json!({"LEAD": [lead], "CONTACT": [contact]}));
    assert_eq!(app.ok(name, ask(json!({"entity_type": "CONTACT"}))).await, json!({"CONTACT": [contact]}));
    assert_eq!(app.ok(name, ask(json!({"values": ["1"]}))).await, json!([]));
    for (params, text) in [
        (json!({}), "Communication type is not defined"),
        (json!({"type": "FAX"}), "Communication type 'FAX' is not supported in current context"),
        (json!({"type": "EMAIL"}), "Communication values is not defined"),
    ] {
        assert_eq!(app.call(name, params).await.1["error_description"], text);
    }
}

#[tokio::test]
async fn an_entity_that_names_a_client_of_a_line_has_the_chat_of_that_client() {
    let (_emulator, _handler, app, portal) = stage().await;
    portal.line().crm(CrmBinding::Nothing);
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let dialog = app.ok("imopenlines.dialog.get", json!({"CHAT_ID": ann.chat_id()})).await;
    let im = json!([{"VALUE": format!("imol|{}", dialog["entity_id"].as_str().unwrap()), "VALUE_TYPE": "OPENLINE"}]);
    let lead = app.ok("crm.lead.add", json!({"fields": {"TITLE": "Ann", "IM": im}})).await.as_i64().unwrap();
    assert_eq!(portal.crm_item("lead", lead).unwrap().chats, [ann.chat_id()]);
    let read = app.ok("crm.lead.get", json!({"id": lead})).await;
    assert_eq!((&read["HAS_IMOL"], &read["IM"][0]["TYPE_ID"]), (&json!("Y"), &json!("IM")));
    let contact = app.ok("crm.contact.add", json!({"fields": {"NAME": "Ann"}})).await.as_i64().unwrap();
    assert!(portal.crm_item("contact", contact).unwrap().chats.is_empty());
    app.ok("crm.contact.update", json!({"id": contact, "fields": {"IM": im}})).await;
    assert_eq!(portal.crm_item("contact", contact).unwrap().chats, [ann.chat_id()]);
    let other = app.ok("crm.lead.add", json!({"fields": {"TITLE": "Eve", "IM": im}})).await.as_i64().unwrap();
    assert!(portal.crm_item("lead", other).unwrap().chats.is_empty(), "the chat has a lead already");
    let (_, listed) = app.call("crm.lead.list", json!({"filter": {"=ID": lead}})).await;
    assert_eq!(listed["result"][0].get("IM"), None, "it has to be asked for by name");
}

#[tokio::test]
async fn a_comment_stands_in_the_timeline_of_its_deal() {
    let (_emulator, _handler, app, portal) = stage().await;
    let name = "crm.timeline.comment.add";
    let fields = |kind: &str, id: i64, text: &str| json!({"fields": {"ENTITY_TYPE": kind, "ENTITY_ID": id, "COMMENT": text}});
    let deal = portal.deal_id();
    let id = app.ok(name, fields("deal", deal, "called back")).await;
    let comments = portal.crm_item("DEAL", deal).unwrap().comments;
    assert_eq!((comments[0].id, comments[0].text.as_str()), (id.as_i64().unwrap(), "called back"));
    assert_eq!(comments[0].author_id, portal.admin_id());
    assert_eq!(app.refused(name, fields("deal", deal, ""), 400).await, "INVALID_ARG_VALUE");
    assert_eq!(app.refused(name, fields("deal", 999_999, "x"), 400).await, "OWNER_NOT_FOUND");
    let upper = json!({"FIELDS": {"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "x"}});
    assert_eq!(app.refused(name, upper, 400).await, "100", "only lower case is read");
}

#[tokio::test]
async fn a_line_binds_a_lead_a_deal_or_nothing() {
    let (_emulator, _handler, app, portal) = stage().await;
    for (binding, begins) in
        [(CrmBinding::Lead, "Y|LEAD|"), (CrmBinding::Deal, "Y|DEAL|"), (CrmBinding::Nothing, "N|NONE|0|")]
    {
        portal.line().crm(binding);
        let client = portal.client(&format!("{binding:?}"));
        let dialog = app.ok("imopenlines.dialog.get", json!({"CHAT_ID": client.chat_id()})).await;
        assert!(dialog["entity_data_1"].as_str().unwrap().starts_with(begins), "{dialog}");
    }
}

#[tokio::test]
async fn a_user_is_taken_out_of_the_chat_of_a_deal() {
    let (_emulator, _handler, app, portal) = stage().await;
    let name = "imopenlines.crm.chat.user.delete";
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let with =
        |user: i64| json!({"CRM_ENTITY_TYPE": "deal", "CRM_ENTITY": portal.deal_id(), "USER_ID": user});
    assert_eq!(app.refused(name, json!({"USER_ID": 27}), 400).await, "CRM_CHAT_EMPTY_CRM_DATA");
    assert_eq!(app.refused(name, with(0), 400).await, "CRM_CHAT_EMPTY_USER");
    assert_eq!(app.refused(name, with(999_999), 400).await, "CRM_CHAT_USER_NOT_ACTIVE");
    assert_eq!(app.refused(name, with(27), 400).await, "WRONG_REQUEST", "not in the chat");
    app.ok("imopenlines.crm.chat.user.add", with(27)).await;
    assert_eq!(app.ok(name, with(27)).await, ann.chat_id());
    let mut other = with(27);
    other["CHAT_ID"] = json!(5);
    assert_eq!(app.refused(name, other, 400).await, "CHAT_NOT_IN_CRM");
}
