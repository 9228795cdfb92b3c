//! `ONIMBOT*` and `ONIMCOMMANDADD` (protocol 2.1): everything flattened into `PARAMS`, several bots in one callback.

use super::{chat, incoming, payload};
use crate::codec::{Callback, Flags, TypeError, classify, fields::Fields};
use crate::wire::{
    Author, BotDeleted, BotId, BotRef, Command, CommandContext, CommandId, ContextOpened, Event, Incoming,
    Joined, Message, MessageDeleted, MessageId, MessageUpdated, Node, User, UserId,
};

const ID: &str = "an id: a whole number greater than 0";

/// Where the bots of a callback are named.
pub(in crate::codec) const BOTS: &str = "BOT";
/// Where its commands are.
pub(in crate::codec) const COMMANDS: &str = "COMMAND";

/// The bot of one entry of `data[BOT]`; the key is its id too.
pub(in crate::codec) fn bot_id(key: &str, entry: Node<'_>) -> Option<BotId> {
    let id = entry.get("BOT_ID").filter(|id| !id.is_empty());
    let id = id.map_or_else(|| key.parse().ok(), Node::int)?;
    (entry.is_map() && id > 0).then(|| BotId::new(id))
}

/// Command and bot of one entry of `data[COMMAND]`; the key is the command's id too.
pub(in crate::codec) fn command_id(key: &str, entry: Node<'_>) -> Option<(CommandId, BotId)> {
    let id = entry.get("COMMAND_ID").filter(|id| !id.is_empty());
    let id = id.map_or_else(|| key.parse().ok(), Node::int).filter(|id| *id > 0)?;
    let bot = entry.get("BOT_ID").and_then(Node::int).filter(|id| *id > 0)?;
    Some((CommandId::new(id), BotId::new(bot)))
}

/// `data`, taken apart.
struct Payload<'a> {
    bots: Vec<BotRef>,
    params: Fields<'a>,
    user: Option<User>,
}

fn take(callback: &Callback) -> Result<Payload<'_>, TypeError> {
    let mut data = payload(callback)?;
    let node = data.get(BOTS);
    let entries = node
        .filter(|bots| bots.is_map() && !bots.is_empty())
        .ok_or_else(|| data.wrong(BOTS, "the bots it is for", node))?;
    let mut bots: Vec<BotRef> = Vec::with_capacity(entries.len());
    for (key, entry) in entries.entries() {
        let mut fields = Fields::of_entry(entry, "data.BOT", key);
        let id = bot_id(key, entry).ok_or_else(|| fields.wrong("BOT_ID", ID, entry.get("BOT_ID")))?;
        if bots.iter().all(|bot| bot.id != id) {
            bots.push(BotRef::new(id, fields.text("BOT_CODE")));
        }
    }
    let (params, user) = params_and_user(&mut data)?;
    Ok(Payload { bots, params, user })
}

fn params_and_user<'a>(data: &mut Fields<'a>) -> Result<(Fields<'a>, Option<User>), TypeError> {
    let params = data.map("PARAMS", "data.PARAMS");
    let params = params.ok_or_else(|| {
        let found = data.get("PARAMS");
        data.wrong("PARAMS", "the event's parameters", found)
    })?;
    let user = chat::user(data.map("USER", "data.USER"), &chat::USER_V1);
    Ok((params, user))
}

/// The same event for each bot.
fn each(callback: &Callback, bots: Vec<BotRef>, event: Event) -> Vec<Incoming> {
    let events = std::iter::repeat_n(event, bots.len());
    bots.into_iter()
        .zip(events)
        .map(|(bot, event)| Incoming { bot: Some(bot), ..incoming(callback, event) })
        .collect()
}

fn is_one_of(bots: &[BotRef]) -> impl Fn(UserId) -> bool {
    |user| bots.iter().any(|bot| UserId::from(bot.id) == user)
}

