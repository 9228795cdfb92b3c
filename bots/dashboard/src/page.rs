//! The page, and what it asks for.
//!
//! **Trap:** whoever knows the address may ask. Each request brings the user's access token, and the portal says whose it is.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use openlines::{
    app::{Desks, Visitor},
    dispatch::Holder,
    prelude::*,
    rest::CallErrorKind,
    rest::methods::imopenlines::{OperatorAnswer, SessionIntercept},
    wire::ChatId,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Settings, board::Board};

pub(crate) const HTML: &str = include_str!("../page/dashboard.html");
const SCRIPT: &str = include_str!("../page/dashboard.js");
const STYLE: &str = include_str!("../page/dashboard.css");

/// Nothing but our own files; RT events come from a server of the portal's. Plain HTTP is a portal on this machine.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; \
    connect-src 'self' https: wss: http://127.0.0.1:* ws://127.0.0.1:*; frame-ancestors https: http://127.0.0.1:*";

struct Desk {
    board: Arc<Board>,
    settings: Settings,
    desks: Desks,
}

/// Why the page gets nothing.
type Refusal = (StatusCode, Json<Value>);

/// What a page asks: on which portal, of which dialog, and what it has seen.
#[derive(Debug, Deserialize)]
struct Asked {
    member: String,
    #[serde(default)]
    chat: ChatId,
    life: Option<i64>,
    rev: Option<u64>,
}

pub(crate) fn routes(board: Arc<Board>, settings: Settings, desks: Desks) -> Router {
    let file = |kind, text: &'static str| get(async move || ([(header::CONTENT_TYPE, kind)], text));
    Router::new()
        .route("/dashboard/dashboard.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/dashboard/dashboard.css", file("text/css; charset=utf-8", STYLE))
        .route("/dashboard/news", get(news))
        .route("/dashboard/{button}", post(press))
        .with_state(Arc::new(Desk { board, settings, desks }))
}

async fn news(
    State(desk): State<Arc<Desk>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let visitor = desk.supervisor(&asked.member, &headers).await?;
    let news = desk.board.look(visitor.portal(), visitor.user(), asked.life.zip(asked.rev));
    let told = json!({"news": news, "you": visitor.user(), "late_seconds": desk.settings.late_seconds});
    // For one user, and for nobody on the way to keep.
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(told)))
}

/// `take`: the supervisor takes the dialog over, by their own right; `return`: the bot has it again.
async fn press(
    State(desk): State<Arc<Desk>>,
    Path(button): Path<String>,
    headers: HeaderMap,
    Json(Asked { member, chat, .. }): Json<Asked>,
) -> Result<Json<Value>, Refusal> {
    let visitor = desk.supervisor(&member, &headers).await?;
    let told = match (button.as_str(), desk.board.holder(visitor.portal(), chat)) {
        (_, None) => return Err(refusal(StatusCode::CONFLICT, "This dialog is over.")),
        ("return", _) => visitor.desk().take_back(&DialogId::of_chat(chat)).await,
        ("take", Some(holder)) => {
            let taken = match holder {
                Holder::Waiting => visitor.call(&OperatorAnswer::new(chat)).await,
                _ => visitor.call(&SessionIntercept::new(chat)).await,
            };
            let why = "The portal does not let you take this dialog over";
            taken.map_err(|error| refusal(StatusCode::CONFLICT, format!("{why}: {error}")))?;
            // The portal tells no bot of a click.
            visitor.desk().taken_over(&DialogId::of_chat(chat), visitor.user()).await
        }
        _ => return Err(refusal(StatusCode::NOT_FOUND, "There is no such button.")),
    };
    let why = "The bot could not be told";
    told.map_err(|error| refusal(StatusCode::SERVICE_UNAVAILABLE, format!("{why}: {error}")))?;
    Ok(Json(json!({})))
}

impl Desk {
    /// The user whose token it is, if that one may look.
    async fn supervisor(&self, member: &str, headers: &HeaderMap) -> Result<Visitor, Refusal> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = bearer.and_then(|bearer| bearer.strip_prefix("Bearer "));
        let nobody = || refusal(StatusCode::UNAUTHORIZED, "Open this page from the portal.");
        let token = token.ok_or_else(nobody)?;
        let visitor = self.desks.visitor(member, token.to_owned()).await.map_err(|error| {
            let status = match error.kind() {
                CallErrorKind::Unauthorised => StatusCode::UNAUTHORIZED,
                CallErrorKind::BadParams => StatusCode::FORBIDDEN,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            refusal(status, format!("The portal does not say who you are: {error}"))
        })?;
        let user = visitor.user();
        if self.settings.allow(user, visitor.is_admin()) {
            return Ok(visitor);
        }
        tracing::info!(portal = %visitor.portal(), %user, "somebody who may not see the dialogs opened the dashboard");
        let why = format!(
            "Clients' dialogs are shown to supervisors only, and you (user {user}) are none here. Ask whoever runs the bot to add you to `supervisors` in dashboard.toml."
        );
        Err(refusal(StatusCode::FORBIDDEN, why))
    }
}

fn refusal(status: StatusCode, why: impl Into<String>) -> Refusal {
    (status, Json(json!({"error": why.into()})))
}
