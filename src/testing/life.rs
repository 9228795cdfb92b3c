//! The engine of a conversation: one life of it at a time, on a runtime that only runs while somebody asks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Notify,
};

use super::{
    hourglass::Hourglass,
    points::Points,
    portal::{Caller, TestPortal},
};
use crate::{
    clock::Clock,
    dispatch::{
        Bot, BotProfile, Context, Engine, Handle, Handled, HandlerError, Policy, Recovery, Services,
        TurnPolicy,
    },
    ingest::{Accepted, Gate},
    portal::{
        BotGeneration, Delivery, Drain, IncomingWebhook, Installer, NoGrants, PortalError, Reconciler,
        Registry, Vault, Wanted,
    },
    rest::{Downloads, Retrying},
    store::{MemoryStore, NodeId, Store},
    wire::{BotId, Incoming, PortalKey, Timestamp},
};

/// The token that the bot is registered under; protects nothing.
const BOT_TOKEN: &str = "conversation";

/// What outlives a restart.
pub(super) struct World {
    runtime: Option<Runtime>,
    /// Rings when the runtime has nothing to do.
    parked: Arc<Notify>,
    pub(super) clock: Hourglass,
    pub(super) store: Arc<dyn Store>,
    pub(super) portal: TestPortal,
    profile: BotProfile,
    policy: Policy,
    /// So long a handler may wait for something outside, in real time.
    patience: Duration,
    last_ts: i64,
}

/// What the handlers of a life are doing.
#[derive(Debug, Default)]
struct Busy {
    running: AtomicUsize,
    /// Calls of theirs that wait for the clock before their next try.
    resting: Arc<AtomicUsize>,
}

/// One life of the process.
pub(super) struct Life {
    engine: Engine,
    gate: Gate,
    points: Points,
    busy: Arc<Busy>,
}

/// How far a life has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing is left but what waits for time to pass.
    Quiet,
    /// It was stopped at this point.
    Stopped(String),
    /// A handler does not return.
    Hangs,
}

impl World {
    pub(super) fn new(
        portal: TestPortal,
        profile: BotProfile,
        policy: Policy,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Self, String> {
        let parked = Arc::new(Notify::new());
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_park({
                let parked = parked.clone();
                move || parked.notify_waiters()
            })
            .build()
            .map_err(|error| format!("no runtime could be made: {error}"))?;
        let watched = portal.clone();
        // The same turns have the same names in every run.
        let store = MemoryStore::with_identity(*b"a conversation's");
        let store =
            store.watched(Arc::new(move |lane, change, timers| watched.ledger().ended(lane, change, timers)));
        Ok(Self {
            runtime: Some(runtime),
            parked,
            clock: Hourglass::new(now),
            store: Arc::new(store),
            portal,
            profile,
            policy,
            patience,
            last_ts: 0,
        })
    }

    /// Runs `work` to its end, on a thread of its own: whoever asks may be inside of another runtime.
    pub(super) fn run<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        let Some(runtime) = &self.runtime else { unreachable!("it is taken when this is dropped") };
        let logging = tracing::dispatcher::get_default(Clone::clone);
        let ended = std::thread::scope(|scope| {
            let run = || tracing::dispatcher::with_default(&logging, || runtime.block_on(work));
            scope.spawn(run).join()
        });
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// A new life, on what the last one left.
    pub(super) fn begin(&self, handler: Arc<dyn Handle>, points: Points) -> Result<Life, String> {
        self.run(self.begin_life(handler, points)).map_err(|error| error.to_string())
    }

    async fn begin_life(&self, handler: Arc<dyn Handle>, points: Points) -> Result<Life, PortalError> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let webhook = IncomingWebhook::new("https://portal.example/rest/1/conversation/", BOT_TOKEN)?;
        let key = webhook.key().clone();
        let (vault, grants) = (Vault::keyless(), Arc::new(NoGrants));
        let registry =
            Registry::load(self.store.clone(), clock.clone(), vault, grants, vec![webhook.into()]).await?;
        let profile = self.profile.clone().with_commands_of(&*handler);
        let mut spec = profile.spec().clone();
        if spec.generation == BotGeneration::V2 {
            spec = spec.delivery(Delivery::Fetch);
        }
        let wanted = Wanted::new().bot(spec).handler_url("https://bot.example/events");
        let outbox = self.portal.api(Caller::Outbox);
        Reconciler::new(registry.clone(), outbox.clone(), Arc::new(Nothing), wanted).reconcile(&key).await?;
        let store = points.store_asked(self.store.clone(), Arc::new(Notify::new()));
        let busy = Arc::<Busy>::default();
        let calls = Arc::new(self.clock.of_calls(busy.resting.clone()));
        let direct = points.api(self.portal.api(Caller::Handler));
        let handler = Arc::new(Watched { inner: handler, busy: busy.clone() });
        let files = self.portal.ledger().files.clone();
        let engine = Engine::start(Services {
            store: store.clone(),
            api: points.api(outbox),
            slots: None,
            direct: Arc::new(Retrying::new(direct, calls)),
            downloads: Arc::new(Downloads::of_memory(files)),
            clock: clock.clone(),
            registry: registry.clone(),
            bots: vec![Bot { profile, handler }],
            policy: self.policy,
            node: NodeId::new("conversation"),
        });
        let installer = Installer::new(registry.clone());
        let gate = Gate::new(registry, installer, store, clock, Arc::new(engine.clone()));
        // What the last life left begins at once.
        engine.wake(&key);
        Ok(Life { engine, gate, points, busy })
    }

