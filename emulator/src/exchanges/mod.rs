//! What went over the wire, for the page's inspector: calls, callbacks, RT events, and events nobody heard.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! reqwest::get(format!("{}profile", portal.webhook_url())).await.unwrap();
//! let exchange = portal.exchanges().pop().unwrap();
//! assert_eq!((exchange.name.as_str(), exchange.status), ("profile", Ok(200)));
//! # }
//! ```
//!
//! The last [`KEPT`] exchanges are kept, and never more than [`KEPT_BYTES`] of bodies; a long body of a call or of an
//! answer is cut, and says how long it was. An exchange is entered when it
//! begins and completed when it ends, so that one that hangs is seen hanging. Every change gives it a new revision: who
//! watches asks for what is newer than the last revision seen.
//!
//! The trap: bodies hold tokens. They are shown on the page of the author's own machine and never logged.

mod batch;
mod gist;
pub(crate) mod show;
pub(crate) mod tap;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use crate::clock::PortalClock;
use crate::delivery::DROPPED;
use crate::record::{Delivery, RtEvent, Unheard};
use crate::weight::cut_body;

/// Exchanges kept for inspection.
const KEPT: usize = 2_000;
/// Bytes of bodies kept for inspection.
const KEPT_BYTES: usize = 48 * 1_024 * 1_024;
/// Different names that are counted as trouble.
const MOST_NAMES: usize = 100;

/// One exchange.
#[derive(Clone)]
pub(crate) struct Exchange {
    /// Number in the order of beginning.
    pub(crate) number: u64,
    /// Grows with every change of any exchange.
    pub(crate) revision: u64,
    /// When it began, in microseconds of the portal's clock.
    pub(crate) at: i64,
    pub(crate) what: What,
    pub(crate) outcome: Outcome,
    /// Why a call was refused, or what of it was dropped: what the answer does not say.
    pub(crate) why: Option<String>,
}

/// What was exchanged.
#[derive(Clone)]
pub(crate) enum What {
    /// A request to REST or to the authorisation server.
    Call(Request),
    /// A callback to a handler.
    Callback { id: u64, event: String, url: String, body: Bytes },
    /// An RT event.
    Rt(Arc<RtEvent>),
    /// An event that concerned a bot and found no handler.
    Unheard { event: String, why: String },
}

/// A request as it came in.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) verb: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) content_type: String,
    pub(crate) authorization: String,
    pub(crate) body: Bytes,
    pub(crate) peer: Option<IpAddr>,
}

/// How it ended.
#[derive(Clone)]
pub(crate) enum Outcome {
    Pending,
    Answered {
        status: u16,
        body: Bytes,
        took: Duration,
        level: Option<Level>,
    },
    /// No answer came or went out; the text says why.
    Broken {
        why: String,
        took: Duration,
        level: Option<Level>,
    },
    /// A fault has dropped the callback: it was never sent.
    Dropped,
    /// There is nothing to answer.
    Told,
}

/// How full the caller's bucket was after the call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    pub(crate) filled: f64,
    pub(crate) size: f64,
}

/// What the page is loud about: names with their counts since the last time they were dismissed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Methods called that the portal does not model.
    pub(crate) unmodelled: BTreeMap<String, u64>,
    /// Events that found no handler, or whose handler did not take them.
    pub(crate) undelivered: BTreeMap<String, u64>,
    /// Callbacks that a fault has dropped, as it was told to.
    pub(crate) dropped: BTreeMap<String, u64>,
}

/// The ring.
pub(crate) struct Exchanges {
    kept: Mutex<Kept>,
    clock: PortalClock,
    changed: Arc<watch::Sender<u64>>,
}

/// What the answer to a call does not say, on its way from the method to the record.
#[derive(Clone)]
pub(crate) struct Why(pub(crate) String);

#[derive(Default)]
struct Kept {
    ring: VecDeque<Exchange>,
    bytes: usize,
    number: u64,
    revision: u64,
    trouble: Trouble,
}

impl Exchanges {
    pub(crate) fn new(clock: PortalClock, changed: Arc<watch::Sender<u64>>) -> Self {
        Self { kept: Mutex::default(), clock, changed }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, what: What, outcome: Outcome) -> u64 {
        let at = self.clock.micros();
        self.kept().push(at, what, outcome)
    }

    fn end(&self, number: u64, outcome: Outcome) {
        self.kept().end(number, outcome);
        self.changed.send_modify(|turn| *turn += 1);
    }

    /// The same for a call, of which there may be more to say than its answer does.
    fn answered(&self, number: u64, outcome: Outcome, why: Option<String>) {
        let mut kept = self.kept();
        if let Some(exchange) = kept.get_mut(number) {
            exchange.why = why;
        }
        kept.end(number, outcome);
        drop(kept);
        self.changed.send_modify(|turn| *turn += 1);
    }

