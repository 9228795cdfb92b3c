//! How a turn ends: committed, failed or parked, in one write.
//!
//! A parked turn does nothing that its handler asked for. What its event says by itself stays true, and is written with
//! the parking: who has the session, and that a session that ended took its timers and states along. An event that
//! cannot be read says nothing, and a timer counts as set until its turn is committed.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    HandlerError, Services,
    dialogue::Record,
    figures::FIGURES,
    ownership::{Begun, Fence, Ownership, Stamp, held_back},
    timer::Place,
    turn::{Effects, TurnEnd},
    withheld::Report,
};
use crate::{
    dispatch::{ownership::line_chat, router::chat_of, withheld::line_place},
    portal::RegisteredBot,
    store::{Committed, JournalRow, LaneChange, LaneKey, LaneState, Parking, StoreError, Turn, TurnCommit},
    wire::{Event, Incoming, Timestamp},
};

/// What a turn ends with, whichever way it does.
pub(super) struct Ending<'a> {
    pub(super) services: &'a Services,
    pub(super) fence: &'a Arc<Fence>,
    pub(super) lane: &'a LaneKey,
    pub(super) turn: &'a Turn,
    pub(super) row: &'a JournalRow,
    pub(super) state: &'a LaneState,
    /// Of an open line.
    pub(super) session: Option<Begun>,
    pub(super) event: Stamp,
    /// What the event changes, whatever becomes of its turn.
    pub(super) itself: Effects,
}

