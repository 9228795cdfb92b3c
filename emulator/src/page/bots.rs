//! The bots of the portal on the page: whose they are, whether their handlers answer, and their removal.
//!
//! The trap: a code belongs to whoever registered it first. A bot that is started another way is refused with
//! `BOT_CODE_ALREADY_TAKEN` until an administrator removes the one before.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use crate::record::without_query;
use crate::server::shared::Shared;
use crate::world::World;
use crate::world::apps::Owner;
use crate::world::bots::{Bot, BotKind};

#[derive(Deserialize)]
pub(super) struct Removal {
    id: i64,
}

/// Removes a bot as the portal's administrator does: it gets its delete event, and leaves lines and chats; its
/// open dialogs wait for an operator.
pub(super) async fn remove(State(shared): State<Arc<Shared>>, Json(removal): Json<Removal>) -> Response {
    let admin = shared.names.admin;
    let there = shared.hit(|world| {
        let own = world.bots.get(&removal.id).is_some_and(|bot| bot.kind != BotKind::Network);
        if own {
            for chat_id in led_by(world, removal.id) {
                world.hand_over(chat_id, admin);
            }
            world.unregister_bot(removal.id, admin);
        }
        own
    });
    if there {
        Json(json!({})).into_response()
    } else {
        refused(StatusCode::NOT_FOUND, "There is no such bot.")
    }
}

/// The chats whose open session the bot leads: nobody would answer in them.
fn led_by(world: &World, bot_id: i64) -> Vec<i64> {
    let chats = world.chats.keys().copied();
    chats
        .filter(|chat_id| {
            world.last_session(*chat_id).is_some_and(|last| last.is_open() && last.operator_id == bot_id)
        })
        .collect()
}

/// The bots of the portal, but for those of network lines.
pub(super) fn shown(shared: &Shared) -> Vec<Value> {
    let rows: Vec<(Value, Vec<String>)> = shared.look(|world| {
        let own = world.bots.values().filter(|bot| bot.kind != BotKind::Network);
        own.map(|bot| (row(world, bot), handlers(world, bot))).collect()
    });
    rows.into_iter()
        .map(|(mut row, handlers)| {
            let silent = shared
                .deliveries
                .silent_since(|delivery| handlers.iter().any(|url| url == without_query(&delivery.url)));
            if let Some((since, why)) = silent {
                row["silent"] = json!({"since": since, "why": why});
            }
            row["handlers"] = json!(handlers);
            row
        })
        .collect()
}

fn row(world: &World, bot: &Bot) -> Value {
    json!({
        "id": bot.id,
        "name": world.name_of(bot.id),
        "code": bot.code,
        "lines": bot.openline,
        "fetch": bot.fetch,
        "by": if matches!(bot.owner, Owner::App(_)) { "application" } else { "webhook" },
    })
}

/// Where the bot hears its events, without queries, which can hold secrets.
fn handlers(world: &World, bot: &Bot) -> Vec<String> {
    let mut urls: Vec<String> = world
        .handlers
        .iter()
        .filter(|row| {
            row.event.starts_with("ONIMBOT") && row.owner.bots(&row.url).as_ref() == Some(&bot.owner)
        })
        .map(|row| without_query(&row.url).to_owned())
        .collect();
    urls.sort();
    urls.dedup();
    urls
}
