//! One turn: an event through its handler, and what it changes in one commit.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::{
    BotProfile, Context, Done, Handle, Handled, HandlerError, Recovery, Services,
    context::Start,
    desk,
    dialogue::Record,
    ending::Ending,
    figures::FIGURES,
    heard::{Arrival, Heard},
    members::Members,
    ownership::{self, Act, Fence, Stamp},
};
use crate::{
    store::{LaneKey, Lease, NewOutboxRow, Seq, StoreError, StoreErrorKind, TimerChange},
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
    /// What is done to the session.
    pub(super) acts: Vec<Act>,
}

pub(super) const NOTHING: TurnEnd = TurnEnd::Over { sent: false, armed: false };

/// Runs one try of the turn of `rows`.
pub(super) async fn run(
    services: Arc<Services>,
    fence: Arc<Fence>,
    lane: LaneKey,
    members: Vec<Arrival>,
) -> TurnEnd {
    let lease = fence.lease();
    let attempts = members.iter().map(|member| member.row.attempts).max().unwrap_or(0);
    let seqs: Vec<Seq> = members.iter().map(|member| member.row.seq).collect();
    let began = services.clock.now();
    let ended = attempt(&services, &fence, &lane, members).await;
    FIGURES.turn_seconds.record(services.clock.now().since(began).as_secs_f64());
    let end = match ended {
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
    };
    if matches!(end, TurnEnd::Over { .. }) {
        fence.sessions().over(&lane, &seqs);
    }
    end
}

async fn attempt(
    services: &Arc<Services>,
    fence: &Arc<Fence>,
    lane: &LaneKey,
    members: Vec<Arrival>,
) -> Result<TurnEnd, StoreError> {
    let lease = fence.lease();
    let seqs: Vec<Seq> = members.iter().map(|member| member.row.seq).collect();
    let turn = services.store.start_turn(lease, &seqs, services.clock.now()).await?;
    let state = services.store.lane(lease, lane).await?;
    let Some(Members { row, lowest, heard, burst }) = Members::of(services, lease, &turn, members).await?
    else {
        return Ok(NOTHING);
    };
    let row = &row;
    let cancellable = matches!(&heard, Heard::Event { incoming, .. } if ownership::is_cancelled_by_a_person(&incoming.event));
    let mut session = fence.sessions().begin(lane, &turn.seqs, state.ownership.as_ref(), cancellable);
    let human = session.as_ref().is_some_and(|session| session.human);
    let cancelled = session.as_mut().and_then(|session| session.cancelled.take());
    let (event, itself) = (Stamp::default(), Effects::default());
    let mut ending =
        Ending { services, fence, lane, turn: &turn, row, state: &state, session, event, itself };
    let (mut incoming, fired) = match heard {
        Heard::Event { incoming, fired } => (incoming, fired),
        Heard::Unreadable(error) => return ending.park(&error).await,
        Heard::Send => {
            return match desk::row_of(&row.body, turn.id) {
                Ok(effect) => ending.settle(Effects { outbox: vec![effect], ..Effects::default() }).await,
                Err(error) => ending.park(&error.to_string()).await,
            };
        }
        Heard::TakeBack(chat) => {
            tracing::info!(portal = %lease.portal, %chat, "the session was given back to the bot");
            return ending.settle(Effects::default()).await;
        }
        Heard::TakenOver(taken) => {
            tracing::info!(portal = %lease.portal, chat = %taken.chat, by = %taken.by, "a person has taken the session");
            return ending.settle(Effects::default()).await;
        }
    };
    ending.event = Stamp::of(&incoming);
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
        return ending.settle(Effects::default()).await;
    }
    incoming.late = lowest.is_some_and(|message| message.get() < state.last_message);
    if matches!(incoming.event, Event::SessionFinished(_)) && !ending.is_of_a_session_before() {
        let timers = record.end_session();
        ending.itself = Effects { timers, record: ending.written(&record), ..Effects::default() };
    }
    let Some(bot) = services.bot_for(&lease.portal, incoming.bot.as_ref()) else {
        let whose = incoming.bot.as_ref().map_or("", |bot| bot.code.as_str());
        let error = format!("no bot `{whose}` in this program; start the one that has it, or drop the event");
        return ending.park(&error).await;
    };
    let incoming = Arc::new(*incoming);
    let start = Start {
        bot: services.speaker(&lease.portal, incoming.bot.as_ref()),
        code: bot.profile.code().to_owned(),
        incoming: incoming.clone(),
        burst,
        record,
        timers: ending.itself.timers.clone(),
    };
    let cx = || Context::new(services.clone(), fence.clone(), lane.clone(), turn.clone(), start.clone());
    let outcome = if is_heard(services, lease, &bot.profile, &incoming.event, human) {
        handle(services, bot.handler.clone(), cx(), incoming.clone(), cancelled).await
    } else {
        cx().close()
    };
    let error = match outcome {
        Ok(effects) => match ending.commit(effects).await? {
            Ok(end) => {
                if matches!(incoming.event, Event::AppUninstalled(_)) {
                    forget_if_wanted(services, lease).await;
                }
                return Ok(end);
            }
            Err(error) => error,
        },
        Err(error) if error.is_withheld() => {
            ending.report(&incoming, start.bot.as_ref()).await?;
            match cx().close() {
                Ok(nothing) => return ending.settle(nothing).await,
                Err(error) => error,
            }
        }
        Err(error) => error,
    };
    let last = error.is_permanent() || turn.attempts + 1 >= services.policy.turn_tries;
    let again = cx();
    if recover(services, bot.handler.clone(), again.clone(), &error, last).await == Recovery::Settle {
        let settled = match again.close() {
            Ok(effects) => ending.commit(effects).await?,
            Err(error) => Err(error),
        };
        if let Ok(end) = settled {
            return Ok(end);
        }
    }
    ending.fail(&error, last).await
}

