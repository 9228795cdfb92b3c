//! What a bot does with its session: hand it over, speak a line's text, transfer, finish.

use serde_json::json;

use super::super::call::positive;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::target::{Target, chat_id, may_lead, target, wrong_operator};
use crate::rest::auth::AuthKind;
use crate::world::apps::Owner;
use crate::world::lines::BotLeaves;
use crate::world::sending::NewMessage;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imopenlines.bot.session.operator", "imopenlines", operator),
    Method::upper("imopenlines.bot.session.message.send", "imopenlines", message_send),
    Method::upper("imopenlines.bot.session.send.message", "imopenlines", message_send),
    Method::literal("imopenlines.bot.session.transfer", "imopenlines", transfer),
    Method::upper("imopenlines.bot.session.finish", "imopenlines", finish),
    Method::literal("imopenlines.bot.session.dialog.new", "imopenlines", dialog_new),
];

/// What the line says as its welcome text.
pub(super) const WELCOME: &str = "Welcome to the open channel!";

/// The first bot of the caller: the methods offer no choice.
fn acting_bot(call: &Call<'_>) -> Result<i64, RestError> {
    let owner = match &call.auth.kind {
        AuthKind::OAuth { client_id } => Owner::App(client_id.clone()),
        AuthKind::Webhook => call
            .filled("CLIENT_ID")
            .map(Owner::Custom)
            .ok_or_else(|| RestError::forbidden("ACCESS_DENIED", "Client ID not specified."))?,
    };
    call.world.first_bot(&owner).ok_or_else(|| RestError::bad("BOT_ID_ERROR", "Bot not found"))
}

fn operator(call: &mut Call<'_>) -> Reply {
    let chat_id = chat_id(call)?;
    let user_id = call.auth.user_id;
    if call.world.hand_over(chat_id, user_id) {
        super::super::yes()
    } else {
        Err(RestError::bad("WRONG_CHAT", "You are not allowed to switch this dialog to an operator"))
    }
}

/// The welcome text of the chat's line.
fn welcome(call: &Call<'_>, chat_id: i64) -> String {
    let own = call.world.line_of(chat_id).and_then(|line| line.settings.get("WELCOME_MESSAGE_TEXT"));
    own.and_then(|text| text.as_str()).unwrap_or(WELCOME).to_owned()
}

fn message_send(call: &mut Call<'_>) -> Reply {
    let chat_id = chat_id(call)?;
    let text = match call.text("NAME").as_deref() {
        Some("WELCOME") => welcome(call, chat_id),
        Some("DEFAULT") => call.text("MESSAGE").unwrap_or_default(),
        _ => String::new(),
    };
    let author = call.world.last_session(chat_id).map_or(0, |session| session.operator_id);
    if !text.trim().is_empty()
        && call.world.lines_chat(chat_id)
        && call.world.may_post(chat_id, author).is_ok()
    {
        let new =
            NewMessage { chat_id, author_id: author, text, skip_command: true, ..NewMessage::default() };
        let user_id = call.auth.user_id;
        call.world.post(new, user_id);
    }
    super::super::yes()
}

fn transfer(call: &mut Call<'_>) -> Reply {
    let chat_id = chat_id(call)?;
    let target = target(call)?;
    let bot_id = acting_bot(call)?;
    if call.world.open_session_id(chat_id).is_none() {
        return Err(wrong_operator());
    }
    let acting_user = call.auth.user_id;
    match target {
        Target::User(user_id) => {
            if !may_lead(call.world, user_id) {
                return Err(wrong_operator());
            }
            call.world.transfer_to(chat_id, user_id);
        }
        Target::Queue(line_id) => {
            if !call.world.transfer_to_line(chat_id, line_id, acting_user) {
                return Err(wrong_operator());
            }
        }
    }
    let leaves = call.yes("LEAVE");
    if leaves && let Some(chat) = call.world.chats.get_mut(&chat_id) {
        chat.members.remove(&bot_id);
    }
    super::super::yes()
}

fn finish(call: &mut Call<'_>) -> Reply {
    let chat_id = chat_id(call)?;
    let bot_id = acting_bot(call)?;
    if call.world.open_session_id(chat_id).is_some() {
        // The bot becomes the operator first.
        call.world.transfer_to(chat_id, bot_id);
        call.world.finish_session(chat_id, bot_id);
        call.world.bots_leave(chat_id, BotLeaves::WhenClosed);
    }
    super::super::yes()
}

/// A dialog with another operator, begun from one of the chat's messages.
fn dialog_new(call: &mut Call<'_>) -> Reply {
    for (name, code) in [
        ("CHAT_ID", "EMPTY_CHAT_ID"),
        ("OPERATOR_ID", "EMPTY_OPERATOR_ID"),
        ("MESSAGE_ID", "EMPTY_MESSAGE_ID"),
    ] {
        if positive(call.value(name)).is_none() {
            return Err(RestError::bad(code, &format!("{name} can't be empty")));
        }
    }
    let (chat_id, operator_id) = (call.int("CHAT_ID"), call.int("OPERATOR_ID"));
    let known = call.world.messages.get(&call.int("MESSAGE_ID")).is_some_and(|m| m.chat_id == chat_id);
    let done = known && call.world.lines_chat(chat_id) && may_lead(call.world, operator_id);
    if done {
        call.world.ensure_session(chat_id, operator_id);
        call.world.transfer_to(chat_id, operator_id);
    }
    Ok(Answer::new(json!(done)))
}
