//! `imconnector.*`: an application brings a channel of its own.
//!
//! Some of these methods refuse by an answer of status 200 that holds `error` beside `result: false`, and
//! `send.messages` has `SUCCESS` and `DATA` in its result. All of them need the application's token.

use serde_json::{Map, Value, json};

use super::call::{loose_int, scalar_text};
use super::{Answer, Call, Method, Reply, RestError};
use crate::world::connectors::{Channel, Connector, Shows};
use crate::world::people::UserKind;
use crate::world::sending::NewMessage;

pub(super) const METHODS: &[Method] = &[
    Method::upper("imconnector.register", "imopenlines", register),
    Method::upper("imconnector.unregister", "imopenlines", unregister),
    Method::upper("imconnector.list", "imopenlines", list),
    Method::upper("imconnector.activate", "imopenlines", activate),
    Method::upper("imconnector.status", "imopenlines", status),
    Method::upper("imconnector.connector.data.set", "imopenlines", data_set),
    Method::upper("imconnector.send.messages", "imopenlines", send),
    Method::upper("imconnector.update.messages", "imopenlines", update),
    Method::upper("imconnector.delete.messages", "imopenlines", delete),
    Method::upper("imconnector.send.status.delivery", "imopenlines", |call| confirmed(call, false)),
    Method::upper("imconnector.send.status.reading", "imopenlines", |call| confirmed(call, true)),
    Method::upper("imconnector.set.error", "imopenlines", set_error),
    Method::upper("imconnector.chat.name.set", "imopenlines", name_chat),
];

/// A refusal in the legacy form: status 200, with the error inside.
fn legacy(code: &str, text: &str) -> Reply {
    Ok(Answer::new(json!({"result": false, "error": code, "error_description": text})))
}

/// The value with all keys of maps turned.
fn turned(value: &Value, turn: fn(&str) -> String) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (turn(key), turned(value, turn))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().map(|value| turned(value, turn)).collect(),
        other => other.clone(),
    }
}

fn register(call: &mut Call<'_>) -> Reply {
    let app = call.auth.app()?.to_owned();
    let params = turned(&Value::Object(call.params.clone()), str::to_ascii_uppercase);
    let filled = |value: &Value| scalar_text(value).filter(|text| !text.is_empty() && text != "0");
    let id = filled(&params["ID"]);
    if id.as_ref().is_some_and(|id| id.contains('.')) {
        return legacy("APPLICATION_REGISTRATION_ERROR_POINT", "The connector ID must not contain a dot");
    }
    let Some(id) = id else { return legacy("CONNECTOR_ID_REQUIRED", "The connector ID is required") };
    let Some(title) = filled(&params["NAME"]) else {
        return legacy("NAME_REQUIRED", "The connector name is required");
    };
    if filled(&params["ICON"]["DATA_IMAGE"]).is_none() {
        return legacy("ICON_REQUIRED", "The connector icon is required");
    }
    if filled(&params["PLACEMENT_HANDLER"]).is_none() {
        return legacy("NO_PLACEMENT_HANDLER", "The settings page of the connector is required");
    }
    let code = id.to_lowercase();
    if call.world.connectors.get(&code).is_some_and(|known| known.app.as_deref() != Some(&app)) {
        return legacy("APPLICATION_REGISTRATION_ERROR", "The connector could not be registered");
    }
    // Everything is allowed unless it was forbidden.
    let allowed = |name: &str| {
        !params
            .get(name)
            .is_some_and(|value| matches!(scalar_text(value).as_deref(), Some("N" | "" | "0" | "false")))
    };
    call.world.connectors.put(Connector {
        code,
        title,
        app: Some(app),
        signs: allowed("NEED_SIGNATURE"),
        shows: Shows { markup: true, files: true, attachments: true, keyboards: false },
        groups: crate::world::is_yes(params.get("CHAT_GROUP")),
        follows_edits: allowed("EDIT_INTERNAL_MESSAGES"),
        follows_deletions: allowed("DEL_INTERNAL_MESSAGES"),
        failing: false,
    });
    Ok(Answer::new(json!({"result": true})))
}

fn unregister(call: &mut Call<'_>) -> Reply {
    let app = call.auth.app()?.to_owned();
    let code = call.text("ID").unwrap_or_default().to_lowercase();
    if call.world.connectors.get(&code).is_none_or(|known| known.app.as_deref() != Some(&app)) {
        return legacy("APPLICATION_UNREGISTRATION_ERROR", "The connector could not be removed");
    }
    call.world.connectors.remove(&code);
    for line in call.world.lines.values_mut() {
        line.channels.remove(&code);
    }
    Ok(Answer::new(json!({"result": true})))
}

