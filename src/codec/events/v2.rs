//! `ONIMBOTV2*` (protocol 2.2): one bot in a callback, objects for message, chat and user.

use super::{chat, incoming, payload, v1};
use crate::codec::{Callback, Flags, TypeError, classify, fields::Fields};
use crate::wire::{
    BotDeleted, BotId, BotRef, Chat, Command, CommandId, ContextOpened, Event, Forward, Incoming, Joined,
    Message, MessageDeleted, MessageId, MessageUpdated, Node, Reaction, User, UserId,
};

/// The bot that a callback is for.
pub(super) fn bot(callback: &Callback) -> Result<BotRef, TypeError> {
    let mut data = payload(callback)?;
    let Some(mut bot) = data.map("bot", "data.bot") else {
        let found = data.get("bot");
        return Err(data.wrong("bot", "the bot it is for", found));
    };
    Ok(BotRef::new(BotId::new(bot.id(&["id"])?), bot.text("code")))
}

/// `data`, taken apart.
struct Payload<'a> {
    bot: BotRef,
    data: Fields<'a>,
    chat: Option<Chat>,
    user: Option<User>,
    language: String,
}

fn take(callback: &Callback) -> Result<Payload<'_>, TypeError> {
    let bot = bot(callback)?;
    let mut data = payload(callback)?;
    let chat = match data.map("chat", "data.chat") {
        Some(mut fields) => Some(chat::chat(&mut fields, &chat::V2)?),
        None => None,
    };
    let user = chat::user(data.map("user", "data.user"), &chat::USER_V2);
    let language = data.text("language").to_owned();
    Ok(Payload { bot, data, chat, user, language })
}

impl<'a> Payload<'a> {
    fn finish(self, callback: &Callback, event: Event) -> Vec<Incoming> {
        vec![Incoming { bot: Some(self.bot), ..incoming(callback, event) }]
    }

    fn message(&mut self) -> Result<Fields<'a>, TypeError> {
        let message = self.data.map("message", "data.message");
        message.ok_or_else(|| {
            let found = self.data.get("message");
            self.data.wrong("message", "the message", found)
        })
    }

    /// The chat; without one the dialog that stands beside it, or the chat id of the message.
    fn chat(&mut self, message: Option<&mut Fields<'_>>) -> Result<Chat, TypeError> {
        if let Some(chat) = self.chat.take() {
            return Ok(chat);
        }
        let id = match message {
            Some(message) => message.some_id(&["chatId", "chat_id"])?.filter(|id| *id > 0).map(Into::into),
            None => None,
        };
        let dialog = self.data.plain_text("dialogId")?;
        chat::place(dialog, id).ok_or_else(|| self.data.wrong("chat", "the chat it happened in", None))
    }

    fn user_id(&self) -> UserId {
        self.user.as_ref().map(|user| user.id).unwrap_or_default()
    }
}

fn read_message(payload: &mut Payload<'_>) -> Result<Message, TypeError> {
    let mut fields = payload.message()?;
    let id = MessageId::new(fields.id(&["id"])?);
    let author_id = fields.some_id(&["authorId", "author_id"])?.map(UserId::new);
    let date = fields.text("date").to_owned();
    let text = fields.plain_text("text")?.to_owned();
    let system = fields.flag("isSystem").unwrap_or(false);
    let uuid = fields.some_text("uuid");
    let forward = fields.map("forward", "data.message.forward").map(forward);
    let viewed_by_others = fields.flag("viewedByOthers");
    let files = chat::files(fields.get("files"), fields.get("params"));
    let chat = payload.chat(Some(&mut fields))?;
    let flags = Flags::of(payload.user.as_ref(), author_id.unwrap_or_default(), system);
    let own = UserId::from(payload.bot.id);
    let author = classify(flags, &chat, author_id, &|user| user == own);
    Ok(Message {
        user: payload.user.take(),
        files,
        uuid,
        system,
        date,
        forward,
        viewed_by_others,
        language: std::mem::take(&mut payload.language),
        ..Message::new(id, text, chat, author_id.unwrap_or_default(), author)
    })
}

