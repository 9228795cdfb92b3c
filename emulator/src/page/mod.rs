//! The page: one writes as the client and sees the answers live.
//!
//! It is embedded, needs no network and no build. State-changing requests must come from the page itself: a foreign
//! `Origin` is refused.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::portal::Portal;
use crate::record::AuthorKind;
use crate::server::shared::Shared;

const INDEX: &str = include_str!("index.html");

pub(crate) async fn index() -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(INDEX)).into_response()
}

#[derive(Deserialize)]
pub(crate) struct Who {
    client: String,
}

pub(crate) async fn state(State(shared): State<Arc<Shared>>, Query(who): Query<Who>) -> Response {
    let portal = Portal::new(Arc::clone(&shared));
    let client = portal.client(&who.client);
    let chat_id = client.chat_id();
    let messages: Vec<Value> = portal
        .messages(chat_id)
        .into_iter()
        .map(|message| {
            let side = match message.author {
                AuthorKind::Client => "client",
                AuthorKind::Bot => "bot",
                AuthorKind::Operator | AuthorKind::Employee => "operator",
                AuthorKind::System => "system",
            };
            json!({
                "id": message.id,
                "side": side,
                "author": message.author_name,
                "text": message.text,
                "keyboard": message.keyboard,
                "attach": message.attach,
                "edited": message.edited,
                "deleted": message.deleted,
                "internal": message.internal,
                "system": message.system,
                "unix": message.unix,
            })
        })
        .collect();
    let status = portal.session_status(chat_id);
    let leader = portal.session_operator(chat_id).filter(|id| *id > 0);
    let leader = shared.look(|world| leader.map(|id| world.name_of(id)));
    let bots = shared.look(|world| world.bots.values().filter(|bot| bot.openline).count());
    Json(json!({"messages": messages, "status": status, "leader": leader, "bots": bots, "chat": chat_id}))
        .into_response()
}

/// A server-sent event whenever anything changed; the page then asks for the state.
pub(crate) async fn live(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = shared.changed.subscribe();
    let stream = futures_util::stream::unfold(news, |mut news| async move {
        news.changed().await.ok()?;
        let turn = *news.borrow_and_update();
        Some((Ok(Event::default().data(turn.to_string())), news))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

#[derive(Deserialize)]
pub(crate) struct Saying {
    client: String,
    text: String,
}

pub(crate) async fn say(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(saying): Json<Saying>,
) -> Response {
    if let Some(refusal) = foreign(&headers) {
        return refusal;
    }
    let id = Portal::new(shared).client(&saying.client).says(&saying.text).await;
    Json(json!({"id": id})).into_response()
}

#[derive(Deserialize)]
pub(crate) struct Press {
    client: String,
    message: i64,
    button: usize,
}

pub(crate) async fn press(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(press): Json<Press>,
) -> Response {
    if let Some(refusal) = foreign(&headers) {
        return refusal;
    }
    let button = shared.look(|world| {
        let keyboard = world.messages.get(&press.message)?.keyboard.as_ref()?;
        keyboard.as_array()?.get(press.button).cloned()
    });
    let Some(button) = button else {
        return (StatusCode::NOT_FOUND, "There is no such button.").into_response();
    };
    Portal::new(shared).client(&press.client).press(press.message, &button);
    Json(json!({})).into_response()
}

#[derive(Deserialize)]
pub(crate) struct OperatorAct {
    client: String,
    act: String,
    #[serde(default)]
    text: String,
}

pub(crate) async fn operator(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(act): Json<OperatorAct>,
) -> Response {
    if let Some(refusal) = foreign(&headers) {
        return refusal;
    }
    let portal = Portal::new(Arc::clone(&shared));
    let (client, ivan) = (portal.client(&act.client), portal.operator("Ivan"));
    let open = shared.look(|world| world.open_session_id(client_chat(world, &client)).is_some());
    match act.act.as_str() {
        "say" => {
            ivan.says(&client, &act.text).await;
        }
        "take" if open => ivan.takes(&client).await,
        "finish" if open => ivan.finishes(&client).await,
        _ => return (StatusCode::CONFLICT, "There is no open session.").into_response(),
    }
    Json(json!({})).into_response()
}

fn client_chat(world: &crate::world::World, client: &crate::portal::Client) -> i64 {
    let user_id = client.user_id();
    let seat = world.lines.values().find_map(|line| line.seats.get(&user_id));
    seat.map_or(0, |seat| seat.chat_id)
}

/// A refusal for a request that another site's page has made.
fn foreign(headers: &HeaderMap) -> Option<Response> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN)?;
    let host = text(header::HOST).unwrap_or_default();
    let own = origin.split_once("://").is_some_and(|(_, origin)| origin == host);
    (!own).then(|| (StatusCode::FORBIDDEN, "This request comes from another site.").into_response())
}