fn list(call: &mut Call<'_>) -> Reply {
    call.auth.app()?;
    let all: Map<String, Value> = call
        .world
        .connectors
        .all()
        .map(|connector| (connector.code.clone(), json!(connector.title)))
        .collect();
    Ok(Answer::new(Value::Object(all)))
}

/// Connector and line, both of which must at least be there.
fn address(call: &Call<'_>) -> Result<(String, i64), RestError> {
    call.auth.app()?;
    let code = call.value("CONNECTOR").ok_or_else(|| RestError::missing("CONNECTOR"))?;
    let line = call.value("LINE").ok_or_else(|| RestError::missing("LINE"))?;
    Ok((scalar_text(code).unwrap_or_default().to_lowercase(), loose_int(line)))
}

fn activate(call: &mut Call<'_>) -> Reply {
    let (code, line_id) = address(call)?;
    let active = call.value("ACTIVE").ok_or_else(|| RestError::missing("ACTIVE"))?;
    let on = scalar_text(active).is_some_and(|text| !text.is_empty() && text != "0");
    let caller = call.auth.user_id;
    let app = call.world.connectors.get(&code).and_then(|connector| connector.app.clone());
    let Some(line) = call.world.lines.get_mut(&line_id) else { return Ok(Answer::new(json!(on))) };
    if on {
        let channel = line.channels.entry(code).or_default();
        channel.active = true;
        channel.error = false;
        return super::yes();
    }
    let was_on = line.channels.remove(&code).is_some();
    if let Some(app) = app.filter(|_| was_on) {
        call.world.raise_channel_off(&app, &code, line_id, caller);
    }
    Ok(Answer::new(json!(was_on)))
}

fn status(call: &mut Call<'_>) -> Reply {
    call.auth.app()?;
    let code = call.value("CONNECTOR").ok_or_else(|| RestError::missing("CONNECTOR"))?;
    let code = scalar_text(code).unwrap_or_default().to_lowercase();
    let line_id = call.int("LINE");
    let channel = call.world.lines.get(&line_id).and_then(|line| line.channels.get(&code));
    let (on, error) = channel.map_or((false, false), |channel| (channel.active, channel.error));
    Ok(Answer::new(json!({
        "LINE": line_id,
        "CONNECTOR": code,
        "ERROR": error,
        "CONFIGURED": on,
        "STATUS": on && !error,
    })))
}

fn data_set(call: &mut Call<'_>) -> Reply {
    let (code, line_id) = address(call)?;
    let data = call.value("DATA").ok_or_else(|| RestError::missing("DATA"))?;
    let data = turned(data, str::to_ascii_uppercase);
    if let Some(channel) = call.world.lines.get_mut(&line_id).and_then(|line| line.channels.get_mut(&code)) {
        channel.data.insert("connector_id".to_owned(), json!(code));
        for name in ["ID", "URL", "URL_IM", "NAME"] {
            if let Some(text) = data.get(name).and_then(scalar_text).filter(|text| !text.is_empty()) {
                channel.data.insert(name.to_ascii_lowercase(), json!(text));
            }
        }
    }
    super::yes()
}

/// The messages of a call, with all their keys in lower case.
fn messages(call: &Call<'_>) -> Result<Vec<Value>, RestError> {
    let given = call.value("MESSAGES").ok_or_else(|| RestError::missing("MESSAGES"))?;
    match turned(given, str::to_ascii_lowercase) {
        Value::Array(list) => Ok(list),
        Value::Object(map) => Ok(map.into_iter().map(|(_, value)| value).collect()),
        _ => Err(RestError::wrong_type("MESSAGES")),
    }
}

/// The line's channel that takes messages now.
fn open_channel(call: &Call<'_>, code: &str, line_id: i64) -> Result<(), RestError> {
    if call.world.connectors.get(code).is_none() {
        let text = "Could not find a suitable provider for the connector";
        return Err(RestError::bad("IMCONNECTOR_NO_CORRECT_PROVIDER", text));
    }
    let on = call
        .world
        .lines
        .get(&line_id)
        .is_some_and(|line| line.active && line.channels.get(code).is_some_and(Channel::takes));
    if on {
        Ok(())
    } else {
        Err(RestError::bad("NOT_ACTIVE_LINE", "Line with this ID is inactive or does not exist"))
    }
}

