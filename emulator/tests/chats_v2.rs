//! Chats, members, reading, reactions, files and commands of the second generation.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::Emulator;
use serde_json::{Value, json};
use support::{App, Handler, SOON, only, with_v2_bot};

const PICTURE: &str = "R0lGODlhAQABAA==";

async fn supervisor(app: &App, code: &str) -> i64 {
    let fields = json!({"code": code, "type": "supervisor", "properties": {"name": code}});
    app.ok("imbot.v2.Bot.register", json!({"fields": fields})).await["bot"]["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_bot_makes_a_chat_changes_it_and_leaves() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let olga = portal.employee("Olga").user_id();
    let fields = json!({"type": "open", "title": "Orders", "color": "mint", "userIds": [olga], "message": "Welcome",
        "entityType": "SHOP", "entityId": "15"});
    let chat = app.ok("imbot.v2.Chat.add", json!({"botId": bot_id, "fields": fields})).await["chat"].clone();
    assert_eq!(
        (&chat["name"], &chat["type"], &chat["owner"]),
        (&json!("Orders"), &json!("open"), &json!(bot_id))
    );
    assert_eq!((&chat["entityType"], &chat["color"]), (&json!("SHOP"), &json!("#4ba984")));
    assert!(portal.transcript(chat["id"].as_i64().unwrap()).contains("Welcome"));
    let dialog = chat["dialogId"].clone();
    let on = |extra: Value| {
        let mut params = json!({"botId": bot_id, "dialogId": dialog});
        params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        params
    };
    let fields = json!({"title": "Bills", "description": "Unpaid", "avatar": PICTURE});
    assert_eq!(app.ok("imbot.v2.Chat.update", on(json!({"fields": fields}))).await, json!({"result": true}));
    let seen = app.ok("imbot.v2.Chat.get", on(json!({}))).await["chat"].clone();
    assert_eq!((&seen["name"], &seen["description"]), (&json!("Bills"), &json!("Unpaid")));
    assert!(seen["avatar"].as_str().unwrap().contains("/rest/download.json?token="));
    assert_eq!(app.refused("imbot.v2.Chat.setOwner", on(json!({"userId": 27})), 400).await, "ACCESS_DENIED");
    app.ok("imbot.v2.Chat.setOwner", on(json!({"userId": olga}))).await;
    assert_eq!(app.ok("imbot.v2.Chat.get", on(json!({}))).await["chat"]["owner"], olga);
    app.ok("imbot.v2.Chat.leave", on(json!({}))).await;
    assert_eq!(app.refused("imbot.v2.Chat.get", on(json!({})), 400).await, "ACCESS_DENIED");
    let unknown = json!({"botId": bot_id, "fields": {"ownerId": 999_999}});
    assert_eq!(app.refused("imbot.v2.Chat.add", unknown, 400).await, "ACCESS_DENIED");
}

#[tokio::test]
async fn chat_methods_name_what_is_wrong_in_the_order_bot_chat_access_kind() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let olga = portal.employee("Olga").user_id();
    let board = portal.group_chat("Board", &[]);
    for method in [
        "Chat.update",
        "Chat.leave",
        "Chat.setOwner",
        "Chat.User.add",
        "Chat.User.delete",
        "Chat.Manager.add",
        "Chat.Manager.delete",
    ] {
        let method = format!("imbot.v2.{method}");
        let on = |dialog: String| json!({"botId": bot_id, "dialogId": dialog});
        assert_eq!(app.refused(&method, json!({}), 400).await, "BOT_ID_REQUIRED");
        assert_eq!(app.refused(&method, on("chat5".to_owned()), 400).await, "CHAT_NOT_FOUND");
        assert_eq!(app.refused(&method, on(format!("chat{board}")), 400).await, "ACCESS_DENIED");
        assert_eq!(app.refused(&method, on(olga.to_string()), 400).await, "WRONG_MESSAGE_TYPE", "{method}");
    }
}

