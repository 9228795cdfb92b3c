//! The fence: asked right before a message goes to a client, whether it still may.

use std::sync::Arc;

use async_trait::async_trait;

use super::{graph::Holder, inquiry::Inquiry, kept::Ownership, sessions::Sessions};
use crate::{
    dispatch::{Services, room::Room},
    rest::{Call, CallError, CallErrorKind, Departure},
    store::{LaneKey, Lease, StoreError},
    wire::{ChatId, Timestamp, UserId},
};

/// What a client must not hear while a person has the session, on its way.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Passing {
    pub(in crate::dispatch) chat: ChatId,
    /// Its lane, where that is known.
    pub(in crate::dispatch) lane: Option<LaneKey>,
    /// When it was committed; what is said at once never was.
    pub(in crate::dispatch) committed: Option<Timestamp>,
}

/// Whether a message may go to its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dispatch) enum May {
    Go,
    /// A person has the session.
    Never {
        operator: Option<UserId>,
    },
    /// Nobody knows, for this reason.
    NotYet(String),
}

/// Keeps messages from clients whose session a person has. One for each portal.
pub(in crate::dispatch) struct Fence {
    services: Arc<Services>,
    lease: Lease,
    sessions: Arc<Sessions>,
    inquiry: Inquiry,
    room: Room,
}

impl Fence {
    pub(in crate::dispatch) fn new(services: Arc<Services>, lease: Lease, sessions: Arc<Sessions>) -> Self {
        Self { services, lease, sessions, inquiry: Inquiry::default(), room: Room::default() }
    }

    pub(in crate::dispatch) fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    /// The lane of a message, as far as it is known by now.
    pub(in crate::dispatch) fn lane_of(&self, passing: &Passing) -> Option<LaneKey> {
        passing.lane.clone().or_else(|| self.sessions.lane_of(passing.chat))
    }

    /// Whether the message may go now. Everything accepted before this is asked is taken into account; the portal is
    /// asked if the newest evidence is too old.
    pub(in crate::dispatch) async fn may_go(&self, passing: &Passing) -> May {
        // A second time, for what was not known before may have become known, and once more for what came meanwhile.
        for _ in 0..3 {
            if !self.sessions.is_up_to_date().await {
                return May::NotYet("what was accepted is not read any more; the process is stopping".into());
            }
            let since = self.services.clock.now().minus(self.services.policy.evidence_life);
            let Some(lane) = self.lane_of(passing) else {
                match self.inquiry.find(self, passing.chat).await {
                    Ok(true) => continue,
                    Ok(false) => return May::Go,
                    Err(why) => return May::NotYet(why),
                }
            };
            let Some((ownership, newest)) = self.sessions.known(&lane) else {
                match self.load(&lane, passing.chat).await {
                    Ok(()) => continue,
                    Err(error) => return May::NotYet(error.to_string()),
                }
            };
            if newest < Some(since) && self.inquiry.may_be_made(self) {
                match self.inquiry.renew(self, passing.chat, lane, since).await {
                    Ok(()) => continue,
                    Err(why) => return May::NotYet(why),
                }
            }
            return verdict(&ownership, passing.committed);
        }
        May::NotYet("who has the session changes faster than it can be found out".into())
    }

    /// The same as the last word about a call.
    pub(in crate::dispatch) async fn leaving(&self, passing: &Passing, call: &Call) -> Result<(), CallError> {
        match self.may_go(passing).await {
            May::Go => Ok(()),
            May::Never { operator } => {
                Err(CallError::new(CallErrorKind::Withheld, call.method.clone())
                    .describe(held_back(operator)))
            }
            May::NotYet(why) => Err(not_known(call, &why)),
        }
    }

    /// Has it known who has the session of a lane, as far as it is stored.
    pub(in crate::dispatch) async fn look_up(&self, lane: &LaneKey, chat: ChatId) -> Result<(), StoreError> {
        if self.sessions.known(lane).is_none() {
            self.load(lane, chat).await?;
        }
        Ok(())
    }

    pub(super) async fn load(&self, lane: &LaneKey, chat: ChatId) -> Result<(), StoreError> {
        let state = self.services.store.lane(&self.lease, lane).await?;
        self.sessions.load(lane, chat, state.ownership.as_ref());
        Ok(())
    }

    pub(super) fn services(&self) -> &Services {
        &self.services
    }

    /// Shared by the portal's turns and its courier.
    pub(in crate::dispatch) fn room(&self) -> &Room {
        &self.room
    }

    pub(in crate::dispatch) fn lease(&self) -> &Lease {
        &self.lease
    }
}

fn verdict(ownership: &Ownership, committed: Option<Timestamp>) -> May {
    // What was committed with the transfer, or before it, is the bot's farewell.
    let farewell = ownership.farewell && committed.is_some_and(|committed| committed <= ownership.since);
    match ownership.holder {
        Holder::Human if !farewell => May::Never { operator: ownership.operator },
        _ => May::Go,
    }
}

/// Who has the session cannot be told now; it may be later.
pub(in crate::dispatch) fn not_known(call: &Call, why: &str) -> CallError {
    CallError::new(CallErrorKind::Unreachable, call.method.clone())
        .describe(format!("who has the session cannot be told: {why}"))
}

/// Why a message was withheld.
pub(in crate::dispatch) fn held_back(operator: Option<UserId>) -> String {
    match operator {
        Some(operator) => format!("operator {operator} has the session"),
        None => "an operator has the session".to_owned(),
    }
}

/// A call that is made at once and speaks to a client.
pub(in crate::dispatch) struct Guard {
    pub(in crate::dispatch) fence: Arc<Fence>,
    pub(in crate::dispatch) passing: Passing,
}

#[async_trait]
impl Departure for Guard {
    async fn leaving(&self, call: &Call) -> Result<(), CallError> {
        self.fence.leaving(&self.passing, call).await
    }
}
