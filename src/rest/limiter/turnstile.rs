//! Lets the calls to one portal through, each with a slot of its own.
//!
//! Nobody but the one who watches the clock wakes before it has its slot: whoever finds room gives it to those next in
//! line, and wakes each once. The watch is with the one who waits longest, so that it seldom changes hands.

mod place;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, OnceCell};

pub(super) use self::place::Place;
use super::{
    Level, Limits,
    bucket::{Bucket, Taken},
    gauge::{Gate, Gauge},
    line::{CallPriority, Line, Spot},
    operating::Operating,
};
use crate::{
    clock::Clock,
    wire::{AppId, Timestamp},
};

/// What operating time is counted by: application and method, in lower case.
pub(super) type Meter = (AppId, Box<str>);

/// How many gauges there are before those that tell nothing are forgotten.
const MANY_GAUGES: usize = 256;

/// What one portal allows, and who waits for it.
#[derive(Debug)]
pub(super) struct Turnstile {
    state: Mutex<State>,
    /// Whether the level kept from before is here.
    pub(super) loaded: OnceCell<()>,
}

/// What the answer to a call said of its methods.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) told: HashMap<Box<str>, Operating>,
    /// Methods over their limit, and how long to wait where nothing better is known.
    pub(super) over: HashMap<Box<str>, Duration>,
    /// Whether the call was carried out.
    pub(super) done: bool,
}

#[derive(Debug)]
struct State {
    bucket: Bucket,
    limits: Limits,
    /// Nobody passes before the level kept from before is here.
    open: bool,
    numbers: u64,
    slots: u64,
    line: Line<Waiter>,
    /// Calls that a gauge holds, by the first gauge that does.
    held: HashMap<Meter, BTreeMap<Spot, Waiter>>,
    gauges: HashMap<Meter, Gauge>,
    /// Slots given and not yet taken, by the number of the call.
    given: HashMap<u64, Given>,
    /// Calls that do not want to wait for their gauge, by their number, and the gauge.
    turned_away: HashMap<u64, TurnedAway>,
    watch: Option<Watch>,
    unsaved: bool,
}

#[derive(Debug, Clone)]
struct Waiter {
    number: u64,
    turn: Arc<Notify>,
    meters: Arc<[Meter]>,
    /// Whether it waits for a gauge.
    patient: bool,
}

/// The method that a call would have had to wait for, and until when as far as is known.
#[derive(Debug, Clone)]
pub(super) struct TurnedAway {
    pub(super) method: Box<str>,
    pub(super) until: Timestamp,
}

#[derive(Debug)]
struct Given {
    slot: u64,
    taken: Taken,
}

/// Who watches the clock, and until when; without a moment only for being woken.
#[derive(Debug)]
struct Watch {
    number: u64,
    turn: Arc<Notify>,
    until: Option<Timestamp>,
}

impl Turnstile {
    /// Nobody passes a turnstile that is not `open` before [`restore`](Self::restore).
    pub(super) fn new(limits: Limits, open: bool, now: Timestamp) -> Self {
        Self {
            state: Mutex::new(State {
                bucket: Bucket::new(&limits, now),
                limits,
                open,
                numbers: 0,
                slots: 0,
                line: Line::new(),
                held: HashMap::new(),
                gauges: HashMap::new(),
                given: HashMap::new(),
                turned_away: HashMap::new(),
                watch: None,
                unsaved: false,
            }),
            loaded: OnceCell::new(),
        }
    }