#[tokio::test]
async fn members_and_managers_come_and_go() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let (olga, ivan) = (portal.employee("Olga").user_id(), portal.operator("Ivan").user_id());
    let chat = app.ok("imbot.v2.Chat.add", json!({"botId": bot_id, "fields": {}})).await["chat"].clone();
    let on = |extra: Value| {
        let mut params = json!({"botId": bot_id, "dialogId": chat["dialogId"]});
        params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        params
    };
    app.ok("imbot.v2.Chat.User.add", on(json!({"userIds": [olga, ivan]}))).await;
    portal.employee("Olga").says_in(chat["id"].as_i64().unwrap(), "hi").await;
    let ids = |answer: Value| -> Vec<i64> {
        answer["users"].as_array().unwrap().iter().map(|user| user["id"].as_i64().unwrap()).collect()
    };
    let list = "imbot.v2.Chat.User.list";
    let mut sorted = vec![bot_id, olga, ivan];
    sorted.sort_unstable();
    assert_eq!(ids(app.ok(list, on(json!({}))).await), sorted);
    let newest = on(json!({"order": {"lastSendMessageId": "desc"}, "limit": 1}));
    let page = app.ok(list, newest).await;
    assert_eq!(page["hasNextPage"], true);
    assert_eq!(ids(page), [olga]);
    assert_eq!(app.refused("imbot.v2.Chat.Manager.add", on(json!({})), 400).await, "EMPTY_USER_IDS");
    app.ok("imbot.v2.Chat.Manager.add", on(json!({"userIds": [olga, 999]}))).await;
    let managers = || async {
        app.ok("imbot.chat.get", json!({"BOT_ID": bot_id, "DIALOG_ID": chat["dialogId"]})).await["manager_list"].clone()
    };
    assert_eq!(managers().await, json!([olga]));
    app.ok("imbot.v2.Chat.Manager.delete", on(json!({"userIds": [olga]}))).await;
    assert_eq!(managers().await, json!([]));
    app.ok("imbot.v2.Chat.User.delete", on(json!({"userId": ivan}))).await;
    assert_eq!(
        app.refused("imbot.v2.Chat.User.delete", on(json!({"userId": ivan})), 400).await,
        "ACCESS_DENIED"
    );
}

#[tokio::test]
async fn only_supervisors_and_personal_bots_read_back() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let reader = supervisor(&app, "reader").await;
    let olga = portal.employee("Olga");
    let chat = portal.group_chat("Sales", &[olga.user_id(), reader, bot_id]);
    let mut ids = Vec::new();
    for text in ["one", "two", "three", "four", "five"] {
        ids.push(olga.says_in(chat, text).await);
    }
    let get = |bot: i64, id: i64| json!({"botId": bot, "messageId": id, "range": 1});
    let method = "imbot.v2.Chat.Message.get";
    assert_eq!(app.refused(method, get(bot_id, ids[2]), 400).await, "BOT_TYPE_NOT_ALLOWED");
    assert_eq!(app.refused(method, get(reader, 5), 400).await, "MESSAGE_NOT_FOUND");
    let elsewhere = portal.client("Ann").says("hello").await;
    assert_eq!(app.refused(method, get(reader, elsewhere), 400).await, "MESSAGE_ACCESS_DENIED");
    let seen = app.ok(method, get(reader, ids[2])).await;
    assert_eq!((&seen["message"]["text"], &seen["user"]["name"]), (&json!("three"), &json!("Olga")));
    let around = app.ok("imbot.v2.Chat.Message.getContext", get(reader, ids[2])).await;
    let texts: Vec<&Value> =
        around["messages"].as_array().unwrap().iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["two", "three", "four"]);
    assert_eq!((&around["hasPrevPage"], &around["hasNextPage"]), (&json!(true), &json!(true)));
    let first = app.ok("imbot.v2.Chat.Message.getContext", get(reader, ids[0])).await;
    assert_eq!(first["hasPrevPage"], false);
}

#[tokio::test]
async fn reading_counts_what_is_left() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    let first = ann.says("one").await;
    let second = ann.says("two").await;
    let read = |extra: Value| {
        let mut params = json!({"botId": bot_id, "dialogId": ann.dialog_id()});
        params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        params
    };
    let method = "imbot.v2.Chat.Message.read";
    assert_eq!(
        app.ok(method, read(json!({"messageId": first}))).await,
        json!({"chatId": ann.chat_id(), "lastId": first, "counter": 1, "viewedMessages": [first]})
    );
    let rest = app.ok(method, read(json!({}))).await;
    assert_eq!((&rest["counter"], &rest["viewedMessages"]), (&json!(0), &json!([second])));
    assert_eq!(app.refused(method, read(json!({"messageId": 5})), 400).await, "MESSAGE_NOT_FOUND");
}

