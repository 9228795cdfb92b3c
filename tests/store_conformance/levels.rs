//! How full buckets were.

use openlines::store::BucketLevel;
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, portal,
};

fn level(member: &str, millicalls: u64, seconds: i64) -> BucketLevel {
    BucketLevel { member: member.into(), millicalls, at: at(seconds) }
}

async fn kept(bed: &Bed, egress: &str, member: &str) -> Option<BucketLevel> {
    bed.store().level(egress, &member.into()).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn the_level_kept_last_outlives_a_restart_and_belongs_to_its_address(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let mut bed = Bed::new(kind);
    assert_eq!(kept(&bed, "here", "p").await, None);
    bed.store().keep_levels("here", vec![level("p", 47_500, 10), level("q", 3, 10)]).await.unwrap();
    bed.store().keep_levels("there", vec![level("p", 1_000, 11)]).await.unwrap();
    bed.store().keep_levels("here", vec![level("p", 12_000, 12)]).await.unwrap();
    bed.store().keep_levels("here", Vec::new()).await.unwrap();
    bed.reopen();
    assert_eq!(kept(&bed, "here", "p").await, Some(level("p", 12_000, 12)));
    assert_eq!(kept(&bed, "here", "q").await, Some(level("q", 3, 10)));
    assert_eq!(kept(&bed, "there", "p").await, Some(level("p", 1_000, 11)));
}

#[rstest]
#[tokio::test]
async fn a_level_goes_with_its_portal_and_when_the_bucket_has_long_run_empty(
    #[values(Memory, Sqlite)] kind: Kind,
) {
    let bed = Bed::new(kind);
    bed.lease(&portal("p")).await;
    bed.store().keep_levels("here", vec![level("p", 1_000, 10), level("old", 1_000, 10)]).await.unwrap();
    bed.store().forget_portal(&portal("p")).await.unwrap();
    assert_eq!(kept(&bed, "here", "p").await, None);
    bed.store().keep_levels("there", vec![level("q", 1_000, 3_700)]).await.unwrap();
    assert!(kept(&bed, "here", "old").await.is_some(), "another address's clock");
    bed.store().keep_levels("here", vec![level("q", 1_000, 3_700)]).await.unwrap();
    assert_eq!(kept(&bed, "here", "old").await, None);
}
