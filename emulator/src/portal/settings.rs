//! Settings of the portal that a test may turn.

use super::Portal;
use crate::world::lines::{BotJoins, BotLeaves, Line};

/// The settings of the open line. Each takes effect at once.
#[derive(Clone, Debug)]
pub struct LineSettings {
    portal: Portal,
}

impl LineSettings {
    fn change(&self, change: impl FnOnce(&mut Line)) -> &Self {
        let id = self.portal.line_id();
        self.portal.shared.hit(|world| {
            if let Some(line) = world.lines.get_mut(&id) {
                change(line);
            }
        });
        self
    }

    /// The bot that meets new sessions. By default the first open-line bot that registers becomes it.
    pub fn welcome_bot(&self, bot_id: Option<i64>) -> &Self {
        self.change(|line| {
            line.welcome_bot = bot_id;
            line.adopts_bots = false;
        })
    }

    /// When the bot leaves the chat; after hand-over by default.
    pub fn bot_leaves(&self, moment: BotLeaves) -> &Self {
        self.change(|line| line.bot_leaves = moment)
    }

    /// Which sessions the bot joins; all by default.
    pub fn bot_joins(&self, sessions: BotJoins) -> &Self {
        self.change(|line| line.bot_joins = sessions)
    }

    /// Switches the line on or off. An inactive line refuses what bots and employees send.
    pub fn active(&self, on: bool) -> &Self {
        self.change(|line| line.active = on)
    }

    /// The connector of chats opened from now on: a code such as `telegrambot`, and its title.
    pub fn connector(&self, code: &str, title: &str) -> &Self {
        self.change(|line| {
            line.connector = code.to_owned();
            line.connector_title = title.to_owned();
        })
    }
}

impl Portal {
    /// The open line's settings.
    #[must_use]
    pub fn line(&self) -> LineSettings {
        LineSettings { portal: self.clone() }
    }

    /// Whether the portal is "not for resale", which has no weekly limit of network messages.
    pub fn set_nfr(&self, on: bool) {
        self.shared.hit(|world| world.network.nfr = on);
    }

    /// Takes away, or gives back, a user's right to read CRM entities.
    pub fn set_crm_reader(&self, user_id: i64, may_read: bool) {
        self.shared.hit(|world| {
            if may_read {
                world.crm.blind.remove(&user_id);
            } else {
                world.crm.blind.insert(user_id);
            }
        });
    }

    /// Makes every access token expire now; refresh tokens stay good.
    pub fn expire_access_tokens(&self) {
        self.shared.hit(|world| {
            let now = world.now();
            for access in world.tokens.access.values_mut() {
                access.expires = access.expires.min(now);
            }
        });
    }

    /// Makes every refresh token invalid.
    pub fn revoke_refresh_tokens(&self) {
        self.shared.hit(|world| world.tokens.refresh.clear());
    }

    /// A fresh authorisation code for the admin, good for 30 seconds and one use.
    #[must_use]
    pub fn authorization_code(&self) -> String {
        self.authorization_code_for(self.shared.names.admin)
    }

    /// The same for another user, such as an employee who is no administrator.
    #[must_use]
    pub fn authorization_code_for(&self, user_id: i64) -> String {
        let client_id = &self.shared.names.client_id;
        self.shared.hit(|world| world.issue_code(client_id, user_id))
    }
}
