//! Messages as the portal stores them.

use serde_json::{Map, Value, json};

use super::World;
use super::people::UserKind;
use crate::events::ChatFact;
use crate::record::{AuthorKind, ChatMessage};

/// One stored message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) chat_id: i64,
    pub(crate) author_id: i64,
    pub(crate) text: String,
    pub(crate) keyboard: Option<Value>,
    pub(crate) attach: Option<Value>,
    pub(crate) menu: Option<Value>,
    pub(crate) system: bool,
    /// `TEMPLATE_ID` or `templateId` of the sender.
    pub(crate) uuid: String,
    pub(crate) date: i64,
    pub(crate) edited: bool,
    pub(crate) deleted: bool,
    /// An internal note: never leaves to the client's channel.
    pub(crate) skip_connector: bool,
    /// A system message that leaves all the same (`IMPORTANT_CONNECTOR=Y`).
    pub(crate) important: bool,
    /// The message before it in the chat.
    pub(crate) previous: i64,
    /// Reactions, as user and camelCase code.
    pub(crate) reactions: Vec<(i64, String)>,
    /// Where it was forwarded from.
    pub(crate) forward: Option<Forward>,
    /// The message it answers; 0 for none.
    pub(crate) reply_to: i64,
    pub(crate) files: Vec<i64>,
    /// How it was rated: by `imbot.dialog.vote`, or by the client whom it asked to rate the dialog.
    pub(crate) vote: Option<&'static str>,
    /// The session of whose end it tells; 0 for none.
    pub(crate) ends_session: i64,
}

/// The original of a forwarded message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forward {
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    pub(crate) chat_id: i64,
    pub(crate) date: i64,
}

impl Forward {
    fn v2(self) -> Value {
        json!({
            "id": format!("chat{}/{}", self.chat_id, self.id),
            "userId": self.user_id,
            "chatId": self.chat_id,
            "date": crate::clock::iso(self.date),
        })
    }
}

impl Message {
    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let content = [&self.keyboard, &self.attach, &self.menu];
        let content: usize = content.into_iter().flatten().map(crate::weight::weight).sum();
        size_of::<Self>() + self.text.len() + self.uuid.len() + content
    }

    /// `PARAMS` of the message: upper-case keys, only what is set.
    pub(crate) fn params(&self) -> Value {
        let mut params = Map::new();
        if let Some(attach) = &self.attach {
            params.insert("ATTACH".to_owned(), json!([attach]));
        }
        if let Some(keyboard) = &self.keyboard {
            params.insert("KEYBOARD".to_owned(), keyboard.clone());
        }
        if let Some(menu) = &self.menu {
            params.insert("MENU".to_owned(), menu.clone());
        }
        if !self.files.is_empty() {
            params.insert("FILE_ID".to_owned(), json!(self.files));
        }
        if self.reply_to > 0 {
            params.insert("REPLY_ID".to_owned(), json!(self.reply_to));
        }
        if let Some(vote) = self.vote {
            params.insert("IMOL_VOTE".to_owned(), Value::from(vote));
        }
        if self.edited {
            params.insert("IS_EDITED".to_owned(), Value::from("Y"));
        }
        if self.deleted {
            params.insert("IS_DELETED".to_owned(), Value::from("Y"));
        }
        if params.is_empty() { json!([]) } else { Value::Object(params) }
    }

    /// The `message` object of v2.
    pub(crate) fn v2(&self) -> Value {
        json!({
            "id": self.id,
            "chatId": self.chat_id,
            "chat_id": self.chat_id,
            "authorId": self.author_id,
            "author_id": self.author_id,
            "date": crate::clock::iso(self.date),
            "text": self.text,
            "isSystem": self.system,
            "uuid": if self.uuid.is_empty() { Value::Null } else { Value::from(self.uuid.clone()) },
            "forward": self.forward.map(Forward::v2),
            "params": self.params(),
            "viewedByOthers": false,
        })
    }
}

impl World {
    pub(crate) fn author_kind(&self, message: &Message) -> AuthorKind {
        match self.user_kind(message.author_id) {
            None => AuthorKind::System,
            Some(UserKind::Client) => AuthorKind::Client,
            Some(UserKind::Bot) => AuthorKind::Bot,
            Some(UserKind::Employee) => {
                let lines = self
                    .chats
                    .get(&message.chat_id)
                    .is_some_and(|chat| chat.kind == super::chats::ChatKind::Lines);
                if lines { AuthorKind::Operator } else { AuthorKind::Employee }
            }
        }
    }

    /// The message as a test sees it.
    pub(crate) fn seen(&self, message: &Message) -> ChatMessage {
        ChatMessage {
            id: message.id,
            chat_id: message.chat_id,
            author_id: message.author_id,
            author: self.author_kind(message),
            author_name: if message.author_id == 0 { String::new() } else { self.name_of(message.author_id) },
            text: message.text.clone(),
            keyboard: message.keyboard.clone(),
            attach: message.attach.clone(),
            menu: message.menu.clone(),
            files: message.files.clone(),
            system: message.system,
            uuid: message.uuid.clone(),
            unix: message.date,
            edited: message.edited,
            deleted: message.deleted,
            internal: message.skip_connector,
        }
    }

    /// The messages of a chat, oldest first.
    pub(crate) fn messages_of(&self, chat_id: i64) -> impl DoubleEndedIterator<Item = &Message> {
        let ids = self.message_ids.get(&chat_id).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.messages.get(id))
    }

    /// Sets or takes back a bot's reaction; false when that changes nothing. Bots do not hear of it.
    pub(crate) fn bot_reacts(&mut self, message_id: i64, bot_id: i64, reaction: &str, added: bool) -> bool {
        let Some(message) = self.messages.get_mut(&message_id) else { return false };
        let entry = (bot_id, reaction.to_owned());
        if message.reactions.contains(&entry) == added {
            return false;
        }
        if added {
            message.reactions.push(entry);
        } else {
            message.reactions.retain(|known| *known != entry);
        }
        self.tell_users(ChatFact::Reaction { message_id, user_id: bot_id, reaction, added });
        true
    }

    /// Whether the client's channel shows the message (protocol 3.5).
    pub(crate) fn leaves_the_portal(&self, message: &Message) -> bool {
        !message.skip_connector
            && (!message.system || message.important)
            && !message.deleted
            && (!message.text.is_empty() || message.attach.is_some() || !message.files.is_empty())
            && self.chats.get(&message.chat_id).is_some_and(|chat| !chat.silent || message.important)
    }
}
