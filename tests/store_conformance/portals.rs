//! Portals: generations, pending ones, refreshes, forgetting.

use std::time::Duration;

use openlines::store::{
    InboxRequest, InboxState, LaneKey, OutboxId, PendingId, PendingPortal, PortalRecord, PortalStatus,
    PutPending, SendOutcome,
};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, change, commit_of, done, message, portal, set_timer,
};

fn record(name: &str, generation: u64) -> PortalRecord {
    PortalRecord {
        key: portal(name),
        generation,
        status: PortalStatus::Active,
        domain: format!("{name}.example"),
        sealed: vec![0, 159, 146, 150].into(),
        updated: at(0),
    }
}

fn pending(id: u8, received: i64) -> PendingPortal {
    PendingPortal { id: PendingId([id; 16]), sealed: vec![id].into(), received: at(received) }
}

const HOUR: Duration = Duration::from_secs(3600);

#[rstest]
#[tokio::test]
async fn a_portal_is_stored_at_its_generation_only(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    assert!(bed.store().portal(&portal("p")).await.unwrap().is_none());
    let store = bed.store();
    assert_eq!(store.put_portal(record("p", 1), at(1)).await.unwrap(), None);
    assert_eq!(store.put_portal(record("p", 0), at(1)).await.unwrap(), Some(1));
    assert_eq!(store.put_portal(record("p", 0), at(2)).await.unwrap(), None);
    for (generation, status) in [(1, PortalStatus::Broken), (2, PortalStatus::Uninstalled)] {
        let changed = PortalRecord { status, ..record("p", generation) };
        assert_eq!(store.put_portal(changed, at(3)).await.unwrap(), Some(generation + 1));
    }
    bed.reopen();
    let stored = bed.store().portal(&portal("p")).await.unwrap().unwrap();
    assert_eq!((stored.generation, stored.status, stored.updated), (3, PortalStatus::Uninstalled, at(3)));
    assert_eq!((stored.key, stored.domain), (portal("p"), "p.example".to_owned()));
    assert_eq!(stored.sealed, record("p", 0).sealed);
}

#[rstest]
#[tokio::test]
async fn all_portals_come_in_the_order_of_their_keys(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    for name in ["c", "a", "b"] {
        bed.store().put_portal(record(name, 0), at(1)).await.unwrap();
    }
    // Met, but not proven.
    bed.message(&portal("aa"), "a", 1, 1).await;
    let keys: Vec<_> = bed.store().portals().await.unwrap().into_iter().map(|record| record.key).collect();
    assert_eq!(keys, [portal("a"), portal("b"), portal("c")]);
}

#[rstest]
#[tokio::test]
async fn pending_portals_are_bounded_in_number_and_age(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let put =
        async |bed: &Bed, id, now| bed.store().put_pending(pending(id, now), 2, HOUR, at(now)).await.unwrap();
    assert_eq!(put(&bed, 9, 0).await, PutPending::Kept);
    assert_eq!(put(&bed, 1, 10).await, PutPending::Kept);
    assert_eq!(put(&bed, 3, 20).await, PutPending::Full);
    // Kept already: no further place is taken, and it is no younger for it.
    assert_eq!(put(&bed, 9, 30).await, PutPending::Kept);
    bed.reopen();
    let waiting = bed.store().pending(HOUR, at(3599)).await.unwrap();
    let waiting: Vec<_> = waiting.iter().map(|pending| (pending.id.0[0], pending.received)).collect();
    assert_eq!(waiting, [(9, at(0)), (1, at(10))]);
    assert_eq!(put(&bed, 3, 3599).await, PutPending::Full);
    // An hour old: gone, and its place is free.
    assert_eq!(put(&bed, 3, 3600).await, PutPending::Kept);
    bed.store().drop_pending(PendingId([1; 16])).await.unwrap();
    bed.store().drop_pending(PendingId([1; 16])).await.unwrap();
    let waiting = bed.store().pending(HOUR, at(3601)).await.unwrap();
    assert_eq!(waiting.iter().map(|pending| pending.id.0[0]).collect::<Vec<_>>(), [3]);
    assert!(bed.store().pending(HOUR, at(9999)).await.unwrap().is_empty());
    // Removed, not hidden.
    assert!(bed.store().pending(HOUR * 100, at(9999)).await.unwrap().is_empty());
    let none = bed.store().put_pending(pending(5, 9999), 0, HOUR, at(9999)).await.unwrap();
    assert_eq!(none, PutPending::Full);
}

