//! Callbacks on the wire: shape, tokens, who hears what.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::{BotLeaves, Emulator};
use serde_json::{Value, json};
use support::{App, Handler, SOON, events, of, only, stage, with_v1_bot, with_v2_bot};

/// The names of a form in order, with every bot's id written as `#`.
fn names(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    text.trim_end()
        .split('&')
        .map(|pair| {
            let name = pair.split('=').next().unwrap().replace("%5B", "[").replace("%5D", "]");
            let parts: Vec<String> = name
                .split('[')
                .map(|part| part.strip_suffix(']').unwrap_or(part))
                .map(|part| if part.len() > 2 && part.parse::<i64>().is_ok() { "#" } else { part }.to_owned())
                .collect();
            parts.join("/")
        })
        .collect()
}

#[tokio::test]
async fn a_form_body_matches_the_protocol_sample() {
    let emulator = Emulator::builder().scope("imbot,imopenlines").start().await.unwrap();
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    app.register_v1("helper", &handler).await;
    portal.client("Guest").says("Where is order 15?").await;
    portal.settled(SOON).await;
    let sample = names(include_bytes!("fixtures/onimbotmessageadd-lines.form"));
    let mut ours = names(&of(&portal, "ONIMBOTMESSAGEADD")[0].body);
    // The sample leaves out one field that the table beside it has.
    let context = ours.iter().position(|name| name == "data/PARAMS/COMMAND_CONTEXT").unwrap();
    ours.remove(context);
    assert_eq!(ours, sample);
    assert_eq!(handler.bodies.lock().unwrap().last().unwrap(), &of(&portal, "ONIMBOTMESSAGEADD")[0].body);
}

#[tokio::test]
async fn a_v2_form_body_has_every_field_of_the_protocol_sample() {
    let (_emulator, handler, app, portal) = stage().await;
    let bot_id = app.register_v2("support_bot", &handler).await;
    portal.employee("John").says_to(bot_id, "Hi [b]bot[/b]").await;
    portal.settled(SOON).await;
    let delivery = &of(&portal, "ONIMBOTV2MESSAGEADD")[0];
    let ours = names(&delivery.body);
    let sample = names(include_bytes!("fixtures/onimbotv2messageadd-private.form"));
    // Fields whose value is null or empty for this sender are not on the wire.
    let absent = ["data/message/uuid"];
    for name in sample.iter().filter(|name| !absent.contains(&name.as_str())) {
        assert!(ours.contains(name), "{name} is missing");
    }
    let form = delivery.form();
    assert_eq!(form["data"]["message"]["isSystem"], "0");
    assert_eq!(form["data"]["chat"]["type"], "private");
    assert!(form["data"]["chat"].get("backgroundId").is_none(), "null leaves no trace");
    assert!(form["data"]["message"].get("params").is_none(), "an empty array leaves no trace");
}

#[tokio::test]
async fn refresh_tokens_travel_only_with_the_events_that_have_them() {
    let (_emulator, handler, app, portal, bot_id) = with_v1_bot().await;
    for event in ["ONSESSIONSTART", "ONOPENLINEMESSAGEADD", "ONAPPUNINSTALL"] {
        app.ok("event.bind", json!({"event": event, "handler": handler.url})).await;
    }
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    portal.uninstall(true).await;
    let has = |event: &str, field: &str| only(&portal, event)["auth"].get(field).is_some();
    assert!(has("ONAPPINSTALL", "refresh_token"));
    assert!(has("ONIMBOTMESSAGEADD", "refresh_token"));
    for event in ["ONIMBOTJOINCHAT", "ONSESSIONSTART", "ONOPENLINEMESSAGEADD"] {
        assert!(has(event, "access_token") && !has(event, "refresh_token"), "{event}");
    }
    assert!(!has("ONAPPUNINSTALL", "access_token"));
    assert!(has("ONAPPUNINSTALL", "application_token"));
    let join = only(&portal, "ONIMBOTJOINCHAT");
    assert!(join["data"]["BOT"][bot_id.to_string()]["AUTH"].get("refresh_token").is_some());
    assert_eq!(join["data"]["BOT"][bot_id.to_string()]["user_id"], bot_id.to_string());
}

