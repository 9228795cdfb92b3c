//! Bots, their commands, and the log of bots that fetch their events.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::World;
use super::apps::Owner;
use super::chats::{Chat, ChatKind};
use super::people::{UserKind, yes_no};

/// How long the event log of a fetching bot keeps an event.
const FETCH_SECONDS: i64 = 86_400;

/// `TYPE` of a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BotKind {
    Bot,
    OpenLine,
    Supervisor,
    Personal,
    Network,
}

impl BotKind {
    pub(crate) fn v2_name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::OpenLine => "openline",
            Self::Supervisor => "supervisor",
            Self::Personal => "personal",
            Self::Network => "network",
        }
    }
}

/// One bot; the user behind it has the same id.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub(crate) id: i64,
    pub(crate) code: String,
    pub(crate) owner: Owner,
    pub(crate) kind: BotKind,
    /// `OPENLINE=Y`: without it the bot hears nothing in open lines.
    pub(crate) openline: bool,
    pub(crate) hidden: bool,
    pub(crate) reactions: bool,
    /// Fetch mode: events go to the log of `imbot.v2.Event.get`, none to a URL.
    pub(crate) fetch: bool,
    pub(crate) background_id: Option<String>,
    pub(crate) count_message: i64,
}

/// One registered slash command.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) id: i64,
    pub(crate) bot_id: i64,
    /// Without the slash.
    pub(crate) name: String,
    pub(crate) common: bool,
    pub(crate) hidden: bool,
    pub(crate) extranet: bool,
    /// Title and parameters, by language.
    pub(crate) titles: BTreeMap<String, (String, String)>,
}

impl Command {
    pub(crate) fn v2(&self) -> Value {
        json!({
            "id": self.id,
            "botId": self.bot_id,
            "command": format!("/{}", self.name),
            "common": self.common,
            "hidden": self.hidden,
            "extranetSupport": self.extranet,
        })
    }
}

/// What a fetching bot, or a subscribed user, has not acknowledged yet.
#[derive(Default)]
pub(crate) struct FetchLog {
    pub(crate) events: VecDeque<FetchEvent>,
    /// The last ones that were acknowledged.
    pub(crate) fetched: VecDeque<(i64, &'static str)>,
}

/// Events kept for a bot that does not fetch them; the oldest go.
const MOST_EVENTS: usize = 10_000;
/// Acknowledged events that are remembered by name.
const FETCHED_KEPT: usize = 40;

/// One logged event.
pub(crate) struct FetchEvent {
    pub(crate) id: i64,
    pub(crate) at: i64,
    pub(crate) event: &'static str,
    pub(crate) payload: Value,
}

impl FetchLog {
    pub(crate) fn keep(&mut self, event: FetchEvent) {
        if self.events.len() == MOST_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// Drops what is acknowledged by `offset` or older than a day.
    pub(crate) fn forget(&mut self, offset: i64, now: i64) {
        for event in self.events.iter().filter(|event| event.id < offset) {
            self.fetched.push_back((event.id, event.event));
        }
        let surplus = self.fetched.len().saturating_sub(FETCHED_KEPT);
        self.fetched.drain(..surplus);
        self.events.retain(|event| event.id >= offset && event.at > now - FETCH_SECONDS);
    }
}

impl World {
    /// The full Bot object of v2 answers and of fetched events.
    pub(crate) fn bot_v2(&self, bot: &Bot, own: bool) -> Value {
        let mut object = json!({
            "id": bot.id,
            "code": bot.code,
            "type": bot.kind.v2_name(),
            "isHidden": bot.hidden,
            "isSupportOpenline": bot.openline,
            "isReactionsEnabled": bot.reactions,
            "backgroundId": bot.background_id,
            "language": self.identity.language,
        });
        if own {
            let app_id = match &bot.owner {
                Owner::App(client_id) => client_id.clone(),
                Owner::Custom(_) => String::new(),
            };
            let commands = self.commands.values().filter(|command| command.bot_id == bot.id).count();
            let chats = self.chats.values().filter(|chat| chat.members.contains(&bot.id)).count();
            object["moduleId"] = Value::from("rest");
            object["appId"] = Value::from(app_id);
            object["eventMode"] = Value::from(if bot.fetch { "fetch" } else { "webhook" });
            object["countMessage"] = Value::from(bot.count_message);
            object["countCommand"] = Value::from(commands);
            object["countChat"] = Value::from(chats);
            object["countUser"] = Value::from(0);
        }
        object
    }

    /// A row of `imbot.bot.list`.
    pub(crate) fn bot_v1_row(&self, bot: &Bot) -> Value {
        json!({"ID": bot.id, "NAME": self.name_of(bot.id), "CODE": bot.code, "OPENLINE": yes_no(bot.openline)})
    }

    pub(crate) fn is_bot(&self, user_id: i64) -> bool {
        self.user_kind(user_id) == Some(UserKind::Bot)
    }

    /// The first bot row of an owner, which many methods act as.
    pub(crate) fn first_bot(&self, owner: &Owner) -> Option<i64> {
        self.bots.values().find(|bot| bot.owner == *owner).map(|bot| bot.id)
    }

    /// Bots that hear a message, edit or deletion (protocol 2.1).
    pub(crate) fn bots_hearing(&self, chat: &Chat, author_id: i64, text: &str) -> Vec<i64> {
        if self.is_bot(author_id) {
            return Vec::new();
        }
        let mentioned = mentions(text);
        chat.members
            .iter()
            .filter_map(|member| self.bots.get(member))
            .filter(|bot| match chat.kind {
                ChatKind::Private => true,
                ChatKind::Lines => bot.openline,
                ChatKind::LiveChat => false,
                ChatKind::Group => {
                    matches!(bot.kind, BotKind::Supervisor | BotKind::Personal) || mentioned.contains(&bot.id)
                }
            })
            .map(|bot| bot.id)
            .collect()
    }

    /// Removes a bot, its commands and its seat in every chat.
    pub(crate) fn remove_bot(&mut self, bot_id: i64) {
        self.bots.remove(&bot_id);
        self.users.remove(&bot_id);
        self.fetch_log.remove(&bot_id);
        self.commands.retain(|_, command| command.bot_id != bot_id);
        for chat in self.chats.values_mut() {
            chat.members.remove(&bot_id);
            if chat.owner == bot_id {
                chat.owner = 0;
            }
        }
        for line in self.lines.values_mut() {
            if line.welcome_bot == Some(bot_id) {
                line.welcome_bot = None;
            }
        }
    }
}

/// The users named by `[USER=id]…[/USER]`.
pub(crate) fn mentions(text: &str) -> Vec<i64> {
    let upper = text.to_ascii_uppercase();
    upper
        .match_indices("[USER=")
        .filter_map(|(at, tag)| upper[at + tag.len()..].split([']', ' ']).next()?.parse().ok())
        .collect()
}

/// The text without mentions, and without a comma after one.
pub(crate) fn without_mentions(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        // ASCII upper-casing keeps every byte offset.
        let upper = rest.to_ascii_uppercase();
        let Some(start) = upper.find("[USER=") else { break };
        let Some(end) = upper[start..].find("[/USER]") else { break };
        out.push_str(&rest[..start]);
        rest = &rest[start + end + "[/USER]".len()..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    out.push_str(rest);
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{mentions, without_mentions};

    #[test]
    fn mentions_are_found_and_stripped_with_a_following_comma() {
        let text = "[USER=567]Helper[/USER], where is [user=9 REPLACE]Ivan[/user]?";
        assert_eq!(mentions(text), [567, 9]);
        assert_eq!(without_mentions(text), "where is ?");
    }
}
