//! The last exchanges over HTTP in both directions, as the wire had them.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use openlines_emulator::{Direction, Emulator};
//! let emulator = Emulator::start().await;
//! let portal = emulator.portal();
//! reqwest::get(format!("{}server.time?a=1", portal.webhook_url())).await.unwrap();
//! let exchange = portal.exchanges().pop().unwrap();
//! assert_eq!((exchange.direction, exchange.name.as_str(), exchange.status.clone()), (Direction::Call, "server.time", Ok(200)));
//! assert_eq!(exchange.decoded()["a"], "1");
//! # }
//! ```
//!
//! The trap: bodies and addresses hold tokens, and long bodies are cut. [`Portal::calls`] and [`Portal::deliveries`]
//! reach further back and know what was meant.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::Portal;
use crate::exchanges::{self, Outcome, What};
use crate::form;

/// Which way an exchange went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// A request to the portal or to its authorisation server.
    Call,
    /// A callback from the portal to a handler.
    Callback,
}

/// One request and its answer. `Debug` shows neither bodies nor addresses.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// It grows with everything that is recorded.
    pub id: u64,
    /// Which way it went.
    pub direction: Direction,
    /// `GET`, `POST`…
    pub http_method: String,
    /// The method, the event, or what was wanted of the authorisation server.
    pub name: String,
    /// Path and query of a call, URL of a callback.
    pub address: String,
    /// `Content-Type` of the request.
    pub content_type: String,
    /// The body of the request, or the beginning of one beyond 256 KB, with a mark.
    pub body: Bytes,
    /// The body of the answer, or the beginning of one beyond 256 KB, with a mark.
    pub answer: Bytes,
    /// The answer's HTTP status, or why there is none.
    pub status: Result<u16, String>,
    /// From the request to the end of the answer.
    pub took: Duration,
    /// How full the source's bucket was after the call; `None` without a limit and for callbacks.
    pub limiter_level: Option<f64>,
    /// What the answer to a call does not say: why it was refused, or what of it was dropped without a word.
    pub why: Option<String>,
    /// When it began, in microseconds since the Unix epoch, by the emulator's clock.
    pub unix_micros: i64,
}

impl Exchange {
    /// Query and body of a call, body of a callback, as the receiver decodes them: forms by PHP's rules, JSON as it is.
    #[must_use]
    pub fn decoded(&self) -> Value {
        let query = match self.direction {
            Direction::Call => self.address.split_once('?').map_or("", |(_, query)| query),
            Direction::Callback => "",
        };
        Value::Object(form::params(query, &self.content_type, &self.body))
    }

    fn of(recorded: exchanges::Exchange) -> Option<Self> {
        let (direction, http_method, name, address, content_type, body) = match recorded.what {
            What::Call(request) => {
                let name = request.name();
                (Direction::Call, request.verb, name, request.target, request.content_type, request.body)
            }
            What::Callback { event, url, body, .. } => {
                let form = "application/x-www-form-urlencoded".to_owned();
                (Direction::Callback, "POST".to_owned(), event, url, form, body)
            }
            _ => return None,
        };
        let (status, answer, took, level) = match recorded.outcome {
            Outcome::Answered { status, body, took, level } => (Ok(status), body, took, level),
            Outcome::Broken { why, took, level } => (Err(why), Bytes::new(), took, level),
            Outcome::Dropped => {
                (Err(crate::delivery::DROPPED.to_owned()), Bytes::new(), Duration::ZERO, None)
            }
            _ => (Err("no answer yet".to_owned()), Bytes::new(), Duration::ZERO, None),
        };
        let limiter_level = level.map(|level| level.filled);
        let (id, unix_micros, why) = (recorded.number, recorded.at, recorded.why);
        Some(Self {
            id,
            direction,
            http_method,
            name,
            address,
            content_type,
            body,
            answer,
            status,
            took,
            limiter_level,
            why,
            unix_micros,
        })
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("id", &self.id)
            .field("direction", &self.direction)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("status", &self.status)
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

impl Portal {
    /// The last exchanges, calls and callbacks, oldest first: what the page's inspector shows, 2,000 at most.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.exchanges.after(0).1.into_iter().filter_map(Exchange::of).collect()
    }
}
