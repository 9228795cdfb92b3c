//! What the page shows of the portal: lines with their clients, the chosen dialog, people, bots, switches.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{bots, faults, limits, line, setup};
use crate::record::{AuthorKind, LostPart, Vote};
use crate::server::shared::Shared;
use crate::world::World;
use crate::world::connectors::Connector;
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
    let mut shown = shared.look(|world| {
        let line = world.lines.get(&line_id);
        let code = who.connector.as_deref().or(line.map(|line| line.connector.as_str())).unwrap_or_default();
        let seat = line.and_then(|line| line.seats.get(&find(world, line, code, &who.client)?));
        let chat_id = seat.map_or(0, |seat| seat.chat_id);
        let session = world.last_session(chat_id);
        let leader = session.map(|session| session.operator_id).filter(|id| *id > 0);
        let all: Vec<&Message> = world.messages_of(chat_id).collect();
        let older = all.len().saturating_sub(SHOWN);
        let left: HashSet<i64> =
            world.seen.get(&chat_id).into_iter().flatten().map(|message| message.id).collect();
        let messages: Vec<Value> = all[older..].iter().map(|message| stored(world, message, &left)).collect();
        let employees = world.users.values().filter(|user| user.kind == UserKind::Employee);
        let asked = session.filter(|session| session.is_open()).and_then(|session| session.asked);
        json!({
            "line": line_id,
            "connector": code,
            "seen": client_side(world, chat_id),
            "channel": world.connectors.get(code).map(channel),
            "line_settings": line.map(|line| line::shown(world, line)),
            "lines": world.lines.values().map(|line| line_shown(world, line)).collect::<Vec<_>>(),
            "chat": chat_id,
            "session": session.map(|session| session.id),
            "status": session.map(|session| session.status),
            "leader": leader.map(|id| world.name_of(id)),
            "leader_is_bot": leader.is_some_and(|id| world.is_bot(id)),
            "vote": session.and_then(|session| session.client_vote).map(Vote::name),
            "asked": asked.map(|(id, _)| world.name_of(id)),
            "pinned": session.is_some_and(|session| session.pinned),
            "silent": world.chats.get(&chat_id).is_some_and(|chat| chat.silent),
            "deal": world.crm.deal_of(chat_id),
            "older": older,
            "messages": messages,
            "employees": employees.map(|user| json!({"id": user.id, "name": user.full_name(),
                "paused": world.paused.contains(&user.id)})).collect::<Vec<_>>(),
            "bots": world.bots.values().filter(|bot| bot.openline).count(),
        })
    });
    shown["bot_list"] = json!(bots::shown(&shared));
    shown["faults"] = faults::shown(&shared);
    shown["limits"] = limits::shown(&shared);
    shown["setup"] = setup::shown(&shared);
    shown["now"] = json!(shared.clock.unix());
    Json(shown)
}

/// Whether a channel is one of the portal's own chats, where the other side can react to messages.
fn has_reactions(connector: &Connector) -> bool {
    matches!(connector.code.as_str(), "livechat" | "network")
}

/// What a channel draws and can do.
fn channel(connector: &Connector) -> Value {
    json!({
        "title": connector.title,
        "markup": connector.shows.markup,
        "files": connector.shows.files,
        "attachments": connector.shows.attachments,
        "keyboards": connector.shows.keyboards,
        "signs": connector.signs,
        "edits": connector.follows_edits,
        "deletions": connector.follows_deletions,
        "reactions": has_reactions(connector),
        "failing": connector.failing,
        "application": connector.app.is_some(),
    })
}

/// What somebody may do to a message.
pub(super) struct May {
    pub(super) edit: bool,
    pub(super) delete: bool,
    pub(super) react: bool,
}

impl May {
    pub(super) fn of(world: &World, message: &Message, actor: i64) -> Self {
        let own = message.author_id == actor && !message.deleted && !message.system;
        let react = is_reactable(world, message);
        if world.user_kind(actor) != Some(UserKind::Client) {
            return Self { edit: own, delete: own, react };
        }
        let connector = world.connector_of(message.chat_id);
        let can = |what: fn(&Connector) -> bool| connector.is_some_and(what);
        Self {
            edit: own && can(|connector| connector.follows_edits),
            delete: own && can(|connector| connector.follows_deletions),
            react: react && can(has_reactions),
        }
    }
}

/// A bot's message, if the bot wants reactions.
fn is_reactable(world: &World, message: &Message) -> bool {
    !message.deleted && world.bots.get(&message.author_id).is_some_and(|bot| bot.reactions)
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
        .iter()
        .filter_map(|(code, channel)| Some((world.connectors.get(code)?, channel.active)))
        .map(|(connector, on)| json!({"code": connector.code, "title": connector.title, "on": on}))
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
    let reacts = world.connector_of(chat_id).is_some_and(has_reactions);
    let request = world.vote_buttons(chat_id);
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
            "plain": !markup,
            "attach": one.attach,
            "keyboard": keyboard,
            "files": files(world, &one.files),
            "lost": lost.collect::<Vec<_>>(),
            "edited": one.edited,
            "undelivered": !one.delivered,
            "reactions": message.filter(|_| reacts).map(|message| reactions(world, message)).unwrap_or_default(),
            "reactable": reacts && message.is_some_and(|message| is_reactable(world, message)),
            "rates": request == Some(one.id),
            "unix": one.unix,
        })
    });
    shown.collect()
}

/// Each reaction with who gave it.
fn reactions(world: &World, message: &Message) -> Vec<Value> {
    let mut by: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (user_id, code) in &message.reactions {
        by.entry(code).or_default().push(world.name_of(*user_id));
    }
    by.into_iter().map(|(code, names)| json!({"code": code, "by": names})).collect()
}

fn files(world: &World, ids: &[i64]) -> Vec<Value> {
    let found = ids.iter().filter_map(|id| world.files.get(*id));
    found.map(|file| json!({"id": file.id, "name": file.name, "size": file.content.len()})).collect()
}

fn side(world: &World, message: &Message) -> &'static str {
    match world.author_kind(message) {
        AuthorKind::Client => "client",
        AuthorKind::Bot => "bot",
        AuthorKind::Operator | AuthorKind::Employee => "operator",
        AuthorKind::System => "system",
    }
}

/// A message as the operator's messenger has it; `left` are the messages that the client's channel shows.
fn stored(world: &World, message: &Message, left: &HashSet<i64>) -> Value {
    let author = if message.author_id == 0 { String::new() } else { world.name_of(message.author_id) };
    let side = side(world, message);
    let outgoing = matches!(side, "bot" | "operator") && !message.system && !message.deleted;
    json!({
        "id": message.id,
        "side": side,
        "author": author,
        "text": message.text,
        "keyboard": message.keyboard,
        "attach": message.attach,
        "menu": message.menu,
        "files": files(world, &message.files),
        "edited": message.edited,
        "deleted": message.deleted,
        "internal": message.skip_connector,
        "withheld": outgoing && !left.contains(&message.id),
        "system": message.system,
        "reactions": reactions(world, message),
        "reactable": is_reactable(world, message),
        "unix": message.date,
    })
}
