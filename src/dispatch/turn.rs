//! One turn: an event through its handler, and what it changes in one commit.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::{
    Context, Done, Handle, Handled, HandlerError, Recovery, Services,
    context::Start,
    desk,
    dialogue::Record,
    heard::{Arrival, Heard},
    members::Members,
};
use crate::{
    store::{
        Committed, JournalRow, LaneChange, LaneKey, LaneState, Lease, NewOutboxRow, Seq, StoreError,
        StoreErrorKind, TimerChange, Turn, TurnCommit, Verdict,
    },
    wire::{Event, Incoming, Timestamp},
};

/// How a try of a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TurnEnd {
    /// Done or parked; `sent` tells that the outbox has new rows, `armed` that timers changed.
    Over { sent: bool, armed: bool },
    /// To run again, not before this moment.
    Again(Timestamp),
    /// Another process owns the portal.
    Fenced,
}

/// What a turn changes, as its handler asked for it.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) outbox: Vec<NewOutboxRow>,
    pub(super) timers: Vec<TimerChange>,
    /// What the lane remembers, if that changed.
    pub(super) record: Option<Option<Bytes>>,
}

const NOTHING: TurnEnd = TurnEnd::Over { sent: false, armed: false };

/// Runs one try of the turn of `rows`.
pub(super) async fn run(
    services: Arc<Services>,
    lease: Lease,
    lane: LaneKey,
    members: Vec<Arrival>,
) -> TurnEnd {
    let attempts = members.iter().map(|member| member.row.attempts).max().unwrap_or(0);
    match attempt(&services, &lease, &lane, members).await {
        Ok(end) => end,
        Err(error) if error.kind() == StoreErrorKind::Fenced => TurnEnd::Fenced,
        // Done, dropped by a person or forgotten with its portal meanwhile: nothing is left to do for it but to look at
        // what it left.
        Err(error) if error.kind() == StoreErrorKind::Gone => TurnEnd::Over { sent: true, armed: true },
        Err(error) => {
            let at = services.clock.now().plus(services.policy.wait(attempts + 1, 0));
            tracing::error!(portal = %lease.portal, %error, "the store failed during a turn; it runs again");
            TurnEnd::Again(at)
        }
    }
}

async fn attempt(
    services: &Arc<Services>,
    lease: &Lease,
    lane: &LaneKey,
    members: Vec<Arrival>,
) -> Result<TurnEnd, StoreError> {
    let seqs: Vec<Seq> = members.iter().map(|member| member.row.seq).collect();
    let turn = services.store.start_turn(lease, &seqs, services.clock.now()).await?;
    let state = services.store.lane(lease, lane).await?;
    let Some(Members { row, lowest, heard, burst }) = Members::of(services, lease, &turn, members).await?
    else {
        return Ok(NOTHING);
    };
    let row = &row;
    let (mut incoming, fired) = match heard {
        Heard::Event { incoming, fired } => (incoming, fired),
        Heard::Unreadable(error) => return park(services, lease, row, &turn, &error).await,
        Heard::Send => {
            let effect = match desk::row_of(&row.body, turn.id) {
                Ok(effect) => effect,
                Err(error) => return park(services, lease, row, &turn, &error.to_string()).await,
            };
            let effects = Effects { outbox: vec![effect], ..Effects::default() };
            return match commit(services, lease, lane, &turn, row, &state, effects).await? {
                Ok(end) => Ok(end),
                Err(error) => fail(services, lease, row, &turn, &error, false).await,
            };
        }
    };
    let mut record = Record::read(state.dialogue.as_ref()).unwrap_or_else(|error| {
        tracing::error!(
            portal = %lease.portal,
            dialog = lane.as_str(),
            error,
            "what was remembered of a dialog cannot be read: its dialogues begin anew, its timers are cancelled"
        );
        Record::default()
    });
    if let Some((id, arming)) = fired
        && !record.fire(&id, arming)
    {
        tracing::debug!(portal = %lease.portal, dialog = lane.as_str(), timer = id, "it was set again or cancelled");
        return match commit(services, lease, lane, &turn, row, &state, Effects::default()).await? {
            Ok(end) => Ok(end),
            Err(error) => fail(services, lease, row, &turn, &error, false).await,
        };
    }
    incoming.late = lowest.is_some_and(|message| message.get() < state.last_message);
    let Some(bot) = services.bot_for(&lease.portal, incoming.bot.as_ref()) else {
        let whose = incoming.bot.as_ref().map_or("", |bot| bot.code.as_str());
        let error = format!("no bot `{whose}` in this program; start the one that has it, or drop the event");
        return park(services, lease, row, &turn, &error).await;
    };
    let timers = match incoming.event {
        Event::SessionFinished(_) => record.end_session(),
        _ => Vec::new(),
    };
    let incoming = Arc::new(*incoming);
    let start = Start {
        bot: services.speaker(&lease.portal, incoming.bot.as_ref()),
        code: bot.profile.code().to_owned(),
        incoming: incoming.clone(),
        burst,
        record,
        timers,
    };
    let cx = || Context::new(services.clone(), lease.clone(), lane.clone(), turn.clone(), start.clone());
    let outcome = if bot.profile.hears(&incoming.event) {
        handle(services, bot.handler.clone(), cx(), incoming.clone()).await
    } else {
        cx().close()
    };
    let committed = match outcome {
        Ok(effects) => commit(services, lease, lane, &turn, row, &state, effects).await?,
        Err(error) => Err(error),
    };
    match committed {
        Ok(end) => {
            if matches!(incoming.event, Event::AppUninstalled(_)) {
                forget_if_wanted(services, lease).await;
            }
            Ok(end)
        }
        Err(error) => {
            let last = error.is_permanent() || turn.attempts + 1 >= services.policy.turn_tries;
            let again = cx();
            if recover(services, bot.handler.clone(), again.clone(), &error, last).await == Recovery::Settle {
                let settled = match again.close() {
                    Ok(effects) => commit(services, lease, lane, &turn, row, &state, effects).await?,
                    Err(error) => Err(error),
                };
                if let Ok(end) = settled {
                    return Ok(end);
                }
            }
            fail(services, lease, row, &turn, &error, last).await
        }
    }
}

