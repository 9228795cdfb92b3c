//! What the tests of portal and ingest stand on: a store, a clock that stands still, an authorisation server that says
//! what it is told, and the way in.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use openlines::{
    clock::{Clock, ManualClock},
    ingest::{Gate, Wake},
    portal::{
        Credentials, GrantError, Grants, IncomingWebhook, Installer, OAuthApp, PortalChange, PortalWatch,
        RefreshGrant, Registry, Vault, Verification, Welcome,
    },
    rest::oauth::Grant,
    store::{Appended, Journal, MemoryStore, NewEvent, StoreError, StoreErrorKind},
    wire::{AppId, MemberId, PortalKey, Timestamp, UserId},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, oneshot};

pub const CLIENT_ID: &str = "local.65f0a1b2c3d4e5.12345678";
pub const CLIENT_SECRET: &str = "client-secret-0c1d";
pub const MASTER_KEY: &str = "c3VyZWx5IGEga2V5IG9mIHRoaXJ0eS10d28gYnl0ZXM=";
pub const MEMBER: &str = "7c1f0b2a9d3e4f5687a1b2c3d4e5f601";
pub const APPLICATION_TOKEN: &str = "d1c2b3a495867768594a3b2c1d0e0f10";
pub const REFRESH_TOKEN: &str = "refresh-token-of-the-installation";
pub const BOT_TOKEN: &str = "bot-token-5e6f";
pub const WEBHOOK: &str = "https://hooked.example/rest/1/webhook-code-7a8b/";

/// Everything that must never be seen in a log, an error or a `Debug` text.
pub const SECRETS: [&str; 10] = [
    CLIENT_SECRET,
    MASTER_KEY,
    APPLICATION_TOKEN,
    REFRESH_TOKEN,
    BOT_TOKEN,
    "webhook-code-7a8b",
    "granted-access-",
    "granted-refresh-",
    "event-access-token",
    "event-refresh-token",
];

/// An authorisation server: knows which refresh token belongs to which portal, and each works once.
#[derive(Debug)]
pub struct Authority {
    known: Mutex<BTreeMap<String, String>>,
    pub asked: AtomicUsize,
    pub endpoints: Mutex<Vec<String>>,
    failures: Mutex<VecDeque<GrantError>>,
    gate: Mutex<Option<Arc<Semaphore>>>,
    pub client_endpoint: Mutex<String>,
    serial: AtomicUsize,
    lives: Mutex<i64>,
    /// What `profile` says of whoever installs.
    pub admin: AtomicBool,
    pub user: Mutex<i64>,
}

impl Default for Authority {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
            asked: AtomicUsize::new(0),
            endpoints: Mutex::default(),
            failures: Mutex::default(),
            gate: Mutex::default(),
            client_endpoint: Mutex::new("https://demo.example/rest/".into()),
            serial: AtomicUsize::new(0),
            lives: Mutex::new(3600),
            admin: AtomicBool::new(true),
            user: Mutex::new(1),
        }
    }
}

impl Authority {
    pub fn knows(&self, refresh: &str, member: &str) {
        self.known.lock().unwrap().insert(refresh.into(), member.into());
    }

    pub fn forgets_all(&self) {
        self.known.lock().unwrap().clear();
    }

    pub fn fails(&self, error: GrantError) {
        self.failures.lock().unwrap().push_back(error);
    }

