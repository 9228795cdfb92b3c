//! What an event is known by: the fact it states, and the dialog it belongs to.
//!
//! Both are unique within one application on one portal, which the journal adds.
//!
//! ```
//! use std::sync::Arc;
//! use openlines::codec::{self, keys};
//!
//! let event = |body: &str| {
//!     let raw = codec::form::decode(body.as_bytes(), &Default::default()).expect("within the limits");
//!     let callback = codec::Callback::read(Arc::new(raw)).expect("an event");
//!     codec::events(&callback).expect("typed").remove(0)
//! };
//! let v1 = event("event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]=9&data[PARAMS][DIALOG_ID]=27");
//! let v2 = event("event=ONIMBOTV2MESSAGEADD&data[bot][id]=5&data[message][id]=9&data[chat][dialogId]=27");
//! assert_eq!(keys::fact(&v1, None), keys::fact(&v2, None));
//! assert_eq!((keys::lane(&v1), keys::lane(&v2)), ("dialog|27".to_owned(), "dialog|27".to_owned()));
//! ```
//!
//! **Trap:** a key names the fact, not the envelope: handler rows, tokens and sources are left out, so that the v1 and the
//! v2 callback of one message, or the webhook and a poll, are one event.

use sha2::{Digest, Sha256};

use super::Callback;
use crate::wire::{
    Author, BotId, Chat, ChatEntity, ChatId, CommandContext, ConnectorMessage, ConnectorMessageDeleted,
    ConnectorMessageUpdated, ConnectorPlace, Event, Incoming, LineAddress, MessageId, Node, Origin, Raw,
    UserId,
};

/// What kind of fact a [`Fact`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactKind {
    /// A new message; the ordinal is its id.
    Message,
    /// A typed command; the ordinal is the id of its message, the digest covers command and parameters.
    TypedCommand,
    /// Anything else; the ordinal is the `ts`, the digest covers what happened.
    Other,
}

/// The name of a fact. Equal facts are one event; a message and a typed command of one message id exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fact {
    /// The bot, 0 for none.
    pub bot: BotId,
    /// The kind of fact.
    pub kind: FactKind,
    /// Message id or `ts`.
    pub ordinal: i64,
    /// Hash of the rest; zeros for a message.
    pub digest: [u8; 16],
}

/// Whether an event tells of no person who might have the session: the client wrote, and the chat belongs to the bot
/// that it is for, or to nobody.
pub fn is_quiet(incoming: &Incoming) -> bool {
    let Event::Message(message) = &incoming.event else { return false };
    let bot = incoming.bot.as_ref().map(|bot| bot.id.get());
    let free = |owner: UserId| owner.get() == 0 || Some(owner.get()) == bot;
    message.author == Author::Client && message.chat.owner.is_some_and(free) && message.text.trim() != "0"
}

/// The fact that an event states. `event_id` is its number in the portal's log if it was fetched.
///
/// New messages and typed commands are known by their message, whatever the source. The rest is known by its number if it
/// was fetched, and by kind, ids, content and `ts` if it was sent. The ids and the content are those of the typed event,
/// so that both generations give the same.
pub fn fact(incoming: &Incoming, event_id: Option<i64>) -> Fact {
    let bot = incoming.bot.as_ref().map(|bot| bot.id).unwrap_or_default();
    match &incoming.event {
        Event::Message(message) => {
            return Fact { bot, kind: FactKind::Message, ordinal: message.id.get(), digest: [0; 16] };
        }
        Event::LineMessage(message) if message.outbound && message.message_id.is_some() => {
            let ordinal = message.message_id.map(MessageId::get).unwrap_or_default();
            return Fact { bot, kind: FactKind::Message, ordinal, digest: [0; 16] };
        }
        Event::Command(command) if command.context == CommandContext::Typed => {
            let digest = Sum::of("typed").number(command.id.get()).text(&command.params).finish();
            return Fact { bot, kind: FactKind::TypedCommand, ordinal: command.message_id.get(), digest };
        }
        _ => {}
    }
    let digest = match event_id {
        Some(event_id) => Sum::of("fetched").number(event_id).finish(),
        None => content(incoming),
    };
    Fact { bot, kind: FactKind::Other, ordinal: incoming.ts, digest }
}