    fn end_if_pending(&self, number: u64, outcome: Outcome) {
        if self.get(number).is_some_and(|exchange| matches!(exchange.outcome, Outcome::Pending)) {
            self.end(number, outcome);
        }
    }

    /// A callback was queued.
    pub(crate) fn queued(&self, delivery: &Delivery) {
        let (event, url) = (delivery.event.clone(), delivery.url.clone());
        let what = What::Callback { id: delivery.id, event, url, body: delivery.body.clone() };
        self.begin(what, Outcome::Pending);
    }

    /// A callback was answered, or will never be. `answer` is what the handler said.
    pub(crate) fn delivered(&self, delivery: &Delivery, answer: &Bytes) {
        let dropped = delivery.status.as_ref().is_err_and(|why| why == DROPPED);
        let outcome = match &delivery.status {
            Err(_) if dropped => Outcome::Dropped,
            Ok(status) => Outcome::Answered {
                status: *status,
                body: cut_body(answer),
                took: delivery.took,
                level: None,
            },
            Err(why) => Outcome::Broken { why: why.clone(), took: delivery.took, level: None },
        };
        let mut kept = self.kept();
        if dropped {
            count(&mut kept.trouble.dropped, &delivery.event);
        } else if !delivery.status.as_ref().is_ok_and(|status| (200..300).contains(status)) {
            count(&mut kept.trouble.undelivered, &delivery.event);
        }
        let of_it =
            |exchange: &&Exchange| matches!(exchange.what, What::Callback { id, .. } if id == delivery.id);
        let number = kept.ring.iter().rev().find(of_it).map(|exchange| exchange.number);
        if let Some(number) = number {
            kept.end(number, outcome);
        }
        drop(kept);
        self.changed.send_modify(|turn| *turn += 1);
    }

    /// An RT event was sent.
    pub(crate) fn told(&self, event: &RtEvent) {
        self.begin(What::Rt(Arc::new(event.clone())), Outcome::Told);
    }

    /// An event concerned a bot and found no handler.
    pub(crate) fn unheard(&self, event: &str, why: Unheard) {
        let why = match why {
            Unheard::NoHandler => "no handler is registered",
            Unheard::NotInstalled => "the application is not installed, or its installation is not finished",
            Unheard::Unpaid => "the application is not paid for",
            Unheard::Loop => "its token has caused seven rounds of events already",
        };
        count(&mut self.kept().trouble.undelivered, event);
        self.begin(What::Unheard { event: event.to_owned(), why: why.to_owned() }, Outcome::Told);
    }

    /// Everything that changed after `revision`, oldest first, with the newest revision there is.
    pub(crate) fn after(&self, revision: u64) -> (u64, Vec<Exchange>) {
        let kept = self.kept();
        let fresh = kept.ring.iter().filter(|exchange| exchange.revision > revision).cloned().collect();
        (kept.revision, fresh)
    }

    pub(crate) fn get(&self, number: u64) -> Option<Exchange> {
        let kept = self.kept();
        let at = kept.ring.binary_search_by_key(&number, |exchange| exchange.number).ok()?;
        kept.ring.get(at).cloned()
    }

    pub(crate) fn trouble(&self) -> Trouble {
        self.kept().trouble.clone()
    }

    pub(crate) fn dismiss_trouble(&self) {
        self.kept().trouble = Trouble::default();
        self.changed.send_modify(|turn| *turn += 1);
    }

    /// Forgets every exchange that has ended.
    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        kept.ring.retain(|exchange| matches!(exchange.outcome, Outcome::Pending));
        kept.bytes = kept.ring.iter().map(Exchange::size).sum();
        drop(kept);
        self.changed.send_modify(|turn| *turn += 1);
    }

    /// The oldest number still there; the page forgets what is older.
    pub(crate) fn oldest(&self) -> u64 {
        let kept = self.kept();
        kept.ring.front().map_or(kept.number + 1, |exchange| exchange.number)
    }
}

impl Kept {
    fn push(&mut self, at: i64, what: What, outcome: Outcome) -> u64 {
        self.number += 1;
        self.revision += 1;
        let exchange =
            Exchange { number: self.number, revision: self.revision, at, what, outcome, why: None };
        self.bytes += exchange.size();
        self.ring.push_back(exchange);
        self.shrink();
        self.number
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Exchange> {
        let at = self.ring.binary_search_by_key(&number, |exchange| exchange.number).ok()?;
        self.ring.get_mut(at)
    }

    fn end(&mut self, number: u64, outcome: Outcome) {
        let Ok(at) = self.ring.binary_search_by_key(&number, |exchange| exchange.number) else { return };
        self.revision += 1;
        let revision = self.revision;
        let Some(exchange) = self.ring.get_mut(at) else { return };
        let before = exchange.size();
        exchange.revision = revision;
        exchange.outcome = outcome;
        for method in show::unmodelled(exchange) {
            count(&mut self.trouble.unmodelled, &method);
        }
        self.bytes = self.bytes - before + exchange.size();
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.ring.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.ring.pop_front() else { return };
            self.bytes -= oldest.size();
        }
    }
}

