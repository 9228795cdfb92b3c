//! The row of the guarantees that a bot's settings give it, for `serve` and `doctor`.

use super::Config;

/// What an application's settings amount to: how events come, and what there cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Guarantee {
    /// By OAuth application, else by incoming webhook.
    pub(super) oauth: bool,
    /// Bot events are fetched, else sent.
    pub(super) fetches: bool,
}

impl Guarantee {
    pub(super) fn of(config: &Config) -> Self {
        Self { oauth: config.webhook_url.is_none(), fetches: config.public_url.is_none() }
    }

    /// The row in words.
    pub(super) fn text(self) -> &'static str {
        match (self.oauth, self.fetches) {
            (true, true) => {
                "OAuth, fetch: bot events are fetched, so nothing is lost while the bot is down, and an idle dialog waits up to 5 s; open-line and application events, and installing, need OPENLINES_PUBLIC_URL"
            }
            (true, false) => {
                "OAuth, webhook delivery: all events and RT. What the portal sends while the bot is down it sends once: afterwards clients' messages are found in the histories of open sessions, other events are lost"
            }
            (false, true) => {
                "incoming webhook, fetch: bot events are fetched, so nothing is lost while the bot is down, and an idle dialog waits up to 5 s; no open-line and application events and no RT events"
            }
            (false, false) => {
                "incoming webhook, webhook delivery: bot events only, no RT. What the portal sends while the bot is down it sends once: afterwards clients' messages are found in the histories of open sessions, where the webhook's user may read them"
            }
        }
    }
}
