//! `event.*`: applications subscribe to events (protocol 4.10).

use serde_json::{Value, json};

use super::call::loose_int;
use super::{Answer, Call, Method, Reply, RestError};
use crate::events::names::BINDABLE;
use crate::events::subscriptions::{MIN_TIMEOUT, RowOwner, check_url};
use crate::world::offline::OfflineBinding;

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

/// What a call binds or unbinds.
struct Subject {
    client_id: String,
    event: String,
    offline: bool,
    /// Empty for an offline subscription.
    handler: String,
    user_id: i64,
}

impl Subject {
    fn read(call: &Call<'_>) -> Result<Self, RestError> {
        let client_id = call.auth.app()?.to_owned();
        let event = call.filled("EVENT").ok_or_else(|| RestError::missing("EVENT"))?.to_ascii_uppercase();
        let offline = match call.filled("EVENT_TYPE").map(|kind| kind.to_ascii_lowercase()).as_deref() {
            None | Some("online") => false,
            Some("offline") => true,
            Some(_) => return Err(RestError::wrong_type("EVENT_TYPE")),
        };
        let handler = call.filled("HANDLER").unwrap_or_default();
        if !offline && handler.is_empty() {
            return Err(RestError::missing("HANDLER"));
        }
        let asked = call.int("AUTH_TYPE");
        let admin = call.auth.is_admin(call.world);
        if !admin && (offline || (asked > 0 && asked != call.auth.user_id)) {
            return Err(RestError::forbidden("ACCESS_DENIED", "Access denied!"));
        }
        let user_id = if asked > 0 || admin { asked } else { call.auth.user_id };
        Ok(Self { client_id, event, offline, handler, user_id })
    }

    fn binding(&self, call: &Call<'_>) -> OfflineBinding {
        let (client_id, event) = (self.client_id.clone(), self.event.clone());
        OfflineBinding { client_id, event, connector: call.auth.connector.clone() }
    }
}

fn bind(call: &mut Call<'_>) -> Reply {
    let subject = Subject::read(call)?;
    let event = &subject.event;
    if !BINDABLE.iter().any(|(name, scope)| name == event && granted(call, scope)) {
        return Err(RestError::bad("ERROR_EVENT_NOT_FOUND", "Event not found"));
    }
    let twice = || RestError::bad("ERROR_CORE", "Unable to set event handler: Handler already binded");
    if subject.offline {
        let binding = subject.binding(call);
        if event.starts_with("ONIMBOT") || event == "ONIMCOMMANDADD" || event == "ONOFFLINEEVENT" {
            return Err(RestError::bad("ERROR_EVENT_NOT_FOUND", "Offline event is not available"));
        }
        if call.world.offline.bindings.contains(&binding) {
            return Err(twice());
        }
        call.world.offline.bindings.push(binding);
        return super::yes();
    }
    check_url(&subject.handler).map_err(|(code, text)| RestError::bad(code, text))?;
    let owner = RowOwner::App(subject.client_id.clone());
    let there = call.world.handlers.iter().any(|row| {
        row.bound
            && row.owner == owner
            && row.event == *event
            && row.url == subject.handler
            && row.user_id == subject.user_id
            && row.connector == call.auth.connector
    });
    if there {
        return Err(twice());
    }
    let interval = call.value("OPTIONS").and_then(|options| options.get("minTimeout")).map(loose_int);
    call.world.add_row(owner, event, &subject.handler, subject.user_id, true);
    if let Some(row) = call.world.handlers.last_mut() {
        row.connector = call.auth.connector.clone();
        row.min_timeout = interval.unwrap_or(MIN_TIMEOUT).max(0);
    }
    super::yes()
}

fn unbind(call: &mut Call<'_>) -> Reply {
    let subject = Subject::read(call)?;
    if subject.offline {
        let binding = subject.binding(call);
        let before = call.world.offline.bindings.len();
        call.world.offline.bindings.retain(|known| *known != binding);
        return Ok(Answer::new(json!({"count": before - call.world.offline.bindings.len()})));
    }
    let any_user = call.value("AUTH_TYPE").is_none();
    let owner = RowOwner::App(subject.client_id);
    let before = call.world.handlers.len();
    call.world.handlers.retain(|row| {
        !(row.owner == owner
            && row.event == subject.event
            && row.url == subject.handler
            && (any_user || row.user_id == subject.user_id))
    });
    Ok(Answer::new(json!({"count": before - call.world.handlers.len()})))
}

fn get(call: &mut Call<'_>) -> Reply {
    let client_id = call.auth.app()?.to_owned();
    let owner = RowOwner::App(client_id.clone());
    let admin = call.auth.is_admin(call.world);
    let online = call
        .world
        .handlers
        .iter()
        .filter(|row| row.owner == owner && (admin || row.user_id == call.auth.user_id))
        .map(|row| json!({"event": row.event, "handler": row.url, "auth_type": row.user_id, "offline": 0}));
    let offline = call
        .world
        .offline
        .bindings
        .iter()
        .filter(|row| admin && row.client_id == client_id)
        .map(|row| json!({"event": row.event, "connector_id": row.connector, "offline": 1}));
    let rows: Vec<Value> = online.chain(offline).collect();
    Ok(Answer::new(json!(rows)))
}

fn test(call: &mut Call<'_>) -> Reply {
    let client_id = call.auth.app()?.to_owned();
    let data = json!({"QUERY": call.params, "LANGUAGE_ID": call.world.identity.language});
    let user_id = call.auth.user_id;
    call.world.raise_own_app_event(&client_id, "ONAPPTEST", data, user_id);
    Ok(Answer::new(json!(1)))
}
