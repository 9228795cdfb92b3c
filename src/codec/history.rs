//! A session's history as the events that would have brought its messages: `imopenlines.session.history.get`
//! (protocol 4.5).
//!
//! ```
//! use std::collections::BTreeMap;
//! use openlines::{codec, wire::{BotRef, BotId, Event, LineAddress, MessageId}};
//! use serde_json::json;
//!
//! let answer = json!({
//!     "chatId": 1777, "sessionId": 343,
//!     "message": {"86101": {"id": 86101, "chatId": 1777, "senderId": 599, "text": "Hello?", "params": []}},
//!     "users": {"599": {"id": 599, "name": "Ann", "connector": true, "bot": false}},
//!     "chat": {"1777": {"id": 1777, "owner": 567, "entityType": "LINES", "entityId": "livechat|22|1775|599"}},
//! });
//! let history = codec::History::read(&answer, "livechat|22|1775|599");
//! let bot = BotRef::new(BotId::new(567), "helper");
//! let events = history.unanswered(MessageId::new(86100), &bot, &BTreeMap::new());
//! let callback = codec::Callback::read(events[0].clone().into())?;
//! assert!(matches!(&codec::events(&callback)?[0].event, Event::Message(message) if message.text == "Hello?"));
//! # Ok::<(), codec::TypeError>(())
//! ```
//!
//! **Trap:** a history also has what was said to others. What an employee has written after is taken for answered.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::from_json;
use crate::wire::{BotRef, ChatEntity, ChatId, CommandId, LineAddress, MessageId, Node, Raw, UserId};

/// From here on a session is over (protocol 3.3).
const CLOSED: i64 = 60;
/// Commands of one message that the portal carries out at most.
const COMMANDS: usize = 10;

/// What was said in the last session of a chat.
#[derive(Debug, Clone)]
pub struct History {
    raw: Raw,
    chat: ChatId,
    entity: String,
}

impl History {
    /// Reads an answer; `address` is `connector|line|external chat|client` of the chat, for where the answer lacks it.
    pub fn read(answer: &Json, address: &str) -> Self {
        let raw = from_json(answer);
        let chat = ChatId::new(raw.path(&["chatId"]).and_then(Node::int).unwrap_or(0));
        Self { raw, chat, entity: address.to_owned() }
    }

    /// Whom the chat belongs to: the operator, the bot, or 0 while nobody has it; `None` if it does not say.
    pub fn owner(&self) -> Option<UserId> {
        self.chat()?.get("owner").and_then(Node::int).map(UserId::new)
    }

    /// Whether it says that the session is over.
    pub fn is_over(&self) -> bool {
        self.raw.path(&["openlines", "status"]).and_then(Node::int).is_some_and(|status| status >= CLOSED)
    }

    /// What clients wrote after `last` and no employee has answered since, as callbacks of the second generation for
    /// `bot`, lowest message id first. A line that gives one of `commands` is a command, as on the portal.
    pub fn unanswered(
        &self,
        last: MessageId,
        bot: &BotRef,
        commands: &BTreeMap<String, CommandId>,
    ) -> Vec<Raw> {
        let mut said: Vec<(i64, Node<'_>)> = self
            .list("message")
            .filter_map(|message| Some((message.get("id").and_then(Node::int)?, message)))
            .collect();
        said.sort_by_key(|(id, _)| *id);
        let answered = said.iter().rposition(|(_, message)| self.is_employee(sender(*message)));
        let left = said.split_off(answered.map_or(0, |at| at + 1));
        left.into_iter()
            .filter(|(id, message)| *id > last.get() && self.is_client(sender(*message)))
            .flat_map(|(_, message)| self.events(message, bot, commands))
            .collect()
    }

    fn events(&self, message: Node<'_>, bot: &BotRef, commands: &BTreeMap<String, CommandId>) -> Vec<Raw> {
        let text = message.get("text").and_then(Node::as_str).unwrap_or_default();
        let given: Vec<Json> = text
            .lines()
            .filter_map(|line| {
                let (name, params) = line.strip_prefix('/')?.split_once(' ').unwrap_or((&line[1..], ""));
                let id = commands.get(name.trim())?;
                let (name, params) = (format!("/{}", name.trim()), params.trim());
                Some(json!({"id": id, "command": name, "params": params, "context": "textarea"}))
            })
            .take(COMMANDS)
            .collect();
        if given.is_empty() {
            return vec![self.callback("ONIMBOTV2MESSAGEADD", message, bot, None)];
        }
        let event = |command| self.callback("ONIMBOTV2COMMANDADD", message, bot, Some(command));
        given.into_iter().map(event).collect()
    }

    fn callback(&self, code: &str, message: Node<'_>, bot: &BotRef, command: Option<Json>) -> Raw {
        let author = sender(message);
        let date = message.get("date").and_then(Node::as_str).unwrap_or_default();
        let mut data = json!({
            "bot": {"id": bot.id, "code": bot.code},
            "message": {
                "id": message.get("id").map(Node::to_json),
                "chatId": self.chat,
                "authorId": author,
                "date": date,
                "text": message.get("text").map(Node::to_json),
                "isSystem": false,
                "params": message.get("params").map(Node::to_json),
                "files": self.files(message),
            },
            "chat": self.chat_json(),
            "user": self.user_json(author),
        });
        if let Some(command) = command {
            data["command"] = command;
        }
        from_json(&json!({
            "event": code,
            // Tells a person who looks at it where it came from.
            "source": "session history",
            "ts": date.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second),
            "data": data,
        }))
    }

