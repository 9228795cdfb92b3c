//! Files on every way: from clients, operators and connectors to bots, and from bots to clients.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::LostPart;
use serde_json::{Value, json};
use support::{SOON, only, stage, with_v1_bot, with_v2_bot};

const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[tokio::test]
async fn a_bot_of_the_first_generation_hears_a_file_and_reads_it_from_its_address() {
    let (_emulator, _handler, app, _, _) = with_v1_bot().await;
    let ann = app.portal.client("Ann");
    ann.sends_file("C:\\bills\\Bill 15.PDF", "%PDF").await;
    app.portal.settled(SOON).await;
    let params = only(&app.portal, "ONIMBOTMESSAGEADD")["data"]["PARAMS"].clone();
    let id = params["PARAMS"]["FILE_ID"][0].as_str().unwrap();
    let file = &params["FILES"][id];
    assert_eq!((&params["MESSAGE"], &file["id"]), (&json!(""), &json!(id)));
    assert_eq!(
        (&file["name"], &file["size"], &file["type"], &file["extension"]),
        (&json!("Bill 15.PDF"), &json!("4"), &json!("file"), &json!("pdf"))
    );
    let read = reqwest::get(file["urlDownload"].as_str().unwrap()).await.unwrap();
    assert_eq!(read.text().await.unwrap(), "%PDF");
    assert!(ann.transcript().contains("{file: Bill 15.PDF}"));
}

#[tokio::test]
async fn a_bot_of_the_second_generation_hears_the_id_of_a_file_and_downloads_it() {
    let (_emulator, _handler, app, _, bot_id) = with_v2_bot().await;
    let ann = app.portal.client("Ann");
    ann.says("here it comes").await;
    ann.sends_file("order.txt", "two chairs").await;
    app.portal.settled(SOON).await;
    let heard = support::of(&app.portal, "ONIMBOTV2MESSAGEADD").pop().unwrap().form();
    let id = heard["data"]["message"]["params"]["FILE_ID"][0].clone();
    let url = app.ok("imbot.v2.File.download", json!({"botId": bot_id, "fileId": id})).await;
    let read = reqwest::get(url["downloadUrl"].as_str().unwrap()).await.unwrap();
    assert_eq!(read.text().await.unwrap(), "two chairs");
    let history = app.ok("imopenlines.session.history.get", json!({"CHAT_ID": ann.chat_id()})).await;
    assert_eq!(history["files"][id.as_str().unwrap()]["name"], "order.txt");
    let employee = app.portal.employee("Petra");
    employee.sends_file_to(bot_id, "plan.png", [1, 2, 3]).await;
    app.portal.settled(SOON).await;
    let heard = support::of(&app.portal, "ONIMBOTV2MESSAGEADD").pop().unwrap().form();
    let id = heard["data"]["message"]["params"]["FILE_ID"][0].as_str().unwrap().parse().unwrap();
    assert_eq!(app.portal.file(id).unwrap().content.as_ref(), [1, 2, 3]);
}

#[tokio::test]
async fn a_client_sees_the_file_that_a_bot_uploads_unless_the_channel_takes_none() {
    let (_emulator, handler, app, _, bot_id) = with_v2_bot().await;
    let portal = &app.portal;
    let tom = portal.client_on("Tom", "whatsapp", portal.line_id());
    app.ok("event.bind", json!({"event": "OnOpenLineMessageAdd", "handler": handler.url})).await;
    tom.says("a picture, please").await;
    let fields = json!({"name": "dot.png", "content": PIXEL, "message": "Here you are"});
    let upload = json!({"botId": bot_id, "dialogId": tom.dialog_id(), "fields": fields});
    let sent = app.ok("imbot.v2.File.upload", upload.clone()).await;
    let seen = tom.sees().pop().unwrap();
    assert_eq!((&json!(seen.files), seen.lost.as_slice()), (&json!([sent["file"]["id"]]), [].as_slice()));
    assert_eq!(portal.file(seen.files[0]).unwrap().name, "dot.png");
    assert_eq!(portal.bot_messages()[0].files, seen.files);
    portal.settled(SOON).await;
    let out = support::of(portal, "ONOPENLINEMESSAGEADD").pop().unwrap().form()["data"]["DATA"].clone();
    let file = &out["message"]["files"][0];
    let link = file["link"].as_str().unwrap();
    let expected = json!({"name": "dot.png", "type": "image", "mime": "image/png", "link": link,
        "downloadLink": link, "size": "70", "sizef": "70 B", "width": "1", "height": "1"});
    assert_eq!(file, &expected);
    assert_eq!(reqwest::get(link).await.unwrap().bytes().await.unwrap().len(), 70);

    portal.set_connector_takes_files("whatsapp", false);
    app.ok("imbot.v2.File.upload", upload).await;
    let seen = tom.sees().pop().unwrap();
    assert_eq!((seen.files.len(), seen.lost), (0, vec![LostPart::Files]));
    portal.operator("Ivan").sends_file(&tom, "price.pdf", "%PDF").await;
    assert_eq!(tom.sees().pop().unwrap().lost, [LostPart::Files]);
}

