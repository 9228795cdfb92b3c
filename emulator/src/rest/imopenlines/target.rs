//! What several methods ask first: which chat, may the caller work on it, and where a transfer goes.

use super::super::call::{loose_int, scalar_text};
use super::super::{Call, RestError};
use crate::world::World;
use crate::world::people::UserKind;

/// Where a transfer goes.
#[derive(Clone, Copy)]
pub(super) enum Target {
    User(i64),
    Queue(i64),
}

pub(super) fn chat_id(call: &Call<'_>) -> Result<i64, RestError> {
    match call.int("CHAT_ID") {
        id if id > 0 => Ok(id),
        _ => Err(RestError::bad("CHAT_ID_EMPTY", "Chat ID can't be empty")),
    }
}

/// `TRANSFER_ID` wins over `USER_ID`, and that over `QUEUE_ID`.
pub(super) fn target(call: &Call<'_>) -> Result<Target, RestError> {
    let empty = |name: &str| RestError::bad(&format!("{name}_EMPTY"), &format!("{name} can't be empty"));
    if let Some(to) = call.params.get("TRANSFER_ID") {
        let text = scalar_text(to).unwrap_or_default();
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

/// The checks of the operator family, in the portal's order: chat, user, kind of chat, right to it.
pub(super) fn operators_chat(call: &Call<'_>) -> Result<i64, RestError> {
    let id = call.int("CHAT_ID");
    let user_id = call.auth.user_id;
    let chat = call.world.chats.get(&id).filter(|_| id > 0);
    chat.ok_or_else(|| RestError::bad("CHAT_ID", "The chat ID is not correct"))?;
    if call.world.user_kind(user_id) != Some(UserKind::Employee) {
        return Err(RestError::bad("USER_ID", "The user ID is not correct"));
    }
    if !call.world.lines_chat(id) {
        return Err(RestError::bad("CHAT_TYPE", "The chat is not an open channel"));
    }
    if call.world.kept_out.contains(&user_id) {
        return Err(RestError::bad("ACCESS_DENIED", "You don't have permission to open this dialog"));
    }
    Ok(id)
}

/// Whether an employee may be given a dialog.
pub(super) fn may_lead(world: &World, user_id: i64) -> bool {
    world.user_kind(user_id) == Some(UserKind::Employee) && !world.kept_out.contains(&user_id)
}

pub(super) fn wrong_operator() -> RestError {
    RestError::bad("OPERATOR_WRONG", "The operator is not available")
}
