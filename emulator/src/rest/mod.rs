//! The REST interface: one table of methods, one file a scope.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let root = emulator.portal().app().client_endpoint;
//! let unknown = reqwest::get(format!("{root}no.such.method")).await.unwrap();
//! assert_eq!(unknown.status(), 404, "before anybody asks who it is");
//! let nobody = reqwest::get(format!("{root}profile")).await.unwrap();
//! assert_eq!(nobody.status(), 401);
//! # }
//! ```
//!
//! A call goes: name, authorisation, scope, parameters, method, envelope (protocol 8). A name that is in no table is
//! refused before anything else and is loud in the log: either the bot is wrong or the emulator is incomplete.
//!
//! The trap: an answer of status 200 may still be an error, in the legacy form and in the items of a batch.

pub(crate) mod auth;
mod basics;
mod batch;
mod call;
pub(crate) mod confirm;
mod crm;
mod envelope;
mod event;
mod im_v2;
mod imbot_v1;
mod imbot_v2;
mod imconnector;
mod imopenlines;
mod lists;
mod nearest;
mod offline;
mod pull;
mod system;

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::form;
use crate::record::RecordedCall;
use crate::world::World;
pub use basics::ALL_SCOPES as SCOPES;
pub(crate) use call::{Answer, Call, Case, Method, Reply, RestError, scalar_text};
use system::Stage;
pub use system::SystemRefusal;

/// A line's settings as `imopenlines.config.get` answers them, and as `imopenlines.config.update` writes them.
pub(crate) mod line_settings {
    pub(crate) use super::imopenlines::config::{apply, settings};
}

/// A request after it was read and before it was understood.
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// User and code of an incoming webhook's path.
    pub(crate) webhook: Option<(String, String)>,
    pub(crate) bearer: Option<String>,
    pub(crate) params: Map<String, Value>,
    /// What a fault refuses the call with.
    pub(crate) forced: Option<RestError>,
    /// Files that the call names and that were read for it, by address.
    pub(crate) fetched: HashMap<String, Bytes>,
    /// What there was to say of the request before it was understood.
    pub(crate) remark: Option<String>,
}

/// What an error says that a fault has forced.
pub(crate) const FORCED: &str = "The portal refuses this call.";

/// Status and body of an answer.
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// What the body does not say.
    pub(crate) why: Option<String>,
}

/// The method's name as tables know it: lower case, without `.json` or `.xml`.
pub(crate) fn plain_name(method: &str) -> String {
    let name = method.trim_matches('/').to_ascii_lowercase();
    let bare = name.strip_suffix(".json").or_else(|| name.strip_suffix(".xml"));
    bare.map_or_else(|| name.clone(), str::to_owned)
}

/// How a call without a method is called wherever names are shown.
const NAMELESS: &str = "a call without a method";

/// The method's name as it is shown.
pub(crate) fn name_of(method: &str) -> String {
    Some(plain_name(method)).filter(|name| !name.is_empty()).unwrap_or_else(|| NAMELESS.to_owned())
}

/// What a path below `/rest/` says.
pub(crate) struct Address {
    /// User and code of an incoming webhook. The code is a secret.
    pub(crate) webhook: Option<(String, String)>,
    pub(crate) method: String,
}

impl Address {
    pub(crate) fn of(path: &str) -> Self {
        let path = path.trim_matches('/');
        let mut parts = path.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(user), Some(code), method) if method.is_some() || user.parse::<i64>().is_ok() => Self {
                webhook: Some((user.to_owned(), code.to_owned())),
                method: method.unwrap_or_default().to_owned(),
            },
            _ => Self { webhook: None, method: path.to_owned() },
        }
    }

    /// The method's name as it is shown.
    pub(crate) fn name(&self) -> String {
        name_of(&self.method)
    }
}

