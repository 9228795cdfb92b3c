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

use super::{App, AppError, AppErrorKind, admin, upkeep};
use crate::{
    clock::Clock,
    dispatch::{Engine, Services},
    ingest::{Gate, Poller},
    portal::{
        BotGeneration, Credentials, Delivery, Installer, OAuthGrants, PortalChange, PortalWatch, Reconciler,
        Registry, Wanted, Welcome,
    },
    rest::{Api, HttpApi, HttpOptions, Limited, OAuthClient, Rate, Retrying},
    store::{self, Journal, NodeId, PortalStatus, Store, StoreError},
    wire::PortalKey,
};

/// Events every application asks for: what sessions do, and what becomes of the application itself.
const EVENTS: [&str; 4] = ["ONSESSIONSTART", "ONSESSIONFINISH", "ONAPPUPDATE", "ONAPPUNINSTALL"];
/// First and longest pause before a portal that could not be set up is tried again.
const SETUP_AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

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
    store: Arc<dyn Store>,
    ready: watch::Receiver<usize>,
    stop: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

/// Starts `app`.
pub(super) async fn start(app: App, address: Address) -> Result<Running, AppError> {
    let App { config, bots, events, clock, store, wrap, policy, .. } = app;
    if bots.is_empty() {
        return Err(AppError::new(AppErrorKind::Setting, "the app has no bot; add one with `App::bot`"));
    }
    let credentials = config.credentials()?;
    let vault = config.vault(&credentials)?;
    let store = match store {
        Some(store) => store,
        None => store::open(&config.database_url).map_err(AppError::store)?,
    };
    let listener = listen(config.listen, "OPENLINES_LISTEN").await?;
    let listens = address_of(&listener)?;
    let public_url = match address {
        Address::AsConfigured => config.public_url.clone(),
        #[cfg(feature = "emulator")]
        Address::Own => Some(format!("http://{listens}")),
    };
    let wanted = wanted(&bots, &events, public_url.as_deref(), &credentials)?;

    let grants = Arc::new(OAuthGrants::new(OAuthClient::new()));
    let registry = Registry::load(store.clone(), clock.clone(), vault, grants, vec![credentials])
        .await
        .map_err(AppError::setting)?;
    let http = HttpApi::new(Arc::new(registry.clone()), HttpOptions::default());
    let limited: Arc<dyn Api> = Arc::new(Limited::new(http, clock.clone(), Rate::default()));
    let api = match wrap {
        Some(wrap) => wrap(limited),
        None => limited,
    };
    let direct: Arc<dyn Api> = Arc::new(Retrying::new(api.clone(), clock.clone()));
    let engine = Engine::start(Services {
        store: store.clone(),
        api,
        direct: direct.clone(),
        clock: clock.clone(),
        registry: registry.clone(),
        bots,
        policy,
        node: NodeId::new(format!("{}:{}", std::process::id(), listens)),
    });

    let (stop, stopping) = watch::channel(false);
    let (tell_ready, ready) = watch::channel(0);
    let installer = Installer::new(registry.clone());
    let gate = Gate::new(registry.clone(), installer.clone(), store.clone(), clock.clone(), waker(&engine));
    let (set_up, to_set_up) = mpsc::unbounded_channel();
    registry.watch(Arc::new(Watch { engine: engine.clone(), set_up: set_up.clone() }));

    let mut tasks = JoinSet::new();
    let setup = Arc::new(Setup {
        reconciler: Reconciler::new(registry.clone(), direct.clone(), wanted),
        registry: registry.clone(),
        store: store.clone(),
        clock: clock.clone(),
        engine: engine.clone(),
        poller: Poller::new(registry.clone(), direct, store.clone(), clock.clone(), waker(&engine)),
        ready: tell_ready,
    });
    for portal in registry.portals() {
        if portal.status == PortalStatus::Active {
            let _ = set_up.send(portal.key.clone());
        }
        // Also an uninstalled portal may have events left, its ONAPPUNINSTALL among them.
        engine.wake(&portal.key);
    }
    tasks.spawn(set_up_portals(setup.clone(), to_set_up, stopping.clone()));
    tasks.spawn(async move {
        let stop = stopped(stopping.clone());
        installer.run(setup, stop).await;
    });
    tasks.spawn(upkeep::run(store.clone(), clock.clone(), config.retention, stopped(stop.subscribe())));
    let serve = axum::serve(listener, gate.router()).with_graceful_shutdown(stopped(stop.subscribe()));
    tasks.spawn(async move {
        if let Err(error) = serve.await {
            tracing::error!(%error, "the public address is no longer listened on");
        }
    });
    if let Some(admin_listen) = config.admin_listen {
        let listener = listen(admin_listen, "OPENLINES_ADMIN_LISTEN").await?;
        let admin = admin::router(store.clone());
        let serve = axum::serve(listener, admin).with_graceful_shutdown(stopped(stop.subscribe()));
        tasks.spawn(async move {
            if let Err(error) = serve.await {
                tracing::error!(%error, "the admin address is no longer listened on");
            }
        });
    }
    Ok(Running { listens, engine, registry, store, ready, stop, tasks: Mutex::new(tasks) })
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

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Returns once portals have been set up `times` times since the start: bots registered, events bound.
    pub async fn set_up(&self, times: usize) {
        let mut ready = self.ready.clone();
        let _ = ready.wait_for(|done| *done >= times).await;
    }

    /// Returns once every accepted event is handled and everything committed is sent. Timers are not waited for.
    pub async fn idle(&self) {
        self.engine.idle().await;
    }

    /// Stops listening, lets what is under way end, and returns. What is left is on disk.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        self.engine.stop().await;
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("listens", &self.listens).field("registry", &self.registry).finish_non_exhaustive()
    }
}

