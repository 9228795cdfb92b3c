//! `imbot.chat.*`: who is in a bot's chat and what they may do there, v1.

use serde_json::{Value, json};

use super::super::call::loose_int;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::bots::own_bot;
use super::chats::{bot_and_chat, group_of, wrong_request};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imbot.chat.setOwner", "imbot", set_owner),
    Method::upper("imbot.chat.setManager", "imbot", set_manager),
    Method::upper("imbot.chat.user.add", "imbot", add),
    Method::upper("imbot.chat.user.delete", "imbot", delete),
    Method::upper("imbot.chat.user.list", "imbot", list),
    Method::upper("imbot.chat.leave", "imbot", leave),
];

fn user_id(call: &Call<'_>) -> Result<i64, RestError> {
    match call.int("USER_ID") {
        id if id > 0 => Ok(id),
        _ => Err(RestError::bad("USER_ID_EMPTY", "User ID can't be empty")),
    }
}

fn set_owner(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = bot_and_chat(call)?;
    let user_id = user_id(call)?;
    match group_of(call, bot_id, chat_id) {
        Some(chat) if chat.owner == bot_id && chat.members.contains(&user_id) => {
            chat.owner = user_id;
            super::super::yes()
        }
        _ => Err(wrong_request("Change owner can only owner and user must be member in chat")),
    }
}

fn set_manager(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = bot_and_chat(call)?;
    let user_id = user_id(call)?;
    let manager = call.text("IS_MANAGER").as_deref() != Some("N");
    match group_of(call, bot_id, chat_id) {
        Some(chat) if chat.owner == bot_id && chat.members.contains(&user_id) => {
            if manager {
                chat.managers.insert(user_id);
            } else {
                chat.managers.remove(&user_id);
            }
            super::super::yes()
        }
        _ => Err(wrong_request("Change manager can only owner and user must be member in chat")),
    }
}

fn add(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = bot_and_chat(call)?;
    let users: Vec<i64> = match call.value("USERS") {
        Some(Value::Array(list)) => list.iter().map(loose_int).collect(),
        Some(Value::Object(map)) => map.values().map(loose_int).collect(),
        Some(single) => vec![loose_int(single)],
        None => Vec::new(),
    };
    let members = group_of(call, bot_id, chat_id).map(|chat| chat.members.clone()).unwrap_or_default();
    let fresh: Vec<i64> =
        users.into_iter().filter(|id| call.world.users.contains_key(id) && !members.contains(id)).collect();
    if members.is_empty() || fresh.is_empty() {
        return Err(wrong_request("You don't have access or user already member in chat"));
    }
    let acting_user = call.auth.user_id;
    let hides = call.yes("HIDE_HISTORY");
    for id in fresh {
        call.world.join_chat(chat_id, id, bot_id, acting_user);
        let next = call.world.next.message;
        if let Some(chat) = call.world.chats.get_mut(&chat_id).filter(|_| hides) {
            chat.sees_from.insert(id, next);
        }
    }
    super::super::yes()
}

fn delete(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = bot_and_chat(call)?;
    let user_id = user_id(call)?;
    let chat = group_of(call, bot_id, chat_id)
        .filter(|chat| chat.owner == bot_id || chat.managers.contains(&bot_id) || user_id == bot_id);
    if chat.is_some_and(|chat| {
        chat.managers.remove(&user_id);
        chat.members.remove(&user_id)
    }) {
        super::super::yes()
    } else {
        Err(wrong_request("You don't have access or user isn't member in chat"))
    }
}

fn leave(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = bot_and_chat(call)?;
    match group_of(call, bot_id, chat_id) {
        Some(chat) => {
            chat.members.remove(&bot_id);
            if chat.owner == bot_id {
                chat.owner = chat.members.first().copied().unwrap_or(0);
            }
            super::super::yes()
        }
        None => Err(wrong_request("You don't have access or user isn't member in chat")),
    }
}

fn list(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    own_bot(call, &owner, false)?;
    let chat_id = match call.filled("DIALOG_ID") {
        Some(dialog) => super::chats::chat_number(&dialog)
            .ok_or_else(|| RestError::bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"))?,
        None => call.int("CHAT_ID"),
    };
    if chat_id <= 0 {
        return Err(RestError::bad("CHAT_ID_EMPTY", "Chat ID can't be empty"));
    }
    let members: Vec<i64> =
        call.world.chats.get(&chat_id).map(|chat| chat.members.iter().copied().collect()).unwrap_or_default();
    Ok(Answer::new(json!(members)))
}
