//! One portal, looked at by asking it: what `doctor` finds there.

use std::collections::BTreeSet;

use super::{App, Diagnosis, wanted};
use crate::{
    dispatch::Bot,
    portal::{BotGeneration, Delivery, PortalView, RegisteredBot, Registry},
    rest::{
        Api, ApiExt, CallError, CallErrorKind, Method,
        methods::{
            basic::{AppInfo, Scope},
            event, imbot, imbot_v2,
            imopenlines::ConfigListGet,
        },
    },
};

/// Without these scopes nothing works.
const SCOPES: [&str; 2] = ["imbot", "imopenlines"];
/// And without this one no page hears of anything.
const SCOPE_OF_PAGES: &str = "pull";

const DELETED: &str = "it was deleted on the portal; the server registers it again when it is started, or within a quarter of an hour if it runs. Then choose it again in the settings of its open lines";

/// What every portal is to have.
pub(super) struct Expected {
    bots: Vec<Bot>,
    events: Vec<String>,
    handler_url: Option<String>,
    scopes: Vec<&'static str>,
}

impl Expected {
    pub(super) fn of(app: &App) -> Self {
        let handler_url = app.config.public_url.as_deref();
        Self {
            bots: app.bots.clone(),
            events: wanted::bound_events(&app.events).map(str::to_ascii_uppercase).collect(),
            handler_url: handler_url.map(wanted::handler_url),
            scopes: SCOPES.into_iter().chain((!app.pages.is_empty()).then_some(SCOPE_OF_PAGES)).collect(),
        }
    }
}

/// One portal to be looked at.
pub(super) struct Checkup<'a> {
    pub(super) api: &'a dyn Api,
    pub(super) registry: &'a Registry,
    pub(super) expected: &'a Expected,
    pub(super) portal: &'a PortalView,
}

