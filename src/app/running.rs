//! A started app: its floors put together, its tasks, and how it stops.

use std::{
    collections::HashSet,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{App, AppError, AppErrorKind, admin, levels::StoredLevels, metrics, rt, upkeep};
use crate::{
    clock::Clock,
    dispatch::{Bot, Engine, PortalDesk, Services},
    ingest::{GapRepair, Gate, Poller},
    portal::{
        BotGeneration, BotTokens, Credentials, Delivery, Installer, PortalChange, PortalWatch, Reconciler,
        Registry, Wanted, Welcome,
    },
    rest::{
        Api, Background, Counted, Downloads, HttpApi, HttpOptions, Limited, Retrying, SetupError, Slots,
        oauth::OAuthClient,
    },
    store::{self, NodeId, OpenSession, PortalStatus, Store, StoreError},
    wire::PortalKey,
};

/// Events every application asks for, besides what the reconciler adds.
const EVENTS: [&str; 2] = ["ONSESSIONSTART", "ONSESSIONFINISH"];
/// How often offline events are asked for, while the portal tells of none.
const OFFLINE_PAUSE: Duration = Duration::from_secs(60);
/// How long a dialog waits at the start until it is known whether something was missed in it. What is found later comes
/// late.
const LOOK_BACK_LIMIT: Duration = Duration::from_secs(10);
/// Dialogs that wait so, those heard of last: about as many as are looked into within that time.
const LOOK_BACK_HELD: usize = 500;
/// How long requests under way may take to end once everything else has.
const DRAIN: Duration = Duration::from_millis(500);
/// How long `on_install` waits for the bots it is to find.
const SET_UP_LIMIT: Duration = Duration::from_secs(30);

/// Where the portal reaches the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    /// As the settings say.
    AsConfigured,
    /// Where it listens: the portal is on this machine.
    #[cfg(feature = "emulator")]
    Own,
}