impl Ending<'_> {
    /// Commits; the inner error is that of a dialog changed meanwhile.
    pub(super) async fn commit(&self, effects: Effects) -> Result<Result<TurnEnd, HandlerError>, StoreError> {
        let Self { services, lane, turn, row, state, .. } = self;
        let now = services.clock.now();
        let last_message = row.message.map_or(0, |message| message.get()).max(state.last_message);
        let Effects { mut outbox, timers, record, acts } = effects;
        self.fence.room().allot(&mut outbox);
        let ownership = self.session.as_ref().map(|session| {
            let acted =
                acts.iter().fold(session.ownership.clone(), |after, act| after.acted(*act, self.event, now));
            self.fence.sessions().meanwhile(lane, acted)
        });
        let written =
            self.to_write(ownership.as_ref(), last_message != state.last_message || record.is_some());
        let change = self.change(last_message, record, written.as_ref());
        let armed = !timers.is_empty();
        let commit = TurnCommit {
            turn: turn.id,
            lane: (*lane).clone(),
            consumed: turn.seqs.clone(),
            change,
            outbox,
            timers,
        };
        match services.store.commit(self.fence.lease(), commit, now).await? {
            Committed::Done(ids) => {
                FIGURES.turns_ok.increment(1);
                if let Some(ownership) = ownership {
                    self.fence.sessions().committed(lane, &turn.seqs, ownership, written);
                }
                Ok(Ok(TurnEnd::Over { sent: !ids.is_empty(), armed }))
            }
            Committed::Conflict => {
                Ok(Err(HandlerError::msg("the dialog's state was changed by somebody else meanwhile")))
            }
        }
    }

    /// Commits what no handler asked for.
    pub(super) async fn settle(&self, effects: Effects) -> Result<TurnEnd, StoreError> {
        match self.commit(effects).await? {
            Ok(end) => Ok(end),
            Err(error) => self.fail(&error, false).await,
        }
    }

    /// What becomes of the lane, if it is to be written.
    fn change(
        &self,
        last_message: i64,
        record: Option<Option<Bytes>>,
        ownership: Option<&Bytes>,
    ) -> Option<LaneChange> {
        let state = self.state;
        if last_message == state.last_message && record.is_none() && ownership.is_none() {
            return None;
        }
        let dialogue = record.unwrap_or_else(|| state.dialogue.clone());
        let ownership = ownership.or(state.ownership.as_ref()).cloned();
        let state = LaneState { revision: state.revision, last_message, dialogue, ownership };
        Some(LaneChange { expected: state.revision, state })
    }

    /// The session as it is to be stored: when somebody else has it, or when its evidence has aged and the lane is
    /// written anyway.
    fn to_write(&self, ownership: Option<&Ownership>, anyway: bool) -> Option<Bytes> {
        let (ownership, session) = (ownership?, self.session.as_ref()?);
        let nothing = Ownership::default();
        let aged = || {
            let stored = session.stored.as_ref();
            ownership.is_fresher(stored, self.services.policy.evidence_life / 2)
        };
        let differs = ownership.differs(session.stored.as_ref().unwrap_or(&nothing));
        if !(differs || (anyway && aged())) {
            return None;
        }
        ownership.written().inspect_err(|error| {
            tracing::error!(portal = %self.fence.lease().portal, %error, "who has a session cannot be stored");
        }).ok()
    }

    /// What the lane is to remember, if that changed.
    pub(super) fn written(&self, record: &Record) -> Option<Option<Bytes>> {
        let written = record.written().inspect_err(|error| {
            tracing::error!(portal = %self.fence.lease().portal, %error, "what a dialog remembers cannot be stored");
        });
        written.ok().flatten()
    }

    /// Whether another session has begun since the event was accepted: it was parked, and put back by a person.
    pub(super) fn is_of_a_session_before(&self) -> bool {
        let stored = self.session.as_ref().and_then(|session| session.stored.as_ref());
        stored.is_some_and(|stored| stored.has_begun_since(self.row.accepted))
    }

    /// Puts the report of a cancelled turn into the journal, once however often it is called.
    pub(super) async fn report(
        &self,
        incoming: &Incoming,
        bot: Option<&RegisteredBot>,
    ) -> Result<(), StoreError> {
        let Self { services, lane, turn, row, .. } = self;
        let portal = &self.fence.lease().portal;
        let operator = self.fence.sessions().session(lane, services.clock.now()).and_then(|now| now.operator);
        tracing::info!(%portal, dialog = lane.as_str(), event = row.code, "a turn was cancelled: {}", held_back(operator));
        if matches!(incoming.event, Event::Withheld(_)) {
            return Ok(());
        }
        let answers = match &incoming.event {
            Event::Message(message) => Some(message.id),
            Event::Command(command) => Some(command.message_id),
            _ => None,
        };
        let place = chat_of(&incoming.event).map(Place::of);
        let report = Report {
            key: turn.id.0,
            since: row.accepted,
            bot: bot.map(|bot| (bot.id, bot.code.clone())),
            place: place.or_else(|| line_chat(&incoming.event).map(line_place)),
            text: None,
            answers,
            why: held_back(operator),
            operator,
        };
        let Ok(event) = report.event(portal, lane) else { return Ok(()) };
        services.store.append(vec![event], services.clock.now()).await?;
        self.fence.sessions().accepted();
        Ok(())
    }

    pub(super) async fn park(&self, error: &str) -> Result<TurnEnd, StoreError> {
        let Self { services, lane, turn, row, state, .. } = self;
        let lease = self.fence.lease();
        let Effects { timers, record, .. } = &self.itself;
        let ownership = self.session.as_ref().map(|session| session.ownership.clone());
        let ownership = ownership.map(|ownership| self.fence.sessions().meanwhile(lane, ownership));
        let written = self.to_write(ownership.as_ref(), record.is_some());
        let armed = !timers.is_empty();
        let parking = Parking {
            turn: turn.id,
            lane: (*lane).clone(),
            error: error.to_owned(),
            change: self.change(state.last_message, record.clone(), written.as_ref()),
            timers: timers.clone(),
        };
        let now = services.clock.now();
        if services.store.park(lease, parking, now).await? == Committed::Conflict {
            // The next try finds the dialog as it is.
            let at = now.plus(services.policy.wait(turn.attempts + 1, self.salt()));
            tracing::warn!(
                portal = %lease.portal,
                event = row.code,
                dialog = row.lane.as_str(),
                error,
                again_in = ?at.since(now),
                "event:{} is not parked yet: the dialog was changed by somebody else meanwhile", row.seq
            );
            return Ok(TurnEnd::Again(at));
        }
        if let (Some(ownership), Some(bytes)) = (ownership, written) {
            self.fence.sessions().stored(lane, ownership, bytes);
        }
        tracing::error!(
            portal = %lease.portal,
            event = row.code,
            dialog = row.lane.as_str(),
            error,
            "event:{} is parked and its dialog goes on; see `inbox show event:{}`", row.seq, row.seq
        );
        FIGURES.turns_parked.increment(1);
        Ok(TurnEnd::Over { sent: false, armed })
    }

    /// Tells the waits of one turn from those of another.
    fn salt(&self) -> u64 {
        self.turn.id.0.as_u64_pair().0
    }

    pub(super) async fn fail(&self, error: &HandlerError, last: bool) -> Result<TurnEnd, StoreError> {
        let Self { services, turn, row, .. } = self;
        let lease = self.fence.lease();
        let text = error.chain();
        if last {
            return self.park(&text).await;
        }
        let now = services.clock.now();
        let at: Timestamp = now.plus(services.policy.wait(turn.attempts + 1, self.salt()));
        tracing::warn!(
            portal = %lease.portal,
            event = row.code,
            dialog = row.lane.as_str(),
            error = text,
            again_in = ?at.since(now),
            "try {} of event:{} failed", turn.attempts + 1, row.seq
        );
        services.store.fail(lease, turn.id, &text, at).await?;
        FIGURES.turns_failed.increment(1);
        Ok(TurnEnd::Again(at))
    }
}
