//! Who is calling: an OAuth token, or an incoming webhook (protocol 8.1 and 8.3).

use serde_json::{Map, Value};

use super::{Incoming, RestError};
use crate::world::World;

/// A caller.
#[derive(Clone, Debug)]
pub(crate) struct Auth {
    pub(crate) kind: AuthKind,
    pub(crate) user_id: i64,
    pub(crate) scope: Vec<String>,
    /// `EVENT_SESSION` of a token that an event brought.
    pub(crate) event_rounds: Option<u8>,
    /// `auth_connector`: which part of the application calls; offline events are kept apart by it.
    pub(crate) connector: String,
}

/// How the caller proved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthKind {
    OAuth { client_id: String },
    Webhook,
}

impl Auth {
    /// The application's client id, or `WRONG_AUTH_TYPE`.
    pub(crate) fn app(&self) -> Result<&str, RestError> {
        match &self.kind {
            AuthKind::OAuth { client_id } => Ok(client_id),
            AuthKind::Webhook => Err(RestError::forbidden(
                "WRONG_AUTH_TYPE",
                "Current authorization type is denied for this method",
            )),
        }
    }

    /// Whose operating time a call takes.
    pub(crate) fn account(&self) -> String {
        match &self.kind {
            AuthKind::OAuth { client_id } => format!("app {client_id}"),
            AuthKind::Webhook => format!("webhook of {}", self.user_id),
        }
    }

    pub(crate) fn is_admin(&self, world: &World) -> bool {
        world.users.get(&self.user_id).is_some_and(|user| user.admin)
    }
}

/// Parameters that say who calls, not what is wanted.
const AUTH_PARAMS: [&str; 6] = ["auth", "access_token", "auth_connector", "aplogin", "ap", "state"];

/// Whether the parameter says what is wanted.
pub(super) fn is_parameter(name: &str) -> bool {
    !AUTH_PARAMS.contains(&name)
}

/// The parameters without authorisation.
pub(super) fn without_auth(mut params: Map<String, Value>) -> Map<String, Value> {
    params.retain(|name, _| is_parameter(name));
    params
}

/// The access token of a request.
pub(super) fn token_of(incoming: &Incoming) -> Option<String> {
    let text = |name: &str| incoming.params.get(name).and_then(Value::as_str).map(str::to_owned);
    let token = incoming.bearer.clone().or_else(|| text("auth")).or_else(|| text("access_token"));
    token.filter(|token| !token.is_empty())
}

pub(super) fn authenticate(world: &World, incoming: &Incoming) -> Result<Auth, RestError> {
    let text = |name: &str| incoming.params.get(name).and_then(Value::as_str).map(str::to_owned);
    let webhook = incoming.webhook.clone().or_else(|| Some((text("aplogin")?, text("ap")?)));
    if let Some((user, code)) = webhook {
        let hook =
            world
                .webhooks
                .iter()
                .find(|hook| hook.code == code && user.parse() == Ok(hook.user_id))
                .ok_or_else(|| RestError::new(401, "INVALID_CREDENTIALS", "Invalid request credentials"))?;
        return Ok(Auth {
            kind: AuthKind::Webhook,
            user_id: hook.user_id,
            scope: hook.scope.clone(),
            event_rounds: None,
            connector: text("auth_connector").unwrap_or_default(),
        });
    }
    let token =
        token_of(incoming).ok_or_else(|| RestError::new(401, "NO_AUTH_FOUND", "Wrong authorization data"))?;
    let access = world
        .tokens
        .access
        .get(&token)
        .ok_or_else(|| RestError::new(401, "invalid_token", "Unable to get application by token"))?;
    if access.expires <= world.now() {
        return Err(RestError::new(401, "expired_token", "The access token provided has expired."));
    }
    let app = world
        .apps
        .get(&access.client_id)
        .filter(|app| app.active)
        .ok_or_else(|| RestError::new(401, "APPLICATION_NOT_FOUND", "Application not found"))?;
    Ok(Auth {
        kind: AuthKind::OAuth { client_id: access.client_id.clone() },
        user_id: access.user_id,
        scope: app.scope.clone(),
        event_rounds: access.event_rounds,
        connector: text("auth_connector").unwrap_or_default(),
    })
}
