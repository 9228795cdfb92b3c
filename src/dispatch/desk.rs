//! Sending outside of an event: campaigns, notices, answers to a web page. What is asked for here is an event of the
//! application's own, on disk before the call returns and accepted once under its key.
//!
//! ```no_run
//! use openlines::prelude::*;
//!
//! # async fn example(running: openlines::app::Running) -> Result<(), Box<dyn std::error::Error>> {
//! let portal = running.portal("7c1f0b2a9d3e4f5687a1b2c3d4e5f601").ok_or("not installed there")?;
//! let code = "0123456789abcdef0123456789abcdef";
//! let everybody = [UserId::new(7), UserId::new(9)].map(|user| (user, Reply::text("We are open on Sunday")));
//! let fresh = portal.broadcast("sunday-2026-12", code, everybody.to_vec()).await?;
//! println!("{fresh} of them were not asked for before");
//! # Ok(()) }
//! ```
//!
//! **Trap:** a key is remembered for as long as keys of events are (31 days unless set otherwise); later the same key
//! is a new item.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    CrmItem, Effect, Engine, HandlerError, NetworkLedger, NetworkOutcome, Outgoing, Services,
    effect::{ToClient, key_of},
    network::{is_exempt, licensed_ledger},
    outcome, outcomes,
};
use crate::{
    message::{Reply, RtEvent, RtMessage, RtRecipients},
    store::{
        Appended, DedupeKey, DedupeKind, LaneKey, NewEvent, NewOutboxRow, Priority, Store, StoreError, TurnId,
    },
    wire::{BotId, ChatId, DialogId, PortalKey, Timestamp, UserId},
};

/// The code of the event that carries an effect asked for outside of any.
pub(super) const SEND: &str = "OPENLINES.SEND";

/// Items of a broadcast that are put on disk together.
const AT_ONCE: usize = 500;

/// Whether an item was asked for before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Enqueued {
    /// It is on disk now and will be sent.
    Fresh,
    /// It was asked for under this key before; nothing was added.
    Known,
}

/// The kinds of [`EnqueueError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnqueueErrorKind {
    /// The portal would refuse it.
    Invalid,
    /// The portal does not have the bot that is to speak.
    NoBot,
    /// The portal could not be asked for what is needed; it may be asked for again.
    Portal,
    /// The store failed; it may be asked for again under the same key.
    Store,
}

/// Why something could not be asked for.
#[derive(Debug)]
pub struct EnqueueError {
    pub(super) kind: EnqueueErrorKind,
    pub(super) what: String,
    pub(super) source: Option<StoreError>,
}

impl EnqueueError {
    /// The kind, to match on.
    pub fn kind(&self) -> EnqueueErrorKind {
        self.kind
    }

    fn invalid(error: &HandlerError) -> Self {
        Self { kind: EnqueueErrorKind::Invalid, what: error.chain(), source: None }
    }
}

impl From<StoreError> for EnqueueError {
    fn from(error: StoreError) -> Self {
        Self { kind: EnqueueErrorKind::Store, what: error.to_string(), source: Some(error) }
    }
}

impl fmt::Display for EnqueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for EnqueueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

/// One portal, for sending outside of an event. Cheap to clone; it is of use as long as the app runs, and what was
/// asked for afterwards is sent by the next start.
#[derive(Clone)]
pub struct PortalDesk {
    pub(super) engine: Engine,
    pub(super) portal: PortalKey,
}

impl PortalDesk {
    pub(crate) fn new(engine: Engine, portal: PortalKey) -> Self {
        Self { engine, portal }
    }

    /// The portal.
    pub fn portal(&self) -> &PortalKey {
        &self.portal
    }

    /// The time by the app's clock.
    pub fn now(&self) -> Timestamp {
        self.services().clock.now()
    }

    /// Sends a message to `user` through the network line `code`, once for each `key`: as
    /// [`Context::network_reply`](super::Context::network_reply), by the same ledger.
    pub async fn network_send(
        &self,
        key: &str,
        code: &str,
        user: UserId,
        reply: impl Into<Reply>,
    ) -> Result<Enqueued, EnqueueError> {
        let effect =
            Effect::network(code, user, &reply.into()).map_err(|error| EnqueueError::invalid(&error))?;
        self.one(key, effect).await
    }

