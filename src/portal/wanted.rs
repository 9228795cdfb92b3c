//! What a portal should have: bots, their commands, event handlers.
//!
//! ```
//! use openlines::portal::{BotGeneration, BotSpec, Delivery, Wanted};
//!
//! let wanted = Wanted::new()
//!     .handler_url("https://bot.example/events")
//!     .bot(BotSpec::openline("greeter", "Greeter").delivery(Delivery::Webhook).command("help", "Shows what I can do"))
//!     .event("ONOPENLINEMESSAGEADD");
//! assert_eq!(wanted.bots[0].generation, BotGeneration::V2);
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::wire::{BotId, CommandId};

/// Through which generation of methods a bot is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BotGeneration {
    /// `imbot.register`: events by webhook only.
    V1,
    /// `imbot.v2.Bot.register`.
    V2,
}

/// How a bot's events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Delivery {
    /// The portal posts them: fast, but what is sent while nobody listens is lost.
    Webhook,
    /// They are asked for: nothing is lost for 24 hours. v2 only.
    Fetch,
}

/// What kind of bot it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BotKind {
    /// A plain chat bot.
    Bot,
    /// A bot of open lines: hears every message of the lines it works in.
    OpenLine,
    /// Hears every message of the chats it is in.
    Supervisor,
    /// A bot of its user. v2 only; a plain one in v1.
    Personal,
}

/// A slash command of a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandSpec {
    /// Name without the slash.
    pub name: String,
    /// What it does, by language; needed unless it is hidden.
    pub title: BTreeMap<String, String>,
    /// What follows it, by language.
    pub params: BTreeMap<String, String>,
    /// Works in every chat, not only where the bot is.
    pub common: bool,
    /// Not shown in the list of commands.
    pub hidden: bool,
}

impl CommandSpec {
    /// The command `/name`, described in English; a description that is empty hides it.
    pub fn new(name: &str, title: &str) -> Self {
        let title_of = |text: &str| BTreeMap::from([("en".to_owned(), text.to_owned())]);
        Self {
            name: name.trim_start_matches('/').to_owned(),
            title: if title.is_empty() { BTreeMap::new() } else { title_of(title) },
            params: BTreeMap::new(),
            common: false,
            hidden: title.is_empty(),
        }
    }
}

/// A bot as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BotSpec {
    /// Its code: the stable name it is found again by.
    pub code: String,
    /// Its name as people see it.
    pub name: String,
    /// What kind of bot it is.
    pub kind: BotKind,
    /// Whether a bot that is not of the kind `OpenLine` may work in open lines too.
    pub in_lines: bool,
    /// Through which methods it is registered.
    pub generation: BotGeneration,
    /// How its events come.
    pub delivery: Delivery,
    /// Its slash commands.
    pub commands: Vec<CommandSpec>,
}

impl BotSpec {
    /// A v2 bot for open lines that fetches its events.
    pub fn openline(code: &str, name: &str) -> Self {
        Self::new(BotKind::OpenLine, code, name)
    }

    /// A v2 bot of `kind` that fetches its events.
    pub fn new(kind: BotKind, code: &str, name: &str) -> Self {
        Self {
            code: code.to_owned(),
            name: name.to_owned(),
            kind,
            in_lines: kind == BotKind::OpenLine,
            generation: BotGeneration::V2,
            delivery: Delivery::Fetch,
            commands: Vec::new(),
        }
    }

    /// Sets how its events come.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Registers it through `imbot.register`; its events then come by webhook.
    #[must_use]
    pub fn v1(mut self) -> Self {
        self.generation = BotGeneration::V1;
        self.delivery = Delivery::Webhook;
        self
    }

    /// Adds a command, see [`CommandSpec::new`].
    #[must_use]
    pub fn command(mut self, name: &str, title: &str) -> Self {
        self.commands.push(CommandSpec::new(name, title));
        self
    }
}

/// All that a portal should have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wanted {
    /// The bots.
    pub bots: Vec<BotSpec>,
    /// Upper-case codes of events to bind; bot events come with their bots.
    pub events: Vec<String>,
    /// Upper-case codes of events that the portal is to keep until they are collected.
    pub offline: Vec<String>,
    /// Where callbacks are to be sent; needed for webhook delivery and for events.
    pub handler_url: Option<String>,
}

impl Wanted {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a bot.
    #[must_use]
    pub fn bot(mut self, bot: BotSpec) -> Self {
        self.bots.push(bot);
        self
    }

    /// Adds an event to be bound.
    #[must_use]
    pub fn event(mut self, code: &str) -> Self {
        self.events.push(code.to_ascii_uppercase());
        self
    }

    /// Adds an event that the portal is to keep until it is collected.
    #[must_use]
    pub fn offline_event(mut self, code: &str) -> Self {
        self.offline.push(code.to_ascii_uppercase());
        self
    }

    /// Sets where callbacks are to be sent.
    #[must_use]
    pub fn handler_url(mut self, url: &str) -> Self {
        self.handler_url = Some(url.to_owned());
        self
    }
}

/// A bot as it is registered on a portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegisteredBot {
    /// Id, which is also its user id.
    pub id: BotId,
    /// Code it was registered under.
    pub code: String,
    /// Through which methods.
    pub generation: BotGeneration,
    /// How its events come now.
    pub delivery: Delivery,
    /// Where its callbacks are sent, without a bot token; empty for fetch.
    #[serde(default)]
    pub handler_url: String,
    /// Ids of its commands by name.
    #[serde(default)]
    pub commands: BTreeMap<String, CommandId>,
}
