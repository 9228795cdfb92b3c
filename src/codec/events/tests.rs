use std::sync::Arc;

use super::*;
use crate::codec::{event_of_stored, events_of_stored, form, keys, stored, to_stored};
use crate::wire::{
    Author, BotId, BotRef, ChatEntity, ChatId, ChatKind, Command, CommandContext, CommandId, Message,
    MessageId, UserId,
};

macro_rules! payloads {
    ($($name:literal),+ $(,)?) => {
        const PAYLOADS: &[(&str, &str)] = &[$(($name, include_str!(concat!("payloads/", $name, ".form")))),+];
    };
}

payloads! {
    "app-install", "app-uninstall", "app-update", "connector-line-deleted", "connector-message", "line-delete-in",
    "line-delete-out", "line-message-in", "line-message-out", "line-update-in", "line-update-out", "offline",
    "session-finish-documented", "session-start", "v1-bot-deleted", "v1-button", "v1-commands-typed", "v1-context",
    "v1-delete-line", "v1-join-line", "v1-message-line", "v1-message-private", "v1-message-two-bots",
    "v1-update-line", "v2-bot-deleted", "v2-button", "v2-command-typed", "v2-context", "v2-delete",
    "v2-join-without-chat", "v2-message-line", "v2-message-private", "v2-message-system", "v2-reaction", "v2-update",
}

fn callback(name: &str) -> Callback {
    let (_, body) = PAYLOADS.iter().find(|(known, _)| *known == name).unwrap();
    of_body(body)
}

fn of_body(body: &str) -> Callback {
    Callback::read(Arc::new(form::decode(body.as_bytes(), &form::Limits::default()).unwrap())).unwrap()
}

fn all(name: &str) -> Vec<Incoming> {
    events(&callback(name)).unwrap()
}

fn single(name: &str) -> Incoming {
    let mut events = all(name);
    assert_eq!(events.len(), 1, "{name}");
    events.remove(0)
}

fn message(name: &str) -> Message {
    match single(name).event {
        Event::Message(message) => message,
        Event::MessageUpdated(update) => update.message,
        other => panic!("{name}: {other:?}"),
    }
}

