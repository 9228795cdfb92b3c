//! What a bot does with its session: hand it over, speak a line's text, transfer, finish.

use super::super::call::loose_int;
use super::super::{Call, Method, Reply, RestError};
use crate::rest::auth::AuthKind;
use crate::world::apps::Owner;
use crate::world::lines::BotLeaves;
use crate::world::people::UserKind;
use crate::world::sending::NewMessage;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imopenlines.bot.session.operator", "imopenlines", operator),
    Method::upper("imopenlines.bot.session.message.send", "imopenlines", message_send),
    Method::upper("imopenlines.bot.session.send.message", "imopenlines", message_send),
    Method::literal("imopenlines.bot.session.transfer", "imopenlines", transfer),
    Method::upper("imopenlines.bot.session.finish", "imopenlines", finish),
];

/// What the line says as its welcome text.
const WELCOME: &str = "Welcome to the open channel!";

fn chat_id(call: &Call<'_>) -> Result<i64, RestError> {
    match call.int("CHAT_ID") {
        id if id > 0 => Ok(id),
        _ => Err(RestError::bad("CHAT_ID_EMPTY", "Chat ID can't be empty")),
    }
}

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

fn message_send(call: &mut Call<'_>) -> Reply {
    let chat_id = chat_id(call)?;
    let text = match call.text("NAME").as_deref() {
        Some("WELCOME") => WELCOME.to_owned(),
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

/// Where a transfer goes.
enum Target {
    User(i64),
    Queue(i64),
}

fn target(call: &Call<'_>) -> Result<Target, RestError> {
    let empty = |name: &str| RestError::bad(&format!("{name}_EMPTY"), &format!("{name} can't be empty"));
    if let Some(to) = call.params.get("TRANSFER_ID") {
        let text = super::super::call::scalar_text(to).unwrap_or_default();
        let (queue, number) = match text.strip_prefix("queue") {
            Some(number) => (true, number),
            None => (false, text.as_str()),
        };
        let id: i64 = number.parse().unwrap_or(0);
        return match (id > 0, queue) {
            (false, _) => Err(empty("TRANSFER_ID")),
            (true, true) => Ok(Target::Queue(id)),
            (true, false) => Ok(Target::User(id)),
        };
    }
    if let Some(user) = call.params.get("USER_ID") {
        let id = loose_int(user);
        return if id > 0 { Ok(Target::User(id)) } else { Err(empty("USER_ID")) };
    }
    match call.params.get("QUEUE_ID").map(loose_int) {
        Some(id) if id > 0 => Ok(Target::Queue(id)),
        Some(_) => Err(empty("QUEUE_ID")),
        None => Err(empty("TRANSFER_ID")),
    }
}

fn transfer(call: &mut Call<'_>) -> Reply {
    let chat_id = chat_id(call)?;
    let target = target(call)?;
    let bot_id = acting_bot(call)?;
    let wrong = || RestError::bad("OPERATOR_WRONG", "The operator is not available");
    if call.world.open_session_id(chat_id).is_none() {
        return Err(wrong());
    }
    let acting_user = call.auth.user_id;
    match target {
        Target::User(user_id) => {
            if call.world.user_kind(user_id) != Some(UserKind::Employee) {
                return Err(wrong());
            }
            call.world.transfer_to(chat_id, user_id);
        }
        Target::Queue(line_id) => {
            if !call.world.lines.contains_key(&line_id) || !call.world.hand_over(chat_id, acting_user) {
                return Err(wrong());
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
