//! A call that is held back when it is about to go out: it costs nobody a slot.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use openlines::rest::{Api as _, Call, CallError, CallErrorKind, Departure, Limits, Outcome};

use super::portal::{Portal, call, clock, key, limited, run, settle, spawn};

/// Lets calls go as long as it is told to, and counts how often it was asked.
#[derive(Default)]
struct Barrier {
    closed: AtomicBool,
    asked: AtomicUsize,
}

#[async_trait]
impl Departure for Barrier {
    async fn leaving(&self, call: &Call) -> Result<(), CallError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.closed.load(Ordering::SeqCst) {
            true => Err(CallError::new(CallErrorKind::Withheld, call.method.clone())),
            false => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_call_held_back_gives_its_slot_to_the_next_one() {
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    let api = limited(&portal, Limits::standard());
    let barrier = Arc::new(Barrier::default());
    barrier.closed.store(true, Ordering::SeqCst);
    let free = api.slots().free(&key().member);
    for id in 0..200 {
        let error = api.call(call(id).departing(barrier.clone())).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (CallErrorKind::Withheld, Outcome::NotExecuted));
    }
    assert_eq!((portal.served(), api.slots().free(&key().member)), (0, free));
    assert_eq!(barrier.asked.load(Ordering::SeqCst), 200);
}

#[tokio::test]
async fn what_waits_for_its_slot_is_asked_when_it_has_one_and_not_before() {
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    let api = limited(&portal, Limits::standard());
    let barrier = Arc::new(Barrier::default());
    let free = api.slots().free(&key().member) as usize;
    for id in 0..free {
        api.call(call(id)).await.unwrap();
    }
    let held = spawn(&api, call(free).departing(barrier.clone()));
    let next = spawn(&api, call(free + 1));
    settle().await;
    assert_eq!(barrier.asked.load(Ordering::SeqCst), 0, "it still waits for its slot");
    // Whatever made it wrong to send happens while it waits.
    barrier.closed.store(true, Ordering::SeqCst);
    run(&clock, std::time::Duration::from_millis(100), || next.is_finished()).await;
    assert_eq!(held.await.unwrap().unwrap_err().kind(), CallErrorKind::Withheld);
    next.await.unwrap().unwrap();
    assert_eq!(portal.served(), free + 1);
}

#[tokio::test]
async fn a_call_refused_for_the_rate_is_asked_again_before_it_goes_out_again() {
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    portal.inside().to_refuse = 1;
    let api = limited(&portal, Limits::standard());
    let barrier = Arc::new(Barrier::default());
    let made = spawn(&api, call(0).departing(barrier.clone()));
    run(&clock, std::time::Duration::from_millis(100), || made.is_finished()).await;
    made.await.unwrap().unwrap();
    assert_eq!(barrier.asked.load(Ordering::SeqCst), 2);
}
