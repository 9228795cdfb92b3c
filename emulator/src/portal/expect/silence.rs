//! Waiting for nothing.

use std::fmt::Write as _;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::message::audible;
use crate::portal::{Client, Portal};

/// How long nothing may happen until it counts as silence.
const QUIET: Duration = Duration::from_millis(250);
/// A portal that never comes to rest fails the test.
const LONGEST: Duration = Duration::from_secs(30);

/// Nothing more is expected to reach a client. Await it.
#[must_use = "silence is only listened for when this is awaited: add `.await`"]
#[derive(Clone, Debug)]
pub struct SilenceExpectation {
    portal: Portal,
    chat_id: i64,
    quiet: Duration,
    at: &'static Location<'static>,
}

impl Client {
    /// Expects that nothing reached the client but what [`hears`](Client::hears) was told of, and that nothing more
    /// comes: every callback is delivered, then no message is written for a quarter of a second.
    #[track_caller]
    pub fn hears_nothing_more(&self) -> SilenceExpectation {
        SilenceExpectation {
            portal: self.portal.clone(),
            chat_id: self.chat_id(),
            quiet: QUIET,
            at: Location::caller(),
        }
    }
}

impl SilenceExpectation {
    /// Listens this long, for bots that think before they speak.
    pub fn for_at_least(mut self, quiet: Duration) -> Self {
        self.quiet = quiet;
        self
    }

    fn surplus(&self) -> Vec<String> {
        self.portal.shared.look(|world| {
            let heard = self.portal.shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
            audible(world, self.chat_id)
                .filter(|message| !heard.met.contains(&message.id))
                .map(|message| format!("#{} {:?}", message.id, message.text))
                .collect()
        })
    }
}

impl Portal {
    /// Waits until every callback is delivered and no message has been written for this long; false if that never
    /// comes. Other calls, such as those of a bot that polls, do not count.
    pub(super) async fn comes_to_rest(&self, quiet: Duration) -> bool {
        let limit = Instant::now() + LONGEST + quiet;
        let mut news = self.shared.changed.subscribe();
        let mut since = Instant::now();
        let mut seen = self.shared.look(|world| world.next.message);
        loop {
            news.mark_unchanged();
            let (now, next) = (Instant::now(), self.shared.look(|world| world.next.message));
            if next != seen || !self.shared.deliveries.is_idle() {
                (seen, since) = (next, now);
            }
            if now >= since + quiet {
                return true;
            }
            if now >= limit {
                return false;
            }
            // Either way the next round looks again.
            let _ = timeout_at(since + quiet, news.changed()).await;
        }
    }
}

impl IntoFuture for SilenceExpectation {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    /// # Panics
    ///
    /// When the client heard more, or the portal does not come to rest; the panic tells transcript and calls.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let rests = self.portal.comes_to_rest(self.quiet).await;
            let surplus = self.surplus();
            let mut why = String::new();
            if !rests {
                let _ = writeln!(why, "the portal does not come to rest within {LONGEST:?}");
            }
            if !surplus.is_empty() {
                let _ = writeln!(why, "the client heard more than was expected: {}", surplus.join(", "));
            }
            if !why.is_empty() {
                self.portal.fail(&format!("{why}  expected at {}", self.at));
            }
        })
    }
}
