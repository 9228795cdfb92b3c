//! [`Context`]: what a handler asks for, and what it may know.

mod acts;
mod dialogue;
mod facts;
mod form;
mod ownership;
mod reply;
mod session;
mod step;
mod timer;
mod typing;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::task::AbortHandle;
use uuid::Uuid;

use super::{
    Effect, HandlerError, Services,
    dialogue::Record,
    effect::key_of,
    ownership::{Act, Fence},
    turn::Effects,
};
use crate::{
    portal::RegisteredBot,
    store::{LaneKey, NewOutboxRow, TimerChange, Turn},
    wire::{DialogId, Incoming, Message},
};

pub use acts::ChatActs;
pub use timer::Timer;
pub use typing::Typing;

/// One turn as its handler sees it. Cheap to clone.
///
/// What a handler asks for by [`reply`](Self::reply) and its like is an *effect*: nothing leaves before the handler
/// has returned `Ok` and the turn is committed, all or none. What must be known at once goes through
/// [`send_now`](Self::send_now), what must not be done twice through [`step`](Self::step).
///
/// **Trap:** [`call`](Self::call) and [`invoke`](Self::invoke) act at once and act again when the turn runs again;
/// put them into a step.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    services: Arc<Services>,
    fence: Arc<Fence>,
    lane: LaneKey,
    turn: Turn,
    bot: Option<RegisteredBot>,
    code: String,
    incoming: Arc<Incoming>,
    burst: Arc<[Message]>,
    asked: Mutex<Asked>,
}

/// What a handler finds when its turn begins.
#[derive(Clone)]
pub(in crate::dispatch) struct Start {
    /// The bot that speaks.
    pub(in crate::dispatch) bot: Option<RegisteredBot>,
    /// Code of the bot whose handler runs.
    pub(in crate::dispatch) code: String,
    pub(in crate::dispatch) incoming: Arc<Incoming>,
    /// The messages one by one, if the turn has several.
    pub(in crate::dispatch) burst: Arc<[Message]>,
    pub(in crate::dispatch) record: Record,
    /// What the event itself changes.
    pub(in crate::dispatch) timers: Vec<TimerChange>,
}

#[derive(Default)]
struct Asked {
    rows: Vec<NewOutboxRow>,
    record: Record,
    timers: Vec<TimerChange>,
    acts: Vec<Act>,
    wrong: Option<HandlerError>,
    typing: Vec<AbortHandle>,
    /// Messages of a burst that a form has taken.
    taken: usize,
    closed: bool,
}

impl Context {
    pub(in crate::dispatch) fn new(
        services: Arc<Services>,
        fence: Arc<Fence>,
        lane: LaneKey,
        turn: Turn,
        start: Start,
    ) -> Self {
        let Start { bot, code, incoming, burst, record, timers } = start;
        let asked = Mutex::new(Asked { record, timers, ..Asked::default() });
        Self { inner: Arc::new(Inner { services, fence, lane, turn, bot, code, incoming, burst, asked }) }
    }

    fn queue(&self) -> String {
        self.inner.lane.as_str().to_owned()
    }

    fn queue_of(&self, dialog: &DialogId) -> String {
        match self.dialog() {
            Some(own) if own == *dialog => self.queue(),
            _ => format!("dialog:{dialog}"),
        }
    }

    fn acting_bot(&self) -> Result<&RegisteredBot, HandlerError> {
        self.inner.bot.as_ref().ok_or_else(|| {
            HandlerError::too_early(format!(
                "no bot of this application is registered on {} yet",
                self.portal()
            ))
        })
    }

    pub(super) fn ask(&self, effect: impl FnOnce(Uuid) -> Result<Effect, HandlerError>) {
        self.change(|asked| {
            let key = key_of(self.inner.turn.id, asked.rows.len());
            asked.rows.push(effect(key)?.into_row(key)?);
            Ok(())
        });
    }

    fn change(&self, change: impl FnOnce(&mut Asked) -> Result<(), HandlerError>) {
        let mut asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.closed {
            tracing::warn!(
                portal = %self.portal(),
                turn = %self.inner.turn.id,
                "an effect was asked for after the handler returned and is lost; await what you spawn"
            );
            return;
        }
        if let Err(error) = change(&mut asked) {
            asked.wrong.get_or_insert(error.of_effect());
        }
    }

    fn wrong(&self, error: HandlerError) {
        self.ask(|_| Err(error));
    }

    /// What was asked for; nothing can be asked for afterwards.
    pub(in crate::dispatch) fn close(&self) -> Result<Effects, HandlerError> {
        let mut asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.closed = true;
        asked.typing.drain(..).for_each(|task| task.abort());
        match asked.wrong.take() {
            Some(error) => Err(error),
            None => Ok(Effects {
                outbox: std::mem::take(&mut asked.rows),
                timers: std::mem::take(&mut asked.timers),
                acts: std::mem::take(&mut asked.acts),
                record: asked.record.written()?,
            }),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("portal", self.portal())
            .field("event", &self.inner.incoming.code)
            .field("turn", &self.inner.turn.id)
            .finish_non_exhaustive()
    }
}
