//! The queue server: takes callbacks in order, posts each once, records what became of it.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use std::time::Duration;
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! // Nobody listens there: the callback is recorded with its failure, and is not posted again.
//! let delivery = portal.install("http://127.0.0.1:9/events").await;
//! assert!(delivery.status.is_err());
//! portal.settled(Duration::from_secs(5)).await;
//! assert_eq!(portal.deliveries().len(), 1);
//! # }
//! ```
//!
//! Each handler URL has a lane of its own: one callback at a time by default, so that order is kept, more if the
//! builder says so, which is closer to a real portal. A handler that is slow or silent delays its own lane, by the
//! time-out at most, and no other. Nothing is sent a second time unless a fault or a test asks for it.
//!
//! The trap: a callback that is delivered is not one that was handled; a handler that answers 500 has had it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::PortalClock;
use crate::exchanges::Exchanges;
use crate::faults::{Faults, Queued};
use crate::record::{Delivery, without_query};

/// Bytes of bodies kept for inspection; older deliveries are forgotten.
const KEPT_BYTES: usize = 64 * 1_024 * 1_024;
/// Deliveries kept, however short they are.
const KEPT: usize = 50_000;
/// Bytes read of a handler's answer.
const LONGEST_ANSWER: usize = 128 * 1_024;
/// Callbacks that are looked at to tell whether a handler answers.
const LOOKED_AT: usize = 2_000;
/// Why a callback that a fault has dropped has no status.
pub(crate) const DROPPED: &str = "dropped by a fault";
const FORM: &str = "application/x-www-form-urlencoded";

/// A callback that was raised and not yet queued.
pub(crate) struct Callback {
    pub(crate) event: String,
    pub(crate) url: String,
    pub(crate) body: Bytes,
}

/// What was delivered, by number.
#[derive(Default)]
struct Log {
    entries: BTreeMap<u64, Delivery>,
    bytes: usize,
    /// Callbacks that reached nobody though no fault kept them, oldest first.
    lost: VecDeque<String>,
}

/// The queue and its log.
pub(crate) struct Deliveries {
    next: AtomicU64,
    /// Queued or under way.
    pending: AtomicUsize,
    log: Mutex<Log>,
    faults: Faults,
    clock: PortalClock,
    changed: Arc<watch::Sender<u64>>,
    exchanges: Arc<Exchanges>,
}

impl Deliveries {
    pub(crate) fn new(
        faults: Faults,
        clock: PortalClock,
        changed: Arc<watch::Sender<u64>>,
        exchanges: Arc<Exchanges>,
    ) -> (Self, mpsc::UnboundedReceiver<Queued>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        faults.plan().deliver_to(sender);
        let this = Self {
            next: AtomicU64::new(1),
            pending: AtomicUsize::new(0),
            log: Mutex::default(),
            faults,
            clock,
            changed,
            exchanges,
        };
        (this, receiver)
    }

    /// Queues a callback under the faults that are on; the number of its first copy.
    pub(crate) fn push(&self, callback: Callback) -> u64 {
        let delivery = self.numbered(callback);
        let id = delivery.id;
        let mut plan = self.faults.plan();
        let fate = plan.fate_of(&delivery);
        if fate.drop {
            drop(plan);
            let delivery = Delivery { status: Err(DROPPED.to_owned()), ..delivery };
            self.finish(delivery, &Bytes::new());
            return id;
        }
        let copy = fate.duplicate.then(|| {
            self.numbered(Callback {
                event: delivery.event.clone(),
                url: delivery.url.clone(),
                body: delivery.body.clone(),
            })
        });
        self.pending.fetch_add(if copy.is_some() { 2 } else { 1 }, Ordering::SeqCst);
        plan.take_in(std::iter::once(delivery).chain(copy), fate);
        plan.release();
        id
    }

    fn numbered(&self, callback: Callback) -> Delivery {
        let delivery = Delivery {
            id: self.next.fetch_add(1, Ordering::SeqCst),
            event: callback.event,
            url: callback.url,
            body: callback.body,
            status: Err("not sent yet".to_owned()),
            took: Duration::ZERO,
            unix: self.clock.unix(),
        };
        self.exchanges.queued(&delivery);
        delivery
    }

    fn finish(&self, delivery: Delivery, answer: &Bytes) {
        self.record(delivery, answer);
        self.changed.send_modify(|turn| *turn += 1);
    }

    /// The same of one that was pending. It is in the log before nothing is under way any more.
    fn settle(&self, delivery: Delivery, answer: &Bytes) {
        self.record(delivery, answer);
        self.pending.fetch_sub(1, Ordering::SeqCst);
        self.changed.send_modify(|turn| *turn += 1);
    }

    fn record(&self, delivery: Delivery, answer: &Bytes) {
        self.exchanges.delivered(&delivery, answer);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.bytes += delivery.body.len();
        log.entries.insert(delivery.id, delivery);
        while (log.bytes > KEPT_BYTES || log.entries.len() > KEPT)
            && let Some((_, oldest)) = log.entries.pop_first()
        {
            log.bytes -= oldest.body.len();
        }
    }