    /// From now on no answer leaves before a permit is added.
    pub fn holds(&self) -> Arc<Semaphore> {
        let semaphore = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(Arc::clone(&semaphore));
        semaphore
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Grants for Authority {
    async fn refresh(&self, grant: RefreshGrant<'_>) -> Result<Grant, GrantError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.endpoints.lock().unwrap().push(grant.endpoint.to_owned());
        assert_eq!(grant.client_secret.expose_secret(), CLIENT_SECRET);
        if let Some(error) = self.failures.lock().unwrap().pop_front() {
            return Err(error);
        }
        let member = self.known.lock().unwrap().remove(grant.refresh_token.expose_secret());
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        let Some(member) = member else {
            return Err(GrantError::Rejected("invalid_grant".into()));
        };
        let serial = self.serial.fetch_add(1, Ordering::SeqCst) + 1;
        let refresh = format!("granted-refresh-{serial}");
        self.knows(&refresh, &member);
        let mut answer = Grant::new(format!("granted-access-{serial}"));
        answer.refresh_token = refresh.into();
        answer.expires_in = Duration::from_secs((*self.lives.lock().unwrap()).try_into().unwrap_or(0));
        answer.member_id = MemberId::from(member);
        answer.client_endpoint = self.client_endpoint.lock().unwrap().clone();
        answer.user_id = Some(UserId::new(*self.user.lock().unwrap()));
        answer.scope = vec!["imbot".into(), "imopenlines".into()];
        Ok(answer)
    }

    async fn administers(&self, client_endpoint: &str, token: &SecretString) -> Result<bool, GrantError> {
        assert_eq!(client_endpoint, *self.client_endpoint.lock().unwrap());
        assert!(token.expose_secret().starts_with("granted-access-"));
        Ok(self.admin.load(Ordering::SeqCst))
    }
}

/// A journal that shows what was appended, and can fail.
#[derive(Debug)]
pub struct Recorder {
    pub store: Arc<MemoryStore>,
    pub rows: Mutex<Vec<NewEvent>>,
    pub calls: AtomicUsize,
    pub fails: AtomicBool,
}

#[async_trait]
impl Journal for Recorder {
    async fn append(&self, events: Vec<NewEvent>, now: Timestamp) -> Result<Vec<Appended>, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Io, "the disk is full; make room"));
        }
        let appended = self.store.append(events.clone(), now).await?;
        let fresh = events.into_iter().zip(&appended).filter(|(_, what)| matches!(what, Appended::Fresh(_)));
        self.rows.lock().unwrap().extend(fresh.map(|(event, _)| event));
        Ok(appended)
    }
}

/// Counts what it is told.
#[derive(Debug, Default)]
pub struct Heard {
    pub woken: Mutex<Vec<PortalKey>>,
    pub changes: Mutex<Vec<(PortalKey, PortalChange)>>,
}

impl Wake for Heard {
    fn accepted(&self, portal: &PortalKey) {
        self.woken.lock().unwrap().push(portal.clone());
    }
}

impl PortalWatch for Heard {
    fn portal_changed(&self, portal: &PortalKey, change: PortalChange) {
        self.changes.lock().unwrap().push((portal.clone(), change));
    }
}

/// One process: everything from the way in to the store.
pub struct Stage {
    pub store: Arc<MemoryStore>,
    pub clock: ManualClock,
    pub authority: Arc<Authority>,
    pub registry: Registry,
    pub installer: Installer,
    pub journal: Arc<Recorder>,
    pub heard: Arc<Heard>,
    pub gate: Gate,
}

pub fn oauth_app() -> OAuthApp {
    OAuthApp::new(CLIENT_ID, CLIENT_SECRET).unwrap()
}

