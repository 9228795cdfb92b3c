//! `event.*`: applications subscribe to events (protocol 4.10).

use serde_json::{Value, json};

use super::{Answer, Call, Method, Reply, RestError};
use crate::events::names::BINDABLE;
use crate::events::subscriptions::{RowOwner, check_url};

pub(super) const METHODS: &[Method] = &[
    Method::upper("event.bind", "", bind),
    Method::upper("event.unbind", "", unbind),
    Method::upper("event.get", "", get),
    Method::upper("event.test", "", test),
];

pub(super) fn events(call: &mut Call<'_>) -> Reply {
    call.auth.app()?;
    let full = call.value("FULL").is_some();
    let wanted = call.text("SCOPE");
    let list: Vec<&str> = BINDABLE
        .iter()
        .filter(|(_, scope)| match &wanted {
            Some(wanted) => scope == wanted,
            None => full || granted(call, scope),
        })
        .map(|(name, _)| *name)
        .collect();
    Ok(Answer::new(json!(list)))
}

fn granted(call: &Call<'_>, scope: &str) -> bool {
    scope.is_empty() || call.auth.scope.iter().any(|own| own == scope)
}

/// Event, handler and user of a subscription.
fn subject(call: &Call<'_>) -> Result<(RowOwner, String, String, i64), RestError> {
    let owner = RowOwner::App(call.auth.app()?.to_owned());
    let event = call.filled("EVENT").ok_or_else(|| RestError::missing("EVENT"))?.to_ascii_uppercase();
    let handler = call.filled("HANDLER").ok_or_else(|| RestError::missing("HANDLER"))?;
    let asked = call.int("AUTH_TYPE");
    let admin = call.auth.is_admin(call.world);
    if !admin && asked > 0 && asked != call.auth.user_id {
        return Err(RestError::forbidden("ACCESS_DENIED", "Access denied!"));
    }
    let user_id = if asked > 0 || admin { asked } else { call.auth.user_id };
    Ok((owner, event, handler, user_id))
}

fn bind(call: &mut Call<'_>) -> Reply {
    if call.text("EVENT_TYPE").as_deref() == Some("offline") {
        call.auth.app()?;
        return Err(RestError::bad("ERROR_CORE", "Offline events are not available on this portal"));
    }
    let (owner, event, handler, user_id) = subject(call)?;
    let known = BINDABLE.iter().any(|(name, scope)| *name == event && granted(call, scope));
    if !known {
        return Err(RestError::bad("ERROR_EVENT_NOT_FOUND", "Event not found"));
    }
    check_url(&handler).map_err(|(code, text)| RestError::bad(code, text))?;
    let there = call.world.handlers.iter().any(|row| {
        row.bound && row.owner == owner && row.event == event && row.url == handler && row.user_id == user_id
    });
    if there {
        return Err(RestError::bad("ERROR_CORE", "Unable to set event handler: Handler already binded"));
    }
    call.world.add_row(owner, &event, &handler, user_id, true);
    super::yes()
}

fn unbind(call: &mut Call<'_>) -> Reply {
    let (owner, event, handler, user_id) = subject(call)?;
    let any_user = call.value("AUTH_TYPE").is_none();
    let before = call.world.handlers.len();
    call.world.handlers.retain(|row| {
        !(row.owner == owner
            && row.event == event
            && row.url == handler
            && (any_user || row.user_id == user_id))
    });
    Ok(Answer::new(json!({"count": before - call.world.handlers.len()})))
}

fn get(call: &mut Call<'_>) -> Reply {
    let owner = RowOwner::App(call.auth.app()?.to_owned());
    let admin = call.auth.is_admin(call.world);
    let rows: Vec<Value> = call
        .world
        .handlers
        .iter()
        .filter(|row| row.owner == owner && (admin || row.user_id == call.auth.user_id))
        .map(|row| json!({"event": row.event, "handler": row.url, "auth_type": row.user_id, "offline": 0}))
        .collect();
    Ok(Answer::new(json!(rows)))
}

fn test(call: &mut Call<'_>) -> Reply {
    let client_id = call.auth.app()?.to_owned();
    let data = json!({"QUERY": call.params, "LANGUAGE_ID": call.world.identity.language});
    let user_id = call.auth.user_id;
    call.world.raise_own_app_event(&client_id, "ONAPPTEST", data, user_id);
    Ok(Answer::new(json!(1)))
}
