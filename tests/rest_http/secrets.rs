//! No token, no webhook address and no bot token in any error, debug text or log line.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use openlines::{
    clock::SystemClock,
    message::{Reply, RtMessage, RtRecipients},
    rest::{
        Access, Api as _, ApiExt as _, Authorization, Batch, BotToken, Call, HttpApi, HttpOptions, Limited,
        Limits, Method as _, Retrying,
        methods::{imbot, imbot_v2, imopenlines, pull},
        oauth::OAuthClient,
    },
    wire::{BotId, ChatId, DialogId},
};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::portal::{Portal, Seen, Tokens, answer, api, key};

const SECRET: &str = "s3cr3t-c0de-0123456789";

fn assert_silent(what: &str, told: &str) {
    assert!(!told.contains("s3cr3t") && !told.contains("token-0"), "{what}: {told}");
}

#[tokio::test]
async fn errors_of_a_webhook_never_hold_its_address() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let echo = Portal::start(|seen: &Seen| {
        answer(400, json!({"error": seen.path, "error_description": format!("{} {}", seen.path, seen.body)}))
    })
    .await;
    let html = Portal::start(|seen: &Seen| answer(404, format!("<p>{} was not found", seen.path))).await;
    for root in
        [closed.clone(), echo.origin, html.origin, "http://p.example".to_owned(), "ftp://x".to_owned()]
    {
        let api = api(Tokens::webhook(&format!("{root}/rest/1/{SECRET}/")));
        let call = Call::new(
            key(),
            "imbot.message.add",
            json!({"CLIENT_ID": SECRET, "fields": {"botToken": SECRET}}),
        );
        let mut batch = Batch::new(key());
        batch.add(call.clone()).unwrap();
        for call in [call, batch.to_call()] {
            let error = api.call(call).await.unwrap_err();
            let told = format!("{error} {error:?}");
            assert_silent(&root, &told);
            assert!(
                root != closed || !told.contains("***"),
                "the transport does not even try to tell it: {told}"
            );
        }
    }
}

#[tokio::test]
async fn errors_of_a_token_never_hold_it() {
    let portal = Portal::start(|seen: &Seen| {
        answer(400, json!({"error": "X", "error_description": seen.authorization}))
    })
    .await;
    let error =
        api(Tokens::bearer(&[&portal])).call(Call::new(key(), "profile", json!({}))).await.unwrap_err();
    assert_silent("bearer", &format!("{error} {error:?}"));
    assert!(error.description().contains("***"), "{error}");
}

#[test]
fn no_debug_text_holds_a_secret() {
    let token = || BotToken::from(SECRET);
    let reply = Reply::text("hello");
    let (bot, dialog) = (BotId::new(39), DialogId::of_chat(ChatId::new(5)));
    let send = imbot_v2::MessageSend::reply(bot, dialog.clone(), Uuid::new_v4(), &reply).bot_token(token());
    let call = send.to_call(&key()).unwrap();
    assert_eq!(call.params["botToken"], SECRET, "it is sent");
    let mut batch = Batch::new(key());
    batch.add(call.clone()).unwrap();
    let new_bot = imbot_v2::NewBot::new("echo", imbot_v2::BotProperties::new("Echo")).bot_token(token());
    let tokens = Tokens::webhook(&format!("http://127.0.0.1:9/rest/1/{SECRET}/"));
    let access = |authorization| Access {
        endpoint: format!("https://p.example/rest/1/{SECRET}/").into(),
        authorization,
        generation: 1,
    };
    let http = || HttpApi::new(tokens.clone(), HttpOptions::default()).unwrap();
    let clock = Arc::new(SystemClock);
    for shown in [
        format!("{send:?}"),
        format!("{call:?}"),
        format!("{batch:?}"),
        format!("{:?}", batch.to_call()),
        format!("{:?}", imbot_v2::BotRegister::new(new_bot).bot_token(token())),
        format!("{:?}", imbot_v2::BotUpdate::new(bot, imbot_v2::BotChanges::new()).bot_token(token())),
        format!("{:?}", imbot_v2::BotGet::new().bot_token(token())),
        format!("{:?}", imbot_v2::BotList::new().bot_token(token())),
        format!("{:?}", imbot_v2::BotUnregister::new(bot).bot_token(token())),
        format!("{:?}", imbot_v2::EventGet::new(bot).bot_token(token())),
        format!(
            "{:?}",
            imbot_v2::CommandRegister::new(bot, imbot_v2::NewCommand::new("x")).bot_token(token())
        ),
        format!("{:?}", imbot_v2::CommandList::new(bot).bot_token(token())),
        format!("{:?}", imbot::MessageAdd::reply(bot, dialog, &reply).client_id(token())),
        format!(
            "{:?}",
            imbot::Register::new("x", imbot::BotProperties::new("x"), "https://x.example/")
                .client_id(token())
        ),
        format!(
            "{:?}",
            imbot::CommandRegister::new(bot, "x", vec![], "https://x.example/").client_id(token())
        ),
        format!("{:?}", imopenlines::SessionFinish::new(5).client_id(token())),
        format!(
            "{:?}",
            imopenlines::SessionTransfer::new(5, imopenlines::TransferTarget::User(7.into()))
                .client_id(token())
        ),
        format!(
            "{:?}",
            pull::EventAdd::event(&RtMessage::new("x", RtRecipients::Shared, json!({})).unwrap())
        ),
        format!("{:?}", access(Authorization::InAddress)),
        format!("{:?}", access(Authorization::Bearer(SECRET.into()))),
        format!("{:?}", token()),
        format!("{:?}", http()),
        format!("{:?}", Limited::new(http(), Limits::standard(), clock.clone())),
        format!("{:?}", Retrying::new(http(), clock.clone())),
        format!("{:?}", OAuthClient::new(HttpOptions::default()).unwrap()),
    ] {
        assert_silent("debug", &shown);
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_line_at_trace_holds_a_secret() {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let portal = Portal::start(|seen: &Seen| match seen.path.as_str() {
        "/oauth/token/" => answer(400, json!({"error": "invalid_grant", "error_description": seen.query})),
        path if path.ends_with("/scope") => answer(400, json!({"error": "X", "error_description": path})),
        _ => answer(200, json!({"result": {"id": 7}})),
    })
    .await;
    let api = api(Tokens::webhook(&format!("{}/rest/1/{SECRET}/", portal.origin)));
    let send = imbot_v2::MessageSend::reply(39.into(), "chat5".into(), Uuid::new_v4(), &Reply::text("hello"));
    api.invoke(&key(), &send.bot_token(SECRET)).await.unwrap();
    api.call(Call::new(key(), "scope", json!({}))).await.unwrap_err();
    let client = OAuthClient::new(HttpOptions::default()).unwrap();
    client.refresh(&portal.origin, "local.1", &SECRET.into(), &SECRET.into()).await.unwrap_err();
    drop(guard);
    let told = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(told.contains("rest.call") && told.contains("imbot.v2.Chat.Message.send"), "{told}");
    assert_silent("log", &told);
}
