//! Open lines and the clients who sit at the other end of them.

use std::collections::BTreeMap;

use super::chats::ChatKind;
use super::people::UserKind;
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

/// One open line with its connector.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Connector code, such as `livechat`.
    pub(crate) connector: String,
    pub(crate) connector_title: String,
    /// `ACTIVE`: a line that is off refuses what employees and bots send.
    pub(crate) active: bool,
    pub(crate) welcome_bot: Option<i64>,
    /// Whether a line without a welcome bot takes the next open-line bot that registers.
    pub(crate) adopts_bots: bool,
    pub(crate) bot_joins: BotJoins,
    pub(crate) bot_leaves: BotLeaves,
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
    pub(crate) fn add_line(&mut self, name: &str, connector: &str, title: &str) -> i64 {
        let id = take(&mut self.next.line);
        self.lines.insert(
            id,
            Line {
                id,
                name: name.to_owned(),
                connector: connector.to_owned(),
                connector_title: title.to_owned(),
                active: true,
                welcome_bot: None,
                adopts_bots: true,
                bot_joins: BotJoins::default(),
                bot_leaves: BotLeaves::default(),
                seats: BTreeMap::new(),
            },
        );
        id
    }

    /// The line a chat belongs to, from its entity id.
    pub(crate) fn line_of(&self, chat_id: i64) -> Option<&Line> {
        let chat = self.chats.get(&chat_id).filter(|chat| chat.kind == ChatKind::Lines)?;
        let line_id = chat.entity_id.split('|').nth(1)?.parse().ok()?;
        self.lines.get(&line_id)
    }

    /// The client user of a line's chat, from its entity id.
    pub(crate) fn client_of(&self, chat_id: i64) -> i64 {
        self.chats.get(&chat_id).and_then(|chat| chat.entity_id.split('|').nth(3)?.parse().ok()).unwrap_or(0)
    }

    /// The client's chat on the line, made when the client has none yet.
    pub(crate) fn seat(&mut self, line_id: i64, client_id: i64) -> Option<i64> {
        let line = self.lines.get(&line_id)?;
        if let Some(seat) = line.seats.get(&client_id) {
            return Some(seat.chat_id);
        }
        let (connector, line_name) = (line.connector.clone(), line.name.clone());
        let name = self.name_of(client_id);
        let external = if connector == "livechat" {
            let live = self.add_chat(ChatKind::LiveChat, &name, client_id, &[client_id]);
            if let Some(chat) = self.chats.get_mut(&live) {
                chat.entity_id = format!("{line_id}|{client_id}");
            }
            live.to_string()
        } else {
            format!("{client_id}7788")
        };
        let chat_id = self.add_chat(ChatKind::Lines, &format!("{name} - {line_name}"), 0, &[client_id]);
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.entity_id = format!("{connector}|{line_id}|{external}|{client_id}");
        }
        self.crm.bind_deal(chat_id, &mut self.next.deal);
        if let Some(line) = self.lines.get_mut(&line_id) {
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

    /// A client by name, made on demand.
    pub(crate) fn client(&mut self, name: &str) -> i64 {
        self.find_user(UserKind::Client, name).unwrap_or_else(|| self.add_user(UserKind::Client, name, ""))
    }
}
