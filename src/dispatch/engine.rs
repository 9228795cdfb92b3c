//! The engine: for each portal a task that feeds its lanes, and a courier for its outbox.

use std::{
    collections::HashMap,
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, JoinSet},
};

use super::{
    PortalDesk, Services,
    alarm::Alarm,
    courier::{self, Errand},
    feed::Feed,
    figures::Waiting,
    heard::Arrival,
    holds::Holds,
    ownership::{Fence, Sessions},
    shares::{Shares, Slot},
    turn::{self, TurnEnd},
    watch::{Happenings, Watch},
};
use crate::{
    ingest::Wake,
    store::{JournalRow, LaneKey, Lease, StoreError, StoreErrorKind},
    wire::{ChatId, PortalKey, Timestamp},
};

/// How often requests of the command line are looked for.
const REQUESTS_EVERY: Duration = Duration::from_millis(500);
/// How long turns may take to end when the engine is stopped, and calls after them.
const TURNS_END: Duration = Duration::from_secs(8);
const CALLS_END: Duration = Duration::from_secs(1);

/// Turns accepted events into effects and carries them out, until it is stopped.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    services: Arc<Services>,
    turns: Arc<Shares>,
    portals: Mutex<HashMap<PortalKey, Worker>>,
    holds: Holds,
    watch: Watch,
    /// Set by `stop` and `abort`: whoever still holds a clone starts nothing any more.
    over: AtomicBool,
    requests: Mutex<Option<JoinHandle<()>>>,
}

/// One portal being worked for.
struct Worker {
    sessions: Arc<Sessions>,
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
}

enum Order {
    TellWhenIdle(oneshot::Sender<()>),
    Again(Vec<JournalRow>),
    Send(Vec<crate::store::OutboxRow>),
    /// Looks up who has these sessions, as far as it is stored, and tells when that is done.
    Load(Vec<(LaneKey, ChatId)>, oneshot::Sender<()>),
    Stop,
}

impl Engine {
    /// An engine without work; [`wake`](Self::wake) gives it portals. Looks after requests of the command line.
    pub fn start(services: Services) -> Self {
        let services = Arc::new(services);
        let turns = Shares::of(services.policy.turns_at_once);
        let shared = Arc::new(Shared {
            services,
            turns,
            portals: Mutex::default(),
            holds: Holds::default(),
            watch: Watch::new(),
            over: AtomicBool::new(false),
            requests: Mutex::default(),
        });
        let engine = Self { shared };
        let requests = tokio::spawn(engine.clone().carry_out_requests());
        *engine.shared.requests.lock().unwrap_or_else(PoisonError::into_inner) = Some(requests);
        engine
    }

    /// Tells that `portal` has new events, or is to be worked for from now on.
    pub fn wake(&self, portal: &PortalKey) {
        self.with(portal, |worker| worker.sessions.accepted());
    }

    /// Starts no turn in these lanes of `portal` until they are [`released`](Self::release). To be told before the portal is
    /// woken for the first time.
    pub fn hold(&self, portal: &PortalKey, lanes: impl IntoIterator<Item = LaneKey>) {
        self.shared.holds.hold(portal, lanes);
    }

    /// Lets one lane of `portal` go on, or with `None` all of them. What was accepted in the meantime goes by its message
    /// ids.
    pub fn release(&self, portal: &PortalKey, lane: Option<&LaneKey>) {
        if self.shared.holds.release(portal, lane) {
            self.wake(portal);
        }
    }

    /// For sending on `portal` outside of an event.
    pub fn desk(&self, portal: &PortalKey) -> PortalDesk {
        PortalDesk::new(self.clone(), portal.clone())
    }

    /// What happens in the dialogs of all portals from now on.
    pub fn watch(&self) -> Happenings {
        self.shared.watch.happenings()
    }

    pub(super) fn services(&self) -> &Services {
        &self.shared.services
    }

    pub(super) fn sessions(&self, portal: &PortalKey) -> Option<Arc<Sessions>> {
        self.with(portal, |worker| worker.sessions.clone())
    }

