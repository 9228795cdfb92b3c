//! What one does on the page: the client writes and presses, the operator takes, answers, transfers and closes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use super::state::{Who, find};
use crate::portal::{Client, Portal, TransferTo};
use crate::server::shared::Shared;

const OPERATOR: &str = "Ivan";

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

#[derive(Deserialize)]
pub(super) struct Press {
    #[serde(flatten)]
    who: Who,
    message: i64,
    button: usize,
    /// The operator who presses; the client if absent.
    operator: Option<String>,
}

pub(super) async fn press(State(shared): State<Arc<Shared>>, Json(press): Json<Press>) -> Response {
    let client = match client(&shared, &press.who) {
        Ok(client) => client,
        Err((status, text)) => return refused(status, text),
    };
    let chat_id = client.chat_id();
    let button: Option<Value> = shared.look(|world| {
        let message = world.messages.get(&press.message).filter(|message| message.chat_id == chat_id)?;
        message.keyboard.as_ref()?.as_array()?.get(press.button).cloned()
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
            } else {
                operator.press(press.message, &button);
            }
        }
    }
    Json(json!({})).into_response()
}

#[derive(Deserialize)]
pub(super) struct OperatorAct {
    #[serde(flatten)]
    who: Who,
    act: String,
    #[serde(default)]
    text: String,
    /// Who acts.
    operator: Option<String>,
    /// Who gets the dialog.
    to: Option<String>,
    /// Or whose queue.
    to_line: Option<i64>,
}

pub(super) async fn operator(State(shared): State<Arc<Shared>>, Json(act): Json<OperatorAct>) -> Response {
    let client = match client(&shared, &act.who) {
        Ok(client) => client,
        Err((status, text)) => return refused(status, text),
    };
    let portal = Portal::new(Arc::clone(&shared));
    let operator = portal.operator(act.operator.as_deref().unwrap_or(OPERATOR));
    let chat_id = client.chat_id();
    let open = shared.look(|world| world.open_session_id(chat_id).is_some());
    match act.act.as_str() {
        "say" if act.text.trim().is_empty() => {
            return refused(StatusCode::BAD_REQUEST, "There is nothing to say.");
        }
        "say" => {
            operator.says(&client, &act.text).await;
        }
        "take" if open => operator.takes(&client).await,
        "finish" if open => operator.finishes(&client).await,
        "transfer" if open => {
            let to = match (act.to, act.to_line) {
                (Some(name), _) => TransferTo::Operator(portal.operator(&name).user_id()),
                (None, Some(line_id)) if shared.look(|world| world.lines.contains_key(&line_id)) => {
                    TransferTo::Line(line_id)
                }
                _ => return refused(StatusCode::NOT_FOUND, "There is no such line."),
            };
            operator.transfers(&client, to).await;
        }
        "take" | "finish" | "transfer" => {
            return refused(StatusCode::CONFLICT, "There is no open session.");
        }
        _ => return refused(StatusCode::BAD_REQUEST, "There is no such act."),
    }
    Json(json!({})).into_response()
}

/// The client by name on the line and channel; made on demand, as the portal does when somebody writes.
fn client(shared: &Arc<Shared>, who: &Who) -> Result<Client, (StatusCode, &'static str)> {
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
