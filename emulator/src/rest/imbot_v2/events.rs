//! `imbot.v2.Event.get`: bots in fetch mode collect their events, and acknowledge them by the offset.
//!
//! With `withUserEvents` one answer has the bot's events and those of the calling user (`im.v2.Event.*`), in the order in
//! which they happened; ids are of one sequence, so one offset confirms both.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::call::loose_int;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{flag, own_bot, top};
use crate::world::World;
use crate::world::bots::FetchLog;

pub(in crate::rest) const METHODS: &[Method] = &[Method::literal("imbot.v2.Event.get", "imbot", get)];

/// Whose events are collected.
#[derive(Clone, Copy)]
pub(in crate::rest) enum Log {
    Bot(i64),
    User(i64),
}

impl Log {
    fn of(self, world: &mut World) -> &mut FetchLog {
        match self {
            Self::Bot(id) => world.fetch_log.entry(id).or_default(),
            Self::User(id) => world.user_logs.entry(id).or_default(),
        }
    }
}

fn get(call: &mut Call<'_>) -> Reply {
    let mut logs = vec![Log::Bot(own_bot(call)?)];
    if flag(top(call, "withUserEvents"), false) {
        let user_id = call.auth.user_id;
        if !call.auth.scope.iter().any(|scope| scope == "im") {
            return Err(RestError::bad("SCOPE_ERROR", "User events need the scope im"));
        }
        if !call.world.subscribed.contains(&user_id) {
            return Err(RestError::bad("USER_NOT_SUBSCRIBED", "The user is not subscribed to events"));
        }
        logs.push(Log::User(user_id));
    }
    Ok(Answer::new(page(call, &logs)))
}

/// Confirms what lies before `offset` in these logs; the next `limit` events of all of them, oldest first.
pub(in crate::rest) fn page(call: &mut Call<'_>, logs: &[Log]) -> Value {
    let offset = top(call, "offset").map_or(0, loose_int).max(0);
    let limit = top(call, "limit").map_or(100, loose_int).clamp(1, 1_000);
    let limit = usize::try_from(limit).unwrap_or(100);
    let now = call.world.now();
    let mut all = BTreeMap::new();
    for log in logs {
        let log = log.of(call.world);
        log.forget(offset, now);
        all.extend(log.events.iter().take(limit).map(|event| {
            let shown = json!({
                "eventId": event.id,
                "type": event.event,
                "date": crate::clock::iso(event.at),
                "data": event.payload,
            });
            (event.id, shown)
        }));
    }
    let next = all.keys().take(limit).next_back().map_or(offset, |id| id + 1);
    let events: Vec<Value> = all.into_values().take(limit).collect();
    json!({"nextOffset": next, "hasMore": events.len() == limit, "events": events})
}