#[tokio::test]
async fn a_connector_brings_files_and_takes_files() {
    let (_emulator, handler, app, _) = stage().await;
    let line = app.portal.line_id();
    for event in ["OnImConnectorMessageAdd", "OnOpenLineMessageAdd"] {
        app.ok("event.bind", json!({"event": event, "handler": handler.url})).await;
    }
    let bot_id = app.register_v2("helper", &handler).await;
    let connector = json!({"ID": "mine", "NAME": "Mine", "ICON": {"DATA_IMAGE": "data:image/svg+xml,x"},
        "PLACEMENT_HANDLER": "http://127.0.0.1/settings"});
    app.ok("imconnector.register", connector).await;
    app.ok("imconnector.activate", json!({"CONNECTOR": "mine", "LINE": line, "ACTIVE": 1})).await;
    let lies_at = "https://files.example/photos/dot.png?size=1".to_owned();
    let files = json!([{"url": lies_at}, {"url": lies_at, "name": "second.png"}, {"name": "nowhere"}]);
    let message = |files: Value| {
        json!({"CONNECTOR": "mine", "LINE": line, "MESSAGES": [{"user": {"id": "u-7", "name": "Ann"},
            "message": {"id": "ext-1", "files": files}, "chat": {"id": "channel-1"}}]})
    };
    let nothing = app.refused("imconnector.send.messages", message(json!([{"name": "x"}])), 400).await;
    assert_eq!(nothing, "IMCONNECTOR_NOT_ALL_THE_REQUIRED_DATA");
    let sent = app.ok("imconnector.send.messages", message(files)).await;
    let chat_id = sent["DATA"]["RESULT"][0]["session"]["CHAT_ID"].as_str().unwrap().parse().unwrap();
    let stored = app.portal.messages(chat_id).pop().unwrap();
    assert_eq!((stored.text.as_str(), stored.files.len()), ("", 2), "no link in the text");
    let file = app.portal.file(stored.files[0]).unwrap();
    assert_eq!((file.name.as_str(), file.source.as_deref()), ("dot.png", Some(lies_at.as_str())));
    assert!(!format!("{file:?}").contains("size=1"), "a query may hold a secret");
    let url = app.ok("imbot.v2.File.download", json!({"botId": bot_id, "fileId": file.id})).await;
    let no_redirect = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let led_on = no_redirect.get(url["downloadUrl"].as_str().unwrap()).send().await.unwrap();
    assert_eq!((led_on.status().as_u16(), &led_on.headers()["location"]), (302, &lies_at.parse().unwrap()));

    let fields = json!({"name": "bill.txt", "content": "aGVsbG8="});
    let upload = json!({"botId": bot_id, "dialogId": format!("chat{chat_id}"), "fields": fields});
    app.ok("imbot.v2.File.upload", upload).await;
    app.portal.settled(SOON).await;
    let inbound = support::of(&app.portal, "ONOPENLINEMESSAGEADD")[0].form();
    assert_eq!(inbound["data"]["DATA"]["message"]["files"][1]["name"], "second.png");
    let out = only(&app.portal, "ONIMCONNECTORMESSAGEADD")["data"]["MESSAGES"][0]["message"].clone();
    assert_eq!(
        (&out["files"][0]["name"], &out["files"][0]["mime"]),
        (&json!("bill.txt"), &json!("text/plain"))
    );
    assert_eq!(out["files"][0]["sizef"], "5 B");
}