fn command(event: &Incoming) -> &Command {
    match &event.event {
        Event::Command(command) => command,
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_generations_of_one_message_are_the_same_struct() {
    let (v1, v2) = (message("v1-message-line"), message("v2-message-line"));
    for message in [&v1, &v2] {
        assert_eq!(message.id, MessageId::new(90_001));
        assert_eq!(message.text, "Где заказ №15? [b]&%+[/b]\nок");
        assert_eq!((message.author_id, message.author), (UserId::new(731), Author::Client));
        assert_eq!((message.chat.id, message.chat.dialog.as_str()), (ChatId::new(2040), "chat2040"));
        assert_eq!((&message.chat.kind, message.chat.owner), (&ChatKind::Line, Some(UserId::new(55))));
        let ChatEntity::Lines(address) = &message.chat.entity else { panic!("{:?}", message.chat.entity) };
        assert_eq!((address.connector.as_str(), address.line.get()), ("telegrambot", 14));
        assert_eq!((address.external_chat.as_str(), address.user), ("tg|9", UserId::new(731)));
        assert_eq!(message.chat.session.as_ref().map(|session| session.id.get()), Some(512));
        assert_eq!((message.chat.crm.deal, message.chat.silent), (88, false));
        assert_eq!(message.uuid.as_deref(), Some("796c45aa-70e5-45aa-930c-c7fb32710c62"));
        assert_eq!((message.files[0].id, message.language.as_str()), (901, "ru"));
        assert_eq!(message.user.as_ref().map(|user| user.name.as_str()), Some("Олег & Co"));
    }
    assert_eq!((v1.files[0].name.as_str(), v1.files[0].size), ("чек & 1.png", 2048));
    assert_eq!(keys::fact(&single("v1-message-line"), None), keys::fact(&single("v2-message-line"), None));
    assert_eq!(keys::lane(&single("v1-message-line")), keys::lane(&single("v2-message-line")));
}

#[test]
fn one_callback_for_two_bots_is_two_events_over_one_raw_value() {
    let events = all("v1-message-two-bots");
    let bots: Vec<_> = events.iter().map(|event| event.bot.clone().unwrap()).collect();
    assert_eq!(bots, [BotRef::new(BotId::new(55), "helper"), BotRef::new(BotId::new(56), "second")]);
    assert!(Arc::ptr_eq(&events[0].raw, &events[1].raw));
    assert_ne!(keys::fact(&events[0], None), keys::fact(&events[1], None));
}

#[test]
fn a_bot_or_command_named_twice_is_one_event() {
    for body in [
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=7&data[BOT][7][BOT_ID]=7&data[PARAMS][MESSAGE_ID]=1\
         &data[PARAMS][DIALOG_ID]=chat1",
        "event=ONIMCOMMANDADD&data[COMMAND][5][BOT_ID]=7&data[COMMAND][x][BOT_ID]=7&data[COMMAND][x][COMMAND_ID]=5\
         &data[PARAMS][MESSAGE_ID]=1&data[PARAMS][DIALOG_ID]=chat1",
    ] {
        let events = events(&of_body(body)).unwrap();
        assert_eq!(events.len(), 1, "{body}");
        assert!(event_of_stored(&stored(&events[0])).is_ok(), "{body}");
    }
}

#[test]
fn a_private_dialog_is_known_by_the_authors_id() {
    for (name, files) in [("v1-message-private", 2), ("v2-message-private", 0)] {
        let message = message(name);
        assert_eq!((message.chat.dialog.as_str(), &message.chat.kind), ("12", &ChatKind::Private), "{name}");
        assert_eq!((message.author, message.chat.id.get()), (Author::Employee, 41), "{name}");
        assert_eq!(message.files.len(), files, "{name}");
    }
}

#[test]
fn an_edit_without_a_user_knows_its_client_from_the_entity_id() {
    let message = message("v1-update-line");
    assert_eq!((message.text.as_str(), message.author, message.user), ("исправлено", Author::Client, None));
}

#[test]
fn a_deletion_says_which_message_and_whose() {
    let events = all("v1-delete-line");
    assert_eq!(events.len(), 2);
    let Event::MessageDeleted(v1) = &events[0].event else { panic!() };
    assert_eq!((v1.id.get(), v1.author_id), (90_001, Some(UserId::new(731))));
    let Event::MessageDeleted(v2) = single("v2-delete").event else { panic!() };
    assert_eq!((v2.id, &v2.chat.dialog), (v1.id, &v1.chat.dialog));
}

#[test]
fn each_typed_command_is_an_event_of_its_bot() {
    let events = all("v1-commands-typed");
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let command = command(event);
            (
                event.bot.as_ref().unwrap().id.get(),
                command.id.get(),
                command.name.as_str(),
                command.params.as_str(),
            )
        })
        .collect();
    assert_eq!(told, [(55, 7, "order", "15 &x=[1]"), (55, 8, "help", ""), (56, 9, "help", "")]);
    for event in &events {
        let command = command(event);
        assert_eq!((command.context, command.message_id.get()), (CommandContext::Typed, 90_005));
        assert_eq!(command.author, Author::Client);
    }
    let v2 = single("v2-command-typed");
    assert_eq!(command(&v2).name, "order");
    assert_eq!(keys::fact(&v2, None), keys::fact(&events[0], None));
}

#[test]
fn a_pressed_button_names_the_bots_message_and_who_pressed() {
    for name in ["v1-button", "v2-button"] {
        let event = single(name);
        let command = command(&event);
        assert_eq!((command.id, command.context), (CommandId::new(7), CommandContext::Button), "{name}");
        assert_eq!((command.name.as_str(), command.params.as_str()), ("order", "status 15"), "{name}");
        assert_eq!((command.author_id.get(), command.author), (12, Author::Employee), "{name}");
        assert_eq!((command.message_id.get(), command.chat.dialog.as_str()), (90_006, "12"), "{name}");
    }
    assert_eq!(keys::fact(&single("v1-button"), None), keys::fact(&single("v2-button"), None));
}

