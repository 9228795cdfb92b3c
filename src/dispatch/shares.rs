//! Turns that run at once, shared between portals: one portal with thousands of waiting dialogs, or with turns that
//! hang, keeps no other from its own.
//!
//! A portal never has more turns than are free, so that half of what is left is always left for the others; portals
//! that wait are served one turn each, in the order in which they came.
//!
//! **Trap:** whoever is told of a free turn and has nothing to run must [`leave`](Seat::leave), or those behind it wait
//! for nothing.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// All turns.
#[derive(Debug)]
pub(super) struct Shares {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    next_seat: u64,
    /// Seats that want a turn.
    waiting: VecDeque<Waiter>,
    held: HashMap<u64, usize>,
}

#[derive(Debug)]
struct Waiter {
    seat: u64,
    called: Arc<Notify>,
}

/// A portal's place among the others.
#[derive(Debug)]
pub(super) struct Seat {
    shares: Arc<Shares>,
    id: u64,
    called: Arc<Notify>,
}

/// The right to run one turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    shares: Arc<Shares>,
    seat: u64,
}

impl Shares {
    pub(super) fn of(turns_at_once: usize) -> Arc<Self> {
        let state = State {
            free: turns_at_once.max(1),
            next_seat: 0,
            waiting: VecDeque::new(),
            held: HashMap::new(),
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// A seat for one portal.
    pub(super) fn seat(self: &Arc<Self>) -> Seat {
        let mut state = self.state();
        state.next_seat += 1;
        Seat { shares: self.clone(), id: state.next_seat, called: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_due(&self, seat: u64) -> bool {
        self.held.get(&seat).copied().unwrap_or(0) < self.free
    }

    /// The first of those who wait that may have a turn now.
    fn first_due(&self) -> Option<&Waiter> {
        self.waiting.iter().find(|waiter| self.is_due(waiter.seat))
    }

    fn call_next(&self) {
        if let Some(waiter) = self.first_due() {
            waiter.called.notify_one();
        }
    }

    fn forget(&mut self, seat: u64) {
        self.waiting.retain(|waiter| waiter.seat != seat);
    }
}

impl Seat {
    /// A turn, if one is free for this portal now; else it waits in line, and is [`called`](Self::called).
    pub(super) fn take(&self) -> Option<Slot> {
        let mut state = self.shares.state();
        let is_next = match state.first_due() {
            Some(waiter) => waiter.seat == self.id,
            None => state.is_due(self.id),
        };
        if !is_next {
            if !state.waiting.iter().any(|waiter| waiter.seat == self.id) {
                state.waiting.push_back(Waiter { seat: self.id, called: self.called.clone() });
            }
            return None;
        }
        state.forget(self.id);
        state.free -= 1;
        *state.held.entry(self.id).or_default() += 1;
        state.call_next();
        Some(Slot { shares: self.shares.clone(), seat: self.id })
    }

    /// It wants no turn any more.
    pub(super) fn leave(&self) {
        let mut state = self.shares.state();
        if !state.waiting.is_empty() {
            state.forget(self.id);
            state.call_next();
        }
    }

    /// Returns when it is this portal's turn to [`take`](Self::take) one.
    pub(super) async fn called(&self) {
        self.called.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.shares.state();
        state.free += 1;
        if let Some(held) = state.held.get_mut(&self.seat) {
            *held -= 1;
            if *held == 0 {
                state.held.remove(&self.seat);
            }
        }
        state.call_next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn as_many_as_it_gets(seat: &Seat) -> Vec<Slot> {
        std::iter::from_fn(|| seat.take()).collect()
    }

    #[test]
    fn one_portal_leaves_room_for_those_who_come_later() {
        let shares = Shares::of(64);
        let hanging: Vec<(Seat, Vec<Slot>)> = (0..5)
            .map(|_| {
                let seat = shares.seat();
                let slots = as_many_as_it_gets(&seat);
                (seat, slots)
            })
            .collect();
        let held: Vec<usize> = hanging.iter().map(|(_, slots)| slots.len()).collect();
        assert_eq!(held, [32, 16, 8, 4, 2], "each takes half of what is left");
        assert!(shares.seat().take().is_some(), "the sixth has its turn at once");
    }

    #[test]
    fn a_single_turn_goes_round() {
        let shares = Shares::of(1);
        let seats: Vec<Seat> = (0..3).map(|_| shares.seat()).collect();
        let mut running = (0, seats[0].take().unwrap());
        let mut order = vec![0];
        for seat in [1, 2, 0] {
            assert!(seats[seat].take().is_none());
        }
        for _ in 0..6 {
            let (was, slot) = running;
            drop(slot);
            let called: Vec<usize> =
                (0..3).filter(|seat| seats[*seat].called().now_or_never().is_some()).collect();
            let [next] = called[..] else { panic!("one is called: {called:?}") };
            assert!(seats[was].take().is_none(), "who had it does not push in");
            running = (next, seats[next].take().unwrap());
            assert!(seats[next].take().is_none());
            order.push(next);
        }
        assert_eq!(order, [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn who_leaves_makes_room_for_those_behind() {
        let shares = Shares::of(1);
        let [first, second, third] = [shares.seat(), shares.seat(), shares.seat()];
        let slot = first.take().unwrap();
        assert!(second.take().is_none() && third.take().is_none());
        drop(slot);
        assert!(second.called().now_or_never().is_some());
        drop(second);
        assert!(third.called().now_or_never().is_some());
        assert!(third.take().is_some());
    }

    #[test]
    fn all_turns_come_back() {
        let shares = Shares::of(9);
        let seats: Vec<Seat> = (0..4).map(|_| shares.seat()).collect();
        let slots: Vec<Slot> = seats.iter().flat_map(as_many_as_it_gets).collect();
        drop(slots);
        drop(seats);
        let state = shares.state();
        assert_eq!((state.free, state.held.len(), state.waiting.len()), (9, 0, 0));
    }
}