/// What every portal is to have.
fn wanted(
    bots: &[crate::dispatch::Bot],
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
        wanted = wanted.handler_url(&format!("{}/events", url.trim_end_matches('/')));
        if matches!(credentials, Credentials::OAuth(_)) {
            for event in EVENTS.iter().copied().chain(events.iter().map(String::as_str)) {
                wanted = wanted.event(event);
            }
        }
    }
    if bots.len() > 1 {
        tracing::warn!(
            "this application has {} bots: hand_over, transfer_to and finish_session act as the one registered first (protocol 4.4)",
            bots.len()
        );
    }
    Ok(wanted)
}

fn waker(engine: &Engine) -> Arc<dyn Fn(&PortalKey) + Send + Sync> {
    let engine = engine.clone();
    Arc::new(move |portal| engine.wake(portal))
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|error| {
        let what = format!("{setting}: {address} cannot be listened on ({error}); is another bot running there?");
        AppError::new(AppErrorKind::Listen, what).caused(error)
    })
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, AppError> {
    listener.local_addr().map_err(|error| AppError::new(AppErrorKind::Listen, error.to_string()).caused(error))
}

/// Hears what becomes of portals.
struct Watch {
    engine: Engine,
    set_up: mpsc::UnboundedSender<PortalKey>,
}

impl PortalWatch for Watch {
    fn portal_changed(&self, portal: &PortalKey, change: PortalChange) {
        if change == PortalChange::Active {
            let _ = self.set_up.send(portal.clone());
        }
        self.engine.wake(portal);
    }
}

/// Gives portals what they should have.
struct Setup {
    reconciler: Reconciler,
    registry: Registry,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    engine: Engine,
    poller: Poller,
    ready: watch::Sender<usize>,
}

#[async_trait::async_trait]
impl Welcome for Setup {
    async fn installed(&self, portal: &PortalKey, notice: bytes::Bytes) -> Result<(), StoreError> {
        // `on_install` finds its bots registered, unless the portal does not answer: then it does not wait for them.
        if let Err(error) = self.reconciler.reconcile(portal).await {
            tracing::warn!(%portal, %error, "the portal could not be set up yet");
        }
        let event = crate::ingest::kept_event(portal, &notice);
        self.store.append(vec![event], self.clock.now()).await?;
        self.engine.wake(portal);
        Ok(())
    }
}

/// Sets up every portal named on `to_set_up`, again after a failure, and polls those whose bots fetch.
async fn set_up_portals(
    setup: Arc<Setup>,
    mut to_set_up: mpsc::UnboundedReceiver<PortalKey>,
    stopping: watch::Receiver<bool>,
) {
    let mut at_work: JoinSet<()> = JoinSet::new();
    let mut known = std::collections::HashSet::new();
    loop {
        tokio::select! {
            () = stopped(stopping.clone()) => break,
            portal = to_set_up.recv() => {
                let Some(portal) = portal else { break };
                // One task a portal polls; setting up again is quick and idempotent.
                let polls = known.insert(portal.clone());
                at_work.spawn(set_up_portal(setup.clone(), portal, polls, stopping.clone()));
            }
            Some(ended) = at_work.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "setting up a portal ended badly");
                }
            }
        }
    }
    while at_work.join_next().await.is_some() {}
}

async fn set_up_portal(setup: Arc<Setup>, portal: PortalKey, polls: bool, stopping: watch::Receiver<bool>) {
    let mut wait = SETUP_AGAIN.0;
    while let Err(error) = setup.reconciler.reconcile(&portal).await {
        if setup.registry.portal(&portal).is_none_or(|portal| portal.status != PortalStatus::Active) {
            return;
        }
        tracing::warn!(%portal, %error, again_in = ?wait, "the portal could not be set up; trying again");
        tokio::select! {
            () = stopped(stopping.clone()) => return,
            () = setup.clock.sleep_until(setup.clock.now().plus(wait)) => {}
        }
        wait = (wait * 2).min(SETUP_AGAIN.1);
    }
    setup.ready.send_modify(|times| *times += 1);
    if polls {
        setup.poller.run(&portal, stopped(stopping)).await;
    }
}
