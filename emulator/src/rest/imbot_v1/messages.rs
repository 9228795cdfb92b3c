//! Messages and typing, v1.

use serde_json::{Value, json};

use super::super::{Answer, Call, Method, Reply, RestError};
use super::bots::own_bot;
use crate::world::chats::ChatKind;
use crate::world::content::{self, ContentFault};
use crate::world::sending::NewMessage;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imbot.message.add", "imbot", add),
    Method::upper("imbot.message.update", "imbot", update),
    Method::upper("imbot.message.delete", "imbot", delete),
    Method::upper("imbot.chat.sendTyping", "imbot", send_typing),
];

/// A bot may change its messages for three days.
const EDIT_SECONDS: i64 = 259_200;

/// The chat that a dialog id means for a bot, opened if it is a private one; `None` for text that is no dialog id.
pub(in crate::rest) fn chat_of_dialog(call: &mut Call<'_>, bot_id: i64, dialog: &str) -> Option<i64> {
    if !dialog.is_empty() && dialog.bytes().all(|byte| byte.is_ascii_digit()) {
        let user_id: i64 = dialog.parse().ok()?;
        if !call.world.users.contains_key(&user_id) || user_id == bot_id {
            return Some(0);
        }
        return Some(call.world.private_dialog(bot_id, user_id, bot_id));
    }
    let lower = dialog.to_ascii_lowercase();
    let number = ["chat", "sg", "crm"].iter().find_map(|prefix| lower.strip_prefix(prefix))?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if lower.starts_with("chat") { number.parse().unwrap_or(0) } else { 0 })
}

fn dialog_error() -> RestError {
    RestError::bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty")
}

/// Text, attachment, keyboard and menu of a v1 call, checked in the portal's order.
pub(super) struct Parts {
    pub(super) text: String,
    pub(super) attach: Option<Value>,
    pub(super) keyboard: Option<Value>,
    pub(super) menu: Option<Value>,
}

/// `answer` is `imbot.command.answer`, which names an oversize keyboard itself instead of failing to send.
pub(super) fn parts(call: &Call<'_>, bot_id: i64, answer: bool) -> Result<Parts, RestError> {
    let text = call.text("MESSAGE").unwrap_or_default().trim().to_owned();
    if text.is_empty() {
        return Err(RestError::bad("MESSAGE_EMPTY", "Message can't be empty"));
    }
    let error = |what| move |fault| Call::content_error(what, fault);
    let attach = content::attach(call.value("ATTACH"), call.world.now(), &call.world.remarks)
        .map_err(error("ATTACH"))?;
    let keyboard = content::keyboard(call.value("KEYBOARD"), bot_id, &call.world.remarks).map_err(
        |fault| match fault {
            ContentFault::Oversize if answer => oversize("KEYBOARD"),
            fault => Call::content_error("KEYBOARD", fault),
        },
    )?;
    let menu = content::menu(call.value("MENU"), bot_id, &call.world.remarks).map_err(error("MENU"))?;
    Ok(Parts { text, attach, keyboard, menu })
}

fn add(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, false)?;
    let (from, to) = (call.int("FROM_USER_ID"), call.int("TO_USER_ID"));
    let as_system = call.filled("DIALOG_ID").is_none() && from > 0 && to > 0;
    let dialog = call.text("DIALOG_ID").unwrap_or_default();
    let chat_id = if as_system {
        call.world.private_dialog(from, to, bot_id)
    } else {
        // Only the form of the id is looked at here; opening the chat waits until the message is known to be good.
        if !looks_like_dialog(&dialog) {
            return Err(dialog_error());
        }
        0
    };
    let parts = parts(call, bot_id, false)?;
    let chat_id = if as_system { chat_id } else { chat_of_dialog(call, bot_id, &dialog).unwrap_or(0) };
    if !as_system {
        call.world.may_post(chat_id, bot_id).map_err(RestError::not_added)?;
    }
    let system = as_system || call.yes("SYSTEM");
    let text = if call.yes("SYSTEM") && !as_system {
        format!("[b]{}:[/b]\n{}", call.world.name_of(bot_id), parts.text)
    } else {
        parts.text
    };
    let new = NewMessage {
        chat_id,
        author_id: bot_id,
        text,
        keyboard: parts.keyboard,
        attach: parts.attach,
        menu: parts.menu,
        system,
        uuid: String::new(),
        skip_connector: call.yes("SKIP_CONNECTOR"),
        skip_command: true,
        ..NewMessage::default()
    };
    let user_id = call.auth.user_id;
    Ok(Answer::new(json!(call.world.post(new, user_id))))
}

