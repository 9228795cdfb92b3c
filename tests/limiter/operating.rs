//! Operating time, against the portal's ten buckets of a minute each.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use openlines::{
    clock::{Clock as _, ManualClock},
    rest::{Api, Batch, Call, CallError, CallErrorKind, Limited, Limits, Operating},
    wire::Timestamp,
};
use serde_json::{Value, json};

use super::portal::{clock, key, run, settle, spawn};

const STEP: Duration = Duration::from_millis(250);
const LIMIT: f64 = 420.0;
const COST: Duration = Duration::from_secs(2);

/// One method is slow; everything else costs nothing.
struct Slow {
    clock: ManualClock,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    /// First call of the minute, and the sum.
    minutes: VecDeque<(Timestamp, f64)>,
    done: usize,
    refused: usize,
    quick: usize,
}

impl Slow {
    fn new(clock: &ManualClock) -> Arc<Self> {
        Arc::new(Self { clock: clock.clone(), inside: Mutex::default() })
    }

    fn spent(&self) -> f64 {
        let mut inside = self.inside.lock().unwrap();
        let now = self.clock.now();
        while inside.minutes.front().is_some_and(|(first, _)| now.since(*first) >= Duration::from_secs(600)) {
            inside.minutes.pop_front();
        }
        inside.minutes.iter().map(|(_, sum)| sum).sum()
    }

    fn spend(&self, seconds: f64) {
        let mut inside = self.inside.lock().unwrap();
        let now = self.clock.now();
        match inside.minutes.back_mut() {
            Some((first, sum)) if now.since(*first) < Duration::from_secs(60) => *sum += seconds,
            _ => inside.minutes.push_back((now, seconds)),
        }
    }

    /// As `time` tells it.
    fn time(&self) -> Value {
        let spent = self.spent();
        let first = self.inside.lock().unwrap().minutes.front().map_or(self.clock.now(), |(first, _)| *first);
        json!({
            "start": self.clock.now().seconds(),
            "finish": self.clock.now().millis() as f64 / 1000.0,
            "duration": COST.as_secs_f64(),
            "operating": spent,
            "operating_reset_at": first.seconds() + 600,
        })
    }

    async fn slow(&self) -> Result<Value, CallError> {
        if self.spent() > LIMIT {
            self.inside.lock().unwrap().refused += 1;
            return Err(CallError::new(CallErrorKind::Limited, "slow")
                .code_of_portal("OPERATION_TIME_LIMIT")
                .status_of_portal(429)
                .retry_after_of_portal(Duration::from_secs(30)));
        }
        self.clock.sleep_until(self.clock.now().plus(COST)).await;
        self.spend(COST.as_secs_f64());
        self.inside.lock().unwrap().done += 1;
        Ok(Value::Null)
    }
}

#[async_trait]
impl Api for Slow {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        match &*call.method {
            "quick" => self.inside.lock().unwrap().quick += 1,
            "batch" => {
                let (mut times, mut errors) = (json!({}), json!({}));
                for (name, command) in call.params["cmd"].as_object().unwrap() {
                    if command == "slow" {
                        match self.slow().await {
                            Ok(_) => times[name] = self.time(),
                            Err(error) => errors[name] = json!({"error": error.code()}),
                        }
                    }
                }
                return Ok(json!({"result": {}, "result_error": errors, "result_time": times}));
            }
            _ => {
                self.slow().await?;
                call.tell(Operating::of_time(&self.time()).unwrap());
            }
        }
        Ok(Value::Null)
    }
}

fn named(method: &'static str) -> Call {
    Call::new(key(), method, json!({}))
}

fn limited(portal: &Arc<Slow>) -> Arc<Limited<Arc<Slow>>> {
    Arc::new(Limited::new(Arc::clone(portal), Limits::standard(), Arc::new(portal.clock.clone())))
}

#[tokio::test]
async fn a_slow_method_is_slowed_down_before_the_portal_refuses_it() {
    let clock = clock();
    let portal = Slow::new(&clock);
    let api = limited(&portal);
    let begun = clock.now();
    let _slow: Vec<_> = (0..2000).map(|_| spawn(&api, named("slow"))).collect();
    run(&clock, STEP, || clock.now().since(begun) >= Duration::from_secs(3600)).await;
    let done = portal.inside.lock().unwrap().done;
    let refused = portal.inside.lock().unwrap().refused;
    let used = done as f64 * COST.as_secs_f64() / (LIMIT * 6.0) * 100.0;
    println!("operating: {done} calls of 2 s in an hour, {used:.1} % of what six windows allow");
    assert_eq!(refused, 0);
    assert!(used >= 85.0, "{used}");
    // Everything else goes as ever.
    let quick = spawn(&api, named("quick"));
    run(&clock, STEP, || quick.is_finished()).await;
    let under_way = 2000 - done - api.slots().waiting(&key().member);
    assert!(under_way <= 4, "{under_way} under way");
}

#[tokio::test]
async fn a_method_used_up_by_others_waits_for_the_reset_that_was_told() {
    let clock = clock();
    let portal = Slow::new(&clock);
    let api = limited(&portal);
    let first = spawn(&api, named("slow"));
    run(&clock, STEP, || first.is_finished()).await;
    portal.spend(500.0);
    let oldest = portal.inside.lock().unwrap().minutes[0].0;
    let slow: Vec<_> = (0..3).map(|_| spawn(&api, named("slow"))).collect();
    settle().await;
    assert_eq!(portal.inside.lock().unwrap().refused, 1, "the others do not try");
    let quick = spawn(&api, named("quick"));
    settle().await;
    assert!(quick.is_finished());
    run(&clock, STEP, || slow.iter().all(|slow| slow.is_finished())).await;
    let waited = clock.now().since(oldest);
    assert_eq!(portal.inside.lock().unwrap().refused, 1, "nothing was tried before the reset");
    assert!(waited >= Duration::from_secs(600) && waited < Duration::from_secs(608), "{waited:?}");
}

#[tokio::test]
async fn a_batch_tells_of_its_methods_and_waits_for_them() {
    let clock = clock();
    let portal = Slow::new(&clock);
    let api = limited(&portal);
    let batch = || {
        let mut batch = Batch::new(key());
        batch.add(named("quick")).unwrap();
        batch.add(named("slow")).unwrap();
        batch.to_call()
    };
    let first = spawn(&api, batch());
    run(&clock, STEP, || first.is_finished()).await;
    portal.spend(500.0);
    // One item is refused within a batch that succeeds; from then on the method waits, alone or in a batch.
    let second = spawn(&api, batch());
    settle().await;
    assert!(second.is_finished());
    let waiting = [spawn(&api, batch()), spawn(&api, named("Slow"))];
    let quick = spawn(&api, named("quick"));
    settle().await;
    assert!(quick.is_finished() && waiting.iter().all(|call| !call.is_finished()));
    run(&clock, STEP, || waiting.iter().all(|call| call.is_finished())).await;
    assert_eq!(portal.inside.lock().unwrap().refused, 1);
}
