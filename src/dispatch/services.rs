//! What the engine works with: store, calls, clock and bots.

use std::{fmt, sync::Arc};

use super::{BotProfile, Generation, Handle, Policy};
use crate::{
    clock::Clock,
    rest::Api,
    store::{NodeId, Store},
    wire::{BotId, BotRef, PortalKey},
};

/// A bot of this application as registered on a portal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownBot {
    /// Its id on that portal.
    pub id: BotId,
    /// Its code.
    pub code: String,
    /// How it is registered.
    pub generation: Generation,
}

impl KnownBot {
    /// The bot `id`, registered as `code` through `generation`.
    pub fn new(id: BotId, code: impl Into<String>, generation: Generation) -> Self {
        Self { id, code: code.into(), generation }
    }
}

/// Tells which bots of this application a portal knows.
pub trait BotDirectory: Send + Sync + 'static {
    /// The bots registered on `portal`, in the order of registration.
    fn bots(&self, portal: &PortalKey) -> Vec<KnownBot>;
}

/// A bot of the program: its profile and its handler.
#[derive(Clone)]
pub struct Bot {
    /// How it is registered and whom it hears.
    pub profile: BotProfile,
    /// What it does.
    pub handler: Arc<dyn Handle>,
}

impl fmt::Debug for Bot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// Everything the engine needs.
#[derive(Clone)]
pub struct Services {
    /// Durable truth.
    pub store: Arc<dyn Store>,
    /// Carries outbox rows: limited, never repeated by itself.
    pub api: Arc<dyn Api>,
    /// Carries the calls that handlers make themselves.
    pub direct: Arc<dyn Api>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Which bots a portal knows.
    pub directory: Arc<dyn BotDirectory>,
    /// The bots of the program.
    pub bots: Vec<Bot>,
    /// Tries and waits.
    pub policy: Policy,
    /// Name of this process.
    pub node: NodeId,
}

impl Services {
    /// The bot of the program an event is for: by its code, else by the id under which the portal knows it. Events
    /// that belong to no bot go to the first.
    pub(crate) fn bot_for(&self, portal: &PortalKey, bot: Option<&BotRef>) -> Option<&Bot> {
        let Some(wanted) = bot else { return self.bots.first() };
        let by_code = |code: &str| self.bots.iter().find(|bot| bot.profile.code() == code);
        by_code(&wanted.code).or_else(|| {
            let known = self.directory.bots(portal).into_iter().find(|known| known.id == wanted.id)?;
            by_code(&known.code)
        })
    }

    /// The bot that speaks in answer to an event: the one it is for, else the first registered.
    pub(crate) fn speaker(&self, portal: &PortalKey, bot: Option<&BotRef>) -> Option<KnownBot> {
        let known = self.directory.bots(portal);
        match bot {
            Some(bot) => known.into_iter().find(|known| known.id == bot.id),
            None => known.into_iter().next(),
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("bots", &self.bots).field("node", &self.node).finish_non_exhaustive()
    }
}
