//! Which chats of open lines have a session: written down when a chat is met, once in some hours while it goes on, and
//! when it ends. So after a downtime it is known where something may have been missed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::complaints::{Complaints, Kind};
use crate::{
    codec::keys,
    store::{LaneKey, OpenSession, SessionChange, Sessions, StoreError},
    wire::{BotId, Chat, ChatEntity, ChatId, Event, Incoming, LineAddress, MessageId, PortalKey, Timestamp},
};

/// How old what is written of a session may become before it is written again.
const RENEWED: Duration = Duration::from_secs(6 * 3600);
/// Chats of one portal kept in mind; beyond that it is begun anew, which costs a write a chat.
const KEPT: usize = 200_000;

type Met = HashMap<(ChatId, BotId), Timestamp>;

/// What is known of sessions without asking the store.
pub(super) struct SessionNotes {
    store: Arc<dyn Sessions>,
    met: Mutex<HashMap<PortalKey, Met>>,
    complaints: Complaints,
}

impl SessionNotes {
    pub(super) fn new(store: Arc<dyn Sessions>) -> Self {
        Self { store, met: Mutex::default(), complaints: Complaints::default() }
    }

    /// What `incoming` tells of a session that is not written down yet; nothing for most events.
    pub(super) fn change(
        &self,
        portal: &PortalKey,
        incoming: &Incoming,
        now: Timestamp,
    ) -> Option<SessionChange> {
        let (chat, message) = match &incoming.event {
            Event::Message(message) => (&message.chat, message.id),
            Event::Command(command) => (&command.chat, command.message_id),
            Event::SessionFinished(session) => return Some(SessionChange::Over(session.chat)),
            _ => return None,
        };
        let bot = incoming.bot.as_ref()?.id;
        let ChatEntity::Lines(address) = &chat.entity else { return None };
        if chat.id.get() <= 0 || self.is_fresh(portal, chat, bot, now) {
            return None;
        }
        Some(SessionChange::Open(open(incoming, chat, address, bot, message, now)))
    }

    fn is_fresh(&self, portal: &PortalKey, chat: &Chat, bot: BotId, now: Timestamp) -> bool {
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let known = met.get(portal).and_then(|met| met.get(&(chat.id, bot)));
        known.is_some_and(|at| now.since(*at) < RENEWED)
    }

    /// Writes changes down. That they could not be is no reason to refuse the events.
    pub(super) async fn write(&self, portal: &PortalKey, changes: Vec<SessionChange>, now: Timestamp) {
        if changes.is_empty() {
            return;
        }
        match self.store.note_sessions(portal, changes.clone()).await {
            Ok(()) => self.remember(portal, changes),
            Err(error) => {
                if let Some(left_out) = self.complaints.count(Kind::Sessions, now) {
                    tracing::warn!(
                        %portal,
                        %error,
                        left_out,
                        "which sessions are open could not be written down; what is missed in them during a downtime may stay missed"
                    );
                }
            }
        }
    }

    /// The portal's open sessions of which something was heard after `since`.
    pub(super) async fn open(
        &self,
        portal: &PortalKey,
        since: Timestamp,
    ) -> Result<Vec<OpenSession>, StoreError> {
        self.store.open_sessions(portal, since).await
    }

    fn remember(&self, portal: &PortalKey, changes: Vec<SessionChange>) {
        let mut all = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let met = all.entry(portal.clone()).or_default();
        for change in changes {
            match change {
                SessionChange::Open(session) => {
                    if met.len() >= KEPT {
                        met.clear();
                    }
                    met.insert((session.chat, session.bot), session.seen);
                }
                SessionChange::Over(chat) => met.retain(|(known, _), _| *known != chat),
            }
        }
    }
}

fn open(
    incoming: &Incoming,
    chat: &Chat,
    address: &LineAddress,
    bot: BotId,
    message: MessageId,
    now: Timestamp,
) -> OpenSession {
    let LineAddress { connector, line, external_chat, user } = address;
    OpenSession {
        chat: chat.id,
        bot,
        address: format!("{connector}|{line}|{external_chat}|{user}"),
        lane: LaneKey::new(keys::lane(incoming)),
        // This one itself may be lost on its way into the journal.
        last_message: message.get() - 1,
        seen: now,
    }
}