fn message(payload: Payload<'_>) -> Result<(Message, Vec<BotRef>), TypeError> {
    let Payload { bots, mut params, user } = payload;
    let text = params.plain_text("MESSAGE")?.to_owned();
    let uuid = params.some_text("TEMPLATE_ID");
    let author_id = params.some_id(&["AUTHOR_ID", "FROM_USER_ID"])?.map(UserId::new);
    let system = params.flag("SYSTEM").unwrap_or(false);
    let chat = chat::chat(&mut params, &chat::V1)?;
    let skips_connector = params.flag("SKIP_CONNECTOR").unwrap_or(false);
    let platform = params.text("PLATFORM_CONTEXT").to_owned();
    let original_text = params.get("MESSAGE_ORIGINAL").and_then(Node::as_str).map(str::to_owned);
    let id = MessageId::new(params.id(&["MESSAGE_ID", "ID"])?);
    let author = {
        let flags = Flags::of(user.as_ref(), author_id.unwrap_or_default(), system);
        classify(flags, &chat, author_id, &is_one_of(&bots))
    };
    let message = Message {
        original_text,
        user,
        files: chat::files(params.get("FILES"), params.get("PARAMS")),
        uuid,
        system,
        // Of what a client writes it says only that the message does not go back to where it came from.
        skips_connector: skips_connector && author != Author::Client,
        mentioned: params.get("MENTIONED_LIST").into_iter().flat_map(mentioned).collect(),
        platform,
        language: params.text("LANGUAGE").to_owned(),
        ..Message::new(id, text, chat, author_id.unwrap_or_default(), author)
    };
    Ok((message, bots))
}

pub(super) fn messages(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let (message, bots) = message(take(callback)?)?;
    Ok(each(callback, bots, Event::Message(message)))
}

pub(super) fn updates(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let (message, bots) = message(take(callback)?)?;
    Ok(each(callback, bots, Event::MessageUpdated(MessageUpdated::new(message))))
}

pub(super) fn deletes(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let Payload { bots, mut params, user } = take(callback)?;
    let id = MessageId::new(params.id(&["MESSAGE_ID", "ID"])?);
    let chat = chat::chat(&mut params, &chat::V1)?;
    let author_id = params.some_id(&["AUTHOR_ID", "FROM_USER_ID"])?.map(UserId::new);
    let flags = Flags::of(user.as_ref(), author_id.unwrap_or_default(), false);
    let deleted = MessageDeleted {
        author_id,
        author: classify(flags, &chat, author_id, &is_one_of(&bots)),
        user,
        language: params.text("LANGUAGE").to_owned(),
        ..MessageDeleted::new(id, chat)
    };
    Ok(each(callback, bots, Event::MessageDeleted(deleted)))
}

pub(super) fn joins(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let Payload { bots, mut params, user } = take(callback)?;
    let user_id = UserId::new(params.some_id(&["USER_ID"])?.unwrap_or(0));
    let chat = chat::chat(&mut params, &chat::V1)?;
    let access_history = params.flag("ACCESS_HISTORY");
    let language = params.text("LANGUAGE").to_owned();
    let joined = Joined { access_history, user, language, ..Joined::new(chat, user_id) };
    Ok(each(callback, bots, Event::Joined(joined)))
}

pub(super) fn contexts(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let Payload { bots, mut params, user } = take(callback)?;
    let user_id = UserId::new(params.some_id(&["USER_ID"])?.unwrap_or(0));
    let context = context(params.get("CONTEXT"));
    let chat = chat::chat(&mut params, &chat::V1)?;
    let language = params.text("LANGUAGE").to_owned();
    let opened = ContextOpened { user, language, ..ContextOpened::new(context, chat, user_id) };
    Ok(each(callback, bots, Event::ContextOpened(opened)))
}

/// A map of user ids to themselves.
fn mentioned(list: Node<'_>) -> impl Iterator<Item = UserId> {
    list.entries().filter_map(|(key, id)| id.int().or_else(|| key.parse().ok())).map(UserId::new)
}

