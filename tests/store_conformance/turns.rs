//! Turns: membership, commit, conflict, failure.

use openlines::{
    store::{Committed, InboxItem, InboxRequest, InboxState, LaneKey, LaneState, Seq, StoreErrorKind},
    wire::PortalKey,
};
use rstest::rstest;
use uuid::Variant;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, call, change, commit_of, done, parking_of, portal, refused, set_timer,
};

async fn three(bed: &Bed, portal: &PortalKey) -> [Seq; 3] {
    let mut seqs = [Seq(0); 3];
    for (seq, id) in seqs.iter_mut().zip(1..) {
        *seq = bed.message(portal, "a", id, id).await;
    }
    seqs
}

#[rstest]
#[tokio::test]
async fn a_turn_has_one_name_over_restarts_and_another_in_another_store(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, three] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let single = bed.start(&lease, &[one]).await.id;
    let burst = bed.start(&lease, &[two, three]).await.id;
    assert_ne!(single, burst);
    assert_eq!((single.0.get_version_num(), single.0.get_variant()), (4, Variant::RFC4122));
    bed.reopen();
    let lease = bed.lease(&p).await;
    assert_eq!(bed.start(&lease, &[one]).await.id, single);
    assert_eq!(bed.start(&lease, &[two, three]).await.id, burst);

    let other = Bed::new(kind);
    assert_ne!(other.store().identity(), bed.store().identity());
    let seq = other.message(&p, "a", 1, 1).await;
    assert_eq!(seq, one);
    let lease = other.lease(&p).await;
    assert_ne!(other.start(&lease, &[seq]).await.id, single);
}

#[rstest]
#[tokio::test]
async fn membership_is_frozen_and_outlives_a_restart(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, three] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    // The handler's order is the turn's order.
    let turn = bed.start(&lease, &[two, one]).await;
    assert_eq!(turn.seqs, [two, one]);
    bed.reopen();
    let lease = bed.lease(&p).await;
    let frozen: Vec<_> = bed.waiting(&lease).await.into_iter().map(|row| row.frozen).collect();
    assert_eq!(frozen, [vec![two, one], vec![two, one], vec![]]);
    for asked in [vec![one], vec![two], vec![one, two, three], vec![three, one]] {
        let again = bed.start(&lease, &asked).await;
        assert_eq!((again.id, again.seqs), (turn.id, vec![two, one]), "{asked:?}");
    }
    assert_eq!(bed.start(&lease, &[three]).await.seqs, [three]);
}

#[rstest]
#[tokio::test]
async fn a_single_event_is_frozen_by_its_first_step_or_failure(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] by_step: bool,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, _] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let turn = bed.start(&lease, &[one]).await;
    if by_step {
        bed.store().put_step(&lease, turn.id, "s", "1".into()).await.unwrap();
    } else {
        bed.store().fail(&lease, turn.id, "boom", at(9)).await.unwrap();
    }
    bed.reopen();
    let lease = bed.lease(&p).await;
    assert_eq!(bed.waiting(&lease).await[0].frozen, [one]);
    assert_eq!(bed.start(&lease, &[one, two]).await.seqs, [one]);
}

#[rstest]
#[tokio::test]
async fn what_is_not_open_cannot_be_made_a_turn(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let [one, two, _] = three(&bed, &p).await;
    let elsewhere = bed.message(&p, "b", 9, 9).await;
    let foreign = bed.message(&q, "a", 1, 1).await;
    let lease = bed.lease(&p).await;
    bed.finish(&lease, "a", two, &[]).await;
    for seqs in [vec![], vec![one, two], vec![one, elsewhere], vec![one, foreign], vec![one, Seq(999)]] {
        refused(bed.store().start_turn(&lease, &seqs, at(1)).await, StoreErrorKind::Gone);
    }
    assert!(bed.waiting(&lease).await.iter().all(|row| row.frozen.is_empty()));
}

