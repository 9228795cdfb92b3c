//! `imopenlines.session.*` and `imopenlines.message.*`: opening, joining, taking and marking dialogs.

use serde_json::{Value, json};

use super::super::{Answer, Call, Method, Reply, RestError, yes};
use super::target::{chat_id, operators_chat, wrong_operator};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imopenlines.session.intercept", "imopenlines", intercept),
    Method::literal("imopenlines.session.open", "imopenlines", open),
    Method::literal("imopenlines.session.join", "imopenlines", join),
    Method::literal("imopenlines.session.start", "imopenlines", start),
    Method::literal("imopenlines.session.mode.silent", "imopenlines", silent),
    Method::literal("imopenlines.session.mode.pin", "imopenlines", pin),
    Method::literal("imopenlines.session.mode.unpin", "imopenlines", unpin),
    Method::literal("imopenlines.session.mode.pinAll", "imopenlines", pin_all),
    Method::literal("imopenlines.session.mode.unpinAll", "imopenlines", unpin_all),
    Method::literal("imopenlines.session.head.vote", "imopenlines", head_vote),
    Method::literal("imopenlines.message.session.start", "imopenlines", start_from_message),
    Method::literal("imopenlines.message.quick.save", "imopenlines", quick_save),
];

fn intercept(call: &mut Call<'_>) -> Reply {
    chat_id(call)?;
    let chat_id = operators_chat(call).map_err(|_| wrong_operator())?;
    let user_id = call.auth.user_id;
    if call.world.take_over(chat_id, user_id) { yes() } else { Err(wrong_operator()) }
}

fn open(call: &mut Call<'_>) -> Reply {
    let code = call.text("USER_CODE").unwrap_or_default();
    let code = code.strip_prefix("imol|").unwrap_or(&code);
    let known = call.world.chats.values().find(|chat| chat.entity_id == code && !code.is_empty());
    let chat = known
        .filter(|chat| call.world.lines_chat(chat.id) && !call.world.kept_out.contains(&call.auth.user_id))
        .ok_or_else(|| RestError::bad("ACCESS_DENIED", "You don't have permission to open this dialog"))?;
    Ok(Answer::new(json!({"chatId": chat.id})))
}

fn join(call: &mut Call<'_>) -> Reply {
    let chat_id = operators_chat(call)?;
    let user_id = call.auth.user_id;
    call.world.join_chat(chat_id, user_id, user_id, user_id);
    yes()
}

fn start(call: &mut Call<'_>) -> Reply {
    let chat_id = operators_chat(call)?;
    begin(call, chat_id)
}

/// A session that the caller leads, a new one if none is open.
fn begin(call: &mut Call<'_>, chat_id: i64) -> Reply {
    let user_id = call.auth.user_id;
    call.world.ensure_session(chat_id, user_id);
    call.world.take_over(chat_id, user_id);
    yes()
}

fn start_from_message(call: &mut Call<'_>) -> Reply {
    let chat_id = operators_chat(call)?;
    let message_id = call.int("MESSAGE_ID");
    if call.world.messages.get(&message_id).is_none_or(|message| message.chat_id != chat_id) {
        return Err(RestError::bad("CHAT_ID", "The message is not in this chat"));
    }
    begin(call, chat_id)
}

fn quick_save(call: &mut Call<'_>) -> Reply {
    let chat_id = operators_chat(call)?;
    let message = call.world.messages.get(&call.int("MESSAGE_ID"));
    let text = message
        .filter(|message| message.chat_id == chat_id && !message.text.is_empty())
        .map(|message| message.text.clone())
        .ok_or_else(|| RestError::bad("CANT_SAVE_QUICK_ANSWER", "The quick answer could not be saved"))?;
    call.world.quick_answers.push(text);
    yes()
}

fn silent(call: &mut Call<'_>) -> Reply {
    let chat_id = operators_chat(call)?;
    let on = call.yes("ACTIVATE");
    if let Some(chat) = call.world.chats.get_mut(&chat_id) {
        chat.silent = on;
    }
    yes()
}

fn pin(call: &mut Call<'_>) -> Reply {
    chat_id(call)?;
    let chat_id = operators_chat(call)?;
    let on = call.text("ACTIVATE").as_deref() != Some("N");
    if let Some(session) = call.world.open_session(chat_id) {
        session.pinned = on;
    }
    yes()
}

fn unpin(call: &mut Call<'_>) -> Reply {
    let chat_id = call.int("CHAT_ID");
    let user_id = call.auth.user_id;
    if let Some(session) = call.world.open_session(chat_id).filter(|session| session.operator_id == user_id) {
        session.pinned = false;
    }
    yes()
}

fn pin_all(call: &mut Call<'_>) -> Reply {
    Ok(set_all(call, true))
}

fn unpin_all(call: &mut Call<'_>) -> Reply {
    Ok(set_all(call, false))
}

/// Pins or unpins every session of the caller; the ids of those it changed.
fn set_all(call: &mut Call<'_>, pinned: bool) -> Answer {
    let user_id = call.auth.user_id;
    let mut changed = Vec::new();
    for session in call.world.sessions.values_mut() {
        if session.is_open() && session.operator_id == user_id && session.pinned != pinned {
            session.pinned = pinned;
            changed.push(Value::from(session.id));
        }
    }
    Answer::new(Value::Array(changed))
}

fn head_vote(call: &mut Call<'_>) -> Reply {
    let id = call.int("SESSION_ID");
    if id <= 0 {
        return Err(RestError::bad("EMPTY_SESSION_ID", "Session ID can't be empty"));
    }
    let rating = call.int("RATING");
    let comment = call.text("COMMENT");
    if !(1..=5).contains(&rating) && comment.is_none() {
        return Err(RestError::bad("EMPTY_VOTE_PARAMS", "Rating or comment must be given"));
    }
    let denied = || RestError::bad("ACCESS_DENIED", "You don't have permission to rate this session");
    if !call.auth.is_admin(call.world) {
        return Err(denied());
    }
    let session = call.world.sessions.get_mut(&id).ok_or_else(denied)?;
    let before = session.vote.take().unwrap_or_default();
    let rating = if (1..=5).contains(&rating) { rating } else { before.0 };
    session.vote = Some((rating, comment.unwrap_or(before.1)));
    yes()
}
