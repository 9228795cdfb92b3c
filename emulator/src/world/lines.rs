//! Open lines and the clients who sit at the other end of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::chats::ChatKind;
use super::connectors::Channel;
use super::people::UserKind;
use super::texts::Texts;
use super::{World, take};

/// When the welcome bot leaves a chat (`WELCOME_BOT_LEFT`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BotLeaves {
    /// `queue`: as soon as the dialog is handed over or an operator answers.
    #[default]
    AfterHandOver,
    /// `close`: when the session is closed; until then it hears operators too.
    WhenClosed,
}

/// Which sessions the welcome bot joins (`WELCOME_BOT_JOIN`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BotJoins {
    /// `always`: every session.
    #[default]
    EverySession,
    /// `first`: a client's first session only.
    FirstSession,
}

/// What a line makes in the CRM for a new client (`CRM` and `CRM_CREATE`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrmBinding {
    /// A deal.
    #[default]
    Deal,
    /// A lead.
    Lead,
    /// Nothing.
    Nothing,
}

/// One open line with its channels, its bot and its queue.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// The connector of clients who name none, such as `livechat`.
    pub(crate) connector: String,
    /// Every channel that was switched on, by connector code.
    pub(crate) channels: BTreeMap<String, Channel>,
    /// `ACTIVE`: a line that is off refuses what employees and bots send.
    pub(crate) active: bool,
    pub(crate) welcome_bot: Option<i64>,
    /// Whether a line without a welcome bot takes the next open-line bot that registers.
    pub(crate) adopts_bots: bool,
    pub(crate) bot_joins: BotJoins,
    pub(crate) bot_leaves: BotLeaves,
    /// `WELCOME_BOT_TIME`: seconds until the bot hands over; 0 for never.
    pub(crate) bot_seconds: i64,
    pub(crate) crm: CrmBinding,
    /// Employees whom the queue asks, in order.
    pub(crate) queue: Vec<i64>,
    /// `QUEUE_TIME`: seconds until the next one is asked; 0 for never.
    pub(crate) queue_seconds: i64,
    /// `AUTO_CLOSE_TIME`: a session closes when the client is silent for so many seconds after an answer; 0 for never.
    pub(crate) auto_close_seconds: i64,
    /// `FULL_CLOSE_TIME`, in seconds: how long a finished session waits for the client before it closes; 0 for not.
    pub(crate) full_close_seconds: i64,
    /// What it says by itself.
    pub(crate) texts: Texts,
    /// Other settings as `config.add` and `config.update` gave them.
    pub(crate) settings: Map<String, Value>,
    /// Where each client sits, by user id.
    pub(crate) seats: BTreeMap<i64, Seat>,
}

/// A client's chats on a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) chat_id: i64,
    pub(crate) sessions: u32,
}

impl World {
    /// A new line whose clients come through the connector unless they name another.
    pub(crate) fn add_line(&mut self, name: &str, connector: &str) -> i64 {
        let id = take(&mut self.next.line);
        self.lines.insert(
            id,
            Line {
                id,
                name: name.to_owned(),
                connector: connector.to_owned(),
                channels: BTreeMap::from([(connector.to_owned(), Channel::default())]),
                active: true,
                welcome_bot: None,
                adopts_bots: true,
                bot_joins: BotJoins::default(),
                bot_leaves: BotLeaves::default(),
                bot_seconds: 0,
                crm: CrmBinding::default(),
                queue: Vec::new(),
                queue_seconds: 0,
                auto_close_seconds: 0,
                full_close_seconds: 0,
                texts: Texts::default(),
                settings: Map::new(),
                seats: BTreeMap::new(),
            },
        );
        id
    }

    /// Removes a line; its chats stay.
    pub(crate) fn remove_line(&mut self, id: i64, acting_user: i64) -> bool {
        if self.lines.remove(&id).is_none() {
            return false;
        }
        self.raise_line_removed(id, acting_user);
        true
    }

    /// The line a chat belongs to, from its entity id.
    pub(crate) fn line_of(&self, chat_id: i64) -> Option<&Line> {
        let chat = self.chats.get(&chat_id).filter(|chat| chat.kind == ChatKind::Lines)?;
        let line_id = chat.entity_id.split('|').nth(1)?.parse().ok()?;
        self.lines.get(&line_id)
    }

    /// The client user of a line's chat, from its entity id; 0 for a group.
    pub(crate) fn client_of(&self, chat_id: i64) -> i64 {
        self.chats.get(&chat_id).and_then(|chat| chat.entity_id.split('|').nth(3)?.parse().ok()).unwrap_or(0)
    }

    /// The client's chat on the line, made when the client has none yet.
    pub(crate) fn seat(&mut self, line_id: i64, client_id: i64) -> Option<i64> {
        let line = self.lines.get(&line_id)?;
        if let Some(seat) = line.seats.get(&client_id) {
            return Some(seat.chat_id);
        }
        let connector = self.connectors.of_client.get(&client_id).unwrap_or(&line.connector).clone();
        let external = if connector == "livechat" {
            let name = self.name_of(client_id);
            let live = self.add_chat(ChatKind::LiveChat, &name, client_id, &[client_id]);
            if let Some(chat) = self.chats.get_mut(&live) {
                chat.entity_id = format!("{line_id}|{client_id}");
            }
            live.to_string()
        } else {
            format!("{client_id}7788")
        };
        self.seat_at(line_id, &connector, &external, client_id)
    }

    /// The client's chat on the line with the channel's own chat id. In a channel of groups the chat is everybody's.
    pub(crate) fn seat_at(
        &mut self,
        line_id: i64,
        connector: &str,
        external: &str,
        client_id: i64,
    ) -> Option<i64> {
        let groups = self.connectors.get(connector).is_some_and(|connector| connector.groups);
        let entity_id = format!("{connector}|{line_id}|{external}|{}", if groups { 0 } else { client_id });
        let group = self.chats.values_mut().find(|chat| groups && chat.entity_id == entity_id);
        let line = self.lines.get_mut(&line_id)?;
        if let Some(chat) = group {
            chat.members.insert(client_id);
            return Some(chat.id);
        }
        if let Some(seat) = line.seats.get(&client_id).filter(|_| !groups) {
            return Some(seat.chat_id);
        }
        line.channels.entry(connector.to_owned()).or_default();
        let (line_name, crm) = (line.name.clone(), line.crm);
        let name = self.name_of(client_id);
        let chat_id = self.add_chat(ChatKind::Lines, &format!("{name} - {line_name}"), 0, &[client_id]);
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.entity_id = entity_id;
        }
        self.bind_new_chat(chat_id, crm, &name);
        if let Some(line) = self.lines.get_mut(&line_id).filter(|_| !groups) {
            line.seats.insert(client_id, Seat { chat_id, sessions: 0 });
        }
        Some(chat_id)
    }

    /// An open-line bot becomes the welcome bot of lines that have none and take one.
    pub(crate) fn offer_to_lines(&mut self, bot_id: i64) {
        if self.bots.get(&bot_id).is_some_and(|bot| bot.openline) {
            for line in self.lines.values_mut().filter(|line| line.adopts_bots) {
                line.welcome_bot.get_or_insert(bot_id);
            }
        }
    }

    /// A client by name who named no channel, made on demand.
    pub(crate) fn client(&mut self, name: &str) -> i64 {
        let known = self.users.values().find(|user| {
            user.kind == UserKind::Client
                && user.full_name() == name
                && !self.connectors.of_client.contains_key(&user.id)
        });
        known.map(|user| user.id).unwrap_or_else(|| self.add_user(UserKind::Client, name, ""))
    }
}
