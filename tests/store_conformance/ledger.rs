//! The ledger of network messages, and what a row of the outbox remembers of itself and of those before it.

use openlines::{
    store::{
        Lease, LedgerEntry, LedgerState, OutboxId, OutboxState, Retention, SendOutcome, SentBefore,
        StoreErrorKind,
    },
    wire::UserId,
};
use rstest::rstest;
use uuid::Uuid;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, portal, refused, retention,
};

const LINE: &str = "0123456789abcdef0123456789abcdef";

fn entry(user: i64, seconds: i64, state: LedgerState, row: u128) -> LedgerEntry {
    LedgerEntry {
        line: LINE.into(),
        user: UserId::new(user),
        at: at(seconds),
        state,
        row: Uuid::from_u128(row),
    }
}

async fn last(bed: &Bed, name: &str, user: i64) -> Option<LedgerEntry> {
    bed.store().ledger(&portal(name), LINE, UserId::new(user)).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn an_entry_outlives_a_restart_and_belongs_to_its_portal_line_and_user(
    #[values(Memory, Sqlite)] kind: Kind,
    #[values(LedgerState::Sent, LedgerState::Uncertain)] state: LedgerState,
) {
    let mut bed = Bed::new(kind);
    assert_eq!(last(&bed, "p", 7).await, None, "a portal nobody knows");
    let (lease, other) = (bed.lease(&portal("p")).await, bed.lease(&portal("q")).await);
    bed.store().enter(&lease, entry(7, 10, state, 1)).await.unwrap();
    bed.store().enter(&other, entry(7, 20, LedgerState::Sent, 2)).await.unwrap();
    bed.reopen();
    assert_eq!(last(&bed, "p", 7).await, Some(entry(7, 10, state, 1)));
    assert_eq!(last(&bed, "q", 7).await, Some(entry(7, 20, LedgerState::Sent, 2)));
    assert_eq!(last(&bed, "p", 8).await, None);
    assert_eq!(bed.store().ledger(&portal("p"), "another line", UserId::new(7)).await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn an_entry_takes_the_place_of_its_own_and_of_older_ones_only(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let lease = bed.lease(&portal("p")).await;
    let enter = async |entry| bed.store().enter(&lease, entry).await.unwrap();
    enter(entry(7, 10, LedgerState::Uncertain, 1)).await;
    // Its own row may go back in time: when it was tried first is told again.
    enter(entry(7, 9, LedgerState::Sent, 1)).await;
    assert_eq!(last(&bed, "p", 7).await, Some(entry(7, 9, LedgerState::Sent, 1)));
    enter(entry(7, 8, LedgerState::Sent, 2)).await;
    assert_eq!(
        last(&bed, "p", 7).await,
        Some(entry(7, 9, LedgerState::Sent, 1)),
        "an older one of another row"
    );
    enter(entry(7, 9, LedgerState::Sent, 3)).await;
    assert_eq!(last(&bed, "p", 7).await, Some(entry(7, 9, LedgerState::Sent, 3)));
}

#[rstest]
#[tokio::test]
async fn only_the_row_that_made_an_entry_strikes_it(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let lease = bed.lease(&portal("p")).await;
    bed.store().enter(&lease, entry(7, 10, LedgerState::Uncertain, 1)).await.unwrap();
    let strike =
        async |row| bed.store().strike(&lease, LINE, UserId::new(7), Uuid::from_u128(row)).await.unwrap();
    strike(2).await;
    assert!(last(&bed, "p", 7).await.is_some());
    strike(1).await;
    strike(1).await;
    assert_eq!(last(&bed, "p", 7).await, None);
}

#[rstest]
#[tokio::test]
async fn an_old_lease_enters_and_strikes_nothing(#[values(Memory, Sqlite)] kind: Kind) {
    use StoreErrorKind::Fenced;
    let bed = Bed::new(kind);
    let old = bed.lease(&portal("p")).await;
    bed.store().enter(&old, entry(7, 10, LedgerState::Sent, 1)).await.unwrap();
    bed.lease(&portal("p")).await;
    refused(bed.store().enter(&old, entry(7, 11, LedgerState::Sent, 2)).await, Fenced);
    refused(bed.store().strike(&old, LINE, UserId::new(7), Uuid::from_u128(1)).await, Fenced);
    refused(bed.store().note(&old, OutboxId(1), "x").await, Fenced);
    refused(bed.store().sent_before(&old, OutboxId(1), 9).await, Fenced);
    assert_eq!(last(&bed, "p", 7).await, Some(entry(7, 10, LedgerState::Sent, 1)));
}

#[rstest]
#[tokio::test]
async fn the_ledger_is_swept_by_its_own_age_and_goes_with_its_portal(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    let (lease, other) = (bed.lease(&portal("p")).await, bed.lease(&portal("q")).await);
    for user in 1..=5 {
        bed.store().enter(&lease, entry(user, user * 10, LedgerState::Sent, 1)).await.unwrap();
        bed.store().enter(&other, entry(user, 90, LedgerState::Sent, 1)).await.unwrap();
    }
    let mut span: Retention = retention(0);
    span.ledger = std::time::Duration::from_secs(50);
    let swept = [
        bed.store().sweep(&span, 2, at(80)).await.unwrap().ledger,
        bed.store().sweep(&span, 2, at(80)).await.unwrap().ledger,
    ];
    assert_eq!(swept, [2, 1]);
    for user in 1..=5 {
        assert_eq!(last(&bed, "p", user).await.is_some(), user > 3, "{user}");
    }
    bed.store().forget_portal(&portal("p")).await.unwrap();
    assert_eq!(last(&bed, "p", 5).await, None);
    bed.lease(&portal("p")).await;
    assert_eq!(last(&bed, "p", 5).await, None, "a portal met again knows nothing of before");
    assert!(last(&bed, "q", 5).await.is_some());
}

async fn note_of(bed: &Bed, lease: &Lease) -> Option<String> {
    bed.store().unsettled(lease, OutboxId(0), 9).await.unwrap().remove(0).note
}

#[rstest]
#[tokio::test]
async fn a_note_stays_with_its_row_until_that_is_settled(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let ids = bed.finish(&lease, "a", seq, &["im.a"]).await;
    assert_eq!(note_of(&bed, &lease).await, None);
    bed.store().note(&lease, ids[0], "first").await.unwrap();
    bed.store().note(&lease, ids[0], "чат 15").await.unwrap();
    bed.store().mark_sending(&lease, &ids, at(60)).await.unwrap();
    bed.reopen();
    let lease = bed.lease(&p).await;
    assert_eq!(note_of(&bed, &lease).await.as_deref(), Some("чат 15"));
    let row = bed.store().unsettled(&lease, OutboxId(0), 9).await.unwrap().remove(0);
    assert_eq!((row.state, row.attempts), (OutboxState::Sending(at(60)), 1), "a note changes nothing else");
    let other = bed.lease(&portal("q")).await;
    refused(bed.store().note(&other, ids[0], "x").await, StoreErrorKind::Gone);
    bed.store().settle(&lease, ids[0], SendOutcome::Sent("1".into()), at(61)).await.unwrap();
    refused(bed.store().note(&lease, ids[0], "x").await, StoreErrorKind::Gone);
}

#[rstest]
#[tokio::test]
async fn what_went_before_a_row_is_told_for_its_dialog_the_last_first(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let (p, q) = (portal("p"), portal("q"));
    let (lease, other) = (bed.lease(&p).await, bed.lease(&q).await);
    let mut ids = Vec::new();
    for (message, dialog) in [(1, "a"), (2, "b"), (3, "a"), (4, "a"), (5, "a"), (6, "a")] {
        let seq = bed.message(&p, dialog, message, message).await;
        ids.extend(bed.finish(&lease, dialog, seq, &["im.a"]).await);
    }
    let foreign = bed.message(&q, "a", 1, 1).await;
    let foreign = bed.finish(&other, "a", foreign, &["im.a"]).await;
    let settle = async |lease, id, outcome| bed.store().settle(lease, id, outcome, at(60)).await.unwrap();
    settle(&other, foreign[0], SendOutcome::Sent("99".into())).await;
    settle(&lease, ids[0], SendOutcome::Sent("41".into())).await;
    settle(&lease, ids[1], SendOutcome::Sent("42".into())).await;
    settle(&lease, ids[2], SendOutcome::Sent("43".into())).await;
    settle(&lease, ids[3], SendOutcome::Withheld("a person has it".into())).await;
    settle(&lease, ids[5], SendOutcome::Sent("46".into())).await;
    bed.reopen();
    let lease = bed.lease(&p).await;
    let before = async |id, limit| bed.store().sent_before(&lease, id, limit).await.unwrap();
    let results = |results: &[&str]| SentBefore {
        results: results.iter().map(|result| (*result).to_owned()).collect(),
        uncertain: false,
    };
    assert_eq!(before(ids[4], 9).await, results(&["43", "41"]));
    assert_eq!(before(ids[4], 1).await, results(&["43"]));
    assert_eq!(before(ids[0], 9).await, results(&[]));
    refused(bed.store().sent_before(&lease, foreign[0], 9).await, StoreErrorKind::Gone);
    refused(bed.store().sent_before(&lease, OutboxId(999), 9).await, StoreErrorKind::Gone);
}

#[rstest]
#[case(SendOutcome::Uncertain("timed out".into()), true)]
#[case(SendOutcome::Rejected("ACCESS_DENIED".into()), false)]
#[tokio::test]
async fn an_uncertain_row_before_is_told(
    #[values(Memory, Sqlite)] kind: Kind,
    #[case] outcome: SendOutcome,
    #[case] uncertain: bool,
) {
    let bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    let seq = bed.message(&p, "a", 1, 1).await;
    let ids = bed.finish(&lease, "a", seq, &["im.a", "im.b"]).await;
    bed.store().settle(&lease, ids[0], outcome, at(60)).await.unwrap();
    let before = async |id| bed.store().sent_before(&lease, id, 9).await.unwrap();
    assert_eq!(before(ids[1]).await, SentBefore { results: Vec::new(), uncertain });
    assert!(!before(ids[0]).await.uncertain, "itself does not count");
}