fn looks_like_dialog(dialog: &str) -> bool {
    let lower = dialog.to_ascii_lowercase();
    let digits = ["chat", "sg", "crm"].iter().find_map(|prefix| lower.strip_prefix(prefix)).unwrap_or(&lower);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn oversize(what: &str) -> RestError {
    RestError::bad(&format!("{what}_OVERSIZE"), "You have exceeded the maximum allowable size")
}

/// The message of `MESSAGE_ID` if the bot may change it.
fn changeable(call: &Call<'_>, bot_id: i64) -> Result<i64, RestError> {
    let id = call.int("MESSAGE_ID");
    if id <= 0 {
        return Err(RestError::bad("MESSAGE_ID_ERROR", "Message id isn't specified"));
    }
    let denied = || {
        RestError::forbidden(
            "CANT_EDIT_MESSAGE",
            "Time has expired for modification or you don't have access",
        )
    };
    let message = call.world.messages.get(&id).filter(|message| !message.deleted).ok_or_else(denied)?;
    let chat = call.world.chats.get(&message.chat_id).ok_or_else(denied)?;
    if message.forward.is_some() {
        return Err(denied());
    }
    let own = message.author_id == bot_id || (chat.kind == ChatKind::Lines && chat.members.contains(&bot_id));
    let fresh = call.world.now() - message.date <= EDIT_SECONDS;
    if own && fresh { Ok(id) } else { Err(denied()) }
}

fn update(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, false)?;
    let id = changeable(call, bot_id)?;
    let user_id = call.auth.user_id;
    let removes = |value: &Value| matches!(value, Value::String(text) if text.is_empty() || text == "N");
    let change = |call: &Call<'_>, name: &str| call.params.get(name).cloned();
    let over = |what: &'static str| {
        move |fault| match (what, fault) {
            ("MENU", ContentFault::Invalid) => RestError::bad("menu_ERROR", "Incorrect menu params"),
            ("ATTACH", fault) => Call::content_error("ATTACH", fault),
            (what, ContentFault::Oversize) => oversize(what),
            (what, fault) => Call::content_error(what, fault),
        }
    };
    // Parts are applied one by one: an error later leaves the earlier ones in place.
    if let Some(value) = change(call, "ATTACH") {
        let attach = if removes(&value) {
            None
        } else {
            content::attach(Some(&value), call.world.now(), &call.world.remarks).map_err(over("ATTACH"))?
        };
        if let Some(message) = call.world.messages.get_mut(&id) {
            message.attach = attach;
        }
    }
    if let Some(value) = change(call, "KEYBOARD") {
        let keyboard = if removes(&value) {
            None
        } else {
            content::keyboard(Some(&value), bot_id, &call.world.remarks).map_err(over("KEYBOARD"))?
        };
        if let Some(message) = call.world.messages.get_mut(&id) {
            message.keyboard = keyboard;
        }
    }
    if let Some(value) = change(call, "MENU") {
        let menu = if removes(&value) {
            None
        } else {
            content::menu(Some(&value), bot_id, &call.world.remarks).map_err(over("MENU"))?
        };
        if let Some(message) = call.world.messages.get_mut(&id) {
            message.menu = menu;
        }
    }
    if let Some(text) = call.text("MESSAGE") {
        if text.trim().is_empty() {
            call.world.delete(id, user_id);
        } else {
            call.world.edit(id, &text, user_id);
        }
    }
    super::super::yes()
}

fn delete(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let bot_id = own_bot(call, &owner, false)?;
    let id = changeable(call, bot_id)?;
    let user_id = call.auth.user_id;
    call.world.delete(id, user_id);
    if call.yes("COMPLETE") {
        call.world.messages.remove(&id);
        call.world.bot_messages.retain(|known| *known != id);
    }
    super::super::yes()
}

fn send_typing(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    own_bot(call, &owner, false)?;
    if !looks_like_dialog(&call.text("DIALOG_ID").unwrap_or_default()) {
        return Err(dialog_error());
    }
    super::super::yes()
}
