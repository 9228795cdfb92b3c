//! The whole of portal and ingest over real connections against the emulated portal, with everything logged at `trace`.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use doorstep::{BOT_TOKEN, Background, Heard, MASTER_KEY, Recorder, until};
use openlines::{
    clock::{Clock, SystemClock},
    ingest::{Gate, Poller},
    portal::{
        BotSpec, Credentials, Delivery, Grants, IncomingWebhook, Installer, OAuthApp, Reconciler, Registry,
        Vault, Wanted, Welcome,
    },
    rest::{Authorization, HttpApi, HttpOptions, TokenSource, oauth::OAuthClient},
    store::{MemoryStore, PortalStatus},
    wire::PortalKey,
};
use openlines_emulator::Emulator;
use secrecy::ExposeSecret;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// From now on everything of this thread, at every level.
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    fn holds_none_of(&self, secrets: &[String]) {
        let text = String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned();
        assert!(text.contains("openlines::"), "nothing was logged");
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            assert!(line.is_none(), "a secret is in the log: {line:?}");
        }
    }
}

/// One bot's server on a port of its own.
struct Server {
    address: String,
    registry: Registry,
    gate: Gate,
    journal: Arc<Recorder>,
    background: Vec<Background>,
    serving: tokio::task::JoinHandle<io::Result<()>>,
}

impl Server {
    async fn start(credentials: Credentials, wanted: impl FnOnce(&str) -> Wanted) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Arc::new(MemoryStore::new());
        let grants = Arc::new(OAuthClient::new(HttpOptions::default()).unwrap());
        let vault = Vault::from_base64(&MASTER_KEY.into()).unwrap();
        let registry = Registry::load(
            Arc::<MemoryStore>::clone(&store),
            Arc::clone(&clock),
            vault,
            grants,
            vec![credentials],
        )
        .await
        .unwrap();
        let installer = Installer::new(registry.clone());
        let journal = Arc::new(Recorder {
            store,
            rows: Mutex::default(),
            calls: Default::default(),
            fails: Default::default(),
        });
        let gate = Gate::new(
            registry.clone(),
            installer.clone(),
            Arc::<Recorder>::clone(&journal),
            Arc::clone(&clock),
            Arc::new(Heard::default()),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(axum::serve(listener, gate.router()).into_future());
        let api = Arc::new(HttpApi::new(Arc::new(registry.clone()), HttpOptions::default()).unwrap());
        let poller = Poller::new(gate.clone(), registry.clone(), Arc::<HttpApi>::clone(&api), clock);
        let wanted = wanted(&format!("{address}/events"));
        let reconciler = Reconciler::new(registry.clone(), api, Arc::new(poller.clone()), wanted);
        let welcome: Arc<dyn Welcome> = Arc::new(gate.clone());
        let keys = registry.clone();
        let background = vec![
            Background::start(move |stop| async move { installer.run(welcome, stop).await }),
            Background::start(move |stop| async move { reconciler.run(stop).await }),
            Background::start(move |stop| async move {
                tokio::pin!(stop);
                let key = loop {
                    if let Some(view) = keys.portals().first() {
                        break view.key.clone();
                    }
                    tokio::select! {
                        () = &mut stop => return,
                        () = tokio::time::sleep(Duration::from_millis(5)) => {}
                    }
                };
                poller.run(&key, stop).await;
            }),
        ];
        Self { address, registry, gate, journal, background, serving }
    }

    fn bots(&self) -> usize {
        self.registry.portals().first().map_or(0, |view| view.bots.len())
    }

    fn codes(&self) -> Vec<String> {
        self.journal.rows.lock().unwrap().iter().map(|row| row.code.clone()).collect()
    }

    async fn stop(self) {
        for task in self.background {
            task.stop().await;
        }
        self.serving.abort();
    }
}

fn application(emulator: &Emulator) -> Credentials {
    let app = emulator.portal().app();
    OAuthApp::new(&app.client_id, app.client_secret).unwrap().hosts(&app.oauth_host).unwrap().into()
}

fn greeter(delivery: Delivery) -> BotSpec {
    BotSpec::openline("greeter", "Greeter").delivery(delivery)
}

