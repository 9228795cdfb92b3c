//! `imbot.v2.*`, the second generation of bot methods (protocol 4.8). All errors are HTTP 400.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! let register = format!("{}imbot.v2.Bot.register", portal.webhook_url());
//! let bot = serde_json::json!({"code": "helper", "type": "openline", "properties": {"name": "Helper"}});
//! let params = serde_json::json!({"botToken": "own", "fields": bot});
//! let answer = reqwest::Client::new().post(register).json(&params).send().await.unwrap();
//! let body: serde_json::Value = answer.json().await.unwrap();
//! assert_eq!(body["result"]["bot"]["eventMode"], "fetch");
//! # }
//! ```
//!
//! The trap: a webhook bot hears nothing unless its handler address carries `CLIENT_ID=` with its token.

pub(super) mod bots;
pub(super) mod chats;
pub(super) mod commands;
pub(super) mod events;
pub(super) mod files;
pub(super) mod members;
pub(super) mod messages;
pub(super) mod reading;

use serde_json::{Value, json};

use super::call::{loose_int, scalar_text};
use super::{Answer, Call, Reply, RestError};
use crate::rest::auth::AuthKind;
use crate::world::apps::Owner;
use crate::world::chats::ChatKind;

/// Characters of a bot token.
const LONGEST_TOKEN: usize = 40;

/// Whose bots the caller may act as: the token's application, or `botToken`.
fn owner(call: &Call<'_>) -> Result<Owner, RestError> {
    if let AuthKind::OAuth { client_id } = &call.auth.kind {
        return Ok(Owner::App(client_id.clone()));
    }
    ["botToken", "BOT_TOKEN", "clientId", "CLIENT_ID"]
        .iter()
        .find_map(|name| call.filled(name))
        .or_else(|| field(call, "botToken").and_then(scalar_text).filter(|token| !token.is_empty()))
        .map(|token| match token.chars().count() {
            ..=LONGEST_TOKEN => Ok(Owner::Custom(token)),
            _ => Err(RestError::bad("BOT_TOKEN_INVALID_LENGTH", "Bot token is longer than 40 characters")),
        })
        .ok_or_else(|| RestError::bad("BOT_TOKEN_NOT_SPECIFIED", "Bot token is not specified"))?
}

/// A value of `fields`, in camelCase or UPPER_SNAKE.
fn field<'c>(call: &'c Call<'_>, name: &str) -> Option<&'c Value> {
    let fields = call.params.get("fields").or_else(|| call.params.get("FIELDS"))?;
    fields.get(name).or_else(|| fields.get(upper_snake(name))).filter(|value| !value.is_null())
}

fn field_text(call: &Call<'_>, name: &str) -> Option<String> {
    field(call, name).and_then(scalar_text)
}

/// A top-level value, in camelCase or UPPER_SNAKE.
fn top<'c>(call: &'c Call<'_>, name: &str) -> Option<&'c Value> {
    call.value(name).or_else(|| call.value(&upper_snake(name)))
}

fn upper_snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

/// A loose boolean: true/false, `Y`/`N`, 1/0, "true".
fn flag(value: Option<&Value>, default: bool) -> bool {
    value.map_or(default, |value| crate::world::is_yes(Some(value)))
}

/// The caller's bot named by `botId`.
fn own_bot(call: &Call<'_>) -> Result<i64, RestError> {
    let owner = owner(call)?;
    let id = top(call, "botId")
        .map(loose_int)
        .filter(|id| *id > 0)
        .ok_or_else(|| RestError::bad("BOT_ID_REQUIRED", "Bot id is required"))?;
    let bot = call.world.bots.get(&id).ok_or_else(|| RestError::bad("BOT_NOT_FOUND", "Bot not found"))?;
    if bot.owner == owner {
        Ok(id)
    } else {
        call.remark_on_owner(&owner, id);
        Err(RestError::bad("BOT_OWNERSHIP_ERROR", "The bot belongs to another application"))
    }
}

/// The chat of `dialogId` as the bot may see it.
fn dialog_chat(call: &mut Call<'_>, bot_id: i64) -> Result<i64, RestError> {
    let dialog = top(call, "dialogId").and_then(scalar_text).unwrap_or_default();
    let chat_id = super::imbot_v1::messages::chat_of_dialog(call, bot_id, &dialog).unwrap_or(0);
    let not_found = || RestError::bad("CHAT_NOT_FOUND", "Chat not found");
    let chat = call.world.chats.get(&chat_id).ok_or_else(not_found)?;
    if chat.members.contains(&bot_id) { Ok(chat_id) } else { Err(denied()) }
}

/// The same, and no private dialog.
fn group_chat(call: &mut Call<'_>, bot_id: i64) -> Result<i64, RestError> {
    let chat_id = dialog_chat(call, bot_id)?;
    if call.world.chats.get(&chat_id).is_some_and(|chat| chat.kind == ChatKind::Private) {
        return Err(RestError::bad("WRONG_MESSAGE_TYPE", "The method is not for private dialogs"));
    }
    Ok(chat_id)
}

fn denied() -> RestError {
    RestError::bad("ACCESS_DENIED", "Access denied")
}

/// A success of a method that has nothing to tell.
fn done() -> Reply {
    Ok(Answer::new(json!({"result": true})))
}

/// A list of numbers above 0, or a single one.
fn numbers(value: Option<&Value>) -> Vec<i64> {
    let all: Vec<i64> = match value {
        Some(Value::Array(list)) => list.iter().map(loose_int).collect(),
        Some(Value::Object(map)) => map.values().map(loose_int).collect(),
        Some(single) => vec![loose_int(single)],
        None => Vec::new(),
    };
    all.into_iter().filter(|id| *id > 0).collect()
}

/// An empty value or `N`, which removes what was there.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || text == "N",
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}
