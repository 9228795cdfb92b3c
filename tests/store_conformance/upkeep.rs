//! Retention, by the time passed in.

use std::time::Duration;

use openlines::store::{InboxItem, InboxState, OutboxId, SendOutcome, Seq, StoreErrorKind, Swept};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, commit_of, message, portal, refused, retention,
};

fn counts(swept: Swept) -> [u64; 4] {
    [swept.bodies, swept.keys, swept.sent, swept.parked]
}

#[rstest]
#[tokio::test]
async fn the_identity_is_drawn_once(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let identity = bed.store().identity();
    assert_ne!(identity, [0; 16]);
    bed.reopen();
    assert_eq!(bed.store().identity(), identity);
}

#[rstest]
#[tokio::test]
async fn bodies_go_before_keys_and_only_of_what_is_done(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let mut seqs = Vec::new();
    for id in 0..6 {
        seqs.push(bed.message(&p, "a", id, id * 10).await);
    }
    // 0 waits, 1 is parked, the others are done.
    let turn = bed.start(&lease, &[seqs[1]]).await;
    bed.park(&lease, &turn, "x", 59).await;
    for seq in &seqs[2..] {
        bed.finish(&lease, "a", *seq, &[]).await;
    }
    let mut keep = retention(1000);
    keep.bodies = Duration::from_secs(30);
    let sweep = async |bed: &Bed, keep, now| counts(bed.store().sweep(&keep, 100, at(now)).await.unwrap());
    assert_eq!(sweep(&bed, keep, 49).await, [0, 0, 0, 0]);
    assert_eq!(sweep(&bed, keep, 60).await, [2, 0, 0, 0], "accepted at 20 and 30");
    assert_eq!(sweep(&bed, keep, 60).await, [0, 0, 0, 0]);
    assert_eq!(bed.append(message(&p, "a", 2), 60).await, None, "the key is still known");
    // A body goes with its key at the latest.
    keep.keys = Duration::from_secs(20);
    assert_eq!(sweep(&bed, keep, 60).await, [1, 3, 0, 0], "accepted at 40; at 20, 30 and 40");
    bed.reopen();
    assert!(bed.append(message(&p, "a", 2), 61).await.is_some(), "the key is forgotten");
    for (id, seq) in [(0, seqs[0]), (1, seqs[1])] {
        assert_eq!(bed.append(message(&p, "a", id), 61).await, None, "not while the event is open");
        let entry = bed.store().inbox_entry(InboxItem::Event(seq)).await.unwrap().unwrap();
        assert_eq!(entry.body, format!("body of {id}"));
    }
}

