//! The REST interface: one table of methods, one file a scope.
//!
//! A call goes: name, authorisation, scope, parameters, method, envelope (protocol 8). A name that is in no table is
//! refused before anything else and is loud in the log: either the bot is wrong or the emulator is incomplete.

pub(crate) mod auth;
mod basics;
mod batch;
mod call;
pub(crate) mod confirm;
mod crm;
mod envelope;
mod event;
mod imbot_v1;
mod imbot_v2;
mod imconnector;
mod imopenlines;
mod pull;

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::record::RecordedCall;
use crate::world::World;
pub(crate) use call::{Answer, Call, Case, Method, Reply, RestError, scalar_text};

/// A request after it was read and before it was understood.
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// User and code of an incoming webhook's path.
    pub(crate) webhook: Option<(String, String)>,
    pub(crate) bearer: Option<String>,
    pub(crate) params: Map<String, Value>,
}

/// Status and body of an answer.
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// The method's name as tables know it: lower case, without `.json` or `.xml`.
pub(crate) fn plain_name(method: &str) -> String {
    let name = method.trim_matches('/').to_ascii_lowercase();
    let bare = name.strip_suffix(".json").or_else(|| name.strip_suffix(".xml"));
    bare.map_or_else(|| name.clone(), str::to_owned)
}

fn table() -> &'static HashMap<String, Method> {
    static TABLE: OnceLock<HashMap<String, Method>> = OnceLock::new();
    TABLE.get_or_init(|| {
        [
            basics::METHODS,
            event::METHODS,
            imbot_v1::bots::METHODS,
            imbot_v1::messages::METHODS,
            imbot_v1::commands::METHODS,
            imbot_v2::bots::METHODS,
            imbot_v2::messages::METHODS,
            imbot_v2::commands::METHODS,
            imbot_v2::events::METHODS,
            crm::entities::METHODS,
            crm::duplicates::METHODS,
            crm::timeline::METHODS,
            imconnector::METHODS,
            imopenlines::bot::METHODS,
            imopenlines::config::METHODS,
            imopenlines::crm::METHODS,
            imopenlines::dialog::METHODS,
            imopenlines::network::METHODS,
            imopenlines::operator::METHODS,
            imopenlines::session::METHODS,
            pull::METHODS,
        ]
        .iter()
        .flat_map(|methods| methods.iter())
        .map(|method| (method.name.to_ascii_lowercase(), *method))
        .collect()
    })
}

/// The scope a method belongs to, if there is such a method.
pub(crate) fn scope_of(name: &str) -> Option<&'static str> {
    if name == "batch" {
        return Some("");
    }
    table().get(name).map(|method| method.scope)
}

/// Answers one request and records it.
pub(crate) fn handle(world: &mut World, incoming: Incoming) -> Outcome {
    let started = world.clock.micros();
    let name = plain_name(&incoming.method);
    let shown = Value::Object(auth::without_auth(&incoming.params));
    let (result, user_id) = run(world, &name, incoming);
    let executed = !matches!(&result, Err(error) if error.before_method);
    let outcome = match result {
        Ok(answer) => Outcome { status: 200, body: answer.into_body() },
        Err(error) => Outcome { status: error.status, body: error.into_body() },
    };
    tracing::debug!(method = %name, status = outcome.status, "REST call");
    world.record_call(RecordedCall {
        method: name,
        params: shown,
        status: outcome.status,
        answer: outcome.body.clone(),
        user_id,
        in_batch: false,
        executed,
        unix: world.now(),
    });
    let mut body = outcome.body;
    if outcome.status == 200 {
        body["time"] = envelope::time(started, world.clock.micros());
    }
    Outcome { status: outcome.status, body }
}

fn run(world: &mut World, name: &str, incoming: Incoming) -> (Reply, i64) {
    if name != "batch" && !table().contains_key(name) {
        tracing::warn!(method = %name, "REST method not found: the portal does not know it, or the emulator does not model it");
        return (Err(RestError::new(404, "ERROR_METHOD_NOT_FOUND", "Method not found!").early()), 0);
    }
    let auth = match auth::authenticate(world, &incoming) {
        Ok(auth) => auth,
        Err(error) => return (Err(error.early()), 0),
    };
    let user_id = auth.user_id;
    world.acting_token = auth::token_of(&incoming).unwrap_or_default();
    if let Some(rounds) = auth.event_rounds {
        world.event_rounds_left = rounds.saturating_sub(1);
    }
    let params = auth::without_auth(&incoming.params);
    if name == "batch" {
        return (batch::run(world, &auth, params), user_id);
    }
    (run_method(world, name, &auth, params), user_id)
}

/// Runs a method of the table for someone whose authorisation is known.
fn run_method(world: &mut World, name: &str, auth: &auth::Auth, params: Map<String, Value>) -> Reply {
    let Some(method) = table().get(name) else {
        return Err(RestError::new(404, "ERROR_METHOD_NOT_FOUND", "Method not found!").early());
    };
    if !method.scope.is_empty() && !auth.scope.iter().any(|scope| scope == method.scope) {
        let text = "The request requires higher privileges than provided by the access token";
        return Err(RestError::new(401, "insufficient_scope", text).early());
    }
    if matches!(auth.kind, auth::AuthKind::OAuth { .. }) && !world.confirmations.is_empty() {
        let token = world.acting_token.clone();
        if let Some(confirmation) = world.confirmations.get_mut(name) {
            confirmation.check(&token).map_err(RestError::early)?;
        }
    }
    let params = match method.case {
        Case::Upper => params.into_iter().map(|(key, value)| (key.to_ascii_uppercase(), value)).collect(),
        Case::Literal => params,
    };
    (method.run)(&mut Call { world, auth: auth.clone(), params })
}

/// A success without a value of its own.
fn yes() -> Reply {
    Ok(Answer::new(json!(true)))
}
