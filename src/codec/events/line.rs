//! Open-line events (protocol 2.3), in the shape that portals send and in the one that the documentation draws.

use super::{incoming, payload};
use crate::codec::{Callback, TypeError, fields::Fields};
use crate::wire::{
    Author, ChatId, ConnectorId, Event, Incoming, LineAddress, LineFile, LineId, LineMessage,
    LineMessageDeleted, LineMessageUpdated, LineSessionEvent, MessageId, Node, SessionId, SessionState,
    UserId,
};

const ID: &str = "an id: a whole number greater than 0";

/// `CONNECTOR` and `LINE`, which only outbound events have, and the blocks of `DATA`.
struct Payload<'a> {
    outbound: bool,
    connector: &'a str,
    line: Option<i64>,
    blocks: Vec<Fields<'a>>,
}

fn take(callback: &Callback) -> Result<Payload<'_>, TypeError> {
    let mut data = payload(callback)?;
    let connector = data.plain_text("CONNECTOR")?;
    let line = data.some_id(&["LINE"])?;
    let node = data.get("DATA");
    let blocks = node.map(blocks).unwrap_or_default();
    if blocks.is_empty() {
        return Err(data.wrong("DATA", "what happened", node));
    }
    Ok(Payload { outbound: !connector.is_empty() || line.is_some(), connector, line, blocks })
}

/// `DATA` is one block, or a list of them.
fn blocks(data: Node<'_>) -> Vec<Fields<'_>> {
    blocks_of(data, "data.DATA")
}

pub(super) fn blocks_of<'a>(data: Node<'a>, base: &'static str) -> Vec<Fields<'a>> {
    if is_block(data) {
        return vec![Fields::new(data, base)];
    }
    let entries = data.entries().filter(|(_, block)| block.is_map());
    entries.map(|(key, block)| Fields::of_entry(block, base, key)).collect()
}

/// Files as lines and channels name them.
pub(super) fn files(node: Option<Node<'_>>) -> Vec<LineFile> {
    let files = node.into_iter().flat_map(Node::list).filter(|file| file.is_map());
    let file = |file| {
        let mut fields = Fields::new(file, "files");
        LineFile {
            name: fields.text("name").to_owned(),
            kind: fields.text("type").to_owned(),
            mime: fields.text("mime").to_owned(),
            link: fields.text("link").to_owned(),
            download_link: fields.text("downloadLink").to_owned(),
            size: fields.int("size").unwrap_or(0),
            width: fields.int("width").unwrap_or(0),
            height: fields.int("height").unwrap_or(0),
        }
    };
    files.map(file).collect()
}

/// Attachments, each as JSON text.
pub(super) fn attachments(node: Option<Node<'_>>) -> Vec<String> {
    let texts = node.into_iter().flat_map(Node::list);
    texts.filter_map(Node::as_str).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// `session` as connector events have it, and as the documentation draws it elsewhere.
pub(super) fn session_state(node: Option<Node<'_>>) -> Option<SessionState> {
    let node = node.filter(|node| node.is_map())?;
    let mut fields = Fields::new(node, "session");
    Some(SessionState {
        id: SessionId::new(fields.int("id").filter(|id| *id > 0)?),
        closed: fields.flag("closed").unwrap_or(false),
        parent: SessionId::new(fields.int("parent_id").unwrap_or(0).max(0)),
        close_term: fields.int("close_term").unwrap_or(0),
    })
}

fn is_block(data: Node<'_>) -> bool {
    ["connector", "im", "message", "chat"].iter().any(|key| data.get(key).is_some())
}

impl Payload<'_> {
    /// The address: from `connector` of the block, where it has one, else from what stands around it.
    fn address(&self, block: &mut Fields<'_>) -> Result<LineAddress, TypeError> {
        let node = block.get("connector").filter(|node| node.is_map());
        let mut fields = node.map(|node| Fields::new(node, "data.DATA.connector"));
        let inner = fields.as_mut();
        let (code, line, external_chat, user) = match inner {
            Some(inner) => (
                inner.plain_text("connector_id")?,
                inner.some_id(&["line_id"])?,
                inner.plain_text("chat_id")?,
                inner.some_id(&["user_id"])?.unwrap_or(0),
            ),
            None => ("", None, "", 0),
        };
        let code = if code.is_empty() { self.connector } else { code };
        if code.is_empty() {
            return Err(block.wrong("connector.connector_id", "the code of a connector", None));
        }
        let line = line.filter(|line| *line > 0).or(self.line);
        let line = line.ok_or_else(|| block.wrong("connector.line_id", ID, None))?;
        let external_chat = match external_chat {
            "" => block.get("chat").and_then(|chat| chat.get("id")).and_then(Node::as_str).unwrap_or(""),
            chat => chat,
        };
        Ok(LineAddress {
            connector: ConnectorId::from(code),
            line: LineId::new(line),
            external_chat: external_chat.to_owned(),
            user: UserId::new(user),
        })
    }
}

fn message<'a>(block: &mut Fields<'a>) -> Result<Fields<'a>, TypeError> {
    block.map("message", "data.DATA.message").ok_or_else(|| {
        let found = block.get("message");
        block.wrong("message", "the message", found)
    })
}

