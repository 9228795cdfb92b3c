//! Asking for the events of bots in fetch mode (`imbot.v2.Event.get`, protocol 4.8), and for offline events.
//!
//! The offset acknowledges: the portal deletes what lies before it. So it moves only after the append, and it is kept
//! nowhere: after a restart it begins at 0, the portal gives again what was not acknowledged, and the journal knows what
//! it has already.
//!
//! **Trap:** every poll counts towards the portal's rate, also those that bring nothing.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value as Json;

use super::{Gate, figures::FIGURES, offline::Collecting, rows};
use crate::{
    clock::Clock,
    codec,
    portal::{BotGeneration, Delivery, Drain, PortalError, PortalErrorKind, RegisteredBot, Registry},
    rest::{Api, Call, CallError, CallErrorKind, Method, methods::imbot_v2::EventGet},
    store::PortalStatus,
    wire::{BotId, Incoming, PortalKey, Timestamp},
};

/// How often is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PollerSettings {
    /// Calls a second that the portal allows over time (2, or 5 on the largest plan; protocol 8.6).
    pub rate: f64,
    /// The part of them that polls may take while nothing comes.
    pub idle_share: f64,
    /// Pause after a poll that brought something.
    pub busy_pause: Duration,
    /// Events a poll brings at most.
    pub page: u32,
}

impl Default for PollerSettings {
    fn default() -> Self {
        Self { rate: 2.0, idle_share: 0.1, busy_pause: Duration::from_millis(500), page: 200 }
    }
}

impl PollerSettings {
    /// Pause between two polls of one source while nothing comes, with `sources` bots and kinds of events to be asked for
    /// on the portal.
    pub fn idle_pause(&self, sources: usize) -> Duration {
        let allowed = (self.rate * self.idle_share).max(0.001);
        Duration::from_secs_f64(sources.max(1) as f64 / allowed)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    Bot(BotId),
    Offline,
}

/// How far a source was read, and when to ask again.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    offset: i64,
    pause: Duration,
    due: Timestamp,
}

/// Brings the events of bots in fetch mode through the same gate as callbacks.
#[derive(Clone)]
pub struct Poller {
    gate: Gate,
    registry: Registry,
    pub(super) api: Arc<dyn Api>,
    clock: Arc<dyn Clock>,
    settings: PollerSettings,
    /// Shortest pause of an idle source of offline events; `None` if there are none.
    offline: Option<Duration>,
}

impl Poller {
    /// A poller that calls through `api`.
    pub fn new(gate: Gate, registry: Registry, api: Arc<dyn Api>, clock: Arc<dyn Clock>) -> Self {
        Self { gate, registry, api, clock, settings: PollerSettings::default(), offline: None }
    }

    /// Sets how often is asked.
    #[must_use]
    pub fn settings(mut self, settings: PollerSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Also collects offline events. While none come it asks every `at_most`, or less often: where the portal tells of
    /// them (`ONOFFLINEEVENT`) they are asked for at once.
    #[must_use]
    pub fn offline_events(mut self, at_most: Duration) -> Self {
        self.offline = Some(at_most);
        self
    }

    /// Polls for the bots of one portal, as they come and go, until `stop` is done.
    pub async fn run(&self, portal: &PortalKey, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        let mut cursors: HashMap<Source, Cursor> = HashMap::new();
        let mut collecting = Collecting::default();
        let mut bell = self.registry.bell();
        let rung = self.gate.offline_bell(portal);
        loop {
            bell.mark_unchanged();
            let sources = self.sources(portal);
            let idle = self.settings.idle_pause(sources.len());
            let now = self.clock.now();
            cursors.retain(|source, _| sources.contains(source));
            for source in sources {
                cursors.entry(source).or_insert(Cursor { offset: 0, pause: idle, due: now });
            }
            let next = cursors.iter().min_by_key(|(_, cursor)| cursor.due);
            let next = next.map(|(source, cursor)| (*source, *cursor));
            let wake = next.map_or(now.plus(idle), |(_, cursor)| cursor.due);
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.clock.sleep_until(wake) => {}
                // Perhaps a bot has come; the bell hangs in the registry, which we hold.
                _ = bell.changed() => continue,
                () = rung.notified() => {
                    if let Some(cursor) = cursors.get_mut(&Source::Offline) {
                        cursor.due = self.clock.now();
                    }
                    continue;
                }
            }
            let Some((source, cursor)) = next else { continue };
            // Stopping waits for a poll under way: it is short, and its events are then in the journal.
            let after = match source {
                Source::Bot(bot) => {
                    let page = self.page(portal, bot, cursor.offset).await;
                    self.turn(portal, source, cursor, page, idle)
                }
                Source::Offline => {
                    let page = self.offline_page(portal, &mut collecting).await;
                    self.turn(portal, source, cursor, page, idle.max(self.offline.unwrap_or_default()))
                }
            };
            cursors.insert(source, after);
        }
    }

    /// When to ask again, after `page`.
    fn turn(
        &self,
        portal: &PortalKey,
        source: Source,
        cursor: Cursor,
        page: Result<Page, PollError>,
        idle: Duration,
    ) -> Cursor {
        let (offset, pause) = match page {
            Ok(Page { offset, more: true, .. }) => (offset, Duration::ZERO),
            Ok(Page { offset, events: 1.., .. }) => (offset, self.settings.busy_pause.min(idle)),
            Ok(Page { offset, .. }) => {
                (offset, cursor.pause.saturating_mul(2).clamp(self.settings.busy_pause.min(idle), idle))
            }
            Err(PollError { what, wait }) => {
                tracing::warn!(%portal, ?source, what, "events could not be fetched; the portal keeps those of a bot for 24 hours");
                (cursor.offset, wait.unwrap_or(idle).max(idle))
            }
        };
        Cursor {
            offset,
            pause: pause.max(self.settings.busy_pause.min(idle)),
            due: self.clock.now().plus(pause),
        }
    }

