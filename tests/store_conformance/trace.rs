//! What became of an event, by the key it was accepted under.

use openlines::store::{
    DedupeKind::{Message, Other, TypedCommand},
    Fate, InboxItem, InboxRequest, InboxState, Lease, OutboxId, SendOutcome, Trace,
};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, event, key, message, portal, retention,
};

async fn trace(bed: &Bed, portal_name: &str, digest: u8) -> Option<Trace> {
    let keys = vec![key(Other, 0, digest)];
    bed.store().trace(&portal(portal_name), keys).await.unwrap().remove(0)
}

async fn fate(bed: &Bed, digest: u8) -> Option<Fate> {
    trace(bed, "p", digest).await.map(|trace| trace.fate)
}

/// An event under this key, accepted at 40, done at 50 with these calls.
async fn done(bed: &Bed, lease: &Lease, digest: u8, calls: &[&str]) -> Vec<OutboxId> {
    let seq = bed.append(event(&lease.portal, "a", key(Other, 0, digest)), 40).await.unwrap();
    bed.finish(lease, "a", seq, calls).await
}

#[rstest]
#[tokio::test]
async fn it_is_told_in_the_order_of_the_keys_and_outlives_a_restart(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    assert_eq!(trace(&bed, "p", 1).await, None, "a portal nobody knows");
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let settle = async |id, outcome| bed.store().settle(&lease, id, outcome, at(60)).await.unwrap();
    let parked = bed.append(event(&p, "a", key(Other, 0, 1)), 40).await.unwrap();
    let turn = bed.start(&lease, &[parked]).await;
    bed.park(&lease, &turn, "boom", 41).await;
    done(&bed, &lease, 2, &[]).await;
    done(&bed, &lease, 3, &["im.queued"]).await;
    let sending = done(&bed, &lease, 4, &["im.sending"]).await;
    bed.store().mark_sending(&lease, &sending, at(55)).await.unwrap();
    // The first call counts.
    let sent = done(&bed, &lease, 5, &["im.sent", "im.queued"]).await;
    settle(sent[0], SendOutcome::Sent("1".into())).await;
    let withheld = done(&bed, &lease, 6, &["im.withheld"]).await;
    settle(withheld[0], SendOutcome::Withheld("a person has it".into())).await;
    let unsure = done(&bed, &lease, 7, &["im.unsure"]).await;
    settle(unsure[0], SendOutcome::Uncertain("maybe".into())).await;
    let refused = done(&bed, &lease, 8, &["im.refused"]).await;
    settle(refused[0], SendOutcome::Rejected("no".into())).await;
    let again = done(&bed, &lease, 9, &["im.again"]).await;
    settle(again[0], SendOutcome::Retry { at: at(99), error: "later".into(), unknown: true }).await;
    let waiting = bed.append(event(&p, "a", key(Other, 0, 10)), 40).await.unwrap();
    bed.reopen();
    let keys = (0..=10).map(|digest| key(Other, 0, digest)).collect();
    let traces = bed.store().trace(&p, keys).await.unwrap();
    let fates: Vec<Option<Fate>> =
        traces.iter().map(|one| one.as_ref().map(|one| one.fate.clone())).collect();
    let stuck = |state, error: &str| Some(Fate::Stuck(state, error.to_owned()));
    let expected = [
        None,
        stuck(InboxState::Parked, "boom"),
        Some(Fate::Gone),
        Some(Fate::Open),
        Some(Fate::Open),
        Some(Fate::Sent(at(60))),
        Some(Fate::Gone),
        stuck(InboxState::Uncertain, "maybe"),
        stuck(InboxState::Rejected, "no"),
        Some(Fate::Open),
        Some(Fate::Open),
    ];
    assert_eq!(fates, expected);
    assert!(traces.iter().flatten().all(|trace| trace.accepted == at(40)));
    let lease = bed.lease(&p).await;
    assert_eq!(traces[10].as_ref().unwrap().turn, bed.start(&lease, &[waiting]).await.id);
    assert_eq!(trace(&bed, "q", 1).await, None, "of another portal");
}

#[rstest]
#[tokio::test]
async fn a_key_of_another_kind_is_another_event(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let p = portal("p");
    bed.append(message(&p, "a", 41), 40).await.unwrap();
    bed.append(event(&p, "a", key(Other, 41, 1)), 41).await.unwrap();
    let keys = [(Message, 7), (Other, 1), (TypedCommand, 1), (Other, 2)];
    let keys = keys.map(|(kind, digest)| key(kind, 41, digest)).to_vec();
    let traces = bed.store().trace(&p, keys).await.unwrap();
    let accepted: Vec<_> = traces.into_iter().map(|one| one.map(|one| one.accepted)).collect();
    assert_eq!(accepted, [Some(at(40)), Some(at(41)), None, None]);
}

#[rstest]
#[tokio::test]
async fn what_a_person_did_and_what_was_swept_is_told(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let lease = bed.lease(&portal("p")).await;
    for digest in [1, 2] {
        let calls = done(&bed, &lease, digest, &["im.refused"]).await;
        bed.store().settle(&lease, calls[0], SendOutcome::Rejected("no".into()), at(60)).await.unwrap();
        let request = if digest == 1 { InboxRequest::Drop } else { InboxRequest::Retry };
        bed.store().request(request(InboxItem::Call(calls[0])), at(61)).await.unwrap();
    }
    let sent = done(&bed, &lease, 3, &["im.sent"]).await;
    bed.store().settle(&lease, sent[0], SendOutcome::Sent("1".into()), at(60)).await.unwrap();
    bed.store().carry_out_requests(at(62)).await.unwrap();
    assert_eq!(fate(&bed, 1).await, Some(Fate::Gone), "dropped");
    assert_eq!(fate(&bed, 2).await, Some(Fate::Open), "tried again");
    let mut span = retention(1_000);
    span.sent = std::time::Duration::ZERO;
    bed.store().sweep(&span, 99, at(70)).await.unwrap();
    assert_eq!(fate(&bed, 3).await, Some(Fate::Gone), "swept");
    bed.store().sweep(&retention(0), 99, at(70)).await.unwrap();
    assert_eq!(fate(&bed, 3).await, None, "its key was swept too");
}
