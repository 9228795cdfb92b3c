//! Lines of other companies, joined through Bitrix24.Network, and the weekly limit of their messages.

use std::collections::{BTreeMap, HashMap};

use super::apps::Owner;
use super::bots::{Bot, BotKind};
use super::people::UserKind;
use super::{TOLD_KEPT, World};
use crate::record::NetworkMessage;
use crate::ring::Ring;

/// One message for each bot and user in this many seconds.
pub(crate) const WEEK_SECONDS: i64 = 7 * 86_400;

/// The directory of network lines and what was sent through them.
pub(crate) struct Network {
    /// Lines by their 32-character code.
    pub(crate) directory: BTreeMap<String, NetworkLine>,
    /// When a (bot, user) pair got its last message.
    pub(crate) sent: HashMap<(i64, i64), i64>,
    /// Not-for-resale portals have no weekly limit.
    pub(crate) nfr: bool,
    pub(crate) delivered: Ring<NetworkMessage>,
}

impl Default for Network {
    fn default() -> Self {
        let delivered = Ring::new(TOLD_KEPT.0, TOLD_KEPT.1);
        Self { directory: BTreeMap::new(), sent: HashMap::new(), nfr: false, delivered }
    }
}

/// One line of the directory.
pub(crate) struct NetworkLine {
    pub(crate) name: String,
    /// The network bot, once the portal has joined.
    pub(crate) bot_id: Option<i64>,
}

impl World {
    /// Joins a line of the directory; the bot's id, or `None` when nobody knows the code.
    pub(crate) fn join_network(&mut self, code: &str) -> Option<i64> {
        let line = self.network.directory.get(code)?;
        if let Some(bot_id) = line.bot_id {
            return Some(bot_id);
        }
        let name = line.name.clone();
        let bot_id = self.add_user(UserKind::Bot, &name, "");
        self.bots.insert(
            bot_id,
            Bot {
                id: bot_id,
                code: format!("network_{code}"),
                owner: Owner::App(code.to_owned()),
                kind: BotKind::Network,
                openline: false,
                hidden: false,
                reactions: false,
                fetch: false,
                background_id: None,
                count_message: 0,
            },
        );
        if let Some(line) = self.network.directory.get_mut(code) {
            line.bot_id = Some(bot_id);
        }
        Some(bot_id)
    }
}
