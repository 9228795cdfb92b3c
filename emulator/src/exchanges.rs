//! The last exchanges over HTTP in both directions, as the wire had them: for the page's inspector and for tests.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use openlines_emulator::{Direction, Emulator};
//! let emulator = Emulator::start().await;
//! let portal = emulator.portal();
//! reqwest::get(format!("{}server.time", portal.webhook_url())).await.unwrap();
//! let exchange = portal.exchanges().pop().unwrap();
//! assert_eq!((exchange.direction, exchange.name.as_str(), exchange.status), (Direction::Call, "server.time", Ok(200)));
//! # }
//! ```
//!
//! The trap: bodies hold tokens, and they are capped; [`Portal::calls`](crate::Portal::calls) and
//! [`Portal::deliveries`](crate::Portal::deliveries) reach further back and know what was meant.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use crate::form;

/// Exchanges kept; older ones are forgotten.
const KEPT: usize = 2_000;
/// Bytes kept of one body: a keyboard or attachment of the greatest size fits.
const LONGEST: usize = 128 * 1_024;
/// Bytes kept of all bodies together.
const ALL_BODIES: usize = 32 * 1_024 * 1_024;

/// Which way an exchange went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// A request to the portal or its authorisation server.
    Call,
    /// A callback from the portal to a handler.
    Callback,
}

/// One request and its answer. `Debug` shows neither body nor query.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// It grows with every exchange.
    pub id: u64,
    /// Which way it went.
    pub direction: Direction,
    /// `GET`, `POST`…
    pub http_method: String,
    /// The method or event, as far as it could be told; empty for the form post of an install page.
    pub name: String,
    /// Path and query of a call, the URL of a callback. It can hold secrets.
    pub address: String,
    /// `Content-Type` of the request.
    pub content_type: String,
    /// The request's body, at most 128 KiB of it. It can hold tokens.
    pub body: Bytes,
    /// How long that body was.
    pub body_length: usize,
    /// The answer's body, at most 128 KiB of it.
    pub answer: Bytes,
    /// How long that body was.
    pub answer_length: usize,
    /// The answer's HTTP status, or why there is none.
    pub status: Result<u16, String>,
    /// From the request to the end of the answer.
    pub took: Duration,
    /// How full the source's bucket was after the call; `None` without a rate limit and for callbacks.
    pub limiter_level: Option<f64>,
    /// The number of the [`Delivery`](crate::Delivery) of a callback.
    pub delivery_id: Option<u64>,
    /// When, in Unix seconds of the emulator's clock.
    pub unix: i64,
}

impl Exchange {
    /// Query and body as the receiver decodes them: forms by PHP's rules, JSON as it is. A body that was cut short
    /// decodes as far as it goes.
    #[must_use]
    pub fn decoded(&self) -> Value {
        let query = match self.direction {
            Direction::Call => self.address.split_once('?').map_or("", |(_, query)| query),
            Direction::Callback => "",
        };
        Value::Object(form::params(query, &self.content_type, &self.body))
    }

    /// Whether all of both bodies is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.body.len() == self.body_length && self.answer.len() == self.answer_length
    }

    fn weight(&self) -> usize {
        self.body.len() + self.answer.len()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("id", &self.id)
            .field("direction", &self.direction)
            .field("name", &self.name)
            .field("body_length", &self.body_length)
            .field("status", &self.status)
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

/// A request whose answer is not there yet.
pub(crate) struct Begun {
    pub(crate) direction: Direction,
    pub(crate) http_method: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
    pub(crate) delivery_id: Option<u64>,
    pub(crate) unix: i64,
}

/// How an exchange ended.
pub(crate) struct Ended {
    pub(crate) answer: Bytes,
    pub(crate) answer_length: usize,
    pub(crate) status: Result<u16, String>,
    pub(crate) took: Duration,
    pub(crate) limiter_level: Option<f64>,
}

/// The ring.
pub(crate) struct Exchanges {
    ring: Mutex<Ring>,
    changed: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct Ring {
    next: u64,
    bytes: usize,
    entries: VecDeque<Exchange>,
}

impl Exchanges {
    pub(crate) fn new(changed: Arc<watch::Sender<u64>>) -> Self {
        Self { ring: Mutex::default(), changed }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request; its number is for [`end`](Self::end).
    pub(crate) fn begin(&self, begun: Begun) -> u64 {
        let body_length = begun.body.len();
        let mut ring = self.ring();
        ring.next += 1;
        let id = ring.next;
        ring.push(Exchange {
            id,
            direction: begun.direction,
            http_method: begun.http_method,
            name: begun.name,
            address: begun.address,
            content_type: begun.content_type,
            body: capped(begun.body),
            body_length,
            answer: Bytes::new(),
            answer_length: 0,
            status: Err("no answer yet".to_owned()),
            took: Duration::ZERO,
            limiter_level: None,
            delivery_id: begun.delivery_id,
            unix: begun.unix,
        });
        id
    }

    /// Records the answer, if the request is still remembered.
    pub(crate) fn end(&self, id: u64, ended: Ended) {
        let mut ring = self.ring();
        let answer = capped(ended.answer);
        let Ok(at) = ring.entries.binary_search_by_key(&id, |exchange| exchange.id) else { return };
        ring.bytes += answer.len();
        if let Some(exchange) = ring.entries.get_mut(at) {
            exchange.answer = answer;
            exchange.answer_length = ended.answer_length;
            exchange.status = ended.status;
            exchange.took = ended.took;
            exchange.limiter_level = ended.limiter_level;
        }
        ring.trim();
        drop(ring);
        self.changed.send_modify(|turn| *turn += 1);
    }

    pub(crate) fn all(&self) -> Vec<Exchange> {
        self.ring().entries.iter().cloned().collect()
    }

    /// Those with a greater number.
    pub(crate) fn after(&self, id: u64) -> Vec<Exchange> {
        let ring = self.ring();
        let from = ring.entries.partition_point(|exchange| exchange.id <= id);
        ring.entries.range(from..).cloned().collect()
    }
}

impl Ring {
    fn push(&mut self, exchange: Exchange) {
        self.bytes += exchange.weight();
        self.entries.push_back(exchange);
        self.trim();
    }

    fn trim(&mut self) {
        while self.entries.len() > KEPT || (self.bytes > ALL_BODIES && self.entries.len() > 1) {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes -= oldest.weight();
            }
        }
    }
}

/// At most [`LONGEST`] bytes, without keeping the rest alive.
fn capped(body: Bytes) -> Bytes {
    match body.get(..LONGEST) {
        Some(start) if body.len() > LONGEST => Bytes::copy_from_slice(start),
        _ => body,
    }
}
