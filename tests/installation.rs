//! Installing and removing, through the whole app.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use openlines::prelude::*;
use openlines_emulator::{Emulator, RestFault};
use stage::{SOON, settings, stage};

#[derive(Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl BotHandler for Diary {
    async fn on_install(&self, cx: &Context, install: &AppInstall) -> Handled {
        let profile = cx.call("profile", serde_json::json!({})).await?;
        self.note(format!("installed {} by {}", install.language, profile["ID"]));
        Ok(Done)
    }

    async fn on_uninstall(&self, _cx: &Context, uninstall: &AppUninstall) -> Handled {
        self.note(format!("removed, clean: {}", uninstall.clean));
        Ok(Done)
    }
}

impl Diary {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn on_install_runs_once_it_is_proven_and_on_uninstall_before_everything_is_forgotten() {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let stage = stage(|app| app.bot(BotProfile::openline("diary"), Diary(notes.clone()))).await;
    until("installed", async || notes.lock().unwrap().len() == 1).await;
    assert_eq!(notes.lock().unwrap()[0], "installed en by \"1\"");
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;

    stage.portal.uninstall(true).await;
    let store = stage.running.store();
    until("forgotten", async || store.portals().await.unwrap().is_empty()).await;
    assert_eq!(notes.lock().unwrap()[1..], ["removed, clean: true"]);
    assert!(store.inbox(None, 10).await.unwrap().is_empty());
}

/// The portal sends events for a bot from the moment it is registered, which is before the answer has said so.
#[tokio::test]
async fn a_message_that_comes_before_its_bot_is_known_waits_for_it() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = settings(&portal).listen(port).public_url(format!("http://{port}"));
    let echo = async |_cx: Context, message: Message| message.text;
    let running = App::new(config).bot(BotProfile::openline("echo"), echo).start().await.unwrap();
    let slow = RestFault::SlowAnswer(Duration::from_millis(400));
    portal.faults().rest("imbot.v2.Bot.register", slow, 1);
    portal.install(&format!("{}/install", running.url())).await;
    until("registered", async || portal.bot_id("echo").is_some()).await;
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    let known = running.registry().portals().into_iter().flat_map(|portal| portal.bots).count();
    assert_eq!(known, 0, "the answer is still under way");
    assert_eq!(portal.wait_for_bot_messages(1, SOON).await[0].text, "hello");
    assert!(running.store().inbox(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_page_in_a_frame_installs_and_finishes() {
    let heard = Arc::new(AtomicUsize::new(0));
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = stage::settings(&portal).listen(address).public_url(format!("http://{address}"));
    let count = heard.clone();
    let bot = move |_cx: Context, _message: Message| {
        let count = count.clone();
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            "Good day!"
        }
    };
    let running = App::new(config).bot(BotProfile::openline("paged"), bot).start().await.unwrap();
    let page = portal.install_with_page(&format!("{}/install", running.url())).await;
    assert_eq!(page.status, Ok(200));
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    let client = portal.client("Ann");
    client.says("too early").await;
    portal.settled(SOON).await;
    assert_eq!(heard.load(Ordering::SeqCst), 0, "no events before the installation is finished");
    portal.install_finish();
    client.says("now").await;
    let said = portal.wait_for_bot_messages(1, SOON).await;
    assert_eq!(said[0].text, "Good day!");
}

#[tokio::test]
async fn an_installation_that_names_a_foreign_server_is_refused_and_nothing_is_sent_there() {
    let attacker = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stage =
        stage(|app| app.bot(BotProfile::openline("bot"), async |_cx: Context, _message: Message| ())).await;
    let genuine = stage.portal.deliveries().into_iter().find(|sent| sent.event == "ONAPPINSTALL").unwrap();
    let host = attacker.local_addr().unwrap().to_string();
    let genuine_host = stage.portal.app().domain;
    let encoded = |host: &str| host.replace(':', "%3A");
    for (field, status) in [("client_endpoint", 200), ("server_endpoint", 403)] {
        let body = String::from_utf8(genuine.body.to_vec()).unwrap();
        let forged: Vec<String> = body
            .split('&')
            .map(|pair| {
                if pair.contains(field) {
                    pair.replace(&encoded(&genuine_host), &encoded(&host))
                } else {
                    pair.to_owned()
                }
            })
            .collect();
        let forged = forged.join("&");
        assert_ne!(forged, body, "{field} was forged");
        let answer = reqwest::Client::new()
            .post(format!("{}/install", stage.running.url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(forged)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status, "{field}: {}", answer.text().await.unwrap());
    }
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    let connected = tokio::time::timeout(std::time::Duration::from_millis(300), attacker.accept()).await;
    assert!(connected.is_err(), "the attacker's host was called");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_by_name() {
    let emulator = Emulator::start().await;
    let settings = || stage::settings(&emulator.portal());
    let bot = async |_cx: Context, _message: Message| "hi";
    for (url, why) in [
        ("garbage", "is no URL"),
        ("ftp://bot.example.com", "neither https nor http"),
        ("http://bot.example.com", "plain http"),
        ("https://localhost", "without a dot"),
        ("https://bot.example.com/?a=1", "a query"),
    ] {
        let app = App::new(settings().public_url(url)).bot(BotProfile::openline("bot"), bot);
        let error = app.start().await.unwrap_err().to_string();
        assert!(error.contains("OPENLINES_PUBLIC_URL") && error.contains(why), "{url}: {error}");
    }
    let twice = App::new(settings()).bot(BotProfile::openline("a"), bot).bot(BotProfile::openline("a"), bot);
    assert!(twice.start().await.unwrap_err().to_string().contains("`a`"));
    let nameless = App::new(settings()).bot(BotProfile::openline(" "), bot);
    assert!(nameless.start().await.unwrap_err().to_string().contains("empty code"));
    let path = App::new(settings().database_url("/tmp/bot.db")).bot(BotProfile::openline("a"), bot);
    let error = path.start().await.unwrap_err().to_string();
    assert!(error.contains("OPENLINES_DATABASE_URL") && error.contains("sqlite://"), "{error}");
}
