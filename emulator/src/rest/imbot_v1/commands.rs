//! Slash commands, v1.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::call::scalar_text;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::bots::own_bot;
use super::messages::parts;
use crate::events::subscriptions::{check_url, with_client_id};
use crate::world::apps::Owner;
use crate::world::bots::Command;
use crate::world::chats::ChatKind;
use crate::world::sending::NewMessage;
use crate::world::take;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imbot.command.register", "imbot", register),
    Method::upper("imbot.command.update", "imbot", update),
    Method::upper("imbot.command.unregister", "imbot", unregister),
    Method::upper("imbot.command.answer", "imbot", answer),
];

fn register(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, true)?;
    let url = call.filled("EVENT_COMMAND_ADD").unwrap_or_default();
    check_url(&url).map_err(|(_, why)| RestError::bad("EVENT_COMMAND_ADD_ERROR", why))?;
    let name = call.text("COMMAND").unwrap_or_default();
    let name = name.trim().trim_start_matches('/').to_owned();
    if name.is_empty() {
        return Err(RestError::bad("COMMAND_ERROR", "Command isn't specified"));
    }
    let titles = titles(call.value("LANG"));
    if titles.is_empty() {
        return Err(RestError::bad("LANG_ERROR", "Lang set can't be empty"));
    }
    let url = match &owner {
        Owner::App(_) => url,
        Owner::Custom(token) => with_client_id(&url, token),
    };
    call.world.bind_v1(&owner, "ONIMCOMMANDADD", &url);
    let known = call.world.commands.values().find(|command| command.bot_id == bot_id && command.name == name);
    if let Some(command) = known {
        return Ok(Answer::new(json!(command.id)));
    }
    let id = take(&mut call.world.next.command);
    let (common, hidden, extranet) = (call.yes("COMMON"), call.yes("HIDDEN"), call.yes("EXTRANET_SUPPORT"));
    call.world.commands.insert(id, Command { id, bot_id, name, common, hidden, extranet, titles });
    Ok(Answer::new(json!(id)))
}

/// `LANG`: titles and parameters by language.
fn titles(value: Option<&Value>) -> BTreeMap<String, (String, String)> {
    let rows: Vec<&Value> = match value {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(map)) => map.values().collect(),
        _ => Vec::new(),
    };
    let text = |row: &Value, name: &str| row.get(name).and_then(scalar_text).unwrap_or_default();
    rows.into_iter()
        .map(|row| (text(row, "LANGUAGE_ID"), (text(row, "TITLE"), text(row, "PARAMS"))))
        .collect()
}

/// The command named by the call if it is the caller's.
fn own_command(call: &Call<'_>, owner: &Owner) -> Result<Command, RestError> {
    let unknown = || RestError::bad("COMMAND_ID_ERROR", "Command not found");
    let name = call.text("COMMAND").unwrap_or_default();
    let name = name.trim_start_matches('/');
    let id = call.int("COMMAND_ID");
    let owned =
        |command: &&Command| call.world.bots.get(&command.bot_id).is_some_and(|bot| bot.owner == *owner);
    if id > 0 {
        let command = call.world.commands.get(&id).ok_or_else(unknown)?;
        return if owned(&command) {
            Ok(command.clone())
        } else {
            Err(RestError::bad("APP_ID_ERROR", "Command was installed by another application"))
        };
    }
    call.world
        .commands
        .values()
        .filter(owned)
        .find(|command| command.name == name)
        .cloned()
        .ok_or_else(unknown)
}

fn update(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let command = own_command(call, &owner)?;
    if call.world.bots.get(&command.bot_id).is_some_and(|bot| bot.fetch) {
        return Err(RestError::bad(
            "FETCH_NOT_SUPPORTED",
            "Bots in fetch mode are updated by imbot.v2 methods",
        ));
    }
    let fields = match call.value("FIELDS") {
        Some(Value::Object(fields)) if !fields.is_empty() => fields.clone(),
        _ => return Err(RestError::bad("WRONG_REQUEST", "Update fields can't be empty")),
    };
    let text = |name: &str| fields.get(name).and_then(scalar_text);
    if let Some(url) = text("EVENT_COMMAND_ADD").filter(|url| !url.is_empty()) {
        check_url(&url).map_err(|(_, why)| RestError::bad("EVENT_COMMAND_ADD_ERROR", why))?;
        let url = match &owner {
            Owner::App(_) => url,
            Owner::Custom(token) => with_client_id(&url, token),
        };
        call.world.bind_v1(&owner, "ONIMCOMMANDADD", &url);
    }
    // The set of languages is replaced, not merged.
    let titles = fields.get("LANG").map(|value| titles(Some(value))).filter(|titles| !titles.is_empty());
    if let Some(command) = call.world.commands.get_mut(&command.id) {
        command.hidden = text("HIDDEN").map_or(command.hidden, |value| value == "Y");
        command.extranet = text("EXTRANET_SUPPORT").map_or(command.extranet, |value| value == "Y");
        command.titles = titles.unwrap_or_else(|| std::mem::take(&mut command.titles));
    }
    super::super::yes()
}

fn unregister(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let command = own_command(call, &owner)?;
    call.world.commands.remove(&command.id);
    super::super::yes()
}

fn answer(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let command = own_command(call, &owner)?;
    let message_id = call.int("MESSAGE_ID");
    if message_id <= 0 {
        return Err(RestError::bad("MESSAGE_ID_EMPTY", "Message id can't be empty"));
    }
    let parts = parts(call, command.bot_id, true)?;
    let chat_id = call.world.messages.get(&message_id).map_or(0, |message| message.chat_id);
    let open = call
        .world
        .answer_until
        .get(&(command.bot_id, chat_id))
        .is_some_and(|until| *until > call.world.now());
    let Some(chat) = call.world.chats.get(&chat_id).filter(|_| open) else {
        // Lapsed: a success that sends nothing.
        return super::super::yes();
    };
    let outside = !chat.members.contains(&command.bot_id);
    let private = chat.kind == ChatKind::Private;
    if let Err(fault) = call.world.may_post(chat_id, command.bot_id)
        && !outside
    {
        return Err(RestError::not_added(fault));
    }
    let new = NewMessage {
        chat_id,
        author_id: command.bot_id,
        text: parts.text,
        keyboard: parts.keyboard,
        attach: parts.attach,
        menu: parts.menu.filter(|_| !private),
        system: outside || call.yes("SYSTEM"),
        skip_command: true,
        ..NewMessage::default()
    };
    let user_id = call.auth.user_id;
    Ok(Answer::new(json!(call.world.post(new, user_id))))
}
