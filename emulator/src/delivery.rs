//! The queue server: takes callbacks in order, posts each once, records what became of it.
//!
//! One at a time by default, so that order is kept; more at once if the builder says so, which is closer to a real
//! portal. Nothing is sent a second time unless a fault or a test asks for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::clock::PortalClock;
use crate::exchanges::Exchanges;
use crate::faults::Faults;
use crate::record::Delivery;

/// Bytes of bodies kept for inspection; older deliveries are forgotten.
const KEPT_BYTES: usize = 64 * 1_024 * 1_024;

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
}

/// The queue and its log.
pub(crate) struct Deliveries {
    sender: mpsc::UnboundedSender<Delivery>,
    next: AtomicU64,
    /// Queued or under way.
    pending: AtomicUsize,
    log: Mutex<Log>,
    held: Mutex<VecDeque<Delivery>>,
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
    ) -> (Self, mpsc::UnboundedReceiver<Delivery>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let this = Self {
            sender,
            next: AtomicU64::new(1),
            pending: AtomicUsize::new(0),
            log: Mutex::default(),
            held: Mutex::default(),
            faults,
            clock,
            changed,
            exchanges,
        };
        (this, receiver)
    }

    /// Queues a callback under the faults that are on; the number of its first copy.
    pub(crate) fn push(&self, callback: Callback) -> u64 {
        let faults = self.faults.for_delivery();
        let delivery = self.numbered(callback);
        let id = delivery.id;
        if faults.drop {
            self.finish(Delivery { status: Err("dropped by a fault".to_owned()), ..delivery }, &Bytes::new());
            return id;
        }
        let copy = faults.duplicate.then(|| {
            self.numbered(Callback {
                event: delivery.event.clone(),
                url: delivery.url.clone(),
                body: delivery.body.clone(),
            })
        });
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for delivery in std::iter::once(delivery).chain(copy) {
            self.pending.fetch_add(1, Ordering::SeqCst);
            held.push_back(delivery);
        }
        if faults.reorder > 1 {
            if held.len() < faults.reorder {
                return id;
            }
            held.make_contiguous().reverse();
            self.faults.reordered();
        }
        for delivery in held.drain(..) {
            // The receiver lives as long as the emulator; when it is gone nobody waits any more.
            let _ = self.sender.send(delivery);
        }
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
        self.exchanges.delivered(&delivery, answer);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.bytes += delivery.body.len();
        log.entries.insert(delivery.id, delivery);
        while log.bytes > KEPT_BYTES
            && let Some((_, oldest)) = log.entries.pop_first()
        {
            log.bytes -= oldest.body.len();
        }
        drop(log);
        self.changed.send_modify(|turn| *turn += 1);
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

/// Posts what the queue holds until the queue is gone.
pub(crate) async fn run(
    deliveries: Arc<Deliveries>,
    mut receiver: mpsc::UnboundedReceiver<Delivery>,
    client: reqwest::Client,
    at_once: usize,
) {
    let slots = Arc::new(Semaphore::new(at_once.max(1)));
    while let Some(delivery) = receiver.recv().await {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let (deliveries, client) = (Arc::clone(&deliveries), client.clone());
        let send = async move {
            let (delivery, answer) = post(&client, delivery).await;
            tracing::debug!(
                event = %delivery.event,
                url = crate::record::without_query(&delivery.url),
                status = ?delivery.status,
                "callback delivered"
            );
            deliveries.pending.fetch_sub(1, Ordering::SeqCst);
            deliveries.finish(delivery, &answer);
            drop(slot);
        };
        if at_once <= 1 {
            send.await;
        } else {
            tokio::spawn(send);
        }
    }
}

/// Posts a callback; the delivery with its status, and what the handler said.
async fn post(client: &reqwest::Client, delivery: Delivery) -> (Delivery, Bytes) {
    let started = Instant::now();
    let answer = client
        .post(&delivery.url)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(delivery.body.clone())
        .send()
        .await;
    let (status, said) = match answer {
        Ok(answer) => {
            let status = answer.status().as_u16();
            // Read to the end, so that the connection is used again.
            (Ok(status), answer.bytes().await.unwrap_or_default())
        }
        Err(error) => (Err(error.without_url().to_string()), Bytes::new()),
    };
    (Delivery { status, took: started.elapsed(), ..delivery }, said)
}