    /// Notes a callback that its handler did not take.
    fn note_lost(&self, delivery: &Delivery) {
        let why = match &delivery.status {
            Ok(200..=299) => return,
            Ok(status) => format!("answered {status}"),
            Err(error) => error.clone(),
        };
        let url = without_query(&delivery.url);
        tracing::warn!(event = %delivery.event, %url, %why, "a callback was not taken, and a portal sends none twice");
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        crate::record::push_bounded(&mut log.lost, format!("{} to {url}: {why}", delivery.event));
    }

    pub(crate) fn lost(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).lost.iter().cloned().collect()
    }

    /// Since when the handler has not answered with success, and what it did instead; `None` if its last callback
    /// was taken. `mine` tells its callbacks; those that a fault dropped say nothing of it.
    pub(crate) fn silent_since(&self, mine: impl Fn(&Delivery) -> bool) -> Option<(i64, String)> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = |delivery: &Delivery| delivery.status.as_ref().is_err_and(|why| why == DROPPED);
        let mut since = None;
        let latest = log.entries.values().rev().take(LOOKED_AT);
        for delivery in latest.filter(|delivery| !dropped(delivery) && mine(delivery)) {
            let why = match &delivery.status {
                Ok(200..=299) => break,
                Ok(status) => format!("it answered {status}"),
                Err(why) => why.clone(),
            };
            // The newest reason stays; the time goes back to the first failure in a row.
            since = Some((delivery.unix, since.map_or(why, |(_, newest)| newest)));
        }
        since
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.pending.load(Ordering::SeqCst) == 0
    }

    pub(crate) fn all(&self) -> Vec<Delivery> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).entries.values().cloned().collect()
    }

    pub(crate) fn get(&self, id: u64) -> Option<Delivery> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).entries.get(&id).cloned()
    }
}

/// The callbacks of one handler.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<Queued>,
    under_way: usize,
}

/// Posts what the queue holds until the queue is gone.
pub(crate) async fn run(
    deliveries: Arc<Deliveries>,
    mut receiver: mpsc::UnboundedReceiver<Queued>,
    client: reqwest::Client,
    at_once: usize,
) {
    let at_once = at_once.max(1);
    let mut lanes: HashMap<String, Lane> = HashMap::new();
    // Owned here, so that posts under way end with the emulator.
    let mut posts: JoinSet<Option<String>> = JoinSet::new();
    loop {
        let name = tokio::select! {
            queued = receiver.recv() => {
                let Some(queued) = queued else { return };
                if queued.alone {
                    posts.spawn(send(Arc::clone(&deliveries), client.clone(), queued, None));
                    continue;
                }
                let name = without_query(&queued.delivery.url).to_owned();
                lanes.entry(name.clone()).or_default().waiting.push_back(queued);
                name
            }
            Some(ended) = posts.join_next(), if !posts.is_empty() => {
                let Ok(Some(name)) = ended else { continue };
                if let Some(lane) = lanes.get_mut(&name) {
                    lane.under_way -= 1;
                }
                name
            }
        };
        let Some(lane) = lanes.get_mut(&name) else { continue };
        while lane.under_way < at_once
            && let Some(next) = lane.waiting.pop_front()
        {
            lane.under_way += 1;
            posts.spawn(send(Arc::clone(&deliveries), client.clone(), next, Some(name.clone())));
        }
        if lane.under_way == 0 {
            lanes.remove(&name);
        }
    }
}

/// Sends one callback when it is due; its lane's name comes back.
async fn send(
    deliveries: Arc<Deliveries>,
    client: reqwest::Client,
    queued: Queued,
    lane: Option<String>,
) -> Option<String> {
    if let Some(due) = queued.due {
        tokio::time::sleep_until(due).await;
    }
    let (delivery, answer) = post(&client, queued.delivery).await;
    tracing::debug!(
        event = %delivery.event,
        url = without_query(&delivery.url),
        status = ?delivery.status,
        "callback delivered"
    );
    deliveries.note_lost(&delivery);
    deliveries.settle(delivery, &answer);
    lane
}

/// Posts a callback; the delivery with its status, and what the handler said.
async fn post(client: &reqwest::Client, delivery: Delivery) -> (Delivery, Bytes) {
    let started = Instant::now();
    let request = client.post(&delivery.url).header("Content-Type", FORM).body(delivery.body.clone());
    let (status, said) = match request.send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            (Ok(status), read_on(answer).await)
        }
        Err(error) => (Err(reason(error)), Bytes::new()),
    };
    (Delivery { status, took: started.elapsed(), ..delivery }, said)
}

/// Reads a body to its end, so that the connection is used again; a long one is given up.
async fn read_on(mut answer: reqwest::Response) -> Bytes {
    let mut said = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        said.extend_from_slice(&chunk);
        if said.len() > LONGEST_ANSWER {
            break;
        }
    }
    said.into()
}

/// The error with its causes, without the URL, which can hold a secret; of the URL only who was called.
pub(crate) fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let called =
        error.url().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let refused = error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused);
        if let (true, Some(called)) = (refused, &called) {
            return format!("nobody listens at {called}");
        }
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