/// A started app. It works until [`stop`](Self::stop) is called or it is dropped; what is left is on disk.
#[must_use = "an app that is dropped stops"]
pub struct Running {
    listens: SocketAddr,
    engine: Engine,
    registry: Registry,
    slots: Slots,
    store: Arc<dyn Store>,
    set_up: watch::Receiver<usize>,
    stop: watch::Sender<bool>,
    /// Of the addresses, which are the last to go.
    close: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

/// Starts `app`.
pub(super) async fn start(app: App, address: Address) -> Result<Running, AppError> {
    let App { config, bots, events, offline, clock, store, wrap, policy, limits, pages, routes, .. } = app;
    check_bots(&bots)?;
    rt::check_pages(&pages)?;
    if let Some(url) = &config.public_url {
        check_public_url(url)?;
    }
    let counting = config.admin_listen.and_then(|_| metrics::begin());
    let credentials = config.credentials()?;
    let application = credentials.app();
    let vault = config.vault(&credentials)?;
    let store = match store {
        Some(store) => store,
        None => store::open(&config.database_url).map_err(|error| AppError::database(&error))?,
    };
    let listener = listen(config.listen, "OPENLINES_LISTEN").await?;
    let listens = address_of(&listener)?;
    let public_url = match address {
        Address::AsConfigured => config.public_url.clone(),
        #[cfg(feature = "emulator")]
        Address::Own => Some(format!("http://{listens}")),
    };
    let wanted = wanted(&bots, &events, public_url.as_deref(), &credentials)?;
    let wanted = offline.iter().fold(wanted, |wanted, code| wanted.offline_event(code));
    let codes = bots.iter().map(|bot| bot.profile.code().to_owned()).collect();

    let grants = Arc::new(OAuthClient::new(HttpOptions::default()).map_err(no_tls)?);
    let registry = Registry::load(store.clone(), clock.clone(), vault, grants, vec![credentials])
        .await
        .map_err(AppError::setting)?;
    let http = HttpApi::new(Arc::new(registry.clone()), HttpOptions::default()).map_err(no_tls)?;
    let limited = Limited::new(Counted::new(http), limits, clock.clone())
        .keeper(Arc::new(StoredLevels(Arc::downgrade(&store))));
    let slots = limited.slots();
    let snapshot = metrics::Snapshot { registry: registry.clone(), slots: slots.clone() };
    let limited: Arc<dyn Api> = Arc::new(BotTokens::new(limited, registry.clone()));
    let api = match wrap {
        Some(wrap) => wrap(limited),
        None => limited,
    };
    let direct: Arc<dyn Api> = Arc::new(Retrying::new(api.clone(), clock.clone()));
    let api_of_pages = api.clone();
    let tokens = Arc::new(registry.clone());
    let downloads = Downloads::new(direct.clone(), tokens, HttpOptions::default()).map_err(no_tls)?;
    let engine = Engine::start(Services {
        store: store.clone(),
        api,
        direct: direct.clone(),
        slots: Some(slots.clone()),
        downloads: Arc::new(downloads),
        clock: clock.clone(),
        registry: registry.clone(),
        bots,
        policy,
        node: NodeId::new(format!("{}:{}", std::process::id(), listens)),
    });

    let (stop, stopping) = watch::channel(false);
    let installer = Installer::new(registry.clone());
    let gate = Gate::new(
        registry.clone(),
        installer.clone(),
        store.clone(),
        clock.clone(),
        Arc::new(engine.clone()),
    )
    .sessions(store.clone());
    let repair = GapRepair::new(
        gate.clone(),
        registry.clone(),
        direct.clone(),
        clock.clone(),
        config.retention.sessions,
    );
    let background: Arc<dyn Api> = Arc::new(Background(direct));
    let mut poller = Poller::new(gate.clone(), registry.clone(), background.clone(), clock.clone());
    if !offline.is_empty() {
        // Where the portal tells of them, asking by the clock is for what it could not tell.
        poller = poller.offline_events(if public_url.is_some() { OFFLINE_PAUSE } else { Duration::ZERO });
    }
    let reconciler = Reconciler::new(registry.clone(), background, Arc::new(poller.clone()), wanted);
    let set_up = reconciler.passes();
    let (changed, changes) = mpsc::unbounded_channel();
    registry.watch(Arc::new(Watch(changed.clone())));

    let mut tasks = JoinSet::new();
    for portal in registry.portals() {
        if portal.status == PortalStatus::Active {
            // Before anything new is accepted or done, so that it is known what was done before the process ended.
            let sessions = repair.known(&portal.key).await.map_err(AppError::store)?;
            look_back(&mut tasks, &engine, &repair, &clock, &portal.key, sessions, &stopping);
        }
        // Also a portal that was uninstalled may have events left, that of its removal among them. Here and not in a
        // task, so that `idle` knows of what was left from the last time.
        engine.wake(&portal.key);
        if portal.status == PortalStatus::Active {
            let _ = changed.send((portal.key, PortalChange::Active));
        }
    }
    tasks.spawn(follow_portals(engine.clone(), poller, changes, stopping.clone()));
    let welcome =
        Arc::new(Greeting { gate: gate.clone(), registry: registry.clone(), set_up: set_up.clone(), codes });
    let stop_installer = stopped(stopping.clone());
    tasks.spawn(async move { installer.run(welcome, stop_installer).await });
    let stop_reconciler = stopped(stopping);
    tasks.spawn(async move { reconciler.run(stop_reconciler).await });
    tasks.spawn(upkeep::run(store.clone(), clock.clone(), config.retention, stopped(stop.subscribe())));
    let mut public = rt::router(registry.clone(), api_of_pages, clock.clone(), &pages).merge(gate.router());
    if let Some(routes) = routes {
        public = public.reset_fallback().fallback_service(routes);
    }
    let (close, closing) = watch::channel(false);
    let serve = axum::serve(listener, public).with_graceful_shutdown(stopped(closing.clone()));
    tasks.spawn(async move {
        if let Err(error) = serve.await {
            tracing::error!(%error, "the public address is no longer listened on");
        }
    });
    if let Some(handle) = counting {
        tasks.spawn(metrics::tidy(handle, clock.clone(), stopped(stop.subscribe())));
    }
    if let Some(admin_listen) = config.admin_listen {
        let listener = listen(admin_listen, "OPENLINES_ADMIN_LISTEN").await?;
        let admin = admin::router(store.clone(), snapshot);
        let serve = axum::serve(listener, admin).with_graceful_shutdown(stopped(closing));
        tasks.spawn(async move {
            if let Err(error) = serve.await {
                tracing::error!(%error, "the admin address is no longer listened on");
            }
        });
    }
    let portals = registry.portals();
    let active = portals.iter().filter(|portal| portal.status == PortalStatus::Active).count();
    tracing::info!(
        listening = %listens,
        admin = config.admin_listen.map(tracing::field::display),
        database = config.database_url,
        application = %application,
        portals = portals.len(),
        active,
        "started"
    );
    if let Some(url) = public_url.as_deref().map(|url| url.trim_end_matches('/')) {
        tracing::info!(
            "the portal's paths to this bot: {url}/events for events, {url}/install for installing"
        );
    }
    Ok(Running { listens, engine, registry, slots, store, set_up, stop, close, tasks: Mutex::new(tasks) })
}

impl Running {
    /// The public address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.listens
    }