    /// Has `sessions` know who has the sessions of these lanes, as far as it is stored.
    pub(super) async fn load(&self, portal: &PortalKey, lanes: Vec<(LaneKey, ChatId)>) {
        let (tell, told) = oneshot::channel();
        self.with(portal, |worker| worker.orders.send(Order::Load(lanes, tell)).is_ok());
        let _ = told.await;
    }

    /// Returns once every portal has nothing waiting, running or to be sent. Timers are not waited for.
    pub async fn idle(&self) {
        let workers: Vec<oneshot::Receiver<()>> = {
            let portals = self.shared.portals.lock().unwrap_or_else(PoisonError::into_inner);
            let ask = |worker: &Worker| {
                let (tell, told) = oneshot::channel();
                worker.orders.send(Order::TellWhenIdle(tell)).ok().map(|()| told)
            };
            portals.values().filter_map(ask).collect()
        };
        for told in workers {
            let _ = told.await;
        }
    }

    /// Starts no more turns and lets those under way end: within 8 s, and what they sent, as far as it can leave at once,
    /// within 1 s more. A turn that takes longer is dropped without a commit and runs again after the restart, its steps
    /// kept; a call that takes longer is looked after then, by the guarantee of its route. What is left is on disk.
    pub async fn stop(&self) {
        self.shared.over.store(true, Ordering::SeqCst);
        let mut workers: Vec<Worker> = {
            let mut portals = self.shared.portals.lock().unwrap_or_else(PoisonError::into_inner);
            portals.drain().map(|(_, worker)| worker).collect()
        };
        let requests = self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(requests) = requests {
            requests.abort();
            // Until it is gone it holds the store, and the store its lock.
            let _ = requests.await;
        }
        let clock = &self.shared.services.clock;
        let end = clock.now().plus(TURNS_END + CALLS_END);
        for worker in &workers {
            let _ = worker.orders.send(Order::Stop);
        }
        let mut all = join_all(workers.iter_mut().map(|worker| &mut worker.task));
        let ended = tokio::select! {
            biased;
            ended = &mut all => ended,
            () = clock.sleep_until(end) => {
                drop(all);
                tracing::warn!("calls took too long to end; they are looked after at the next start");
                workers.iter().for_each(|worker| worker.task.abort());
                join_all(workers.into_iter().map(|worker| worker.task)).await
            }
        };
        for error in ended.into_iter().filter_map(Result::err).filter(|error| !error.is_cancelled()) {
            tracing::error!(%error, "a portal's task ended badly");
        }
    }

    /// Ends every task where it stands, as when the process ends. What is on disk stays.
    pub fn abort(&self) {
        self.shared.over.store(true, Ordering::SeqCst);
        let mut portals = self.shared.portals.lock().unwrap_or_else(PoisonError::into_inner);
        portals.drain().for_each(|(_, worker)| worker.task.abort());
        if let Some(requests) = self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).take() {
            requests.abort();
        }
    }

    fn with<T>(&self, portal: &PortalKey, act: impl FnOnce(&Worker) -> T) -> Option<T> {
        let mut portals = self.shared.portals.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.over.load(Ordering::SeqCst) {
            return None;
        }
        if portals.get(portal).is_none_or(|worker| worker.task.is_finished()) {
            let (orders, inbox) = mpsc::unbounded_channel();
            let sessions = Arc::new(Sessions::new(portal.clone(), self.shared.watch.clone()));
            let work = work(self.shared.clone(), portal.clone(), sessions.clone(), inbox);
            portals.insert(portal.clone(), Worker { sessions, orders, task: tokio::spawn(work) });
        }
        portals.get(portal).map(act)
    }

    async fn carry_out_requests(self) {
        let Services { store, clock, .. } = &*self.shared.services;
        loop {
            match store.carry_out_requests(clock.now()).await {
                Ok(reopened) => {
                    // Together: the members of one turn are put back as one.
                    let mut events: HashMap<PortalKey, Vec<JournalRow>> = HashMap::new();
                    for (portal, row) in reopened.events {
                        events.entry(portal).or_default().push(row);
                    }
                    for (portal, rows) in events {
                        self.with(&portal, |worker| worker.orders.send(Order::Again(rows)).is_ok());
                    }
                    for (portal, row) in reopened.calls {
                        self.with(&portal, |worker| worker.orders.send(Order::Send(vec![row])).is_ok());
                    }
                }
                Err(error) if error.kind() == StoreErrorKind::Closed => return,
                Err(error) => tracing::error!(%error, "requests of the command line could not be read"),
            }
            clock.sleep_until(clock.now().plus(REQUESTS_EVERY)).await;
        }
    }
}

