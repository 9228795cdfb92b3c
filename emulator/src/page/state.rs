//! What the page shows of the portal: lines with their clients, the chosen dialog, people, bots, switches.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults;
use crate::record::{AuthorKind, LostPart};
use crate::server::shared::Shared;
use crate::world::World;
use crate::world::lines::Line;
use crate::world::messages::Message;
use crate::world::people::UserKind;

/// Messages of the chosen dialog that are shown; older ones are left out.
const SHOWN: usize = 500;

/// Which client is meant.
#[derive(Deserialize)]
pub(super) struct Who {
    pub(super) client: String,
    /// The portal's own line if absent.
    pub(super) line: Option<i64>,
    /// The line's first channel if absent.
    pub(super) connector: Option<String>,
}

/// A client who already sits at that channel of the line.
pub(super) fn find(world: &World, line: &Line, code: &str, name: &str) -> Option<i64> {
    let sits = |chat_id: i64| world.connector_of(chat_id).is_some_and(|connector| connector.code == code);
    let found = line.seats.iter().find(|(id, seat)| sits(seat.chat_id) && world.name_of(**id) == name);
    found.map(|(id, _)| *id)
}

/// Looks without touching: a client that has not written yet does not come into being.
pub(super) async fn state(State(shared): State<Arc<Shared>>, Query(who): Query<Who>) -> Json<Value> {
    let line_id = who.line.unwrap_or(shared.names.line_id);
    let names = &shared.names;
    let mut shown = shared.look(|world| {
        let line = world.lines.get(&line_id);
        let code = who.connector.as_deref().or(line.map(|line| line.connector.as_str())).unwrap_or_default();
        let seat = line.and_then(|line| line.seats.get(&find(world, line, code, &who.client)?));
        let chat_id = seat.map_or(0, |seat| seat.chat_id);
        let session = world.last_session(chat_id);
        let leader = session.map(|session| session.operator_id).filter(|id| *id > 0);
        let all: Vec<&Message> = world.messages_of(chat_id).collect();
        let older = all.len().saturating_sub(SHOWN);
        let messages: Vec<Value> = all[older..].iter().map(|message| seen(world, message)).collect();
        let employees = world.users.values().filter(|user| user.kind == UserKind::Employee);
        json!({
            "line": line_id,
            "connector": code,
            "seen": client_side(world, chat_id),
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
                "connector": world.connector_of(seat.chat_id).map(|connector| &connector.code),
                "status": session.map(|session| session.status),
                "waiting": open.is_some_and(|session| session.operator_id == 0),
            })
        })
        .collect();
    let channels: Vec<Value> = line
        .channels
        .keys()
        .filter_map(|code| world.connectors.get(code))
        .map(|connector| json!({"code": connector.code, "title": connector.title}))
        .collect();
    json!({
        "id": line.id,
        "name": line.name,
        "active": line.active,
        "connector": line.connector,
        "channels": channels,
        "clients": clients,
    })
}

/// What the client's channel shows, which is not all of what is in the portal.
fn client_side(world: &World, chat_id: i64) -> Vec<Value> {
    let all = world.seen.get(&chat_id).map_or(&[][..], Vec::as_slice);
    let markup = world.connector_of(chat_id).is_none_or(|connector| connector.shows.markup);
    let shown = all[all.len().saturating_sub(SHOWN)..].iter().map(|one| {
        let message = world.messages.get(&one.id);
        let lost = one.lost.iter().map(|part| match part {
            LostPart::Keyboard => "keyboard",
            LostPart::Attachment => "attachment",
            LostPart::Files => "files",
            LostPart::Edit => "the edit",
            LostPart::Deletion => "the deletion",
        });
        let keyboard =
            message.and_then(|message| message.keyboard.clone()).filter(|_| !one.buttons.is_empty());
        json!({
            "id": one.id,
            "side": message.map_or("system", |message| side(world, message)),
            "author": one.from,
            "text": one.text,
            "plain": !markup && !one.own,
            "attach": one.attach,
            "keyboard": keyboard,
            "lost": lost.collect::<Vec<_>>(),
            "edited": one.edited,
            "reactions": message.map(reactions).unwrap_or_default(),
            "unix": one.unix,
        })
    });
    shown.collect()
}

fn reactions(message: &Message) -> Vec<&str> {
    message.reactions.iter().map(|(_, code)| code.as_str()).collect()
}

fn side(world: &World, message: &Message) -> &'static str {
    match world.author_kind(message) {
        AuthorKind::Client => "client",
        AuthorKind::Bot => "bot",
        AuthorKind::Operator | AuthorKind::Employee => "operator",
        AuthorKind::System => "system",
    }
}

fn seen(world: &World, message: &Message) -> Value {
    let author = if message.author_id == 0 { String::new() } else { world.name_of(message.author_id) };
    json!({
        "id": message.id,
        "side": side(world, message),
        "author": author,
        "text": message.text,
        "keyboard": message.keyboard,
        "attach": message.attach,
        "edited": message.edited,
        "deleted": message.deleted,
        "internal": message.skip_connector,
        "system": message.system,
        "reactions": reactions(message),
        "unix": message.date,
    })
}
