//! Steps: remembered by name until the turn is done.

use openlines::store::{InboxItem, InboxRequest, StoreErrorKind};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, commit_of, done, portal, refused,
};

#[rstest]
#[tokio::test]
async fn the_first_value_of_a_step_stays(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(1, 2)] members: usize,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let seqs = [bed.message(&p, "a", 1, 1).await, bed.message(&p, "a", 2, 2).await];
    let lease = bed.lease(&p).await;
    let turn = bed.start(&lease, &seqs[..members]).await;
    assert!(turn.steps.is_empty());
    let store = bed.store();
    assert_eq!(store.put_step(&lease, turn.id, "deal", "41".into()).await.unwrap(), "41");
    assert_eq!(store.put_step(&lease, turn.id, "deal", "42".into()).await.unwrap(), "41");
    assert_eq!(store.put_step(&lease, turn.id, "other", "{}".into()).await.unwrap(), "{}");
    bed.reopen();
    let lease = bed.lease(&p).await;
    // Known by its name alone, before it is started again.
    assert_eq!(bed.store().put_step(&lease, turn.id, "deal", "43".into()).await.unwrap(), "41");
    let again = bed.start(&lease, &seqs[..members]).await;
    let steps: Vec<_> = again.steps.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    assert_eq!(steps, [("deal", &b"41"[..]), ("other", b"{}")]);
}

#[rstest]
#[tokio::test]
async fn steps_stay_over_failure_parking_and_retry_and_go_with_the_commit(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let seq = bed.message(&p, "a", 1, 1).await;
    let lease = bed.lease(&p).await;
    let store = bed.store();
    let turn = bed.start(&lease, &[seq]).await;
    store.put_step(&lease, turn.id, "deal", "41".into()).await.unwrap();
    store.fail(&lease, turn.id, "x", at(2)).await.unwrap();
    assert_eq!(bed.start(&lease, &[seq]).await.steps["deal"], "41");
    bed.park(&lease, &turn, "x", 3).await;
    store.request(InboxRequest::Retry(InboxItem::Event(seq)), at(4)).await.unwrap();
    store.carry_out_requests(at(5)).await.unwrap();
    let again = bed.start(&lease, &[seq]).await;
    assert_eq!((again.attempts, &again.steps["deal"][..]), (0, &b"41"[..]));
    done(store.commit(&lease, commit_of(&again, "a"), at(6)).await);
    refused(store.put_step(&lease, turn.id, "deal", "1".into()).await, StoreErrorKind::Gone);
}

#[rstest]
#[tokio::test]
async fn steps_of_one_turn_are_not_seen_by_another(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let (one, two) = (bed.message(&p, "a", 1, 1).await, bed.message(&p, "a", 2, 2).await);
    let foreign = bed.message(&q, "a", 1, 1).await;
    let (lease, other) = (bed.lease(&p).await, bed.lease(&q).await);
    let turn = bed.start(&lease, &[one]).await;
    bed.store().put_step(&lease, turn.id, "s", "1".into()).await.unwrap();
    assert!(bed.start(&lease, &[two]).await.steps.is_empty());
    assert!(bed.start(&other, &[foreign]).await.steps.is_empty());
    refused(bed.store().put_step(&other, turn.id, "s", "2".into()).await, StoreErrorKind::Gone);
}