pub(super) fn messages(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let mut blocks = std::mem::take(&mut payload.blocks);
    let events = blocks.iter_mut().map(|block| {
        let address = payload.address(block)?;
        let mut fields = message(block)?;
        let (message_id, chat, external_id) = if payload.outbound {
            let id = MessageId::new(fields.id(&["id"])?);
            (Some(id), fields.some_id(&["chat_id"])?.map(ChatId::new), String::new())
        } else {
            (None, None, fields.plain_text("id")?.to_owned())
        };
        let user_id = fields.some_id(&["user_id"])?.map(UserId::new);
        let system = fields.flag("system").unwrap_or(false);
        let user_id = user_id.unwrap_or(if payload.outbound { UserId::default() } else { address.user });
        let page = block.get("extra").and_then(|extra| extra.get("EXTRA_URL")).and_then(Node::as_str);
        let event = LineMessage {
            outbound: payload.outbound,
            chat,
            message_id,
            external_id,
            user_id,
            author: match (payload.outbound, system || user_id.get() == 0) {
                (true, true) => Author::System,
                (true, false) => Author::Operator,
                (false, _) => Author::Client,
            },
            date: fields.text("date").to_owned(),
            text: fields.plain_text("text")?.to_owned(),
            system,
            files: files(fields.get("files")),
            attachments: attachments(fields.get("attachments")),
            page: page.unwrap_or("").to_owned(),
            without_session: block.flag("no_session").unwrap_or(false),
            address,
        };
        Ok(incoming(callback, Event::LineMessage(event)))
    });
    events.collect()
}

/// What updates and deletions have in common.
#[derive(PartialEq)]
struct Changed {
    outbound: bool,
    address: LineAddress,
    chat: Option<ChatId>,
    message_id: Option<MessageId>,
}

