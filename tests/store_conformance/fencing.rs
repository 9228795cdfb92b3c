//! An old lease does nothing, whatever it is used for.

use openlines::store::{
    DueTimer, InboxState, LaneKey, Lease, NodeId, OutboxId, OutboxState, SendOutcome, StoreErrorKind,
};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, call, change, commit_of, done, parking_of, portal, refused, set_timer,
};

#[rstest]
#[tokio::test]
async fn every_acquisition_has_a_higher_epoch(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let node = NodeId::new("n");
    let leases = bed.store().acquire(&[p.clone(), q.clone()], &node, at(1)).await.unwrap();
    assert_eq!(leases.iter().map(|lease| &lease.portal).collect::<Vec<_>>(), [&p, &q]);
    let again = bed.lease(&p).await;
    assert!(again.epoch > leases[0].epoch);
    bed.reopen();
    let after_restart = bed.lease(&p).await;
    assert!(after_restart.epoch > again.epoch);
    // The other portal's lease is not touched by that.
    assert!(bed.store().load(&leases[1], openlines::store::Seq(0), 1).await.is_ok());
}

#[rstest]
#[tokio::test]
async fn a_higher_epoch_than_was_given_is_fenced_too(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let mut lease = bed.lease(&portal("p")).await;
    lease.epoch += 1;
    refused(bed.store().next_timer(&lease).await, StoreErrorKind::Fenced);
    let unknown = Lease { portal: portal("never met"), epoch: 1 };
    refused(bed.store().next_timer(&unknown).await, StoreErrorKind::Fenced);
}

#[rstest]
#[tokio::test]
async fn an_old_lease_writes_nothing_and_reads_nothing(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] restart: bool,
    #[values(false, true)] burst: bool,
) {
    use StoreErrorKind::Fenced;
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let old = bed.lease(&p).await;
    let first = bed.message(&p, "a", 1, 1).await;
    let [queued] = bed.finish(&old, "a", first, &["im.a"]).await[..] else { panic!("one call") };
    let timer_turn_seq = bed.message(&p, "a", 2, 2).await;
    let timer_turn = bed.start(&old, &[timer_turn_seq]).await;
    let mut commit = commit_of(&timer_turn, "a");
    commit.timers = vec![set_timer("idle", 5)];
    done(bed.store().commit(&old, commit, at(3)).await);
    let mut seqs = vec![bed.message(&p, "a", 3, 3).await];
    if burst {
        seqs.push(bed.message(&p, "a", 4, 4).await);
    }
    let turn = bed.start(&old, &seqs).await;
    bed.store().put_step(&old, turn.id, "s", "1".into()).await.unwrap();
    if restart {
        bed.reopen();
    }
    let new = bed.lease(&p).await;

    let store = bed.store();
    let timer = DueTimer {
        lane: LaneKey::new("a"),
        id: "idle".into(),
        generation: 1,
        at: at(5),
        payload: "wake".into(),
    };
    let mut commit = commit_of(&turn, "a");
    (commit.change, commit.outbox) = (change(0, "x"), vec![call("a", "im.b")]);
    refused(store.load(&old, openlines::store::Seq(0), 9).await, Fenced);
    refused(store.lane(&old, &LaneKey::new("a")).await, Fenced);
    refused(store.start_turn(&old, &seqs, at(9)).await, Fenced);
    refused(store.put_step(&old, turn.id, "t", "2".into()).await, Fenced);
    refused(store.commit(&old, commit, at(9)).await, Fenced);
    refused(store.fail(&old, turn.id, "x", at(10)).await, Fenced);
    let mut parking = parking_of(&turn, "a", "x");
    (parking.change, parking.timers) = (change(0, "x"), vec![set_timer("idle", 4)]);
    refused(store.park(&old, parking, at(9)).await, Fenced);
    refused(store.due_timers(&old, 9, at(9)).await, Fenced);
    refused(store.next_timer(&old).await, Fenced);
    refused(store.timer_fired(&old, &timer).await, Fenced);
    refused(store.unsettled(&old, OutboxId(0), 9).await, Fenced);
    refused(store.mark_sending(&old, &[queued], at(9)).await, Fenced);
    for outcome in [
        SendOutcome::Sent("1".into()),
        SendOutcome::Rejected("x".into()),
        SendOutcome::Uncertain("x".into()),
        SendOutcome::Withheld("x".into()),
        SendOutcome::Retry { at: at(10), error: "x".into(), unknown: false },
    ] {
        refused(store.settle(&old, queued, outcome.clone(), at(9)).await, Fenced);
        refused(store.settle_all(&old, vec![(queued, outcome)], at(9)).await, Fenced);
    }

    assert_eq!(bed.waiting_seqs(&new).await, seqs);
    let again = bed.start(&new, &seqs).await;
    assert_eq!((again.attempts, again.steps.len()), (0, 1));
    assert_eq!(store.lane(&new, &LaneKey::new("a")).await.unwrap().revision, 0);
    assert_eq!(store.next_timer(&new).await.unwrap(), Some(at(5)));
    let rows = store.unsettled(&new, OutboxId(0), 9).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].state, rows[0].attempts), (OutboxState::Queued, 0));
    assert!(store.inbox(None, 9).await.unwrap().is_empty());
    assert_eq!(store.inbox(Some(InboxState::Pending), 9).await.unwrap().len(), seqs.len() + 1);
}

#[rstest]
#[tokio::test]
async fn a_portal_forgotten_and_met_again_fences_the_old_lease(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] restart: bool,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let old = bed.lease(&p).await;
    bed.store().forget_portal(&p).await.unwrap();
    refused(bed.store().next_timer(&old).await, StoreErrorKind::Fenced);
    if restart {
        bed.reopen();
    }
    bed.message(&p, "a", 1, 1).await;
    refused(bed.store().next_timer(&old).await, StoreErrorKind::Fenced);
    assert!(bed.lease(&p).await.epoch > old.epoch);
}
