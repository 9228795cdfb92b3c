//! `imbot.v2.Event.get`: bots in fetch mode collect their events, and acknowledge them by the offset.

use serde_json::{Value, json};

use super::super::call::loose_int;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{flag, own_bot, top};

pub(in crate::rest) const METHODS: &[Method] = &[Method::literal("imbot.v2.Event.get", "imbot", get)];

fn get(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    if flag(top(call, "withUserEvents"), false) {
        // Events of a user need a subscription of that user, and no method modelled here makes one.
        let messenger = call.auth.scope.iter().any(|scope| scope == "im");
        return Err(if messenger {
            RestError::bad("USER_NOT_SUBSCRIBED", "The user is not subscribed to events")
        } else {
            RestError::bad("SCOPE_ERROR", "User events need the scope im")
        });
    }
    let offset = top(call, "offset").map_or(0, loose_int).max(0);
    let limit = top(call, "limit").map_or(100, loose_int).clamp(1, 1_000);
    let limit = usize::try_from(limit).unwrap_or(100);
    let now = call.world.now();
    let log = call.world.fetch_log.entry(bot_id).or_default();
    log.forget(offset, now);
    let events: Vec<Value> = log
        .events
        .iter()
        .take(limit)
        .map(|event| {
            json!({
                "eventId": event.id,
                "type": event.event,
                "date": crate::clock::iso(event.at),
                "data": event.payload,
            })
        })
        .collect();
    let next = log.events.iter().take(limit).next_back().map_or(offset, |event| event.id + 1);
    Ok(Answer::new(json!({"nextOffset": next, "hasMore": events.len() == limit, "events": events})))
}
