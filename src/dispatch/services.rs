//! What the engine works with: store, calls, clock and bots.

use std::{fmt, sync::Arc};

use super::{BotProfile, Handle, Policy};
use crate::{
    clock::Clock,
    portal::{RegisteredBot, Registry},
    rest::{Api, Downloads, Slots},
    store::{NodeId, Store},
    wire::{BotRef, PortalKey},
};

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
    /// How much room the limiter in front of `api` has, if there is one: what waits beyond it goes out in batches.
    pub slots: Option<Slots>,
    /// Gets the files that clients send.
    pub downloads: Arc<Downloads>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The portals, and which bots they know.
    pub registry: Registry,
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
        by_code(&wanted.code).or_else(|| by_code(&self.registry.bot(portal, wanted.id)?.code))
    }

    /// The bot that speaks in answer to an event: the one it is for, else the first of the program.
    pub(crate) fn speaker(&self, portal: &PortalKey, bot: Option<&BotRef>) -> Option<RegisteredBot> {
        match bot {
            Some(bot) => self.registry.bot(portal, bot.id),
            None => {
                let code = self.bots.first()?.profile.code();
                self.registry.portal(portal)?.bots.into_iter().find(|bot| bot.code == code)
            }
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("bots", &self.bots).field("node", &self.node).finish_non_exhaustive()
    }
}
