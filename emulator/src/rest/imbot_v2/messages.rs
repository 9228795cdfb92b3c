//! `imbot.v2.Chat.*`: sending, editing and deleting messages, and the activity notice.

use serde_json::{Map, Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{dialog_chat, field, field_text, flag, is_blank, own_bot, top};
use crate::world::chats::ChatKind;
use crate::world::content::{self, ContentFault};
use crate::world::idempotency::{Claim, is_key};
use crate::world::messages::{Forward, Message};
use crate::world::sending::NewMessage;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imbot.v2.Chat.Message.send", "imbot", send),
    Method::literal("imbot.v2.Chat.Message.update", "imbot", update),
    Method::literal("imbot.v2.Chat.Message.delete", "imbot", delete),
    Method::literal("imbot.v2.Chat.InputAction.notify", "imbot", notify),
];

fn content_error(what: &'static str) -> impl Fn(ContentFault) -> RestError {
    move |fault| {
        let text = match fault {
            ContentFault::Fatal => return Call::broken(),
            ContentFault::Invalid => format!("Incorrect {} params", what.to_ascii_lowercase()),
            ContentFault::Oversize => "You have exceeded the maximum allowable size".to_owned(),
        };
        RestError::bad(&format!("PARAM_{what}_ERROR"), &text)
    }
}

/// Messages that one send may forward.
const MOST_FORWARDED: usize = 100;

/// `forwardIds`: each UUID with the message it stands for, in the order given.
fn forwarded(call: &Call<'_>, bot_id: i64) -> Result<Vec<(String, Message)>, RestError> {
    let Some(Value::Object(map)) = field(call, "forwardIds") else { return Ok(Vec::new()) };
    if map.len() > MOST_FORWARDED {
        return Err(RestError::bad("TOO_MANY_MESSAGES", "Too many messages to forward"));
    }
    let mut found = Vec::new();
    for (uuid, id) in map {
        if !is_key(uuid) {
            return Err(RestError::bad("WRONG_UUID", "A key of forwardIds is no UUID"));
        }
        let message = call.world.messages.get(&loose_int(id)).filter(|message| !message.deleted);
        let message = message.ok_or_else(|| RestError::bad("MESSAGE_NOT_FOUND", "Message not found"))?;
        let shown = call.world.chats.get(&message.chat_id).is_some_and(|chat| chat.shows(bot_id, message.id));
        if !shown {
            return Err(RestError::bad("MESSAGE_ACCESS_DENIED", "You don't have access to this message"));
        }
        found.push((uuid.clone(), message.clone()));
    }
    Ok(found)
}

/// `replyId`, which must be a message of the same chat that the bot may see.
fn reply_to(call: &Call<'_>, bot_id: i64, chat_id: i64) -> Result<i64, RestError> {
    let id = field(call, "replyId").map_or(0, loose_int);
    let shown = |id| call.world.chats.get(&chat_id).is_some_and(|chat| chat.shows(bot_id, id));
    let there = |id| {
        let message = call.world.messages.get(&id);
        message.is_some_and(|message| message.chat_id == chat_id && !message.deleted && shown(id))
    };
    if id == 0 || there(id) {
        Ok(id)
    } else {
        Err(RestError::bad("REPLY_ERROR", "The message to reply to is not in this chat"))
    }
}