#[tokio::test]
async fn reactions_are_set_once_and_taken_back_once() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let id = portal.client("Ann").says("hello").await;
    let react = |code: &str| json!({"botId": bot_id, "messageId": id, "reaction": code});
    let (add, delete) = ("imbot.v2.Chat.Message.Reaction.add", "imbot.v2.Chat.Message.Reaction.delete");
    assert_eq!(app.refused(delete, react("like"), 400).await, "REACTION_NOT_FOUND");
    app.ok(add, react("redHeart")).await;
    assert_eq!(app.refused(add, react("redHeart"), 400).await, "REACTION_ALREADY_SET");
    assert_eq!(app.refused(add, react("red heart"), 400).await, "REACTION_NOT_FOUND");
    app.ok(delete, react("redHeart")).await;
    assert_eq!(app.refused(delete, react("redHeart"), 400).await, "REACTION_NOT_FOUND");
}

#[tokio::test]
async fn a_file_goes_into_the_chat_and_comes_back_from_its_address() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let upload = |fields: Value| json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields});
    let method = "imbot.v2.File.upload";
    for (fields, code) in [
        (json!({"name": "bill.txt"}), "FILE_EMPTY"),
        (json!({"content": "aGVsbG8="}), "FILE_EMPTY"),
        (json!({"name": "bill.txt", "content": "no base64!"}), "FILE_INVALID_CONTENT"),
    ] {
        assert_eq!(app.refused(method, upload(fields), 400).await, code);
    }
    let sent = app
        .ok(method, upload(json!({"name": "../Bill 15.txt", "content": "aGVsbG8=", "message": "Your bill"})))
        .await;
    assert_eq!((&sent["file"]["name"], &sent["file"]["size"]), (&json!("Bill 15.txt"), &json!(5)));
    assert_eq!((&sent["chatId"], &sent["dialogId"]), (&json!(ann.chat_id()), &json!(ann.dialog_id())));
    let large = "QUFB".repeat(100_000);
    app.ok(method, upload(json!({"name": "large.bin", "content": large}))).await;
    let recorded = &portal.calls().pop().unwrap().params["fields"]["content"];
    assert!(recorded.as_str().unwrap().ends_with("… of 390.62 KB"), "{recorded}");
    let last = portal.messages(ann.chat_id()).into_iter().rev().nth(1).unwrap();
    assert_eq!((json!(last.id), last.text.as_str()), (sent["messageId"].clone(), "Your bill"));

    let download = |id: &Value, bot: i64| json!({"botId": bot, "fileId": id});
    let url =
        app.ok("imbot.v2.File.download", download(&sent["file"]["id"], bot_id)).await["downloadUrl"].clone();
    let answer = reqwest::get(url.as_str().unwrap()).await.unwrap();
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename*=utf-8''Bill%2015.txt");
    assert_eq!(answer.text().await.unwrap(), "hello");
    let forged = reqwest::get(format!("{}x", url.as_str().unwrap())).await.unwrap();
    assert_eq!(forged.status(), 404);
    assert_eq!(
        app.refused("imbot.v2.File.download", download(&json!(5), bot_id), 400).await,
        "FILE_NOT_FOUND"
    );
    let stranger = supervisor(&app, "stranger").await;
    let foreign = download(&sent["file"]["id"], stranger);
    assert_eq!(app.refused("imbot.v2.File.download", foreign, 400).await, "FILE_ACCESS_ERROR");
    portal.line().active(false);
    let off = upload(json!({"name": "a.txt", "content": "aGVsbG8="}));
    assert_eq!(app.refused(method, off, 400).await, "FILE_SEND_FAILED");
}