/// Blocks that speak of one message are one event; its ids in the channel come together.
fn changed<'a>(payload: &mut Payload<'a>) -> Result<Vec<(Changed, Vec<String>, Fields<'a>)>, TypeError> {
    let mut all: Vec<(Changed, Vec<String>, Fields<'a>)> = Vec::new();
    let mut blocks = std::mem::take(&mut payload.blocks);
    for block in &mut blocks {
        let address = payload.address(block)?;
        let (message_id, chat) = match block.map("im", "data.DATA.im") {
            Some(mut im) => {
                (Some(MessageId::new(im.id(&["message_id"])?)), im.some_id(&["chat_id"])?.map(ChatId::new))
            }
            None => (None, None),
        };
        let fields = message(block)?;
        let ids = fields.clone().get("id");
        let ids = ids.into_iter().flat_map(Node::list).filter_map(Node::as_str).map(str::to_owned);
        let change = Changed { outbound: payload.outbound, address, chat, message_id };
        match all.last_mut().filter(|(last, ..)| *last == change && message_id.is_some()) {
            Some((_, known, _)) => known.extend(ids),
            None => all.push((change, ids.collect(), fields)),
        }
    }
    Ok(all)
}

/// Whether `data[DATA]` is a list of blocks, and not one itself.
pub(in crate::codec) fn is_list(data: Node<'_>) -> bool {
    !is_block(data)
}

/// Whether a block of such a list is what `event` was made of.
pub(in crate::codec) fn belongs(block: Node<'_>, event: &Event) -> bool {
    let number = |keys: &[&str]| block.path(keys).and_then(Node::int);
    let id = block.path(&["message", "id"]);
    let of = |message: Option<MessageId>, external_ids: &[String]| match message {
        Some(message) => number(&["im", "message_id"]) == Some(message.get()),
        None => {
            let mut ids = id.into_iter().flat_map(Node::list).filter_map(Node::as_str);
            ids.all(|id| external_ids.iter().any(|external| external == id))
        }
    };
    match event {
        Event::LineMessage(message) => match message.message_id {
            Some(message) => number(&["message", "id"]) == Some(message.get()),
            None => id.and_then(Node::as_str).unwrap_or("") == message.external_id,
        },
        Event::LineMessageUpdated(update) => of(update.message_id, &update.external_ids),
        Event::LineMessageDeleted(delete) => of(delete.message_id, &delete.external_ids),
        Event::SessionStarted(session) | Event::SessionFinished(session) => {
            let user = number(&["connector", "user_id"]).filter(|user| *user > 0);
            user.or_else(|| number(&["user", "id"])).unwrap_or(0) == session.address.user.get()
        }
        _ => true,
    }
}

pub(super) fn updates(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let all = changed(&mut take(callback)?)?;
    let events =
        all.into_iter().map(|(Changed { outbound, address, chat, message_id }, external_ids, mut fields)| {
            let text = fields.plain_text("text")?.to_owned();
            let event = LineMessageUpdated { outbound, address, chat, message_id, external_ids, text };
            Ok(incoming(callback, Event::LineMessageUpdated(event)))
        });
    events.collect()
}

pub(super) fn deletes(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    let all = changed(&mut take(callback)?)?;
    let events = all.into_iter().map(|(Changed { outbound, address, chat, message_id }, external_ids, _)| {
        let event = LineMessageDeleted { outbound, address, chat, message_id, external_ids };
        incoming(callback, Event::LineMessageDeleted(event))
    });
    Ok(events.collect())
}

/// A session's beginning or end. Portals give the portal's chat id twice and no external one; the documentation draws
/// the external id twice and no portal one.
pub(super) fn sessions(
    callback: &Callback,
    event: fn(LineSessionEvent) -> Event,
) -> Result<Vec<Incoming>, TypeError> {
    let mut payload = take(callback)?;
    let mut blocks = std::mem::take(&mut payload.blocks);
    let sessions = blocks.iter_mut().map(|block| Ok(incoming(callback, event(session(&payload, block)?))));
    sessions.collect()
}

fn session(payload: &Payload<'_>, block: &mut Fields<'_>) -> Result<LineSessionEvent, TypeError> {
    let mut address = payload.address(block)?;
    let documented = block.get("session").is_some();
    let own = block.get("chat").and_then(|chat| chat.get("chat_id"));
    let chat = match own.and_then(Node::int).filter(|id| *id > 0) {
        Some(id) => id,
        None if documented => 0,
        None => {
            let found = own.or_else(|| block.get("connector").and_then(|connector| connector.get("chat_id")));
            let id = found.and_then(Node::int).filter(|id| *id > 0);
            id.ok_or_else(|| block.wrong("chat.chat_id", ID, found))?
        }
    };
    if chat > 0 {
        address.external_chat.clear();
    }
    if address.user.get() == 0 {
        let user = block.get("user").and_then(|user| user.get("id")).and_then(Node::int);
        address.user = UserId::new(user.unwrap_or(0).max(0));
    }
    let line_name = block.get("line").and_then(|line| line.get("name")).and_then(Node::as_str).unwrap_or("");
    let line_name = line_name.to_owned();
    let session = session_state(block.get("session"));
    Ok(LineSessionEvent { address, chat: ChatId::new(chat), line_name, session })
}
