//! Accepting events: order, duplicates, all of a call or none.

use openlines::store::{Appended, DedupeKind, InboxState, NewEvent, Seq};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, event, key, message, portal,
};

#[rstest]
#[tokio::test]
async fn events_come_back_in_the_order_of_acceptance_with_all_they_had(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    for (id, now) in [(30, 1), (10, 2), (20, 3)] {
        bed.message(&p, "lane a", id, now).await;
    }
    bed.reopen();
    let lease = bed.lease(&p).await;
    let rows = bed.waiting(&lease).await;
    let ids: Vec<_> = rows.iter().map(|row| row.message.unwrap().get()).collect();
    assert_eq!(ids, [30, 10, 20]);
    assert!(rows.is_sorted_by_key(|row| row.seq));
    let first = &rows[0];
    assert_eq!((first.lane.as_str(), first.code.as_str()), ("lane a", "ONIMBOTMESSAGEADD"));
    assert_eq!((&first.body[..], first.accepted), (&b"body of 30"[..], at(1)));
    assert_eq!((first.attempts, first.retry_at), (0, None));
    assert!(first.frozen.is_empty());
}

#[rstest]
#[tokio::test]
async fn load_answers_at_most_so_many_after_a_place_and_of_one_portal(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let mut of_p = Vec::new();
    for id in 0..6 {
        of_p.push(bed.message(&p, "a", id, 1).await);
        bed.message(&q, "a", id, 1).await;
    }
    let lease = bed.lease(&p).await;
    let page = bed.store().load(&lease, of_p[1], 3).await.unwrap();
    assert_eq!(page.iter().map(|row| row.seq).collect::<Vec<_>>(), of_p[2..5]);
    assert!(bed.store().load(&lease, of_p[5], 3).await.unwrap().is_empty());
    assert!(bed.store().load(&lease, Seq(0), 0).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn what_tells_of_nobody_is_passed_over_by_who_only_listens(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let mut telling = Vec::new();
    for id in 0..12 {
        let event = NewEvent { quiet: id % 3 > 0, ..message(&p, "a", id) };
        let seq = bed.append(event, 1).await.unwrap();
        telling.extend((id % 3 == 0).then_some(seq));
        bed.message(&portal("q"), "a", id, 1).await;
    }
    bed.reopen();
    let lease = bed.lease(&p).await;
    let heard = async |after, limit| {
        let rows = bed.store().telling(&lease, after, limit).await.unwrap();
        rows.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_eq!(heard(Seq(0), 9).await, telling);
    assert_eq!(heard(telling[0], 2).await, telling[1..3]);
    bed.finish(&lease, "a", telling[1], &[]).await;
    assert_eq!(heard(telling[0], 9).await, telling[2..]);
    assert_eq!(bed.waiting(&lease).await.len(), 11);
}

#[rstest]
#[tokio::test]
async fn a_known_fact_is_a_duplicate_also_after_it_is_done_and_after_a_restart(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let seq = bed.message(&p, "a", 7, 1).await;
    assert_eq!(bed.append(message(&p, "another lane", 7), 2).await, None);
    let lease = bed.lease(&p).await;
    bed.finish(&lease, "a", seq, &[]).await;
    bed.reopen();
    assert_eq!(bed.append(message(&p, "a", 7), 3).await, None);
    let lease = bed.lease(&p).await;
    assert!(bed.waiting(&lease).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn duplicates_within_one_call_are_found_and_answered_in_order(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let events = [5, 6, 5, 7, 6].map(|id| message(&p, "a", id)).to_vec();
    let answers = bed.store().append(events, at(1)).await.unwrap();
    let fresh: Vec<_> = answers.iter().map(|answer| *answer != Appended::Duplicate).collect();
    assert_eq!(fresh, [true, true, false, true, false]);
    let lease = bed.lease(&p).await;
    assert_eq!(bed.waiting(&lease).await.len(), 3);
    assert!(bed.store().append(Vec::new(), at(1)).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_fact_is_one_of_its_portal_bot_kind_ordinal_and_digest(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let fact = key(DedupeKind::Other, 5, 1);
    let mut of_another_bot = event(&p, "a", fact.clone());
    of_another_bot.dedupe.bot = 40.into();
    let all = [
        event(&p, "a", fact),
        event(&q, "a", key(DedupeKind::Other, 5, 1)),
        of_another_bot,
        event(&p, "a", key(DedupeKind::Other, 6, 1)),
        event(&p, "a", key(DedupeKind::Other, 5, 2)),
        event(&p, "a", key(DedupeKind::Message, 5, 1)),
        event(&openlines::wire::PortalKey::new("another app", "p"), "a", key(DedupeKind::Other, 5, 1)),
    ];
    for event in &all {
        assert!(bed.append(event.clone(), 1).await.is_some(), "{:?}", event.dedupe);
    }
    for event in all {
        assert_eq!(bed.append(event.clone(), 1).await, None, "{:?}", event.dedupe);
    }
}

#[rstest]
#[case::message_then_command(&[(DedupeKind::Message, 1), (DedupeKind::TypedCommand, 2)], &[true, false])]
#[case::command_then_message(&[(DedupeKind::TypedCommand, 2), (DedupeKind::Message, 1)], &[true, false])]
#[case::two_commands(&[(DedupeKind::TypedCommand, 1), (DedupeKind::TypedCommand, 2)], &[true, true])]
#[case::the_same_command(&[(DedupeKind::TypedCommand, 1), (DedupeKind::TypedCommand, 1)], &[true, false])]
#[case::two_commands_then_message(
    &[(DedupeKind::TypedCommand, 1), (DedupeKind::TypedCommand, 2), (DedupeKind::Message, 3)],
    &[true, true, false]
)]
#[case::message_of_another_digest(&[(DedupeKind::Message, 1), (DedupeKind::Message, 2)], &[true, false])]
#[case::others_do_not_count(
    &[(DedupeKind::Other, 1), (DedupeKind::Message, 1), (DedupeKind::Other, 2)],
    &[true, true, true]
)]
#[case::a_command_whose_digest_is_zero(&[(DedupeKind::TypedCommand, 0), (DedupeKind::TypedCommand, 1)], &[true, true])]
#[tokio::test]
async fn a_message_and_a_typed_command_of_one_id_exclude_each_other(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] in_one_call: bool,
    #[case] arrivals: &[(DedupeKind, u8)],
    #[case] expected: &[bool],
) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let events: Vec<_> =
        arrivals.iter().map(|(kind, digest)| event(&p, "a", key(*kind, 9, *digest))).collect();
    let mut fresh = Vec::new();
    if in_one_call {
        let answers = bed.store().append(events, at(1)).await.unwrap();
        fresh.extend(answers.iter().map(|answer| *answer != Appended::Duplicate));
    } else {
        for event in events {
            fresh.push(bed.append(event, 1).await.is_some());
        }
    }
    assert_eq!(fresh, expected);
}

#[rstest]
#[tokio::test]
async fn an_event_that_cannot_be_typed_is_accepted_parked_with_its_reason(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let mut odd = message(&p, "a", 1);
    odd.park = Some("no message id".into());
    let seq = bed.append(odd.clone(), 4).await.unwrap();
    assert_eq!(bed.append(odd, 5).await, None);
    let lease = bed.lease(&p).await;
    assert!(bed.waiting(&lease).await.is_empty());
    let parked = bed.store().inbox(Some(InboxState::Parked), 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].error.as_str(), parked[0].since, parked[0].attempts), ("no message id", at(4), 0));
    super::bed::refused(
        bed.store().start_turn(&lease, &[seq], at(6)).await,
        openlines::store::StoreErrorKind::Gone,
    );
}

#[rstest]
#[tokio::test]
async fn places_grow_over_all_portals_and_are_never_given_twice(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let first = bed.message(&p, "a", 1, 1).await;
    let second = bed.message(&q, "a", 1, 1).await;
    assert!(second > first);
    bed.store().forget_portal(&q).await.unwrap();
    bed.reopen();
    let third = bed.message(&q, "a", 1, 1).await;
    assert!(third > second, "{third} after {second}");
}

#[rstest]
#[tokio::test]
async fn any_text_and_any_bytes_survive(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("портал \0 'p' \u{10FFFF}");
    let mut event = message(&p, "дорожка\0'\"%_", i64::MAX);
    event.body = (0..=255u8).collect::<Vec<_>>().into();
    event.dedupe.ordinal = i64::MIN;
    bed.append(event.clone(), 1).await.unwrap();
    bed.reopen();
    let lease = bed.lease(&p).await;
    let rows = bed.waiting(&lease).await;
    assert_eq!((rows[0].body.clone(), rows[0].lane.clone()), (event.body.clone(), event.lane.clone()));
    assert_eq!(rows[0].message.unwrap().get(), i64::MAX);
    assert_eq!(bed.append(event, 2).await, None);
}
