//! How much of what a portal allows is used.

use std::time::Duration;

use openlines::{
    clock::Clock as _,
    rest::{CallPriority, Limits},
};

use super::portal::{Chance, Portal, call, clock, limited, run, settle, spawn};

const STEP: Duration = Duration::from_millis(50);

/// What was served of what the bucket allowed until the last one, in percent, with no refusal.
async fn used(limits: Limits, burst: u32, rate: u32, drains: f64, way: (u64, u64), calls: usize) -> f64 {
    let clock = clock();
    let portal = Portal::new(&clock, burst, f64::from(rate) * drains, way);
    let api = limited(&portal, limits);
    let begun = clock.now();
    let made: Vec<_> = (0..calls).map(|id| spawn(&api, call(id))).collect();
    run(&clock, STEP, || portal.served() == calls).await;
    let took = clock.now().since(begun).as_secs_f64();
    run(&clock, STEP, || made.iter().all(|made| made.is_finished())).await;
    for made in made {
        made.await.unwrap().unwrap();
    }
    assert_eq!(portal.inside().refused, 0);
    let allowed = f64::from(burst) + f64::from(rate) * took;
    let used = 100.0 * calls as f64 / allowed;
    println!(
        "({burst}, {rate}/s), drain × {drains}, way {way:?} ms: {calls} calls in {took:.1} s, {used:.2} %"
    );
    used
}

#[tokio::test]
async fn six_hundred_at_once_use_the_bucket_to_the_full() {
    assert!(used(Limits::standard(), 50, 2, 1.0, (0, 0), 600).await >= 99.5);
    assert!(used(Limits::enterprise(), 250, 5, 1.0, (0, 0), 600).await >= 99.5);
}

#[tokio::test]
async fn jittered_latency_and_a_slow_drain_cost_no_refusal_and_no_share() {
    for drains in [1.0, 0.9995] {
        assert!(used(Limits::standard(), 50, 2, drains, (25, 425), 1200).await >= 99.5);
        assert!(used(Limits::enterprise(), 250, 5, drains, (25, 325), 3000).await >= 99.5);
    }
}

#[tokio::test]
async fn bursts_are_let_through_without_a_refusal() {
    for (limits, burst, rate) in [(Limits::standard(), 50, 2), (Limits::enterprise(), 250, 5)] {
        let clock = clock();
        let portal = Portal::new(&clock, burst, f64::from(rate), (20, 320));
        let api = limited(&portal, limits);
        let mut chance = Chance(7);
        let mut made = Vec::new();
        for _ in 0..30 {
            for _ in 0..chance.below(2 * u64::from(burst)) {
                made.push(spawn(&api, call(made.len())));
            }
            let pause = clock.now().plus(Duration::from_millis(chance.below(40_000)));
            run(&clock, STEP, || clock.now() >= pause).await;
        }
        run(&clock, STEP, || portal.served() == made.len()).await;
        assert_eq!(portal.inside().refused, 0);
    }
}

#[tokio::test]
async fn a_reply_goes_before_bulk_that_has_waited_for_long() {
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    let api = limited(&portal, Limits::standard());
    let slots = api.slots();
    let member = super::portal::key().member;
    let _bulk: Vec<_> = (0..1000).map(|id| spawn(&api, call(id).priority(CallPriority::Bulk))).collect();
    // A turn runs some sixty tasks.
    for _ in 0..3 {
        settle().await;
    }
    assert_eq!((slots.free(&member), slots.waiting(&member)), (0, 952));
    run(&clock, STEP, || portal.served() >= 200).await;
    let begun = clock.now();
    let reply = spawn(&api, call(1000));
    run(&clock, STEP, || reply.is_finished()).await;
    let took = clock.now().since(begun);
    assert!(took <= Duration::from_millis(550), "the next slot but for the bulk's own: {took:?}");
}
