//! The members of a turn as the one event that its handler gets.

use std::sync::Arc;

use super::{
    Services, burst,
    heard::{Arrival, Heard},
};
use crate::{
    store::{JournalRow, Lease, Seq, StoreError, Turn},
    wire::{Incoming, Message, MessageId},
};

/// A turn's members together.
pub(super) struct Members {
    /// The last of them.
    pub(super) row: JournalRow,
    /// The message that was written first.
    pub(super) lowest: Option<MessageId>,
    pub(super) heard: Heard,
    /// The messages one by one, if there are several.
    pub(super) burst: Arc<[Message]>,
}

impl Members {
    /// Those that `turn` was frozen with, whatever is here of them; `None` if there is nothing left.
    pub(super) async fn of(
        services: &Services,
        lease: &Lease,
        turn: &Turn,
        mut here: Vec<Arrival>,
    ) -> Result<Option<Self>, StoreError> {
        let mut all = Vec::with_capacity(turn.seqs.len());
        for seq in &turn.seqs {
            let found = here.iter().position(|one| one.row.seq == *seq).map(|place| here.swap_remove(place));
            let one = match found {
                Some(one) => Some(one),
                // It is in the turn since an earlier life, and was not read again yet.
                None => services
                    .store
                    .load(lease, Seq(seq.0 - 1), 1)
                    .await?
                    .into_iter()
                    .find(|row| row.seq == *seq)
                    .map(|row| Arrival::read(services, &lease.portal, row)),
            };
            let Some(Arrival { mut row, heard, .. }) = one else { return Ok(None) };
            let heard = heard.unwrap_or_else(|| Heard::read(services, &lease.portal, &mut row));
            all.push((row, heard));
        }
        let lowest = all.iter().filter_map(|(row, _)| row.message).min();
        let several = all.len() > 1;
        let Some((row, last)) = all.pop() else { return Ok(None) };
        if !several {
            return Ok(Some(Self { row, lowest, heard: last, burst: Arc::default() }));
        }
        let (heard, burst) = together(all.into_iter().map(|(_, heard)| heard).chain([last]));
        Ok(Some(Self { row, lowest, heard, burst }))
    }
}

fn together(all: impl Iterator<Item = Heard>) -> (Heard, Arc<[Message]>) {
    let mut events: Vec<Incoming> = Vec::new();
    for heard in all {
        match heard {
            Heard::Event { incoming, fired: None } => events.push(*incoming),
            Heard::Unreadable(error) => return (Heard::Unreadable(error), Arc::default()),
            _ => {}
        }
    }
    match burst::join(events) {
        Some((incoming, burst)) => (Heard::Event { incoming: Box::new(incoming), fired: None }, burst),
        None => (
            Heard::Unreadable("one turn has several events that are not all messages".into()),
            Arc::default(),
        ),
    }
}