#[tokio::test]
async fn commands_are_changed_language_by_language() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let register =
        |name: &str| json!({"botId": bot_id, "fields": {"command": name, "title": {"en": "T", "de": "T"}}});
    let id = app.ok("imbot.v2.Command.register", register("pay")).await["command"]["id"].clone();
    app.ok("imbot.v2.Command.register", register("order")).await;
    let update = |id: &Value, fields: Value| json!({"botId": bot_id, "commandId": id, "fields": fields});
    let method = "imbot.v2.Command.update";
    assert_eq!(app.refused(method, update(&json!(5), json!({})), 400).await, "COMMAND_NOT_FOUND");
    assert_eq!(app.refused(method, update(&id, json!({"command": "/"})), 400).await, "COMMAND_NAME_EMPTY");
    assert_eq!(
        app.refused(method, update(&id, json!({"command": "order"})), 400).await,
        "COMMAND_ALREADY_EXISTS"
    );
    assert_eq!(app.refused(method, update(&id, json!({"title": "Pay"})), 400).await, "COMMAND_TITLE_INVALID");
    let changed =
        json!({"command": "/bill", "hidden": "Y", "common": 1, "title": {"de": null, "fr": "Facture"}});
    let command = app.ok(method, update(&id, changed)).await["command"].clone();
    assert_eq!(
        command,
        json!({"id": id, "botId": bot_id, "command": "/bill", "common": true, "hidden": true, "extranetSupport": false})
    );
    portal.client("Ann").says("/bill 15").await;
    portal.settled(SOON).await;
    assert_eq!(only(&portal, "ONIMBOTV2COMMANDADD")["data"]["command"]["params"], "15");
}

#[tokio::test]
async fn a_command_is_answered_for_ten_minutes_and_bad_parts_vanish() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let register = json!({"botId": bot_id, "fields": {"command": "pay", "hidden": true}});
    let id = app.ok("imbot.v2.Command.register", register).await["command"]["id"].clone();
    let ann = portal.client("Ann");
    let typed = ann.says("/pay 15").await;
    let answer = |message: i64, fields: Value| json!({"botId": bot_id, "commandId": id, "messageId": message, "dialogId": ann.dialog_id(), "fields": fields});
    let method = "imbot.v2.Command.answer";
    assert_eq!(app.refused(method, answer(5, json!({"message": "x"})), 400).await, "COMMAND_ANSWER_FAILED");
    assert_eq!(app.refused(method, answer(typed, json!({})), 400).await, "COMMAND_ANSWER_FAILED");
    let mut unknown = answer(typed, json!({"message": "x"}));
    unknown["commandId"] = json!(5);
    assert_eq!(app.refused(method, unknown, 400).await, "COMMAND_NOT_FOUND");
    let fields = json!({"message": "Paid", "attach": [{"MESSAGE": "a bare list is dropped"}],
        "keyboard": {"BOT_ID": bot_id, "BUTTONS": [{"TEXT": "Again", "COMMAND": "pay"}]}});
    assert_eq!(app.ok(method, answer(typed, fields)).await, json!({"result": true}), "no id is told");
    let last = portal.messages(ann.chat_id()).pop().unwrap();
    assert_eq!((last.text.as_str(), last.attach.is_none(), last.keyboard.is_some()), ("Paid", true, true));
    portal.clock().advance(Duration::from_secs(600));
    app.ok(method, answer(typed, json!({"message": "too late"}))).await;
    assert!(!portal.transcript(ann.chat_id()).contains("too late"));
}

#[tokio::test]
async fn messages_are_forwarded_and_answered() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    let id = ann.says("hello").await;
    let send = |fields: Value| json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields});
    let uuid = "796c45aa-70e5-45aa-930c-c7fb32710c62";
    let method = "imbot.v2.Chat.Message.send";
    let many: serde_json::Map<String, Value> =
        (0..101).map(|n| (format!("{n:08x}-70e5-45aa-930c-c7fb32710c62"), json!(id))).collect();
    for (fields, code) in [
        (json!({"forwardIds": many}), "TOO_MANY_MESSAGES"),
        (json!({"forwardIds": {"first": id}}), "WRONG_UUID"),
        (json!({"forwardIds": {uuid: 5}}), "MESSAGE_NOT_FOUND"),
        (json!({"message": "x", "replyId": 5}), "REPLY_ERROR"),
    ] {
        assert_eq!(app.refused(method, send(fields), 400).await, code);
    }
    let sent = app.ok(method, send(json!({"forwardIds": {uuid: id}}))).await;
    assert_eq!(sent["uuidMap"][uuid], sent["id"]);
    assert_eq!(portal.messages(ann.chat_id()).pop().unwrap().text, "hello");
    let update = json!({"botId": bot_id, "messageId": sent["id"], "fields": {"message": "mine now"}});
    assert_eq!(app.refused("imbot.v2.Chat.Message.update", update, 400).await, "MESSAGE_ACCESS_DENIED");
    let v1 = json!({"BOT_ID": bot_id, "MESSAGE_ID": sent["id"], "MESSAGE": "mine now"});
    assert_eq!(app.refused("imbot.message.update", v1, 403).await, "CANT_EDIT_MESSAGE");
    app.ok(method, send(json!({"message": "as you said", "replyId": id}))).await;
}