    /// `http://address`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.listens)
    }

    /// The portals.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The portal of this member id, for sending outside of an event; `None` where the app is not installed.
    pub fn portal(&self, member: &str) -> Option<PortalDesk> {
        let portals = self.registry.portals();
        let found = portals.iter().find(|portal| portal.key.member.as_str() == member)?;
        Some(self.engine.desk(&found.key))
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Returns once portals have been set up `times` times since the start: bots registered, events bound.
    pub async fn set_up(&self, times: usize) {
        let mut set_up = self.set_up.clone();
        let _ = set_up.wait_for(|done| *done >= times).await;
    }

    /// Returns once every accepted event is handled and everything committed is sent. Timers are not waited for.
    pub async fn idle(&self) {
        self.engine.idle().await;
    }

    /// Lets what is under way end, and returns within ten seconds.
    ///
    /// Turns that end within 8 s are committed, and what they sent leaves if it can at once. A turn that takes longer is
    /// dropped and runs again at the next start; what it remembered by [`step`](crate::dispatch::Context::step) it does
    /// not do again. Until then the portal's events are still taken in, for the next start. What is left is on disk.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        self.engine.stop().await;
        let _ = self.close.send(true);
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        // A socket's time-out is real time, also in tests.
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, ended).await.is_err() {
            tracing::debug!(tasks = tasks.len(), "not all requests came to their end");
            tasks.shutdown().await;
        }
        self.slots.save().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.engine.abort();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("listens", &self.listens)
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

/// Bots are found again by their codes.
pub(super) fn check_bots(bots: &[Bot]) -> Result<(), AppError> {
    let wrong = |what: String| Err(AppError::new(AppErrorKind::Setting, what));
    if bots.is_empty() {
        return wrong("the app has no bot; add one with `App::bot`".into());
    }
    let mut codes = HashSet::new();
    for bot in bots {
        let code = bot.profile.code();
        if code.trim().is_empty() {
            return wrong(
                "a bot has an empty code; the portal knows it by its code, so give it one that stays".into(),
            );
        }
        let spec = bot.profile.spec();
        if spec.name.trim().is_empty() {
            return wrong(format!("bot `{code}` has an empty name; people see it, so give it one"));
        }
        for command in spec.commands.iter().map(|command| command.name.as_str()) {
            if command.is_empty() || command.chars().any(char::is_whitespace) {
                return wrong(format!(
                    "bot `{code}` has the command `{command}`, and the name of a command is one word; the rest of what is typed are its arguments"
                ));
            }
        }
        if !codes.insert(code) {
            return wrong(format!("two bots have the code `{code}`; each needs one of its own"));
        }
    }
    Ok(())
}

/// Whether a portal would take it as the address of a handler (protocol 1.9), and safely.
pub(super) fn check_public_url(text: &str) -> Result<(), AppError> {
    let wrong = |why: &str| {
        let what = format!(
            "OPENLINES_PUBLIC_URL {why}; it is how the portal reaches the bot, such as https://bot.example.com"
        );
        Err(AppError::new(AppErrorKind::Setting, what))
    };
    let Ok(url) = url::Url::parse(text.trim()) else { return wrong("is no URL") };
    let host = url.host_str().unwrap_or_default();
    let loopback = host.starts_with("127.") || host == "[::1]";
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return wrong("is plain http, which carries the portal's tokens in the clear; use https"),
        _ => return wrong("is neither https nor http"),
    }
    if !host.get(1..).is_some_and(|rest| rest.contains('.')) {
        return wrong("has a host without a dot, which portals refuse");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has a query or a fragment");
    }
    Ok(())
}

/// What to know of an application with several bots.
pub(super) fn several_bots(count: usize) -> String {
    format!(
        "this application has {count} bots: hand_over, transfer_to and finish_session act as the one registered first (protocol 4.4)"
    )
}

/// Where portals send events, below the public address.
pub(super) fn handler_url(public_url: &str) -> String {
    format!("{}/events", public_url.trim_end_matches('/'))
}

/// The events that portals by OAuth are asked for.
pub(super) fn bound_events(events: &[String]) -> impl Iterator<Item = &str> {
    EVENTS.iter().copied().chain(events.iter().map(String::as_str))
}

