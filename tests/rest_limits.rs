//! The limiter and the retries, on a clock that tests move, against a bucket of our own reading.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use openlines::{
    clock::{Clock as _, ManualClock},
    rest::{Api, Batch, Call, CallError, CallErrorKind, Limited, Limits, Repeat, Retrying},
    wire::{PortalKey, Timestamp},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

fn clock() -> ManualClock {
    ManualClock::at_seconds(1_773_682_918)
}

fn call(text: impl ToString) -> Call {
    Call::new(PortalKey::new("app", "7c1f"), "imbot.message.add", json!({"MESSAGE": text.to_string()}))
}

fn call_of(app: &str, member: &str, text: &str) -> Call {
    Call::new(PortalKey::new(app, member), "imbot.message.add", json!({"MESSAGE": text}))
}

/// The portal's bucket in floating point: plus one a request, minus `rate` a second, refused above `burst`.
struct Server {
    clock: ManualClock,
    burst: f64,
    rate: f64,
    state: Mutex<(f64, Timestamp)>,
    served: Mutex<Vec<(Timestamp, String)>>,
    refused: AtomicU64,
}

impl Server {
    fn new(clock: &ManualClock, burst: f64, rate: f64) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            burst,
            rate,
            state: Mutex::new((0.0, clock.now())),
            served: Mutex::default(),
            refused: AtomicU64::new(0),
        })
    }

    fn fill(&self) {
        *self.state.lock().unwrap() = (self.burst, self.clock.now());
    }

    fn served(&self) -> usize {
        self.served.lock().unwrap().len()
    }
}

#[async_trait]
impl Api for Server {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap();
        state.0 = (state.0 - now.since(state.1).as_secs_f64() * self.rate).max(0.0);
        state.1 = now;
        if state.0 + 1.0 > self.burst + 1e-9 {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(CallError::new(CallErrorKind::Limited, call.method)
                .code_of_portal("QUERY_LIMIT_EXCEEDED")
                .status_of_portal(503));
        }
        state.0 += 1.0;
        let text = call.params["MESSAGE"].as_str().unwrap_or_default().to_owned();
        self.served.lock().unwrap().push((now, text));
        Ok(Value::Null)
    }
}

/// Lets every task run until none can without the clock: a wake-up passes from one to the next a turn each.
async fn settle() {
    turns(2000).await;
}

async fn turns(turns: usize) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

/// Moves the clock by `step` until `done`; how far it got.
async fn run(clock: &ManualClock, step: Duration, mut done: impl FnMut() -> bool) -> Duration {
    let begun = clock.now();
    settle().await;
    while !done() {
        clock.advance(step);
        turns(100).await;
        assert!(clock.now().since(begun) < Duration::from_secs(3600), "it does not end");
    }
    clock.now().since(begun)
}

fn spawn<A: Api>(api: &Arc<A>, call: Call) -> JoinHandle<Result<Value, CallError>> {
    let api = Arc::clone(api);
    tokio::spawn(async move { api.call(call).await })
}

async fn six_hundred_at_once(limits: Limits, burst: f64, rate: f64) {
    let clock = clock();
    let server = Server::new(&clock, burst, rate);
    let api = Arc::new(Limited::new(Arc::clone(&server), limits, Arc::new(clock.clone())));
    let calls: Vec<_> = (0..600).map(|n| spawn(&api, call(format!("{n:03}")))).collect();
    let took = run(&clock, Duration::from_millis(250), || server.served() == 600).await;
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let allowed = burst + rate * took.as_secs_f64();
    assert!(600.0 >= 0.995 * allowed, "600 of {allowed} that were allowed in {took:?}");
    assert_eq!(server.refused.load(Ordering::SeqCst), 0);
    let order: Vec<String> = server.served.lock().unwrap().iter().map(|(_, text)| text.clone()).collect();
    assert!(order.is_sorted(), "first come, first served");
}

#[tokio::test]
async fn six_hundred_calls_at_once_use_the_bucket_to_the_full_without_one_refusal() {
    six_hundred_at_once(Limits::standard(), 50.0, 2.0).await;
}

#[tokio::test]
async fn the_large_plan_is_used_to_the_full_too() {
    six_hundred_at_once(Limits::enterprise(), 250.0, 5.0).await;
}

#[tokio::test]
async fn a_call_on_an_idle_portal_goes_out_at_once_and_portals_do_not_wait_for_each_other() {
    let clock = clock();
    let server = Server::new(&clock, 1000.0, 1.0);
    let api = Arc::new(Limited::new(Arc::clone(&server), Limits::new(3, 1), Arc::new(clock.clone())));
    let waiting: Vec<_> = (0..5).map(|n| spawn(&api, call(n))).collect();
    settle().await;
    assert_eq!(server.served(), 2, "one short of the portal's own three");
    // Another application on the same portal shares its bucket, another portal does not.
    let same = spawn(&api, call_of("other", "7c1f", "same"));
    let other = spawn(&api, call_of("app", "other", "other"));
    settle().await;
    assert!(other.is_finished() && !same.is_finished());
    run(&clock, Duration::from_secs(1), || same.is_finished()).await;
    assert!(waiting.iter().all(JoinHandle::is_finished));
}

