//! An emulated portal with an application on it: a bot that answers, hands over when it is asked to, and the dashboard.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

#[path = "../../../../tests/stage/shifted.rs"]
mod shifted;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use openlines::{app::Running, prelude::*};
use openlines_emulator::{BotLeaves, Client, Emulator, Portal};
use serde_json::{Value, json};
pub(crate) use shifted::Shifted;

/// Longest wait for anything that should come at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

const MASTER_KEY: &str = "dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=";

pub(crate) struct Stage {
    pub(crate) portal: Portal,
    pub(crate) running: Running,
    pub(crate) clock: Shifted,
    settings: dashboard::Settings,
    fetches: bool,
    listens: SocketAddr,
    home: tempfile::TempDir,
    _emulator: Emulator,
}

impl Stage {
    pub(crate) async fn new(fetches: bool, settings: impl FnOnce(&Portal) -> dashboard::Settings) -> Self {
        let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
        let portal = emulator.portal();
        portal.line().bot_leaves(BotLeaves::WhenClosed);
        let settings = settings(&portal);
        let home = tempfile::tempdir().unwrap();
        let listens = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let clock = Shifted::new();
        let running = app(&portal, &home, listens, fetches, &settings, &clock).start().await.unwrap();
        portal.install(&format!("{}/install", running.url())).await;
        portal.set_page_url(Some(&format!("{}{}", running.url(), dashboard::PATH)));
        tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
        Self { portal, running, clock, settings, fetches, listens, home, _emulator: emulator }
    }

    /// Ends the program where it stands, and starts it again on its database after `meanwhile`.
    pub(crate) async fn restarted(self, meanwhile: impl AsyncFnOnce(&Portal)) -> Self {
        let Self { portal, running, clock, settings, fetches, listens, home, _emulator } = self;
        drop(running);
        meanwhile(&portal).await;
        let deadline = tokio::time::Instant::now() + SOON;
        // The port and the database are free once the tasks of the life before are gone.
        let running = loop {
            match app(&portal, &home, listens, fetches, &settings, &clock).start().await {
                Ok(running) => break running,
                Err(error) => assert!(tokio::time::Instant::now() < deadline, "{error}"),
            }
            tokio::task::yield_now().await;
        };
        Self { portal, running, clock, settings, fetches, listens, home, _emulator }
    }

    pub(crate) async fn quiet(&self) {
        loop {
            let delivered = self.portal.deliveries().len();
            self.portal.settled(SOON).await;
            tokio::time::timeout(SOON, self.running.idle()).await.expect("the app comes to rest");
            if self.portal.deliveries().len() == delivered {
                return;
            }
        }
    }

    /// The access token that the page is opened with for this user.
    pub(crate) async fn token(&self, user: i64) -> String {
        let shell = reqwest::get(format!("{}?user={user}", self.portal.frame_url())).await.unwrap();
        let shell = shell.text().await.unwrap();
        let token = shell.split("\"AUTH_ID\":\"").nth(1).unwrap().split('"').next().unwrap();
        token.to_owned()
    }

    /// What the page is told: status and JSON.
    pub(crate) async fn asks(&self, token: &str) -> (u16, Value) {
        self.asks_since(token, "").await
    }

    pub(crate) async fn asks_since(&self, token: &str, since: &str) -> (u16, Value) {
        let member = self.portal.app().member_id;
        let url = format!("{}/dashboard/news?member={member}{since}", self.running.url());
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn presses(&self, token: &str, what: &str, chat: i64) -> (u16, Value) {
        let press = json!({"member": self.portal.app().member_id, "chat": chat});
        let url = format!("{}/dashboard/{what}", self.running.url());
        let answer = reqwest::Client::new().post(url).bearer_auth(token).json(&press).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The row of a client's dialog, once it is as it should be; null while it is not shown.
    #[track_caller]
    pub(crate) fn sees(
        &self,
        token: &str,
        client: &Client,
        enough: impl Fn(&Value) -> bool,
    ) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            let deadline = tokio::time::Instant::now() + SOON;
            loop {
                let told = self.asks(token).await.1;
                let rows = told["news"]["dialogs"].as_array().cloned().unwrap_or_default();
                let row = rows.into_iter().find(|row| row["chat"] == client.chat_id()).unwrap_or_default();
                if enough(&row) {
                    return row;
                }
                assert!(tokio::time::Instant::now() < deadline, "{place}: never: {told:#}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// What a row says of who has it, whether the client waits, and what was said.
pub(crate) fn gist(row: &Value) -> (String, bool, Vec<String>) {
    let lines = row["lines"].as_array().into_iter().flatten();
    let lines =
        lines.map(|line| format!("{}: {}", line["who"].as_str().unwrap(), line["text"].as_str().unwrap()));
    (row["holder"].as_str().unwrap_or_default().to_owned(), row["waits"].is_i64(), lines.collect())
}

fn app(
    portal: &Portal,
    home: &tempfile::TempDir,
    listens: SocketAddr,
    fetches: bool,
    settings: &dashboard::Settings,
    clock: &Shifted,
) -> App {
    let app = portal.app();
    let config = Config::new()
        .listen(listens)
        .without_admin()
        .database_url(format!("sqlite://{}", home.path().join("bot.db").display()))
        .master_key(MASTER_KEY)
        .oauth_app(app.client_id, app.client_secret)
        .oauth_hosts(app.oauth_host);
    let config = if fetches { config } else { config.public_url(format!("http://{listens}")) };
    let profile = BotProfile::openline("clerk").name("Clerk").return_command("/bot");
    let app = App::new(config).clock(Arc::new(clock.clone())).bot(profile, clerk());
    dashboard::beside_with(app, settings.clone())
}

fn clerk() -> Router {
    Router::new()
        .text("person", async |cx: Context, _message: Message| {
            cx.reply(Reply::text("A note").internal_note());
            cx.reply("One moment, please");
            cx.hand_over();
        })
        .text("secret", async |_cx: Context, _message: Message| {})
        .fallback(async |_cx: Context, message: Message| Text::new().plain("You said: ").bold(&message.text))
}
