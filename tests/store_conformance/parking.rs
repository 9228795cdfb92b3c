//! Parking: a turn is given up, and what stays true of it is written with that.

use openlines::{
    store::{
        Committed, InboxItem, InboxRequest, InboxState, LaneChange, LaneKey, LaneState, Lease, Seq,
        StoreErrorKind, TimerChange,
    },
    wire::PortalKey,
};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, commit_of, done, parking_of, portal, refused, set_timer,
};

/// A lane at revision 1 with two timers, `mine` first, and one or two events of which a turn can be made.
async fn lane(bed: &Bed, portal: &PortalKey, burst: bool) -> (Lease, Vec<Seq>) {
    let lease = bed.lease(portal).await;
    let seq = bed.message(portal, "a", 1, 1).await;
    let turn = bed.start(&lease, &[seq]).await;
    let mut commit = commit_of(&turn, "a");
    commit.change = Some(LaneChange { expected: 0, state: of_the_bot() });
    commit.timers = vec![set_timer("mine", 40), set_timer("later", 50)];
    done(bed.store().commit(&lease, commit, at(2)).await);
    let mut seqs = vec![bed.message(portal, "a", 2, 2).await];
    if burst {
        seqs.push(bed.message(portal, "a", 3, 3).await);
    }
    (lease, seqs)
}

fn of_the_bot() -> LaneState {
    let (dialogue, ownership) = (Some("form".into()), Some("bot".into()));
    LaneState { revision: 0, last_message: 1, dialogue, ownership }
}

fn over() -> LaneState {
    LaneState { dialogue: None, ownership: Some("closed".into()), ..of_the_bot() }
}

async fn lane_of(bed: &Bed, lease: &Lease) -> LaneState {
    bed.store().lane(lease, &LaneKey::new("a")).await.unwrap()
}

/// What the inbox has parked, and how often each was tried.
async fn parked(bed: &Bed) -> Vec<(InboxItem, u32, String)> {
    let parked = bed.store().inbox(Some(InboxState::Parked), 9).await.unwrap();
    parked.into_iter().map(|entry| (entry.item, entry.attempts, entry.error)).collect()
}

#[rstest]
#[tokio::test]
async fn a_parking_changes_the_lane_and_its_timers_at_once(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] burst: bool,
) {
    let (mut bed, p) = (Bed::new(kind), portal("p"));
    let (lease, seqs) = lane(&bed, &p, burst).await;
    let turn = bed.start(&lease, &seqs).await;
    let mut parking = parking_of(&turn, "a", "gave up");
    parking.change = Some(LaneChange { expected: 1, state: over() });
    parking.timers = vec![TimerChange::Cancel { id: "mine".into() }];
    assert_eq!(bed.store().park(&lease, parking, at(20)).await.unwrap(), Committed::Done(vec![]));
    assert_eq!(lane_of(&bed, &lease).await, LaneState { revision: 2, ..over() });
    bed.reopen();
    let lease = bed.lease(&p).await;
    assert_eq!(lane_of(&bed, &lease).await, LaneState { revision: 2, ..over() });
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), Some(at(50)), "the other timer stays");
    assert!(bed.waiting_seqs(&lease).await.is_empty());
    let expected: Vec<_> = seqs.iter().map(|seq| (InboxItem::Event(*seq), 1, "gave up".to_owned())).collect();
    assert_eq!(parked(&bed).await, expected);
}

#[rstest]
#[tokio::test]
async fn a_parking_at_another_revision_parks_nothing(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] burst: bool,
    #[values(0, 2)] expected: u64,
) {
    let (mut bed, p) = (Bed::new(kind), portal("p"));
    let (lease, seqs) = lane(&bed, &p, burst).await;
    let turn = bed.start(&lease, &seqs).await;
    let mut parking = parking_of(&turn, "a", "gave up");
    parking.change = Some(LaneChange { expected, state: over() });
    parking.timers = vec![TimerChange::Cancel { id: "mine".into() }, set_timer("new", 5)];
    let answer = bed.store().park(&lease, parking.clone(), at(20)).await.unwrap();
    assert_eq!(answer, Committed::Conflict);
    bed.reopen();
    let lease = bed.lease(&p).await;
    let waiting = bed.waiting(&lease).await;
    assert_eq!(waiting.iter().map(|row| row.seq).collect::<Vec<_>>(), seqs);
    let frozen = if burst { seqs.clone() } else { vec![] };
    assert!(waiting.iter().all(|row| row.attempts == 0 && row.frozen == frozen), "{waiting:?}");
    assert_eq!(lane_of(&bed, &lease).await, LaneState { revision: 1, ..of_the_bot() });
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), Some(at(40)));
    assert!(parked(&bed).await.is_empty());
    // The same turn, with the lane as it is.
    parking.change = Some(LaneChange { expected: 1, state: over() });
    done(bed.store().park(&lease, parking, at(21)).await);
    assert_eq!(parked(&bed).await.len(), seqs.len());
}

#[rstest]
#[tokio::test]
async fn a_parking_without_a_change_goes_by_no_revision(#[values(Memory, Sqlite)] kind: Kind) {
    let (bed, p) = (Bed::new(kind), portal("p"));
    let (lease, seqs) = lane(&bed, &p, false).await;
    bed.park(&lease, &bed.start(&lease, &seqs).await, "gave up", 20).await;
    assert_eq!(lane_of(&bed, &lease).await, LaneState { revision: 1, ..of_the_bot() });
}

#[rstest]
#[tokio::test]
async fn a_turn_is_parked_once_and_what_it_left_stays_when_it_is_put_back(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] restart: bool,
) {
    let (mut bed, p) = (Bed::new(kind), portal("p"));
    let (mut lease, seqs) = lane(&bed, &p, false).await;
    let turn = bed.start(&lease, &seqs).await;
    let mut parking = parking_of(&turn, "a", "gave up");
    parking.change = Some(LaneChange { expected: 1, state: over() });
    parking.timers = vec![TimerChange::Cancel { id: "mine".into() }];
    done(bed.store().park(&lease, parking.clone(), at(20)).await);
    if restart {
        bed.reopen();
        lease = bed.lease(&p).await;
    }
    for expected in [1, 2] {
        parking.change = Some(LaneChange { expected, state: of_the_bot() });
        parking.timers = vec![set_timer("new", 5)];
        refused(bed.store().park(&lease, parking.clone(), at(21)).await, StoreErrorKind::Gone);
    }
    bed.store().request(InboxRequest::Retry(InboxItem::Event(seqs[0])), at(22)).await.unwrap();
    bed.store().carry_out_requests(at(23)).await.unwrap();
    assert_eq!(lane_of(&bed, &lease).await, LaneState { revision: 2, ..over() });
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), Some(at(50)));
    let again = bed.start(&lease, &seqs).await;
    assert_eq!((again.id, again.attempts), (turn.id, 0));
    let mut commit = commit_of(&again, "a");
    commit.change = Some(LaneChange { expected: 2, state: of_the_bot() });
    done(bed.store().commit(&lease, commit, at(24)).await);
    assert_eq!(lane_of(&bed, &lease).await.revision, 3);
}
