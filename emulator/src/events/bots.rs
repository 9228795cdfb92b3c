//! Facts that bots hear, and the way each takes to the bots concerned.

use serde_json::Value;

use super::auth::AuthNeed;
use crate::world::World;
use crate::world::bots::FetchEvent;
use crate::world::messages::Message;
use crate::world::take;

/// Something that happened to bots.
#[derive(Clone, Debug)]
pub(crate) enum BotFact {
    Message { message_id: i64 },
    Update { message_id: i64 },
    Delete { message_id: i64 },
    Join { chat_id: i64, added_by: i64 },
    Removed,
    Context { chat_id: i64, user_id: i64, context: Value },
    Command(CommandRun),
    Reaction { message_id: i64, user_id: i64, reaction: String, added: bool },
}

/// A slash command, typed or pressed.
#[derive(Clone, Debug)]
pub(crate) struct CommandRun {
    /// Every registered command that it means.
    pub(crate) commands: Vec<i64>,
    pub(crate) name: String,
    pub(crate) params: String,
    /// `TEXTAREA`, `KEYBOARD` or `MENU`.
    pub(crate) context: &'static str,
    pub(crate) message_id: i64,
    pub(crate) user_id: i64,
}

impl BotFact {
    fn names(&self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::Message { .. } => (Some("ONIMBOTMESSAGEADD"), "ONIMBOTV2MESSAGEADD"),
            Self::Update { .. } => (Some("ONIMBOTMESSAGEUPDATE"), "ONIMBOTV2MESSAGEUPDATE"),
            Self::Delete { .. } => (Some("ONIMBOTMESSAGEDELETE"), "ONIMBOTV2MESSAGEDELETE"),
            Self::Join { .. } => (Some("ONIMBOTJOINCHAT"), "ONIMBOTV2JOINCHAT"),
            Self::Removed => (Some("ONIMBOTDELETE"), "ONIMBOTV2DELETE"),
            Self::Context { .. } => (Some("ONIMBOTCONTEXTGET"), "ONIMBOTV2CONTEXTGET"),
            Self::Command(_) => (Some("ONIMCOMMANDADD"), "ONIMBOTV2COMMANDADD"),
            Self::Reaction { .. } => (None, "ONIMBOTV2REACTIONCHANGE"),
        }
    }

    fn auth(&self) -> AuthNeed {
        match self {
            Self::Join { .. } | Self::Removed => AuthNeed::Access,
            _ => AuthNeed::AccessAndRefresh,
        }
    }
}

impl World {
    /// Sends a fact to the given bots: through v1 rows, v2 rows, and the logs of fetching bots.
    pub(crate) fn raise_bots(&mut self, fact: &BotFact, bots: &[i64], acting_user: i64) {
        let (v1, v2) = fact.names();
        let queued_before = self.callbacks.len();
        for row in v1.map(|event| self.rows_for(event)).unwrap_or_default() {
            let mine = self.bots_of_row(&row, bots);
            if !mine.is_empty() {
                let data = self.v1_data(fact, &mine);
                self.queue(&row, data, fact.auth(), acting_user, &format!("{fact:?}{mine:?}"));
            }
        }
        for row in self.rows_for(v2) {
            for bot_id in self.bots_of_row(&row, bots) {
                for (key, data) in self.v2_data(fact, bot_id, false) {
                    self.queue(&row, data, fact.auth(), acting_user, &format!("{fact:?}{bot_id}{key}"));
                }
            }
        }
        let mut heard = self.callbacks.len() > queued_before;
        for bot_id in bots {
            if self.bots.get(bot_id).is_some_and(|bot| bot.fetch) {
                for (_, payload) in self.v2_data(fact, *bot_id, true) {
                    let id = take(&mut self.next.fetch_event);
                    let event = FetchEvent { id, at: self.now(), event: v2, payload };
                    self.fetch_log.entry(*bot_id).or_default().keep(event);
                    heard = true;
                }
            }
        }
        if !heard && !bots.is_empty() {
            self.unheard += 1;
            let owner = bots.first().and_then(|bot_id| self.bots.get(bot_id)).map(|bot| bot.owner.clone());
            let why = match owner {
                Some(crate::world::apps::Owner::App(client_id)) => self.deaf_because(&client_id),
                _ => None,
            };
            self.complaints.unheard(v2, bots);
            self.note_undelivered(v1.unwrap_or(v2), why.unwrap_or(crate::record::Unheard::NoHandler));
            tracing::debug!(event = v2, "no handler wanted an event that concerned a bot");
        }
    }

    /// Which of the bots a handler row speaks for.
    fn bots_of_row(&self, row: &super::HandlerRow, bots: &[i64]) -> Vec<i64> {
        let Some(owner) = row.owner.bots(&row.url) else { return Vec::new() };
        if let crate::world::apps::Owner::App(client_id) = &owner
            && !self.app_hears_events(client_id)
        {
            return Vec::new();
        }
        bots.iter()
            .copied()
            .filter(|bot_id| self.bots.get(bot_id).is_some_and(|bot| bot.owner == owner && !bot.fetch))
            .collect()
    }

    /// A new message: commands first, and only without one the message itself.
    pub(crate) fn raise_message_or_commands(&mut self, message: &Message, acting_user: i64) {
        let Some(chat) = self.chats.get(&message.chat_id).cloned() else { return };
        if self.is_bot(message.author_id) {
            return;
        }
        let runs = self.typed_commands(&chat, message);
        if runs.is_empty() {
            let bots = self.bots_hearing(&chat, message.author_id, &message.text);
            self.raise_bots(&BotFact::Message { message_id: message.id }, &bots, acting_user);
        }
        for run in runs {
            self.raise_command(run, message.chat_id, acting_user);
        }
    }

    /// An edit or a deletion: `message` is as it was for the choice of bots.
    pub(crate) fn raise_change(&mut self, message: &Message, fact: BotFact, acting_user: i64) {
        let Some(chat) = self.chats.get(&message.chat_id).cloned() else { return };
        let bots = self.bots_hearing(&chat, message.author_id, &message.text);
        self.raise_bots(&fact, &bots, acting_user);
        self.raise_line_change(message, matches!(fact, BotFact::Delete { .. }), acting_user);
    }

    /// Runs a command: opens the ten minutes of `imbot.command.answer` and tells the bots.
    pub(crate) fn raise_command(&mut self, run: CommandRun, chat_id: i64, acting_user: i64) {
        let mut bots: Vec<i64> = Vec::new();
        for command in run.commands.iter().filter_map(|id| self.commands.get(id)) {
            if !bots.contains(&command.bot_id) {
                bots.push(command.bot_id);
            }
        }
        let until = self.now() + 600;
        for bot_id in &bots {
            self.answer_until.insert((*bot_id, chat_id), until);
        }
        self.raise_bots(&BotFact::Command(run), &bots, acting_user);
    }
}
