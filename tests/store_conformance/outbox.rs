//! The outbox: order, marking, and what each outcome leaves behind.

use openlines::store::{
    InboxItem, InboxState, NewOutboxRow, OutboxId, OutboxRow, OutboxState, Priority, SendOutcome,
    StoreErrorKind,
};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, call, commit_of, done, portal, refused,
};

async fn unsettled(bed: &Bed, lease: &openlines::store::Lease) -> Vec<OutboxRow> {
    bed.store().unsettled(lease, OutboxId(0), 100).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn calls_come_back_in_the_order_of_commit_with_all_they_had(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let (lease, other) = (bed.lease(&p).await, bed.lease(&q).await);
    let priorities = [Priority::Bulk, Priority::Reply, Priority::HandOver, Priority::Edit, Priority::Rt]
        .map(|priority| NewOutboxRow { priority, ..call("чат", "im.message.add") });
    let first = bed.message(&p, "a", 1, 1).await;
    let second = bed.message(&p, "b", 2, 2).await;
    let foreign = bed.message(&q, "a", 1, 1).await;
    // Accepted later, committed earlier.
    let turn = bed.start(&lease, &[second]).await;
    let mut commit = commit_of(&turn, "b");
    commit.outbox = priorities.to_vec();
    let mut ids = done(bed.store().commit(&lease, commit, at(10)).await);
    bed.finish(&other, "a", foreign, &["im.foreign"]).await;
    ids.extend(bed.finish(&lease, "a", first, &["im.last"]).await);
    bed.reopen();
    let lease = bed.lease(&p).await;
    let rows = unsettled(&bed, &lease).await;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids);
    assert!(ids.is_sorted());
    for (row, committed) in rows.iter().zip(&priorities) {
        assert_eq!((row.priority, row.uuid), (committed.priority, committed.uuid));
        assert_eq!((&row.dialog, &row.call), (&committed.dialog, &committed.call));
        assert_eq!((row.state, row.attempts, row.created), (OutboxState::Queued, 0, at(10)));
        assert_eq!((row.first_sent, row.retry_at), (None, None));
    }
    let page = bed.store().unsettled(&lease, ids[1], 2).await.unwrap();
    assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), ids[2..4]);
}

#[rstest]
#[tokio::test]
async fn a_call_being_sent_is_found_so_after_a_restart(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let ids = bed.finish(&lease, "a", seq, &["im.a", "im.b", "im.c"]).await;
    bed.store().mark_sending(&lease, &[ids[0], ids[2]], at(60)).await.unwrap();
    bed.store().mark_sending(&lease, &[], at(60)).await.unwrap();
    bed.reopen();
    let lease = bed.lease(&p).await;
    let states: Vec<_> = unsettled(&bed, &lease).await.iter().map(|row| (row.state, row.attempts)).collect();
    let sending = (OutboxState::Sending(at(60)), 1);
    assert_eq!(states, [sending, (OutboxState::Queued, 0), sending]);
    // A second try: the first moment stays, from which the key's life counts.
    bed.store().mark_sending(&lease, &[ids[0]], at(70)).await.unwrap();
    let row = unsettled(&bed, &lease).await.remove(0);
    assert_eq!((row.state, row.attempts), (OutboxState::Sending(at(70)), 2));
    assert_eq!(row.first_sent, Some(at(60)));
}

#[rstest]
#[tokio::test]
async fn a_call_marked_by_its_commit_is_told_so_once_and_is_being_sent_for_all_others(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] is_read_before: bool,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let turn = bed.start(&lease, &[seq]).await;
    let mut commit = commit_of(&turn, "a");
    commit.outbox = vec![NewOutboxRow { marked: true, ..call("a", "im.a") }, call("a", "im.b")];
    done(bed.store().commit(&lease, commit, at(60)).await);
    let states = |rows: Vec<OutboxRow>| {
        rows.iter().map(|row| (row.state, row.attempts, row.first_sent)).collect::<Vec<_>>()
    };
    let queued = (OutboxState::Queued, 0, None);
    if is_read_before {
        let first = states(unsettled(&bed, &lease).await);
        assert_eq!(first, [(OutboxState::Marked, 1, Some(at(60))), queued]);
    } else {
        bed.reopen();
    }
    let sending = (OutboxState::Sending(at(60)), 1, Some(at(60)));
    let lease = if is_read_before { lease } else { bed.lease(&p).await };
    if is_read_before || matches!(kind, Sqlite) {
        assert_eq!(states(unsettled(&bed, &lease).await), [sending, queued]);
    }
    // A try that certainly was not executed takes the mark off.
    let id = unsettled(&bed, &lease).await[0].id;
    let outcome = SendOutcome::Retry { at: at(90), error: "held".into(), unknown: false };
    bed.store().settle(&lease, id, outcome, at(61)).await.unwrap();
    assert_eq!(states(unsettled(&bed, &lease).await), [(OutboxState::Queued, 1, Some(at(60))), queued]);
}

#[rstest]
#[tokio::test]
async fn a_call_to_be_tried_again_is_queued_unless_its_outcome_is_unknown(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] unknown: bool,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let ids = bed.finish(&lease, "a", seq, &["im.a"]).await;
    bed.store().mark_sending(&lease, &ids, at(60)).await.unwrap();
    let outcome = SendOutcome::Retry { at: at(90), error: "timed out".into(), unknown };
    bed.store().settle(&lease, ids[0], outcome, at(61)).await.unwrap();
    bed.reopen();
    let lease = bed.lease(&p).await;
    let row = unsettled(&bed, &lease).await.remove(0);
    let expected = if unknown { OutboxState::Sending(at(60)) } else { OutboxState::Queued };
    assert_eq!((row.state, row.attempts), (expected, 1));
    assert_eq!((row.first_sent, row.retry_at), (Some(at(60)), Some(at(90))));
    let shown = bed.store().inbox_entry(InboxItem::Call(ids[0])).await.unwrap().unwrap();
    assert_eq!((shown.state, shown.error.as_str()), (InboxState::Pending, "timed out"));
    bed.store().mark_sending(&lease, &ids, at(95)).await.unwrap();
    let row = unsettled(&bed, &lease).await.remove(0);
    assert_eq!((row.state, row.attempts, row.retry_at), (OutboxState::Sending(at(95)), 2, None));
}

