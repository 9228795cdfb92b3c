//! What the page shows of the portal: lines with their clients, the chosen dialog, people, bots, switches.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults;
use crate::record::AuthorKind;
use crate::server::shared::Shared;
use crate::world::World;
use crate::world::lines::Line;
use crate::world::messages::Message;
use crate::world::people::UserKind;

/// Messages of the chosen dialog that are shown; older ones are left out.
const SHOWN: usize = 500;

/// Which dialog the page looks at.
#[derive(Deserialize)]
pub(super) struct Chosen {
    client: String,
    /// The portal's own line if absent.
    line: Option<i64>,
}

/// Looks without touching: a client that has not written yet does not come into being.
pub(super) async fn state(State(shared): State<Arc<Shared>>, Query(chosen): Query<Chosen>) -> Json<Value> {
    let line_id = chosen.line.unwrap_or(shared.names.line_id);
    let names = &shared.names;
    let mut shown = shared.look(|world| {
        let client = world.find_user(UserKind::Client, &chosen.client);
        let seat = client.and_then(|id| world.lines.get(&line_id)?.seats.get(&id));
        let chat_id = seat.map_or(0, |seat| seat.chat_id);
        let session = world.last_session(chat_id);
        let leader = session.map(|session| session.operator_id).filter(|id| *id > 0);
        let all: Vec<&Message> = world.messages_of(chat_id).collect();
        let older = all.len().saturating_sub(SHOWN);
        let messages: Vec<Value> = all[older..].iter().map(|message| seen(world, message)).collect();
        let employees = world.users.values().filter(|user| user.kind == UserKind::Employee);
        json!({
            "line": line_id,
            "lines": world.lines.values().map(|line| line_shown(world, line)).collect::<Vec<_>>(),
            "chat": chat_id,
            "session": session.map(|session| session.id),
            "status": session.map(|session| session.status),
            "leader": leader.map(|id| world.name_of(id)),
            "leader_is_bot": leader.is_some_and(|id| world.is_bot(id)),
            "deal": world.crm.deal_of(chat_id),
            "older": older,
            "messages": messages,
            "employees": employees.map(|user| user.full_name()).collect::<Vec<_>>(),
            "bots": world.bots.values().filter(|bot| bot.openline).count(),
            "bot_names": world.bots.values().map(|bot| world.name_of(bot.id)).collect::<Vec<_>>(),
            "access": {
                "webhook": format!("{}/rest/{}/{}/", names.origin, names.admin, names.webhook_code),
                "client_id": names.client_id,
                "client_secret": world.apps.get(&names.client_id).map(|app| app.client_secret.clone()),
                "address": world.identity.domain,
                "oauth_host": names.origin.split("://").nth(1),
                "member_id": world.identity.member_id,
                "network_line": names.network_code,
                "installed": world.app_hears_events(&names.client_id),
            },
        })
    });
    shown["faults"] = faults::shown(&shared);
    shown["now"] = json!(shared.clock.unix());
    Json(shown)
}

fn line_shown(world: &World, line: &Line) -> Value {
    let clients: Vec<Value> = line
        .seats
        .iter()
        .map(|(client_id, seat)| {
            let session = world.last_session(seat.chat_id);
            let open = session.filter(|session| session.is_open());
            json!({
                "name": world.name_of(*client_id),
                "chat": seat.chat_id,
                "status": session.map(|session| session.status),
                "waiting": open.is_some_and(|session| session.operator_id == 0),
            })
        })
        .collect();
    json!({
        "id": line.id,
        "name": line.name,
        "active": line.active,
        "connector": line.connector,
        "connector_title": line.connector_title,
        "clients": clients,
    })
}

fn seen(world: &World, message: &Message) -> Value {
    let side = match world.author_kind(message) {
        AuthorKind::Client => "client",
        AuthorKind::Bot => "bot",
        AuthorKind::Operator | AuthorKind::Employee => "operator",
        AuthorKind::System => "system",
    };
    let author = if message.author_id == 0 { String::new() } else { world.name_of(message.author_id) };
    json!({
        "id": message.id,
        "side": side,
        "author": author,
        "text": message.text,
        "keyboard": message.keyboard,
        "attach": message.attach,
        "edited": message.edited,
        "deleted": message.deleted,
        "internal": message.skip_connector,
        "system": message.system,
        "client_sees": side == "client" || world.leaves_the_portal(message),
        "reactions": message.reactions.iter().map(|(_, code)| code).collect::<Vec<_>>(),
        "unix": message.date,
    })
}