    /// The files that a message's parameters name.
    fn files(&self, message: Node<'_>) -> Json {
        let params = message.get("params");
        let ids = params.and_then(|params| params.get("fileId").or_else(|| params.get("FILE_ID")));
        let files = ids.into_iter().flat_map(Node::list).filter_map(Node::as_str).map(|id| {
            let file = self.raw.path(&["files", id]).map_or_else(|| json!({"id": id}), Node::to_json);
            (id.to_owned(), file)
        });
        Json::Object(files.collect())
    }

    fn chat(&self) -> Option<Node<'_>> {
        self.raw.path(&["chat", &self.chat.to_string()])
    }

    fn chat_json(&self) -> Json {
        let mut chat = match self.chat().map(Node::to_json) {
            Some(Json::Object(chat)) => chat,
            _ => Map::new(),
        };
        // As it was known before: by it the events find their lane.
        chat.insert("id".into(), json!(self.chat));
        chat.insert("dialogId".into(), json!(format!("chat{}", self.chat)));
        chat.insert("entityType".into(), json!("LINES"));
        chat.insert("entityId".into(), json!(self.entity));
        chat.entry("messageType").or_insert_with(|| json!("L"));
        Json::Object(chat)
    }

    fn user_json(&self, user: UserId) -> Json {
        self.user(user).map_or_else(|| json!({"id": user, "connector": true, "bot": false}), Node::to_json)
    }

    fn user(&self, user: UserId) -> Option<Node<'_>> {
        self.raw.path(&["users", &user.to_string()])
    }

    fn flag(&self, user: UserId, name: &str) -> Option<bool> {
        self.user(user)?.get(name).and_then(Node::flag)
    }

    fn is_client(&self, user: UserId) -> bool {
        user.get() > 0
            && self.flag(user, "bot") != Some(true)
            && self.flag(user, "connector").unwrap_or_else(|| self.is_addressed(user))
    }

    /// Somebody who is neither client nor bot, as far as is told.
    fn is_employee(&self, user: UserId) -> bool {
        user.get() > 0 && !self.is_client(user) && self.flag(user, "bot") == Some(false)
    }

    fn is_addressed(&self, user: UserId) -> bool {
        matches!(
            ChatEntity::parse("LINES", &self.entity),
            ChatEntity::Lines(LineAddress { user: client, .. }) if client == user
        )
    }

    fn list(&self, name: &str) -> impl Iterator<Item = Node<'_>> {
        self.raw.root().get(name).into_iter().flat_map(Node::entries).map(|(_, node)| node)
    }
}