#[tokio::test]
async fn nobody_hears_anything_until_the_installation_is_finished() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let portal = emulator.portal();
    let page = portal.install_with_page(&handler.url).await;
    let form = page.form();
    assert_eq!(form["member_id"], portal.app().member_id);
    assert_eq!(form["APPLICATION_TOKEN"], portal.app().application_token);
    assert!(page.url.contains("DOMAIN=127.0.0.1"));
    let token = form["AUTH_ID"].as_str().unwrap().to_owned();
    let refresh = form["REFRESH_ID"].as_str().unwrap().to_owned();
    let app = App { portal: portal.clone(), token, refresh, http: reqwest::Client::new() };
    app.register_v1("helper", &handler).await;
    assert_eq!(app.ok("app.info", json!({})).await["INSTALLED"], false);
    let ann = portal.client("Ann");
    ann.says("hello").await;
    portal.settled(SOON).await;
    assert_eq!(events(&portal), Vec::<String>::new());
    portal.install_finish();
    ann.says("still there?").await;
    portal.settled(SOON).await;
    assert_eq!(events(&portal), ["ONIMBOTMESSAGEADD"]);
}

#[tokio::test]
async fn an_application_with_both_generations_hears_everything_twice() {
    let (_emulator, handler, app, portal) = stage().await;
    app.register_v1("one", &handler).await;
    app.register_v2("two", &handler).await;
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    // The welcome bot is the v1 bot, and it triggers the v2 rows of its application too.
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 1);
    assert_eq!(only(&portal, "ONIMBOTV2MESSAGEADD")["data"]["bot"]["code"], "one");
}

#[tokio::test]
async fn bots_are_deaf_to_bots_and_to_system_messages() {
    let (_emulator, handler, app, portal) = stage().await;
    portal.line().bot_leaves(BotLeaves::WhenClosed);
    app.register_v1("helper", &handler).await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    app.ok("imbot.message.add", json!({"DIALOG_ID": ann.dialog_id(), "MESSAGE": "/help me"})).await;
    let ivan = portal.operator("Ivan");
    ivan.takes(&ann).await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 1, "neither the bot's own message nor the click");
    ivan.says(&ann, "I am here").await;
    portal.settled(SOON).await;
    let heard = &of(&portal, "ONIMBOTMESSAGEADD")[1].form();
    assert_eq!(heard["data"]["USER"]["IS_CONNECTOR"], "N");
    assert_eq!(heard["data"]["PARAMS"]["CHAT_AUTHOR_ID"], ivan.user_id().to_string());
}

#[tokio::test]
async fn in_a_group_only_the_mentioned_bot_hears_and_without_the_mention() {
    let (_emulator, _handler, _app, portal, bot_id) = with_v1_bot().await;
    let olga = portal.employee("Olga");
    let chat_id = portal.group_chat("Sales", &[olga.user_id(), bot_id]);
    olga.says_in(chat_id, "just talking").await;
    olga.says_in(chat_id, &format!("[USER={bot_id}]Helper[/USER], where is order 15?")).await;
    portal.settled(SOON).await;
    let params = &only(&portal, "ONIMBOTMESSAGEADD")["data"]["PARAMS"];
    assert_eq!(params["MESSAGE"], "where is order 15?");
    assert_eq!(params["TO_USER_ID"], bot_id.to_string());
    assert_eq!(params["MENTIONED_LIST"][bot_id.to_string()], bot_id.to_string());
}

