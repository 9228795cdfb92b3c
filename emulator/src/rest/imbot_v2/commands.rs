//! `imbot.v2.Command.*`: slash commands.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{field, field_text, flag, own_bot, top};
use crate::world::bots::Command;
use crate::world::chats::ChatKind;
use crate::world::content;
use crate::world::sending::NewMessage;
use crate::world::take;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imbot.v2.Command.register", "imbot", register),
    Method::literal("imbot.v2.Command.update", "imbot", update),
    Method::literal("imbot.v2.Command.answer", "imbot", answer),
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
    let (title, params) = (either("title").cloned(), either("params").cloned());
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
            let mut titles = BTreeMap::new();
            merge(&mut titles, title.as_ref(), false);
            merge(&mut titles, params.as_ref(), true);
            let command = Command { id, bot_id, name, common, hidden, extranet, titles };
            call.world.commands.insert(id, command.clone());
            command
        }
    };
    Ok(Answer::new(json!({"command": command.v2()})))
}

/// Writes titles or parameters by language; null takes a language out.
fn merge(titles: &mut BTreeMap<String, (String, String)>, given: Option<&Value>, params: bool) {
    let Some(Value::Object(map)) = given else { return };
    for (language, text) in map {
        match scalar_text(text) {
            Some(text) => {
                let row = titles.entry(language.clone()).or_default();
                *(if params { &mut row.1 } else { &mut row.0 }) = text;
            }
            None if text.is_null() && !params => {
                titles.remove(language);
            }
            None => {}
        }
    }
}

/// The command of `commandId`, which must be the bot's.
fn own_command(call: &Call<'_>, bot_id: i64) -> Result<i64, RestError> {
    let id = top(call, "commandId").map_or(0, loose_int);
    match call.world.commands.get(&id) {
        Some(command) if command.bot_id == bot_id => Ok(id),
        _ => Err(RestError::bad("COMMAND_NOT_FOUND", "Command not found")),
    }
}

fn update(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let id = own_command(call, bot_id)?;
    let either = |name: &str| field(call, name).or_else(|| top(call, name)).cloned();
    let name = either("command").map(|name| scalar_text(&name).unwrap_or_default());
    let name = name.map(|name| name.trim().trim_start_matches('/').to_owned());
    if name.as_deref() == Some("") {
        return Err(RestError::bad("COMMAND_NAME_EMPTY", "Command name can't be empty"));
    }
    let taken = |name: &String| {
        call.world
            .commands
            .values()
            .any(|other| other.bot_id == bot_id && other.name == *name && other.id != id)
    };
    if name.as_ref().is_some_and(taken) {
        return Err(RestError::bad("COMMAND_ALREADY_EXISTS", "The bot has this command already"));
    }
    let (title, params) = (either("title"), either("params"));
    if title.as_ref().is_some_and(|title| !title.is_object()) {
        return Err(RestError::bad("COMMAND_TITLE_INVALID", "Title must be a map of languages"));
    }
    let given = |name: &str| either(name).map(|value| flag(Some(&value), false));
    let (common, hidden, extranet) = (given("common"), given("hidden"), given("extranetSupport"));
    let Some(command) = call.world.commands.get_mut(&id) else {
        return Err(RestError::bad("COMMAND_NOT_FOUND", "Command not found"));
    };
    command.name = name.unwrap_or_else(|| std::mem::take(&mut command.name));
    command.common = common.unwrap_or(command.common);
    command.hidden = hidden.unwrap_or(command.hidden);
    command.extranet = extranet.unwrap_or(command.extranet);
    merge(&mut command.titles, title.as_ref(), false);
    merge(&mut command.titles, params.as_ref(), true);
    Ok(Answer::new(json!({"command": command.v2()})))
}

/// Answers a command. What is invalid of attachment, keyboard and menu is dropped without a word, and ten minutes
/// after the command the whole answer is.
fn answer(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    own_command(call, bot_id)?;
    let message_id = top(call, "messageId").map_or(0, loose_int);
    let failed = || RestError::bad("COMMAND_ANSWER_FAILED", "The command could not be answered");
    let chat_id = call.world.messages.get(&message_id).map(|message| message.chat_id).ok_or_else(failed)?;
    let dialog = top(call, "dialogId").and_then(scalar_text);
    if let Some(dialog) = dialog.filter(|dialog| !dialog.is_empty()) {
        let named = super::super::imbot_v1::messages::chat_of_dialog(call, bot_id, &dialog);
        if named != Some(chat_id) {
            return Err(failed());
        }
    }
    let now = call.world.now();
    // The full form of each only, the keyboard and the menu with their own bot.
    let whole = |name: &str| field(call, name).filter(|value| value.get("BLOCKS").is_some());
    let bot_of = |name: &str| field(call, name).and_then(|value| value.get("BOT_ID")).map_or(0, loose_int);
    let attach = content::attach(whole("attach"), now, &call.world.remarks).unwrap_or_default();
    let keyboard = content::keyboard(field(call, "keyboard"), bot_of("keyboard"), &call.world.remarks)
        .unwrap_or_default();
    let menu = content::menu(field(call, "menu"), bot_of("menu"), &call.world.remarks).unwrap_or_default();
    let text = field_text(call, "message").unwrap_or_default();
    if text.trim().is_empty() && attach.is_none() {
        return Err(failed());
    }
    let open = call.world.answer_until.get(&(bot_id, chat_id)).is_some_and(|until| *until > now);
    let Some(chat) = call.world.chats.get(&chat_id).filter(|_| open) else { return super::done() };
    let outside = !chat.members.contains(&bot_id);
    let private = chat.kind == ChatKind::Private;
    if !outside && call.world.may_post(chat_id, bot_id).is_err() {
        return Err(failed());
    }
    let new = NewMessage {
        chat_id,
        author_id: bot_id,
        text,
        keyboard,
        attach,
        menu: menu.filter(|_| !private),
        system: outside || flag(field(call, "system"), false),
        skip_command: true,
        ..NewMessage::default()
    };
    let user_id = call.auth.user_id;
    call.world.post(new, user_id);
    super::done()
}

fn list(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let commands: Vec<Value> =
        call.world.commands.values().filter(|command| command.bot_id == bot_id).map(Command::v2).collect();
    Ok(Answer::new(json!({"commands": commands})))
}

fn unregister(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let id = own_command(call, bot_id)?;
    call.world.commands.remove(&id);
    super::done()
}
