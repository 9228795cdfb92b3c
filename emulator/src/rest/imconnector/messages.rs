//! Messages through a channel: from its clients, about what reached them, and the names of their chats.
//!
//! The trap: keys inside `MESSAGES` count in any case, and a message is named by the channel's own id.

use serde_json::{Map, Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{address, messages, open_channel};
use crate::world::people::UserKind;
use crate::world::sending::NewMessage;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imconnector.send.messages", "imopenlines", send),
    Method::upper("imconnector.update.messages", "imopenlines", update),
    Method::upper("imconnector.delete.messages", "imopenlines", delete),
    Method::upper("imconnector.send.status.delivery", "imopenlines", |call| confirmed(call, false)),
    Method::upper("imconnector.send.status.reading", "imopenlines", |call| confirmed(call, true)),
    Method::upper("imconnector.chat.name.set", "imopenlines", name_chat),
];

/// The method by which messages come in, as tables know it.
pub(in crate::rest) const SEND_LOWER: &str = "imconnector.send.messages";

/// Where the files lie that a call brings in.
pub(in crate::rest) fn addresses(params: &Map<String, Value>) -> Vec<String> {
    let given = params.iter().find(|(name, _)| name.eq_ignore_ascii_case("MESSAGES")).map(|(_, given)| given);
    let messages = given.and_then(super::rows).unwrap_or_default();
    let files = messages.iter().flat_map(|message| files_of(&message["message"]["files"]));
    files.map(|(_, url)| url).collect()
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
    let vote = world.open_for(chat_id, client_id, if files.is_empty() { &text } else { "" });
    let files = files.iter().map(|(name, url)| world.take_in_file(chat_id, client_id, name, url)).collect();
    let (author_id, is_vote) = (client_id, vote.is_some());
    let new = NewMessage { chat_id, author_id, text: text.clone(), files, is_vote, ..NewMessage::default() };
    let external_id = text_at(&message["message"]["id"]);
    // Named before it is posted, so that its events carry the channel's id.
    let id = world.next.message;
    world.connectors.message_ids.insert(id, vec![external_id.clone()]);
    world.post(new, client_id);
    if let Some(vote) = vote {
        world.vote(chat_id, client_id, vote);
    }
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