fn send(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = dialog_chat(call, bot_id)?;
    let text = field_text(call, "message").unwrap_or_default();
    let attach = content::attach(field(call, "attach"), call.world.now(), &call.world.remarks)
        .map_err(content_error("ATTACH"))?;
    let keyboard = content::keyboard(field(call, "keyboard"), bot_id, &call.world.remarks)
        .map_err(content_error("KEYBOARD"))?;
    let forwarded = forwarded(call, bot_id)?;
    let empty = text.trim().is_empty() && attach.is_none();
    if empty && forwarded.is_empty() {
        return Err(RestError::bad("EMPTY_MESSAGE", "Message can't be empty"));
    }
    let reply_to = reply_to(call, bot_id, chat_id)?;
    let system = flag(field(call, "system"), false);
    let template = field_text(call, "templateId").unwrap_or_default();
    if template.chars().count() > 255 {
        return Err(RestError::bad("WRONG_UUID", "templateId is too long"));
    }
    let key = Some(template.clone()).filter(|key| !system && is_key(key));
    let now = call.world.now();
    if let Some(key) = &key {
        // Recorded before the connector checks: a refusal below blocks the key for an hour.
        match call.world.idempotency.claim(key, now) {
            Claim::Fresh => {}
            Claim::Sent(id) => return Ok(sent(id, &template, Map::new())),
            Claim::Blocked => {
                return Err(RestError::bad(
                    "MESSAGE_DUPLICATED_BY_UUID",
                    "A message with this uuid is already being sent",
                ));
            }
        }
    }
    if call.world.may_post(chat_id, bot_id).is_err() {
        return Err(RestError::bad("SENDING_FAILED", "Message sending failed"));
    }
    let user_id = call.auth.user_id;
    let mut map = Map::new();
    let mut last = 0;
    for (uuid, original) in forwarded {
        let origin = original.forward.unwrap_or(Forward {
            id: original.id,
            user_id: original.author_id,
            chat_id: original.chat_id,
            date: original.date,
        });
        let new = NewMessage {
            chat_id,
            author_id: bot_id,
            text: original.text,
            attach: original.attach,
            files: original.files,
            uuid: uuid.clone(),
            skip_command: true,
            forward: Some(origin),
            ..NewMessage::default()
        };
        last = call.world.post(new, user_id);
        map.insert(uuid, json!(last));
    }
    if empty {
        if let Some(key) = &key {
            call.world.idempotency.settle(key, last);
        }
        return Ok(sent(last, "", map));
    }
    let text = if system { format!("[b]{}:[/b]\n{text}", call.world.name_of(bot_id)) } else { text };
    let new = NewMessage {
        chat_id,
        author_id: bot_id,
        text,
        keyboard,
        attach,
        system,
        uuid: template.clone(),
        skip_connector: flag(field(call, "skipConnector"), false)
            || flag(field(call, "silentConnector"), false),
        skip_command: true,
        reply_to,
        ..NewMessage::default()
    };
    let id = call.world.post(new, user_id);
    if let Some(key) = &key {
        call.world.idempotency.settle(key, id);
    }
    Ok(sent(id, &template, map))
}

fn sent(id: i64, template: &str, mut map: Map<String, Value>) -> Answer {
    if !template.is_empty() {
        map.insert(template.to_owned(), json!(id));
    }
    Answer::new(json!({"id": id, "uuidMap": map}))
}

/// The message of `messageId` if the bot may change it; there is no limit of three days here.
fn changeable(call: &Call<'_>, bot_id: i64) -> Result<i64, RestError> {
    let id = top(call, "messageId").map_or(0, loose_int);
    let not_found = || RestError::bad("MESSAGE_NOT_FOUND", "Message not found");
    let message = call.world.messages.get(&id).ok_or_else(not_found)?;
    let chat = call.world.chats.get(&message.chat_id).ok_or_else(not_found)?;
    let own = message.author_id == bot_id || (chat.kind == ChatKind::Lines && chat.members.contains(&bot_id));
    if own && !message.deleted && message.forward.is_none() {
        Ok(id)
    } else {
        Err(RestError::bad("MESSAGE_ACCESS_DENIED", "You can't change this message"))
    }
}

fn update(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let id = changeable(call, bot_id)?;
    let user_id = call.auth.user_id;
    let now = call.world.now();
    let given = |name: &str| {
        let fields = call.params.get("fields").or_else(|| call.params.get("FIELDS"))?;
        fields.get(name).cloned()
    };
    let (text, attach, keyboard) = (given("message"), given("attach"), given("keyboard"));
    if let Some(message) = call.world.messages.get_mut(&id) {
        if let Some(value) = attach {
            // The full form only; what is invalid is dropped without an error.
            let whole = value.get("BLOCKS").is_some();
            let cleared = is_blank(&value);
            match content::attach(Some(&value), now, &call.world.remarks) {
                Ok(Some(attach)) if whole => message.attach = Some(attach),
                _ if cleared => message.attach = None,
                _ => {}
            }
        }
        if let Some(value) = keyboard {
            let own = value.get("BOT_ID").map_or(0, loose_int);
            match content::keyboard(Some(&value), own, &call.world.remarks) {
                Ok(Some(keyboard)) => message.keyboard = Some(keyboard),
                _ if is_blank(&value) => message.keyboard = None,
                _ => {}
            }
        }
    }
    let text = text.map(|value| scalar_text(&value).unwrap_or_default());
    let emptied = text.as_deref().is_some_and(|text| text.trim().is_empty())
        && call.world.messages.get(&id).is_some_and(|message| message.attach.is_none());
    if emptied {
        call.world.delete(id, user_id);
    } else if let Some(text) = text {
        call.world.edit(id, &text, user_id);
    }
    Ok(Answer::new(json!({"result": true})))
}

fn delete(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let id = changeable(call, bot_id)?;
    let complete = flag(top(call, "complete").or_else(|| field(call, "complete")), false);
    let user_id = call.auth.user_id;
    call.world.delete(id, user_id);
    if complete {
        call.world.messages.remove(&id);
        call.world.bot_messages.retain(|known| *known != id);
    }
    Ok(Answer::new(json!({"result": true})))
}

fn notify(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    dialog_chat(call, bot_id)?;
    super::done()
}