#[test]
fn a_join_is_read_with_and_without_its_chat() {
    for name in ["v1-join-line", "v2-join-without-chat"] {
        let Event::Joined(joined) = single(name).event else { panic!("{name}") };
        assert_eq!((joined.chat.id.get(), joined.chat.dialog.as_str()), (2040, "chat2040"), "{name}");
        assert_eq!(joined.user_id, UserId::new(0), "{name}");
    }
}

#[test]
fn a_context_keeps_its_shape_and_an_empty_one_is_empty() {
    let Event::ContextOpened(opened) = single("v1-context").event else { panic!() };
    let expected = serde_json::json!({"source": "qr", "order": {"id": "15", "tags": {"0": "a", "2": "1"}}});
    assert_eq!((opened.context, opened.user_id.get()), (expected, 12));
    let Event::ContextOpened(opened) = single("v2-context").event else { panic!() };
    assert_eq!((opened.context, opened.chat.dialog.as_str()), (serde_json::json!({}), "12"));
}

#[test]
fn a_reaction_says_what_was_taken_back() {
    let Event::Reaction(reaction) = single("v2-reaction").event else { panic!() };
    assert_eq!((reaction.reaction.as_str(), reaction.added), ("redHeart", false));
    assert_eq!(reaction.user.unwrap().id.get(), 12);
}

#[test]
fn a_removed_bot_is_named() {
    for name in ["v1-bot-deleted", "v2-bot-deleted"] {
        let Event::BotDeleted(deleted) = single(name).event else { panic!("{name}") };
        assert_eq!(deleted.bot, BotRef::new(BotId::new(55), "helper"), "{name}");
    }
}

#[test]
fn the_portal_itself_is_the_author_of_system_messages() {
    let message = message("v2-message-system");
    assert!(message.system);
    assert_eq!((message.author, message.author_id.get()), (Author::System, 0));
}

#[test]
fn line_messages_are_read_in_both_directions() {
    let Event::LineMessage(inbound) = single("line-message-in").event else { panic!() };
    assert_eq!((inbound.outbound, inbound.external_id.as_str(), inbound.message_id), (false, "ext-1", None));
    let Event::LineMessage(outbound) = single("line-message-out").event else { panic!() };
    assert!(outbound.outbound);
    assert_eq!((outbound.message_id, outbound.chat), (Some(MessageId::new(90_010)), Some(ChatId::new(2040))));
    assert_eq!((inbound.user_id.get(), outbound.user_id.get()), (731, 12));
    assert_eq!(inbound.address, outbound.address);
    assert_eq!(keys::lane(&single("line-message-in")), keys::lane(&single("v1-message-line")));
}

#[test]
fn the_blocks_of_one_deleted_message_are_one_event() {
    let Event::LineMessageDeleted(deleted) = single("line-delete-out").event else { panic!() };
    assert_eq!(deleted.external_ids, ["ext-2", "ext-3"]);
    assert_eq!((deleted.message_id, deleted.outbound), (Some(MessageId::new(90_010)), true));
    assert_eq!(deleted.address.external_chat, "tg|9");
    let Event::LineMessageDeleted(deleted) = single("line-delete-in").event else { panic!() };
    assert_eq!((deleted.external_ids, deleted.outbound), (vec!["ext-1".to_owned()], false));
    let two = "event=ONOPENLINEMESSAGEDELETE&data[CONNECTOR]=c&data[LINE]=1\
        &data[DATA][0][im][message_id]=5&data[DATA][0][message][id]=x\
        &data[DATA][1][im][message_id]=6&data[DATA][1][message][id]=y";
    let events = events(&of_body(two)).unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(
        format!("{:?}", event_of_stored(&stored(&events[1])).unwrap().event),
        format!("{:?}", events[1].event)
    );
}