#[tokio::test]
async fn a_portal_is_installed_heard_and_removed_and_no_secret_is_seen() {
    let log = Log::default();
    let listening = log.listen();
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let server = Server::start(application(&emulator), |url| {
        Wanted::new().handler_url(url).bot(greeter(Delivery::Webhook)).event("ONSESSIONSTART")
    })
    .await;
    let first = portal.app();
    let installed = portal.install(&format!("{}/events", server.address)).await;
    assert_eq!(installed.status, Ok(200));
    until("the bot is registered", || server.bots() == 1).await;
    until("the application's events are bound", || {
        portal.calls().iter().filter(|call| call.method == "event.bind").count() >= 3
    })
    .await;
    let key = PortalKey::new(first.client_id.as_str(), first.member_id.as_str());
    let access = server.registry.access(&key).await.unwrap();
    let renewed = server.registry.renew(&key, access.generation).await.unwrap();
    let Authorization::Bearer(token) = &renewed.authorization else { panic!("an application has a token") };
    let grants = OAuthClient::new(HttpOptions::default()).unwrap();
    assert_eq!(grants.administers(&first.client_endpoint, token).await, Ok(true));
    assert!(grants.administers(&first.client_endpoint, &"no token".into()).await.is_err());

    portal.client("Ann").says("hello").await;
    until("the message is journaled", || server.codes().iter().any(|code| code == "ONIMBOTV2MESSAGEADD"))
        .await;
    // The row is there before the portal has its answer.
    let delivered =
        || portal.deliveries().into_iter().find(|delivery| delivery.event == "ONIMBOTV2MESSAGEADD");
    until("the answer is noted", || delivered().is_some()).await;
    portal.settled(std::time::Duration::from_secs(20)).await;
    for delivery in portal.deliveries() {
        assert_eq!(delivery.status, Ok(200), "{}", delivery.event);
    }
    let heard = delivered().unwrap();
    let before = server.codes().len();
    assert_eq!(portal.redeliver(&heard).await.status, Ok(200));
    assert_eq!(server.codes().len(), before, "a duplicate is no new row");

    portal.uninstall(false).await;
    until("the removal is heard", || {
        server.registry.portal(&key).is_some_and(|view| view.status == PortalStatus::Uninstalled)
    })
    .await;
    assert_eq!(portal.redeliver(&heard).await.status, Ok(403), "an old token counts no more");

    // Installed again, by the page: another application token.
    let page = portal.install_with_page(&format!("{}/install", server.address)).await;
    assert_eq!(page.status, Ok(200));
    portal.install_finish();
    until("the bot is back", || server.bots() == 1).await;
    let second = portal.app();
    assert_ne!(first.application_token, second.application_token);
    // Somebody has to choose the new bot for the line, and Ann's session went to the operators.
    portal.line().welcome_bot(portal.bot_id("greeter"));
    portal.client("Bea").says("hello").await;
    until("it is heard again", || {
        server.codes().iter().filter(|code| *code == "ONIMBOTV2MESSAGEADD").count() >= 2
    })
    .await;

    let mut secrets =
        vec![MASTER_KEY.to_owned(), first.client_secret, first.application_token, second.application_token];
    for access in [&access, &renewed] {
        if let Authorization::Bearer(token) = &access.authorization {
            secrets.push(token.expose_secret().to_owned());
        }
    }
    for delivery in portal.deliveries() {
        for (name, value) in form_urlencoded::parse(&delivery.body) {
            if name.contains("access_token") || name.contains("refresh_token") {
                secrets.push(value.into_owned());
            }
        }
    }
    assert!(secrets.len() > 10);
    let shown = format!("{:?} {:?} {access:?} {:?}", server.registry, server.gate, server.registry.portals());
    assert!(!secrets.iter().any(|secret| shown.contains(secret.as_str())), "{shown}");
    server.stop().await;
    log.holds_none_of(&secrets);
    drop(listening);
}

#[tokio::test]
async fn a_portal_by_incoming_webhook_is_heard_in_both_deliveries() {
    for delivery in [Delivery::Fetch, Delivery::Webhook] {
        let log = Log::default();
        let listening = log.listen();
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let webhook = IncomingWebhook::new(portal.webhook_url(), BOT_TOKEN).unwrap();
        let server =
            Server::start(webhook.into(), |url| Wanted::new().handler_url(url).bot(greeter(delivery))).await;
        until("the bot is registered", || server.bots() == 1).await;
        portal.client("Ann").says("hello").await;
        until("the message is journaled", || server.codes().iter().any(|code| code == "ONIMBOTV2MESSAGEADD"))
            .await;
        assert_eq!(portal.deliveries().is_empty(), delivery == Delivery::Fetch);
        server.stop().await;
        let code = portal.webhook_url().trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
        log.holds_none_of(&[code, BOT_TOKEN.to_owned()]);
        drop(listening);
    }
}
