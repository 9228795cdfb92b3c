//! Whatever comes in whatever order: first come, first served within a priority, nobody starved, nothing lost or made
//! twice, and never a request that the portal has to refuse.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use openlines::rest::{Api, Call, CallError, CallPriority, Limited, Limits};
use proptest::prelude::*;
use serde_json::Value;

use super::portal::{Portal, call, clock, id_of, run, settle};

const PRIORITIES: [CallPriority; 5] =
    [CallPriority::Reply, CallPriority::HandOver, CallPriority::Edit, CallPriority::Rt, CallPriority::Bulk];

/// The bound that `CallPriority` states: at least one slot of 20 for each that waits.
const BOUND: usize = 19;

#[derive(Debug, Clone)]
enum Act {
    Come { priority: usize, many: usize },
    GiveUp { one: prop::sample::Index },
    Wait { millis: u64 },
    RefuseNext { many: usize },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..5_usize, 1..12_usize).prop_map(|(priority, many)| Act::Come { priority, many }),
        2 => any::<prop::sample::Index>().prop_map(|one| Act::GiveUp { one }),
        4 => (0..4000_u64).prop_map(|millis| Act::Wait { millis }),
        1 => (1..4_usize).prop_map(|many| Act::RefuseNext { many }),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Seen {
    Came(usize),
    Sent(usize),
    Left(usize),
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// Notes what is sent.
struct Noting {
    portal: Arc<Portal>,
    log: Log,
}

#[async_trait]
impl Api for Noting {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        self.log.lock().unwrap().push(Seen::Sent(id_of(&call)));
        self.portal.call(call).await
    }
}

/// Notes the end of a call, answered or given up.
struct Leaving(Log, usize);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(Seen::Left(self.1));
    }
}

/// First come, first served within a priority; nobody waits for more slots than stated.
fn check_order(log: &[Seen], priority_of: &[usize]) {
    let mut waiting: [Vec<usize>; 5] = Default::default();
    let mut passed = [0; 5];
    let mut again = Vec::new();
    for seen in log {
        match *seen {
            Seen::Came(id) => {
                let at = priority_of[id];
                if waiting[at].is_empty() {
                    passed[at] = 0;
                }
                waiting[at].push(id);
            }
            Seen::Left(id) => waiting[priority_of[id]].retain(|other| *other != id),
            // Refused ones go before all others and count for nobody.
            Seen::Sent(id) if again.contains(&id) => {}
            Seen::Sent(id) => {
                again.push(id);
                let at = priority_of[id];
                assert_eq!(waiting[at].first(), Some(&id), "{id} overtook its own priority");
                waiting[at].remove(0);
                for other in 0..5 {
                    passed[other] =
                        if other == at || waiting[other].is_empty() { 0 } else { passed[other] + 1 };
                    assert!(passed[other] <= BOUND, "{:?} waits for {}", PRIORITIES[other], passed[other]);
                }
            }
        }
    }
}

async fn play(limits: Limits, burst: u32, rate: u32, way: (u64, u64), acts: Vec<Act>) {
    let clock = clock();
    let portal = Portal::new(&clock, burst, f64::from(rate), way);
    let log = Log::default();
    let noting = Noting { portal: Arc::clone(&portal), log: Arc::clone(&log) };
    let api = Arc::new(Limited::new(noting, limits, Arc::new(clock.clone())));
    let (mut made, mut priority_of, mut given_up) = (Vec::new(), Vec::new(), Vec::new());
    for act in acts {
        match act {
            Act::Come { priority, many } => {
                for _ in 0..many {
                    let (id, api, log) = (made.len(), Arc::clone(&api), Arc::clone(&log));
                    priority_of.push(priority);
                    made.push(tokio::spawn(async move {
                        log.lock().unwrap().push(Seen::Came(id));
                        let _leaving = Leaving(Arc::clone(&log), id);
                        api.call(call(id).priority(PRIORITIES[priority])).await
                    }));
                }
            }
            // Not settled before it: some give up with a slot that they have not yet taken.
            Act::GiveUp { one } if !made.is_empty() => {
                let id = one.index(made.len());
                made[id].abort();
                given_up.push(id);
                continue;
            }
            Act::GiveUp { .. } => {}
            Act::Wait { millis } => {
                clock.advance(Duration::from_millis(millis % 100));
                for _ in 0..millis / 100 {
                    settle().await;
                    clock.advance(Duration::from_millis(100));
                }
                // What the clock has woken has not run yet when the next one gives up.
                tokio::task::yield_now().await;
                continue;
            }
            Act::RefuseNext { many } => portal.inside().to_refuse += many,
        }
        settle().await;
    }
    run(&clock, Duration::from_millis(100), || made.iter().all(|made| made.is_finished())).await;
    assert_eq!(portal.inside().refused, 0, "the portal had to refuse");
    for (id, made) in made.into_iter().enumerate() {
        let times = portal.inside().served.iter().filter(|(_, served)| *served == id).count();
        match made.await {
            Ok(result) => {
                result.unwrap();
                assert_eq!(times, 1, "{id} was made {times} times");
            }
            Err(_) => assert!(given_up.contains(&id) && times <= 1, "{id} was lost"),
        }
    }
    check_order(&log.lock().unwrap(), &priority_of);
    let member = super::portal::key().member;
    assert_eq!(api.slots().waiting(&member), 0);
    // Nothing leaked away unseen: after a rest all is free again.
    let before = api.slots().free(&member);
    clock.advance(Duration::from_secs(3600));
    assert!(api.slots().free(&member) >= before);
    assert_eq!(
        api.slots().free(&member),
        Limited::new(portal, limits, Arc::new(clock)).slots().free(&member)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_in_any_order_keep_every_promise(acts in prop::collection::vec(act(), 1..60), large in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (burst, rate, way) = if large { (12, 5, (20, 220)) } else { (6, 2, (20, 320)) };
        runtime.block_on(play(Limits::new(burst, rate), burst, rate, way, acts));
    }
}