/// What every portal is to have.
fn wanted(
    bots: &[Bot],
    events: &[String],
    public_url: Option<&str>,
    credentials: &Credentials,
) -> Result<Wanted, AppError> {
    let mut wanted = Wanted::new();
    let delivery = if public_url.is_some() { Delivery::Webhook } else { Delivery::Fetch };
    for bot in bots {
        let spec = bot.profile.spec().clone();
        if spec.generation == BotGeneration::V1 {
            if public_url.is_none() {
                return Err(AppError::new(
                    AppErrorKind::Setting,
                    format!(
                        "bot `{}` is a v1 bot, whose events cannot be fetched: set OPENLINES_PUBLIC_URL, or make it a v2 bot",
                        spec.code
                    ),
                ));
            }
            wanted = wanted.bot(spec);
        } else {
            wanted = wanted.bot(spec.delivery(delivery));
        }
    }
    if let Some(url) = public_url {
        wanted = wanted.handler_url(&handler_url(url));
        if matches!(credentials, Credentials::OAuth(_)) {
            for event in bound_events(events) {
                wanted = wanted.event(event);
            }
        }
    }
    if bots.len() > 1 {
        tracing::warn!("{}", several_bots(bots.len()));
    }
    Ok(wanted)
}

fn no_tls(error: SetupError) -> AppError {
    AppError::new(AppErrorKind::Setting, error.to_string()).caused(error)
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|error| {
        let what =
            format!("{setting}: {address} cannot be listened on ({error}); is another bot running there?");
        AppError::new(AppErrorKind::Listen, what).caused(error)
    })
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, AppError> {
    listener
        .local_addr()
        .map_err(|error| AppError::new(AppErrorKind::Listen, error.to_string()).caused(error))
}

/// Hears what becomes of portals. Holds the way to the engine, not the engine: that one holds the registry.
struct Watch(mpsc::UnboundedSender<(PortalKey, PortalChange)>);

impl PortalWatch for Watch {
    fn portal_changed(&self, portal: &PortalKey, change: PortalChange) {
        let _ = self.0.send((portal.clone(), change));
    }
}

/// Accepts the event of a proven installation once the portal's bots are registered, so that `on_install` finds them.
struct Greeting {
    gate: Gate,
    registry: Registry,
    set_up: watch::Receiver<usize>,
    codes: Vec<String>,
}

#[async_trait::async_trait]
impl Welcome for Greeting {
    async fn installed(&self, portal: &PortalKey, notice: bytes::Bytes) -> Result<(), StoreError> {
        let has_its_bots = |_: &usize| {
            let bots = self.registry.portal(portal).map(|portal| portal.bots).unwrap_or_default();
            self.codes.iter().all(|code| bots.iter().any(|bot| bot.code == *code))
        };
        let mut set_up = self.set_up.clone();
        if tokio::time::timeout(SET_UP_LIMIT, set_up.wait_for(has_its_bots)).await.is_err() {
            tracing::warn!(%portal, "the portal is not set up yet; on_install runs without its bots");
        }
        self.gate.installed(portal, notice).await
    }
}

/// Looks for what was missed in `sessions`. Their dialogs wait for that, though not for long.
fn look_back(
    tasks: &mut JoinSet<()>,
    engine: &Engine,
    repair: &GapRepair,
    clock: &Arc<dyn Clock>,
    portal: &PortalKey,
    sessions: Vec<OpenSession>,
    stopping: &watch::Receiver<bool>,
) {
    if sessions.is_empty() {
        return;
    }
    engine.hold(portal, sessions.iter().take(LOOK_BACK_HELD).map(|session| session.lane.clone()));
    let (waiting, key, clock, stop) =
        (engine.clone(), portal.clone(), clock.clone(), stopped(stopping.clone()));
    tasks.spawn(async move {
        tokio::select! {
            () = stop => {}
            () = clock.sleep_until(clock.now().plus(LOOK_BACK_LIMIT)) => waiting.release(&key, None),
        }
    });
    let (engine, repair, key) = (engine.clone(), repair.clone(), portal.clone());
    let stop = stopped(stopping.clone());
    tasks.spawn(async move {
        let release = |session: &OpenSession| engine.release(&key, Some(&session.lane));
        repair.run(&key, sessions, &release, stop).await;
    });
}

/// Works for every portal that is heard of, and polls the active ones for the events of bots that fetch them.
async fn follow_portals(
    engine: Engine,
    poller: Poller,
    mut changes: mpsc::UnboundedReceiver<(PortalKey, PortalChange)>,
    stopping: watch::Receiver<bool>,
) {
    let mut polling: JoinSet<()> = JoinSet::new();
    let mut polled = HashSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(stopping.clone()) => break,
            Some((portal, change)) = changes.recv() => {
                if change != PortalChange::Forgotten {
                    engine.wake(&portal);
                }
                if change == PortalChange::Active && polled.insert(portal.clone()) {
                    let (poller, stopping) = (poller.clone(), stopped(stopping.clone()));
                    polling.spawn(async move { poller.run(&portal, stopping).await });
                }
            }
            Some(ended) = polling.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "polling a portal ended badly");
                }
            }
        }
    }
    while polling.join_next().await.is_some() {}
}
