//! What a subscribed user hears: everything in the chats they are in, as `im.v2.Event.get` hands it out.
//!
//! Unlike bots, users hear everybody: themselves, bots, and the portal's own notices (`isSystem`). There are five events,
//! and none of them goes to a handler. The trap: a chat that the user is not in stays silent, so nothing of a client's
//! dialog comes before the user has joined it.

use serde_json::{Value, json};

use crate::world::bots::FetchEvent;
use crate::world::{World, take};

/// Something that happened in a chat.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ChatFact<'f> {
    Message { message_id: i64 },
    Update { message_id: i64 },
    Delete { message_id: i64 },
    Reaction { message_id: i64, user_id: i64, reaction: &'f str, added: bool },
    Join { chat_id: i64, user_id: i64 },
}

impl ChatFact<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Message { .. } => "ONIMV2MESSAGEADD",
            Self::Update { .. } => "ONIMV2MESSAGEUPDATE",
            Self::Delete { .. } => "ONIMV2MESSAGEDELETE",
            Self::Reaction { .. } => "ONIMV2REACTIONCHANGE",
            Self::Join { .. } => "ONIMV2JOINCHAT",
        }
    }

    fn chat(&self, world: &World) -> Option<i64> {
        match self {
            Self::Join { chat_id, .. } => Some(*chat_id),
            Self::Message { message_id }
            | Self::Update { message_id }
            | Self::Delete { message_id }
            | Self::Reaction { message_id, .. } => world.messages.get(message_id).map(|one| one.chat_id),
        }
    }
}

impl World {
    /// Writes the fact into the logs of those members of its chat who are subscribed.
    pub(crate) fn tell_users(&mut self, fact: ChatFact<'_>) {
        if self.subscribed.is_empty() {
            return;
        }
        let Some(chat) = fact.chat(self).and_then(|id| self.chats.get(&id)) else { return };
        let listening: Vec<i64> = chat.members.intersection(&self.subscribed).copied().collect();
        for user_id in listening {
            let Some(payload) = self.user_data(fact, user_id) else { continue };
            let id = take(&mut self.next.fetch_event);
            let event = FetchEvent { id, at: self.now(), event: fact.name(), payload };
            self.user_logs.entry(user_id).or_default().events.push_back(event);
        }
    }

    /// `data` of the event as this user sees it.
    fn user_data(&self, fact: ChatFact<'_>, viewer: i64) -> Option<Value> {
        let mut data = json!({});
        let (chat, about) = match fact {
            ChatFact::Message { message_id } | ChatFact::Update { message_id } => {
                let (message, chat) = self.with_chat(message_id)?;
                data["message"] = message.v2();
                (chat, message.author_id)
            }
            ChatFact::Delete { message_id } => {
                let (message, chat) = self.with_chat(message_id)?;
                data["messageId"] = json!(message_id);
                (chat, message.author_id)
            }
            ChatFact::Reaction { message_id, user_id, reaction, added } => {
                let (message, chat) = self.with_chat(message_id)?;
                data["reaction"] = json!(reaction);
                data["action"] = json!(if added { "add" } else { "delete" });
                data["message"] = message.v2();
                (chat, user_id)
            }
            ChatFact::Join { chat_id, user_id } => {
                let chat = self.chats.get(&chat_id)?;
                data["dialogId"] = json!(chat.dialog_id(viewer));
                (chat, user_id)
            }
        };
        self.put_scene(&mut data, chat, viewer, about);
        Some(data)
    }
}
