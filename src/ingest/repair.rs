//! Finding what was missed: a portal sends each event once, so what it sent while nobody listened is read from the
//! histories of the sessions that are known to be open (`imopenlines.session.history.get`, protocol 4.5).
//!
//! What is found goes through the same gate, under the same keys as a callback would have: one that arrives late all the
//! same is a duplicate, and the reverse. Only clients' messages are taken, and only where the bot or nobody has the
//! session and no employee has answered since.
//!
//! **Trap:** ask for [`GapRepair::known`] before anything new is accepted: what is handled after the downtime moves the
//! mark behind which is looked.

use std::{sync::Arc, time::Duration};

use serde_json::Value as Json;

use super::{Gate, figures::FIGURES, rows};
use crate::{
    clock::Clock,
    codec::History,
    portal::{BotGeneration, Delivery, RegisteredBot, Registry},
    rest::{
        Api, Batch, CallError, CallErrorKind, CallPriority, Method, methods::imopenlines::SessionHistoryGet,
    },
    store::{OpenSession, PortalStatus, SessionChange, StoreError},
    wire::{BotId, BotRef, MessageId, PortalKey},
};

/// Histories read in one request; a long session has some hundred kilobytes.
const AT_ONCE: usize = 10;
/// Pause before what could not be read is tried again.
const PAUSE: Duration = Duration::from_secs(60);
/// Rounds in all: half an hour of a portal that cannot be reached.
const ROUNDS: usize = 30;

/// What a repair did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// Sessions whose history was read.
    pub sessions: usize,
    /// Messages that were missing and are in the journal now.
    pub messages: usize,
    /// Sessions whose history could not be read.
    pub unread: usize,
}

/// Reads histories of open sessions and journals what is missing.
#[derive(Clone)]
pub struct GapRepair {
    gate: Gate,
    registry: Registry,
    api: Arc<dyn Api>,
    clock: Arc<dyn Clock>,
    window: Duration,
}

impl GapRepair {
    /// A repair that calls through `api`, for sessions that `gate` has written down and of which something was heard within
    /// the last `window`. A gate without [`sessions`](Gate::sessions) knows of none.
    pub fn new(
        gate: Gate,
        registry: Registry,
        api: Arc<dyn Api>,
        clock: Arc<dyn Clock>,
        window: Duration,
    ) -> Self {
        Self { gate, registry, api, clock, window }
    }

