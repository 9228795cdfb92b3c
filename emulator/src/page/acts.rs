//! What one does on the page: the client writes and presses, the operator takes, answers, transfers and closes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use crate::portal::{Client, Portal};
use crate::server::shared::Shared;

const OPERATOR: &str = "Ivan";

#[derive(Deserialize)]
pub(super) struct Saying {
    client: String,
    text: String,
    line: Option<i64>,
}

pub(super) async fn say(State(shared): State<Arc<Shared>>, Json(saying): Json<Saying>) -> Response {
    match client(&shared, &saying.client, saying.line) {
        Ok(client) => Json(json!({"id": client.says(&saying.text).await})).into_response(),
        Err(refusal) => refusal,
    }
}

#[derive(Deserialize)]
pub(super) struct Press {
    client: String,
    line: Option<i64>,
    message: i64,
    button: usize,
    /// The operator who presses; the client if absent.
    operator: Option<String>,
}

pub(super) async fn press(State(shared): State<Arc<Shared>>, Json(press): Json<Press>) -> Response {
    let client = match client(&shared, &press.client, press.line) {
        Ok(client) => client,
        Err(refusal) => return refusal,
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
    client: String,
    line: Option<i64>,
    act: String,
    #[serde(default)]
    text: String,
    /// Who acts.
    operator: Option<String>,
    /// Who gets the dialog; nobody is the queue.
    to: Option<String>,
}

pub(super) async fn operator(State(shared): State<Arc<Shared>>, Json(act): Json<OperatorAct>) -> Response {
    let client = match client(&shared, &act.client, act.line) {
        Ok(client) => client,
        Err(refusal) => return refusal,
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
            let to = act.to.filter(|name| !name.is_empty()).map(|name| portal.operator(&name).user_id());
            shared.hit(|world| match to {
                Some(user_id) => world.transfer_to(chat_id, user_id),
                None => world.to_the_queue(chat_id, operator.user_id()),
            });
        }
        "take" | "finish" | "transfer" => {
            return refused(StatusCode::CONFLICT, "There is no open session.");
        }
        _ => return refused(StatusCode::BAD_REQUEST, "There is no such act."),
    }
    Json(json!({})).into_response()
}

/// The client by name on the line; made on demand, as the portal does when somebody writes.
fn client(shared: &Arc<Shared>, name: &str, line: Option<i64>) -> Result<Client, Response> {
    let line_id = line.unwrap_or(shared.names.line_id);
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(refused(StatusCode::BAD_REQUEST, "A client needs a name of at most 100 characters."));
    }
    if !shared.look(|world| world.lines.contains_key(&line_id)) {
        return Err(refused(StatusCode::NOT_FOUND, "There is no such line."));
    }
    Ok(Portal::new(Arc::clone(shared)).client_on(line_id, name))
}