    /// Sends a message to each user through the network line `code`, once for each pair of campaign and user, however
    /// often it is called. Tells how many were not asked for before. Nothing is asked for if one of them is invalid.
    pub async fn broadcast(
        &self,
        campaign: &str,
        code: &str,
        messages: impl IntoIterator<Item = (UserId, Reply)> + Send,
    ) -> Result<usize, EnqueueError> {
        let item = |(user, reply): (UserId, Reply)| -> Result<NewEvent, HandlerError> {
            self.event(&outcome::key_in(campaign, user), Effect::network(code, user, &reply)?)
        };
        let items: Result<Vec<NewEvent>, HandlerError> = messages.into_iter().map(item).collect();
        let mut items = items.map_err(|error| EnqueueError::invalid(&error))?;
        let mut fresh = 0;
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(AT_ONCE));
            fresh += self.append(items).await?.iter().filter(|is| **is == Enqueued::Fresh).count();
            items = rest;
        }
        Ok(fresh)
    }

    /// Sends `text` through the chat of a CRM item as `sender`, an employee or a bot, once for each `key`: as
    /// [`Context::crm_reply`](super::Context::crm_reply).
    pub async fn crm_send(
        &self,
        key: &str,
        sender: UserId,
        item: CrmItem,
        text: &str,
    ) -> Result<Enqueued, EnqueueError> {
        let queue = format!("crm:{item:?}");
        let to = ToClient { chat: ChatId::default(), own: false, untold: false };
        let effect = Effect::crm(item, None::<ChatId>, false, sender, text, queue, to)
            .map_err(|error| EnqueueError::invalid(&error))?;
        self.one(key, effect).await
    }

    /// Sends a message into a dialog as the bot of this code, once for each `key`.
    pub async fn send(
        &self,
        key: &str,
        bot: &str,
        dialog: &DialogId,
        reply: impl Into<Reply>,
    ) -> Result<Enqueued, EnqueueError> {
        let bots =
            self.services().registry.portal(&self.portal).map(|portal| portal.bots).unwrap_or_default();
        let Some(speaker) = bots.into_iter().find(|known| known.code == bot) else {
            return Err(EnqueueError {
                kind: EnqueueErrorKind::NoBot,
                what: format!("portal {} has no bot `{bot}` of this application yet", self.portal),
                source: None,
            });
        };
        // Of its own and not of a turn: the item is not asked for twice under its key, so neither is this.
        let uuid = uuid::Builder::from_random_bytes(self.dedupe(key).digest).into_uuid();
        let reply = reply.into();
        let to = dialog.chat().filter(|_| !reply.internal_note);
        let to = to.map(|chat| ToClient { chat, own: false, untold: false });
        let effect = Outgoing::message(&speaker, dialog, &reply, uuid)
            .map(|call| Effect::message(call.to(to), format!("dialog:{dialog}")))
            .map_err(|error| EnqueueError::invalid(&error))?;
        self.one(key, effect).await
    }

    /// Emits an RT event to `recipients`, whose pages update themselves: as [`Context::rt_to`](super::Context::rt_to), at least
    /// once.
    pub async fn rt_to<E: RtEvent>(&self, recipients: RtRecipients, event: &E) -> Result<(), EnqueueError> {
        let effect = RtMessage::of(event, recipients)
            .map_err(HandlerError::from)
            .and_then(|message| Effect::rt(&message, "desk"))
            .map_err(|error| EnqueueError::invalid(&error))?;
        self.one(&uuid::Uuid::new_v4().to_string(), effect).await?;
        Ok(())
    }

    /// What the ledger says of `user` on the network line `code`.
    pub async fn network_ledger(&self, code: &str, user: UserId) -> Result<NetworkLedger, EnqueueError> {
        Ok(licensed_ledger(self.services(), &self.portal, code, user).await?)
    }

    /// What became of the messages of `campaign` through the network line `code`, or what would come of them if they were
    /// [`broadcast`](Self::broadcast) now: one for each user, in their order. Where some would be too early, the portal is
    /// asked for its licence, once.
    ///
    /// ```no_run
    /// use openlines::{dispatch::{NetworkOutcome, PortalDesk}, prelude::*};
    ///
    /// # async fn example(portal: PortalDesk, code: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let ann = UserId::new(7);
    /// match &portal.network_outcomes("sunday", code, [ann]).await?[0] {
    ///     NetworkOutcome::Due => println!("she has not got it yet"),
    ///     NetworkOutcome::Refused(why) => println!("refused: {why}"),
    ///     other => println!("{other:?}"),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// **Trap:** a message whose key is forgotten, as old ones are, counts as not asked for.
    pub async fn network_outcomes(
        &self,
        campaign: &str,
        code: &str,
        users: impl IntoIterator<Item = UserId> + Send,
    ) -> Result<Vec<NetworkOutcome>, EnqueueError> {
        let users: Vec<UserId> = users.into_iter().collect();
        let store = &*self.services().store;
        let mut outcomes = outcomes(store, &self.portal, campaign, code, &users, self.now()).await?;
        let any_early = outcomes.iter().any(|one| matches!(one, NetworkOutcome::TooEarly(_)));
        if any_early && is_exempt(self.services(), &self.portal).await {
            NetworkOutcome::lift_the_limit(&mut outcomes);
        }
        Ok(outcomes)
    }

    pub(super) fn services(&self) -> &Services {
        self.engine.services()
    }

    fn dedupe(&self, key: &str) -> DedupeKey {
        dedupe_of(&*self.services().store, &self.portal, key)
    }

    async fn one(&self, key: &str, effect: Effect) -> Result<Enqueued, EnqueueError> {
        let event = self.event(key, effect).map_err(|error| EnqueueError::invalid(&error))?;
        let known = self.append(vec![event]).await?;
        Ok(known.first().copied().unwrap_or(Enqueued::Known))
    }

    pub(super) async fn append(&self, items: Vec<NewEvent>) -> Result<Vec<Enqueued>, StoreError> {
        let appended = self.services().store.append(items, self.now()).await?;
        self.engine.wake(&self.portal);
        let is_fresh = |one: &Appended| match one {
            Appended::Fresh(_) => Enqueued::Fresh,
            Appended::Duplicate => Enqueued::Known,
        };
        Ok(appended.iter().map(is_fresh).collect())
    }

    fn event(&self, key: &str, effect: Effect) -> Result<NewEvent, HandlerError> {
        let lane = LaneKey::new(format!("send:{}", effect.queue()));
        let row = effect.into_row(uuid::Uuid::nil())?;
        let item = Item { dialog: row.dialog, priority: Urgency::of(row.priority), call: row.call };
        Ok(NewEvent {
            portal: self.portal.clone(),
            lane,
            dedupe: self.dedupe(key),
            code: SEND.into(),
            message: None,
            body: serde_json::to_vec(&item)?.into(),
            park: None,
            quiet: false,
            read: None,
        })
    }
}