pub fn webhook() -> IncomingWebhook {
    IncomingWebhook::new(WEBHOOK, BOT_TOKEN).unwrap()
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(vec![oauth_app().into()]).await
    }

    pub async fn with(credentials: Vec<Credentials>) -> Self {
        let clock = ManualClock::at_seconds(1_773_682_918);
        Self::on(Arc::new(MemoryStore::new()), clock, Arc::default(), credentials).await
    }

    /// Another process, or the same after a restart: same store, nothing in memory.
    pub async fn again(&self) -> Self {
        let (store, authority) = (Arc::clone(&self.store), Arc::clone(&self.authority));
        Self::on(store, self.clock.clone(), authority, vec![oauth_app().into()]).await
    }

    pub async fn on(
        store: Arc<MemoryStore>,
        clock: ManualClock,
        authority: Arc<Authority>,
        credentials: Vec<Credentials>,
    ) -> Self {
        let vault = Vault::from_base64(&MASTER_KEY.into()).unwrap();
        let time: Arc<dyn Clock> = Arc::new(clock.clone());
        let registry = Registry::load(
            Arc::<MemoryStore>::clone(&store),
            Arc::clone(&time),
            vault,
            Arc::<Authority>::clone(&authority),
            credentials,
        )
        .await
        .unwrap();
        let installer = Installer::new(registry.clone());
        let journal = Arc::new(Recorder {
            store: Arc::clone(&store),
            rows: Mutex::default(),
            calls: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
        });
        let heard = Arc::new(Heard::default());
        registry.watch(Arc::<Heard>::clone(&heard));
        let gate = Gate::new(
            registry.clone(),
            installer.clone(),
            Arc::<Recorder>::clone(&journal),
            time,
            Arc::<Heard>::clone(&heard),
        );
        Self { store, clock, authority, registry, installer, journal, heard, gate }
    }

    /// A stage with one proven portal.
    pub async fn installed() -> Self {
        let stage = Self::new().await;
        stage.install(REFRESH_TOKEN, APPLICATION_TOKEN).await;
        stage.journal.rows.lock().unwrap().clear();
        stage.heard.woken.lock().unwrap().clear();
        stage
    }

    /// Installs the portal and waits for its proof.
    pub async fn install(&self, refresh: &str, application: &str) {
        self.authority.knows(refresh, MEMBER);
        self.gate.accept(None, FORM, install_body(refresh, application).into()).await.unwrap();
        let proofs = self.proofs();
        until("the portal is proven", || {
            let app = AppId::from(CLIENT_ID);
            let verified = self.registry.verify(&app, Some(MEMBER), Some(application));
            matches!(verified, Verification::Verified(_))
        })
        .await;
        proofs.stop().await;
    }

    /// Proves what waits, in the background, until it is stopped.
    pub fn proofs(&self) -> Background {
        self.proofs_for(Arc::new(self.gate.clone()))
    }

    pub fn proofs_for(&self, welcome: Arc<dyn Welcome>) -> Background {
        let installer = self.installer.clone();
        Background::start(move |stop| async move { installer.run(welcome, stop).await })
    }

    pub fn key(&self) -> PortalKey {
        PortalKey::new(CLIENT_ID, MEMBER)
    }

    pub fn rows(&self) -> Vec<NewEvent> {
        self.journal.rows.lock().unwrap().clone()
    }
}

/// A task that ends when it is told to.
pub struct Background {
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl Background {
    pub fn start<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) -> F,
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(run(Box::pin(async move {
            let _ = stopped.await;
        })));
        Self { stop: Some(stop), task }
    }

    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.task.await.unwrap();
    }
}

/// Waits for a condition; fails by name after ten seconds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

pub fn form(pairs: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        form.append_pair(name, value);
    }
    form.finish()
}

/// An ONAPPINSTALL as the portal sends it, naming a portal address of the sender's choice.
pub fn install_body(refresh: &str, application: &str) -> String {
    install_body_of(MEMBER, "https://oauth.bitrix.info/rest/", refresh, application)
}

pub fn install_body_of(member: &str, server: &str, refresh: &str, application: &str) -> String {
    form(&[
        ("event", "ONAPPINSTALL"),
        ("event_handler_id", "700"),
        ("data[VERSION]", "1"),
        ("data[ACTIVE]", "Y"),
        ("data[INSTALLED]", "Y"),
        ("data[LANGUAGE_ID]", "en"),
        ("ts", "1773682918"),
        ("auth[access_token]", "event-access-token"),
        ("auth[expires_in]", "3600"),
        ("auth[scope]", "imbot,imopenlines"),
        ("auth[domain]", "demo.example"),
        ("auth[server_endpoint]", server),
        ("auth[status]", "L"),
        ("auth[client_endpoint]", "https://attacker.example/rest/"),
        ("auth[member_id]", member),
        ("auth[refresh_token]", refresh),
        ("auth[user_id]", "1"),
        ("auth[application_token]", application),
    ])
}

