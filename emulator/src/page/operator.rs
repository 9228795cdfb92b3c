//! What the operator does on the page: writes, takes, transfers, closes, and the clicks beside that.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::acts::{OPERATOR, client, may_post};
use super::refused;
use super::state::Who;
use crate::portal::{Portal, TransferTo};
use crate::server::shared::Shared;

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
    /// Whether a mode is switched on.
    #[serde(default)]
    on: bool,
}

pub(super) async fn act(State(shared): State<Arc<Shared>>, Json(act): Json<OperatorAct>) -> Response {
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
            if let Err(text) = may_post(&shared, chat_id) {
                return refused(StatusCode::CONFLICT, text);
            }
            operator.says(&client, &act.text).await;
        }
        "silent" => operator.silences(&client, act.on).await,
        "pause" => operator.pauses(act.on).await,
        "take" if open => operator.takes(&client).await,
        "finish" if open => operator.finishes(&client).await,
        "skip" if open => operator.skips(&client).await,
        "spam" if open => operator.marks_spam(&client).await,
        "duplicate" if open => operator.marks_duplicate(&client).await,
        "close_silently" if open => operator.closes_silently(&client).await,
        "pin" if open => operator.pins(&client, act.on).await,
        "transfer" if open => {
            let to = match (act.to, act.to_line) {
                (Some(name), _) => TransferTo::Operator(portal.operator(&name).user_id()),
                (None, Some(line_id)) if takes_dialogs(&shared, line_id) => TransferTo::Line(line_id),
                _ => return refused(StatusCode::NOT_FOUND, "There is no such line, or it is off."),
            };
            operator.transfers(&client, to).await;
        }
        "take" | "finish" | "transfer" | "skip" | "spam" | "duplicate" | "close_silently" | "pin" => {
            return refused(StatusCode::CONFLICT, "There is no open session.");
        }
        _ => return refused(StatusCode::BAD_REQUEST, "There is no such act."),
    }
    Json(json!({})).into_response()
}

fn takes_dialogs(shared: &Shared, line_id: i64) -> bool {
    shared.look(|world| world.lines.get(&line_id).is_some_and(|line| line.active))
}
