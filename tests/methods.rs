//! The table of methods: complete against the list in `tests/fixtures/methods.tsv`, and known to a portal.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use openlines::{
    message::{Attach, Reply, RtMessage},
    rest::{
        Access, Api, Authorization, Call, HttpApi, HttpOptions, Method, Repeat, TokenError, TokenSource,
        methods::{
            self, Guarantee, Part, basic, crm, event, im_v2, imbot, imbot_v2, imconnector,
            imopenlines::{self, CrmEntity, SessionText, TransferTarget},
            pull, user,
        },
    },
    wire::{BotId, ChatId, CommandId, DialogId, LineId, MessageId, PortalKey, SessionId, UserId},
};
use openlines_emulator::Emulator;
use serde_json::{Value, json};
use uuid::Uuid;

fn listed() -> BTreeMap<&'static str, &'static str> {
    let rows = include_str!("fixtures/methods.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split_once('\t').unwrap()).collect()
}

#[test]
fn the_table_holds_what_the_list_names_and_nothing_else() {
    let table: BTreeMap<_, _> = methods::table().map(|row| (row.name, row.section)).collect();
    assert_eq!(table.len(), methods::table().count(), "a method is declared twice");
    let listed = listed();
    let missing: Vec<_> = listed.iter().filter(|(name, _)| !table.contains_key(*name)).collect();
    assert!(missing.is_empty(), "not declared: {missing:?}");
    let unlisted: Vec<_> = table.iter().filter(|(name, _)| !listed.contains_key(*name)).collect();
    assert!(unlisted.is_empty(), "not in the list: {unlisted:?}");
    assert_eq!(table, listed, "another section");
}

#[test]
fn every_section_of_the_table_is_in_the_index() {
    let index = include_str!("../docs/sections.md");
    for row in methods::table() {
        assert!(index.contains(&format!("| {} |", row.section)), "{} of {}", row.section, row.name);
    }
}

#[test]
fn a_guarantee_fits_what_may_be_repeated() {
    for row in methods::table() {
        let fits = match row.guarantee {
            Guarantee::AtMostOnce => row.repeat == Repeat::Once,
            Guarantee::ExactlyOnce => row.repeat == Repeat::Keyed,
            _ => row.repeat == Repeat::Idempotent,
        };
        assert!(fits, "{row:?}");
        let distinct: BTreeSet<_> = row.errors.iter().collect();
        assert_eq!(distinct.len(), row.errors.len(), "a code twice: {row:?}");
    }
}

struct Webhook(String);

#[async_trait]
impl TokenSource for Webhook {
    async fn access(&self, _: &PortalKey) -> Result<Access, TokenError> {
        Ok(Access { endpoint: self.0.clone().into(), authorization: Authorization::InAddress, generation: 0 })
    }

    async fn renew(&self, portal: &PortalKey, _: u64) -> Result<Access, TokenError> {
        self.access(portal).await
    }
}

fn key() -> PortalKey {
    PortalKey::new("webhook", "p.example")
}

fn call<M: Method>(method: M) -> Call {
    method.to_call(&key()).unwrap()
}

/// One call of each method, with what it needs.
fn one_of_each() -> Vec<Call> {
    let (bot, user, message) = (BotId::new(39), UserId::new(1), MessageId::new(86101));
    let (chat, line, command) = (ChatId::new(1777), LineId::new(1), CommandId::new(7));
    let dialog = || DialogId::of_chat(chat);
    let text = |text: &str| text.to_owned();
    let map = |value: Value| value.as_object().unwrap().clone();
    let crm = || crm::CrmFields::new().title("t").name("n");
    let attach = Attach::builder().message("m").build().unwrap();
    let token = "a-token-of-our-own";
    vec![
        call(basic::AppInfo::new()),
        call(basic::Profile::new()),
        call(basic::Scope::new().full(true)),
        call(basic::ServerTime::new()),
        call(basic::MethodGet::new("profile")),
        call(basic::BatchCall::new(BTreeMap::from([(text("a"), text("profile"))])).halt(false)),
        call(crm::LeadAdd::new(crm())),
        call(crm::LeadGet::new(1)),
        call(crm::LeadUpdate::new(1, crm())),
        call(crm::DealAdd::new(crm())),
        call(crm::DealGet::new(1)),
        call(crm::DealUpdate::new(1, crm())),
        call(crm::ContactAdd::new(crm())),
        call(crm::ContactGet::new(1)),
        call(crm::LeadList::new().filter(map(json!({"=ORIGIN_ID": "k"}))).select(vec![text("ID")])),
        call(crm::DealList::new().filter(map(json!({"=ORIGIN_ID": "k"}))).select(vec![text("ID")])),
        call(crm::ContactList::new().filter(map(json!({"NAME": "n"}))).select(vec![text("PHONE")])),
        call(crm::ContactUpdate::new(1, crm())),
        call(crm::DuplicateFind::new(crm::Communication::Phone, vec![text("+1")])),
        call(crm::TimelineCommentAdd::new(crm::Comment::new("deal", 1, "said"))),
        call(event::Bind::new("ONAPPTEST", "https://bot.example/")),
        call(event::Get::new()),
        call(event::Unbind::new("ONAPPTEST", "https://bot.example/")),
        call(event::Events::new().full(true)),
        call(event::Test::new()),
        call(event::OfflineGet::new().clear(false)),
        call(event::OfflineClear::new("p")),
        call(event::OfflineError::new("p", vec![text("m")])),
        call(event::OfflineList::new()),
        call(im_v2::EventSubscribe::new()),
        call(im_v2::EventGet::new()),
        call(im_v2::EventUnsubscribe::new()),
        call(
            imbot::Register::new("c", imbot::BotProperties::new("n"), "https://bot.example/")
                .client_id(token),
        ),
        call(imbot::Update::new(bot, imbot::BotChanges::new().openline(true)).client_id(token)),
        call(imbot::Unregister::new(bot).client_id(token)),
        call(imbot::BotList::new().client_id(token)),
        call(imbot::MessageAdd::reply(bot, dialog(), &Reply::text("hi")).client_id(token)),
        call(imbot::MessageUpdate::new(bot, message).message("hi").keyboard(Part::Remove).client_id(token)),
        call(imbot::MessageDelete::new(bot, message).complete(true).client_id(token)),
        call(imbot::MessageLike::new(bot, message).action(imbot::Like::Plus).client_id(token)),
        call(
            imbot::CommandRegister::new(
                bot,
                "go",
                vec![imbot::CommandTitle::new("en", "Go")],
                "https://b.example/",
            )
            .client_id(token),
        ),
        call(imbot::CommandUpdate::new(command, imbot::CommandChanges::new().hidden(true)).client_id(token)),
        call(imbot::CommandUnregister::new(command).client_id(token)),
        call(imbot::CommandAnswer::new(command, message, "hi").client_id(token)),
        call(imbot::ChatAdd::new(bot, vec![user]).client_id(token)),
        call(imbot::ChatGet::new(bot).dialog_id(dialog()).client_id(token)),
        call(imbot::ChatSetOwner::new(bot, chat, user).client_id(token)),
        call(imbot::ChatSetManager::new(bot, chat, user).is_manager(true).client_id(token)),
        call(imbot::ChatUpdateColor::new(bot, chat, "LIME").client_id(token)),
        call(imbot::ChatUpdateTitle::new(bot, chat, "t").client_id(token)),
        call(imbot::ChatUpdateAvatar::new(bot, chat, "").client_id(token)),
        call(imbot::ChatUpdateTextFieldEnabled::new(bot, dialog(), false).client_id(token)),
        call(imbot::ChatSendTyping::new(bot, dialog()).client_id(token)),
        call(imbot::DialogGet::new(dialog()).client_id(token)),
        call(imbot::DialogVote::new(dialog(), message, imbot::Vote::Like).client_id(token)),
        call(imbot::ChatUserAdd::new(bot, chat, vec![user]).client_id(token)),
        call(imbot::ChatUserDelete::new(bot, chat, user).client_id(token)),
        call(imbot::ChatUserList::new(bot, chat).client_id(token)),
        call(imbot::ChatLeave::new(bot, chat).client_id(token)),
        call(
            imbot_v2::BotRegister::new(imbot_v2::NewBot::new("c", imbot_v2::BotProperties::new("n")))
                .bot_token(token),
        ),
        call(imbot_v2::BotUpdate::new(bot, imbot_v2::BotChanges::new().is_hidden(false)).bot_token(token)),
        call(imbot_v2::BotGet::new().bot_id(bot).bot_token(token)),
        call(imbot_v2::BotList::new().bot_token(token)),
        call(imbot_v2::BotUnregister::new(bot).bot_token(token)),
        call(imbot_v2::RevisionGet::new()),
        call(imbot_v2::ChatAdd::new(bot, imbot_v2::NewChat::new().title("t")).bot_token(token)),
        call(imbot_v2::ChatGet::new(bot, dialog()).bot_token(token)),
        call(
            imbot_v2::ChatUpdate::new(bot, dialog(), imbot_v2::ChatChanges::new().title("t"))
                .bot_token(token),
        ),
        call(imbot_v2::ChatLeave::new(bot, dialog()).bot_token(token)),
        call(imbot_v2::ChatSetOwner::new(bot, dialog(), user).bot_token(token)),
        call(
            imbot_v2::InputActionNotify::new(bot, dialog())
                .status(imbot_v2::InputAction::Thinking)
                .bot_token(token),
        ),
        call(imbot_v2::TextFieldEnabled::new(bot, dialog(), true).bot_token(token)),
        call(imbot_v2::ChatUserAdd::new(bot, dialog(), vec![user]).bot_token(token)),
        call(imbot_v2::ChatUserDelete::new(bot, dialog(), user).bot_token(token)),
        call(imbot_v2::ChatUserList::new(bot, dialog()).bot_token(token)),
        call(imbot_v2::ChatManagerAdd::new(bot, dialog(), vec![user]).bot_token(token)),
        call(imbot_v2::ChatManagerDelete::new(bot, dialog(), vec![user]).bot_token(token)),
        call(
            imbot_v2::MessageSend::reply(bot, dialog(), Uuid::from_u128(7), &Reply::text("hi"))
                .bot_token(token),
        ),
        call(
            imbot_v2::MessageUpdate::new(bot, message, imbot_v2::MessageChange::new().attach(attach))
                .bot_token(token),
        ),
        call(imbot_v2::MessageDelete::new(bot, message).bot_token(token)),
        call(imbot_v2::MessageGet::new(bot, message).bot_token(token)),
        call(imbot_v2::MessageGetContext::new(bot, message).range(5).bot_token(token)),
        call(imbot_v2::MessageRead::new(bot, dialog()).bot_token(token)),
        call(imbot_v2::ReactionAdd::new(bot, message, "like").bot_token(token)),
        call(imbot_v2::ReactionDelete::new(bot, message, "like").bot_token(token)),
        call(imbot_v2::CommandRegister::new(bot, imbot_v2::NewCommand::new("go")).bot_token(token)),
        call(
            imbot_v2::CommandUpdate::new(bot, command, imbot_v2::CommandChanges::new().hidden(true))
                .bot_token(token),
        ),
        call(imbot_v2::CommandUnregister::new(bot, command).bot_token(token)),
        call(imbot_v2::CommandList::new(bot).bot_token(token)),
        call(
            imbot_v2::CommandAnswer::new(bot, command, message, dialog(), imbot_v2::CommandReply::new("hi"))
                .bot_token(token),
        ),
        call(imbot_v2::EventGet::new(bot).bot_token(token)),
        call(
            imbot_v2::FileUpload::new(bot, dialog(), imbot_v2::NewFile::new("a.txt", "aGk="))
                .bot_token(token),
        ),
        call(imbot_v2::FileDownload::new(bot, 5).bot_token(token)),
        call(imconnector::SendStatusDelivery::new("c", line, vec![])),
        call(imopenlines::CrmMessageAdd::new(CrmEntity::Deal, 1, user, chat, "hi")),
        call(imopenlines::CrmChatGet::new(CrmEntity::Deal, 1)),
        call(imopenlines::CrmChatGetLastId::new(CrmEntity::Deal, 1)),
        call(imopenlines::CrmChatUserAdd::new(CrmEntity::Deal, 1, user)),
        call(imopenlines::CrmChatUserDelete::new(CrmEntity::Deal, 1, user)),
        call(imopenlines::CrmLeadCreate::new(chat)),
        call(imopenlines::NetworkMessageAdd::new("c".repeat(32), user, "hi")),
        call(imopenlines::NetworkJoin::new("c".repeat(32))),
        call(imopenlines::SessionOperator::new(chat)),
        call(imopenlines::SessionMessageSend::new(chat, SessionText::Welcome)),
        call(imopenlines::SessionTransfer::new(chat, TransferTarget::Line(line)).client_id(token)),
        call(imopenlines::SessionFinish::new(chat).client_id(token)),
        call(imopenlines::SessionDialogNew::new(chat, user, message)),
        call(imopenlines::DialogGet::of_chat(chat)),
        call(imopenlines::SessionHistoryGet::new().session_id(SessionId::new(1))),
        call(imopenlines::OperatorAnswer::new(chat)),
        call(imopenlines::OperatorSkip::new(chat)),
        call(imopenlines::OperatorSpam::new(chat)),
        call(imopenlines::OperatorFinish::new(chat)),
        call(imopenlines::OperatorAnotherFinish::new(chat)),
        call(imopenlines::OperatorTransfer::new(chat, TransferTarget::User(user))),
        call(imopenlines::OperatorPauseStart::new()),
        call(imopenlines::OperatorPauseStop::new()),
        call(imopenlines::OperatorPauseGet::new()),
        call(imopenlines::SessionIntercept::new(chat)),
        call(imopenlines::SessionOpen::new("livechat|1|5|1")),
        call(imopenlines::SessionJoin::new(chat)),
        call(imopenlines::SessionStart::new(chat)),
        call(imopenlines::MessageSessionStart::new(chat, message)),
        call(imopenlines::MessageQuickSave::new(chat, message)),
        call(imopenlines::SessionModeSilent::new(chat, true)),
        call(imopenlines::SessionModePin::new(chat, true)),
        call(imopenlines::SessionModeUnpin::new()),
        call(imopenlines::SessionModePinAll::new()),
        call(imopenlines::SessionModeUnpinAll::new()),
        call(imopenlines::SessionHeadVote::new(SessionId::new(1)).rating(5)),
        call(imopenlines::ConfigGet::new(line)),
        call(imopenlines::ConfigListGet::new()),
        call(imopenlines::ConfigAdd::new(imopenlines::LineSettings::new().name("Shop"))),
        call(imopenlines::ConfigUpdate::new(line, imopenlines::LineSettings::new().active(true))),
        call(imopenlines::ConfigDelete::new(LineId::new(99))),
        call(imopenlines::ConfigPathGet::new()),
        call(imopenlines::RevisionGet::new()),
        call(pull::EventAdd::event(
            &RtMessage::new("order_new", openlines::message::RtRecipients::user(user), json!({"id": 15}))
                .unwrap(),
        )),
        call(pull::PushAdd::new(vec![user], "hi")),
        call(pull::ConfigGet::new()),
        call(user::Get::new()),
        call(user::Current::new()),
    ]
}

#[tokio::test]
async fn a_portal_knows_every_method_of_the_table() {
    let calls = one_of_each();
    let made: BTreeSet<&str> = calls.iter().map(|call| &*call.method).collect();
    let declared: BTreeSet<&str> = methods::table().map(|row| row.name).collect();
    assert_eq!(made, declared, "each method of the table is to be called");

    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let api = HttpApi::new(Arc::new(Webhook(portal.webhook_url())), HttpOptions::default()).unwrap();
    let mut unknown = Vec::new();
    for call in calls {
        let method = call.method.clone();
        if let Err(error) = api.call(call).await
            && error.is("ERROR_METHOD_NOT_FOUND")
        {
            unknown.push(method);
        }
    }
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// What the portal itself answers is read: the calls that succeed right after its start.
#[tokio::test]
async fn answers_of_a_portal_are_read_as_their_types() {
    use openlines::rest::ApiExt as _;
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let api = HttpApi::new(Arc::new(Webhook(portal.webhook_url())), HttpOptions::default()).unwrap();
    let (key, token) = (key(), "a-token-of-our-own");

    let fields =
        imbot_v2::NewBot::new("c", imbot_v2::BotProperties::new("n")).kind(imbot_v2::BotKind::Openline);
    let bot = api.invoke(&key, &imbot_v2::BotRegister::new(fields).bot_token(token)).await.unwrap().bot;
    assert_eq!((bot.code.as_str(), bot.kind.as_str()), ("c", "openline"));
    let page = api.invoke(&key, &imbot_v2::BotList::new().bot_token(token)).await.unwrap();
    assert_eq!(page.bots.len(), 1);
    let chat = imbot_v2::NewChat::new().title("Shop").user_ids(vec![UserId::new(portal.admin_id())]);
    let chat =
        api.invoke(&key, &imbot_v2::ChatAdd::new(bot.id, chat).bot_token(token)).await.unwrap().chat.unwrap();
    assert!(chat.id.get() > 0);
    let dialog = DialogId::of_chat(chat.id);
    let send = imbot_v2::MessageSend::reply(bot.id, dialog.clone(), Uuid::new_v4(), &Reply::text("hi"));
    let sent = api.invoke(&key, &send.bot_token(token)).await.unwrap();
    let change = imbot_v2::MessageChange::new().message("hi!");
    let update = imbot_v2::MessageUpdate::new(bot.id, sent.id, change).bot_token(token);
    assert!(api.invoke(&key, &update).await.unwrap().done);
    assert_eq!(portal.messages(chat.id.get()).pop().unwrap().text, "hi!");
    let users = imbot_v2::ChatUserList::new(bot.id, dialog.clone()).bot_token(token);
    let users = api.invoke(&key, &users).await.unwrap().users;
    assert!(users.iter().any(|user| user.bot && user.id.get() == bot.id.get()), "{users:?}");
    let file = imbot_v2::NewFile::new("a.txt", "aGk=");
    let file =
        api.invoke(&key, &imbot_v2::FileUpload::new(bot.id, dialog, file).bot_token(token)).await.unwrap();
    assert_eq!((file.file.name.as_str(), file.chat_id), ("a.txt", chat.id));

    let contact = crm::CrmFields::new().name("Ann").phone("+49301234", "WORK");
    let contact = api.invoke(&key, &crm::ContactAdd::new(contact)).await.unwrap().id;
    let found = crm::DuplicateFind::new(crm::Communication::Phone, vec!["+49301234".to_owned()]);
    assert!(api.invoke(&key, &found).await.unwrap().contacts.contains(&contact));
    let nobody = crm::DuplicateFind::new(crm::Communication::Email, vec!["x@example.com".to_owned()]);
    assert_eq!(api.invoke(&key, &nobody).await.unwrap(), crm::Duplicates::default());
    let row = api.invoke(&key, &crm::ContactGet::new(contact)).await.unwrap();
    assert_eq!((row.id(), row.text("NAME"), row.values("PHONE").next()), (contact, "Ann", Some("+49301234")));
    let comment = crm::Comment::new("contact", contact, "said hi");
    assert!(api.invoke(&key, &crm::TimelineCommentAdd::new(comment)).await.unwrap().id > 0);

    let config = api.invoke(&key, &imopenlines::ConfigGet::new(portal.line_id())).await.unwrap();
    assert_eq!(config.id().get(), portal.line_id());
    assert!(!api.invoke(&key, &imopenlines::ConfigListGet::new()).await.unwrap().lines.is_empty());
    let none = api.invoke(&key, &imopenlines::ConfigGet::new(9_999)).await.unwrap();
    assert_eq!(none.id().get(), 0);
    assert!(!api.invoke(&key, &user::Get::new()).await.unwrap().users.is_empty());
    assert!(api.invoke(&key, &basic::MethodGet::new("profile")).await.unwrap().exists);
    assert!(api.invoke(&key, &basic::ServerTime::new()).await.unwrap().time.contains('T'));
    let batch = basic::BatchCall::new(BTreeMap::from([("a".to_owned(), "profile".to_owned())]));
    assert!(api.invoke(&key, &batch).await.unwrap().result.contains_key("a"));
    let revisions = api.invoke(&key, &imopenlines::RevisionGet::new()).await.unwrap();
    assert!(revisions.rest > 0);
}

#[test]
fn what_a_step_remembers_reads_back_as_it_was() {
    fn again<M: Method>(answer: Value) -> (Value, Value)
    where
        M::Answer: serde::Serialize,
    {
        let first = serde_json::to_value(M::read_answer(answer).unwrap()).unwrap();
        let second = serde_json::to_value(M::read_answer(first.clone()).unwrap()).unwrap();
        (first, second)
    }
    for (first, second) in [
        again::<imbot::MessageAdd>(json!("86110")),
        again::<imbot::ChatUserList>(json!(["1", 2])),
        again::<imopenlines::ConfigGet>(json!({"ID": "1", "QUEUE": ["1"]})),
        again::<imbot_v2::BotGet>(json!({"bot": {"id": "5", "code": "c"}})),
        again::<crm::DuplicateFind>(json!([])),
        again::<event::OfflineGet>(json!({"process_id": null, "events": []})),
        again::<basic::Profile>(json!({"ID": "1", "ADMIN": true})),
    ] {
        assert_eq!(first, second);
    }
}
