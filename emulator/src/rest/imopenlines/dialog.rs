//! Reading a line's dialog and the history of a session.

use serde_json::{Map, Value, json};

use super::super::{Answer, Call, Method, Reply, RestError};
use crate::record::Vote;
use crate::world::chats::{Chat, ChatKind};
use crate::world::messages::Message;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imopenlines.dialog.get", "imopenlines", get),
    Method::literal("imopenlines.session.history.get", "imopenlines", history),
    Method::literal("imopenlines.revision.get", "imopenlines", revision),
];

fn chat_of_call(call: &Call<'_>) -> Option<i64> {
    if call.value("CHAT_ID").is_some() {
        return Some(call.int("CHAT_ID"));
    }
    if let Some(dialog) = call.text("DIALOG_ID") {
        return dialog.strip_prefix("chat")?.parse().ok();
    }
    if call.value("SESSION_ID").is_some() {
        return call.world.sessions.get(&call.int("SESSION_ID")).map(|session| session.chat_id);
    }
    let code = call.text("USER_CODE")?;
    let code = code.strip_prefix("imol|").unwrap_or(&code);
    call.world.chats.values().find(|chat| chat.entity_id == code).map(|chat| chat.id)
}

fn get(call: &mut Call<'_>) -> Reply {
    let chat = chat_of_call(call)
        .and_then(|id| call.world.chats.get(&id))
        .filter(|chat| chat.kind == ChatKind::Lines && !call.world.kept_out.contains(&call.auth.user_id))
        .ok_or_else(|| RestError::bad("ACCESS_ERROR", "You don't have access to this chat"))?;
    Ok(Answer::new(dialog_object(call, chat)))
}

/// The dialog object of protocol 4.7, in lower snake case.
pub(in crate::rest) fn dialog_object(call: &Call<'_>, chat: &Chat) -> Value {
    let [data1, data2, data3] = call.world.entity_data(chat);
    json!({
        "id": chat.id,
        "parent_chat_id": 0,
        "parent_message_id": 0,
        "name": chat.title,
        "description": chat.description,
        "owner": chat.owner,
        "extranet": chat.kind == ChatKind::Lines,
        "avatar": chat.avatar,
        "color": crate::world::colors::shade(chat.color),
        "type": chat.type_name(),
        "counter": 0,
        "user_counter": chat.members.len(),
        "message_count": call.world.messages_of(chat.id).count(),
        "unread_id": 0,
        "restrictions": {"avatar": true, "rename": true, "extend": true, "call": true, "mute": true,
            "leave": true, "leave_owner": true, "send": true, "user_list": true},
        "last_message_id": chat.last_message,
        "last_id": chat.last_message,
        "marked_id": 0,
        "disk_folder_id": 0,
        "entity_type": chat.entity_type(),
        "entity_id": chat.entity_id,
        "entity_data_1": data1,
        "entity_data_2": data2,
        "entity_data_3": data3,
        "mute_list": [],
        "date_create": crate::clock::iso(chat.created),
        "message_type": chat.message_type(),
        "public": "",
        "role": if chat.owner == call.auth.user_id { "owner" } else { "guest" },
        "entity_link": {"type": "", "url": "", "id": ""},
        "text_field_enabled": chat.text_field,
        "background_id": null,
        "permissions": {"manage_users_add": "member", "manage_users_delete": "manager", "manage_ui": "member",
            "manage_settings": "owner", "manage_messages": "member", "can_post": "member"},
        "is_new": false,
        "readed_list": [],
        "manager_list": chat.managers,
        "last_message_views": {"message_id": chat.last_message, "first_viewers": [], "count_of_viewers": 0},
        "dialog_id": chat.dialog_id(call.auth.user_id),
    })
}

/// A message's parameters as the history has them, in camelCase; the notice of a session's end tells its ratings.
fn history_params(call: &Call<'_>, message: &Message) -> Value {
    let mut all = Map::new();
    if let Value::Object(params) = message.params() {
        all.extend(params.into_iter().map(|(name, value)| (camel(&name), value)));
    }
    if let Some(session) = call.world.sessions.get(&message.ends_session) {
        all.insert("imolVoteSid".to_owned(), json!(session.id));
        all.insert("imolVoteUser".to_owned(), json!(session.client_vote.map_or(0, Vote::mark)));
        let head = session.vote.as_ref().map_or(0, |(rating, _)| *rating);
        all.insert("imolVoteHead".to_owned(), json!(head));
    }
    if all.is_empty() { json!([]) } else { Value::Object(all) }
}

/// `FILE_ID` as `fileId`.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, part) in name.split('_').enumerate() {
        let part = part.to_ascii_lowercase();
        match part.split_at_checked(1).filter(|_| at > 0) {
            Some((first, rest)) => out.extend([first.to_ascii_uppercase().as_str(), rest]),
            None => out.push_str(&part),
        }
    }
    out
}

fn history(call: &mut Call<'_>) -> Reply {
    let (session_id, chat_id) = (call.int("SESSION_ID"), call.int("CHAT_ID"));
    if session_id <= 0 && chat_id <= 0 {
        return Err(RestError::bad("MISSING_REQUIRED_PARAM", "SESSION_ID or CHAT_ID is required"));
    }
    let session =
        if session_id > 0 { call.world.sessions.get(&session_id) } else { call.world.last_session(chat_id) };
    let session = session.ok_or_else(|| RestError::bad("INVALID_SESSION_ID", "Session not found"))?;
    let chat = call
        .world
        .chats
        .get(&session.chat_id)
        .filter(|_| !call.world.kept_out.contains(&call.auth.user_id))
        .ok_or_else(|| RestError::bad("ACCESS_DENIED", "You don't have access to this chat"))?;
    let mut messages = Map::new();
    let mut order = Vec::new();
    for message in call.world.messages_of(chat.id) {
        order.push(message.id);
        messages.insert(
            message.id.to_string(),
            json!({
                "id": message.id,
                "chatId": chat.id,
                "senderId": message.author_id,
                "recipientId": format!("chat{}", chat.id),
                "date": crate::clock::iso(message.date),
                "text": message.text,
                "textLegacy": message.text,
                "params": history_params(call, message),
            }),
        );
    }
    let files: Map<String, Value> = call
        .world
        .messages_of(chat.id)
        .flat_map(|message| &message.files)
        .filter_map(|id| call.world.files.get(*id))
        .map(|file| (file.id.to_string(), call.world.file_v2(file)))
        .collect();
    let users: Map<String, Value> = chat
        .members
        .iter()
        .filter_map(|id| call.world.users.get(id))
        .map(|user| (user.id.to_string(), user.v2()))
        .collect();
    Ok(Answer::new(json!({
        "chatId": chat.id,
        "canJoin": "Y",
        "canVoteHead": if call.auth.is_admin(call.world) { "Y" } else { "N" },
        "sessionId": session.id,
        "sessionVoteHead": session.vote.as_ref().map_or(0, |(rating, _)| *rating),
        "sessionCommentHead": session.vote.as_ref().map(|(_, comment)| comment).filter(|text| !text.is_empty()),
        "message": messages,
        "usersMessage": {format!("chat{}", chat.id): order},
        "users": users,
        "openlines": {"line": session.line_id, "status": session.status},
        "userInGroup": {},
        "chat": {chat.id.to_string(): call.world.chat_v2(chat, call.auth.user_id)},
        "files": files,
    })))
}

fn revision(call: &mut Call<'_>) -> Reply {
    let _ = call;
    Ok(Answer::new(json!({"rest": 1, "web": 19, "mobile": 3})))
}