#[tokio::test]
async fn edits_deletions_and_reactions_reach_their_bots() {
    let (_emulator, _handler, app, portal, bot_id) = with_v2_bot().await;
    let ann = portal.client("Ann");
    let first = ann.says("helo").await;
    ann.edits(first, "hello").await;
    ann.deletes(first).await;
    let fields = json!({"message": "hi"});
    let sent = app
        .ok(
            "imbot.v2.Chat.Message.send",
            json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields}),
        )
        .await;
    ann.reacts(sent["id"].as_i64().unwrap(), "redHeart").await;
    ann.reacts(first, "redHeart").await;
    portal.settled(SOON).await;
    assert_eq!(only(&portal, "ONIMBOTV2MESSAGEUPDATE")["data"]["message"]["text"], "hello");
    assert_eq!(only(&portal, "ONIMBOTV2MESSAGEDELETE")["data"]["messageId"], first.to_string());
    let reaction = only(&portal, "ONIMBOTV2REACTIONCHANGE");
    assert_eq!(
        (&reaction["data"]["reaction"], &reaction["data"]["action"]),
        (&json!("redHeart"), &json!("add"))
    );
}

#[tokio::test]
async fn a_private_dialog_raises_join_once_and_context_on_demand() {
    let (_emulator, _handler, _app, portal, bot_id) = with_v1_bot().await;
    let olga = portal.employee("Olga");
    olga.says_to(bot_id, "hi").await;
    olga.says_to(bot_id, "again").await;
    olga.opens_with_context(bot_id, json!({"source": "qr", "order": {"id": 15}})).await;
    portal.settled(SOON).await;
    let join = only(&portal, "ONIMBOTJOINCHAT");
    assert_eq!(join["data"]["PARAMS"]["DIALOG_ID"], olga.user_id().to_string());
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD").len(), 2);
    let context = only(&portal, "ONIMBOTCONTEXTGET");
    assert_eq!(context["data"]["PARAMS"]["CONTEXT"]["order"]["id"], "15");
}

#[tokio::test]
async fn an_event_loop_is_cut_after_seven_rounds() {
    let (_emulator, handler, app, portal, _) = with_v1_bot().await;
    let endpoint = portal.app().client_endpoint;
    app.ok("event.bind", json!({"event": "ONAPPTEST", "handler": handler.url})).await;
    let mut token = only(&portal, "ONAPPINSTALL")["auth"]["access_token"].clone();
    for _ in 0..10 {
        let url = format!("{endpoint}event.test");
        support::post(&app.http, &url, &json!({"auth": token})).await;
        portal.settled(SOON).await;
        token = of(&portal, "ONAPPTEST").last().unwrap().form()["auth"]["access_token"].clone();
    }
    // The install event's token has seven rounds, so six of its successors are sent.
    assert_eq!(of(&portal, "ONAPPTEST").len(), 6);
}

#[tokio::test]
async fn open_line_events_have_the_shape_of_their_direction() {
    let (_emulator, handler, app, portal) = stage().await;
    portal.line().connector("telegrambot", "Telegram");
    for event in ["ONOPENLINEMESSAGEADD", "ONOPENLINEMESSAGEUPDATE", "ONOPENLINEMESSAGEDELETE"] {
        app.ok("event.bind", json!({"event": event, "handler": handler.url})).await;
    }
    let ann = portal.client("Ann");
    ann.says("hello").await;
    let ivan = portal.operator("Ivan");
    let answer = ivan.says(&ann, "Good day").await;
    ivan.edits(answer, "Good day!").await;
    portal.settled(SOON).await;
    let [inbound, outbound]: [Value; 2] =
        of(&portal, "ONOPENLINEMESSAGEADD").iter().map(|d| d.form()).collect::<Vec<_>>().try_into().unwrap();
    assert!(inbound["data"].get("CONNECTOR").is_none());
    assert_eq!(inbound["data"]["DATA"]["message"]["text"], "hello");
    assert_eq!(inbound["data"]["DATA"]["connector"]["user_id"], ann.user_id().to_string());
    assert_eq!(outbound["data"]["CONNECTOR"], "telegrambot");
    assert_eq!(outbound["data"]["DATA"]["message"]["text"], "[b]Ivan:[/b] [br]Good day");
    let update = only(&portal, "ONOPENLINEMESSAGEUPDATE");
    assert_eq!(update["data"]["DATA"]["im"]["message_id"], answer.to_string());
}