/// Whether the handler is to hear an event. While a person has the session, what the client does goes to that person.
fn is_heard(services: &Services, lease: &Lease, profile: &BotProfile, event: &Event, human: bool) -> bool {
    if ownership::gives_back(services, event) {
        tracing::info!(portal = %lease.portal, "an operator gave the session back to the bot");
        return false;
    }
    let for_a_person = human && ownership::is_for_the_holder(event) && !profile.is_heard_while_human();
    profile.hears(event) && !for_a_person
}

/// After `on_uninstall` nothing of the portal is needed; whoever removed the application may have wished it gone.
async fn forget_if_wanted(services: &Services, lease: &Lease) {
    if services.registry.wants_to_be_forgotten(&lease.portal)
        && let Err(error) = services.registry.forget(&lease.portal).await
    {
        tracing::error!(portal = %lease.portal, %error, "the portal could not be forgotten yet; it is tried again within the hour");
    }
}

/// Calls the handler; a panic of it, also while it is stopped, fails the turn and not the engine.
async fn handle(
    services: &Services,
    handler: Arc<dyn Handle>,
    cx: Context,
    incoming: Arc<Incoming>,
    cancelled: Option<oneshot::Receiver<()>>,
) -> Result<Effects, HandlerError> {
    let until = services.clock.now().plus(services.policy.turn_limit);
    let taken_over = async {
        let told = match cancelled {
            Some(cancelled) => cancelled.await.is_ok(),
            None => false,
        };
        if !told {
            std::future::pending::<()>().await;
        }
    };
    let running = async {
        tokio::select! {
            biased;
            () = taken_over => {
                Err(HandlerError::withheld("an operator took the session over and the handler was stopped"))
            }
            handled = handler.handle(&cx, &incoming) => handled,
            () = services.clock.sleep_until(until) => {
                let limit = services.policy.turn_limit;
                Err(HandlerError::msg(format!("the handler took longer than {limit:?} and was stopped")))
            }
        }
    };
    let handled: Handled =
        AssertUnwindSafe(running).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(&*panic)));
    let asked = cx.close();
    let Done = handled?;
    asked
}

fn panicked(panic: &(dyn Any + Send)) -> HandlerError {
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
    let until = services.clock.now().plus(services.policy.turn_limit);
    let running = async {
        tokio::select! {
            recovery = handler.recover(&cx, &error, last) => recovery,
            () = services.clock.sleep_until(until) => Recovery::Retry,
        }
    };
    AssertUnwindSafe(running).catch_unwind().await.unwrap_or(Recovery::Retry)
}
