//! No thundering herd: who wakes when a slot comes free.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use openlines::{
    clock::Clock as _,
    rest::{Api as _, Limits},
};

use super::portal::{Portal, call, clock, limited, run, settle};

/// Counts how often what it holds is woken.
struct Counted<F> {
    of: Pin<Box<F>>,
    polls: Arc<AtomicUsize>,
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        self.of.as_mut().poll(context)
    }
}

#[tokio::test]
async fn a_waiting_call_is_woken_once_when_it_has_its_slot() {
    const CALLS: usize = 400;
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    let api = limited(&portal, Limits::standard());
    let polls: Vec<Arc<AtomicUsize>> = (0..CALLS).map(|_| Arc::default()).collect();
    let made: Vec<_> = (0..CALLS)
        .map(|id| {
            let (api, polls) = (Arc::clone(&api), Arc::clone(&polls[id]));
            tokio::spawn(Counted { of: Box::pin(async move { api.call(call(id)).await }), polls })
        })
        .collect();
    settle().await;
    let total = || polls.iter().map(|polls| polls.load(Ordering::SeqCst)).sum::<usize>();
    let mut moves = 0;
    while portal.served() < CALLS {
        let (polled, served) = (total(), portal.served());
        clock.advance(Duration::from_millis(100));
        moves += 1;
        settle().await;
        let (woken, freed) = (total() - polled, portal.served() - served);
        assert!(freed <= 1 && woken <= freed + 1, "{woken} calls woke for {freed} slots at move {moves}");
    }
    run(&clock, Duration::from_secs(1), || made.iter().all(|made| made.is_finished())).await;
    let woken_often = polls.iter().filter(|polls| polls.load(Ordering::SeqCst) > 2).count();
    assert!(woken_often <= 2, "only who watches the clock wakes without a slot, not {woken_often}");
    assert!(clock.now().since(super::portal::clock().now()) < Duration::from_secs(180));
}