#[rstest]
#[tokio::test]
async fn a_sweep_removes_at_most_so_many_of_each_kind_lowest_first(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    for id in 0..5 {
        let seq = bed.message(&p, "a", id, 1).await;
        let calls = bed.finish(&lease, "a", seq, &["im.a", "im.b"]).await;
        bed.store().settle(&lease, calls[0], SendOutcome::Sent("1".into()), at(60)).await.unwrap();
        bed.store().settle(&lease, calls[1], SendOutcome::Uncertain("?".into()), at(60)).await.unwrap();
        let mut odd = message(&p, "a", 100 + id);
        odd.park = Some("odd".into());
        bed.append(odd, 60).await.unwrap();
    }
    let sweep = async || counts(bed.store().sweep(&retention(10), 2, at(1000)).await.unwrap());
    assert_eq!(sweep().await, [2, 2, 2, 2]);
    assert_eq!(bed.append(message(&p, "a", 0), 1000).await.map(|_| ()), Some(()));
    assert_eq!(bed.append(message(&p, "a", 4), 1000).await, None);
    let mut total = [2; 4];
    loop {
        let swept = sweep().await;
        if swept == [0; 4] {
            break;
        }
        assert!(swept.iter().all(|count| *count <= 2), "{swept:?}");
        total.iter_mut().zip(swept).for_each(|(total, count)| *total += count);
    }
    // A parked event's body goes when it is given up; its key with the others.
    assert_eq!(total, [5, 10, 5, 10]);
    assert!(bed.store().inbox(None, 9).await.unwrap().is_empty());
    assert_eq!(bed.waiting(&lease).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn settled_calls_go_by_the_moment_they_were_settled(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let calls = bed.finish(&lease, "a", seq, &["im.a", "im.b", "im.c"]).await;
    let store = bed.store();
    // The first of them is settled last, the third never.
    store.settle(&lease, calls[0], SendOutcome::Sent("1".into()), at(90)).await.unwrap();
    store.settle(&lease, calls[1], SendOutcome::Withheld("1".into()), at(60)).await.unwrap();
    let mut keep = retention(1000);
    keep.sent = Duration::from_secs(10);
    let sent = async |now| bed.store().sweep(&keep, 9, at(now)).await.unwrap().sent;
    assert_eq!(sent(69).await, 0);
    assert_eq!(sent(70).await, 1);
    refused(
        store.settle(&lease, calls[1], SendOutcome::Sent("1".into()), at(71)).await,
        StoreErrorKind::Gone,
    );
    store.settle(&lease, calls[0], SendOutcome::Sent("1".into()), at(71)).await.unwrap();
    assert_eq!(sent(100).await, 1);
    assert_eq!(sent(9999).await, 0);
    assert_eq!(store.unsettled(&lease, OutboxId(0), 9).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_was_parked_too_long_is_given_up(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let (one, two) = (bed.message(&p, "a", 1, 1).await, bed.message(&p, "a", 2, 2).await);
    let three = bed.message(&p, "a", 3, 3).await;
    let turn = bed.start(&lease, &[one, two]).await;
    bed.store().put_step(&lease, turn.id, "s", "1".into()).await.unwrap();
    // Accepted long ago, parked just now: its age counts from the parking.
    bed.park(&lease, &turn, "x", 500).await;
    let calls = bed.finish(&lease, "a", three, &["im.a"]).await;
    bed.store().settle(&lease, calls[0], SendOutcome::Rejected("no".into()), at(500)).await.unwrap();
    let mut keep = retention(10_000);
    keep.parked = Duration::from_secs(100);
    assert_eq!(counts(bed.store().sweep(&keep, 9, at(599)).await.unwrap()), [0, 0, 0, 0]);
    assert_eq!(counts(bed.store().sweep(&keep, 1, at(600)).await.unwrap()), [0, 0, 0, 1]);
    let left = bed.store().inbox(Some(InboxState::Parked), 9).await.unwrap();
    assert_eq!(left.iter().map(|entry| entry.item).collect::<Vec<_>>(), [InboxItem::Event(two)]);
    assert_eq!(counts(bed.store().sweep(&keep, 9, at(600)).await.unwrap()), [0, 0, 0, 2]);
    bed.reopen();
    let lease = bed.lease(&p).await;
    assert!(bed.store().inbox(None, 9).await.unwrap().is_empty());
    assert!(bed.waiting(&lease).await.is_empty());
    assert_eq!(bed.append(message(&p, "a", 1), 601).await, None);
    refused(bed.store().commit(&lease, commit_of(&turn, "a"), at(602)).await, StoreErrorKind::Gone);
}

#[rstest]
#[tokio::test]
async fn numbers_are_not_given_again_once_everything_is_swept(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let calls = bed.finish(&lease, "a", seq, &["im.a"]).await;
    bed.store().settle(&lease, calls[0], SendOutcome::Sent("1".into()), at(60)).await.unwrap();
    assert_eq!(counts(bed.store().sweep(&retention(1), 9, at(1000)).await.unwrap()), [1, 1, 1, 0]);
    bed.reopen();
    let lease = bed.lease(&p).await;
    let next: Seq = bed.message(&p, "a", 1, 1001).await;
    assert!(next > seq);
    assert!(bed.finish(&lease, "a", next, &["im.a"]).await[0] > calls[0]);
}