    /// A place in the line.
    pub(super) fn join<'a>(
        &'a self,
        priority: CallPriority,
        meters: Arc<[Meter]>,
        patient: bool,
        clock: &'a dyn Clock,
    ) -> Place<'a> {
        let mut state = self.lock();
        let number = state.numbers;
        state.numbers += 1;
        let waiter = Waiter { number, turn: Arc::new(Notify::new()), meters, patient };
        let spot = Spot::Waiting((priority, number));
        state.line.insert(spot, waiter.clone());
        drop(state);
        Place::new(self, clock, priority, waiter, spot)
    }

    /// Opens with the level that was kept, if one was.
    pub(super) fn restore(&self, kept: Option<Level>, now: Timestamp) {
        let mut state = self.lock();
        if let Some(kept) = kept {
            state.bucket.restore(kept, now);
        }
        state.open = true;
        state.settle(now);
        state.rearm(now);
    }

    pub(super) fn free(&self, now: Timestamp) -> u32 {
        let mut state = self.lock();
        state.bucket.leak(now);
        if state.open { state.bucket.free(now) } else { 0 }
    }

    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting()
    }

    /// How long a call that others may join is to wait for them.
    pub(super) fn pause(&self, now: Timestamp) -> Duration {
        let mut state = self.lock();
        state.bucket.leak(now);
        state.bucket.pause(now)
    }

    /// The methods of `app` that have to wait, and until when.
    pub(super) fn held(&self, app: &AppId, now: Timestamp) -> HashMap<Box<str>, Timestamp> {
        let state = self.lock();
        let of_app = state.gauges.iter().filter(|((of, _), _)| of == app);
        of_app
            .filter_map(|((_, method), gauge)| Some((method.clone(), opens(gauge.gate(now), now)?)))
            .collect()
    }

    /// The level, if it was raised since it was asked for last.
    pub(super) fn unsaved(&self) -> Option<Level> {
        let mut state = self.lock();
        std::mem::take(&mut state.unsaved).then(|| state.bucket.level())
    }

    pub(super) fn has_unsaved(&self) -> bool {
        self.lock().unsaved
    }

    /// Whether nothing is known that a new one would not know.
    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        let mut state = self.lock();
        state.bucket.leak(now);
        state.bucket.is_empty(now)
            && state.waiting() == 0
            && !state.unsaved
            && state.gauges.values().all(|gauge| gauge.is_idle(now))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives a slot to everybody there is room for.
    fn settle(&mut self, now: Timestamp) {
        if !self.open {
            return;
        }
        self.bucket.leak(now);
        while self.bucket.has_room(now) {
            self.release(now);
            let Some((spot, _)) = self.line.next() else { return };
            let Some(waiter) = self.line.remove(spot) else { return };
            match waiter.meters.iter().find(|meter| self.gate(meter, now) != Gate::Open) {
                Some(meter) if waiter.patient => {
                    self.held.entry(meter.clone()).or_default().insert(spot, waiter);
                }
                Some(meter) => {
                    let until = opens(self.gate(meter, now), now).unwrap_or(now);
                    self.turned_away.insert(waiter.number, TurnedAway { method: meter.1.clone(), until });
                    waiter.turn.notify_one();
                }
                None => self.give(spot, &waiter, now),
            }
        }
    }

    /// Puts the first one behind each gauge that is open back in line.
    fn release(&mut self, now: Timestamp) {
        if self.held.is_empty() {
            return;
        }
        let open: Vec<Meter> =
            self.held.keys().filter(|meter| self.gate(meter, now) == Gate::Open).cloned().collect();
        for meter in open {
            let Some(held) = self.held.get_mut(&meter) else { continue };
            if let Some((spot, waiter)) = held.pop_first() {
                self.line.insert(spot, waiter);
            }
            if held.is_empty() {
                self.held.remove(&meter);
            }
        }
    }

    fn give(&mut self, spot: Spot, waiter: &Waiter, now: Timestamp) {
        if self.gauges.len() > MANY_GAUGES {
            self.gauges.retain(|_, gauge| !gauge.is_idle(now));
        }
        for meter in &*waiter.meters {
            let limit = self.limits.operating;
            self.gauges.entry(meter.clone()).or_insert_with(|| Gauge::new(limit, now)).sent(now);
        }
        self.line.served(spot);
        self.slots += 1;
        self.given.insert(waiter.number, Given { slot: self.slots, taken: self.bucket.take() });
        self.unsaved = true;
        waiter.turn.notify_one();
    }

    /// A call ended, and this is what is known of it.
    fn note(&mut self, meters: &[Meter], report: &Report, now: Timestamp) {
        for meter in meters {
            let Some(gauge) = self.gauges.get_mut(meter) else { continue };
            let told = report.told.get(&meter.1).copied();
            gauge.ended(told, now);
            if let Some(wait) = report.over.get(&meter.1) {
                gauge.refused(*wait, now);
            } else if report.done && told.is_none() {
                gauge.done_untold(now);
            }
        }
    }

    fn gate(&self, meter: &Meter, now: Timestamp) -> Gate {
        self.gauges.get(meter).map_or(Gate::Open, |gauge| gauge.gate(now))
    }

    /// When somebody may pass, as far as the clock decides.
    fn next_moment(&self, now: Timestamp) -> Option<Timestamp> {
        let room = self.bucket.room(now);
        if !self.line.is_empty() {
            return Some(room);
        }
        self.held
            .keys()
            .filter_map(|meter| match self.gate(meter, now) {
                Gate::Open => Some(room),
                Gate::Until(moment) => Some(room.max(moment)),
                Gate::Answered => None,
            })
            .min()
    }

    /// Wakes who watches the clock if there is something to do before it would look.
    fn rearm(&mut self, now: Timestamp) {
        if !self.open {
            return;
        }
        let next = self.next_moment(now);
        match &mut self.watch {
            None => self.hand_over(now),
            Some(watch) => {
                if next.is_some_and(|next| watch.until.is_none_or(|until| next < until)) {
                    watch.until = next;
                    watch.turn.notify_one();
                }
            }
        }
    }

    /// Another one watches the clock, if anybody waits.
    fn hand_over(&mut self, now: Timestamp) {
        let last = self.line.last().map(|(_, waiter)| waiter);
        let last = last.or_else(|| self.held.values().find_map(|held| Some(held.last_key_value()?.1)));
        self.watch = last.map(|waiter| {
            waiter.turn.notify_one();
            Watch { number: waiter.number, turn: Arc::clone(&waiter.turn), until: Some(now) }
        });
    }

    fn is_watched_by(&self, number: u64) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.number == number)
    }

    fn waiting(&self) -> usize {
        self.line.len() + self.held.values().map(BTreeMap::len).sum::<usize>() + self.given.len()
    }

    fn remove(&mut self, spot: Spot, waiter: &Waiter) {
        if self.line.remove(spot).is_some() {
            return;
        }
        for meter in &*waiter.meters {
            if let Some(held) = self.held.get_mut(meter)
                && held.remove(&spot).is_some()
            {
                if held.is_empty() {
                    self.held.remove(meter);
                }
                return;
            }
        }
    }
}

/// How soon a gauge is looked at again that is shut until a call under way is answered.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

fn opens(gate: Gate, now: Timestamp) -> Option<Timestamp> {
    match gate {
        Gate::Open => None,
        Gate::Until(moment) => Some(moment),
        Gate::Answered => Some(now.plus(LOOK_AGAIN)),
    }
}
