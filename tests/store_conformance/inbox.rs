//! What a person sees and asks for.

use openlines::store::{InboxItem, InboxRequest, InboxState, Lease, OutboxId, OutboxState, SendOutcome, Seq};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, commit_of, done, portal,
};

/// A parked event, an uncertain and a rejected call, a waiting event and a queued call.
struct Mess {
    lease: Lease,
    parked: Seq,
    calls: Vec<OutboxId>,
    waiting: Seq,
}

async fn mess(bed: &Bed) -> Mess {
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let first = bed.message(&p, "a", 1, 10).await;
    let turn = bed.start(&lease, &[first]).await;
    let mut commit = commit_of(&turn, "a");
    commit.outbox =
        ["im.unsure", "im.refused", "im.queued"].map(|name| crate::bed::call("chat1", name)).to_vec();
    let calls = done(bed.store().commit(&lease, commit, at(11)).await);
    let store = bed.store();
    store.mark_sending(&lease, &calls[..2], at(12)).await.unwrap();
    store.settle(&lease, calls[1], SendOutcome::Rejected("no".into()), at(13)).await.unwrap();
    store.settle(&lease, calls[0], SendOutcome::Uncertain("maybe".into()), at(14)).await.unwrap();
    let parked = bed.message(&p, "b", 2, 20).await;
    let turn = bed.start(&lease, &[parked]).await;
    bed.park(&lease, &turn, "boom", 21).await;
    let waiting = bed.message(&p, "b", 3, 30).await;
    Mess { lease, parked, calls, waiting }
}

async fn listed(bed: &Bed, state: Option<InboxState>) -> Vec<InboxItem> {
    bed.store().inbox(state, 100).await.unwrap().iter().map(|entry| entry.item).collect()
}

#[rstest]
#[tokio::test]
async fn the_inbox_lists_by_state_oldest_first_without_bodies(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let Mess { parked, calls, waiting, .. } = mess(&bed).await;
    bed.reopen();
    let (unsure, rejected) = (InboxItem::Call(calls[0]), InboxItem::Call(calls[1]));
    assert_eq!(listed(&bed, None).await, [unsure, rejected, InboxItem::Event(parked)]);
    assert_eq!(listed(&bed, Some(InboxState::Parked)).await, [InboxItem::Event(parked)]);
    assert_eq!(listed(&bed, Some(InboxState::Uncertain)).await, [unsure]);
    assert_eq!(listed(&bed, Some(InboxState::Rejected)).await, [rejected]);
    let pending = [InboxItem::Call(calls[2]), InboxItem::Event(waiting)];
    assert_eq!(listed(&bed, Some(InboxState::Pending)).await, pending);
    let entries = bed.store().inbox(None, 2).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry.body.is_empty()));
    let first = &entries[0];
    assert_eq!(
        (first.state, first.what.as_str(), first.lane.as_str()),
        (InboxState::Uncertain, "im.unsure", "chat1")
    );
    assert_eq!((&first.portal, first.since, first.attempts), (&portal("p"), at(11), 1));
    assert_eq!(first.error, "maybe");
}

#[rstest]
#[tokio::test]
async fn events_come_before_calls_of_the_same_moment(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    // Committed at 50, as the event below is accepted.
    let calls = bed.finish(&lease, "a", seq, &["im.a"]).await;
    let later = bed.message(&q, "a", 1, 50).await;
    let pending = [InboxItem::Event(later), InboxItem::Call(calls[0])];
    assert_eq!(listed(&bed, Some(InboxState::Pending)).await, pending);
}

async fn shown_entry(bed: &Bed, item: InboxItem) -> Option<(InboxState, String, bytes::Bytes)> {
    let entry = bed.store().inbox_entry(item).await.unwrap()?;
    Some((entry.state, entry.what, entry.body))
}

