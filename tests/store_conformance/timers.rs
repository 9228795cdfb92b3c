//! Timers: durable, by generation, until they have fired.

use openlines::store::{DueTimer, LaneKey, Lease, TimerChange};
use openlines::wire::PortalKey;
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, commit_of, done, portal, set_timer,
};

/// Commits a turn with these changes in `lane`; `id` is its message.
async fn change(
    bed: &Bed,
    (portal, lease): (&PortalKey, &Lease),
    lane: &str,
    id: i64,
    timers: Vec<TimerChange>,
) {
    let seq = bed.message(portal, lane, id, id).await;
    let turn = bed.start(lease, &[seq]).await;
    let mut commit = commit_of(&turn, lane);
    commit.timers = timers;
    done(bed.store().commit(lease, commit, at(0)).await);
}

async fn due(bed: &Bed, lease: &Lease, now: i64) -> Vec<DueTimer> {
    bed.store().due_timers(lease, 100, at(now)).await.unwrap()
}

fn names(timers: &[DueTimer]) -> Vec<(&str, &str, u64)> {
    timers.iter().map(|timer| (timer.lane.as_str(), &timer.id[..], timer.generation)).collect()
}

#[rstest]
#[tokio::test]
async fn timers_are_due_earliest_first_and_only_when_their_moment_has_come(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let mut bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let (of_p, of_q) = (bed.lease(&p).await, bed.lease(&q).await);
    assert_eq!(bed.store().next_timer(&of_p).await.unwrap(), None);
    change(&bed, (&p, &of_p), "a", 1, vec![set_timer("late", 30), set_timer("soon", 10)]).await;
    change(&bed, (&p, &of_p), "b", 2, vec![set_timer("soon", 20)]).await;
    change(&bed, (&q, &of_q), "a", 1, vec![set_timer("foreign", 5)]).await;
    bed.reopen();
    let lease = bed.lease(&p).await;
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), Some(at(10)));
    assert!(due(&bed, &lease, 9).await.is_empty());
    assert_eq!(names(&due(&bed, &lease, 20).await), [("a", "soon", 1), ("b", "soon", 1)]);
    let all = due(&bed, &lease, 99).await;
    assert_eq!(names(&all), [("a", "soon", 1), ("b", "soon", 1), ("a", "late", 1)]);
    assert_eq!((all[0].at, &all[0].payload[..]), (at(10), &b"wake"[..]));
    assert_eq!(bed.store().due_timers(&lease, 1, at(99)).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_timer_set_again_moves_and_its_generation_never_repeats(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let cancel = || TimerChange::Cancel { id: "t".into() };
    change(&bed, (&p, &lease), "a", 1, vec![set_timer("t", 10)]).await;
    let payload = TimerChange::Set { id: "t".into(), at: at(20), payload: "other".into() };
    change(&bed, (&p, &lease), "a", 2, vec![payload]).await;
    assert!(due(&bed, &lease, 15).await.is_empty());
    let moved = due(&bed, &lease, 20).await;
    assert_eq!((names(&moved), &moved[0].payload[..]), (vec![("a", "t", 2)], &b"other"[..]));
    change(&bed, (&p, &lease), "a", 3, vec![cancel()]).await;
    assert!(due(&bed, &lease, 99).await.is_empty());
    assert_eq!(bed.store().next_timer(&lease).await.unwrap(), None);
    change(&bed, (&p, &lease), "a", 4, vec![cancel(), set_timer("t", 30), set_timer("t", 31)]).await;
    bed.reopen();
    let lease = bed.lease(&p).await;
    let fired = due(&bed, &lease, 99).await.remove(0);
    assert_eq!((fired.generation, fired.at), (4, at(31)));
    bed.store().timer_fired(&lease, &fired).await.unwrap();
    change(&bed, (&p, &lease), "a", 5, vec![set_timer("t", 40)]).await;
    assert_eq!(due(&bed, &lease, 99).await[0].generation, 5);
}

#[rstest]
#[tokio::test]
async fn a_fired_timer_is_forgotten_only_at_its_generation(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    change(&bed, (&p, &lease), "a", 1, vec![set_timer("t", 10), set_timer("u", 11)]).await;
    let fired = due(&bed, &lease, 10).await.remove(0);
    // Set again between firing and forgetting.
    change(&bed, (&p, &lease), "a", 2, vec![set_timer("t", 50)]).await;
    bed.store().timer_fired(&lease, &fired).await.unwrap();
    assert_eq!(names(&due(&bed, &lease, 99).await), [("a", "u", 1), ("a", "t", 2)]);
    for timer in due(&bed, &lease, 99).await {
        bed.store().timer_fired(&lease, &timer).await.unwrap();
        bed.store().timer_fired(&lease, &timer).await.unwrap();
    }
    let unknown = DueTimer { lane: LaneKey::new("no"), ..fired };
    bed.store().timer_fired(&lease, &unknown).await.unwrap();
    bed.reopen();
    let lease = bed.lease(&p).await;
    assert!(due(&bed, &lease, 99).await.is_empty());
}