impl Wake for Engine {
    fn accepted(&self, portal: &PortalKey) {
        self.wake(portal);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("services", &self.shared.services).finish_non_exhaustive()
    }
}

/// Works for one portal until stopped or fenced off.
async fn work(
    shared: Arc<Shared>,
    portal: PortalKey,
    sessions: Arc<Sessions>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let services = &shared.services;
    let Some(lease) = take_lease(&shared, &portal).await else { return };
    let (errands, errands_in) = mpsc::unbounded_channel();
    let fence = Arc::new(Fence::new(services.clone(), lease.clone(), sessions.clone()));
    // Tasks of a set end with it, also when this one is aborted.
    let mut courier = JoinSet::new();
    courier.spawn(courier::work(services.clone(), lease.clone(), fence.clone(), errands_in));
    let mut alarm = Alarm::new();
    let mut feed = Feed::new();
    let seat = shared.turns.seat();
    let mut turns: JoinSet<(LaneKey, TurnEnd)> = JoinSet::new();
    let mut waiting: Vec<oneshot::Sender<()>> = Vec::new();
    let mut outbox = JoinSet::new();
    let mut lookups = JoinSet::new();
    let mut held = Waiting::default();
    loop {
        let reads_on = match fill(&mut feed, &mut alarm, &shared, &lease, &sessions).await {
            Ok(more) => more,
            Err(error) if error.kind() == StoreErrorKind::Fenced => break,
            Err(error) => {
                tracing::error!(%portal, %error, "the journal could not be read; trying again");
                services.clock.sleep_until(services.clock.now().plus(services.policy.first_wait)).await;
                continue;
            }
        };
        let now = services.clock.now();
        while feed.lanes.any_ready(now)
            && let Some(slot) = seat.take()
            && let Some((lane, members)) = feed.lanes.start(now)
        {
            turns.spawn(one_turn(shared.services.clone(), fence.clone(), lane, members, slot));
        }
        if !feed.lanes.any_ready(now) {
            seat.leave();
        }
        held.are(feed.lanes.len());
        if feed.is_idle() {
            // The lanes are empty, so what they asked for is in the outbox already.
            for waiter in waiting.drain(..) {
                let (tell, told) = oneshot::channel();
                let _ = errands.send(Errand::TellWhenIdle(tell));
                let before = sessions.to_read();
                outbox.spawn(async move { told.await.map(|()| (waiter, before)) });
            }
        }
        let next = feed.lanes.next_wake().into_iter().chain(alarm.at()).min();
        let next = next.unwrap_or(Timestamp::from_millis(i64::MAX));
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Order::TellWhenIdle(waiter)) => {
                    feed.look_again();
                    waiting.push(waiter);
                }
                Some(Order::Again(rows)) => feed.put_back(rows, |row| Arrival::heard(services, &lease.portal, &sessions, row)),
                Some(Order::Send(rows)) => drop(errands.send(Errand::Again(rows))),
                Some(Order::Load(lanes, told)) => {
                    while lookups.try_join_next().is_some() {}
                    lookups.spawn(load(fence.clone(), lanes, told));
                }
                Some(Order::Stop) | None => break,
            },
            Some(ended) = turns.join_next() => match ended {
                Ok((lane, TurnEnd::Over { sent, armed })) => {
                    feed.lanes.finished(&lane);
                    if armed {
                        alarm.changed();
                    }
                    if sent {
                        let _ = errands.send(Errand::Look);
                    }
                }
                Ok((lane, TurnEnd::Again(at))) => feed.lanes.rest(&lane, at),
                Ok((_, TurnEnd::Fenced)) => break,
                Err(error) => tracing::error!(%portal, %error, "a turn was lost; its dialog waits for a restart"),
            },
            // The outbox has come to rest. What was withheld meanwhile is an event more.
            Some(Ok(Ok((waiter, before)))) = outbox.join_next() => {
                if sessions.to_read() == before {
                    let _ = waiter.send(());
                } else {
                    feed.look_again();
                    waiting.push(waiter);
                }
            }
            () = sessions.woken() => feed.look_again(),
            () = seat.called() => {}
            () = std::future::ready(()), if reads_on => {}
            () = services.clock.sleep_until(next) => {}
        }
    }
    sessions.close();
    let end = services.clock.now().plus(TURNS_END);
    loop {
        tokio::select! {
            biased;
            ended = turns.join_next() => match ended {
                Some(Ok((_, TurnEnd::Over { sent: true, .. }))) => drop(errands.send(Errand::Look)),
                Some(_) => {}
                None => break,
            },
            () = services.clock.sleep_until(end) => {
                tracing::warn!(%portal, turns = turns.len(), "handlers took longer than {TURNS_END:?} to end and were stopped; they run again at the next start");
                turns.shutdown().await;
                break;
            }
        }
    }
    drop(errands);
    if let Some(Err(error)) = courier.join_next().await {
        tracing::error!(%portal, %error, "the courier ended badly");
    }
}

