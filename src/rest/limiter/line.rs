//! Who goes next: first come, first served within a priority, and nobody is passed over for ever.

use std::collections::BTreeMap;

/// How urgent a call is. More urgent ones go first, yet every priority that has calls waiting gets at least one of
/// any 20 slots, and usually one of 15: a bulk call that is n-th of its kind waits for at most 20 n slots, however
/// many others come.
///
/// ```
/// use openlines::rest::CallPriority;
/// assert!(CallPriority::Reply < CallPriority::Bulk);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CallPriority {
    /// Whether something may be sent depends on its answer.
    Check,
    /// Somebody waits for it, as for a reply.
    #[default]
    Reply,
    /// A hand-over to people.
    HandOver,
    /// An edit or a deletion.
    Edit,
    /// An RT event.
    Rt,
    /// Everything that can wait.
    Bulk,
}

const PRIORITIES: usize = 6;

/// A priority that was passed over this often is next: one slot of 15 is its own.
const PASSED: u32 = 14;

/// A place: the priority, and the number drawn on arrival.
pub(crate) type Ticket = (CallPriority, u64);

/// Those who wait.
#[derive(Debug)]
pub(crate) struct Line<T> {
    /// Calls that the portal refused for its rate, by the slot they had: before everybody.
    refused: BTreeMap<u64, T>,
    waiting: [BTreeMap<u64, T>; PRIORITIES],
    /// Slots that went to others since the priority had one.
    passed: [u32; PRIORITIES],
}

/// Where somebody stands in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spot {
    /// Refused, and the slot it had.
    Refused(u64),
    /// Waiting by its ticket.
    Waiting(Ticket),
}

impl<T> Line<T> {
    pub(crate) fn new() -> Self {
        Self {
            refused: BTreeMap::new(),
            waiting: std::array::from_fn(|_| BTreeMap::new()),
            passed: [0; PRIORITIES],
        }
    }

    pub(crate) fn insert(&mut self, spot: Spot, who: T) {
        match spot {
            Spot::Refused(slot) => self.refused.insert(slot, who),
            Spot::Waiting((priority, number)) => {
                let at = priority as usize;
                if self.waiting[at].is_empty() {
                    self.passed[at] = 0;
                }
                self.waiting[at].insert(number, who)
            }
        };
    }

    pub(crate) fn remove(&mut self, spot: Spot) -> Option<T> {
        match spot {
            Spot::Refused(slot) => self.refused.remove(&slot),
            Spot::Waiting((priority, number)) => self.waiting[priority as usize].remove(&number),
        }
    }

    /// Who is next.
    pub(crate) fn next(&self) -> Option<(Spot, &T)> {
        self.next_of(|_| true)
    }

    /// Who is next of these priorities.
    pub(crate) fn next_of(&self, wanted: impl Fn(CallPriority) -> bool) -> Option<(Spot, &T)> {
        if let Some((slot, who)) = self.refused.first_key_value() {
            return Some((Spot::Refused(*slot), who));
        }
        let waiting = || (0..PRIORITIES).filter(|at| !self.waiting[*at].is_empty() && wanted(PRIORITY[*at]));
        // The longest passed over; of equals the more urgent.
        let due = waiting().filter(|at| self.passed[*at] >= PASSED).rev().max_by_key(|at| self.passed[*at]);
        let at = due.or_else(|| waiting().next())?;
        let (number, who) = self.waiting[at].first_key_value()?;
        Some((Spot::Waiting((PRIORITY[at], *number)), who))
    }

    /// A slot went to `spot`, which has left the line.
    pub(crate) fn served(&mut self, spot: Spot) {
        let Spot::Waiting((priority, _)) = spot else { return };
        for (at, passed) in self.passed.iter_mut().enumerate() {
            *passed = if at == priority as usize || self.waiting[at].is_empty() { 0 } else { *passed + 1 };
        }
    }

    /// The one who waits longest, by the look of it.
    pub(super) fn last(&self) -> Option<(Spot, &T)> {
        for (at, waiting) in self.waiting.iter().enumerate().rev() {
            if let Some((number, who)) = waiting.last_key_value() {
                return Some((Spot::Waiting((PRIORITY[at], *number)), who));
            }
        }
        self.refused.last_key_value().map(|(slot, who)| (Spot::Refused(*slot), who))
    }

    pub(crate) fn len(&self) -> usize {
        self.refused.len() + self.waiting.iter().map(BTreeMap::len).sum::<usize>()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.refused.is_empty() && self.waiting.iter().all(BTreeMap::is_empty)
    }
}

const PRIORITY: [CallPriority; PRIORITIES] = [
    CallPriority::Check,
    CallPriority::Reply,
    CallPriority::HandOver,
    CallPriority::Edit,
    CallPriority::Rt,
    CallPriority::Bulk,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(line: &mut Line<()>) -> Spot {
        let (spot, ()) = line.next().unwrap();
        line.remove(spot);
        line.served(spot);
        spot
    }

    #[test]
    fn bulk_gets_every_fifteenth_slot_while_replies_keep_coming() {
        let mut line = Line::new();
        for number in 0..400 {
            line.insert(Spot::Waiting((CallPriority::Reply, number)), ());
        }
        for number in 400..410 {
            line.insert(Spot::Waiting((CallPriority::Bulk, number)), ());
        }
        let served: Vec<Spot> = (0..150).map(|_| serve(&mut line)).collect();
        let bulk: Vec<usize> =
            (0..150).filter(|at| matches!(served[*at], Spot::Waiting((CallPriority::Bulk, _)))).collect();
        assert_eq!(bulk, (0..10).map(|n| 14 + 15 * n).collect::<Vec<_>>());
    }

    #[test]
    fn no_priority_waits_for_more_than_nineteen_slots_when_all_are_busy() {
        let mut line = Line::new();
        let mut waited = [0_u32; PRIORITIES];
        for number in 0..5000 {
            line.insert(Spot::Waiting((PRIORITY[number as usize % PRIORITIES], number)), ());
        }
        for _ in 0..900 {
            let Spot::Waiting((priority, _)) = serve(&mut line) else { unreachable!("nobody was refused") };
            for (at, waited) in waited.iter_mut().enumerate() {
                *waited = if at == priority as usize { 0 } else { *waited + 1 };
                assert!(*waited <= 19, "{:?} waits", PRIORITY[at]);
            }
        }
    }

    #[test]
    fn a_refused_call_goes_before_everybody_in_the_order_of_slots() {
        let mut line = Line::new();
        line.insert(Spot::Waiting((CallPriority::Reply, 1)), ());
        line.insert(Spot::Refused(8), ());
        line.insert(Spot::Refused(7), ());
        let order: Vec<Spot> = (0..3).map(|_| serve(&mut line)).collect();
        assert_eq!(order, [Spot::Refused(7), Spot::Refused(8), Spot::Waiting((CallPriority::Reply, 1))]);
    }
}