/// Takes its time on the way there.
struct Slow(Arc<Server>);

#[async_trait]
impl Api for Slow {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let clock = &self.0.clock;
        clock.sleep_until(clock.now().plus(Duration::from_millis(100))).await;
        self.0.call(call).await
    }
}

/// Ten calls while somebody else behind the same address has used the bucket up; how many were refused.
async fn ten_refused<A: Api>(clock: &ManualClock, server: &Arc<Server>, inner: A) -> u64 {
    let api = Arc::new(Limited::new(inner, Limits::standard(), Arc::new(clock.clone())));
    server.fill();
    let calls: Vec<_> = (0..10).map(|n| spawn(&api, call(n))).collect();
    run(clock, Duration::from_millis(100), || calls.iter().all(JoinHandle::is_finished)).await;
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let order: Vec<String> = server.served.lock().unwrap().iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(order, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    server.refused.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_refused_call_waits_at_the_head_and_is_made_again() {
    let clock = clock();
    let server = Server::new(&clock, 50.0, 2.0);
    assert_eq!(ten_refused(&clock, &server, Arc::clone(&server)).await, 1, "the others wait behind it");
}

#[tokio::test]
async fn calls_refused_while_under_way_come_back_in_their_order() {
    let clock = clock();
    let server = Server::new(&clock, 50.0, 2.0);
    assert_eq!(ten_refused(&clock, &server, Slow(Arc::clone(&server))).await, 10, "each once");
}

#[tokio::test]
async fn a_dropped_call_leaves_the_line_and_takes_no_room() {
    let clock = clock();
    let server = Server::new(&clock, 50.0, 1.0);
    let api = Arc::new(Limited::new(Arc::clone(&server), Limits::new(2, 1), Arc::new(clock.clone())));
    let calls: Vec<_> = (0..6).map(|n| spawn(&api, call(n))).collect();
    settle().await;
    assert_eq!(server.served(), 1);
    for dropped in [1, 2, 4] {
        calls[dropped].abort();
    }
    let took = run(&clock, Duration::from_millis(5), || calls.iter().all(JoinHandle::is_finished)).await;
    let order: Vec<String> = server.served.lock().unwrap().iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(order, ["0", "3", "5"]);
    assert!(took <= Duration::from_millis(2010), "no slot was lost: {took:?}");
}

#[tokio::test]
async fn a_deadline_ends_the_wait_with_a_call_not_sent() {
    let clock = clock();
    let server = Server::new(&clock, 50.0, 1.0);
    let limits = Limits::new(2, 1).deadline(Duration::from_millis(1500));
    let api = Arc::new(Limited::new(Arc::clone(&server), limits, Arc::new(clock.clone())));
    let calls: Vec<_> = (0..4).map(|n| spawn(&api, call(n))).collect();
    run(&clock, Duration::from_millis(500), || calls.iter().all(JoinHandle::is_finished)).await;
    let mut kinds = Vec::new();
    for call in calls {
        kinds.push(call.await.unwrap().map_err(|error| error.kind()));
    }
    let late = Err(CallErrorKind::Limited);
    assert_eq!(kinds, [Ok(Value::Null), Ok(Value::Null), late.clone(), late]);
    assert_eq!(server.served(), 2);
}

/// Answers in turn with what it was given, then with success.
struct Script {
    answers: Mutex<VecDeque<CallError>>,
    made: Mutex<Vec<String>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = CallError>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), made: Mutex::default() })
    }
}

#[async_trait]
impl Api for Script {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        self.made.lock().unwrap().push(call.method.to_string());
        self.answers.lock().unwrap().pop_front().map_or(Ok(Value::Null), Err)
    }
}

fn failed(kind: CallErrorKind) -> CallError {
    CallError::new(kind, "profile")
}

#[tokio::test]
async fn a_method_over_its_operating_limit_waits_alone() {
    let clock = clock();
    let over = failed(CallErrorKind::Limited)
        .code_of_portal("OPERATION_TIME_LIMIT")
        .status_of_portal(429)
        .retry_after_of_portal(Duration::from_secs(60));
    let script = Script::new([over]);
    let api = Arc::new(Limited::new(Arc::clone(&script), Limits::standard(), Arc::new(clock.clone())));
    let named = |method: &'static str| Call::new(PortalKey::new("app", "7c1f"), method, json!({}));
    let first = spawn(&api, named("slow"));
    settle().await;
    let second = spawn(&api, named("slow"));
    let other = spawn(&api, named("quick"));
    settle().await;
    assert!(other.is_finished() && !first.is_finished() && !second.is_finished());
    let took = run(&clock, Duration::from_secs(1), || first.is_finished() && second.is_finished()).await;
    assert_eq!(took, Duration::from_secs(60));
    assert_eq!(*script.made.lock().unwrap(), ["slow", "quick", "slow", "slow"]);
}

