//! The portal's side: a leaky bucket that counts requests as they arrive, and the means to run on its clock.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use openlines::{
    clock::{Clock as _, ManualClock},
    rest::{Api, Call, CallError, CallErrorKind, Limited, Limits},
    wire::{PortalKey, Timestamp},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub(crate) fn clock() -> ManualClock {
    ManualClock::at_seconds(1_773_682_918)
}

pub(crate) fn key() -> PortalKey {
    PortalKey::new("app", "7c1f")
}

pub(crate) fn call(id: usize) -> Call {
    Call::new(key(), "imbot.message.add", json!({"ID": id}))
}

pub(crate) fn id_of(call: &Call) -> usize {
    usize::try_from(call.params["ID"].as_u64().unwrap()).unwrap()
}

/// Numbers that look like chance and are the same in every run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

/// The portal: one more a request, less `rate` a second, refused above `burst`.
pub(crate) struct Portal {
    pub(crate) clock: ManualClock,
    burst: f64,
    rate: f64,
    /// Milliseconds that a request takes to get there, at least and at most.
    way: (u64, u64),
    inside: Mutex<Inside>,
}

pub(crate) struct Inside {
    level: f64,
    at: Timestamp,
    chance: Chance,
    /// Requests on their way, in the order in which they were sent.
    pub(crate) sent: Vec<usize>,
    pub(crate) served: Vec<(Timestamp, usize)>,
    pub(crate) refused: usize,
    /// So many requests are refused for no reason of ours, as if somebody else had filled the bucket.
    pub(crate) to_refuse: usize,
}

impl Portal {
    pub(crate) fn new(clock: &ManualClock, burst: u32, rate: f64, way: (u64, u64)) -> Arc<Self> {
        let inside = Inside {
            level: 0.0,
            at: clock.now(),
            chance: Chance(41),
            sent: Vec::new(),
            served: Vec::new(),
            refused: 0,
            to_refuse: 0,
        };
        let inside = Mutex::new(inside);
        Arc::new(Self { clock: clock.clone(), burst: f64::from(burst), rate, way, inside })
    }

    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    pub(crate) fn served(&self) -> usize {
        self.inside().served.len()
    }

    async fn pass_by(&self) {
        let (least, most) = self.way;
        if most > 0 {
            let way = least + self.inside().chance.below(most - least + 1);
            self.clock.sleep_until(self.clock.now().plus(Duration::from_millis(way))).await;
        }
    }
}

#[async_trait]
impl Api for Portal {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        call.begin().await?;
        let id = id_of(&call);
        self.inside().sent.push(id);
        self.pass_by().await;
        let verdict = {
            let mut inside = self.inside();
            let now = self.clock.now();
            inside.level = (inside.level - now.since(inside.at).as_secs_f64() * self.rate).max(0.0);
            inside.at = now;
            if inside.to_refuse > 0 {
                inside.to_refuse -= 1;
                Err(())
            } else if inside.level + 1.0 > self.burst + 1e-9 {
                inside.refused += 1;
                Err(())
            } else {
                inside.level += 1.0;
                inside.served.push((now, id));
                Ok(Value::Null)
            }
        };
        self.pass_by().await;
        verdict.map_err(|()| {
            CallError::new(CallErrorKind::Limited, call.method)
                .code_of_portal("QUERY_LIMIT_EXCEEDED")
                .status_of_portal(503)
        })
    }
}

pub(crate) fn limited(portal: &Arc<Portal>, limits: Limits) -> Arc<Limited<Arc<Portal>>> {
    Arc::new(Limited::new(Arc::clone(portal), limits, Arc::new(portal.clock.clone())))
}

pub(crate) fn spawn<A: Api>(api: &Arc<A>, call: Call) -> JoinHandle<Result<Value, CallError>> {
    let api = Arc::clone(api);
    tokio::spawn(async move { api.call(call).await })
}

/// Lets every task run until none can without the clock. Wake-ups pass on in a few turns; all tasks run in each.
pub(crate) async fn settle() {
    for _ in 0..12 {
        tokio::task::yield_now().await;
    }
}

/// Moves the clock by `step` until `done`.
pub(crate) async fn run(clock: &ManualClock, step: Duration, mut done: impl FnMut() -> bool) {
    let begun = clock.now();
    settle().await;
    while !done() {
        clock.advance(step);
        settle().await;
        assert!(clock.now().since(begun) < Duration::from_secs(100_000), "it does not end");
    }
}