#[rstest]
#[tokio::test]
async fn a_commit_changes_everything_at_once(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, three] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let turn = bed.start(&lease, &[one, two]).await;
    let mut commit = commit_of(&turn, "a");
    commit.consumed.reverse();
    commit.change = change(0, "greeted");
    commit.outbox = vec![call("chat1", "im.a"), call("chat1", "im.b")];
    commit.timers = vec![set_timer("idle", 100)];
    let ids = done(bed.store().commit(&lease, commit, at(20)).await);
    assert_eq!(ids.len(), 2);
    bed.reopen();
    let lease = bed.lease(&p).await;
    assert_eq!(bed.waiting_seqs(&lease).await, [three]);
    let lane = bed.store().lane(&lease, &LaneKey::new("a")).await.unwrap();
    assert_eq!((lane.revision, lane.last_message), (1, 7));
    assert_eq!((lane.dialogue.as_deref(), lane.ownership), (Some(&b"greeted"[..]), None));
    let rows = bed.store().unsettled(&lease, openlines::store::OutboxId(0), 9).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids);
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), Some(at(100)));
}

#[rstest]
#[tokio::test]
async fn a_lane_of_which_nothing_is_known_is_at_its_default(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let lease = bed.lease(&portal("p")).await;
    let lane = bed.store().lane(&lease, &LaneKey::new("never seen")).await.unwrap();
    assert_eq!(lane, LaneState::default());
}

#[rstest]
#[tokio::test]
async fn a_commit_at_another_revision_writes_nothing(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] burst: bool,
) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, three] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let first = bed.start(&lease, &[one]).await;
    let mut commit = commit_of(&first, "a");
    commit.change = change(0, "x");
    done(bed.store().commit(&lease, commit, at(20)).await);

    let seqs: &[Seq] = if burst { &[two, three] } else { &[two] };
    let turn = bed.start(&lease, seqs).await;
    for expected in [0, 2] {
        let mut commit = commit_of(&turn, "a");
        commit.change = change(expected, "y");
        commit.outbox = vec![call("chat1", "im.a")];
        commit.timers = vec![set_timer("idle", 100)];
        assert_eq!(bed.store().commit(&lease, commit, at(21)).await.unwrap(), Committed::Conflict);
    }
    assert_eq!(bed.waiting_seqs(&lease).await, [two, three]);
    let lane = bed.store().lane(&lease, &LaneKey::new("a")).await.unwrap();
    assert_eq!((lane.revision, lane.dialogue.as_deref()), (1, Some(&b"x"[..])));
    assert!(bed.store().unsettled(&lease, openlines::store::OutboxId(0), 9).await.unwrap().is_empty());
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), None);

    let mut commit = commit_of(&turn, "a");
    commit.change = change(1, "y");
    done(bed.store().commit(&lease, commit, at(22)).await);
}

#[rstest]
#[tokio::test]
async fn a_turn_that_is_done_answers_with_the_ids_given_then(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] burst: bool,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, _] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let seqs: &[Seq] = if burst { &[one, two] } else { &[one] };
    let turn = bed.start(&lease, seqs).await;
    let mut commit = commit_of(&turn, "a");
    commit.change = change(0, "x");
    commit.outbox = vec![call("chat1", "im.a"), call("chat1", "im.b")];
    let ids = done(bed.store().commit(&lease, commit.clone(), at(20)).await);
    assert_eq!(done(bed.store().commit(&lease, commit.clone(), at(21)).await), ids);
    bed.reopen();
    let lease = bed.lease(&p).await;
    // Without a change of the lane too.
    commit.change = None;
    assert_eq!(done(bed.store().commit(&lease, commit, at(22)).await), ids);
    assert_eq!(bed.store().unsettled(&lease, openlines::store::OutboxId(0), 9).await.unwrap().len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_commit_of_other_events_than_the_turns_is_refused(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, three] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let burst = bed.start(&lease, &[one, two]).await;
    let single = bed.start(&lease, &[three]).await;
    for (turn, consumed) in [
        (&burst, vec![one]),
        (&burst, vec![two]),
        (&burst, vec![one, two, three]),
        (&burst, vec![]),
        (&single, vec![one]),
        (&single, vec![one, three]),
        (&single, vec![three, three]),
    ] {
        let mut commit = commit_of(turn, "a");
        commit.consumed = consumed;
        commit.outbox = vec![call("chat1", "im.a")];
        refused(bed.store().commit(&lease, commit, at(20)).await, StoreErrorKind::Gone);
    }
    assert_eq!(bed.waiting_seqs(&lease).await, [one, two, three]);
    done(bed.store().commit(&lease, commit_of(&burst, "a"), at(21)).await);
    done(bed.store().commit(&lease, commit_of(&single, "a"), at(21)).await);
}

