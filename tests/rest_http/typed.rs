//! Typed methods: what is sent and what is read.

use openlines::{
    message::{Attach, Button, Keyboard, Reply, RtMessage, RtRecipients},
    rest::{
        ApiExt as _, CallErrorKind, Method, Repeat,
        methods::{
            basic, event, imbot,
            imbot_v2::{self, EventMode},
            imopenlines::{self, CrmEntity},
            pull,
        },
    },
    wire::{BotId, ChatEntity, ChatKind, DialogId, UserId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::portal::{Portal, Tokens, answer, api, key};

fn sent<M: Method>(method: &M) -> Value {
    method.to_call(&key()).unwrap().params
}

fn read<M: Method>(answer: Value) -> M::Answer {
    M::read_answer(answer).unwrap()
}

fn reply() -> Reply {
    Reply::text("hi")
        .keyboard(Keyboard::builder().button(Button::command("Go", "go")).build().unwrap())
        .attach(Attach::builder().message("m").build().unwrap())
        .without_preview()
}

#[tokio::test]
async fn a_typed_call_goes_out_and_its_answer_comes_back_typed() {
    let portal = Portal::start(|_| answer(200, json!({"result": {"id": "789", "uuidMap": []}}))).await;
    let template = Uuid::parse_str("796c45aa-70e5-45aa-930c-c7fb32710c62").unwrap();
    let send = imbot_v2::MessageSend::reply(BotId::new(456), DialogId::from("chat5"), template, &reply());
    let message = api(Tokens::bearer(&[&portal])).invoke(&key(), &send.bot_token("t0ken")).await.unwrap();
    assert_eq!(message.id.get(), 789);
    let seen = &portal.seen()[0];
    assert_eq!(seen.path, "/rest/imbot.v2.Chat.Message.send");
    assert_eq!(
        seen.body,
        json!({
            "botId": 456, "botToken": "t0ken", "dialogId": "chat5",
            "fields": {
                "message": "hi", "urlPreview": false, "templateId": "796c45aa-70e5-45aa-930c-c7fb32710c62",
                "keyboard": [{"TEXT": "Go", "COMMAND": "go"}], "attach": {"BLOCKS": [{"MESSAGE": "m"}]},
            },
        })
    );
}

#[test]
fn a_message_without_a_key_that_counts_is_sent_once() {
    let send = |reply, key| imbot_v2::MessageSend::reply(39.into(), "chat5".into(), key, &reply).repeat();
    assert_eq!(send(reply(), Uuid::new_v4()), Repeat::Keyed);
    assert_eq!(send(reply().system(), Uuid::new_v4()), Repeat::Once);
    assert_eq!(send(reply(), Uuid::nil()), Repeat::Once);
}

#[test]
fn v1_and_line_methods_send_upper_case_names_and_flags() {
    let add =
        imbot::MessageAdd::reply(39.into(), "chat5".into(), &reply().internal_note()).client_id("cl1ent");
    assert_eq!(
        sent(&add),
        json!({
            "BOT_ID": 39, "DIALOG_ID": "chat5", "MESSAGE": "hi", "URL_PREVIEW": "N", "SKIP_CONNECTOR": "Y",
            "CLIENT_ID": "cl1ent", "KEYBOARD": [{"TEXT": "Go", "COMMAND": "go"}],
            "ATTACH": {"BLOCKS": [{"MESSAGE": "m"}]},
        })
    );
    let network =
        imopenlines::NetworkMessageAdd::reply("c".repeat(32), 27.into(), &reply()).bot_id(BotId::new(39));
    assert!(sent(&network)["KEYBOARD"].is_array());
    let crm = imopenlines::CrmMessageAdd::new(CrmEntity::Deal, 5, 39, 1777, "hi");
    assert_eq!(
        sent(&crm),
        json!({"CRM_ENTITY_TYPE": "deal", "CRM_ENTITY": 5, "USER_ID": 39, "CHAT_ID": 1777, "MESSAGE": "hi"})
    );
    let transfer =
        imopenlines::SessionTransfer::new(1777, imopenlines::TransferTarget::Line(22.into())).leave(true);
    assert_eq!(sent(&transfer), json!({"CHAT_ID": 1777, "TRANSFER_ID": "queue22", "LEAVE": "Y"}));
    let welcome = imopenlines::SessionMessageSend::new(1777, imopenlines::SessionText::Welcome);
    assert_eq!(sent(&welcome), json!({"CHAT_ID": 1777, "NAME": "WELCOME"}));
    assert_eq!(
        sent(&imopenlines::DialogGet::of_client("livechat|22|1775|599"))["USER_CODE"],
        "livechat|22|1775|599"
    );
}

#[test]
fn registration_says_how_events_come() {
    let bot = imbot_v2::NewBot::new("echo", imbot_v2::BotProperties::new("Echo"))
        .kind(imbot_v2::BotKind::Openline)
        .event_mode(EventMode::Fetch)
        .is_support_openline(true);
    assert_eq!(
        sent(&imbot_v2::BotRegister::new(bot).bot_token("t0ken")),
        json!({
            "botToken": "t0ken",
            "fields": {"code": "echo", "properties": {"name": "Echo"}, "type": "openline", "eventMode": "fetch",
                "isSupportOpenline": true},
        })
    );
}

#[test]
fn an_rt_event_names_its_one_user_as_text() {
    let to = |recipients| {
        sent(&pull::EventAdd::event(&RtMessage::new("order_new", recipients, json!({"id": 15})).unwrap()))
    };
    assert_eq!(
        to(RtRecipients::user(UserId::new(27))),
        json!({"COMMAND": "order_new", "PARAMS": {"id": 15}, "USER_ID": "27"})
    );
    assert_eq!(to(RtRecipients::Users(vec![1.into(), 2.into()]))["USER_ID"], json!(["1", "2"]));
    assert_eq!(to(RtRecipients::Shared).get("USER_ID"), None);
}

#[test]
fn loose_answers_are_read() {
    assert_eq!(read::<imbot::Register>(json!("39")).bot.get(), 39);
    assert_eq!(read::<imbot::MessageAdd>(json!(86101)).id.get(), 86101);
    assert_eq!(read::<imopenlines::NetworkJoin>(json!("42")).bot.get(), 42);
    assert_eq!(read::<imopenlines::CrmChatUserAdd>(json!(0)).chat.get(), 0);
    for (done, given) in
        [(true, json!(true)), (true, json!({"result": true})), (true, json!(1)), (false, json!(false))]
    {
        assert_eq!(read::<imopenlines::SessionFinish>(given).done, done);
    }
    let chats = read::<imopenlines::CrmChatGet>(
        json!([{"CHAT_ID": "1763", "CONNECTOR_ID": "livechat", "CONNECTOR_TITLE": "Live Chat"}]),
    );
    assert_eq!((chats.chats[0].chat_id.get(), chats.chats[0].connector_id.as_str()), (1763, "livechat"));
    let info =
        read::<basic::AppInfo>(json!({"ID": "7", "VERSION": 3, "INSTALLED": false, "PAYMENT_EXPIRED": "N"}));
    assert_eq!((info.id, info.version, info.installed, info.payment_expired), (7, 3, false, false));
    assert!(read::<basic::Profile>(json!({"ID": "1", "ADMIN": true})).admin);
    assert_eq!(read::<basic::Scope>(json!(["imbot"])).names, ["imbot"]);
    assert_eq!(read::<event::Unbind>(json!({"count": "2"})).count, 2);
    let rows = read::<event::Get>(
        json!([{"event": "ONAPPINSTALL", "handler": "https://x", "auth_type": "0", "offline": 0}]),
    );
    assert_eq!((rows.rows[0].event.as_str(), rows.rows[0].offline), ("ONAPPINSTALL", false));
    let page = read::<imbot_v2::EventGet>(json!({
        "events": [{"eventId": "1001", "type": "ONIMBOTV2MESSAGEADD", "date": "2026-03-16T20:41:58+01:00",
            "data": {"message": {"id": 789}}}],
        "nextOffset": 1002, "hasMore": false,
    }));
    assert_eq!((page.events[0].event_id, page.next_offset), (1001, 1002));
    assert!(
        read::<imbot_v2::BotList>(json!({"bots": [], "users": [], "hasNextPage": false})).bots.is_empty()
    );
    let command =
        read::<imbot_v2::CommandRegister>(json!({"command": {"id": 42, "botId": 456, "command": "/help"}}));
    assert_eq!(command.command.id.get(), 42);
    let error = <imbot_v2::MessageSend as Method>::read_answer(json!("no object")).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::BadAnswer);
}

#[test]
fn a_dialog_is_read_as_the_chat_that_events_describe() {
    let dialog = read::<imopenlines::DialogGet>(json!({
        "id": "1777", "name": "Guest 17 - Shop", "owner": 567, "message_type": "L", "entity_type": "LINES",
        "entity_id": "livechat|22|1775|599", "entity_data_1": "Y|LEAD|1209|N|N|343|1773682918|0|0|0",
        "entity_data_2": "LEAD|1209|COMPANY|0|CONTACT|0|DEAL|0", "entity_data_3": "N", "last_message_id": 86101,
        "mute_list": [], "permissions": {"a": 1},
    }));
    let chat = dialog.chat;
    assert_eq!(
        (chat.dialog.as_str(), chat.kind, chat.owner),
        ("chat1777", ChatKind::Line, Some(UserId::new(567)))
    );
    let ChatEntity::Lines(address) = chat.entity else { panic!("it is a line") };
    assert_eq!((address.user.get(), chat.session.unwrap().id.get(), chat.crm.lead), (599, 343, 1209));
}

#[test]
fn a_session_history_is_in_the_order_of_ids() {
    let history = read::<imopenlines::SessionHistoryGet>(json!({
        "chatId": 1777, "sessionId": "343", "users": [],
        "message": {
            "86110": {"id": 86110, "senderid": "27", "text": "Good day", "params": []},
            "86101": {"id": "86101", "senderId": 599, "text": "hello", "date": "2026-03-16T20:41:58+01:00"},
        },
    }));
    let messages: Vec<_> = history.messages.iter().map(|one| (one.id.get(), one.sender.get())).collect();
    assert_eq!(messages, [(86101, 599), (86110, 27)]);
}