fn send(call: &mut Call<'_>) -> Reply {
    let (code, line_id) = address(call)?;
    let messages = messages(call)?;
    for message in &messages {
        let refuse = |text: &str| Err(RestError::bad("100", text));
        if !message.is_object() {
            return refuse("The MESSAGES parameter must be an array of messages (arrays)");
        }
        if ["user", "message", "chat"].iter().any(|part| message.get(part).is_none_or(Value::is_null)) {
            return refuse("The incorrect structure of a message inside MESSAGES parameter.");
        }
    }
    open_channel(call, &code, line_id)?;
    let mut rows = Vec::new();
    for message in messages {
        rows.push(receive(call, &code, line_id, &message)?);
    }
    Ok(Answer::new(json!({"SUCCESS": true, "DATA": {"RESULT": rows}})))
}

/// Name and address of each file that a message brings; a file without an address is none.
fn files_of(given: &Value) -> Vec<(String, String)> {
    let rows: Vec<&Value> = match given {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(rows) => rows.values().collect(),
        _ => Vec::new(),
    };
    rows.into_iter()
        .filter_map(|row| {
            let url = scalar_text(&row["url"]).filter(|url| url.starts_with("http"))?;
            let path = url.split(['?', '#']).next().unwrap_or_default();
            let last = path.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or("file");
            let name = scalar_text(&row["name"]).filter(|name| !name.trim().is_empty());
            Some((name.unwrap_or_else(|| last.to_owned()), url))
        })
        .collect()
}

/// One message of a client of the channel.
fn receive(call: &mut Call<'_>, code: &str, line_id: i64, message: &Value) -> Result<Value, RestError> {
    let text_at = |value: &Value| scalar_text(value).unwrap_or_default();
    let lacking =
        || RestError::bad("IMCONNECTOR_NOT_ALL_THE_REQUIRED_DATA", "Not all required data has been provided");
    let (external_user, external_chat) = (text_at(&message["user"]["id"]), text_at(&message["chat"]["id"]));
    if external_user.is_empty() || external_chat.is_empty() {
        return Err(lacking());
    }
    let text = text_at(&message["message"]["text"]);
    let files = files_of(&message["message"]["files"]);
    if text.trim().is_empty() && files.is_empty() {
        return Err(lacking());
    }
    let world = &mut *call.world;
    let key = (code.to_owned(), external_user.clone());
    let client_id = match world.connectors.external.get(&key) {
        Some(id) => *id,
        None => {
            let name = |part: &str| text_at(&message["user"][part]);
            let first = Some(name("name")).filter(|name| !name.is_empty());
            let id = world.add_user(
                UserKind::Client,
                &first.unwrap_or_else(|| "Guest".to_owned()),
                &name("last_name"),
            );
            world.connectors.of_client.insert(id, code.to_owned());
            world.connectors.external.insert(key, id);
            id
        }
    };
    let chat_id = world.seat_at(line_id, code, &external_chat, client_id).ok_or_else(lacking)?;
    world.ensure_session(chat_id, client_id);
    let files = files.iter().map(|(name, url)| world.note_file(chat_id, client_id, name, url)).collect();
    let new =
        NewMessage { chat_id, author_id: client_id, text: text.clone(), files, ..NewMessage::default() };
    let external_id = text_at(&message["message"]["id"]);
    // Named before it is posted, so that its events carry the channel's id.
    let id = world.next.message;
    world.connectors.message_ids.insert(id, vec![external_id.clone()]);
    world.post(new, client_id);
    let session = world.last_session(chat_id).map_or(0, |session| session.id);
    Ok(json!({
        "user": client_id.to_string(),
        "message": {"id": external_id, "date": {}, "text": text},
        "chat": message["chat"],
        "SUCCESS": true,
        "session": {"ID": session.to_string(), "CHAT_ID": chat_id.to_string()},
    }))
}

/// The portal's message with this id of the channel.
fn known_message(call: &Call<'_>, code: &str, message: &Value) -> Option<i64> {
    let wanted = scalar_text(&message["message"]["id"])?;
    let of_channel = |id: i64| {
        let chat_id = call.world.messages.get(&id).map_or(0, |message| message.chat_id);
        call.world.connector_of(chat_id).is_some_and(|connector| connector.code == code)
    };
    let ids = &call.world.connectors.message_ids;
    ids.iter().find(|(id, own)| own.contains(&wanted) && of_channel(**id)).map(|(id, _)| *id)
}