/// Takes in the timers that are due and what is new in the journal, in this order: `idle` waits for both. Whether there
/// is more: to take in, or, where there is no room, to be listened to all the same.
async fn fill(
    feed: &mut Feed,
    alarm: &mut Alarm,
    shared: &Shared,
    lease: &Lease,
    sessions: &Sessions,
) -> Result<bool, StoreError> {
    let services = &shared.services;
    // Before the journal is read: what a release waited for is then in what is read.
    feed.lanes.hold(shared.holds.of(&lease.portal));
    let upto = sessions.to_read();
    if sessions.is_behind() | alarm.ring(services, lease).await? {
        feed.look_again();
    }
    // Some at a time, so that turns begin meanwhile.
    if let Some(page) = feed.next_page() {
        let rows = services.store.load(lease, page.after, page.limit).await?;
        feed.take_in(page, rows, |row| Arrival::heard(services, &lease.portal, sessions, row));
    } else if let Some(page) = feed.next_to_overhear() {
        let rows = services.store.telling(lease, page.after, page.limit).await?;
        feed.overhear(page, rows, |row| drop(Arrival::heard(services, &lease.portal, sessions, row)));
    }
    if !feed.reads_on() {
        sessions.has_read(upto);
    }
    Ok(feed.reads_on())
}

async fn load(fence: Arc<Fence>, lanes: Vec<(LaneKey, ChatId)>, told: oneshot::Sender<()>) {
    for (lane, chat) in lanes {
        if let Err(error) = fence.look_up(&lane, chat).await {
            let portal = &fence.lease().portal;
            tracing::warn!(%portal, %chat, %error, "who has a session could not be looked up");
        }
    }
    let _ = told.send(());
}

async fn one_turn(
    services: Arc<Services>,
    fence: Arc<Fence>,
    lane: LaneKey,
    members: Vec<Arrival>,
    _slot: Slot,
) -> (LaneKey, TurnEnd) {
    let portal = fence.lease().portal.clone();
    let run = turn::run(services.clone(), fence, lane.clone(), members);
    let end = AssertUnwindSafe(run).catch_unwind().await.unwrap_or_else(|_| {
        // A fault of ours, not of the handler, whose panics fail its turn. Its dialog must not stand still for it.
        tracing::error!(%portal, lane = lane.as_str(), "a turn was lost by a fault of the engine; it runs again");
        TurnEnd::Again(services.clock.now().plus(services.policy.longest_wait))
    });
    (lane, end)
}

async fn take_lease(shared: &Shared, portal: &PortalKey) -> Option<Lease> {
    let Services { store, clock, node, policy, .. } = &*shared.services;
    loop {
        match store.acquire(std::slice::from_ref(portal), node, clock.now()).await {
            Ok(leases) => return leases.into_iter().next(),
            Err(error) if error.kind() == StoreErrorKind::Closed => return None,
            Err(error) => {
                tracing::error!(%portal, %error, "the lease could not be taken; trying again");
                clock.sleep_until(clock.now().plus(policy.first_wait)).await;
            }
        }
    }
}