#[rstest]
#[tokio::test]
async fn one_entry_is_shown_with_its_body_and_none_once_it_is_done_with(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let bed = Bed::new(kind);
    let Mess { lease, parked, calls, waiting } = mess(&bed).await;
    let shown = shown_entry(&bed, InboxItem::Event(parked)).await;
    assert_eq!(shown, Some((InboxState::Parked, "ONIMBOTMESSAGEADD".into(), "body of 2".into())));
    let shown = shown_entry(&bed, InboxItem::Event(waiting)).await.unwrap();
    assert_eq!((shown.0, &shown.2[..]), (InboxState::Pending, &b"body of 3"[..]));
    let shown = shown_entry(&bed, InboxItem::Call(calls[1])).await;
    assert_eq!(shown, Some((InboxState::Rejected, "im.refused".into(), r#"{"method":"im.refused"}"#.into())));
    bed.finish(&lease, "b", waiting, &[]).await;
    bed.store().settle(&lease, calls[2], SendOutcome::Sent("1".into()), at(90)).await.unwrap();
    for item in [
        InboxItem::Event(waiting),
        InboxItem::Call(calls[2]),
        InboxItem::Event(Seq(999)),
        InboxItem::Call(OutboxId(999)),
    ] {
        assert_eq!(shown_entry(&bed, item).await, None, "{item:?}");
    }
}

#[rstest]
#[tokio::test]
async fn what_is_to_be_retried_goes_back_to_work_with_its_tries_forgotten(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let mut bed = Bed::new(kind);
    let Mess { parked, calls, waiting, .. } = mess(&bed).await;
    for item in [InboxItem::Call(calls[1]), InboxItem::Event(parked), InboxItem::Call(calls[0])] {
        bed.store().request(InboxRequest::Retry(item), at(40)).await.unwrap();
    }
    bed.reopen();
    let reopened = bed.store().carry_out_requests(at(41)).await.unwrap();
    let (p, lease) = (portal("p"), bed.lease(&portal("p")).await);
    let [(of, event)] = &reopened.events[..] else { panic!("{reopened:?}") };
    assert_eq!((of, event.seq, event.attempts, event.retry_at), (&p, parked, 0, None));
    assert_eq!((&event.body[..], &event.frozen[..]), (&b"body of 2"[..], &[parked][..]));
    assert_eq!(reopened.calls.iter().map(|(_, row)| row.id).collect::<Vec<_>>(), calls[..2]);
    for (of, row) in &reopened.calls {
        assert_eq!((of, row.state, row.attempts), (&p, OutboxState::Queued, 0));
        assert_eq!((row.first_sent, row.retry_at, row.created), (None, None, at(11)));
    }
    assert_eq!(bed.waiting_seqs(&lease).await, [parked, waiting]);
    assert_eq!(bed.store().unsettled(&lease, OutboxId(0), 9).await.unwrap().len(), 3);
    assert!(listed(&bed, None).await.is_empty());
    // Carried out once.
    let again = bed.store().carry_out_requests(at(42)).await.unwrap();
    assert!(again.events.is_empty() && again.calls.is_empty());
    let turn = bed.start(&lease, &[parked]).await;
    done(bed.store().commit(&lease, commit_of(&turn, "b"), at(43)).await);
}

#[rstest]
#[tokio::test]
async fn retrying_one_member_puts_its_whole_turn_back(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let seqs = [
        bed.message(&p, "a", 1, 1).await,
        bed.message(&p, "a", 2, 2).await,
        bed.message(&p, "a", 3, 3).await,
    ];
    let lease = bed.lease(&p).await;
    let turn = bed.start(&lease, &seqs).await;
    bed.park(&lease, &turn, "x", 4).await;
    bed.store().request(InboxRequest::Drop(InboxItem::Event(seqs[2])), at(5)).await.unwrap();
    bed.store().request(InboxRequest::Retry(InboxItem::Event(seqs[1])), at(5)).await.unwrap();
    let reopened = bed.store().carry_out_requests(at(6)).await.unwrap();
    let rows: Vec<_> = reopened.events.iter().map(|(_, row)| (row.seq, &row.frozen[..])).collect();
    assert_eq!(rows, [(seqs[0], &seqs[..2]), (seqs[1], &seqs[..2])]);
    assert_eq!(bed.waiting_seqs(&lease).await, seqs[..2]);
    assert!(listed(&bed, None).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn what_is_dropped_does_not_come_back_and_its_fact_stays_known(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let Mess { parked, calls, waiting, .. } = mess(&bed).await;
    for item in [InboxItem::Event(parked), InboxItem::Call(calls[0]), InboxItem::Call(calls[1])] {
        bed.store().request(InboxRequest::Drop(item), at(40)).await.unwrap();
        bed.store().request(InboxRequest::Retry(item), at(41)).await.unwrap();
    }
    let reopened = bed.store().carry_out_requests(at(42)).await.unwrap();
    assert!(reopened.events.is_empty() && reopened.calls.is_empty());
    bed.reopen();
    let lease = bed.lease(&portal("p")).await;
    assert!(listed(&bed, None).await.is_empty());
    assert_eq!(bed.waiting_seqs(&lease).await, [waiting]);
    assert_eq!(bed.append(crate::bed::message(&portal("p"), "b", 2), 43).await, None);
}

#[rstest]
#[tokio::test]
async fn a_request_for_what_needs_nobody_does_nothing(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let Mess { lease, calls, waiting, .. } = mess(&bed).await;
    for item in [
        InboxItem::Event(waiting),
        InboxItem::Call(calls[2]),
        InboxItem::Event(Seq(999)),
        InboxItem::Call(OutboxId(999)),
    ] {
        bed.store().request(InboxRequest::Retry(item), at(40)).await.unwrap();
        bed.store().request(InboxRequest::Drop(item), at(40)).await.unwrap();
    }
    let reopened = bed.store().carry_out_requests(at(41)).await.unwrap();
    assert!(reopened.events.is_empty() && reopened.calls.is_empty());
    assert_eq!(bed.waiting_seqs(&lease).await, [waiting]);
    let queued = bed.store().unsettled(&lease, OutboxId(0), 9).await.unwrap();
    assert_eq!(queued.iter().map(|row| row.id).collect::<Vec<_>>(), calls[2..]);
}