fn update(call: &mut Call<'_>) -> Reply {
    change(call, |call, id, message| {
        let author = call.world.messages.get(&id).map_or(0, |message| message.author_id);
        let text = scalar_text(&message["message"]["text"]).unwrap_or_default();
        !text.is_empty() && call.world.edit(id, &text, author)
    })
}

fn delete(call: &mut Call<'_>) -> Reply {
    change(call, |call, id, _| {
        let author = call.world.messages.get(&id).map_or(0, |message| message.author_id);
        call.world.delete(id, author)
    })
}

fn change(call: &mut Call<'_>, change: fn(&mut Call<'_>, i64, &Value) -> bool) -> Reply {
    let (code, line_id) = address(call)?;
    let messages = messages(call)?;
    open_channel(call, &code, line_id)?;
    let mut rows = Vec::new();
    for mut message in messages {
        let done = known_message(call, &code, &message).is_some_and(|id| change(call, id, &message));
        if message.is_object() {
            message["SUCCESS"] = json!(done);
        }
        rows.push(message);
    }
    Ok(Answer::new(json!({"SUCCESS": true, "DATA": {"RESULT": rows}})))
}

/// The channel is out of order: it takes no messages until it is switched on again.
fn set_error(call: &mut Call<'_>) -> Reply {
    let (code, line_id) = address(call)?;
    let channel = call.world.lines.get_mut(&line_id).and_then(|line| line.channels.get_mut(&code));
    Ok(Answer::new(json!(channel.map(|channel| channel.error = true).is_some())))
}

/// Gives the line's chat of a dialog of the channel another name, as long as its session is open.
fn name_chat(call: &mut Call<'_>) -> Reply {
    let (code, line_id) = address(call)?;
    let filled = |name: &str| call.filled(name).ok_or_else(|| RestError::missing(name));
    let (external_chat, name) = (filled("CHAT_ID")?, filled("NAME")?);
    let groups = call.world.connectors.get(&code).is_some_and(|connector| connector.groups);
    let user = if groups { None } else { Some(filled("USER_ID")?) };
    open_channel(call, &code, line_id)?;
    let accepted = || Ok(Answer::new(json!({"SUCCESS": true, "DATA": {"RESULT": {}}})));
    let client_id = match user {
        None => None,
        Some(user) => match call.world.connectors.external.get(&(code.clone(), user)) {
            Some(id) => Some(*id),
            // Nobody of that id: it is taken for done.
            None => return accepted(),
        },
    };
    let wanted = format!("{code}|{line_id}|{external_chat}|");
    let chat_id = call.world.chats.values().find_map(|chat| {
        let user = chat.entity_id.strip_prefix(&wanted)?;
        client_id.is_none_or(|id| user == id.to_string()).then_some(chat.id)
    });
    let open = chat_id.filter(|id| call.world.open_session_id(*id).is_some());
    let chat = open.and_then(|id| call.world.chats.get_mut(&id));
    let chat = chat.ok_or_else(|| RestError::bad("CHAT_RENAMING_FAILED", "Chat renaming failed"))?;
    chat.title = name;
    accepted()
}

/// The channel confirms messages of operators and bots, and names them: they were delivered, or even read.
fn confirmed(call: &mut Call<'_>, read: bool) -> Reply {
    let (code, line_id) = address(call)?;
    let messages = messages(call)?;
    open_channel(call, &code, line_id)?;
    for message in &messages {
        let id = message["im"].get("message_id").map_or(0, loose_int);
        let chat_id = call.world.messages.get(&id).map_or(0, |message| message.chat_id);
        if call.world.connector_of(chat_id).is_none_or(|connector| connector.code != code) {
            continue;
        }
        let ids: Vec<String> = match &message["message"]["id"] {
            Value::Array(ids) => ids.iter().filter_map(scalar_text).collect(),
            Value::Object(ids) => ids.values().filter_map(scalar_text).collect(),
            id => scalar_text(id).into_iter().collect(),
        };
        if !ids.is_empty() {
            call.world.connectors.message_ids.insert(id, ids);
        }
        let seen = call.world.seen.get_mut(&chat_id);
        for seen in seen.into_iter().flatten().filter(|seen| seen.id == id) {
            seen.delivered = true;
            seen.read |= read;
        }
    }
    Ok(Answer::new(json!({"SUCCESS": true, "DATA": {"RESULT": messages}})))
}