/// The fact of a callback that could not be typed.
pub fn fact_of_untyped(callback: &Callback, event_id: Option<i64>) -> Fact {
    let digest = match event_id {
        Some(event_id) => Sum::of("fetched").number(event_id).finish(),
        None => Sum::of(&callback.code).payload(&callback.raw).finish(),
    };
    Fact { bot: BotId::default(), kind: FactKind::Other, ordinal: callback.ts, digest }
}

fn content(incoming: &Incoming) -> [u8; 16] {
    match &incoming.event {
        Event::MessageUpdated(update) => {
            Sum::of("updated").number(update.message.id.get()).text(&update.message.text).finish()
        }
        Event::MessageDeleted(delete) => Sum::of("deleted").number(delete.id.get()).finish(),
        Event::Command(command) => Sum::of("pressed")
            .number(command.id.get())
            .number(command.message_id.get())
            .number(command.author_id.get())
            .text(command.chat.dialog.as_str())
            .text(&command.params)
            .finish(),
        Event::Joined(joined) => Sum::of("joined").text(joined.chat.dialog.as_str()).finish(),
        Event::BotDeleted(_) => Sum::of("bot deleted").finish(),
        Event::ContextOpened(opened) => Sum::of("context")
            .text(opened.chat.dialog.as_str())
            .number(opened.user_id.get())
            .text(&opened.context.to_string())
            .finish(),
        Event::Reaction(reaction) => Sum::of("reaction")
            .number(reaction.message_id.get())
            .number(reaction.user.as_ref().map_or(0, |user| user.id.get()))
            .text(&reaction.reaction)
            .text(if reaction.added { "add" } else { "delete" })
            .finish(),
        event => {
            let sum = Sum::of(&incoming.code);
            let sum = match event {
                Event::LineMessageDeleted(delete) => sum.number(delete.message_id.map_or(0, MessageId::get)),
                Event::LineMessageUpdated(update) => sum.number(update.message_id.map_or(0, MessageId::get)),
                Event::SessionStarted(session) | Event::SessionFinished(session) => {
                    sum.number(session.chat.get()).number(session.address.user.get())
                }
                Event::LineMessage(message) => sum.text(&message.external_id),
                Event::ConnectorMessage(ConnectorMessage { place, message_id, .. })
                | Event::ConnectorMessageUpdated(ConnectorMessageUpdated { place, message_id, .. })
                | Event::ConnectorMessageDeleted(ConnectorMessageDeleted { place, message_id, .. }) => {
                    sum.number(message_id.get()).text(&place.external_chat)
                }
                Event::ConnectorDialogStarted(dialog) | Event::ConnectorDialogFinished(dialog) => sum
                    .number(dialog.session.id.get())
                    .number(dialog.user.get())
                    .text(&dialog.place.external_chat),
                _ => sum,
            };
            sum.payload(&incoming.raw).finish()
        }
    }
}

/// A hash over pieces that cannot run into one another.
struct Sum(Sha256);

impl Sum {
    fn of(kind: &str) -> Self {
        Self(Sha256::new()).text(kind)
    }

    fn number(mut self, number: i64) -> Self {
        self.0.update(number.to_be_bytes());
        self
    }

    fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
        self
    }

    /// `data` without tokens. What stands around it belongs to the delivery.
    fn payload(mut self, raw: &Raw) -> Self {
        self.0.update(super::stored::payload(raw));
        self
    }

    fn finish(self) -> [u8; 16] {
        let mut digest = [0; 16];
        digest.copy_from_slice(&self.0.finalize()[..16]);
        digest
    }
}

