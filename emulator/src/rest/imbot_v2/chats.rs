//! `imbot.v2.Chat.*`: making, reading and changing chats.

use serde_json::{Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{denied, dialog_chat, done, field, field_text, flag, group_chat, numbers, own_bot, top};
use crate::world::chats::{ChatKind, GENERAL_CHAT};
use crate::world::sending::NewMessage;
use crate::world::{colors, picture};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imbot.v2.Chat.add", "imbot", add),
    Method::literal("imbot.v2.Chat.get", "imbot", get),
    Method::literal("imbot.v2.Chat.update", "imbot", update),
    Method::literal("imbot.v2.Chat.leave", "imbot", leave),
    Method::literal("imbot.v2.Chat.setOwner", "imbot", set_owner),
    Method::literal("imbot.v2.Chat.TextField.enabled", "imbot", text_field),
];

fn shown(call: &Call<'_>, chat_id: i64, bot_id: i64) -> Answer {
    let chat = call.world.chats.get(&chat_id).map(|chat| call.world.chat_v2(chat, bot_id));
    Answer::new(json!({"chat": chat}))
}

/// What `fields` say of the chat's looks. Unknown colours and bad pictures are passed over.
fn set_looks(call: &mut Call<'_>, chat_id: i64, bot_id: i64) {
    let title = field_text(call, "title").filter(|title| !title.trim().is_empty());
    let description = field_text(call, "description");
    let color = field_text(call, "color").and_then(|name| colors::named(&name.to_ascii_uppercase()));
    let picture = field_text(call, "avatar").and_then(|text| picture::picture(&text).ok());
    let avatar = picture.map(|(content, ending)| call.world.keep_picture(bot_id, content, ending));
    if let Some(chat) = call.world.chats.get_mut(&chat_id) {
        chat.title = title.unwrap_or_else(|| std::mem::take(&mut chat.title));
        chat.description = description.unwrap_or_else(|| std::mem::take(&mut chat.description));
        chat.color = color.unwrap_or(chat.color);
        chat.avatar = avatar.unwrap_or_else(|| std::mem::take(&mut chat.avatar));
    }
}

fn add(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let owner_id = field(call, "ownerId").map_or(bot_id, loose_int);
    if !call.world.users.contains_key(&owner_id) {
        return Err(denied());
    }
    let members: Vec<i64> = numbers(field(call, "userIds"))
        .into_iter()
        .chain((owner_id != bot_id).then_some(owner_id))
        .filter(|id| call.world.users.contains_key(id))
        .collect();
    let title = format!("Chat {}", call.world.next.chat);
    let chat_id = call.world.add_chat(ChatKind::Group, &title, owner_id, &[bot_id]);
    set_looks(call, chat_id, bot_id);
    let open = field_text(call, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("open"));
    let (kind, id) = (field_text(call, "entityType"), field_text(call, "entityId"));
    if let Some(chat) = call.world.chats.get_mut(&chat_id) {
        chat.open = open;
        chat.given_entity = kind.unwrap_or_default();
        chat.entity_id = id.unwrap_or_default();
    }
    let user_id = call.auth.user_id;
    for member in members {
        call.world.join_chat(chat_id, member, bot_id, user_id);
    }
    if let Some(text) = field_text(call, "message").filter(|text| !text.trim().is_empty()) {
        let new =
            NewMessage { chat_id, author_id: bot_id, text, skip_command: true, ..NewMessage::default() };
        call.world.post(new, user_id);
    }
    Ok(shown(call, chat_id, bot_id))
}

fn get(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = dialog_chat(call, bot_id)?;
    Ok(shown(call, chat_id, bot_id))
}

fn update(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = group_chat(call, bot_id)?;
    if chat_id == GENERAL_CHAT {
        return Err(denied());
    }
    set_looks(call, chat_id, bot_id);
    done()
}

fn leave(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = group_chat(call, bot_id)?;
    if chat_id == GENERAL_CHAT {
        return Err(denied());
    }
    if let Some(chat) = call.world.chats.get_mut(&chat_id) {
        chat.members.remove(&bot_id);
        chat.managers.remove(&bot_id);
        if chat.owner == bot_id {
            chat.owner = chat.members.first().copied().unwrap_or(0);
        }
    }
    done()
}

fn set_owner(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = group_chat(call, bot_id)?;
    let user_id = top(call, "userId").map_or(0, loose_int);
    let chat = call.world.chats.get_mut(&chat_id);
    let chat = chat.filter(|chat| chat.owner == bot_id && chat.members.contains(&user_id));
    chat.ok_or_else(denied)?.owner = user_id;
    done()
}

fn text_field(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = dialog_chat(call, bot_id)?;
    let given: Option<Value> = top(call, "enabled").or_else(|| field(call, "enabled")).cloned();
    let text = given.as_ref().and_then(scalar_text);
    if text.is_none() {
        return Err(RestError::missing("enabled"));
    }
    if let Some(chat) = call.world.chats.get_mut(&chat_id) {
        chat.text_field = flag(given.as_ref(), true);
    }
    done()
}