#[rstest]
#[tokio::test]
async fn one_caller_refreshes_a_generation_until_its_time_is_over(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let (p, ttl) = (portal("p"), Duration::from_secs(60));
    let begin = async |bed: &Bed, generation, now| {
        bed.store().begin_refresh(&portal("p"), generation, ttl, at(now)).await.unwrap()
    };
    bed.store().put_portal(record("p", 0), at(1)).await.unwrap();
    assert!(!begin(&bed, 0, 10).await, "an old generation");
    assert!(!begin(&bed, 2, 10).await, "a generation to come");
    assert!(begin(&bed, 1, 10).await);
    assert!(!begin(&bed, 1, 11).await);
    bed.reopen();
    assert!(!begin(&bed, 1, 69).await);
    assert!(begin(&bed, 1, 70).await, "the first gave no word for a minute");
    bed.store().put_portal(record("p", 1), at(71)).await.unwrap();
    assert!(!begin(&bed, 1, 500).await, "the generation has moved on");
    assert!(begin(&bed, 2, 72).await);
    // Another portal's refresh is its own, also of one that is not stored yet.
    assert!(bed.store().begin_refresh(&portal("q"), 0, ttl, at(72)).await.unwrap());
    assert!(!bed.store().begin_refresh(&portal("q"), 0, ttl, at(73)).await.unwrap());
    assert!(!bed.store().begin_refresh(&p, 2, ttl, at(73)).await.unwrap());
}

#[rstest]
#[tokio::test]
async fn of_many_who_want_to_refresh_at_once_one_may(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    bed.store().put_portal(record("p", 0), at(1)).await.unwrap();
    let p = portal("p");
    let all = (0..50).map(|_| bed.store().begin_refresh(&p, 1, HOUR, at(2)));
    let winners = futures_util::future::join_all(all).await;
    assert_eq!(winners.into_iter().filter(|winner| *winner.as_ref().unwrap()).count(), 1);
}

#[rstest]
#[tokio::test]
async fn a_forgotten_portal_leaves_nothing_and_takes_nothing_of_others(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(1, 700)] events: i64,
) {
    let mut bed = Bed::new(kind);
    for name in ["p", "q"] {
        let p = portal(name);
        bed.store().put_portal(record(name, 0), at(1)).await.unwrap();
        let many = (100..100 + events).map(|id| message(&p, "a", id)).collect();
        bed.store().append(many, at(2)).await.unwrap();
        let lease = bed.lease(&p).await;
        let first = bed.waiting(&lease).await[0].seq;
        let turn = bed.start(&lease, &[first]).await;
        let mut commit = commit_of(&turn, "a");
        commit.change = change(0, "x");
        commit.timers = vec![set_timer("t", 5)];
        commit.outbox = ["im.a", "im.b", "im.c"].map(|name| crate::bed::call("a", name)).to_vec();
        let calls = done(bed.store().commit(&lease, commit, at(3)).await);
        bed.store().settle(&lease, calls[0], SendOutcome::Uncertain("?".into()), at(4)).await.unwrap();
        bed.store().settle(&lease, calls[1], SendOutcome::Sent("1".into()), at(4)).await.unwrap();
        let parked = bed.message(&p, "b", 1, 4).await;
        let turn = bed.start(&lease, &[parked]).await;
        bed.store().put_step(&lease, turn.id, "s", "1".into()).await.unwrap();
        bed.park(&lease, &turn, "boom", 4).await;
        assert!(bed.store().begin_refresh(&p, 1, HOUR, at(4)).await.unwrap());
    }
    let of_q = bed.store().inbox(None, 9).await.unwrap();
    let of_p = of_q.iter().find(|entry| entry.portal == portal("p")).unwrap().item;
    bed.store().forget_portal(&portal("p")).await.unwrap();
    bed.store().forget_portal(&portal("never met")).await.unwrap();
    bed.store().request(InboxRequest::Retry(of_p), at(5)).await.unwrap();
    assert!(bed.store().carry_out_requests(at(5)).await.unwrap().events.is_empty());
    bed.reopen();

    let (p, q) = (portal("p"), portal("q"));
    assert!(bed.store().portal(&p).await.unwrap().is_none());
    assert_eq!(bed.store().portals().await.unwrap().len(), 1);
    for state in [None, Some(InboxState::Pending)] {
        let entries = bed.store().inbox(state, 9999).await.unwrap();
        assert!(entries.iter().all(|entry| entry.portal == q));
        assert!(!entries.is_empty());
    }
    assert!(bed.store().begin_refresh(&p, 0, HOUR, at(5)).await.unwrap());
    let lease = bed.lease(&p).await;
    assert!(bed.waiting(&lease).await.is_empty());
    assert!(bed.store().unsettled(&lease, OutboxId(0), 9).await.unwrap().is_empty());
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), None);
    assert_eq!(bed.store().lane(&lease, &LaneKey::new("a")).await.unwrap().revision, 0);
    // Its keys are gone with it.
    assert!(bed.append(message(&p, "a", 100), 6).await.is_some());
    assert_eq!(bed.append(message(&q, "a", 100), 6).await, None);

    let lease = bed.lease(&q).await;
    assert_eq!(
        bed.store().load(&lease, openlines::store::Seq(0), 9999).await.unwrap().len() as i64,
        events - 1
    );
    assert_eq!(bed.store().unsettled(&lease, OutboxId(0), 9).await.unwrap().len(), 1);
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), Some(at(5)));
    assert_eq!(bed.store().lane(&lease, &LaneKey::new("a")).await.unwrap().revision, 1);
}
