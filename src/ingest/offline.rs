//! Collecting offline events: what the portal keeps until it is asked for (`event.offline.get`, protocol 4.10).
//!
//! In steps: the rows are taken under a process id, journaled, and only then cleared. What a process that ended has left
//! under its id is collected first.
//!
//! **Trap:** a licence without steps clears what it answers. There, rows whose answer is lost on its way, or that cannot be
//! stored, are gone.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{
    poll::{Page, PollError, Poller},
    rows,
};
use crate::{
    codec,
    rest::{
        Api as _, ApiExt, CallError, Method,
        methods::{
            OneZero,
            event::{OfflineClear, OfflineGet, OfflineList},
        },
    },
    wire::{Node, PortalKey},
};

/// Rows collected at once.
const PAGE: i64 = 200;
/// Processes that were left behind are looked for at most so often in a row.
const ROUNDS: usize = 50;

/// How the rows of one portal are collected.
#[derive(Debug, Default)]
pub(super) struct Collecting {
    /// The licence has no steps.
    at_once: bool,
    /// What earlier processes left was collected.
    looked_back: bool,
}

impl Poller {
    /// Collects one page.
    pub(super) async fn offline_page(
        &self,
        portal: &PortalKey,
        how: &mut Collecting,
    ) -> Result<Page, PollError> {
        if !how.looked_back {
            self.left_behind(portal).await?;
            how.looked_back = true;
        }
        let get = OfflineGet::new().limit(PAGE);
        if !how.at_once {
            match self.ask(portal, &get.clone().clear(OneZero(false))).await {
                Err(error) if error.is("WRONG_LICENSE") => {
                    tracing::warn!(
                        %portal,
                        "the portal's licence has no offline events in steps: what is collected is gone from the portal before it is stored here, and lost if the answer is"
                    );
                    how.at_once = true;
                }
                answer => {
                    // Should something go wrong from here on, the rows are under the id of a process that is none.
                    how.looked_back = false;
                    let page = self.keep(portal, answer.map_err(PollError::from)?).await?;
                    how.looked_back = true;
                    return Ok(page);
                }
            }
        }
        let answer = self.ask(portal, &get).await.map_err(PollError::from)?;
        self.keep(portal, answer).await
    }

    /// Collects what was taken and not cleared, as by a process that was killed in between.
    async fn left_behind(&self, portal: &PortalKey) -> Result<(), PollError> {
        for _ in 0..ROUNDS {
            let taken = OfflineList::new().filter([("!PROCESS_ID".to_owned(), Json::from(""))]);
            let taken = match self.api.invoke(portal, &taken).await {
                Ok(taken) => taken.rows,
                Err(error) if error.is("WRONG_LICENSE") => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let processes: BTreeSet<String> = taken
                .into_iter()
                .filter(|row| !row.error && !row.process_id.is_empty())
                .map(|row| row.process_id)
                .collect();
            if processes.is_empty() {
                return Ok(());
            }
            for process in processes {
                let get = OfflineGet::new().limit(PAGE).clear(OneZero(false)).process_id(process.as_str());
                let answer = self.ask(portal, &get).await.map_err(PollError::from)?;
                self.keep(portal, answer).await?;
            }
        }
        Ok(())
    }

    /// Journals the rows of an answer and clears them on the portal, in this order.
    async fn keep(&self, portal: &PortalKey, answer: Json) -> Result<Page, PollError> {
        let count = self.journal(portal, &answer, "TIMESTAMP_X", rows::of_collected).await?;
        let process = codec::from_json(&answer);
        let process = process.path(&["process_id"]).and_then(Node::as_str).unwrap_or_default();
        if count > 0 && !process.is_empty() {
            self.api.invoke(portal, &OfflineClear::new(process)).await?;
        }
        Ok(Page { offset: 0, events: count, more: i64::try_from(count).is_ok_and(|count| count >= PAGE) })
    }

    /// Not read as typed: one row of a shape we do not know must be parked, not stop all that follow it.
    async fn ask(&self, portal: &PortalKey, get: &OfflineGet) -> Result<Json, CallError> {
        self.api.call(get.to_call(portal)?).await
    }
}