fn table() -> &'static HashMap<String, Method> {
    static TABLE: OnceLock<HashMap<String, Method>> = OnceLock::new();
    TABLE.get_or_init(|| {
        [
            basics::METHODS,
            event::METHODS,
            offline::METHODS,
            imbot_v1::bots::METHODS,
            imbot_v1::messages::METHODS,
            imbot_v1::commands::METHODS,
            imbot_v1::chats::METHODS,
            imbot_v1::members::METHODS,
            imbot_v1::dialog::METHODS,
            imbot_v2::bots::METHODS,
            imbot_v2::chats::METHODS,
            imbot_v2::members::METHODS,
            imbot_v2::messages::METHODS,
            imbot_v2::reading::METHODS,
            imbot_v2::files::METHODS,
            imbot_v2::commands::METHODS,
            imbot_v2::events::METHODS,
            im_v2::METHODS,
            crm::entities::METHODS,
            crm::duplicates::METHODS,
            crm::timeline::METHODS,
            imconnector::channel::METHODS,
            imconnector::messages::METHODS,
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

#[cfg(test)]
pub(crate) fn names() -> Vec<String> {
    table().keys().cloned().collect()
}

/// The addresses of the files that a call brings into a channel, if its caller is known; items of a batch included.
pub(crate) fn files_named(world: &World, incoming: &Incoming) -> Vec<String> {
    let name = plain_name(&incoming.method);
    if !matches!(name.as_str(), imconnector::messages::SEND_LOWER | "batch")
        || auth::authenticate(world, incoming).is_err()
    {
        return Vec::new();
    }
    if name == "batch" {
        return batch::items(&incoming.params)
            .into_iter()
            .filter_map(|(_, command)| {
                let (method, query) = command.split_once('?')?;
                (plain_name(method) == imconnector::messages::SEND_LOWER)
                    .then(|| form::decode(query.as_bytes()))
            })
            .flat_map(|params| imconnector::messages::addresses(&params))
            .collect();
    }
    imconnector::messages::addresses(&incoming.params)
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
    let name = name_of(&incoming.method);
    let shown = crate::weight::copy_of(&incoming.params, auth::is_parameter);
    world.operating.begin_hit();
    world.remarks.clear();
    if let Some(remark) = &incoming.remark {
        world.remark(remark);
    }
    let mut caller = Caller::default();
    let result = run(world, &name, incoming, &mut caller);
    world.offline.acting = None;
    world.fetched.clear();
    let executed = !matches!(&result, Err(error) if error.before_method);
    let (status, body) = match result {
        Ok(answer) => (200, answer.into_body()),
        Err(error) => (error.status, error.into_body()),
    };
    let why = world.remarks.take();
    tracing::debug!(method = %name, status, "REST call");
    if let Some(why) = &why {
        tracing::warn!(method = %name, status, %why, "what the answer does not say");
    }
    world.record_call(RecordedCall {
        method: name.clone(),
        params: shown,
        status,
        answer: body.clone(),
        user_id: caller.user_id,
        in_batch: false,
        executed,
        unix: world.now(),
        why: why.clone(),
    });
    let mut body = body;
    if body.get("error").is_none() {
        body["time"] = timed(world, started, &caller.account, &name);
    }
    Outcome { status, body, why }
}

/// Who turned out to be calling.
#[derive(Default)]
struct Caller {
    user_id: i64,
    /// Whose operating time it is.
    account: String,
}

/// The `time` block; `batch` itself has no operating time.
fn timed(world: &mut World, started: i64, account: &str, name: &str) -> Value {
    let mut time = envelope::time(started, world.clock.micros());
    let now = world.now();
    if name != "batch"
        && let Some((reset_at, operating)) = world.operating.report(account, name, now)
    {
        time["operating_reset_at"] = json!(reset_at);
        time["operating"] = json!(operating);
    }
    time
}

/// The refusal that a test wants, if it is due now.
fn refused(world: &World, stage: Stage, auth: Option<&auth::Auth>) -> Result<(), RestError> {
    world.refusal.map_or(Ok(()), |refusal| refusal.due(stage, auth))
}

fn run(world: &mut World, name: &str, incoming: Incoming, caller: &mut Caller) -> Reply {
    refused(world, Stage::Front, None)?;
    if name != "batch" && !table().contains_key(name) {
        return Err(not_found(world, name));
    }
    let auth = auth::authenticate(world, &incoming).map_err(RestError::early)?;
    refused(world, Stage::Auth, Some(&auth))?;
    *caller = Caller { user_id: auth.user_id, account: auth.account() };
    world.acting_token = auth::token_of(&incoming).unwrap_or_default();
    if let Some(rounds) = auth.event_rounds {
        world.event_rounds_left = rounds.saturating_sub(1);
    }
    world.fetched = incoming.fetched;
    world.offline.acting = auth.app().ok().map(|client_id| (client_id.to_owned(), auth.connector.clone()));
    let params = auth::without_auth(incoming.params);
    let forced = incoming.forced;
    let answer = if name == "batch" {
        forced.map_or(Ok(()), Err)?;
        batch::run(world, &auth, params)?
    } else {
        run_method(world, name, &auth, params, forced)?
    };
    refused(world, Stage::After, Some(&auth))?;
    Ok(answer)
}

/// A name that is in no table. It is loud: either the bot is wrong or the emulator is incomplete.
fn not_found(world: &World, name: &str) -> RestError {
    world.remark(if name == NAMELESS {
        "the address ends before the name of a method".to_owned()
    } else {
        let meant = nearest::nearest(name, table().values().map(|method| method.name).chain(["batch"]));
        let meant = meant.map(|known| format!("; did you mean {known}?")).unwrap_or_default();
        format!("the portal does not know this method, or the emulator does not model it{meant}")
    });
    RestError::new(404, "ERROR_METHOD_NOT_FOUND", "Method not found!").early()
}

/// Runs a method of the table for someone whose authorisation is known.
fn run_method(
    world: &mut World,
    name: &str,
    auth: &auth::Auth,
    mut params: Map<String, Value>,
    forced: Option<RestError>,
) -> Reply {
    let Some(method) = table().get(name) else { return Err(not_found(world, name)) };
    if !method.scope.is_empty() && !auth.scope.iter().any(|scope| scope == method.scope) {
        let text = "The request requires higher privileges than provided by the access token";
        world.remark(format!(
            "{} needs the scope {}; the caller has {}",
            method.name,
            method.scope,
            if auth.scope.is_empty() { "none".to_owned() } else { auth.scope.join(", ") }
        ));
        return Err(RestError::new(401, "insufficient_scope", text).early());
    }
    refused(world, Stage::Method, Some(auth))?;
    forced.map_or(Ok(()), Err)?;
    let (account, now) = (auth.account(), world.now());
    if !world.operating.admits(&account, name, now) {
        let text = "Method is blocked due to operation time limit.";
        return Err(RestError::new(429, "OPERATION_TIME_LIMIT", text).early());
    }
    world.operating.count(&account, name, now);
    let start = params.remove("start").map_or(0, |start| call::loose_int(&start));
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
    let reply = (method.run)(&mut Call { world, auth: auth.clone(), params, start });
    if reply.as_ref().is_err_and(|error| error.code == "WRONG_AUTH_TYPE") && auth.app().is_err() {
        world.remark("the method needs an OAuth application, and this call came by webhook");
    }
    reply
}

/// A success without a value of its own.
fn yes() -> Reply {
    Ok(Answer::new(json!(true)))
}
