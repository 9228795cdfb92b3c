//! Events for applications with a channel of their own (protocol 2.4).

use super::{chat, incoming, line, payload};
use crate::codec::{Callback, TypeError, fields::Fields};
use crate::wire::{
    ChatId, ConnectorDialog, ConnectorId, ConnectorMessage, ConnectorMessageDeleted, ConnectorMessageUpdated,
    ConnectorPlace, ConnectorRemoved, Event, Incoming, LineId, LineRemoved, MessageId, Node, UserId,
};

/// Where the messages of a callback are.
pub(in crate::codec) const MESSAGES: &str = "MESSAGES";

/// What the blocks of one message or session have in common.
#[derive(Clone, PartialEq)]
struct Known {
    place: ConnectorPlace,
    chat: ChatId,
    message: MessageId,
}

struct Block<'a> {
    known: Known,
    fields: Fields<'a>,
}

/// Channel and line stand around the blocks.
fn around<'a>(callback: &'a Callback, list: &'static str) -> Result<(ConnectorPlace, Node<'a>), TypeError> {
    let mut data = payload(callback)?;
    let connector = data.plain_text("CONNECTOR")?;
    if connector.is_empty() {
        let found = data.get("CONNECTOR");
        return Err(data.wrong("CONNECTOR", "the code of a connector", found));
    }
    let line = LineId::new(data.some_id(&["LINE"])?.unwrap_or(0));
    let place = ConnectorPlace { connector: ConnectorId::from(connector), line, ..ConnectorPlace::default() };
    let node = data.get(list);
    let blocks = node.filter(|node| node.is_map() && !node.is_empty());
    Ok((place, blocks.ok_or_else(|| data.wrong(list, "what happened", node))?))
}

fn block<'a>(place: &ConnectorPlace, mut fields: Fields<'a>) -> Result<Block<'a>, TypeError> {
    let im =
        |fields: &mut Fields<'a>, key: &str| fields.get("im").and_then(|im| im.get(key)).and_then(Node::int);
    let message = MessageId::new(im(&mut fields, "message_id").filter(|id| *id > 0).unwrap_or(0));
    let chat = ChatId::new(im(&mut fields, "chat_id").filter(|id| *id > 0).unwrap_or(0));
    let external_chat = fields.get("chat").and_then(|chat| chat.get("id")).and_then(Node::as_str);
    let external_chat = external_chat.unwrap_or("").to_owned();
    if message.get() == 0 && external_chat.is_empty() {
        return Err(fields.wrong("im.message_id", "the message or the chat it is about", None));
    }
    Ok(Block {
        known: Known { place: ConnectorPlace { external_chat, ..place.clone() }, chat, message },
        fields,
    })
}

/// The blocks, those of one message together.
fn blocks(callback: &Callback) -> Result<Vec<Vec<Block<'_>>>, TypeError> {
    let (place, list) = around(callback, MESSAGES)?;
    let mut all: Vec<Vec<Block<'_>>> = Vec::new();
    for fields in line::blocks_of(list, "data.MESSAGES") {
        let block = block(&place, fields)?;
        match all.iter_mut().find(|group| group.iter().any(|first| first.known == block.known)) {
            Some(group) => group.push(block),
            None => all.push(vec![block]),
        }
    }
    Ok(all)
}