fn forward(mut fields: Fields<'_>) -> Forward {
    Forward {
        id: fields.text("id").to_owned(),
        user: UserId::new(fields.int("userId").unwrap_or(0).max(0)),
        chat: fields.int("chatId").unwrap_or(0).max(0).into(),
        date: fields.text("date").to_owned(),
    }
}

pub(super) fn message(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let message = read_message(&mut payload)?;
    Ok(payload.finish(callback, Event::Message(message)))
}

pub(super) fn update(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let message = read_message(&mut payload)?;
    Ok(payload.finish(callback, Event::MessageUpdated(MessageUpdated::new(message))))
}

pub(super) fn delete(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let id = MessageId::new(payload.data.id(&["messageId"])?);
    let chat = payload.chat(None)?;
    let deleted = MessageDeleted {
        user: payload.user.take(),
        language: std::mem::take(&mut payload.language),
        ..MessageDeleted::new(id, chat)
    };
    Ok(payload.finish(callback, Event::MessageDeleted(deleted)))
}

pub(super) fn join(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let chat = payload.chat(None)?;
    let user_id = payload.user_id();
    let joined = Joined {
        user: payload.user.take(),
        language: std::mem::take(&mut payload.language),
        ..Joined::new(chat, user_id)
    };
    Ok(payload.finish(callback, Event::Joined(joined)))
}

pub(super) fn context(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let context = v1::context(payload.data.get("context"));
    let chat = payload.chat(None)?;
    let user_id = payload.user_id();
    let opened = ContextOpened {
        user: payload.user.take(),
        language: std::mem::take(&mut payload.language),
        ..ContextOpened::new(context, chat, user_id)
    };
    Ok(payload.finish(callback, Event::ContextOpened(opened)))
}

pub(super) fn bot_deleted(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let bot = bot(callback)?;
    let event = Event::BotDeleted(BotDeleted::new(bot.clone()));
    Ok(vec![Incoming { bot: Some(bot), ..incoming(callback, event) }])
}

pub(super) fn command(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let Some(mut fields) = payload.data.map("command", "data.command") else {
        let found = payload.data.get("command");
        return Err(payload.data.wrong("command", "the command that was given", found));
    };
    let id = CommandId::new(fields.id(&["id"])?);
    let name = fields.plain_text("command")?.trim_start_matches('/');
    let params = fields.plain_text("params")?;
    let context = v1::command_context(fields.text("context"));
    let given = giver(&payload);
    let message = read_message(&mut payload)?;
    let (author_id, author) = match given {
        // A button is pressed by the event's user; its message is the bot's own.
        Some((user, flags)) => {
            let own = UserId::from(payload.bot.id);
            (user, classify(flags, &message.chat, Some(user), &|user| user == own))
        }
        None => (message.author_id, message.author),
    };
    let command = Command {
        message_id: message.id,
        chat: message.chat,
        author_id,
        author,
        user: message.user,
        text: message.text,
        language: message.language,
        ..Command::new(id, name, params, context)
    };
    Ok(payload.finish(callback, Event::Command(command)))
}

/// Who gave a command, where the event says so.
fn giver(payload: &Payload<'_>) -> Option<(UserId, Flags)> {
    let user = payload.user.as_ref()?;
    Some((user.id, Flags::of(Some(user), user.id, false)))
}

pub(super) fn reaction(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let code = payload.data.plain_text("reaction")?;
    if code.is_empty() {
        let found = payload.data.get("reaction");
        return Err(payload.data.wrong("reaction", "the code of a reaction", found));
    }
    let action = payload.data.get("action");
    let added = match action.and_then(Node::as_str) {
        Some("add") => true,
        Some("delete") => false,
        _ => return Err(payload.data.wrong("action", "add or delete", action)),
    };
    let mut fields = payload.message()?;
    let id = MessageId::new(fields.id(&["id"])?);
    let chat = payload.chat(Some(&mut fields))?;
    let reaction = Reaction {
        user: payload.user.take(),
        language: std::mem::take(&mut payload.language),
        ..Reaction::new(code, added, id, chat)
    };
    Ok(payload.finish(callback, Event::Reaction(reaction)))
}