#[test]
fn line_updates_carry_the_text_and_all_ids_of_the_channel() {
    let Event::LineMessageUpdated(update) = single("line-update-out").event else { panic!() };
    assert_eq!(
        (update.text.as_str(), update.external_ids),
        ("Good day!", vec!["ext-2".into(), "ext-3".into()])
    );
    let Event::LineMessageUpdated(update) = single("line-update-in").event else { panic!() };
    assert_eq!((update.outbound, update.address.user.get()), (false, 731));
}

#[test]
fn sessions_are_read_as_sent_and_as_documented() {
    let Event::SessionStarted(started) = single("session-start").event else { panic!() };
    assert_eq!((started.chat.get(), started.line_name.as_str()), (2040, "Shop & more"));
    assert_eq!((started.address.external_chat.as_str(), started.address.user.get()), ("", 731));
    let Event::SessionFinished(finished) = single("session-finish-documented").event else { panic!() };
    assert_eq!((finished.chat.get(), finished.address.external_chat.as_str()), (0, "tg|9"));
    assert_eq!(keys::lane(&single("session-start")), keys::lane(&single("session-finish-documented")));
    assert_eq!(keys::lane(&single("session-start")), keys::lane(&single("v2-message-line")));
}

#[test]
fn application_events_are_read_with_flags_of_either_kind() {
    let Event::AppInstalled(installed) = single("app-install").event else { panic!() };
    assert!(installed.active && installed.installed);
    let Event::AppUpdated(updated) = single("app-update").event else { panic!() };
    assert_eq!((updated.version.as_str(), updated.previous_version.as_str()), ("3", "2"));
    let Event::AppUninstalled(removed) = single("app-uninstall").event else { panic!() };
    assert!(removed.clean);
    let Event::AppUninstalled(kept) = &events(&of_body("event=ONAPPUNINSTALL")).unwrap()[0].event else {
        panic!()
    };
    assert!(!kept.clean);
}

#[test]
fn the_rest_of_an_applications_life_is_read() {
    let read = |body: &str| events(&of_body(body)).unwrap().remove(0);
    let paid = "event=ONAPPPAYMENT&data[CODE]=vendor.bot&data[VERSION]=3&data[STATUS]=P&data[PAYMENT_EXPIRED]=N&data[DAYS]=28";
    let Event::AppPaid(paid) = read(paid).event else { panic!() };
    assert_eq!(
        (paid.app_code.as_str(), paid.status.as_str(), paid.expired, paid.days),
        ("vendor.bot", "P", false, 28)
    );
    let confirmed =
        "event=ONAPPMETHODCONFIRM&data[TOKEN]=s3cret&data[METHOD]=imbot.register&data[CONFIRMED]=1";
    let Event::MethodConfirmed(confirmed) = read(confirmed).event else { panic!() };
    assert!(confirmed.confirmed && confirmed.method == "imbot.register");
    assert!(!format!("{confirmed:?}").contains("s3cret"));
    let Event::AppTested(tested) = read("event=ONAPPTEST&data[QUERY][a][b]=1").event else { panic!() };
    assert_eq!(tested.query, serde_json::json!({"a": {"b": "1"}}));
    for (body, origin) in [("event=ONSUBSCRIPTIONRENEW", Origin::App), ("event=onOfflineEvent", Origin::App)]
    {
        assert_eq!(read(body).origin, origin);
        assert!(!matches!(read(body).event, Event::Other), "{body}");
    }
}