#[tokio::test]
async fn a_connectors_file_on_this_machine_is_read_before_its_message_is_told_of() {
    let (_emulator, handler, app, _, bot_id) = with_v2_bot().await;
    let line = app.portal.line_id();
    let connector = json!({"ID": "mine", "NAME": "Mine", "ICON": {"DATA_IMAGE": "data:image/svg+xml,x"},
        "PLACEMENT_HANDLER": "http://127.0.0.1/settings"});
    app.ok("event.bind", json!({"event": "OnOpenLineMessageAdd", "handler": handler.url})).await;
    app.ok("imconnector.register", connector).await;
    app.ok("imconnector.activate", json!({"CONNECTOR": "mine", "LINE": line, "ACTIVE": 1})).await;
    let router = axum::Router::new().route("/{name}", axum::routing::get(|| async { "%PDF-1.7" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    // Alone, and as an item of a batch, where all is text.
    let files = json!([{"URL": format!("{root}/bill.pdf")}]);
    let one = json!({"CONNECTOR": "mine", "LINE": line, "messages": [{"user": {"id": "u-7", "name": "Ann"},
        "message": {"id": "ext-1", "FILES": files}, "chat": {"id": "channel-1"}}]});
    app.ok("imconnector.send.messages", one).await;
    let item = format!(
        "imconnector.send.messages?CONNECTOR=mine&LINE={line}&MESSAGES[0][user][id]=u-7&MESSAGES[0][chat][id]=channel-1\
         &MESSAGES[0][message][id]=ext-2&MESSAGES[0][message][files][0][url]={root}/second.pdf"
    );
    let batch = app.ok("batch", json!({"cmd": {"send": item}})).await;
    assert_eq!(batch["result"]["send"]["SUCCESS"], true, "{batch}");
    app.portal.settled(SOON).await;
    for (at, name) in [(0, "bill.pdf"), (1, "second.pdf")] {
        let told =
            support::of(&app.portal, "ONOPENLINEMESSAGEADD")[at].form()["data"]["DATA"]["message"].clone();
        let row = &told["files"][0];
        assert_eq!((&row["name"], &row["size"], &row["sizef"]), (&json!(name), &json!("8"), &json!("8 B")));
        let heard = support::of(&app.portal, "ONIMBOTV2MESSAGEADD")[at].form()["data"]["message"].clone();
        let id: i64 = heard["params"]["FILE_ID"][0].as_str().unwrap().parse().unwrap();
        let file = app.portal.file(id).unwrap();
        assert_eq!((&file.content[..], file.source), (&b"%PDF-1.7"[..], None));
        let url = app.ok("imbot.v2.File.download", json!({"botId": bot_id, "fileId": id})).await;
        let read = app.http.get(url["downloadUrl"].as_str().unwrap()).send().await.unwrap();
        assert_eq!((read.status().as_u16(), &read.bytes().await.unwrap()[..]), (200, &b"%PDF-1.7"[..]));
    }
    serving.abort();
}

#[tokio::test]
async fn nobody_unknown_has_a_file_of_this_machine_read() {
    let (_emulator, handler, app, _, _) = with_v2_bot().await;
    let before = handler.bodies.lock().unwrap().len();
    let url = format!("{}imconnector.send.messages", app.portal.app().client_endpoint);
    let params = json!({"auth": "nobody", "CONNECTOR": "mine", "LINE": 1, "MESSAGES": [
        {"user": {"id": 1}, "chat": {"id": 1}, "message": {"files": [{"url": handler.url}]}}]});
    assert_eq!(support::post(&app.http, &url, &params).await.0, 401);
    assert_eq!(handler.bodies.lock().unwrap().len(), before);
}

#[tokio::test]
async fn a_file_of_more_than_a_hundred_mebibytes_is_too_large() {
    let (_emulator, _handler, app, _, bot_id) = with_v2_bot().await;
    let ann = app.portal.client("Ann");
    ann.says("hello").await;
    let content = "QUFB".repeat(100 * 1_024 * 1_024 / 3 + 2);
    let upload = json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": {"name": "a.bin", "content": content}});
    assert_eq!(app.refused("imbot.v2.File.upload", upload, 400).await, "FILE_TOO_LARGE");
    assert!(app.portal.bot_messages().is_empty());
}
