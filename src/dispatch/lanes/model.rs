//! Any interleaving of arrivals, turns, failures and restarts, against a journal that says what the order has to be.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    dispatch::burst::{Gather, MOST},
    store::JournalRow,
    wire::{BotId, MessageId, UserId},
};

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// An event is accepted. `author` makes a message one of a burst, and anything else an echo of one.
    Arrives {
        lane: u8,
        message: Option<i64>,
        author: Option<i64>,
    },
    /// The next turn starts. `kept` tells that its membership is on disk before the process can end.
    Starts {
        kept: bool,
    },
    /// One of the running turns is done.
    Ends(prop::sample::Index),
    /// One of the running turns failed.
    Fails(prop::sample::Index),
    /// The process ends and starts again.
    Restarts,
    Passes(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let arrives = (0..3_u8, prop::option::weighted(0.8, 0..30_i64), prop::option::weighted(0.6, 0..2_i64));
    let arrives = arrives.prop_map(|(lane, message, author)| Step::Arrives { lane, message, author });
    let step = prop_oneof![
        8 => arrives,
        6 => any::<bool>().prop_map(|kept| Step::Starts { kept }),
        4 => any::<prop::sample::Index>().prop_map(Step::Ends),
        2 => any::<prop::sample::Index>().prop_map(Step::Fails),
        1 => Just(Step::Restarts),
        4 => (1..3_000_u16).prop_map(Step::Passes),
    ];
    prop::collection::vec(step, 0..120)
}

/// The journal, as a store keeps it, and what runs.
#[derive(Default)]
struct Model {
    now: i64,
    rows: BTreeMap<i64, Arrival>,
    done: Vec<i64>,
    lanes: Lanes,
    /// Members of the turn at the head of each lane, as this life knows them.
    heads: BTreeMap<LaneKey, Vec<i64>>,
    running: Vec<LaneKey>,
}

const QUIET: Duration = Duration::from_millis(2_000);

impl Model {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    fn arrives(&mut self, lane: u8, message: Option<i64>, author: Option<i64>) {
        let seq = i64::try_from(self.rows.len() + self.done.len()).unwrap() + 1;
        let row = JournalRow {
            seq: Seq(seq),
            lane: LaneKey::new(lane.to_string()),
            code: String::new(),
            message: message.map(MessageId::new),
            body: bytes::Bytes::new(),
            accepted: self.now(),
            attempts: 0,
            retry_at: None,
            frozen: Vec::new(),
            read: None,
        };
        let echo = message.is_none() && author.is_some();
        let author = author.filter(|_| message.is_some());
        let gather =
            author.map(|author| Gather { quiet: QUIET, bot: BotId::new(1), author: UserId::new(author) });
        let arrival = Arrival { row, heard: None, gather, echo };
        self.rows.insert(seq, arrival.clone());
        self.lanes.push(arrival);
    }