#[test]
fn events_of_a_channel_are_one_for_each_message_and_read_back_alone() {
    let messages = events(&of_body(
        "event=ONIMCONNECTORMESSAGEADD&ts=5&data[CONNECTOR]=mine&data[LINE]=107\
         &data[MESSAGES][0][im][chat_id]=1807&data[MESSAGES][0][im][message_id]=86497\
         &data[MESSAGES][0][message][user_id]=27&data[MESSAGES][0][message][text]=Hi\
         &data[MESSAGES][0][message][files][0][name]=a.png&data[MESSAGES][0][message][files][0][size]=5\
         &data[MESSAGES][0][chat][id]=c-1&data[MESSAGES][0][user][ID]=27&data[MESSAGES][0][user][AVATAR]=/a.png\
         &data[MESSAGES][1][im][chat_id]=1808&data[MESSAGES][1][im][message_id]=86498\
         &data[MESSAGES][1][message][text]=Ho&data[MESSAGES][1][chat][id]=c-2",
    ))
    .unwrap();
    assert_eq!(messages.len(), 2);
    let Event::ConnectorMessage(first) = &messages[0].event else { panic!() };
    assert_eq!(
        (first.place.line.get(), first.place.external_chat.as_str(), first.user_id.get()),
        (107, "c-1", 27)
    );
    assert_eq!((first.files[0].name.as_str(), first.files[0].size), ("a.png", 5));
    assert_eq!(first.user.as_ref().map(|user| user.avatar.as_str()), Some("/a.png"));
    let [one, two] = [&messages[0], &messages[1]].map(|event| event_of_stored(&stored(event)).unwrap());
    let Event::ConnectorMessage(second) = &two.event else { panic!() };
    assert_eq!((second.text.as_str(), second.message_id.get()), ("Ho", 86498));
    assert_ne!(keys::fact(&messages[0], None), keys::fact(&messages[1], None));
    assert_eq!(
        (keys::lane(&one), keys::lane(&two)),
        ("connector|mine|107|c-1".into(), "connector|mine|107|c-2".into())
    );

    let body = "event=ONIMCONNECTORMESSAGEDELETE&data[CONNECTOR]=mine&data[LINE]=107\
         &data[MESSAGES][0][im][message_id]=86497&data[MESSAGES][0][message][id]=e-1&data[MESSAGES][0][chat][id]=c-1\
         &data[MESSAGES][1][im][message_id]=86497&data[MESSAGES][1][message][id]=e-2&data[MESSAGES][1][chat][id]=c-1";
    let deleted = events(&of_body(body)).unwrap();
    let [Incoming { event: Event::ConnectorMessageDeleted(event), .. }] = &deleted[..] else {
        panic!("{deleted:?}")
    };
    assert_eq!(event.external_ids, ["e-1", "e-2"]);
    assert!(event_of_stored(&stored(&deleted[0])).is_ok());
}

#[test]
fn sessions_and_ends_of_a_channel_are_read() {
    let body = "event=ONIMCONNECTORDIALOGFINISH&data[CONNECTOR]=mine&data[LINE]=107\
         &data[DATA][0][connector][chat_id]=c-1&data[DATA][0][connector][user_id]=77&data[DATA][0][session][id]=3282\
         &data[DATA][0][session][closed]=Y&data[DATA][0][session][parent_id]=0&data[DATA][0][session][close_term]=10";
    let finished = events(&of_body(body)).unwrap().remove(0);
    let Event::ConnectorDialogFinished(dialog) = &finished.event else { panic!() };
    assert_eq!((dialog.session.id.get(), dialog.session.closed, dialog.session.close_term), (3282, true, 10));
    assert_eq!((dialog.place.external_chat.as_str(), dialog.user.get()), ("c-1", 77));
    assert!(event_of_stored(&stored(&finished)).is_ok());
    let Event::ConnectorMessage(message) = single("connector-message").event else { panic!() };
    assert!(!message.place.connector.as_str().is_empty());
    let Event::LineRemoved(removed) = single("connector-line-deleted").event else { panic!() };
    assert_eq!(removed.line.get(), 15);
    let removed =
        events(&of_body("event=ONIMCONNECTORSTATUSDELETE&data[connector]=mine&data[line]=107")).unwrap();
    let Event::ConnectorRemoved(removed) = &removed[0].event else { panic!() };
    assert_eq!((removed.place.connector.as_str(), removed.place.line.get()), ("mine", 107));
    assert!(matches!(single("offline").event, Event::OfflineEvents(_)));
    let error = events(&of_body("event=ONIMCONNECTORMESSAGEADD&data[CONNECTOR]=mine")).unwrap_err();
    assert_eq!(error.path(), "data.MESSAGES");
}