impl Checkup<'_> {
    pub(super) async fn run(&self, found: &mut Diagnosis) {
        if !self.scopes(found).await {
            return;
        }
        let by_oauth = self.registry.webhook(&self.portal.key).is_none();
        if by_oauth {
            self.installed(found).await;
        }
        for bot in &self.expected.bots {
            self.bot(bot, found).await;
        }
        if by_oauth && self.expected.handler_url.is_some() {
            self.bindings(found).await;
        }
        self.lines(found).await;
    }

    async fn ask<M: Method>(&self, method: &M) -> Result<M::Answer, CallError> {
        self.api.invoke(&self.portal.key, method).await
    }

    fn here(&self, what: &str) -> String {
        format!("{}: {what}", self.portal.domain)
    }

    /// A call did not tell. Whether the portal can be asked at all.
    fn unanswered(&self, what: &str, error: &CallError, found: &mut Diagnosis) -> bool {
        match error.kind() {
            CallErrorKind::Unauthorised if self.registry.webhook(&self.portal.key).is_some() => {
                found.bad(self.here(&format!(
                    "the incoming webhook is refused ({error}); see that the one of BITRIX24_WEBHOOK_URL still exists there and has the scopes imbot and imopenlines"
                )));
                false
            }
            CallErrorKind::Unauthorised => {
                found.unknown(self.here(&format!(
                    "{what} could not be asked: the access token has ended, and only the running server renews it; start it, or ask again once it has made a call"
                )));
                false
            }
            CallErrorKind::Unreachable => {
                found.bad(self.here(&format!(
                    "{what}: the portal cannot be reached ({error}); see the network and the portal's address"
                )));
                false
            }
            _ => {
                found.unknown(self.here(&format!("{what} could not be asked: {error}")));
                true
            }
        }
    }

    async fn scopes(&self, found: &mut Diagnosis) -> bool {
        let granted = match self.ask(&Scope::new()).await {
            Ok(granted) => granted,
            Err(error) => return self.unanswered("scopes", &error, found),
        };
        let scopes = &self.expected.scopes;
        let missing: Vec<&str> = scopes
            .iter()
            .copied()
            .filter(|scope| !granted.names.iter().any(|known| known.eq_ignore_ascii_case(scope)))
            .collect();
        if missing.is_empty() {
            found.good(self.here(&format!("scopes: {} are granted", scopes.join(" and "))));
        } else {
            found.bad(self.here(&format!(
                "scopes: {} missing; add it to the application's or the webhook's permissions, then install the application again",
                missing.join(" and ")
            )));
        }
        true
    }

    async fn installed(&self, found: &mut Diagnosis) {
        match self.ask(&AppInfo::new()).await {
            Ok(app) if app.installed => found.good(self.here("app.info: the installation is finished")),
            Ok(_) => found.bad(self.here(
                "app.info: INSTALLED is false, so the portal sends no events: nobody has called installFinish. Open the application's page there once; the page at {OPENLINES_PUBLIC_URL}/install calls it",
            )),
            Err(error) => {
                self.unanswered("app.info", &error, found);
            }
        }
    }

    async fn bot(&self, bot: &Bot, found: &mut Diagnosis) {
        let spec = bot.profile.spec();
        let named = |what: String| self.here(&format!("bot `{}`: {what}", spec.code));
        let Some(known) = self.portal.bots.iter().find(|known| known.code == spec.code) else {
            found.bad(named(
                "it is not registered; start the server, whose log says why if it cannot be".into(),
            ));
            return;
        };
        let wants = match &self.expected.handler_url {
            Some(_) => Delivery::Webhook,
            None => Delivery::Fetch,
        };
        if known.delivery != wants || (wants == Delivery::Webhook && !self.is_ours(&known.handler_url)) {
            found.bad(named(format!(
                "it is registered for {} and is to be for {}; start the server with these settings, it changes that",
                delivery(known.delivery, &known.handler_url),
                delivery(wants, self.expected.handler_url.as_deref().unwrap_or_default()),
            )));
            return;
        }
        match known.generation {
            BotGeneration::V1 => self.bot_v1(known, &named, found).await,
            _ => self.bot_v2(known, wants, &named, found).await,
        }
    }

    /// The portal tells of a v1 bot only that it is there.
    async fn bot_v1(&self, known: &RegisteredBot, named: &dyn Fn(String) -> String, found: &mut Diagnosis) {
        match self.ask(&imbot::BotList::new()).await {
            Ok(answer) if answer.bots.values().any(|bot| bot.id == known.id) => {
                let how = delivery(known.delivery, &known.handler_url);
                found.good(named(format!("registered as {}, {how}", known.id)));
            }
            Ok(_) => found.bad(named(DELETED.into())),
            Err(error) => {
                self.unanswered("the bot", &error, found);
            }
        }
    }

    /// What the portal itself says of the bot.
    async fn bot_v2(
        &self,
        known: &RegisteredBot,
        wants: Delivery,
        named: &dyn Fn(String) -> String,
        found: &mut Diagnosis,
    ) {
        match self.ask(&imbot_v2::BotGet::new().bot_id(known.id)).await {
            Ok(answer) => {
                let mode = answer.bot.event_mode;
                let fits =
                    mode.is_empty() || mode.eq_ignore_ascii_case("fetch") == (wants == Delivery::Fetch);
                if fits {
                    let how = delivery(wants, &known.handler_url);
                    found.good(named(format!("registered as {}, {how}", known.id)));
                } else {
                    found.bad(named(format!(
                        "the portal has it in mode {mode}, where its events do not come; start the server, it changes that"
                    )));
                }
            }
            Err(error) if error.is("BOT_NOT_FOUND") => {
                found.bad(named(DELETED.into()));
            }
            Err(error) => {
                self.unanswered("the bot", &error, found);
            }
        }
    }

    async fn bindings(&self, found: &mut Diagnosis) {
        let bound = match self.ask(&event::Get::new()).await {
            Ok(bound) => bound.rows,
            Err(error) => {
                self.unanswered("event.get", &error, found);
                return;
            }
        };
        let bound: BTreeSet<String> = bound
            .into_iter()
            .filter(|row| self.is_ours(&row.handler))
            .map(|row| row.event.to_ascii_uppercase())
            .collect();
        let missing: Vec<&str> =
            self.expected.events.iter().map(String::as_str).filter(|code| !bound.contains(*code)).collect();
        if missing.is_empty() {
            found.good(self.here("event.get: the events are bound to this address"));
        } else {
            found.bad(self.here(&format!(
                "event.get: {} not bound to {}; start the server, it binds them, and see that whoever installed the application is an administrator",
                missing.join(", "),
                self.expected.handler_url.as_deref().unwrap_or_default(),
            )));
        }
    }

    async fn lines(&self, found: &mut Diagnosis) {
        if !self.expected.bots.iter().any(|bot| bot.profile.spec().in_lines) {
            return;
        }
        let lines = match self.ask(&ConfigListGet::new()).await {
            Ok(lines) => lines.lines,
            Err(error) => {
                self.unanswered("imopenlines.config.list.get", &error, found);
                return;
            }
        };
        let ours = |id| self.portal.bots.iter().any(|bot| bot.id == id);
        let with_us: Vec<_> = lines.iter().filter(|line| line.welcome_bot().is_some_and(ours)).collect();
        match (with_us.iter().find(|line| line.active()), with_us.first()) {
            (Some(line), _) => {
                found.good(self.here(&format!("line `{}`: its welcome bot is this one", line.name())));
            }
            (None, Some(line)) => found.bad(self.here(&format!(
                "line `{}`: its welcome bot is this one, and the line is switched off; switch it on in its settings",
                line.name()
            ))),
            (None, None) => found.bad(self.here(
                "lines: none has this bot as its welcome bot, so that clients never meet it; in the settings of an open line, under chat bot, switch it on and choose it (WELCOME_BOT_ENABLE, WELCOME_BOT_ID)",
            )),
        }
    }

    fn is_ours(&self, handler: &str) -> bool {
        let bare = |url: &str| url.split('?').next().unwrap_or_default().trim_end_matches('/').to_owned();
        self.expected.handler_url.as_deref().is_some_and(|url| bare(url) == bare(handler))
    }
}

fn delivery(how: Delivery, url: &str) -> String {
    match how {
        Delivery::Webhook => format!("webhook delivery to {}", url.split('?').next().unwrap_or_default()),
        Delivery::Fetch => "fetching".to_owned(),
    }
}
