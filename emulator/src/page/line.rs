//! The settings of a line, under the names that `imopenlines.config.update` has for them.
//!
//! The trap: days and hours are UTC, whatever the clock on the author's wall says.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::refused;
use crate::rest::line_settings;
use crate::server::shared::Shared;
use crate::world::World;
use crate::world::lines::Line;

/// The settings that the page may change.
const CHANGEABLE: [&str; 25] = [
    "LINE_NAME",
    "ACTIVE",
    "WELCOME_BOT_ENABLE",
    "WELCOME_BOT_ID",
    "WELCOME_BOT_JOIN",
    "WELCOME_BOT_TIME",
    "WELCOME_BOT_LEFT",
    "WELCOME_MESSAGE",
    "WELCOME_MESSAGE_TEXT",
    "QUEUE",
    "QUEUE_TIME",
    "AUTO_CLOSE_TIME",
    "FULL_CLOSE_TIME",
    "CRM",
    "CRM_CREATE",
    "WORKTIME_ENABLE",
    "WORKTIME_FROM",
    "WORKTIME_TO",
    "WORKTIME_DAYOFF",
    "WORKTIME_DAYOFF_RULE",
    "WORKTIME_DAYOFF_TEXT",
    "VOTE_MESSAGE",
    "VOTE_MESSAGE_1_TEXT",
    "VOTE_MESSAGE_2_TEXT",
    "VOTE_CLOSING_DELAY",
];

#[derive(Deserialize)]
pub(super) struct Change {
    line: i64,
    #[serde(default)]
    settings: Map<String, Value>,
    /// Channels to be switched on or off, by code.
    #[serde(default)]
    channels: Map<String, Value>,
}

pub(super) async fn change(State(shared): State<Arc<Shared>>, Json(change): Json<Change>) -> Response {
    if let Some(wrong) = change.settings.keys().find(|name| !CHANGEABLE.contains(&name.as_str())) {
        let text = format!("{} is no setting of this page.", wrong.chars().take(60).collect::<String>());
        return refused(StatusCode::BAD_REQUEST, &text);
    }
    let done = shared.hit(|world| {
        let known: Vec<String> = world.connectors.all().map(|connector| connector.code.clone()).collect();
        let line = world.lines.get_mut(&change.line)?;
        line_settings::apply(line, &change.settings);
        for (code, on) in &change.channels {
            if known.contains(code) {
                line.channels.entry(code.clone()).or_default().active = on.as_bool().unwrap_or(false);
            }
        }
        Some(())
    });
    match done {
        Some(()) => Json(json!({})).into_response(),
        None => refused(StatusCode::NOT_FOUND, "There is no such line."),
    }
}

/// The settings as they stand, with what there is to choose from.
pub(super) fn shown(world: &World, line: &Line) -> Value {
    let all = line_settings::settings(line);
    let settings: Map<String, Value> =
        CHANGEABLE.iter().filter_map(|name| Some(((*name).to_owned(), all.get(*name)?.clone()))).collect();
    let bots = world.bots.values().filter(|bot| bot.openline);
    let channels = world.connectors.all().map(|connector| {
        let on = line.channels.get(&connector.code).is_some_and(|channel| channel.active);
        json!({"code": connector.code, "title": connector.title, "on": on})
    });
    json!({
        "settings": settings,
        "queue": line.queue,
        "bots": bots.map(|bot| json!({"id": bot.id, "name": world.name_of(bot.id)})).collect::<Vec<_>>(),
        "channels": channels.collect::<Vec<_>>(),
    })
}
