//! A started app: its floors put together, its tasks, and how it stops.

use std::{
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

use super::{
    App, AppError, AppErrorKind, Desks, admin, checks,
    following::{Greeting, Watch, follow_portals, look_back},
    levels::StoredLevels,
    metrics, rt, upkeep, wanted,
};
use crate::{
    dispatch::{Engine, PortalDesk, Services},
    ingest::{GapRepair, Gate, Poller},
    portal::{BotTokens, Installer, PortalChange, Reconciler, Registry},
    rest::{
        Api, Background, Counted, Downloads, HttpApi, HttpOptions, Limited, Retrying, SetupError, Slots,
        oauth::OAuthClient,
    },
    store::{self, NodeId, PortalStatus, Store},
};

/// How often offline events are asked for, while the portal tells of none.
const OFFLINE_PAUSE: Duration = Duration::from_secs(60);
/// How long requests under way may take to end once everything else has.
const DRAIN: Duration = Duration::from_millis(500);
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
    desks: Desks,
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
    let App {
        config, bots, events, offline, clock, store, wrap, policy, limits, pages, routes, beside, ..
    } = app;
    checks::check_bots(&bots)?;
    rt::check_pages(&pages)?;
    if let Some(url) = &config.public_url {
        checks::check_public_url(url)?;
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
    let wanted = wanted::wanted(&bots, &events, public_url.as_deref(), &credentials)?;
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
    let snapshot =
        metrics::Snapshot { store: store.clone(), registry: registry.clone(), slots: slots.clone() };
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
    let desks = Desks {
        engine: engine.clone(),
        registry: registry.clone(),
        api: api_of_pages.clone(),
        clock: clock.clone(),
        visits: Arc::default(),
    };
    for work in beside {
        let (work, stop) = (work(desks.clone()), stopped(stop.subscribe()));
        tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop => {}
            }
        });
    }
    let mut public = rt::router(registry.clone(), api_of_pages, clock.clone(), &pages).merge(gate.router());
    let own = routes.into_iter().map(|routes| routes(desks.clone()));
    // The earlier ones are asked first.
    if let Some(own) = own.rev().reduce(|later, earlier| earlier.reset_fallback().fallback_service(later)) {
        public = public.reset_fallback().fallback_service(own);
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
    Ok(Running {
        listens,
        engine,
        registry,
        desks,
        slots,
        store,
        set_up,
        stop,
        close,
        tasks: Mutex::new(tasks),
    })
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
        self.desks.portal(member)
    }

    /// All of them, and what happens in their dialogs.
    pub fn desks(&self) -> &Desks {
        &self.desks
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

fn no_tls(error: SetupError) -> AppError {
    AppError::new(AppErrorKind::Setting, error.to_string()).caused(error)
}

/// Returns when the app is told to stop.
pub(super) async fn stopped(mut stopping: watch::Receiver<bool>) {
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
