//! Making a portal have what it should have: bots, commands, event handlers. Safe to run again at any time.
//!
//! **Trap:** from fetch to webhook delivery the portal throws a bot's unread events away: they are read out first.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream::FuturesUnordered};
use secrecy::ExposeSecret;
use tokio::sync::{Notify, watch};
use url::Url;

use super::{
    BotGeneration, BotKind, BotSpec, CommandSpec, Delivery, PortalChange, PortalError, PortalErrorKind,
    PortalWatch, RegisteredBot, Registry, Wanted, registry::lock,
};
use crate::{
    rest::{
        Api, ApiExt, BotToken, CallError, CallErrorKind,
        methods::{YesNo, event, imbot, imbot_v2},
    },
    store::PortalStatus,
    wire::{BotId, CommandId, PortalKey, Timestamp},
};

/// Bound besides what is wanted, so that a removal or update of the application is heard of.
const OWN_EVENTS: [&str; 2] = ["ONAPPUNINSTALL", "ONAPPUPDATE"];
/// Tells that offline events wait; bound when there are any to be collected.
const OFFLINE_NOTICE: &str = "ONOFFLINEEVENT";
/// So often everything is looked at again, so that a bot deleted by hand comes back.
const LOOK_AGAIN: Duration = Duration::from_secs(15 * 60);
/// Portals that are looked at at once.
const AT_ONCE: usize = 32;
/// First and longest pause after a failure.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// Reads out a bot's unread events before the portal throws them away. Implemented above, by what polls.
#[async_trait]
pub trait Drain: Send + Sync {
    /// Returns once everything that waited for `bot` is in the journal.
    async fn drain(&self, portal: &PortalKey, bot: BotId) -> Result<(), PortalError>;
}

/// Makes portals have what they should have.
#[derive(Clone)]
pub struct Reconciler {
    registry: Registry,
    api: Arc<dyn Api>,
    drain: Arc<dyn Drain>,
    wanted: Arc<Wanted>,
    changed: Arc<Changed>,
    passes: Arc<watch::Sender<usize>>,
}

#[derive(Default)]
struct Changed {
    portals: Mutex<BTreeSet<PortalKey>>,
    bell: Notify,
}

impl PortalWatch for Changed {
    fn portal_changed(&self, portal: &PortalKey, change: PortalChange) {
        if change == PortalChange::Active {
            self.look_at(portal);
        }
    }
}

impl Changed {
    fn look_at(&self, portal: &PortalKey) {
        lock(&self.portals).insert(portal.clone());
        self.bell.notify_one();
    }
}

impl Reconciler {
    /// For every portal the same `wanted`; calls go through `api`.
    pub fn new(registry: Registry, api: Arc<dyn Api>, drain: Arc<dyn Drain>, wanted: Wanted) -> Self {
        let changed = Arc::new(Changed::default());
        registry.watch(Arc::<Changed>::clone(&changed));
        let passes = Arc::new(watch::Sender::new(0));
        Self { registry, api, drain, wanted: Arc::new(wanted), changed, passes }
    }

    /// How often a portal was found or made as it should be, since the start.
    pub(crate) fn passes(&self) -> watch::Receiver<usize> {
        self.passes.subscribe()
    }

    /// Looks at `portal` soon, as when one of its bots was deleted.
    pub fn look_at(&self, portal: &PortalKey) {
        self.changed.look_at(portal);
    }

