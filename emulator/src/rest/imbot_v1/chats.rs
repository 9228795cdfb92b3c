//! `imbot.chat.*`: chats that a bot makes and changes, v1.

use serde_json::{Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::imopenlines::dialog::dialog_object;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::bots::own_bot;
use crate::world::chats::{Chat, ChatKind, GENERAL_CHAT};
use crate::world::sending::NewMessage;
use crate::world::{colors, picture};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imbot.chat.add", "imbot", add),
    Method::upper("imbot.chat.get", "imbot", get),
    Method::upper("imbot.chat.updateColor", "imbot", update_color),
    Method::upper("imbot.chat.updateTitle", "imbot", update_title),
    Method::upper("imbot.chat.updateAvatar", "imbot", update_avatar),
    Method::upper("imbot.chat.updateTextFieldEnabled", "imbot", update_text_field),
];

/// The acting bot and the chat of `DIALOG_ID=chatN` or `CHAT_ID`, which need not exist yet.
pub(super) fn bot_and_chat(call: &Call<'_>) -> Result<(i64, i64), RestError> {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, false)?;
    let chat_id = match call.filled("DIALOG_ID") {
        Some(dialog) => chat_number(&dialog)
            .ok_or_else(|| RestError::bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"))?,
        None => call.int("CHAT_ID"),
    };
    if chat_id <= 0 {
        return Err(RestError::bad("CHAT_ID_EMPTY", "Chat ID can't be empty"));
    }
    if chat_id == GENERAL_CHAT {
        return Err(RestError::forbidden("ACCESS_ERROR", "Action unavailable"));
    }
    Ok((bot_id, chat_id))
}

/// The number in `chatN`.
pub(super) fn chat_number(dialog: &str) -> Option<i64> {
    let digits = dialog.to_ascii_lowercase().strip_prefix("chat")?.to_owned();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

pub(super) fn wrong_request(text: &str) -> RestError {
    RestError::bad("WRONG_REQUEST", text)
}

/// The chat for writing, if the bot is in it and it is no private one.
pub(super) fn group_of<'c>(call: &'c mut Call<'_>, bot_id: i64, chat_id: i64) -> Option<&'c mut Chat> {
    let chat = call.world.chats.get_mut(&chat_id)?;
    (chat.members.contains(&bot_id) && chat.kind != ChatKind::Private).then_some(chat)
}

fn add(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, false)?;
    let users: Vec<i64> = match call.value("USERS") {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().map(loose_int).collect(),
        Some(Value::Object(map)) => map.values().map(loose_int).collect(),
        Some(_) => {
            return Err(RestError::bad("INVALID_FORMAT", "A wrong format for the USERS field is passed"));
        }
    };
    let known: Vec<i64> = users.iter().copied().filter(|id| call.world.users.contains_key(id)).collect();
    if known.is_empty() && !users.is_empty() {
        return Err(wrong_request("Chat can't be created"));
    }
    let title = call.filled("TITLE").unwrap_or_else(|| format!("Chat {}", call.world.next.chat));
    let chat_id = call.world.add_chat(ChatKind::Group, &title, bot_id, &[bot_id]);
    let picture = call.filled("AVATAR").and_then(|text| picture::picture(&text).ok());
    let avatar = match picture {
        Some((content, ending)) => call.world.keep_picture(bot_id, content, ending),
        None => String::new(),
    };
    let color = call.text("COLOR").and_then(|name| colors::named(&name));
    let open = call.text("TYPE").as_deref() == Some("OPEN");
    let text = |name: &str| call.text(name).unwrap_or_default();
    let (description, entity_type, entity_id) = (text("DESCRIPTION"), text("ENTITY_TYPE"), text("ENTITY_ID"));
    if let Some(chat) = call.world.chats.get_mut(&chat_id) {
        (chat.open, chat.description, chat.avatar) = (open, description, avatar);
        (chat.given_entity, chat.entity_id) = (entity_type, entity_id);
        chat.color = color.unwrap_or(chat.color);
    }
    let user_id = call.auth.user_id;
    for member in known {
        call.world.join_chat(chat_id, member, bot_id, user_id);
    }
    if let Some(text) = call.filled("MESSAGE") {
        let new =
            NewMessage { chat_id, author_id: bot_id, text, skip_command: true, ..NewMessage::default() };
        call.world.post(new, user_id);
    }
    Ok(Answer::new(json!(chat_id)))
}

fn get(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, false)?;
    let found = match call.filled("DIALOG_ID") {
        Some(dialog) => {
            let chat_id = chat_number(&dialog)
                .ok_or_else(|| RestError::bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"))?;
            let chat = call.world.chats.get(&chat_id).filter(|chat| chat.members.contains(&bot_id));
            chat.map(|chat| dialog_object(call, chat))
        }
        None => {
            let text = |name: &str| call.text(name).unwrap_or_default();
            let (kind, id) = (text("ENTITY_TYPE"), text("ENTITY_ID"));
            let mut chats = call.world.chats.values();
            let chat = chats.find(|chat| {
                !kind.is_empty()
                    && chat.entity_type() == kind
                    && chat.entity_id == id
                    && chat.members.contains(&bot_id)
            });
            chat.map(|chat| json!({"ID": chat.id}))
        }
    };
    Ok(Answer::new(found.unwrap_or(Value::Null)))
}

fn update_color(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = bot_and_chat(call)?;
    let name = call.text("COLOR").unwrap_or_default();
    let color = colors::named(&name)
        .ok_or_else(|| RestError::bad("WRONG_COLOR", "This color is not in the whitelist"))?;
    match group_of(call, bot_id, chat_id) {
        Some(chat) if chat.color != color => {
            chat.color = color;
            super::super::yes()
        }
        _ => Err(wrong_request("This color currently set or chat isn't exists")),
    }
}

fn update_title(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = bot_and_chat(call)?;
    let title = call.text("TITLE").unwrap_or_default().trim().to_owned();
    if title.is_empty() {
        return Err(RestError::bad("TITLE_EMPTY", "Title can't be empty"));
    }
    let chat = group_of(call, bot_id, chat_id)
        .ok_or_else(|| RestError::forbidden("ACCESS_ERROR", "You don't have access to this chat"))?;
    chat.title = title;
    super::super::yes()
}

fn update_avatar(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = bot_and_chat(call)?;
    let text = call.text("AVATAR").unwrap_or_default();
    let (content, ending) =
        picture::picture(&text).map_err(|_| RestError::bad("AVATAR_ERROR", "Avatar incorrect"))?;
    if group_of(call, bot_id, chat_id).is_none() {
        return Err(RestError::bad("ACCESS_DENIED", "You don't have access to this chat"));
    }
    let avatar = call.world.keep_picture(bot_id, content, ending);
    if let Some(chat) = group_of(call, bot_id, chat_id) {
        chat.avatar = avatar;
    }
    super::super::yes()
}

fn update_text_field(call: &mut Call<'_>) -> Reply {
    let (bot_id, chat_id) = match (call.filled("DIALOG_ID"), call.int("CHAT_ID")) {
        // Private dialogs have a text field too.
        (Some(dialog), _) if chat_number(&dialog).is_none() => {
            let owner = call.owner_v1()?;
            let bot_id = own_bot(call, &owner, false)?;
            let chat_id = super::messages::chat_of_dialog(call, bot_id, &dialog)
                .ok_or_else(|| RestError::bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"))?;
            (bot_id, chat_id)
        }
        _ => bot_and_chat(call)?,
    };
    let enabled = call
        .value("TEXT_FIELD_ENABLED")
        .and_then(scalar_text)
        .ok_or_else(|| RestError::bad("TEXT_FIELD_ENABLED_EMPTY", "Text field enabled can't be empty"))?;
    let chat = call.world.chats.get_mut(&chat_id).filter(|chat| chat.members.contains(&bot_id));
    let chat = chat.ok_or_else(|| RestError::bad("ACCESS_ERROR", "You don't have access to this chat"))?;
    chat.text_field = enabled != "N";
    super::super::yes()
}
