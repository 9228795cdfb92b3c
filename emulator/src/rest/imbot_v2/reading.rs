//! `imbot.v2.Chat.Message.get`, `.getContext`, `.read`, and reactions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{dialog_chat, done, field, own_bot, top};
use crate::world::bots::BotKind;
use crate::world::messages::Message;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imbot.v2.Chat.Message.get", "imbot", get),
    Method::literal("imbot.v2.Chat.Message.getContext", "imbot", context),
    Method::literal("imbot.v2.Chat.Message.read", "imbot", read),
    Method::literal("imbot.v2.Chat.Message.Reaction.add", "imbot", reaction_add),
    Method::literal("imbot.v2.Chat.Message.Reaction.delete", "imbot", reaction_delete),
];

const RANGE: i64 = 50;

/// The message of `messageId` in a chat that the bot is in, unless the chat hides it from the bot.
fn seen<'c>(call: &'c Call<'_>, bot_id: i64) -> Result<&'c Message, RestError> {
    let id = top(call, "messageId").map_or(0, loose_int);
    let message = call
        .world
        .messages
        .get(&id)
        .ok_or_else(|| RestError::bad("MESSAGE_NOT_FOUND", "Message not found"))?;
    let shown = call.world.chats.get(&message.chat_id).is_some_and(|chat| chat.shows(bot_id, message.id));
    if shown {
        Ok(message)
    } else {
        Err(RestError::bad("MESSAGE_ACCESS_DENIED", "You don't have access to this message"))
    }
}

/// Only bots that see every message anyway may read back.
fn reader(call: &Call<'_>) -> Result<i64, RestError> {
    let bot_id = own_bot(call)?;
    let kind = call.world.bots.get(&bot_id).map(|bot| bot.kind);
    if matches!(kind, Some(BotKind::Supervisor | BotKind::Personal)) {
        Ok(bot_id)
    } else {
        Err(RestError::bad("BOT_TYPE_NOT_ALLOWED", "Only supervisor and personal bots may read messages"))
    }
}

fn get(call: &mut Call<'_>) -> Reply {
    let bot_id = reader(call)?;
    let message = seen(call, bot_id)?;
    let user = call.world.users.get(&message.author_id).map(|user| user.v2());
    Ok(Answer::new(json!({"message": message.v2(), "user": user})))
}

/// What the chat shows to the bot, oldest first.
fn shown_to<'c>(call: &'c Call<'_>, bot_id: i64, chat_id: i64) -> impl Iterator<Item = &'c Message> {
    let chat = call.world.chats.get(&chat_id);
    let shown = move |message: &&Message| chat.is_some_and(|chat| chat.shows(bot_id, message.id));
    call.world.messages_of(chat_id).filter(shown)
}

fn context(call: &mut Call<'_>) -> Reply {
    let bot_id = reader(call)?;
    let (id, chat_id) = seen(call, bot_id).map(|message| (message.id, message.chat_id))?;
    let range = top(call, "range").or_else(|| field(call, "range")).map_or(RANGE, loose_int).clamp(1, RANGE);
    let range = usize::try_from(range).unwrap_or(1);
    let (before, after): (Vec<&Message>, Vec<&Message>) =
        shown_to(call, bot_id, chat_id).partition(|message| message.id < id);
    let from = before.len().saturating_sub(range);
    let to = after.len().min(range + 1);
    let messages: Vec<&Message> = before[from..].iter().chain(&after[..to]).copied().collect();
    let authors: BTreeSet<i64> = messages.iter().map(|message| message.author_id).collect();
    let users: Vec<Value> =
        authors.iter().filter_map(|id| call.world.users.get(id)).map(|user| user.v2()).collect();
    let messages: Vec<Value> = messages.into_iter().map(Message::v2).collect();
    Ok(Answer::new(json!({
        "messages": messages,
        "users": users,
        "hasPrevPage": from > 0,
        "hasNextPage": to < after.len(),
    })))
}

/// Marks as read up to a message, or up to the last one.
fn read(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = dialog_chat(call, bot_id)?;
    let upto = match top(call, "messageId").map(loose_int).filter(|id| *id > 0) {
        Some(_) => match seen(call, bot_id)? {
            message if message.chat_id == chat_id => message.id,
            _ => return Err(RestError::bad("MESSAGE_NOT_FOUND", "Message not found")),
        },
        None => call.world.chats.get(&chat_id).map_or(0, |chat| chat.last_message),
    };
    let mark = call.world.chats.get_mut(&chat_id).map(|chat| chat.read.entry(bot_id).or_insert(0));
    let before = mark.as_ref().map_or(0, |mark| **mark);
    let last = before.max(upto);
    if let Some(mark) = mark {
        *mark = last;
    }
    let foreign = |message: &&Message| message.author_id != bot_id && !message.deleted;
    let others: Vec<i64> =
        shown_to(call, bot_id, chat_id).filter(foreign).map(|message| message.id).collect();
    let viewed: Vec<i64> = others.iter().copied().filter(|id| (before + 1..=last).contains(id)).collect();
    let counter = others.iter().filter(|id| **id > last).count();
    Ok(Answer::new(json!({"chatId": chat_id, "lastId": last, "counter": counter, "viewedMessages": viewed})))
}

/// The message, and the code of the reaction in camelCase.
fn reaction(call: &Call<'_>) -> Result<(i64, i64, String), RestError> {
    let bot_id = own_bot(call)?;
    let id = seen(call, bot_id)?.id;
    let code = top(call, "reaction").or_else(|| field(call, "reaction")).and_then(scalar_text);
    // The portal's own list grows with its versions; what cannot be a code is refused.
    let code = code.filter(|code| {
        code.starts_with(|first: char| first.is_ascii_lowercase())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let code = code.ok_or_else(|| RestError::bad("REACTION_NOT_FOUND", "Reaction not found"))?;
    Ok((bot_id, id, code))
}

fn reaction_add(call: &mut Call<'_>) -> Reply {
    let (bot_id, id, code) = reaction(call)?;
    if call.world.bot_reacts(id, bot_id, &code, true) {
        done()
    } else {
        Err(RestError::bad("REACTION_ALREADY_SET", "Reaction is already set"))
    }
}

fn reaction_delete(call: &mut Call<'_>) -> Reply {
    let (bot_id, id, code) = reaction(call)?;
    if call.world.bot_reacts(id, bot_id, &code, false) {
        done()
    } else {
        Err(RestError::bad("REACTION_NOT_FOUND", "Reaction not found"))
    }
}