/// A v2 message event for the bot 567.
pub fn message_body(id: &str, application: &str) -> String {
    form(&[
        ("event", "ONIMBOTV2MESSAGEADD"),
        ("event_handler_id", "511"),
        ("data[bot][id]", "567"),
        ("data[bot][code]", "helper"),
        ("data[bot][auth][access_token]", "event-access-token"),
        ("data[bot][auth][application_token]", application),
        ("data[message][id]", id),
        ("data[message][chatId]", "1777"),
        ("data[message][authorId]", "599"),
        ("data[message][text]", "Where is order 15?"),
        ("data[message][isSystem]", "0"),
        ("data[chat][id]", "1777"),
        ("data[chat][dialogId]", "chat1777"),
        ("data[chat][type]", "lines"),
        ("data[chat][messageType]", "L"),
        ("data[chat][owner]", "567"),
        ("data[chat][entityType]", "LINES"),
        ("data[chat][entityId]", "livechat|22|1775|599"),
        ("data[user][id]", "599"),
        ("data[user][connector]", "1"),
        ("data[language]", "en"),
        ("ts", "1773682920"),
        ("auth[access_token]", "event-access-token"),
        ("auth[refresh_token]", "event-refresh-token"),
        ("auth[domain]", "demo.example"),
        ("auth[member_id]", MEMBER),
        ("auth[application_token]", application),
    ])
}

/// The same message as v1 sends it, for each of `bots`.
pub fn message_body_v1(id: &str, application: &str, bots: &[&str]) -> String {
    let mut pairs = vec![("event".to_owned(), "ONIMBOTMESSAGEADD")];
    for bot in bots {
        pairs.push((format!("data[BOT][{bot}][access_token]"), "event-access-token"));
        pairs.push((format!("data[BOT][{bot}][BOT_ID]"), bot));
        pairs.push((format!("data[BOT][{bot}][BOT_CODE]"), "helper"));
    }
    for (name, value) in [
        ("MESSAGE", "Where is order 15?"),
        ("MESSAGE_ID", id),
        ("MESSAGE_TYPE", "L"),
        ("CHAT_TYPE", "L"),
        ("FROM_USER_ID", "599"),
        ("AUTHOR_ID", "599"),
        ("DIALOG_ID", "chat1777"),
        ("TO_CHAT_ID", "1777"),
        ("CHAT_ID", "1777"),
        ("CHAT_AUTHOR_ID", "567"),
        ("CHAT_ENTITY_TYPE", "LINES"),
        ("CHAT_ENTITY_ID", "livechat|22|1775|599"),
        ("SYSTEM", "N"),
        ("LANGUAGE", "en"),
    ] {
        pairs.push((format!("data[PARAMS][{name}]"), value));
    }
    pairs.push(("ts".into(), "1773682921"));
    pairs.push(("auth[member_id]".into(), MEMBER));
    pairs.push(("auth[application_token]".into(), application));
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    form(&pairs)
}

pub fn event_body(code: &str, extra: &[(&str, &str)], application: &str) -> String {
    let mut pairs = vec![("event", code), ("ts", "1773682930"), ("auth[member_id]", MEMBER)];
    pairs.extend_from_slice(extra);
    pairs.push(("auth[application_token]", application));
    form(&pairs)
}

/// Does nothing for a proven portal, or fails as often as told.
#[derive(Debug, Default)]
pub struct Doorman {
    pub failures: AtomicUsize,
    pub welcomed: Mutex<Vec<PortalKey>>,
}

#[async_trait]
impl Welcome for Doorman {
    async fn installed(&self, portal: &PortalKey, _notice: Bytes) -> Result<(), StoreError> {
        self.welcomed.lock().unwrap().push(portal.clone());
        let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => Err(StoreError::new(StoreErrorKind::Io, "the disk is full; make room")),
            Err(_) => Ok(()),
        }
    }
}
