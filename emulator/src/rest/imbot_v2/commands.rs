//! `imbot.v2.Command.*`: slash commands.

use serde_json::{Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{field, flag, own_bot, top};
use crate::world::bots::Command;
use crate::world::take;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imbot.v2.Command.register", "imbot", register),
    Method::literal("imbot.v2.Command.list", "imbot", list),
    Method::literal("imbot.v2.Command.unregister", "imbot", unregister),
];

fn register(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let either = |name: &str| field(call, name).or_else(|| top(call, name));
    let name = either("command")
        .and_then(scalar_text)
        .map(|name| name.trim().trim_start_matches('/').to_owned())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| RestError::bad("COMMAND_REQUIRED", "Command is required"))?;
    if name.chars().any(char::is_whitespace) {
        return Err(RestError::bad("COMMAND_NAME_INVALID", "Command name is invalid"));
    }
    let hidden = flag(either("hidden"), false);
    let titled = either("title").is_some_and(|title| match title {
        Value::Object(map) => !map.is_empty(),
        other => scalar_text(other).is_some_and(|text| !text.is_empty()),
    });
    if !hidden && !titled {
        return Err(RestError::bad("COMMAND_TITLE_REQUIRED", "Command title is required"));
    }
    let (common, extranet) = (flag(either("common"), false), flag(either("extranetSupport"), false));
    let known = call
        .world
        .commands
        .values()
        .find(|command| command.bot_id == bot_id && command.name == name)
        .cloned();
    let command = match known {
        Some(command) => command,
        None => {
            let id = take(&mut call.world.next.command);
            let command = Command { id, bot_id, name, common, hidden, extranet };
            call.world.commands.insert(id, command.clone());
            command
        }
    };
    Ok(Answer::new(json!({"command": command.v2()})))
}

fn list(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let commands: Vec<Value> =
        call.world.commands.values().filter(|command| command.bot_id == bot_id).map(Command::v2).collect();
    Ok(Answer::new(json!({"commands": commands})))
}

fn unregister(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let id = top(call, "commandId").map_or(0, loose_int);
    match call.world.commands.get(&id) {
        Some(command) if command.bot_id == bot_id => {
            call.world.commands.remove(&id);
            Ok(Answer::new(json!({"result": true})))
        }
        _ => Err(RestError::bad("COMMAND_NOT_FOUND", "Command not found")),
    }
}
