//! Who made a call: the webhook or the application, for which user, and as which bot.
//!
//! The trap: it is told from what the portal knows when it is asked; a token that is gone since is an unknown one.

use serde_json::{Map, Value};

use crate::exchanges::{Exchange, Outcome, Request, What};
use crate::form;
use crate::world::World;

const TAKEN: &str = "BOT_CODE_ALREADY_TAKEN";

/// A few words, such as `webhook, bot echo (12)`; empty for the authorisation server.
pub(super) fn of(world: &World, request: &Request) -> String {
    let path = request.target.split('?').next().unwrap_or_default();
    if !path.starts_with("/rest/") {
        return String::new();
    }
    let params = params(request);
    let credential = webhook(world, path).unwrap_or_else(|| application(world, request, &params));
    match bot(world, &params) {
        Some(bot) => format!("{credential}, {bot}"),
        None => credential,
    }
}

/// The code of a registration that was refused because another has it.
pub(super) fn code_taken(exchange: &Exchange, request: &Request) -> Option<String> {
    let (What::Call(_), Outcome::Answered { body, .. }) = (&exchange.what, &exchange.outcome) else {
        return None;
    };
    let answer: Value = if body.windows(TAKEN.len()).any(|part| part == TAKEN.as_bytes()) {
        serde_json::from_slice(body).ok()?
    } else {
        return None;
    };
    let params = params(request);
    let code = params.get("fields").and_then(|fields| fields["code"].as_str());
    code.filter(|_| answer["error"] == TAKEN).map(str::to_owned)
}

fn params(request: &Request) -> Map<String, Value> {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    form::params(query, &request.content_type, &request.body)
}

/// `/rest/USER/CODE/METHOD`.
fn webhook(world: &World, path: &str) -> Option<String> {
    let mut parts = path.trim_start_matches("/rest/").split('/');
    let (user, code, _method) = (parts.next()?, parts.next()?, parts.next()?);
    let user_id: i64 = user.parse().ok()?;
    let known = world.webhooks.iter().any(|hook| hook.user_id == user_id && hook.code == code);
    Some(if known { "webhook".to_owned() } else { "an unknown webhook".to_owned() })
}

fn application(world: &World, request: &Request, params: &Map<String, Value>) -> String {
    let bearer = request.authorization.strip_prefix("Bearer ").map(str::trim);
    let given = |name: &str| params.get(name).and_then(Value::as_str);
    let token = bearer.or_else(|| given("auth")).or_else(|| given("access_token"));
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return "without authorisation".to_owned();
    };
    match world.tokens.access.get(token) {
        Some(access) => format!("application for {}", world.name_of(access.user_id)),
        None => "an unknown token".to_owned(),
    }
}

/// The bot that the call names, or whose token it bears.
fn bot(world: &World, params: &Map<String, Value>) -> Option<String> {
    let named = ["botId", "BOT_ID", "bot_id"].iter().find_map(|name| params.get(*name))?;
    let id = named.as_i64().or_else(|| named.as_str()?.trim().parse().ok())?;
    Some(match world.bots.get(&id) {
        Some(bot) => format!("bot {} ({id})", bot.code),
        None => format!("bot {id}, which is not there"),
    })
}