    /// The portal's open sessions with a bot that events are sent for, as far as is known now.
    pub async fn known(&self, portal: &PortalKey) -> Result<Vec<OpenSession>, StoreError> {
        match self.gate.notes() {
            Some(notes) if !self.heard_bots(portal).is_empty() => {
                let heard = self.heard_bots(portal);
                let mut open = notes.open(portal, self.clock.now().minus(self.window)).await?;
                open.retain(|session| heard.iter().any(|bot| bot.id == session.bot));
                Ok(open)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Looks into `sessions`, as [`known`](Self::known) gave them, until all are read or `stop` is done. Each is told to
    /// `looked` once it was looked into for the first time, whatever came of it.
    pub async fn run(
        &self,
        portal: &PortalKey,
        sessions: Vec<OpenSession>,
        looked: &(dyn Fn(&OpenSession) + Send + Sync),
        stop: impl Future<Output = ()> + Send,
    ) -> Repaired {
        let mut stop = std::pin::pin!(stop);
        let (mut left, mut done) = (sessions, Repaired::default());
        for round in 0..ROUNDS {
            let again = tokio::select! {
                biased;
                () = &mut stop => return done,
                again = self.round(portal, &left, looked, &mut done) => again,
            };
            left = again;
            if left.is_empty() || round + 1 == ROUNDS {
                break;
            }
            tokio::select! {
                biased;
                () = &mut stop => return done,
                () = self.clock.sleep_until(self.clock.now().plus(PAUSE)) => {}
            }
        }
        done.unread += left.len();
        let Repaired { sessions, messages, unread } = done;
        if messages > 0 {
            tracing::info!(%portal, sessions, messages, "what clients wrote while nobody listened was found");
        }
        if unread > 0 {
            tracing::warn!(
                %portal,
                unread,
                "histories of open sessions cannot be read, and what was missed in them stays missed; let whoever installed the application read the lines' dialogs"
            );
        }
        done
    }

    /// Reads all of `sessions` once; those to be tried again.
    async fn round(
        &self,
        portal: &PortalKey,
        sessions: &[OpenSession],
        looked: &(dyn Fn(&OpenSession) + Send + Sync),
        done: &mut Repaired,
    ) -> Vec<OpenSession> {
        let bots = self.heard_bots(portal);
        let mut again = Vec::new();
        for chunk in sessions.chunks(AT_ONCE) {
            if !self.is_active(portal) {
                chunk.iter().for_each(looked);
                again.extend_from_slice(chunk);
                continue;
            }
            for (session, answer) in chunk.iter().zip(self.histories(portal, chunk).await) {
                let taken = match answer {
                    Ok(answer) => self.take(portal, session, &bots, &answer).await,
                    Err(error) => Err(error.into()),
                };
                match taken {
                    Ok(messages) => {
                        done.sessions += 1;
                        done.messages += messages;
                    }
                    Err(Untaken::Later(why)) => {
                        tracing::debug!(%portal, chat = %session.chat, why, "a session's history is read later");
                        again.push(session.clone());
                    }
                    Err(Untaken::Never(why)) => {
                        tracing::debug!(%portal, chat = %session.chat, why, "a session's history cannot be read");
                        done.unread += 1;
                    }
                    Err(Untaken::Over) => {
                        if let Some(notes) = self.gate.notes() {
                            notes
                                .write(portal, vec![SessionChange::Over(session.chat)], self.clock.now())
                                .await;
                        }
                    }
                }
                looked(session);
            }
        }
        again
    }

    async fn histories(&self, portal: &PortalKey, chunk: &[OpenSession]) -> Vec<Result<Json, CallError>> {
        let mut batch = Batch::new(portal.clone());
        for session in chunk {
            let call = SessionHistoryGet::new().chat_id(session.chat).to_call(portal);
            if let Err(error) = call.and_then(|call| batch.add(call)) {
                return vec![Err(error); chunk.len()];
            }
        }
        match self.api.call(batch.to_call().priority(CallPriority::Bulk)).await {
            Ok(answer) => batch.read(answer),
            Err(error) => vec![Err(error); chunk.len()],
        }
    }

    /// Journals what `answer` has and we have not; how many messages that were.
    async fn take(
        &self,
        portal: &PortalKey,
        session: &OpenSession,
        bots: &[RegisteredBot],
        answer: &Json,
    ) -> Result<usize, Untaken> {
        let history = History::read(answer, &session.address);
        if history.is_over() {
            return Err(Untaken::Over);
        }
        let Some(bot) = bots.iter().find(|bot| bot.id == session.bot) else { return Ok(0) };
        let ours = |id: i64| self.registry.bot(portal, BotId::new(id)).is_some();
        if history.owner().is_some_and(|owner| owner.get() != 0 && !ours(owner.get())) {
            return Ok(0);
        }
        let of = BotRef::new(bot.id, bot.code.as_str());
        let last = MessageId::new(session.last_message);
        let missed = history.unanswered(last, &of, &bot.commands);
        let events = missed.into_iter().flat_map(|raw| rows::of_callback(portal, Arc::new(raw), &mut |_| {}));
        let found = self.gate.append(portal, events.collect()).await;
        let found = found.map_err(|error| Untaken::Later(error.to_string()))?;
        FIGURES.repaired.increment(found as u64);
        Ok(found)
    }

    fn is_active(&self, portal: &PortalKey) -> bool {
        self.registry.portal(portal).is_some_and(|view| view.status == PortalStatus::Active)
    }

    /// Bots whose events the portal sends; those that fetch miss nothing.
    fn heard_bots(&self, portal: &PortalKey) -> Vec<RegisteredBot> {
        let sent =
            |bot: &RegisteredBot| bot.generation == BotGeneration::V1 || bot.delivery == Delivery::Webhook;
        let view = self.registry.portal(portal);
        view.map(|view| view.bots.into_iter().filter(sent).collect()).unwrap_or_default()
    }
}

/// Why a session's history was not taken.
enum Untaken {
    Later(String),
    Never(String),
    Over,
}

impl From<CallError> for Untaken {
    fn from(error: CallError) -> Self {
        match error.kind() {
            _ if error.is("INVALID_SESSION_ID") => Self::Over,
            CallErrorKind::Unreachable | CallErrorKind::Limited | CallErrorKind::Unknown => {
                Self::Later(error.to_string())
            }
            CallErrorKind::Unauthorised => Self::Later(error.to_string()),
            _ => Self::Never(error.to_string()),
        }
    }
}

impl std::fmt::Debug for GapRepair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GapRepair").field("window", &self.window).finish_non_exhaustive()
    }
}
