//! Sessions seen, and told of, from outside of an event: for a supervisor's page.
//!
//! ```no_run
//! use std::time::Duration;
//! use openlines::{dispatch::Holder, prelude::*};
//!
//! # async fn example(running: openlines::app::Running) -> Result<(), Box<dyn std::error::Error>> {
//! let portal = running.portal("7c1f0b2a9d3e4f5687a1b2c3d4e5f601").ok_or("not installed there")?;
//! for dialog in portal.open_dialogs(Duration::from_secs(86_400)).await? {
//!     if dialog.session.holder == Holder::Human {
//!         portal.take_back(&DialogId::of_chat(dialog.chat)).await?;
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! **Trap:** it is what the bots have heard of. A session whose end was told to nobody stays open here until it was quiet
//! for as long as is asked.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EnqueueError, EnqueueErrorKind, Holder, PortalDesk, Session};
use crate::{
    codec::keys,
    rest::{ApiExt, CallError, Method, methods::imopenlines::DialogGet},
    store::{DedupeKey, DedupeKind, LaneKey, NewEvent, OpenSession},
    wire::{BotId, ChatEntity, ChatId, DialogId, LineAddress, Timestamp, UserId},
};

/// The code of the event by which a session is given back to the bot.
pub(super) const TAKE_BACK: &str = "OPENLINES.TAKE_BACK";
/// The code of the event by which a person has taken one.
pub(super) const TAKEN_OVER: &str = "OPENLINES.TAKEN_OVER";

/// An open session that bots take part in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenDialog {
    /// The chat.
    pub chat: ChatId,
    /// Channel, line and client; `None` where the portal tells none.
    pub address: Option<LineAddress>,
    /// The code of the bot that heard of it last; empty if this program has none such.
    pub bot: String,
    /// Who has it.
    pub session: Session,
    /// When something was heard of it, to some hours.
    pub heard: Timestamp,
}

impl PortalDesk {
    /// The open sessions of which something was heard within this time, the latest first: from the store, also after a
    /// restart.
    pub async fn open_dialogs(&self, within: Duration) -> Result<Vec<OpenDialog>, EnqueueError> {
        let now = self.services().clock.now();
        let mut open = self.services().store.open_sessions(&self.portal, now.minus(within)).await?;
        // Two bots of one chat have heard of it.
        let mut met = std::collections::HashSet::new();
        open.retain(|session| met.insert(session.chat));
        let lanes = open.iter().map(|session| (session.lane.clone(), session.chat)).collect();
        self.engine.load(&self.portal, lanes).await;
        let sessions = self.engine.sessions(&self.portal);
        let described =
            open.into_iter().filter_map(|OpenSession { chat, bot, address, lane, seen, .. }| {
                let session = sessions.as_ref()?.session(&lane, now)?;
                let bot =
                    self.services().registry.bot(&self.portal, bot).map(|bot| bot.code).unwrap_or_default();
                let address = LineAddress::parse(&address);
                (session.holder != Holder::Closed).then_some(OpenDialog {
                    chat,
                    address,
                    bot,
                    session,
                    heard: seen,
                })
            });
        Ok(described.collect())
    }

    /// Makes a typed call now, as the application: as [`Context::invoke`](super::Context::invoke).
    pub async fn invoke<M: Method>(&self, method: &M) -> Result<M::Answer, CallError> {
        self.services().direct.invoke(&self.portal, method).await
    }

    /// Takes the session of this open line's chat back from a person, or from the queue: as
    /// [`Context::take_back`](super::Context::take_back), durable when it returns. Once more is no harm.
    pub async fn take_back(&self, dialog: &DialogId) -> Result<(), EnqueueError> {
        let lane = self.lane_of(dialog).await?;
        let chat = dialog.chat().unwrap_or_default();
        self.told(lane, TAKE_BACK, chat.to_string()).await
    }

    /// A person has taken the session of this open line's chat by a button of yours
    /// ([`SessionIntercept`](crate::rest::methods::imopenlines::SessionIntercept) as that user), of which the portal tells
    /// no bot: from now on nothing of the bots' goes to the client. Durable when it returns. Once more is no harm.
    ///
    /// **Trap:** the portal is not asked whether it is so; tell it after the portal has agreed.
    pub async fn taken_over(&self, dialog: &DialogId, by: UserId) -> Result<(), EnqueueError> {
        let (lane, chat) = (self.lane_of(dialog).await?, dialog.chat().unwrap_or_default());
        // What was written before is older, although it may come in later.
        let newest = self.invoke(&DialogGet::of_chat(chat)).await.map(|found| found.last_message.get());
        let taken = Taken { chat, by, message: newest.unwrap_or_default() };
        self.told(lane, TAKEN_OVER, serde_json::to_string(&taken).unwrap_or_default()).await
    }

    async fn told(&self, lane: LaneKey, code: &str, body: String) -> Result<(), EnqueueError> {
        let event = NewEvent {
            portal: self.portal.clone(),
            lane,
            dedupe: DedupeKey {
                bot: BotId::new(0),
                kind: DedupeKind::Other,
                ordinal: self.services().clock.now().seconds(),
                digest: Uuid::new_v4().into_bytes(),
            },
            code: code.into(),
            message: None,
            body: body.into(),
            park: None,
            quiet: false,
            read: None,
        };
        self.append(vec![event]).await?;
        Ok(())
    }

    /// The lane of an open line's chat; the portal is asked if no event has told of it.
    async fn lane_of(&self, dialog: &DialogId) -> Result<LaneKey, EnqueueError> {
        let wrong = |kind: EnqueueErrorKind, why: String| EnqueueError {
            kind,
            what: format!("dialog {dialog} {why}"),
            source: None,
        };
        let invalid = |why: &str| wrong(EnqueueErrorKind::Invalid, why.to_owned());
        let chat = dialog.chat().ok_or_else(|| invalid("is no chat; use one like chat15"))?;
        let known = self.engine.sessions(&self.portal).and_then(|sessions| sessions.lane_of(chat));
        if let Some(lane) = known {
            return Ok(lane);
        }
        let found = self.invoke(&DialogGet::of_chat(chat)).await;
        let found = found
            .map_err(|error| wrong(EnqueueErrorKind::Portal, format!("could not be looked up: {error}")))?;
        match found.chat.entity {
            ChatEntity::Lines(_) => Ok(LaneKey::new(keys::of_chat(&found.chat))),
            _ => Err(invalid("is no chat of an open line")),
        }
    }
}

/// The body of an event of [`TAKEN_OVER`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Taken {
    pub(super) chat: ChatId,
    pub(super) by: UserId,
    /// The newest message by then, 0 if it is not known.
    pub(super) message: i64,
}

/// The chat of an event of [`TAKE_BACK`].
pub(super) fn chat_of(body: &[u8]) -> Result<ChatId, serde_json::Error> {
    serde_json::from_slice(body)
}