/// The dialog of an event: events of one lane are handled one at a time and in order.
///
/// Bot, open-line and session events of one client share the lane of connector, line and client. Connectors that group by
/// chat name no client: their lane is the chat in the channel, and connector events have lanes apart. All else is known by
/// its dialog.
pub fn lane(incoming: &Incoming) -> String {
    match &incoming.event {
        Event::Message(message) => of_chat(&message.chat),
        Event::MessageUpdated(update) => of_chat(&update.message.chat),
        Event::MessageDeleted(delete) => of_chat(&delete.chat),
        Event::Command(command) => of_chat(&command.chat),
        Event::Joined(joined) => of_chat(&joined.chat),
        Event::ContextOpened(opened) => of_chat(&opened.chat),
        Event::Reaction(reaction) => of_chat(&reaction.chat),
        Event::LineMessage(message) => of_address(&message.address, message.chat),
        Event::LineMessageUpdated(update) => of_address(&update.address, update.chat),
        Event::LineMessageDeleted(delete) => of_address(&delete.address, delete.chat),
        Event::SessionStarted(session) | Event::SessionFinished(session) => {
            of_address(&session.address, Some(session.chat))
        }
        Event::BotDeleted(deleted) => format!("bot|{}", deleted.bot.id),
        Event::ConnectorMessage(message) => of_channel(&message.place),
        Event::ConnectorMessageUpdated(update) => of_channel(&update.place),
        Event::ConnectorMessageDeleted(delete) => of_channel(&delete.place),
        Event::ConnectorDialogStarted(dialog) | Event::ConnectorDialogFinished(dialog) => {
            of_channel(&dialog.place)
        }
        Event::ConnectorRemoved(removed) => of_channel(&removed.place),
        Event::LineRemoved(removed) => {
            of_channel(&ConnectorPlace { line: removed.line, ..ConnectorPlace::default() })
        }
        Event::AppInstalled(_)
        | Event::AppUpdated(_)
        | Event::AppUninstalled(_)
        | Event::AppPaid(_)
        | Event::SubscriptionRenewed(_)
        | Event::MethodConfirmed(_)
        | Event::AppTested(_)
        | Event::OfflineEvents(_) => "app".to_owned(),
        // The store tells the lane of a timer; this is where one without a store would be.
        Event::Timer(fired) => fired.chat.as_ref().map_or_else(|| "app".to_owned(), of_chat),
        Event::Withheld(withheld) => withheld.chat.as_ref().map_or_else(|| "app".to_owned(), of_chat),
        Event::Other => of_other(incoming.origin, &incoming.code, &incoming.raw),
    }
}

/// The lane of a callback that could not be typed: apart from all dialogs, whose order nobody can know.
pub fn lane_of_untyped(callback: &Callback) -> String {
    format!("untyped|{}", callback.code)
}

/// The message by whose id an event is ordered among those that wait in its lane: new messages and typed commands.
pub fn ordering(incoming: &Incoming) -> Option<MessageId> {
    match &incoming.event {
        Event::Message(message) => Some(message.id),
        Event::Command(command) if command.context == CommandContext::Typed => Some(command.message_id),
        _ => None,
    }
}

/// The lane of whatever happens in `chat`.
pub fn of_chat(chat: &Chat) -> String {
    match &chat.entity {
        ChatEntity::Lines(address) => of_address(address, Some(chat.id)),
        _ => format!("dialog|{}", chat.dialog),
    }
}

fn of_address(address: &LineAddress, chat: Option<ChatId>) -> String {
    let LineAddress { connector, line, external_chat, user } = address;
    let chat = chat.filter(|chat| chat.get() > 0);
    match chat {
        _ if *user != UserId::default() => format!("line|{connector}|{line}|{user}"),
        _ if !external_chat.is_empty() => format!("group|{connector}|{line}|{external_chat}"),
        Some(chat) => format!("dialog|chat{chat}"),
        None => format!("line|{connector}|{line}"),
    }
}

fn of_channel(place: &ConnectorPlace) -> String {
    format!("connector|{}|{}|{}", place.connector, place.line, place.external_chat)
}

fn of_other(origin: Origin, code: &str, raw: &Raw) -> String {
    let data = raw.root().get("data");
    let text = |keys: &[&str]| data.and_then(|data| data.path(keys)).and_then(Node::as_str);
    match origin {
        Origin::Connector => format!("connector|other|{code}"),
        Origin::App => "app".to_owned(),
        _ => match text(&["chat", "dialogId"])
            .or_else(|| text(&["dialogId"]))
            .filter(|dialog| !dialog.is_empty())
        {
            Some(dialog) => format!("dialog|{dialog}"),
            None => format!("other|{code}"),
        },
    }
}

#[cfg(test)]
mod tests;
