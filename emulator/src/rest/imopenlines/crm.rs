//! Messages and chats of CRM entities.

use serde_json::{Value, json};

use super::super::call::{loose_int, positive, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use crate::world::content;
use crate::world::people::UserKind;
use crate::world::sending::NewMessage;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imopenlines.crm.message.add", "imopenlines", message_add),
    Method::literal("imopenlines.crm.chat.get", "imopenlines", chat_get),
    Method::literal("imopenlines.crm.chat.getLastId", "imopenlines", last_id),
    Method::literal("imopenlines.crm.chat.user.add", "imopenlines", user_add),
    Method::literal("imopenlines.crm.chat.user.delete", "imopenlines", user_delete),
    Method::literal("imopenlines.crm.lead.create", "imopenlines", lead_create),
];

/// What the server adds to every message of `crm.message.add`.
const AUTOMATIC: &str = "This message was sent automatically";

/// A required argument as PHP's `empty` sees it: absent, `""`, `"0"`, 0 and empty arrays are missing.
fn required<'c>(call: &'c Call<'_>, name: &str) -> Result<&'c Value, RestError> {
    let missing = || RestError::missing(name);
    let value = call.value(name).ok_or_else(missing)?;
    let empty = match value {
        Value::String(text) => text.is_empty() || text == "0",
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(flag) => !flag,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Null => true,
    };
    if empty { Err(missing()) } else { Ok(value) }
}

fn entity_type(call: &Call<'_>) -> Result<String, RestError> {
    let value = required(call, "CRM_ENTITY_TYPE")?;
    let kind = value.as_str().map(str::to_ascii_uppercase);
    kind.filter(|kind| ["LEAD", "DEAL", "COMPANY", "CONTACT"].contains(&kind.as_str()))
        .ok_or_else(|| RestError::wrong_type("CRM_ENTITY_TYPE"))
}

fn number(call: &Call<'_>, name: &str) -> Result<i64, RestError> {
    let value = required(call, name)?;
    positive(Some(value)).ok_or_else(|| RestError::wrong_type(name))
}

/// The entity's chats, if the user may read it.
fn readable(call: &Call<'_>, kind: &str, id: i64, user_id: i64) -> Option<Vec<i64>> {
    let reader = matches!(call.world.user_kind(user_id), Some(UserKind::Employee | UserKind::Bot));
    if !reader || call.world.crm.blind.contains(&user_id) {
        return None;
    }
    call.world.crm.chats(kind, id).map(<[i64]>::to_vec)
}

fn denied(who: &str) -> RestError {
    RestError::forbidden("ACCESS_DENIED", &format!("Access denied! {who}"))
}

fn message_add(call: &mut Call<'_>) -> Reply {
    let kind = entity_type(call)?;
    let entity = number(call, "CRM_ENTITY")?;
    let user_id = number(call, "USER_ID")?;
    let chat_id = number(call, "CHAT_ID")?;
    let text = required(call, "MESSAGE")?;
    let text = scalar_text(text).ok_or_else(|| RestError::wrong_type("MESSAGE"))?;
    let caller = call.auth.user_id;
    let chats =
        readable(call, &kind, entity, caller).ok_or_else(|| denied("You dont have access to this action"))?;
    if readable(call, &kind, entity, user_id).is_none() {
        return Err(denied("User dont have access to this entity"));
    }
    let active = call.world.last_session(chat_id).is_some_and(|session| session.is_active());
    let line_on = call.world.channel_is_on(chat_id);
    if !chats.contains(&chat_id) || !active || !line_on {
        return Err(RestError::bad(
            "CHAT_NOT_IN_CRM",
            "Chat does not belong to the CRM entity being checked",
        ));
    }
    call.world.may_post(chat_id, user_id).map_err(RestError::not_added)?;
    let now = call.world.now();
    let new = NewMessage {
        chat_id,
        author_id: user_id,
        text,
        attach: Some(content::stored_attach(json!([{"MESSAGE": AUTOMATIC}]), now)),
        skip_command: true,
        ..NewMessage::default()
    };
    Ok(Answer::new(json!(call.world.post(new, caller))))
}

fn chat_get(call: &mut Call<'_>) -> Reply {
    let kind = entity_type(call)?;
    let entity = number(call, "CRM_ENTITY")?;
    let chats = readable(call, &kind, entity, call.auth.user_id)
        .ok_or_else(|| denied("You dont have access to this action"))?;
    let active_only = call.text("ACTIVE_ONLY").as_deref() != Some("N");
    let rows: Vec<Value> = chats
        .iter()
        .filter(|chat_id| {
            !active_only || call.world.last_session(**chat_id).is_some_and(|session| session.is_active())
        })
        .filter_map(|chat_id| {
            let connector = call.world.connector_of(*chat_id)?;
            Some(json!({
                "CHAT_ID": chat_id.to_string(),
                "CONNECTOR_ID": connector.code,
                "CONNECTOR_TITLE": connector.title,
            }))
        })
        .collect();
    Ok(Answer::new(json!(rows)))
}