#[tokio::test]
async fn only_what_may_be_repeated_is_tried_again() {
    use CallErrorKind::{BadAnswer, BadParams, Limited, Refused, Unauthorised, Unknown, Unreachable};
    for (kind, repeat, tries) in [
        (Unreachable, Repeat::Once, 2),
        (Limited, Repeat::Once, 2),
        (Unknown, Repeat::Once, 1),
        (Unknown, Repeat::Idempotent, 2),
        (Unknown, Repeat::Keyed, 2),
        (Refused, Repeat::Idempotent, 1),
        (Unauthorised, Repeat::Idempotent, 1),
        (BadAnswer, Repeat::Idempotent, 1),
        (BadParams, Repeat::Idempotent, 1),
    ] {
        let clock = clock();
        let script = Script::new([failed(kind)]);
        let api = Arc::new(Retrying::new(Arc::clone(&script), Arc::new(clock.clone())));
        let made = spawn(&api, call("x").repeat(repeat));
        run(&clock, Duration::from_millis(100), || made.is_finished()).await;
        assert_eq!(made.await.unwrap().is_ok(), tries == 2, "{kind:?} {repeat:?}");
        assert_eq!(script.made.lock().unwrap().len(), tries, "{kind:?} {repeat:?}");
    }
}

#[tokio::test]
async fn tries_are_bounded_and_their_waits_double() {
    let clock = clock();
    let script = Script::new((0..10).map(|_| failed(CallErrorKind::Unreachable)));
    let api = Retrying::new(Arc::clone(&script), Arc::new(clock.clone()))
        .tries(4)
        .waits(Duration::from_secs(1), Duration::from_secs(60));
    let api = Arc::new(api);
    let made = spawn(&api, call("x"));
    let took = run(&clock, Duration::from_millis(100), || made.is_finished()).await;
    assert_eq!(made.await.unwrap().unwrap_err().kind(), CallErrorKind::Unreachable);
    assert_eq!(script.made.lock().unwrap().len(), 4);
    let (least, most) = (Duration::from_millis(3500), Duration::from_millis(7300));
    assert!(took >= least && took <= most, "1 + 2 + 4 s, each cut by half at most: {took:?}");
}

#[tokio::test]
async fn a_wait_is_never_shorter_than_the_portal_asks_for() {
    let clock = clock();
    let wait = Duration::from_secs(20);
    let script = Script::new([failed(CallErrorKind::Limited).retry_after_of_portal(wait)]);
    let api = Arc::new(Retrying::new(Arc::clone(&script), Arc::new(clock.clone())));
    let made = spawn(&api, call("x"));
    assert_eq!(run(&clock, Duration::from_secs(1), || made.is_finished()).await, wait);
}

#[test]
fn a_batch_carries_values_as_a_form_does() {
    let portal = PortalKey::new("app", "7c1f");
    let with = |params: Value| Call::new(portal.clone(), "imbot.v2.Chat.Message.send", params);
    let mut batch = Batch::new(portal.clone());
    batch
        .add(with(json!({"botId": 39, "fields": {"message": "a&b=я", "system": true, "none": null, "list": [1, {"x": "y"}], "empty": []}})))
        .unwrap();
    let command = batch.to_call().params["cmd"]["c00"].as_str().unwrap().to_owned();
    let (method, query) = command.split_once('?').unwrap();
    assert_eq!(method, "imbot.v2.Chat.Message.send");
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let has = |name: &str, value: &str| pairs.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("botId", "39") && has("fields[message]", "a&b=я") && has("fields[system]", "1"), "{pairs:?}");
    assert!(has("fields[list][0]", "1") && has("fields[list][1][x]", "y"), "{pairs:?}");
    assert_eq!(pairs.len(), 5, "{pairs:?}");
}

#[test]
fn what_a_batch_cannot_carry_goes_alone() {
    let portal = PortalKey::new("app", "7c1f");
    let mut batch = Batch::new(portal.clone());
    for refused in [
        call("pay $result[c00] now"),
        Call::new(portal.clone(), "Batch", json!({})),
        call_of("app", "other", "x"),
    ] {
        assert_eq!(batch.add(refused).unwrap_err().kind(), CallErrorKind::BadParams);
    }
    for n in 0..50 {
        batch.add(call(n)).unwrap();
    }
    assert!(batch.add(call(50)).is_err());
    assert_eq!(batch.to_call().repeat, Repeat::Once);
}

#[test]
fn a_batch_tells_of_every_call() {
    let mut batch = Batch::new(PortalKey::new("app", "7c1f"));
    for n in 0..4 {
        batch.add(call(n)).unwrap();
    }
    let answers = batch.read(json!({
        "result": {"c00": null, "c01": 7},
        "result_error": {"c02": {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "x"}},
    }));
    assert_eq!(answers[0].as_ref().unwrap(), &Value::Null);
    assert_eq!(answers[1].as_ref().unwrap(), 7);
    assert_eq!(answers[2].as_ref().unwrap_err().kind(), CallErrorKind::Limited);
    assert_eq!(answers[3].as_ref().unwrap_err().kind(), CallErrorKind::Unknown);
    let empty = batch.read(json!({"result": [], "result_error": []}));
    assert!(empty.iter().all(|answer| answer.as_ref().unwrap_err().kind() == CallErrorKind::Unknown));
}