impl Exchange {
    fn size(&self) -> usize {
        let asked = match &self.what {
            What::Call(request) => request.body.len() + request.target.len(),
            What::Callback { url, body, .. } => body.len() + url.len(),
            What::Rt(event) => match &event.params {
                Value::Null => 0,
                params => params.to_string().len(),
            },
            What::Unheard { .. } => 0,
        };
        let answered = if let Outcome::Answered { body, .. } = &self.outcome { body.len() } else { 0 };
        asked + answered
    }
}

fn count(names: &mut BTreeMap<String, u64>, name: &str) {
    if names.len() < MOST_NAMES || names.contains_key(name) {
        *names.entry(name.chars().take(200).collect()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchanges() -> Exchanges {
        Exchanges::new(PortalClock::default(), Arc::new(watch::channel(0).0))
    }

    fn callback(id: u64, body: Vec<u8>) -> Delivery {
        Delivery {
            id,
            event: "ONIMBOTMESSAGEADD".to_owned(),
            url: "http://127.0.0.1:1/".to_owned(),
            body: body.into(),
            status: Ok(200),
            took: Duration::ZERO,
            unix: 0,
        }
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_big() {
        let ring = exchanges();
        for id in 0..KEPT as u64 + 5 {
            ring.queued(&callback(id, Vec::new()));
        }
        assert_eq!((ring.oldest(), ring.after(0).1.len()), (6, KEPT));
        for id in 0..60 {
            ring.queued(&callback(10_000 + id, vec![b'a'; 1_024 * 1_024]));
        }
        let kept = ring.after(0).1;
        assert!(kept.len() < 60 && kept.iter().map(Exchange::size).sum::<usize>() <= KEPT_BYTES);
        assert_eq!(ring.kept().bytes, kept.iter().map(Exchange::size).sum::<usize>());
    }

    #[test]
    fn an_answer_gives_the_exchange_a_new_revision_and_keeps_its_place() {
        let ring = exchanges();
        ring.queued(&callback(7, b"a=1".to_vec()));
        ring.queued(&callback(8, b"a=2".to_vec()));
        let (revision, both) = ring.after(0);
        assert_eq!(both.len(), 2);
        ring.delivered(&callback(7, Vec::new()), &Bytes::from_static(b"ok"));
        let (_, fresh) = ring.after(revision);
        assert_eq!(fresh.iter().map(|exchange| exchange.number).collect::<Vec<_>>(), [1]);
        assert!(matches!(&fresh[0].outcome, Outcome::Answered { body, .. } if body == "ok"));
        assert!(matches!(ring.get(2).unwrap().outcome, Outcome::Pending));
        ring.clear();
        assert!(ring.get(1).is_none() && ring.get(2).is_some());
    }

    #[test]
    fn what_a_fault_drops_is_counted_as_dropped_and_not_as_undelivered() {
        let ring = exchanges();
        let dropped = Delivery { status: Err(DROPPED.to_owned()), ..callback(1, Vec::new()) };
        ring.queued(&dropped);
        ring.delivered(&dropped, &Bytes::new());
        let trouble = ring.trouble();
        assert_eq!(trouble.dropped.into_iter().collect::<Vec<_>>(), [("ONIMBOTMESSAGEADD".to_owned(), 1)]);
        assert!(trouble.undelivered.is_empty());
        let row = show::row(&ring.get(1).unwrap());
        assert_eq!(
            (&row["dropped"], &row["bad"], &row["note"]),
            (&true.into(), &false.into(), &DROPPED.into())
        );
    }

    #[test]
    fn a_handler_that_refuses_is_counted_as_undelivered() {
        let ring = exchanges();
        let refused = Delivery { status: Err("refused".to_owned()), ..callback(1, Vec::new()) };
        ring.queued(&refused);
        ring.delivered(&refused, &Bytes::new());
        ring.unheard("ONIMBOTV2JOINCHAT", Unheard::NoHandler);
        let counted: Vec<(String, u64)> = ring.trouble().undelivered.into_iter().collect();
        assert_eq!(counted, [("ONIMBOTMESSAGEADD".to_owned(), 1), ("ONIMBOTV2JOINCHAT".to_owned(), 1)]);
        ring.dismiss_trouble();
        assert_eq!(ring.trouble(), Trouble::default());
    }
}