fn last_chat(call: &Call<'_>) -> Option<i64> {
    let kind = call.text("CRM_ENTITY_TYPE")?;
    call.world.crm.chats(&kind, call.int("CRM_ENTITY"))?.last().copied()
}

fn last_id(call: &mut Call<'_>) -> Reply {
    let id = last_chat(call)
        .ok_or_else(|| RestError::bad("CRM_CHAT_EMPTY_CRM_DATA", "Could not find CRM entity"))?;
    Ok(Answer::new(json!(id)))
}

/// The chat that the call names, or the entity's last one, if the user can be in a chat at all. None without chats.
fn chosen_chat(call: &Call<'_>, chats: &[i64], user_id: i64) -> Result<Option<i64>, RestError> {
    let chat_id = match call.value("CHAT_ID").map(loose_int) {
        Some(chat_id) if chats.contains(&chat_id) => chat_id,
        Some(_) => {
            let text = "Chat does not belong to the CRM entity being checked";
            return Err(RestError::bad("CHAT_NOT_IN_CRM", text));
        }
        None => match chats.last() {
            Some(chat_id) => *chat_id,
            None => return Ok(None),
        },
    };
    if call.world.users.contains_key(&user_id) {
        Ok(Some(chat_id))
    } else {
        Err(RestError::bad("CRM_CHAT_USER_NOT_ACTIVE", "The user is not active"))
    }
}

fn user_add(call: &mut Call<'_>) -> Reply {
    let kind = entity_type(call)?;
    let entity = number(call, "CRM_ENTITY")?;
    let user_id = number(call, "USER_ID")?;
    let chats = readable(call, &kind, entity, call.auth.user_id)
        .ok_or_else(|| denied("You dont have access to this action"))?;
    if readable(call, &kind, entity, user_id).is_none() {
        return Err(denied("User dont have access to this entity"));
    }
    let Some(chat_id) = chosen_chat(call, &chats, user_id)? else { return Ok(Answer::new(json!(0))) };
    let caller = call.auth.user_id;
    call.world.join_chat(chat_id, user_id, caller, caller);
    Ok(Answer::new(json!(chat_id)))
}

fn user_delete(call: &mut Call<'_>) -> Reply {
    let no_data = || RestError::bad("CRM_CHAT_EMPTY_CRM_DATA", "Could not find CRM entity");
    let (kind, entity) = match (entity_type(call), number(call, "CRM_ENTITY")) {
        (Ok(kind), Ok(entity)) => (kind, entity),
        _ => return Err(no_data()),
    };
    let user_id = positive(call.value("USER_ID"))
        .ok_or_else(|| RestError::bad("CRM_CHAT_EMPTY_USER", "The user is not specified"))?;
    let chats = readable(call, &kind, entity, call.auth.user_id)
        .ok_or_else(|| denied("You dont have access to this action"))?;
    let Some(chat_id) = chosen_chat(call, &chats, user_id)? else { return Ok(Answer::new(json!(0))) };
    let leads = call.world.chats.get(&chat_id).is_some_and(|chat| chat.owner == user_id);
    if leads && user_id != call.auth.user_id && !call.auth.is_admin(call.world) {
        return Err(RestError::forbidden(
            "CHAT_DELETE_USER_PERMISSION_DENIED",
            "You don't have permission to exclude this user from the chat",
        ));
    }
    let removed = call.world.chats.get_mut(&chat_id).is_some_and(|chat| chat.members.remove(&user_id));
    if !removed {
        return Err(RestError::bad("WRONG_REQUEST", "You don't have access or user isn't member in chat"));
    }
    Ok(Answer::new(json!(chat_id)))
}

/// A lead for the dialog; one that is there already stays.
fn lead_create(call: &mut Call<'_>) -> Reply {
    let chat_id = super::target::operators_chat(call)?;
    let caller = call.auth.user_id;
    if call.world.last_session(chat_id).is_none_or(|session| session.operator_id != caller) {
        return Err(RestError::bad("ERROR_USER_NOT_OPERATOR", "You are not the operator of this dialog"));
    }
    if call.world.crm.of_chat(chat_id, "LEAD").is_none() {
        let title = call.world.chats.get(&chat_id).map(|chat| chat.title.clone()).unwrap_or_default();
        let fields = serde_json::Map::from_iter([("TITLE".to_owned(), json!(title))]);
        let id = call.world.add_entity("LEAD", fields, caller);
        call.world.crm.bind("LEAD", id, chat_id);
    }
    super::super::yes()
}