/// An empty context does not travel, so a missing one is the empty map.
pub(super) fn context(node: Option<Node<'_>>) -> serde_json::Value {
    node.map_or_else(|| serde_json::Value::Object(serde_json::Map::new()), Node::to_json)
}

pub(super) fn bot_deleted(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut data = payload(callback)?;
    let bot = BotRef::new(BotId::new(data.id(&["BOT_ID"])?), data.text("BOT_CODE"));
    let event = Event::BotDeleted(BotDeleted::new(bot.clone()));
    Ok(each(callback, vec![bot], event))
}

pub(super) fn commands(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut data = payload(callback)?;
    let node = data.get(COMMANDS);
    let entries = node
        .filter(|commands| commands.is_map() && !commands.is_empty())
        .ok_or_else(|| data.wrong(COMMANDS, "the commands that were given", node))?;
    let (mut params, user) = params_and_user(&mut data)?;
    let text = params.plain_text("MESSAGE")?;
    let author_id = params.some_id(&["AUTHOR_ID", "FROM_USER_ID"])?.map(UserId::new);
    let chat = chat::chat(&mut params, &chat::V1)?;
    let system = params.flag("SYSTEM").unwrap_or(false);
    let message_id = params.get("MESSAGE_ID");
    let language = params.text("LANGUAGE");
    let flags = Flags::of(user.as_ref(), author_id.unwrap_or_default(), system);
    let own = |user: UserId| {
        let mut commands = entries.entries().filter_map(|(key, entry)| command_id(key, entry));
        commands.any(|(_, bot)| UserId::from(bot) == user)
    };
    let author = classify(flags, &chat, author_id, &own);
    let mut events = Vec::with_capacity(entries.len());
    let mut seen = Vec::with_capacity(entries.len());
    for (key, entry) in entries.entries() {
        let mut fields = Fields::of_entry(entry, "data.COMMAND", key);
        let bot = BotId::new(fields.id(&["BOT_ID"])?);
        let bot = BotRef::new(bot, fields.text("BOT_CODE"));
        let name = fields.plain_text("COMMAND")?.trim_start_matches('/');
        let ids = command_id(key, entry);
        let (id, _) = ids.ok_or_else(|| fields.wrong("COMMAND_ID", ID, entry.get("COMMAND_ID")))?;
        if seen.contains(&ids) {
            continue;
        }
        seen.push(ids);
        let params = fields.plain_text("COMMAND_PARAMS")?;
        let context = command_context(fields.text("COMMAND_CONTEXT"));
        let command = Command {
            message_id: command_message(&mut fields, message_id)?,
            chat: chat.clone(),
            author_id: author_id.unwrap_or_default(),
            author,
            user: user.clone(),
            text: text.to_owned(),
            language: language.to_owned(),
            ..Command::new(id, name, params, context)
        };
        events.push(Incoming { bot: Some(bot), ..incoming(callback, Event::Command(command)) });
    }
    Ok(events)
}

/// The message of a command: each entry names it, and so do the parameters.
fn command_message(entry: &mut Fields<'_>, of_params: Option<Node<'_>>) -> Result<MessageId, TypeError> {
    match (entry.get("MESSAGE_ID"), of_params.and_then(Node::int)) {
        (None, Some(id)) if id > 0 => Ok(MessageId::new(id)),
        _ => Ok(MessageId::new(entry.id(&["MESSAGE_ID"])?)),
    }
}

/// How a command was given. What is not known is taken for a press, since only typed commands are told apart by their
/// message; portals too old to say know typed ones only.
pub(super) fn command_context(text: &str) -> CommandContext {
    if text.is_empty() || text.eq_ignore_ascii_case("TEXTAREA") {
        CommandContext::Typed
    } else if text.eq_ignore_ascii_case("MENU") {
        CommandContext::Menu
    } else {
        CommandContext::Button
    }
}