    /// The body of an event's callback, told from every other.
    pub(super) fn callback(&mut self, code: &str, data: &Value) -> Bytes {
        self.last_ts = self.clock.now().seconds().max(self.last_ts + 1);
        let token = format!("custom{BOT_TOKEN}");
        let body = json!({
            "event": code, "data": data, "ts": self.last_ts, "auth": {"application_token": token},
        });
        body.to_string().into()
    }

    /// Gives a callback to `life` and lets everything come to rest; tells whether it got its 200.
    pub(super) fn deliver(&self, life: &Life, body: Bytes) -> (Result<bool, String>, Rest) {
        self.run(async {
            let accepted = tokio::select! {
                biased;
                point = life.points.stopped() => return (Ok(false), Rest::Stopped(point)),
                accepted = life.gate.accept(None, Some("application/json"), body) => accepted,
            };
            match accepted {
                Ok(Accepted::Journaled { .. }) => (Ok(true), self.settle(life).await),
                Ok(_) => (Err("it installs the application".to_owned()), Rest::Quiet),
                Err(refusal) => (Err(refusal.code().to_owned()), Rest::Quiet),
            }
        })
    }

    /// Lets everything come to rest.
    pub(super) fn rest(&self, life: &Life) -> Rest {
        self.run(self.settle(life))
    }

    async fn settle(&self, life: &Life) -> Rest {
        let hangs = tokio::time::sleep(self.patience);
        tokio::pin!(hangs);
        loop {
            tokio::select! {
                biased;
                point = life.points.stopped() => return Rest::Stopped(point),
                () = life.engine.idle() => return Rest::Quiet,
                () = self.parked.notified() => {
                    let Busy { running, resting } = &*life.busy;
                    if running.load(Ordering::SeqCst) <= resting.load(Ordering::SeqCst) {
                        return Rest::Quiet;
                    }
                }
                () = &mut hangs => return Rest::Hangs,
            }
        }
    }

    /// Ends a life where it stands.
    pub(super) fn end(&self, life: &Life) {
        life.engine.abort();
        // Lets what was ended go.
        self.run(tokio::task::yield_now());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Also inside of another runtime, where nothing may block.
            runtime.shutdown_background();
        }
    }
}

/// A bot in fetch mode that has nothing to be fetched.
struct Nothing;

#[async_trait]
impl Drain for Nothing {
    async fn drain(&self, _: &PortalKey, _: BotId) -> Result<(), PortalError> {
        Ok(())
    }
}

/// The handler, counted while it runs.
struct Watched {
    inner: Arc<dyn Handle>,
    busy: Arc<Busy>,
}

struct Running<'a>(&'a AtomicUsize);

impl<'a> Running<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Handle for Watched {
    fn commands(&self) -> Vec<String> {
        self.inner.commands()
    }

    fn turn_policy(&self, incoming: &Incoming) -> TurnPolicy {
        self.inner.turn_policy(incoming)
    }

    async fn handle(&self, cx: &Context, incoming: &Incoming) -> Handled {
        let _running = Running::begin(&self.busy.running);
        self.inner.handle(cx, incoming).await
    }

    async fn recover(&self, cx: &Context, error: &HandlerError, last: bool) -> Recovery {
        let _running = Running::begin(&self.busy.running);
        self.inner.recover(cx, error, last).await
    }
}
