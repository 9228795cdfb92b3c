//! Journal rows of a verified callback: keys, and what is kept of it.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::{
    codec::{
        self, Callback,
        keys::{self, Fact, FactKind},
    },
    store::{DedupeKey, DedupeKind, LaneKey, NewEvent},
    wire::{BotId, Event, Incoming, PortalKey, Raw},
};

/// Longest event code that is kept of a callback that cannot be read; the platform's have some 30 characters.
const CODE_MAX: usize = 64;

/// The rows of a callback: one for each bot or command it names, or one parked row if it cannot be typed.
/// Each event that can be typed is shown to `look`.
pub(super) fn of_callback(
    portal: &PortalKey,
    raw: Arc<Raw>,
    look: &mut dyn FnMut(&Incoming),
) -> Vec<NewEvent> {
    match Callback::read(Arc::clone(&raw)) {
        Ok(callback) => {
            drop(raw);
            of_events(portal, callback, None, look)
        }
        Err(error) => vec![unreadable(portal, &raw, &error.to_string())],
    }
}

/// Makes the rows of one event of an answer, and has its events looked at.
pub(super) type Reader = fn(&PortalKey, &Json, &mut dyn FnMut(&Incoming)) -> Vec<NewEvent>;

/// The rows of one event of `imbot.v2.Event.get`, with its number.
pub(super) fn of_fetched(portal: &PortalKey, event: &Json, look: &mut dyn FnMut(&Incoming)) -> Vec<NewEvent> {
    match codec::fetched(event) {
        Ok(fetched) => of_events(portal, fetched.callback, Some(fetched.event_id), look),
        Err(error) => vec![unreadable(portal, &codec::from_json(event), &error.to_string())],
    }
}

/// The row of an offline event of `event.offline.get`.
pub(super) fn of_collected(portal: &PortalKey, row: &Json, look: &mut dyn FnMut(&Incoming)) -> Vec<NewEvent> {
    match codec::collected(row) {
        Ok(fetched) => of_events(portal, fetched.callback, Some(fetched.event_id), look),
        Err(error) => vec![unreadable(portal, &codec::from_json(row), &error.to_string())],
    }
}

/// The rows of what [`Claim::notice`](crate::portal::Claim::notice) was given.
pub(super) fn of_notice(portal: &PortalKey, notice: &Bytes) -> Vec<NewEvent> {
    if notice.is_empty() {
        return Vec::new();
    }
    match codec::from_stored(notice) {
        Ok(raw) => of_callback(portal, Arc::new(raw), &mut |_| {}),
        Err(error) => {
            tracing::error!(%portal, %error, "the event of a proven installation cannot be read; on_install is not called");
            Vec::new()
        }
    }
}

/// Whether this is the event of the application's removal, and if so whether its records are to go as well.
pub(super) fn removal(raw: &Arc<Raw>) -> Option<bool> {
    // Looked at first: this is asked of every event, and reading the rest is not free.
    let code = raw.path(&["event"]).and_then(|event| event.as_str());
    code.filter(|code| code.eq_ignore_ascii_case("ONAPPUNINSTALL"))?;
    let callback = Callback::read(Arc::clone(raw)).ok()?;
    codec::events(&callback).ok()?.into_iter().find_map(|incoming| match incoming.event {
        Event::AppUninstalled(removed) => Some(removed.clean),
        _ => None,
    })
}

fn of_events(
    portal: &PortalKey,
    callback: Callback,
    event_id: Option<i64>,
    look: &mut dyn FnMut(&Incoming),
) -> Vec<NewEvent> {
    match codec::events(&callback) {
        Ok(events) if !events.is_empty() => {
            // So that an event alone in its callback is the only one to hold its pairs.
            drop(callback);
            events.iter().for_each(look);
            events.into_iter().map(|incoming| row(portal, incoming, event_id)).collect()
        }
        Ok(_) => {
            vec![untyped(portal, &callback, event_id, "the event names no bot; look at it, and drop it")]
        }
        Err(error) => vec![untyped(portal, &callback, event_id, &error.to_string())],
    }
}

fn row(portal: &PortalKey, incoming: Incoming, event_id: Option<i64>) -> NewEvent {
    NewEvent {
        portal: portal.clone(),
        lane: LaneKey::new(keys::lane(&incoming)),
        dedupe: dedupe(keys::fact(&incoming, event_id)),
        code: incoming.code.clone(),
        message: keys::ordering(&incoming),
        body: codec::stored(&incoming),
        park: None,
        quiet: keys::is_quiet(&incoming),
        read: codec::without_tokens(incoming).map(Arc::new),
    }
}

fn untyped(portal: &PortalKey, callback: &Callback, event_id: Option<i64>, why: &str) -> NewEvent {
    NewEvent {
        portal: portal.clone(),
        lane: LaneKey::new(keys::lane_of_untyped(callback)),
        dedupe: dedupe(keys::fact_of_untyped(callback, event_id)),
        code: callback.code.clone(),
        message: None,
        body: codec::to_stored(&callback.raw),
        park: Some(why.to_owned()),
        quiet: false,
        read: None,
    }
}

/// A verified callback without so much as an event code.
fn unreadable(portal: &PortalKey, raw: &Raw, why: &str) -> NewEvent {
    let text = |key: &str| raw.root().get(key).and_then(|node| node.as_str()).unwrap_or_default();
    let body = codec::to_stored(raw);
    let mut digest = [0; 16];
    digest.copy_from_slice(&Sha256::digest(&body)[..16]);
    let code = text("event").chars().chain(text("type").chars()).filter(char::is_ascii_alphanumeric);
    NewEvent {
        portal: portal.clone(),
        lane: LaneKey::new("untyped|"),
        dedupe: DedupeKey {
            bot: BotId::default(),
            kind: DedupeKind::Other,
            ordinal: text("ts").parse().unwrap_or(0),
            digest,
        },
        code: code.take(CODE_MAX).collect::<String>().to_ascii_uppercase(),
        message: None,
        body,
        park: Some(why.to_owned()),
        quiet: false,
        read: None,
    }
}

fn dedupe(fact: Fact) -> DedupeKey {
    let Fact { bot, kind, ordinal, digest } = fact;
    let kind = match kind {
        FactKind::Message => DedupeKind::Message,
        FactKind::TypedCommand => DedupeKind::TypedCommand,
        FactKind::Other => DedupeKind::Other,
    };
    DedupeKey { bot, kind, ordinal, digest }
}