    /// One page: asked for, journaled, and only then passed over.
    async fn page(&self, portal: &PortalKey, bot: BotId, offset: i64) -> Result<Page, PollError> {
        let mut ask = EventGet::new(bot).offset(offset).limit(self.settings.page);
        if let Some(webhook) = self.registry.webhook(portal) {
            ask = ask.bot_token(webhook.bot_token().clone());
        }
        let params =
            serde_json::to_value(&ask).map_err(|error| PollError { what: error.to_string(), wait: None })?;
        // Not read as typed: one event of a shape we do not know must be parked, not stop all that follow it.
        let call = Call::new(portal.clone(), EventGet::NAME, params).repeat(EventGet::REPEAT);
        let answer = self.api.call(call).await.map_err(PollError::from)?;
        let count = self.journal(portal, &answer, "date", rows::of_fetched).await?;
        let answer = codec::from_json(&answer);
        let next = answer.path(&["nextOffset"]).and_then(|next| next.int()).unwrap_or(offset).max(offset);
        let more = answer.path(&["hasMore"]).and_then(|more| more.flag()).unwrap_or(false);
        // A page that does not go on would be fetched for ever.
        Ok(Page { offset: next, events: count, more: more && next > offset })
    }

    /// Journals the `events` of an answer, each with its moment in the field `date`; how many they were.
    pub(super) async fn journal(
        &self,
        portal: &PortalKey,
        answer: &Json,
        date: &str,
        rows: rows::Reader,
    ) -> Result<usize, PollError> {
        let events: Vec<&Json> = match &answer["events"] {
            Json::Array(events) => events.iter().collect(),
            Json::Object(events) => events.values().collect(),
            _ => Vec::new(),
        };
        let oldest = events.iter().filter_map(|event| moment(event, date)).min();
        let (mut changes, now) = (Vec::new(), self.clock.now());
        let mut look = |incoming: &Incoming| {
            changes.extend(self.gate.notes().and_then(|notes| notes.change(portal, incoming, now)));
        };
        let new = events.iter().flat_map(|event| rows(portal, event, &mut look)).collect();
        let appended = self.gate.append_noting(portal, new, changes).await;
        appended.map_err(|error| PollError { what: error.to_string(), wait: None })?;
        if let Some(oldest) = oldest {
            FIGURES.poll_lag.record(self.clock.now().since(oldest).as_secs_f64());
        }
        Ok(events.len())
    }

    fn sources(&self, portal: &PortalKey) -> Vec<Source> {
        let view = self.registry.portal(portal).filter(|view| view.status == PortalStatus::Active);
        let Some(view) = view else { return Vec::new() };
        let fetches =
            |bot: &&RegisteredBot| bot.generation == BotGeneration::V2 && bot.delivery == Delivery::Fetch;
        let bots = view.bots.iter().filter(fetches).map(|bot| Source::Bot(bot.id));
        // A portal by incoming webhook has none.
        let offline = self.offline.is_some() && self.registry.webhook(portal).is_none();
        bots.chain(offline.then_some(Source::Offline)).collect()
    }
}

/// Reads a bot's log to its end, as has to be done before it is switched to webhook delivery: the portal purges the log.
#[async_trait]
impl Drain for Poller {
    async fn drain(&self, portal: &PortalKey, bot: BotId) -> Result<(), PortalError> {
        let mut offset = 0;
        loop {
            let page = self.page(portal, bot, offset).await.map_err(|error| {
                PortalError::new(
                    PortalErrorKind::Unavailable,
                    format!("the events of bot {bot} on {portal} could not be read out: {}", error.what),
                )
            })?;
            // Once more after the last events, so that they are acknowledged and late ones are seen.
            if page.events == 0 || page.offset == offset {
                return Ok(());
            }
            offset = page.offset;
        }
    }
}

impl std::fmt::Debug for Poller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// When a fetched event happened.
fn moment(event: &Json, field: &str) -> Option<Timestamp> {
    let at = event.get(field)?.as_str()?.parse::<jiff::Timestamp>().ok()?;
    Some(Timestamp::from_seconds(at.as_second()))
}

pub(super) struct Page {
    pub(super) offset: i64,
    pub(super) events: usize,
    pub(super) more: bool,
}

pub(super) struct PollError {
    pub(super) what: String,
    pub(super) wait: Option<Duration>,
}

impl From<CallError> for PollError {
    fn from(error: CallError) -> Self {
        let wait = match error.kind() {
            CallErrorKind::Unauthorised | CallErrorKind::Refused => Some(Duration::from_secs(60)),
            _ => error.retry_after(),
        };
        Self { what: error.to_string(), wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_polls_of_all_bots_together_take_a_tenth_of_the_rate() {
        let settings = PollerSettings::default();
        for bots in 1..5 {
            let polls_a_second = bots as f64 / settings.idle_pause(bots).as_secs_f64();
            assert!(polls_a_second <= settings.rate / 10.0 + 1e-9, "{polls_a_second}");
        }
    }
}
