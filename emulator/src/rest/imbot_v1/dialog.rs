//! `imbot.dialog.*` and the like of a message, v1.
//!
//! The trap: `imbot.dialog.get` looks with the eyes of the token's user, not with the bot's.

use super::super::imopenlines::dialog::dialog_object;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::bots::own_bot;
use crate::world::chats::ChatKind;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imbot.dialog.get", "imbot", get),
    Method::upper("imbot.dialog.vote", "imbot", vote),
    Method::upper("imbot.message.like", "imbot", like),
];

/// The chat that a dialog id means for the token's user: `Ok(None)` when there is none.
fn chat_for_user(call: &Call<'_>) -> Result<Option<i64>, RestError> {
    let empty = || RestError::bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty");
    let dialog = call.filled("DIALOG_ID").ok_or_else(empty)?;
    if dialog.bytes().all(|byte| byte.is_ascii_digit()) {
        let other = dialog.parse().map_err(|_| empty())?;
        return Ok(call.world.private_chat(call.auth.user_id, other));
    }
    super::chats::chat_number(&dialog).map(Some).ok_or_else(empty)
}

fn access_error(status: u16) -> RestError {
    RestError::new(status, "ACCESS_ERROR", "You don't have access to this chat")
}

fn get(call: &mut Call<'_>) -> Reply {
    let chat_id = chat_for_user(call)?;
    let chat = chat_id.and_then(|id| call.world.chats.get(&id)).ok_or_else(|| access_error(400))?;
    // An administrator may look into every open line, but not into other people's chats.
    let lines = chat.kind == ChatKind::Lines && call.auth.is_admin(call.world);
    if !lines && !chat.open && !chat.members.contains(&call.auth.user_id) {
        return Err(access_error(403));
    }
    Ok(Answer::new(dialog_object(call, chat)))
}

fn vote(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, false)?;
    let chat_id = chat_for_user(call)?.unwrap_or(0);
    let inside = |id: &i64| call.world.chats.get(id).is_some_and(|chat| chat.members.contains(&bot_id));
    if !inside(&chat_id) {
        return Err(access_error(403));
    }
    let vote = match call.text("RATING").as_deref() {
        Some("like") => "like",
        Some("dislike") => "dislike",
        _ => return Err(RestError::wrong_type("RATING")),
    };
    let id = call.int("MESSAGE_ID");
    let message = call.world.messages.get_mut(&id).filter(|message| message.chat_id == chat_id);
    let message = message.ok_or_else(|| RestError::missing("MESSAGE_ID"))?;
    message.vote = Some(vote);
    super::super::yes()
}

fn like(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, false)?;
    let id = call.int("MESSAGE_ID");
    if id <= 0 {
        return Err(RestError::bad("MESSAGE_ID_ERROR", "Message id can't be empty"));
    }
    let liked = |call: &Call<'_>| {
        let message = call.world.messages.get(&id)?;
        let shown = call.world.chats.get(&message.chat_id)?.shows(bot_id, id);
        shown.then(|| message.reactions.contains(&(bot_id, "like".to_owned())))
    };
    let changed = match (liked(call), call.text("ACTION").map(|action| action.to_ascii_lowercase())) {
        (None, _) => false,
        (Some(_), Some(action)) if action == "plus" => call.world.bot_reacts(id, bot_id, "like", true),
        (Some(_), Some(action)) if action == "minus" => call.world.bot_reacts(id, bot_id, "like", false),
        (Some(liked), _) => call.world.bot_reacts(id, bot_id, "like", !liked),
    };
    if changed {
        super::super::yes()
    } else {
        Err(RestError::bad("WITHOUT_CHANGES", "Status of like hasn't been changed"))
    }
}
