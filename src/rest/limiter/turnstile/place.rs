//! One call at the turnstile: it waits, has its slot, and says what came of it.
//!
//! **Trap:** whoever leaves may have been the one who watches the clock; another has to take that over.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::{Report, State, TurnedAway, Turnstile, Waiter, Watch};
use crate::{
    clock::Clock,
    rest::limiter::{
        bucket::Taken,
        line::{CallPriority, Spot},
    },
    wire::Timestamp,
};

/// A call's place. Dropped, it leaves, and a slot not taken goes to the next one.
pub(in crate::rest::limiter) struct Place<'a> {
    turnstile: &'a Turnstile,
    clock: &'a dyn Clock,
    priority: CallPriority,
    waiter: Waiter,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Waiting(Spot),
    UnderWay { slot: u64, taken: Taken },
    Out,
}

enum Step {
    Pass,
    TurnedAway(TurnedAway),
    /// Those with earlier slots, woken just now, go first.
    Aside,
    Watch(Option<Timestamp>),
    Wait,
}

impl<'a> Place<'a> {
    /// In the line at `spot`.
    pub(super) fn new(
        turnstile: &'a Turnstile,
        clock: &'a dyn Clock,
        priority: CallPriority,
        waiter: Waiter,
        spot: Spot,
    ) -> Self {
        Self { turnstile, clock, priority, waiter, stage: Stage::Waiting(spot) }
    }

    /// Waits for its slot and takes it.
    pub(in crate::rest::limiter) async fn pass(&mut self) -> Result<(), TurnedAway> {
        let mut stepped_aside = false;
        loop {
            match self.step(stepped_aside) {
                Step::Pass => return Ok(()),
                Step::TurnedAway(why) => return Err(why),
                Step::Aside => {
                    stepped_aside = true;
                    tokio::task::yield_now().await;
                }
                Step::Watch(Some(moment)) => tokio::select! {
                    () = self.clock.sleep_until(moment) => {}
                    () = self.waiter.turn.notified() => {}
                },
                Step::Watch(None) | Step::Wait => self.waiter.turn.notified().await,
            }
        }
    }

    fn step(&mut self, stepped_aside: bool) -> Step {
        let now = self.clock.now();
        let mut state = self.turnstile.lock();
        state.settle(now);
        let watches = state.is_watched_by(self.waiter.number);
        if let Some(given) = state.given.get(&self.waiter.number)
            && !stepped_aside
            && state.given.values().any(|other| other.slot < given.slot)
        {
            return Step::Aside;
        }
        if let Some(given) = state.given.remove(&self.waiter.number) {
            self.stage = Stage::UnderWay { slot: given.slot, taken: given.taken };
            if watches {
                state.hand_over(now);
            }
            return Step::Pass;
        }
        if let Some(why) = state.turned_away.remove(&self.waiter.number) {
            self.stage = Stage::Out;
            if watches {
                state.hand_over(now);
            }
            return Step::TurnedAway(why);
        }
        if !state.open {
            return Step::Wait;
        }
        if !watches && state.watch.is_some() {
            state.rearm(now);
            return Step::Wait;
        }
        let until = state.next_moment(now);
        let turn = Arc::clone(&self.waiter.turn);
        state.watch = Some(Watch { number: self.waiter.number, turn, until });
        Step::Watch(until)
    }

    /// The call under way was answered.
    pub(in crate::rest::limiter) fn answered(&mut self, report: &Report) {
        let now = self.clock.now();
        let mut state = self.turnstile.lock();
        state.note(&self.waiter.meters, report, now);
        self.stage = Stage::Out;
        state.settle(now);
        state.rearm(now);
    }

    /// The call was held back before it was sent: its slot goes to the next one.
    pub(in crate::rest::limiter) fn withheld(&mut self) {
        let Stage::UnderWay { taken, .. } = self.stage else { return };
        let now = self.clock.now();
        let mut state = self.turnstile.lock();
        state.bucket.put_back(taken, now);
        state.note(&self.waiter.meters, &Report::default(), now);
        self.stage = Stage::Out;
        state.settle(now);
        state.rearm(now);
    }

    /// The portal said that it is full: back to the head of the line, in the order of slots.
    pub(in crate::rest::limiter) fn overflowed(&mut self, wait: Option<Duration>) {
        let Stage::UnderWay { slot, .. } = self.stage else { return };
        let now = self.clock.now();
        let mut state = self.turnstile.lock();
        state.bucket.overflow(now, wait);
        state.unsaved = true;
        state.note(&self.waiter.meters, &Report::default(), now);
        self.stage = rejoin(&mut state, Spot::Refused(slot), &mut self.waiter);
        state.rearm(now);
    }

    /// The portal said that the method is over its limit: back to where it stood.
    pub(in crate::rest::limiter) fn over_operating(&mut self, report: &Report) {
        let now = self.clock.now();
        let mut state = self.turnstile.lock();
        state.note(&self.waiter.meters, report, now);
        let spot = Spot::Waiting((self.priority, self.waiter.number));
        self.stage = rejoin(&mut state, spot, &mut self.waiter);
        state.settle(now);
        state.rearm(now);
    }
}

fn rejoin(state: &mut State, spot: Spot, waiter: &mut Waiter) -> Stage {
    // A turn of its own: what the last one may still hold would wake it for nothing.
    waiter.turn = Arc::new(Notify::new());
    state.line.insert(spot, waiter.clone());
    Stage::Waiting(spot)
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let now = self.clock.now();
        let mut state = self.turnstile.lock();
        match self.stage {
            Stage::Out => return,
            // Its answer will not be read.
            Stage::UnderWay { .. } => state.note(&self.waiter.meters, &Report::default(), now),
            Stage::Waiting(spot) => match state.given.remove(&self.waiter.number) {
                Some(given) => {
                    state.bucket.put_back(given.taken, now);
                    state.note(&self.waiter.meters, &Report::default(), now);
                }
                None => {
                    state.turned_away.remove(&self.waiter.number);
                    state.remove(spot, &self.waiter);
                }
            },
        }
        if state.is_watched_by(self.waiter.number) {
            state.watch = None;
        }
        state.settle(now);
        state.rearm(now);
    }
}
