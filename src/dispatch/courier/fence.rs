//! Rows that must not reach a client whose session a person has, and the report of what was withheld.

use super::post::Post;
use crate::{
    dispatch::{
        Outgoing,
        effect::ToClient,
        ownership::Passing,
        withheld::{Report, line_place},
    },
    store::{LaneKey, OutboxRow, StoreError},
    wire::{ChatId, UserId},
};

/// The row as the fence sees it.
pub(super) fn passing(row: &OutboxRow, to: ToClient) -> Passing {
    Passing {
        chat: to.chat,
        lane: to.own.then(|| LaneKey::new(row.dialog.as_str())),
        committed: Some(row.created),
    }
}

impl Post {
    /// Puts the report of a withheld row into the journal, once however often it is called.
    pub(super) async fn report(&self, row: &OutboxRow, why: &str) -> Result<(), StoreError> {
        let Ok(call) = serde_json::from_str::<Outgoing>(&row.call) else { return Ok(()) };
        let Some(to) = call.to.filter(|to| !to.untold) else { return Ok(()) };
        let to = ToClient { chat: noted_chat(row).unwrap_or(to.chat), ..to };
        let Some(lane) = self.fence.lane_of(&passing(row, to)) else { return Ok(()) };
        let portal = &self.lease.portal;
        let bot = call.bot().and_then(|id| Some((id, self.services.registry.bot(portal, id)?.code)));
        let report = Report {
            key: row.uuid,
            since: row.created,
            bot,
            place: Some(line_place(to.chat)),
            text: Some(call.text().unwrap_or_default().to_owned()),
            answers: call.after,
            why: why.to_owned(),
            operator: self.operator_of(&lane),
        };
        let event = match report.event(portal, &lane) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(%portal, %error, "a withheld message cannot be reported");
                return Ok(());
            }
        };
        self.services.store.append(vec![event], self.now()).await?;
        self.fence.sessions().accepted();
        Ok(())
    }

    fn operator_of(&self, lane: &LaneKey) -> Option<UserId> {
        self.fence.sessions().session(lane, self.now())?.operator
    }
}

/// The chat that a message for a CRM item was to go into, once that was found.
fn noted_chat(row: &OutboxRow) -> Option<ChatId> {
    let note: serde_json::Value = serde_json::from_str(row.note.as_deref()?).ok()?;
    note.get("chat")?.as_i64().map(ChatId::new)
}
