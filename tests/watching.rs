//! What a program sees and does beside its bots: what happens in dialogs, who looks at its pages.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

mod stage;

use openlines::{
    dispatch::{Happenings, What},
    prelude::*,
    rest::{CallErrorKind, methods::imopenlines::SessionIntercept},
};
use openlines_emulator::Emulator;
use serde::Serialize;
use stage::{SOON, Stage, stage};
use tokio::sync::mpsc;

async fn echo() -> Stage {
    let bot = async |_cx: Context, message: Message| format!("You said: {}", literal(message.text));
    stage(|app| app.bot(BotProfile::openline("echo"), bot).page("/board", "<p>Board</p>")).await
}

/// The next thing that happens in `chat`, written down.
async fn next(happenings: &mut Happenings, chat: i64) -> String {
    loop {
        let happening = tokio::time::timeout(SOON, happenings.next()).await.unwrap().unwrap();
        if happening.chat.get() == chat {
            return match happening.what {
                What::Wrote { author, text, .. } => format!("{author:?}: {text}"),
                What::Session { holder, operator, .. } => {
                    format!("{holder:?} {:?}", operator.map(UserId::get))
                }
                What::Said { text } => format!("said {text}"),
                What::Withheld { text } => format!("withheld {text}"),
                _ => panic!("{happening:?}"),
            };
        }
    }
}

#[tokio::test]
async fn who_watches_is_told_what_is_written_said_and_who_has_the_session() {
    let stage = echo().await;
    let mut happenings = stage.running.desks().watch();
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    ann.says("hello").await;
    let chat = ann.chat_id();
    assert_eq!(next(&mut happenings, chat).await, "Client: hello");
    assert_eq!(next(&mut happenings, chat).await, "said You said: hello");
    ivan.says(&ann, "I am here").await;
    let human = format!("Human Some({})", ivan.user_id());
    let (first, second) = (next(&mut happenings, chat).await, next(&mut happenings, chat).await);
    assert_eq!([first, second], ["Operator: I am here".to_owned(), human]);
    stage
        .running
        .portal(&stage.portal.app().member_id)
        .unwrap()
        .take_back(&DialogId::from(format!("chat{chat}").as_str()))
        .await
        .unwrap();
    assert_eq!(next(&mut happenings, chat).await, "Bot None");
}

#[tokio::test]
async fn work_beside_the_bots_ends_with_the_app() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let bot = async |_cx: Context, _message: Message| "Good day";
    let stage = stage(|app| {
        app.bot(BotProfile::openline("polite"), bot).beside(async move |desks| {
            let mut happenings = desks.watch();
            while let Some(happening) = happenings.next().await {
                let _ = tell.send(happening.what);
            }
        })
    })
    .await;
    stage.portal.client("Ann").says("hello").await;
    let said = async {
        while let Some(what) = told.recv().await {
            if matches!(&what, What::Said { text } if text == "Good day") {
                return;
            }
        }
        panic!("it ended before");
    };
    tokio::time::timeout(SOON, said).await.unwrap();
    tokio::time::timeout(SOON, stage.running.stop()).await.unwrap();
    assert!(tokio::time::timeout(SOON, async { while told.recv().await.is_some() {} }).await.is_ok());
}

#[derive(Serialize)]
struct Seen {
    user: i64,
}

impl RtEvent for Seen {
    const COMMAND: &'static str = "seen";
}

/// Member id and access token that the page at `/board` is opened with.
async fn visit(stage: &Stage) -> (String, String) {
    let delivery = stage.portal.open_page(&format!("{}/board", stage.running.url())).await;
    let form: Vec<(String, String)> = form_urlencoded::parse(&delivery.body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).unwrap().1.clone();
    (field("member_id"), field("AUTH_ID"))
}

#[tokio::test]
async fn the_user_of_a_page_is_known_by_its_token_and_acts_as_that_user() {
    let stage = echo().await;
    let (member, token) = visit(&stage).await;
    let desks = stage.running.desks();
    let visitor = desks.visitor(&member, token.clone()).await.unwrap();
    assert_eq!((visitor.user().get(), visitor.is_admin()), (stage.portal.admin_id(), true));
    assert!(!format!("{visitor:?} {desks:?}").contains(&token));
    for _ in 0..30 {
        desks.visitor(&member, token.clone()).await.unwrap();
    }
    let asked = || stage.portal.calls().iter().filter(|call| call.method == "profile").count();
    assert_eq!(asked(), 1, "reloading a page costs the portal nothing");

    let ann = stage.portal.client("Ann");
    ann.says("hello").await;
    ann.hears("You said: hello").await;
    visitor.call(&SessionIntercept::new(ann.chat_id())).await.unwrap();
    visitor
        .desk()
        .rt_to(RtRecipients::user(visitor.user()), &Seen { user: visitor.user().get() })
        .await
        .unwrap();
    stage.quiet().await;
    assert!(stage.portal.rt_events().iter().any(|event| event.command == "seen"));
    let calls = stage.portal.calls();
    let taken = calls.iter().find(|call| call.method == "imopenlines.session.intercept").unwrap();
    assert_eq!(taken.user_id, stage.portal.admin_id(), "{taken:?}");
}

#[tokio::test]
async fn strangers_are_nobody_and_spend_no_rate() {
    let stage = echo().await;
    let (member, _) = visit(&stage).await;
    let desks = stage.running.desks();
    let kind =
        async |member: &str, token: &str| desks.visitor(member, token.to_owned()).await.unwrap_err().kind();
    assert_eq!(kind("0123456789abcdef", "token").await, CallErrorKind::Unauthorised);
    assert_eq!(kind(&member, "junk").await, CallErrorKind::Unauthorised);
    let mut kinds = Vec::new();
    for _ in 0..40 {
        kinds.push(kind(&member, "junk").await);
    }
    assert!(kinds.contains(&CallErrorKind::Limited), "{kinds:?}");
    let asked = stage.portal.calls().iter().filter(|call| call.method == "profile").count();
    assert!(asked <= 25, "{asked}");
}

#[tokio::test]
async fn on_a_portal_by_webhook_nobody_passes_for_its_owner() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let config = Config::new()
        .listen("127.0.0.1:0".parse().unwrap())
        .without_admin()
        .database_url("memory:")
        .webhook(portal.webhook_url(), "a-token-of-our-own");
    let bot = async |_cx: Context, _message: Message| "Good day";
    let running = App::new(config).bot(BotProfile::openline("polite"), bot).start().await.unwrap();
    let desks = running.desks();
    let member = desks.portals()[0].portal().member.clone();
    let stranger = desks.visitor(member.as_str(), "junk".to_owned()).await.unwrap_err();
    assert_eq!(stranger.kind(), CallErrorKind::BadParams);
    assert!(!portal.calls().iter().any(|call| call.method == "profile"), "nothing was asked for a stranger");
}
