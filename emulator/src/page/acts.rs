//! What one does on the page: writing, pressing, and what is done to a message afterwards.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use super::state::{May, Who, find};
use crate::form;
use crate::portal::{Client, Portal};
use crate::record::Vote;
use crate::server::shared::Shared;
use crate::world::files::StoredFile;

pub(super) const OPERATOR: &str = "Ivan";

#[derive(Deserialize)]
pub(super) struct Saying {
    #[serde(flatten)]
    who: Who,
    text: String,
}

pub(super) async fn say(State(shared): State<Arc<Shared>>, Json(saying): Json<Saying>) -> Response {
    match client(&shared, &saying.who) {
        Ok(client) => Json(json!({"id": client.says(&saying.text).await})).into_response(),
        Err((status, text)) => refused(status, text),
    }
}

/// Who sends a file, and under which name; the body is the file.
#[derive(Deserialize)]
pub(super) struct Sending {
    client: String,
    line: Option<i64>,
    connector: Option<String>,
    name: String,
    /// The operator who sends it; the client if absent.
    operator: Option<String>,
}

pub(super) async fn send_file(
    State(shared): State<Arc<Shared>>,
    Query(sending): Query<Sending>,
    content: Bytes,
) -> Response {
    let Sending { client: name, line, connector, name: file, operator } = sending;
    if file.trim().is_empty() || file.chars().count() > 255 {
        return refused(StatusCode::BAD_REQUEST, "A file needs a name of at most 255 characters.");
    }
    let client = match client(&shared, &Who { client: name, line, connector }) {
        Ok(client) => client,
        Err((status, text)) => return refused(status, text),
    };
    if let Err(why) = may_post(&shared, client.chat_id()) {
        return refused(StatusCode::CONFLICT, why);
    }
    let id = match operator {
        None => client.sends_file(&file, content).await,
        Some(operator) => Portal::new(shared).operator(&operator).sends_file(&client, &file, content).await,
    };
    Json(json!({"id": id})).into_response()
}

#[derive(Deserialize)]
pub(super) struct Press {
    #[serde(flatten)]
    who: Who,
    message: i64,
    button: usize,
    /// The operator who presses; the client if absent.
    operator: Option<String>,
    /// An entry of the message's context menu, which only operators have.
    #[serde(default)]
    menu: bool,
}

pub(super) async fn press(State(shared): State<Arc<Shared>>, Json(press): Json<Press>) -> Response {
    let client = match client(&shared, &press.who) {
        Ok(client) => client,
        Err((status, text)) => return refused(status, text),
    };
    let chat_id = client.chat_id();
    let button: Option<Value> = shared.look(|world| {
        let message = world.messages.get(&press.message).filter(|message| message.chat_id == chat_id)?;
        let rows = if press.menu { &message.menu } else { &message.keyboard };
        rows.as_ref()?.as_array()?.get(press.button).cloned()
    });
    let Some(button) = button else {
        return refused(StatusCode::NOT_FOUND, "There is no such button any more.");
    };
    if button["DISABLED"] == "Y" {
        return refused(StatusCode::CONFLICT, "This button is disabled.");
    }
    match press.operator {
        None => client.press(press.message, &button),
        Some(name) => {
            let operator = Portal::new(shared).operator(&name);
            if button["ACTION"] == "SEND" {
                operator.says(&client, button["ACTION_VALUE"].as_str().unwrap_or_default()).await;
            } else if press.menu {
                operator.chooses(press.message, &button);
            } else {
                operator.press(press.message, &button);
            }
        }
    }
    Json(json!({})).into_response()
}

#[derive(Deserialize)]
pub(super) struct Rating {
    #[serde(flatten)]
    who: Who,
    like: bool,
}

/// The client rates the dialog by a button of the request.
pub(super) async fn rate(State(shared): State<Arc<Shared>>, Json(rating): Json<Rating>) -> Response {
    let client = match client(&shared, &rating.who) {
        Ok(client) => client,
        Err((status, text)) => return refused(status, text),
    };
    if client.presses_vote(if rating.like { Vote::Like } else { Vote::Dislike }) {
        Json(json!({})).into_response()
    } else {
        refused(StatusCode::CONFLICT, "Nobody asks for a mark here any more.")
    }
}