fn sender(message: Node<'_>) -> UserId {
    let names = ["senderId", "senderid", "authorId", "author_id"];
    let id = names.iter().find_map(|name| message.get(name)).and_then(Node::int);
    UserId::new(id.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        codec::{Callback, events, keys},
        wire::{Author, BotId, Event, Incoming},
    };

    const ADDRESS: &str = "livechat|22|1775|599";

    fn bot() -> BotRef {
        BotRef::new(BotId::new(567), "helper")
    }

    fn history(said: &[(i64, i64, &str)]) -> History {
        let messages: Map<String, Json> = said
            .iter()
            .map(|(id, sender, text)| {
                let message = json!({
                    "id": id.to_string(), "senderId": sender.to_string(), "text": text,
                    "date": "2026-03-16T20:41:58+01:00", "params": {"fileId": ["31"]},
                });
                (id.to_string(), message)
            })
            .collect();
        let answer = json!({
            "chatId": "1777",
            "message": messages,
            "users": {
                "599": {"id": "599", "name": "Ann", "connector": true, "bot": false},
                "567": {"id": "567", "name": "Helper", "connector": false, "bot": true},
                "27": {"id": "27", "name": "Olga", "connector": false, "bot": false},
            },
            "chat": {"1777": {"id": "1777", "name": "Ann - Shop", "owner": "567", "entityType": "LINES"}},
            "files": {"31": {"id": 31, "type": "image", "name": "a.png", "size": 5, "urlDownload": "https://x/31"}},
            "openlines": {"status": 20},
        });
        History::read(&answer, ADDRESS)
    }

    fn typed(history: &History, last: i64, commands: &[(&str, i64)]) -> Vec<Incoming> {
        let commands = commands.iter().map(|(name, id)| ((*name).to_owned(), CommandId::new(*id))).collect();
        let raws = history.unanswered(MessageId::new(last), &bot(), &commands);
        let typed = |raw: Raw| events(&Callback::read(Arc::new(raw)).unwrap()).unwrap().remove(0);
        raws.into_iter().map(typed).collect()
    }

    fn texts(events: &[Incoming]) -> Vec<String> {
        let text = |incoming: &Incoming| match &incoming.event {
            Event::Message(message) => message.text.clone(),
            Event::Command(command) => format!("/{} {}", command.name, command.params),
            other => panic!("{other:?}"),
        };
        events.iter().map(text).collect()
    }

    #[test]
    fn what_a_client_wrote_after_the_last_message_comes_in_order_and_nothing_else() {
        let history = history(&[
            (9, 599, "old"),
            (12, 599, "third"),
            (10, 599, "first"),
            (11, 567, "a bot's answer"),
            (13, 0, "a notice"),
        ]);
        assert_eq!(texts(&typed(&history, 9, &[])), ["first", "third"]);
        assert_eq!(history.owner(), Some(UserId::new(567)));
        assert!(!history.is_over());
    }

    #[test]
    fn what_an_employee_has_answered_is_left_out() {
        let history = history(&[(10, 599, "hello?"), (11, 27, "good day"), (12, 599, "thanks")]);
        assert_eq!(texts(&typed(&history, 9, &[])), ["thanks"]);
    }

    #[test]
    fn an_event_is_the_one_that_the_portal_would_have_sent() {
        let all = typed(&history(&[(10, 599, "hi [b]there[/b]")]), 0, &[]);
        let Event::Message(message) = &all[0].event else { panic!("{all:?}") };
        assert_eq!(
            (message.author, message.author_id.get(), message.chat.id.get()),
            (Author::Client, 599, 1777)
        );
        assert_eq!(message.user.as_ref().map(|user| user.name.as_str()), Some("Ann"));
        assert_eq!(message.files[0].download_url, "https://x/31");
        assert_eq!((message.chat.dialog.as_str(), all[0].ts), ("chat1777", 1_773_690_118));
        assert_eq!(keys::lane(&all[0]), "line|livechat|22|599");
        let sent = b"event=ONIMBOTMESSAGEADD&data[BOT][567][BOT_ID]=567&data[PARAMS][MESSAGE_ID]=10&data[PARAMS][DIALOG_ID]=chat1777";
        let raw = crate::codec::form::decode(sent, &Default::default()).unwrap();
        let sent = events(&Callback::read(Arc::new(raw)).unwrap()).unwrap().remove(0);
        assert_eq!(keys::fact(&all[0], None), keys::fact(&sent, None));
    }

    #[test]
    fn a_line_that_gives_a_command_of_the_bot_is_that_command() {
        let history = history(&[(10, 599, "/order 15 \nplease"), (11, 599, "/unknown"), (12, 599, "/order")]);
        let all = typed(&history, 0, &[("order", 103)]);
        assert_eq!(texts(&all), ["/order 15", "/unknown", "/order "]);
        let Event::Command(command) = &all[0].event else { panic!("{all:?}") };
        assert_eq!((command.id.get(), command.message_id.get()), (103, 10));
    }

    #[test]
    fn an_answer_of_any_shape_is_read() {
        for answer in [json!(null), json!([]), json!({"message": [], "chat": [], "users": []}), json!("x")] {
            let history = History::read(&answer, "");
            assert!(history.unanswered(MessageId::new(0), &bot(), &BTreeMap::new()).is_empty());
            assert_eq!((history.owner(), history.is_over()), (None, false));
        }
    }
}
