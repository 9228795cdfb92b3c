//! Messages through lines of Bitrix24.Network.

use serde_json::json;

use super::super::{Answer, Call, Method, Reply, RestError};
use crate::record::NetworkMessage;
use crate::world::content;
use crate::world::network::WEEK_SECONDS;
use crate::world::sending::NewMessage;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imopenlines.network.message.add", "imopenlines", message_add),
    Method::upper("imopenlines.network.join", "imopenlines", join),
];

fn code(call: &Call<'_>) -> Result<String, RestError> {
    call.text("CODE")
        .filter(|code| code.chars().count() == 32)
        .ok_or_else(|| RestError::bad("CODE", "You entered an invalid code"))
}

fn message_add(call: &mut Call<'_>) -> Reply {
    let code = code(call)?;
    let bot_id = call
        .world
        .network
        .directory
        .get(&code)
        .and_then(|line| line.bot_id)
        .ok_or_else(|| RestError::bad("NOT_FOUND", "Open channel not found"))?;
    let user_id = call.int("USER_ID");
    if user_id <= 0 {
        return Err(RestError::bad("USER_ID_EMPTY", "User ID can't be empty"));
    }
    let now = call.world.now();
    let last = call.world.network.sent.get(&(bot_id, user_id));
    if !call.world.network.nfr && last.is_some_and(|last| now - last < WEEK_SECONDS) {
        let text = "You cannot send more than one message per week to each user";
        return Err(RestError::bad("USER_MESSAGE_LIMIT", text));
    }
    let text = call.text("MESSAGE").unwrap_or_default().trim().to_owned();
    if text.is_empty() {
        return Err(RestError::bad("MESSAGE_EMPTY", "Message can't be empty"));
    }
    let attach = content::attach(call.value("ATTACH"), now, &call.world.remarks)
        .map_err(|fault| Call::content_error("ATTACH", fault))?;
    let given = call.value("KEYBOARD");
    if given.is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty() && text != "0")) {
        return Err(RestError::bad("KEYBOARD_ERROR", "Incorrect keyboard params"));
    }
    let keyboard = content::keyboard(given, call.int("BOT_ID"), &call.world.remarks)
        .map_err(|fault| Call::content_error("KEYBOARD", fault))?;
    if !call.world.users.contains_key(&user_id) {
        return Err(RestError::bad("WRONG_REQUEST", "Message isn't added"));
    }
    let chat_id = call.world.private_dialog(bot_id, user_id, bot_id);
    let new = NewMessage {
        chat_id,
        author_id: bot_id,
        text,
        keyboard,
        attach,
        skip_command: true,
        ..NewMessage::default()
    };
    let caller = call.auth.user_id;
    let id = call.world.post(new, caller);
    call.world.network.sent.insert((bot_id, user_id), now);
    if let Some(message) = call.world.messages.get(&id) {
        let bytes = message.weight();
        let sent = NetworkMessage {
            id,
            code,
            user_id,
            text: message.text.clone(),
            attach: message.attach.clone(),
            keyboard: message.keyboard.clone(),
            unix: now,
        };
        call.world.network.delivered.push(sent, bytes);
    }
    super::super::yes()
}

fn join(call: &mut Call<'_>) -> Reply {
    let code = code(call)?;
    let bot_id = call
        .world
        .join_network(&code)
        .ok_or_else(|| RestError::bad("NOT_FOUND", "Open channel not found"))?;
    Ok(Answer::new(json!(bot_id)))
}