impl fmt::Debug for PortalDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalDesk").field("portal", &self.portal).finish_non_exhaustive()
    }
}

/// How the journal knows what is asked for under `key`.
pub(super) fn dedupe_of(store: &dyn Store, portal: &PortalKey, key: &str) -> DedupeKey {
    let mut whole = Sha256::new();
    // The store's identity: a key of a new database is not one of an old one.
    whole.update(store.identity());
    whole.update(SEND);
    whole.update(portal.member.as_str());
    whole.update(key);
    let mut digest = [0; 16];
    digest.copy_from_slice(&whole.finalize()[..16]);
    DedupeKey { bot: BotId::new(0), kind: DedupeKind::Other, ordinal: 0, digest }
}

/// The body of the event.
#[derive(Serialize, Deserialize)]
struct Item {
    dialog: String,
    priority: Urgency,
    call: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Urgency {
    Reply,
    Bulk,
}

impl Urgency {
    fn of(priority: Priority) -> Self {
        if priority == Priority::Bulk { Self::Bulk } else { Self::Reply }
    }
}

/// The outbox row that an event of [`SEND`] asks for.
pub(super) fn row_of(body: &[u8], turn: TurnId) -> Result<NewOutboxRow, serde_json::Error> {
    let item: Item = serde_json::from_slice(body)?;
    let priority = match item.priority {
        Urgency::Reply => Priority::Reply,
        Urgency::Bulk => Priority::Bulk,
    };
    Ok(NewOutboxRow { dialog: item.dialog, priority, call: item.call, uuid: key_of(turn, 0), marked: false })
}