#[tokio::test]
async fn pictures_of_bots_are_looked_at() {
    let (_emulator, handler, app, _portal, bot_id) = with_v2_bot().await;
    let large = "R0lGODlhiROJEw=="; // 5001 x 5001
    let fields = |avatar: &str| json!({"code": "x", "properties": {"name": "X", "avatar": avatar}});
    let register = "imbot.v2.Bot.register";
    for (avatar, code) in [("bm8=", "BOT_AVATAR_INCORRECT_TYPE"), (large, "BOT_AVATAR_INCORRECT_SIZE")] {
        assert_eq!(app.refused(register, json!({"fields": fields(avatar)}), 400).await, code);
        let update = json!({"botId": bot_id, "fields": {"properties": {"avatar": avatar}}});
        assert_eq!(app.refused("imbot.v2.Bot.update", update, 400).await, code);
    }
    let made = app.ok(register, json!({"fields": fields(PICTURE)})).await;
    assert!(made["users"][0]["avatar"].as_str().unwrap().starts_with("http://"));
    let v1 = json!({"CODE": "y", "EVENT_HANDLER": handler.url,
        "PROPERTIES": {"NAME": "Y", "PERSONAL_PHOTO": "bm8=", "COLOR": "RED"}});
    app.ok("imbot.register", v1).await;
}

#[tokio::test]
async fn user_events_and_the_notice_of_activity_and_text_fields() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let wanted = json!({"botId": bot_id, "withUserEvents": true});
    assert_eq!(app.refused("imbot.v2.Event.get", wanted, 400).await, "USER_NOT_SUBSCRIBED");
    let on = |extra: Value| {
        let mut params = json!({"botId": bot_id, "dialogId": ann.dialog_id()});
        params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        params
    };
    let thinking = json!({"statusMessageCode": "IMBOT_AGENT_ACTION_THINKING", "duration": 30});
    assert_eq!(app.ok("imbot.v2.Chat.InputAction.notify", on(thinking)).await, json!({"result": true}));
    app.ok("imbot.v2.Chat.TextField.enabled", on(json!({"enabled": "N"}))).await;
    assert_eq!(app.ok("imbot.v2.Chat.get", on(json!({}))).await["chat"]["textFieldEnabled"], false);
    assert_eq!(app.refused("imbot.v2.Chat.TextField.enabled", on(json!({})), 400).await, "ERROR_ARGUMENT");
    assert!(app.ok("imbot.v2.Revision.get", json!({})).await["rest"].is_i64());
}

#[tokio::test]
async fn an_application_has_a_hundred_bots_and_lists_them_in_pages() {
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    for number in 0..100 {
        app.register_fetch(&format!("bot{number}")).await;
    }
    let fields = json!({"code": "one-too-many", "properties": {"name": "X"}});
    let refused = app.refused("imbot.v2.Bot.register", json!({"fields": fields}), 400).await;
    assert_eq!(refused, "BOT_LIMIT_EXCEEDED");
    let page = app.ok("imbot.v2.Bot.list", json!({"offset": 60})).await;
    assert_eq!((page["bots"].as_array().unwrap().len(), &page["hasNextPage"]), (40, &json!(false)));
    let page = app.ok("imbot.v2.Bot.list", json!({"filter": {"type": "openline"}})).await;
    assert_eq!((page["bots"].as_array().unwrap().len(), &page["hasNextPage"]), (50, &json!(true)));
    let none = app.ok("imbot.v2.Bot.list", json!({"filter": {"type": "supervisor"}})).await;
    assert_eq!(none["bots"], json!([]));
    assert_eq!(app.refused("imbot.v2.Bot.get", json!({}), 400).await, "PARAMS_REQUIRED");
}
