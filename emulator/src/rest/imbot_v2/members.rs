//! `imbot.v2.Chat.User.*` and `imbot.v2.Chat.Manager.*`: who is in a chat.

use serde_json::{Value, json};

use super::super::call::loose_int;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{denied, dialog_chat, done, field, group_chat, numbers, own_bot, top};
use crate::world::chats::GENERAL_CHAT;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imbot.v2.Chat.User.add", "imbot", add),
    Method::literal("imbot.v2.Chat.User.delete", "imbot", delete),
    Method::literal("imbot.v2.Chat.User.list", "imbot", list),
    Method::literal("imbot.v2.Chat.Manager.add", "imbot", manager_add),
    Method::literal("imbot.v2.Chat.Manager.delete", "imbot", manager_delete),
];

const MOST_USERS: i64 = 200;
const USERS: i64 = 50;

fn either<'c>(call: &'c Call<'_>, name: &str) -> Option<&'c Value> {
    field(call, name).or_else(|| top(call, name))
}

fn add(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = group_chat(call, bot_id)?;
    if chat_id == GENERAL_CHAT {
        return Err(denied());
    }
    let acting_user = call.auth.user_id;
    for id in numbers(either(call, "userIds")) {
        if call.world.users.contains_key(&id) {
            call.world.join_chat(chat_id, id, bot_id, acting_user);
        }
    }
    done()
}

fn delete(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = group_chat(call, bot_id)?;
    let user_id = either(call, "userId").map_or(0, loose_int);
    let chat = call.world.chats.get_mut(&chat_id).filter(|_| chat_id != GENERAL_CHAT).ok_or_else(denied)?;
    let leads = chat.owner == bot_id || chat.managers.contains(&bot_id) || user_id == bot_id;
    if !leads || !chat.members.remove(&user_id) {
        return Err(denied());
    }
    chat.managers.remove(&user_id);
    done()
}

fn list(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = dialog_chat(call, bot_id)?;
    let limit = either(call, "limit").map_or(USERS, loose_int).clamp(1, MOST_USERS);
    let order = either(call, "order").and_then(Value::as_object).and_then(|order| order.iter().next());
    let falling =
        order.is_some_and(|(_, way)| way.as_str().is_some_and(|way| way.eq_ignore_ascii_case("desc")));
    let by_message = order.is_some_and(|(name, _)| name == "lastSendMessageId");
    let mut ids: Vec<(i64, i64)> = call
        .world
        .chats
        .get(&chat_id)
        .map(|chat| chat.members.iter())
        .into_iter()
        .flatten()
        .map(|id| {
            let last = call.world.messages_of(chat_id).rev().find(|message| message.author_id == *id);
            (if by_message { last.map_or(0, |message| message.id) } else { *id }, *id)
        })
        .collect();
    ids.sort_unstable();
    if falling {
        ids.reverse();
    }
    let limit = usize::try_from(limit).unwrap_or(0);
    let shown: Vec<Value> =
        ids.iter().take(limit).filter_map(|(_, id)| call.world.users.get(id)).map(|user| user.v2()).collect();
    Ok(Answer::new(json!({"users": shown, "hasNextPage": ids.len() > limit})))
}

/// The chat whose managers the bot may name, and the users it names.
fn managers(call: &mut Call<'_>) -> Result<(i64, Vec<i64>), RestError> {
    let bot_id = own_bot(call)?;
    let chat_id = group_chat(call, bot_id)?;
    let users = numbers(either(call, "userIds"));
    if users.is_empty() {
        return Err(RestError::bad("EMPTY_USER_IDS", "User ids can't be empty"));
    }
    let owns = call.world.chats.get(&chat_id).is_some_and(|chat| chat.owner == bot_id);
    if owns { Ok((chat_id, users)) } else { Err(denied()) }
}

fn manager_add(call: &mut Call<'_>) -> Reply {
    let (chat_id, users) = managers(call)?;
    if let Some(chat) = call.world.chats.get_mut(&chat_id) {
        let inside = users.into_iter().filter(|id| chat.members.contains(id));
        chat.managers.extend(inside);
    }
    done()
}

fn manager_delete(call: &mut Call<'_>) -> Reply {
    let (chat_id, users) = managers(call)?;
    if let Some(chat) = call.world.chats.get_mut(&chat_id) {
        chat.managers.retain(|id| !users.contains(id));
    }
    done()
}