fn external_ids(group: &mut [Block<'_>]) -> Vec<String> {
    let ids = group.iter_mut().filter_map(|block| block.fields.get("message")?.get("id"));
    ids.flat_map(Node::list).filter_map(Node::as_str).map(str::to_owned).collect()
}

fn each(
    callback: &Callback,
    event: impl Fn(Known, &mut [Block<'_>]) -> Result<Event, TypeError>,
) -> Result<Vec<Incoming>, TypeError> {
    let groups = blocks(callback)?;
    let events = groups.into_iter().filter_map(|mut group| {
        let known = group.first()?.known.clone();
        Some(event(known, &mut group).map(|event| incoming(callback, event)))
    });
    events.collect()
}

pub(super) fn messages(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    each(callback, |Known { place, chat, message }, group| {
        let mut event = ConnectorMessage { place, chat, message_id: message, ..ConnectorMessage::default() };
        let Some(block) = group.first_mut() else { return Ok(Event::ConnectorMessage(event)) };
        if let Some(mut fields) = block.fields.map("message", "data.MESSAGES.message") {
            event.user_id = UserId::new(fields.some_id(&["user_id"])?.unwrap_or(0));
            event.text = fields.plain_text("text")?.to_owned();
            event.files = line::files(fields.get("files"));
            event.attachments = line::attachments(fields.get("attachments"));
        }
        event.user = chat::user(block.fields.map("user", "data.MESSAGES.user"), &chat::USER_V1);
        Ok(Event::ConnectorMessage(event))
    })
}

pub(super) fn updates(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    each(callback, |Known { place, chat, message }, group| {
        let external_ids = external_ids(group);
        let text = group.first_mut().and_then(|block| block.fields.get("message")?.get("text"));
        let text = text.and_then(Node::as_str).unwrap_or("").to_owned();
        let event = ConnectorMessageUpdated { place, chat, message_id: message, external_ids, text };
        Ok(Event::ConnectorMessageUpdated(event))
    })
}

pub(super) fn deletes(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    each(callback, |Known { place, chat, message }, group| {
        let external_ids = external_ids(group);
        let event = ConnectorMessageDeleted { place, chat, message_id: message, external_ids };
        Ok(Event::ConnectorMessageDeleted(event))
    })
}

pub(super) fn dialogs(
    callback: &Callback,
    event: fn(ConnectorDialog) -> Event,
) -> Result<Vec<Incoming>, TypeError> {
    let (place, list) = around(callback, "DATA")?;
    let mut all: Vec<ConnectorDialog> = Vec::new();
    for mut fields in line::blocks_of(list, "data.DATA") {
        let inner = |fields: &mut Fields<'_>, map: &str, key: &str| {
            fields.get(map).and_then(|map| map.get(key)).and_then(Node::as_str).map(str::to_owned)
        };
        let external_chat = inner(&mut fields, "connector", "chat_id").filter(|chat| !chat.is_empty());
        let external_chat = external_chat.or_else(|| inner(&mut fields, "chat", "id")).unwrap_or_default();
        let user = fields.get("connector").and_then(|connector| connector.get("user_id"));
        let user = user.or_else(|| fields.get("user").and_then(|user| user.get("id")));
        let dialog = ConnectorDialog {
            place: ConnectorPlace { external_chat, ..place.clone() },
            user: UserId::new(user.and_then(Node::int).unwrap_or(0).max(0)),
            session: line::session_state(fields.get("session")).unwrap_or_default(),
        };
        if !all.contains(&dialog) {
            all.push(dialog);
        }
    }
    Ok(all.into_iter().map(|dialog| incoming(callback, event(dialog))).collect())
}

/// Whether a block of a list is what `event` was made of.
pub(in crate::codec) fn belongs(block: Node<'_>, event: &Event) -> bool {
    let number = |keys: &[&str]| block.path(keys).and_then(Node::int).unwrap_or(0).max(0);
    let text = |keys: &[&str]| block.path(keys).and_then(Node::as_str).unwrap_or("");
    let of = |place: &ConnectorPlace, chat: ChatId, message: MessageId| {
        number(&["im", "message_id"]) == message.get()
            && number(&["im", "chat_id"]) == chat.get()
            && text(&["chat", "id"]) == place.external_chat
    };
    match event {
        Event::ConnectorMessage(event) => of(&event.place, event.chat, event.message_id),
        Event::ConnectorMessageUpdated(event) => of(&event.place, event.chat, event.message_id),
        Event::ConnectorMessageDeleted(event) => of(&event.place, event.chat, event.message_id),
        Event::ConnectorDialogStarted(event) | Event::ConnectorDialogFinished(event) => {
            let user = block.path(&["connector", "user_id"]).or_else(|| block.path(&["user", "id"]));
            let chat = Some(text(&["connector", "chat_id"])).filter(|chat| !chat.is_empty());
            number(&["session", "id"]) == event.session.id.get()
                && chat.unwrap_or(text(&["chat", "id"])) == event.place.external_chat
                && user.and_then(Node::int).unwrap_or(0).max(0) == event.user.get()
        }
        _ => true,
    }
}

pub(super) fn removed(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut data = payload(callback)?;
    let code = data.plain_text("connector")?;
    let code = if code.is_empty() { data.plain_text("CONNECTOR")? } else { code };
    if code.is_empty() {
        return Err(data.wrong("connector", "the code of a connector", None));
    }
    let line = LineId::new(data.some_id(&["line", "LINE"])?.unwrap_or(0));
    let place = ConnectorPlace { connector: ConnectorId::from(code), line, ..ConnectorPlace::default() };
    Ok(vec![incoming(callback, Event::ConnectorRemoved(ConnectorRemoved { place }))])
}

/// `data` is the line itself.
pub(super) fn line_removed(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let node = callback.raw.root().get("data");
    let line = node.and_then(Node::int).filter(|line| *line > 0);
    let line = line.ok_or_else(|| TypeError::new("data", "an id: a whole number greater than 0", node))?;
    Ok(vec![incoming(callback, Event::LineRemoved(LineRemoved { line: LineId::new(line) }))])
}