#[rstest]
#[tokio::test]
async fn a_failed_turn_counts_a_try_of_each_member_and_keeps_its_moment_over_a_restart(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, three] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let burst = bed.start(&lease, &[one, two]).await;
    let store = bed.store();
    store.fail(&lease, burst.id, "first", at(30)).await.unwrap();
    store.fail(&lease, burst.id, "second", at(40)).await.unwrap();
    bed.reopen();
    let lease = bed.lease(&p).await;
    let rows = bed.waiting(&lease).await;
    let tries: Vec<_> = rows.iter().map(|row| (row.seq, row.attempts, row.retry_at)).collect();
    assert_eq!(tries, [(one, 2, Some(at(40))), (two, 2, Some(at(40))), (three, 0, None)]);
    assert_eq!(bed.start(&lease, &[one]).await.attempts, 2);
    let shown = bed.store().inbox_entry(InboxItem::Event(two)).await.unwrap().unwrap();
    assert_eq!((shown.state, shown.attempts, shown.error.as_str()), (InboxState::Pending, 2, "second"));
    // The turn as known before the restart still ends it.
    done(bed.store().commit(&lease, commit_of(&burst, "a"), at(41)).await);
    assert_eq!(bed.waiting_seqs(&lease).await, [three]);
}

#[rstest]
#[tokio::test]
async fn a_parked_turn_leaves_the_lane_and_can_neither_fail_nor_commit(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] restart: bool,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, three] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let burst = bed.start(&lease, &[one, two]).await;
    bed.park(&lease, &burst, "gave up", 20).await;
    if restart {
        bed.reopen();
    }
    let lease = bed.lease(&p).await;
    assert_eq!(bed.waiting_seqs(&lease).await, [three]);
    let parked = bed.store().inbox(None, 10).await.unwrap();
    let parked: Vec<_> = parked.iter().map(|entry| (entry.item, entry.attempts, &entry.error[..])).collect();
    assert_eq!(parked, [(InboxItem::Event(one), 1, "gave up"), (InboxItem::Event(two), 1, "gave up")]);
    let store = bed.store();
    refused(store.commit(&lease, commit_of(&burst, "a"), at(21)).await, StoreErrorKind::Gone);
    refused(store.fail(&lease, burst.id, "x", at(30)).await, StoreErrorKind::Gone);
    refused(store.park(&lease, parking_of(&burst, "a", "x"), at(21)).await, StoreErrorKind::Gone);
    refused(store.put_step(&lease, burst.id, "x", "1".into()).await, StoreErrorKind::Gone);
    refused(store.start_turn(&lease, &[one], at(21)).await, StoreErrorKind::Gone);
}

#[rstest]
#[tokio::test]
async fn a_dropped_event_is_gone_for_its_old_turn(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let [one, two, _] = three(&bed, &p).await;
    let lease = bed.lease(&p).await;
    let burst = bed.start(&lease, &[one, two]).await;
    let store = bed.store();
    bed.park(&lease, &burst, "gave up", 20).await;
    store.request(InboxRequest::Drop(InboxItem::Event(one)), at(21)).await.unwrap();
    store.request(InboxRequest::Retry(InboxItem::Event(two)), at(21)).await.unwrap();
    store.carry_out_requests(at(22)).await.unwrap();
    refused(store.commit(&lease, commit_of(&burst, "a"), at(23)).await, StoreErrorKind::Gone);
    // The other member keeps the turn's name.
    let rest = bed.start(&lease, &[two]).await;
    assert_eq!((rest.id, &rest.seqs[..]), (burst.id, &[two][..]));
    done(store.commit(&lease, commit_of(&rest, "a"), at(24)).await);
}