#[test]
fn what_only_one_generation_tells_is_read_where_it_is_told() {
    let v1 = events(&of_body(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]=9&data[PARAMS][DIALOG_ID]=chat7\
         &data[PARAMS][AUTHOR_ID]=27&data[PARAMS][CHAT_COLOR]=LIME&data[PARAMS][CHAT_AVATAR]=0\
         &data[PARAMS][CHAT_EXTRANET]=Y&data[PARAMS][SKIP_CONNECTOR]=Y&data[PARAMS][CHAT_USER_COUNT]=2\
         &data[PARAMS][PLATFORM_CONTEXT]=mobile&data[PARAMS][MENTIONED_LIST][5]=5",
    ))
    .unwrap()
    .remove(0);
    let Event::Message(message) = v1.event else { panic!() };
    assert_eq!((message.chat.color.as_str(), message.chat.avatar.as_str()), ("LIME", ""));
    assert_eq!((message.chat.extranet, message.chat.user_count), (Some(true), Some(2)));
    assert!(message.skips_connector);
    assert_eq!((message.platform.as_str(), message.mentioned.as_slice()), ("mobile", &[UserId::new(5)][..]));
    let v2 = events(&of_body(
        "event=ONIMBOTV2MESSAGEADD&data[bot][id]=5&data[message][id]=9&data[message][date]=2026-03-16T20:41:58%2B01:00\
         &data[message][forward][id]=chat5/8&data[message][forward][userId]=3&data[message][viewedByOthers]=0\
         &data[chat][dialogId]=chat7&data[chat][parentChatId]=6&data[chat][parentMessageId]=8&data[chat][textFieldEnabled]=1\
         &data[user][id]=27&data[user][active]=1&data[user][type]=employee&data[user][departments][0]=1&data[user][email]=a@b.c",
    ))
    .unwrap()
    .remove(0);
    let Event::Message(message) = v2.event else { panic!() };
    assert_eq!(message.date, "2026-03-16T20:41:58+01:00");
    assert_eq!(message.forward.map(|of| (of.id, of.user.get())), Some(("chat5/8".to_owned(), 3)));
    assert_eq!((message.chat.parent_chat.get(), message.chat.parent_message.get()), (6, 8));
    assert_eq!((message.viewed_by_others, message.chat.text_field_enabled), (Some(false), Some(true)));
    let user = message.user.unwrap();
    assert_eq!(
        (user.active, user.kind.as_str(), user.departments.as_slice()),
        (Some(true), "employee", &[1][..])
    );
    let Event::LineMessage(inbound) = single("line-message-in").event else { panic!() };
    let Event::LineMessage(outbound) = single("line-message-out").event else { panic!() };
    assert_eq!((inbound.author, outbound.author), (Author::Client, Author::Operator));
}

#[test]
fn what_is_not_typed_is_kept_by_name_and_value() {
    let new = "event=onImBotV2SomethingNew&data[bot][id]=55&data[chat][dialogId]=chat5";
    let event = events(&of_body(new)).unwrap().remove(0);
    assert_eq!((event.bot.map(|bot| bot.id.get()), event.origin), (Some(55), Origin::BotV2));
}

