//! How a turn ends: committed, failed or parked, in one write.

use std::sync::Arc;

use super::{
    HandlerError, Services,
    figures::FIGURES,
    ownership::{Begun, Fence, Ownership, Stamp, held_back},
    timer::Place,
    turn::{Effects, NOTHING, TurnEnd},
    withheld::Report,
};
use crate::{
    dispatch::{ownership::line_chat, router::chat_of, withheld::line_place},
    portal::RegisteredBot,
    store::{Committed, JournalRow, LaneChange, LaneKey, LaneState, StoreError, Turn, TurnCommit, Verdict},
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
}

impl Ending<'_> {
    /// Commits; the inner error is that of a dialog changed meanwhile.
    pub(super) async fn commit(&self, effects: Effects) -> Result<Result<TurnEnd, HandlerError>, StoreError> {
        let Self { services, lane, turn, row, state, .. } = self;
        let now = services.clock.now();
        let last_message = row.message.map_or(0, |message| message.get()).max(state.last_message);
        let Effects { outbox, timers, record, acts } = effects;
        let ownership = self.session.as_ref().map(|session| {
            acts.iter().fold(session.ownership.clone(), |after, act| after.acted(*act, self.event, now))
        });
        let written =
            self.to_write(ownership.as_ref(), last_message != state.last_message || record.is_some());
        let change =
            (last_message != state.last_message || record.is_some() || written.is_some()).then(|| {
                let dialogue = record.unwrap_or_else(|| state.dialogue.clone());
                let ownership = written.clone().or_else(|| state.ownership.clone());
                let state = LaneState { last_message, dialogue, ownership, ..(*state).clone() };
                LaneChange { expected: state.revision, state }
            });
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

    /// The session as it is to be stored: when somebody else has it, or when its evidence has aged and the lane is
    /// written anyway.
    fn to_write(&self, ownership: Option<&Ownership>, anyway: bool) -> Option<bytes::Bytes> {
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
        let Self { services, turn, row, .. } = self;
        let lease = self.fence.lease();
        tracing::error!(
            portal = %lease.portal,
            event = row.code,
            dialog = row.lane.as_str(),
            error,
            "event:{} is parked and its dialog goes on; see `inbox show event:{}`", row.seq, row.seq
        );
        services.store.fail(lease, turn.id, error, Verdict::Park, services.clock.now()).await?;
        FIGURES.turns_parked.increment(1);
        Ok(NOTHING)
    }

    pub(super) async fn fail(&self, error: &HandlerError, last: bool) -> Result<TurnEnd, StoreError> {
        let Self { services, turn, row, .. } = self;
        let lease = self.fence.lease();
        let text = error.chain();
        if last {
            return self.park(&text).await;
        }
        let now = services.clock.now();
        let salt = turn.id.0.as_u64_pair().0;
        let at: Timestamp = now.plus(services.policy.wait(turn.attempts + 1, salt));
        tracing::warn!(
            portal = %lease.portal,
            event = row.code,
            dialog = row.lane.as_str(),
            error = text,
            again_in = ?at.since(now),
            "try {} of event:{} failed", turn.attempts + 1, row.seq
        );
        services.store.fail(lease, turn.id, &text, Verdict::Retry(at), now).await?;
        FIGURES.turns_failed.increment(1);
        Ok(TurnEnd::Again(at))
    }
}