#[rstest]
#[case::sent(SendOutcome::Sent("42".into()), None)]
#[case::withheld(SendOutcome::Withheld("a person has it".into()), None)]
#[case::rejected(SendOutcome::Rejected("ACCESS_DENIED".into()), Some((InboxState::Rejected, "ACCESS_DENIED")))]
#[case::uncertain(SendOutcome::Uncertain("timed out".into()), Some((InboxState::Uncertain, "timed out")))]
#[tokio::test]
async fn a_final_outcome_takes_the_call_out_and_stays(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(false, true)] sent_before: bool,
    #[case] outcome: SendOutcome,
    #[case] shown: Option<(InboxState, &str)>,
) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let ids = bed.finish(&lease, "a", seq, &["im.a", "im.b"]).await;
    if sent_before {
        bed.store().mark_sending(&lease, &ids[..1], at(60)).await.unwrap();
    }
    bed.store().settle(&lease, ids[0], outcome, at(61)).await.unwrap();
    bed.reopen();
    let lease = bed.lease(&p).await;
    for again in [
        SendOutcome::Sent("1".into()),
        SendOutcome::Uncertain("again".into()),
        SendOutcome::Retry { at: at(99), error: "again".into(), unknown: true },
    ] {
        bed.store().settle(&lease, ids[0], again, at(62)).await.unwrap();
    }
    assert_eq!(unsettled(&bed, &lease).await.iter().map(|row| row.id).collect::<Vec<_>>(), ids[1..]);
    let listed = bed.store().inbox(None, 9).await.unwrap();
    let listed: Vec<_> =
        listed.iter().map(|entry| (entry.item, entry.state, &entry.error[..], entry.attempts)).collect();
    let expected: Vec<_> = shown
        .map(|(state, error)| (InboxItem::Call(ids[0]), state, error, u32::from(sent_before)))
        .into_iter()
        .collect();
    assert_eq!(listed, expected);
    refused(bed.store().mark_sending(&lease, &ids[..1], at(63)).await, StoreErrorKind::Gone);
}

#[rstest]
#[tokio::test]
async fn marking_is_all_or_none(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let (lease, other) = (bed.lease(&p).await, bed.lease(&q).await);
    let seq = bed.message(&p, "a", 1, 1).await;
    let ids = bed.finish(&lease, "a", seq, &["im.a", "im.b"]).await;
    bed.store().settle(&lease, ids[1], SendOutcome::Sent("1".into()), at(60)).await.unwrap();
    for rows in [vec![ids[0], ids[1]], vec![ids[1]], vec![ids[0], OutboxId(999)], vec![OutboxId(999)]] {
        refused(bed.store().mark_sending(&lease, &rows, at(61)).await, StoreErrorKind::Gone);
    }
    refused(bed.store().mark_sending(&other, &ids[..1], at(61)).await, StoreErrorKind::Gone);
    assert_eq!(unsettled(&bed, &lease).await[0].state, OutboxState::Queued);
}

#[rstest]
#[tokio::test]
async fn a_call_that_never_was_or_is_anothers_cannot_be_settled(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let (lease, other) = (bed.lease(&p).await, bed.lease(&q).await);
    let seq = bed.message(&p, "a", 1, 1).await;
    let ids = bed.finish(&lease, "a", seq, &["im.a"]).await;
    for outcome in
        [SendOutcome::Sent("1".into()), SendOutcome::Retry { at: at(9), error: "x".into(), unknown: true }]
    {
        let store = bed.store();
        refused(store.settle(&lease, OutboxId(999), outcome.clone(), at(9)).await, StoreErrorKind::Gone);
        refused(store.settle(&other, ids[0], outcome, at(9)).await, StoreErrorKind::Gone);
    }
    assert_eq!(unsettled(&bed, &lease).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn several_rows_are_settled_as_each_by_itself(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let ids = bed.finish(&lease, "a", seq, &["im.a", "im.b", "im.c", "im.d"]).await;
    bed.store().mark_sending(&lease, &ids, at(60)).await.unwrap();
    let retry = SendOutcome::Retry { at: at(90), error: "lost".into(), unknown: true };
    let outcomes = vec![
        (ids[0], SendOutcome::Sent("1".into())),
        (ids[1], retry),
        (ids[2], SendOutcome::Uncertain("maybe".into())),
    ];
    bed.store().settle_all(&lease, outcomes.clone(), at(61)).await.unwrap();
    // As after an answer of the store that was lost.
    bed.store().settle_all(&lease, outcomes, at(62)).await.unwrap();
    bed.store().settle_all(&lease, Vec::new(), at(62)).await.unwrap();
    bed.reopen();
    let lease = bed.lease(&p).await;
    let rows = unsettled(&bed, &lease).await;
    let left: Vec<_> = rows.iter().map(|row| (row.id, row.retry_at)).collect();
    assert_eq!(left, [(ids[1], Some(at(90))), (ids[3], None)]);
    let unknown =
        vec![(ids[3], SendOutcome::Sent("1".into())), (OutboxId(999), SendOutcome::Sent("1".into()))];
    crate::bed::refused(bed.store().settle_all(&lease, unknown, at(63)).await, StoreErrorKind::Gone);
}
