//! How full buckets were.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{SqliteStore, fault::Halt, writer::Tx};
use crate::{
    store::{BucketLevel, Levels, StoreError, levels::FORGET_AFTER},
    wire::{MemberId, Timestamp},
};

impl Tx<'_> {
    fn keep_levels(&self, egress: &str, levels: &[BucketLevel]) -> Result<(), Halt> {
        let mut keep = self.sql(
            "INSERT OR REPLACE INTO bucket_levels (egress, member, millicalls, at) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for level in levels {
            let millicalls = i64::try_from(level.millicalls).unwrap_or(i64::MAX);
            keep.execute(params![egress, level.member.as_str(), millicalls, level.at.millis()])?;
        }
        if let Some(newest) = levels.iter().map(|level| level.at).max() {
            self.sql("DELETE FROM bucket_levels WHERE egress = ?1 AND at < ?2")?
                .execute(params![egress, newest.minus(FORGET_AFTER).millis()])?;
        }
        Ok(())
    }
}

#[async_trait]
impl Levels for SqliteStore {
    async fn level(&self, egress: &str, member: &MemberId) -> Result<Option<BucketLevel>, StoreError> {
        let (egress, member) = (egress.to_owned(), member.clone());
        self.read(move |conn| {
            conn.prepare_cached("SELECT millicalls, at FROM bucket_levels WHERE egress = ?1 AND member = ?2")?
                .query_row([egress.as_str(), member.as_str()], |row| {
                    Ok(BucketLevel {
                        member: member.clone(),
                        millicalls: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
                        at: Timestamp::from_millis(row.get(1)?),
                    })
                })
                .optional()
        })
        .await
    }

    async fn keep_levels(&self, egress: &str, levels: Vec<BucketLevel>) -> Result<(), StoreError> {
        let egress = egress.to_owned();
        self.write(move |tx| tx.keep_levels(&egress, &levels)).await
    }
}