#[test]
fn what_lacks_an_essential_is_refused_by_its_path() {
    let cases = [
        ("event=ONIMBOTMESSAGEADD", "data"),
        ("event=ONIMBOTMESSAGEADD&data=107", "data"),
        ("event=ONIMBOTMESSAGEADD&data[x]=1", "data.BOT"),
        ("event=ONIMBOTMESSAGEADD&data[BOT]=5", "data.BOT"),
        ("event=ONIMBOTMESSAGEADD&data[BOT][]=5", "data.BOT.0.BOT_ID"),
        ("event=ONIMBOTMESSAGEADD&data[BOT][-5][BOT_ID]=-5", "data.BOT.-5.BOT_ID"),
        ("event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5", "data.PARAMS"),
        ("event=ONIMBOTMESSAGEADD&data[BOT][5][x]=5&data[PARAMS][DIALOG_ID]=1", "data.PARAMS.MESSAGE_ID"),
        ("event=ONIMBOTMESSAGEADD&data[BOT][5][x]=5&data[PARAMS][MESSAGE_ID]=1", "data.PARAMS.DIALOG_ID"),
        (
            "event=ONIMCOMMANDADD&data[COMMAND][7][BOT_ID]=5&data[PARAMS][DIALOG_ID]=1",
            "data.COMMAND.7.MESSAGE_ID",
        ),
        ("event=ONIMBOTV2MESSAGEADD&data[bot][id]=0", "data.bot.id"),
        ("event=ONIMBOTV2MESSAGEADD&data[bot][id]=5", "data.message"),
        (
            "event=ONIMBOTV2MESSAGEADD&data[bot][id]=5&data[message][id]=99999999999999999999",
            "data.message.id",
        ),
        ("event=ONIMBOTV2REACTIONCHANGE&data[bot][id]=5&data[reaction]=x&data[action]=like", "data.action"),
        ("event=ONOPENLINEMESSAGEADD&data[DATA]=x", "data.DATA"),
        ("event=ONOPENLINEMESSAGEADD&data[DATA][message][id]=1", "data.DATA.connector.connector_id"),
        (
            "event=ONSESSIONSTART&data[DATA][connector][connector_id]=c&data[DATA][connector][line_id]=1",
            "data.DATA.chat.chat_id",
        ),
    ];
    for (body, path) in cases {
        let error = events(&of_body(body)).unwrap_err();
        assert_eq!(error.path(), path, "{body}");
    }
}

#[test]
fn an_error_says_what_was_found_but_not_its_content() {
    let body = "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=s3cret&data[PARAMS][MESSAGE_ID]=1";
    let error = events(&of_body(body)).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains("data.BOT.5.BOT_ID: expected an id") && shown.contains("a text of 6 bytes"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"));
}

#[test]
fn every_event_reads_back_from_the_journal_without_tokens() {
    for (name, body) in PAYLOADS {
        assert!(!name.ends_with("-line") || body.contains("application_token"), "{name}");
        for event in all(name) {
            let kept = stored(&event);
            for secret in ["acc", "ref"].map(|kind| format!("{kind}555566778899")) {
                assert!(!String::from_utf8_lossy(&kept).contains(&secret), "{name}");
            }
            assert!(!String::from_utf8_lossy(&kept).contains("0f1e2d3c4b5a6978"), "{name}");
            let again = event_of_stored(&kept).unwrap();
            assert_eq!(format!("{:?}", again.event), format!("{:?}", event.event), "{name}");
            assert_eq!((&again.bot, &again.code, again.ts), (&event.bot, &event.code, event.ts), "{name}");
            assert_eq!(keys::fact(&again, None), keys::fact(&event, None), "{name}");
            assert_eq!(keys::lane(&again), keys::lane(&event), "{name}");
        }
    }
}

#[test]
fn a_whole_stored_callback_gives_the_events_of_one_bot() {
    let kept = to_stored(&callback("v1-commands-typed").raw);
    let of = |bot| events_of_stored(&kept, bot).unwrap().len();
    assert_eq!((of(None), of(Some(BotId::new(55))), of(Some(BotId::new(56)))), (3, 2, 1));
}

#[test]
fn a_stored_event_of_one_bot_holds_nothing_of_the_other() {
    let kept = stored(&all("v1-message-two-bots")[1]);
    let event = event_of_stored(&kept).unwrap();
    let bots: Vec<_> = event.raw.path(&["data", "BOT"]).unwrap().entries().map(|(key, _)| key).collect();
    assert_eq!(bots, ["56"]);
}