    /// What waits in a lane, in the order in which it would run one by one: messages by their ids, others in their
    /// places.
    fn order<'a>(&'a self, lane: &LaneKey) -> Vec<&'a Arrival> {
        let of_lane = || self.rows.values().filter(|one| one.row.lane == *lane);
        let mut messages: Vec<&Arrival> = of_lane().filter(|one| one.row.message.is_some()).collect();
        messages.sort_by_key(|one| (one.row.message, one.row.seq));
        let mut messages = messages.into_iter();
        let in_place = |one: &'a Arrival| one.row.message.map_or(one, |_| messages.next().unwrap());
        of_lane().map(in_place).collect()
    }

    /// The turn that a lane without a running one has to start with, and not before which moment.
    fn wanted(&self, lane: &LaneKey) -> Option<(Vec<i64>, i64)> {
        let head = self.heads.get(lane).cloned().or_else(|| {
            let frozen = self.rows.values().filter(|one| one.row.lane == *lane && !one.row.frozen.is_empty());
            frozen.map(|one| one.row.frozen.iter().map(|seq| seq.0).collect()).next()
        });
        if let Some(head) = head {
            let at = self.rows[&head[0]].row.retry_at.map_or(0, Timestamp::millis);
            return Some((head, at));
        }
        let order = self.order(lane);
        let first = *order.first()?;
        if first.gather.is_none() {
            return Some((vec![first.row.seq.0], 0));
        }
        let others = || order.iter().filter(|one| !one.echo);
        let burst: Vec<&&Arrival> =
            others().take(MOST).take_while(|one| one.gather == first.gather).collect();
        let accepted = || burst.iter().map(|one| one.row.accepted.millis());
        let quiet = i64::try_from(QUIET.as_millis()).unwrap();
        let due = (accepted().max()? + quiet).min(accepted().min()? + 10 * quiet);
        let is_over = burst.len() == MOST || burst.len() < others().count();
        Some((burst.iter().map(|one| one.row.seq.0).collect(), if is_over { 0 } else { due }))
    }

    fn starts(&mut self, kept: bool) -> Result<bool, TestCaseError> {
        let Some((lane, members)) = self.lanes.start(self.now()) else {
            self.nothing_could_start()?;
            return Ok(false);
        };
        let members: Vec<i64> = members.iter().map(|one| one.row.seq.0).collect();
        prop_assert!(!self.running.contains(&lane), "{lane:?} runs already");
        let (wanted, not_before) = self.wanted(&lane).unwrap();
        prop_assert_eq!(&members, &wanted);
        prop_assert!(not_before <= self.now, "{:?} too early: {} < {}", members, self.now, not_before);
        if kept {
            self.freeze(&members);
        }
        self.heads.insert(lane.clone(), members);
        self.running.push(lane);
        Ok(true)
    }

    /// Nobody who may start waits, and the lanes wake in time for the next who will.
    fn nothing_could_start(&self) -> Result<(), TestCaseError> {
        let mut next = None;
        let lanes: BTreeSet<&LaneKey> = self.rows.values().map(|one| &one.row.lane).collect();
        for lane in lanes.into_iter().filter(|lane| !self.running.contains(lane)) {
            let (members, not_before) = self.wanted(lane).unwrap();
            prop_assert!(not_before > self.now, "{members:?} of {lane:?} could start");
            next = Some(next.map_or(not_before, |next: i64| next.min(not_before)));
        }
        prop_assert_eq!(self.lanes.next_wake().map(Timestamp::millis), next);
        Ok(())
    }

    fn freeze(&mut self, members: &[i64]) {
        for seq in members {
            self.rows.get_mut(seq).unwrap().row.frozen = members.iter().copied().map(Seq).collect();
        }
    }

    fn ends(&mut self, which: usize) {
        let lane = self.running.remove(which);
        for seq in self.heads.remove(&lane).unwrap() {
            self.rows.remove(&seq).unwrap();
            self.done.push(seq);
        }
        self.lanes.finished(&lane);
    }

    fn fails(&mut self, which: usize) {
        let lane = self.running.remove(which);
        let members = self.heads[&lane].clone();
        self.freeze(&members);
        let at = Timestamp::from_millis(self.now + 1_500);
        for seq in &members {
            let row = &mut self.rows.get_mut(seq).unwrap().row;
            (row.attempts, row.retry_at) = (row.attempts + 1, Some(at));
        }
        self.lanes.rest(&lane, at);
    }

    fn restarts(&mut self) {
        self.heads.clear();
        self.running.clear();
        self.lanes = Lanes::default();
        self.rows.values().cloned().for_each(|arrival| self.lanes.push(arrival));
    }

    fn go(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Arrives { lane, message, author } => self.arrives(*lane, *message, *author),
            Step::Starts { kept } => drop(self.starts(*kept)?),
            Step::Ends(_) | Step::Fails(_) if self.running.is_empty() => {}
            Step::Ends(which) => self.ends(which.index(self.running.len())),
            Step::Fails(which) => self.fails(which.index(self.running.len())),
            Step::Restarts => self.restarts(),
            Step::Passes(span) => self.now += i64::from(*span),
        }
        prop_assert_eq!(self.lanes.len(), self.rows.len());
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_keeps_the_order_and_runs_everything_once(steps in steps()) {
        let mut model = Model::default();
        for step in &steps {
            model.go(step)?;
        }
        // Whatever is left comes to an end.
        while !model.rows.is_empty() {
            while model.starts(true)? {}
            if model.running.is_empty() {
                model.now = model.lanes.next_wake().unwrap().millis();
            } else {
                model.ends(0);
            }
        }
        let count = model.done.len();
        let arrived = steps.iter().filter(|step| matches!(step, Step::Arrives { .. })).count();
        model.done.sort_unstable();
        model.done.dedup();
        prop_assert_eq!((count, model.done.len(), model.lanes.len()), (arrived, arrived, 0));
    }
}