/// After `on_uninstall` nothing of the portal is needed; whoever removed the application may have wished it gone.
async fn forget_if_wanted(services: &Services, lease: &Lease) {
    if services.registry.wants_to_be_forgotten(&lease.portal)
        && let Err(error) = services.registry.forget(&lease.portal).await
    {
        tracing::error!(portal = %lease.portal, %error, "the portal could not be forgotten yet; it is tried again within the hour");
    }
}

/// Calls the handler in a task of its own, so that a panic fails the turn and not the engine.
async fn handle(
    services: &Services,
    handler: Arc<dyn Handle>,
    cx: Context,
    incoming: Arc<Incoming>,
) -> Result<Effects, HandlerError> {
    let mut task = JoinSet::new();
    task.spawn({
        let cx = cx.clone();
        async move { handler.handle(&cx, &incoming).await }
    });
    let until = services.clock.now().plus(services.policy.turn_limit);
    let handled: Handled = tokio::select! {
        Some(joined) = task.join_next() => joined.unwrap_or_else(|error| Err(panicked(error))),
        () = services.clock.sleep_until(until) => {
            task.shutdown().await;
            let limit = services.policy.turn_limit;
            Err(HandlerError::msg(format!("the handler took longer than {limit:?} and was stopped")))
        }
    };
    let asked = cx.close();
    let Done = handled?;
    asked
}

fn panicked(error: tokio::task::JoinError) -> HandlerError {
    let Ok(panic) = error.try_into_panic() else { return HandlerError::msg("the handler was stopped") };
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    HandlerError::msg(format!("the handler panicked: {text}"))
}

async fn recover(
    services: &Services,
    handler: Arc<dyn Handle>,
    cx: Context,
    error: &HandlerError,
    last: bool,
) -> Recovery {
    let error = HandlerError::msg(error.chain());
    let task = tokio::spawn(async move { handler.recover(&cx, &error, last).await });
    let until = services.clock.now().plus(services.policy.turn_limit);
    tokio::select! {
        joined = task => joined.unwrap_or(Recovery::Retry),
        () = services.clock.sleep_until(until) => Recovery::Retry,
    }
}

/// Commits; the inner error is that of a dialog changed meanwhile.
async fn commit(
    services: &Services,
    lease: &Lease,
    lane: &LaneKey,
    turn: &Turn,
    row: &JournalRow,
    state: &LaneState,
    effects: Effects,
) -> Result<Result<TurnEnd, HandlerError>, StoreError> {
    let last_message = row.message.map_or(0, |message| message.get()).max(state.last_message);
    let Effects { outbox, timers, record } = effects;
    let change = (last_message != state.last_message || record.is_some()).then(|| {
        let dialogue = record.unwrap_or_else(|| state.dialogue.clone());
        let state = LaneState { last_message, dialogue, ..state.clone() };
        LaneChange { expected: state.revision, state }
    });
    let armed = !timers.is_empty();
    let commit =
        TurnCommit { turn: turn.id, lane: lane.clone(), consumed: turn.seqs.clone(), change, outbox, timers };
    match services.store.commit(lease, commit, services.clock.now()).await? {
        Committed::Done(ids) => Ok(Ok(TurnEnd::Over { sent: !ids.is_empty(), armed })),
        Committed::Conflict => {
            Ok(Err(HandlerError::msg("the dialog's state was changed by somebody else meanwhile")))
        }
    }
}

async fn park(
    services: &Services,
    lease: &Lease,
    row: &JournalRow,
    turn: &Turn,
    error: &str,
) -> Result<TurnEnd, StoreError> {
    tracing::error!(
        portal = %lease.portal,
        event = row.code,
        dialog = row.lane.as_str(),
        error,
        "event:{} is parked and its dialog goes on; see `inbox show event:{}`", row.seq, row.seq
    );
    services.store.fail(lease, turn.id, error, Verdict::Park, services.clock.now()).await?;
    Ok(NOTHING)
}

async fn fail(
    services: &Services,
    lease: &Lease,
    row: &JournalRow,
    turn: &Turn,
    error: &HandlerError,
    last: bool,
) -> Result<TurnEnd, StoreError> {
    let text = error.chain();
    if last {
        return park(services, lease, row, turn, &text).await;
    }
    let now = services.clock.now();
    let salt = turn.id.0.as_u64_pair().0;
    let at = now.plus(services.policy.wait(turn.attempts + 1, salt));
    tracing::warn!(
        portal = %lease.portal,
        event = row.code,
        dialog = row.lane.as_str(),
        error = text,
        again_in = ?at.since(now),
        "try {} of event:{} failed", turn.attempts + 1, row.seq
    );
    services.store.fail(lease, turn.id, &text, Verdict::Retry(at), now).await?;
    Ok(TurnEnd::Again(at))
}
