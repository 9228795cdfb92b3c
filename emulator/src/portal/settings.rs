//! Settings of the portal that a test may turn.

use std::time::Duration;

use super::{Operator, Portal};
use crate::world::lines::{BotJoins, BotLeaves, CrmBinding, Line};
use crate::world::texts::{Automatic, Hours};

/// The settings of an open line. Each takes effect at once.
#[derive(Clone, Debug)]
pub struct LineSettings {
    pub(super) portal: Portal,
    pub(super) id: i64,
}

impl LineSettings {
    /// The line's id.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    fn change(&self, change: impl FnOnce(&mut Line)) -> &Self {
        let id = self.id;
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
        self.portal.shared.hit(|world| world.connectors.named(code, title));
        self.change(|line| {
            line.connector = code.to_owned();
            line.channels.entry(code.to_owned()).or_default().active = true;
        })
    }

    /// Switches one of the line's channels on or off. A channel that is off refuses what bots and employees send.
    pub fn channel(&self, connector: &str, on: bool) -> &Self {
        self.change(|line| line.channels.entry(connector.to_owned()).or_default().active = on)
    }

    /// The bot hands over after this time if nobody has taken the dialog; by default it never does.
    pub fn bot_hands_over_after(&self, time: Duration) -> &Self {
        self.change(|line| line.bot_seconds = seconds(time))
    }

    /// The operators whom the queue asks, in order.
    pub fn queue(&self, operators: &[&Operator]) -> &Self {
        self.change(|line| line.queue = operators.iter().map(|operator| operator.user_id()).collect())
    }

    /// How long the queue waits for the operator it has asked; by default for ever.
    pub fn queue_moves_on_after(&self, time: Duration) -> &Self {
        self.change(|line| line.queue_seconds = seconds(time))
    }

    /// A session closes when the client is silent for so long after an answer; by default it never does.
    pub fn closes_after_silence_of(&self, time: Duration) -> &Self {
        self.change(|line| line.auto_close_seconds = seconds(time))
    }

    /// A session that its operator finishes waits for the client (status 50) for so long before it closes; by default
    /// it closes at once.
    pub fn waits_before_closing(&self, time: Duration) -> &Self {
        self.change(|line| line.full_close_seconds = seconds(time))
    }

    /// What the line says to a client whom no bot meets (`WELCOME_MESSAGE`); nothing by default.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let emulator = openlines_emulator::Emulator::start().await;
    /// let portal = emulator.portal();
    /// portal.line().welcome_text(Some("Good day!")).vote_text(Some("Were you satisfied?"));
    /// let ann = portal.client("Ann");
    /// ann.says("hello").await;
    /// ann.hears("Good day!").await;
    /// portal.operator("Ivan").finishes(&ann).await;
    /// ann.hears("Were you satisfied?").await;
    /// # }
    /// ```
    pub fn welcome_text(&self, text: Option<&str>) -> &Self {
        self.change(|line| set(&mut line.texts.welcome, text))
    }

    /// What the line asks the client when an operator finishes a session (`VOTE_MESSAGE`), on every channel; nothing by
    /// default. [`Client::votes`](crate::Client::votes) answers.
    pub fn vote_text(&self, text: Option<&str>) -> &Self {
        self.change(|line| {
            let rating = &mut line.texts.rating;
            rating.on = text.is_some();
            if let Some(text) = text {
                text.clone_into(&mut rating.buttons.request);
                text.clone_into(&mut rating.texts.request);
            }
        })
    }

    /// Whether the client's rating closes the session at once (`VOTE_CLOSING_DELAY`); by default it closes nothing.
    pub fn vote_closes(&self, on: bool) -> &Self {
        self.change(|line| line.texts.rating.closes = on)
    }

    /// How long after the request a rating counts (`VOTE_TIME_LIMIT`); by default it always does.
    pub fn votes_within(&self, time: Duration) -> &Self {
        self.change(|line| line.texts.rating.seconds = seconds(time))
    }

    /// The line works from the first hour until the second one, UTC, on every day (`WORKTIME_ENABLE`); outside of that
    /// a client whom no bot leads reads this text, once a session. By default a line always works.
    pub fn working_hours(&self, from: u8, until: u8, away_text: &str) -> &Self {
        self.change(|line| {
            line.texts.hours = Hours {
                on: true,
                from: u32::from(from) * 60,
                to: u32::from(until) * 60,
                days_off: Vec::new(),
            };
            set(&mut line.texts.away, Some(away_text));
        })
    }

    /// What the line makes in the CRM for a new client; a deal by default.
    pub fn crm(&self, binding: CrmBinding) -> &Self {
        self.change(|line| line.crm = binding)
    }
}

/// Switches an automatic text on, or off.
fn set(automatic: &mut Automatic, text: Option<&str>) {
    automatic.on = text.is_some();
    if let Some(text) = text {
        text.clone_into(&mut automatic.text);
    }
}

/// Whole seconds, at least one.
fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 4).max(1)
}

impl Portal {
    /// The open line's settings.
    #[must_use]
    pub fn line(&self) -> LineSettings {
        self.line_by_id(self.line_id())
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

    /// Makes this access token expire now.
    pub fn expire_access_token(&self, token: &str) {
        self.shared.hit(|world| {
            let now = world.now();
            if let Some(access) = world.tokens.access.get_mut(token) {
                access.expires = access.expires.min(now);
            }
        });
    }

    /// Makes every access token unknown, as a revocation does: `invalid_token` instead of `expired_token`.
    pub fn revoke_access_tokens(&self) {
        self.shared.hit(|world| world.tokens.access.clear());
    }

    /// Makes every refresh token invalid.
    pub fn revoke_refresh_tokens(&self) {
        self.shared.hit(|world| world.tokens.refresh.clear());
    }

    /// A fresh authorisation code for the admin, good for 30 seconds and one use.
    #[must_use]
    pub fn authorization_code(&self) -> String {
        let names = &self.shared.names;
        self.shared.hit(|world| world.issue_code(&names.client_id, names.admin))
    }
}