    /// Keeps all active portals as they should be: at once, when one becomes active, and every quarter of an hour;
    /// until `stop` is done. A portal that does not answer keeps no other waiting.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let clock = Arc::clone(&self.registry.0.clock);
        let mut stop = std::pin::pin!(stop);
        let mut due: BTreeMap<PortalKey, (Timestamp, Duration)> = BTreeMap::new();
        let mut busy: BTreeSet<PortalKey> = BTreeSet::new();
        let mut under_way = FuturesUnordered::new();
        loop {
            let now = clock.now();
            for key in std::mem::take(&mut *lock(&self.changed.portals)) {
                due.insert(key, (now, RETRY.0));
            }
            let active: BTreeSet<PortalKey> = self
                .registry
                .portals()
                .into_iter()
                .filter(|view| view.status == PortalStatus::Active)
                .map(|view| view.key)
                .collect();
            due.retain(|key, _| active.contains(key));
            for key in active.difference(&busy) {
                due.entry(key.clone()).or_insert((now, RETRY.0));
            }
            let next = due
                .iter()
                .filter(|(key, _)| !busy.contains(key))
                .min_by_key(|(_, (at, _))| *at)
                .map(|(key, (at, pause))| (key.clone(), *at, *pause));
            if busy.len() < AT_ONCE
                && let Some((key, _, pause)) = next.clone().filter(|(_, at, _)| *at <= now)
            {
                due.remove(&key);
                busy.insert(key.clone());
                under_way.push(self.look(key, pause));
                continue;
            }
            let wake = next.map_or(now.plus(LOOK_AGAIN), |(_, at, _)| at);
            tokio::select! {
                biased;
                () = &mut stop => return,
                Some((key, again)) = under_way.next() => {
                    busy.remove(&key);
                    // One that changed meanwhile is due already.
                    due.entry(key).or_insert(again);
                }
                () = self.changed.bell.notified() => {}
                () = clock.sleep_until(wake), if busy.len() < AT_ONCE => {}
            }
        }
    }

    /// Looks at one portal; says when to look again, and how long to pause if that fails.
    async fn look(&self, key: PortalKey, pause: Duration) -> (PortalKey, (Timestamp, Duration)) {
        let clock = &self.registry.0.clock;
        let again = match self.reconcile(&key).await {
            Ok(()) => (clock.now().plus(LOOK_AGAIN), RETRY.0),
            Err(error) => {
                tracing::warn!(portal = %key, %error, again_in = ?pause, "the portal is not as it should be yet");
                (clock.now().plus(pause), pause.saturating_mul(2).min(RETRY.1))
            }
        };
        (key, again)
    }

    /// Makes `portal` as it should be now. Everything that can be done is done; the first failure is returned.
    pub async fn reconcile(&self, portal: &PortalKey) -> Result<(), PortalError> {
        let mut failed = None;
        for spec in &self.wanted.bots {
            let done = self.bot(portal, spec).await;
            if let Err(error) = done {
                tracing::warn!(%portal, bot = spec.code, %error, "a bot could not be registered");
                failed.get_or_insert(error);
            }
        }
        if let Err(error) = self.events(portal).await {
            failed.get_or_insert(error);
        }
        if let Some(error) = failed {
            return Err(error);
        }
        self.passes.send_modify(|passes| *passes += 1);
        Ok(())
    }

    async fn bot(&self, portal: &PortalKey, spec: &BotSpec) -> Result<(), PortalError> {
        let known = self.registry.entry(portal).and_then(|entry| entry.state.bots.get(&spec.code).cloned());
        let registered = match spec.generation {
            BotGeneration::V1 => self.bot_v1(portal, spec).await?,
            BotGeneration::V2 => self.bot_v2(portal, spec, known.as_ref()).await?,
        };
        if known.as_ref() == Some(&registered) {
            return Ok(());
        }
        tracing::info!(%portal, bot = spec.code, id = %registered.id, "the bot is registered");
        self.registry
            .change(portal, |draft| {
                draft.state.bots.insert(spec.code.clone(), registered.clone());
                Ok(())
            })
            .await?;
        Ok(())
    }

    async fn bot_v2(
        &self,
        portal: &PortalKey,
        spec: &BotSpec,
        known: Option<&RegisteredBot>,
    ) -> Result<RegisteredBot, PortalError> {
        let token = self.bot_token(portal);
        let (public_url, url) = match spec.delivery {
            Delivery::Webhook => {
                (self.handler_url(&spec.code)?, Some(self.handler_url_v2(portal, &spec.code)?))
            }
            Delivery::Fetch => (String::new(), None),
        };
        let mode = |delivery| match delivery {
            Delivery::Webhook => imbot_v2::EventMode::Webhook,
            Delivery::Fetch => imbot_v2::EventMode::Fetch,
        };
        let mut fields =
            imbot_v2::NewBot::new(spec.code.as_str(), imbot_v2::BotProperties::new(spec.name.as_str()))
                .kind(match spec.kind {
                    BotKind::Bot => imbot_v2::BotKind::Bot,
                    BotKind::OpenLine => imbot_v2::BotKind::Openline,
                    BotKind::Supervisor => imbot_v2::BotKind::Supervisor,
                    BotKind::Personal => imbot_v2::BotKind::Personal,
                })
                .event_mode(mode(spec.delivery))
                .is_support_openline(spec.in_lines);
        if let Some(url) = &url {
            fields = fields.webhook_url(url.as_str());
        }
        let mut register = imbot_v2::BotRegister::new(fields);
        register.bot_token.clone_from(&token);
        // A bot that is there is answered as it is, unchanged: so this also tells whether it was deleted or altered.
        let bot = self.api.invoke(portal, &register).await.map_err(|error| refused(portal, &error))?.bot;

        let fetches = if bot.event_mode.is_empty() {
            known.is_some_and(|known| known.delivery == Delivery::Fetch)
        } else {
            bot.event_mode.eq_ignore_ascii_case("fetch")
        };
        let wants_fetch = spec.delivery == Delivery::Fetch;
        let moved = known.is_some_and(|known| known.id == bot.id && known.handler_url != public_url);
        let mut changes = imbot_v2::BotChanges::new();
        let mut changed = false;
        if fetches != wants_fetch || (moved && !wants_fetch) {
            if fetches && !wants_fetch {
                self.drain.drain(portal, bot.id).await?;
            }
            changes = changes.event_mode(mode(spec.delivery));
            if let Some(url) = &url {
                changes = changes.webhook_url(url.as_str());
            }
            changed = true;
        }
        if bot.is_support_openline != spec.in_lines && spec.kind != BotKind::OpenLine {
            changes = changes.is_support_openline(spec.in_lines);
            changed = true;
        }
        if changed {
            let mut update = imbot_v2::BotUpdate::new(bot.id, changes);
            update.bot_token.clone_from(&token);
            self.api.invoke(portal, &update).await.map_err(|error| refused(portal, &error))?;
        }
        let mut commands = BTreeMap::new();
        for command in &spec.commands {
            let CommandSpec { name, title, params, common, hidden } = command;
            let mut fields = imbot_v2::NewCommand::new(name.as_str()).common(*common).hidden(*hidden);
            if !title.is_empty() {
                fields = fields.title(title.clone());
            }
            if !params.is_empty() {
                fields = fields.params(params.clone());
            }
            let mut register = imbot_v2::CommandRegister::new(bot.id, fields);
            register.bot_token.clone_from(&token);
            let answer = self.api.invoke(portal, &register).await.map_err(|error| refused(portal, &error))?;
            commands.insert(name.clone(), answer.command.id);
        }
        Ok(registered(spec, bot.id, public_url, commands))
    }

    async fn bot_v1(&self, portal: &PortalKey, spec: &BotSpec) -> Result<RegisteredBot, PortalError> {
        let token = self.bot_token(portal);
        let url = self.handler_url(&spec.code)?;
        let kind = match spec.kind {
            BotKind::OpenLine => "O",
            BotKind::Supervisor => "S",
            BotKind::Bot | BotKind::Personal => "B",
        };
        // A bot that is there answers its id, and its handlers are bound to our address again.
        let mut register = imbot::Register::new(
            spec.code.as_str(),
            imbot::BotProperties::new(spec.name.as_str()),
            url.as_str(),
        )
        .kind(kind)
        .openline(YesNo(spec.in_lines));
        register.client_id.clone_from(&token);
        let id = self.api.invoke(portal, &register).await.map_err(|error| refused(portal, &error))?.bot;
        let mut commands = BTreeMap::new();
        for command in &spec.commands {
            let mut lang: Vec<_> = command
                .title
                .iter()
                .map(|(language, title)| {
                    let title = imbot::CommandTitle::new(language.as_str(), title.as_str());
                    match command.params.get(language) {
                        Some(params) => title.params(params.as_str()),
                        None => title,
                    }
                })
                .collect();
            if lang.is_empty() {
                // The portal wants a title even of a hidden command.
                lang.push(imbot::CommandTitle::new("en", command.name.as_str()));
            }
            let mut register = imbot::CommandRegister::new(id, command.name.as_str(), lang, url.as_str())
                .common(YesNo(command.common))
                .hidden(YesNo(command.hidden));
            register.client_id.clone_from(&token);
            let answer = self.api.invoke(portal, &register).await.map_err(|error| refused(portal, &error))?;
            commands.insert(command.name.clone(), answer.command);
        }
        Ok(registered(spec, id, url, commands))
    }

    async fn events(&self, portal: &PortalKey) -> Result<(), PortalError> {
        if self.registry.webhook(portal).is_some() {
            if !self.wanted.events.is_empty() || !self.wanted.offline.is_empty() {
                tracing::warn!(
                    %portal, events = ?self.wanted.events, offline = ?self.wanted.offline,
                    "a portal by incoming webhook sends no open-line, connector or application events; use an OAuth application for them"
                );
            }
            return Ok(());
        }
        let mut failed = None;
        for code in &self.wanted.offline {
            let bind = event::Bind::new(code.as_str(), "").event_type(event::EventType::Offline);
            if let Err(error) = self.bind(portal, code, &bind).await {
                failed.get_or_insert(error);
            }
        }
        let Some(url) = self.wanted.handler_url.as_deref() else {
            if !self.wanted.events.is_empty() {
                failed.get_or_insert(no_address("events"));
            }
            return failed.map_or(Ok(()), Err);
        };
        let wanted = self.wanted.events.iter().map(String::as_str);
        let told = (!self.wanted.offline.is_empty()).then_some(OFFLINE_NOTICE);
        let codes: BTreeSet<&str> = wanted.chain(OWN_EVENTS).chain(told).collect();
        for code in codes {
            if let Err(error) = self.bind(portal, code, &event::Bind::new(code, url)).await
                && self.wanted.events.iter().any(|wanted| wanted == code)
            {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn bind(&self, portal: &PortalKey, code: &str, bind: &event::Bind) -> Result<(), PortalError> {
        match self.api.invoke(portal, bind).await {
            Ok(_) => Ok(()),
            Err(error) if is_bound_already(&error) => Ok(()),
            Err(error) => {
                tracing::warn!(%portal, event = code, %error, "an event could not be bound");
                Err(refused(portal, &error))
            }
        }
    }

    fn bot_token(&self, portal: &PortalKey) -> Option<BotToken> {
        self.registry.webhook(portal).map(|webhook| webhook.bot_token().clone().into())
    }

    fn handler_url(&self, code: &str) -> Result<String, PortalError> {
        self.wanted.handler_url.clone().ok_or_else(|| no_address(&format!("bot `{code}`")))
    }

    /// The address of a v2 bot. For a bot of an incoming webhook it has to name the bot token, else the portal drops
    /// the callback without a word (protocol 2.2); v1 adds it by itself.
    fn handler_url_v2(&self, portal: &PortalKey, code: &str) -> Result<String, PortalError> {
        let url = self.handler_url(code)?;
        let Some(webhook) = self.registry.webhook(portal) else { return Ok(url) };
        let mut url = Url::parse(&url).map_err(|_| no_address("a handler that is a URL"))?;
        url.query_pairs_mut().append_pair("CLIENT_ID", webhook.bot_token().expose_secret());
        Ok(url.into())
    }
}

impl fmt::Debug for Reconciler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciler").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

fn registered(
    spec: &BotSpec,
    id: BotId,
    handler_url: String,
    commands: BTreeMap<String, CommandId>,
) -> RegisteredBot {
    RegisteredBot {
        id,
        code: spec.code.clone(),
        generation: spec.generation,
        delivery: spec.delivery,
        handler_url,
        commands,
    }
}

/// "Unable to set event handler: Handler already binded", spelt so by the portal.
fn is_bound_already(error: &CallError) -> bool {
    error.kind() == CallErrorKind::Refused
        && error.code() == "ERROR_CORE"
        && error.description().to_ascii_lowercase().contains("already bind")
}

fn no_address(what: &str) -> PortalError {
    PortalError::new(
        PortalErrorKind::Setting,
        format!(
            "{what}: needs an address that the portal can reach; set OPENLINES_PUBLIC_URL, or let the bot fetch its events"
        ),
    )
}

fn refused(portal: &PortalKey, error: &CallError) -> PortalError {
    let kind = match error.kind() {
        CallErrorKind::Refused | CallErrorKind::Unauthorised | CallErrorKind::BadParams => {
            PortalErrorKind::Refused
        }
        _ => PortalErrorKind::Unavailable,
    };
    PortalError::new(kind, format!("{portal}: {error}")).with_source(error.clone())
}