#[derive(Deserialize)]
pub(super) struct MessageAct {
    #[serde(flatten)]
    who: Who,
    message: i64,
    /// `edit`, `delete`, `react` or `unreact`.
    act: String,
    /// The new text, or the reaction's code.
    #[serde(default)]
    text: String,
    /// The operator who acts; the client if absent.
    operator: Option<String>,
}

/// Something is done to a message: by the client where the channel can do it, by the operator in the messenger.
pub(super) async fn message(State(shared): State<Arc<Shared>>, Json(act): Json<MessageAct>) -> Response {
    let client = match client(&shared, &act.who) {
        Ok(client) => client,
        Err((status, text)) => return refused(status, text),
    };
    let chat_id = client.chat_id();
    let operator = act.operator.as_deref().map(|name| Portal::new(Arc::clone(&shared)).operator(name));
    let actor = operator.as_ref().map_or(client.user_id(), |operator| operator.user_id());
    let may = shared.look(|world| {
        let message = world.messages.get(&act.message).filter(|message| message.chat_id == chat_id)?;
        Some(May::of(world, message, actor))
    });
    let Some(may) = may else { return refused(StatusCode::NOT_FOUND, "There is no such message.") };
    let allowed = match act.act.as_str() {
        "edit" => may.edit && !act.text.trim().is_empty(),
        "delete" => may.delete,
        "react" | "unreact" => may.react && is_reaction(&act.text),
        _ => return refused(StatusCode::BAD_REQUEST, "There is no such act."),
    };
    if !allowed {
        return refused(StatusCode::CONFLICT, "This cannot be done to this message from here.");
    }
    match (act.act.as_str(), operator) {
        ("edit", None) => client.edits(act.message, &act.text).await,
        ("edit", Some(operator)) => operator.edits(act.message, &act.text).await,
        ("delete", None) => client.deletes(act.message).await,
        ("delete", Some(operator)) => operator.deletes(act.message).await,
        ("react", None) => client.reacts(act.message, &act.text).await,
        ("react", Some(operator)) => operator.reacts(act.message, &act.text).await,
        (_, None) => client.unreacts(act.message, &act.text).await,
        (_, Some(operator)) => operator.unreacts(act.message, &act.text).await,
    }
    Json(json!({})).into_response()
}

/// A code such as `redHeart`.
fn is_reaction(code: &str) -> bool {
    (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A file of a chat, as a download.
pub(super) async fn file(State(shared): State<Arc<Shared>>, Path(id): Path<i64>) -> Response {
    let found = shared.look(|world| world.files.get(id).cloned());
    let Some(StoredFile { name, content, source, .. }) = found else {
        return refused(StatusCode::NOT_FOUND, "There is no such file.");
    };
    if let Some(source) = source.and_then(|source| HeaderValue::from_str(&source).ok()) {
        return (StatusCode::FOUND, [(header::LOCATION, source)]).into_response();
    }
    let disposition = format!("attachment; filename*=utf-8''{}", form::percent(&name).replace('+', "%20"));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, content).into_response()
}

/// Why nothing can be sent into the chat: it is off, or its channel is.
pub(super) fn may_post(shared: &Shared, chat_id: i64) -> Result<(), &'static str> {
    if shared.look(|world| world.channel_is_on(chat_id)) {
        Ok(())
    } else {
        Err("The line or its channel is off: nothing can be sent.")
    }
}

/// The client by name on the line and channel; made on demand, as the portal does when somebody writes.
pub(super) fn client(shared: &Arc<Shared>, who: &Who) -> Result<Client, (StatusCode, &'static str)> {
    let line_id = who.line.unwrap_or(shared.names.line_id);
    let name = who.client.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err((StatusCode::BAD_REQUEST, "A client needs a name of at most 100 characters."));
    }
    let known = shared.look(|world| {
        let line = world.lines.get(&line_id)?;
        let code = who.connector.as_deref().unwrap_or(&line.connector);
        let own = code == line.connector;
        let there = line.channels.contains_key(code) || own;
        there.then(|| (find(world, line, code, name), (!own).then(|| code.to_owned())))
    });
    let user_id = match known {
        None => {
            return Err((StatusCode::NOT_FOUND, "There is no such line, or it has no such channel."));
        }
        Some((Some(user_id), _)) => user_id,
        Some((None, None)) => shared.hit(|world| world.client(name)),
        Some((None, Some(code))) => shared.hit(|world| world.client_on(name, &code)),
    };
    Ok(Portal::new(Arc::clone(shared)).client_at(line_id, user_id))
}
