//! Accepting events.

use async_trait::async_trait;

use super::{
    MemoryStore,
    tables::{Event, Fact, Parked, Tables},
};
use crate::{
    store::{Appended, DedupeKey, DedupeKind, Journal, NewEvent, Seq, StoreError},
    wire::Timestamp,
};

const MESSAGE: u8 = 0;
const OTHER: u8 = 1;

impl Tables {
    pub(super) fn is_known(&self, no: i64, key: &DedupeKey) -> (bool, Fact) {
        let bot = key.bot.get();
        let fact = |class, digest| (no, bot, class, key.ordinal, digest);
        match key.kind {
            DedupeKind::Message => {
                let of_message = fact(MESSAGE, None)..=fact(MESSAGE, Some([u8::MAX; 16]));
                (self.facts.range(of_message).next().is_some(), fact(MESSAGE, None))
            }
            DedupeKind::TypedCommand => {
                let own = fact(MESSAGE, Some(key.digest));
                (self.facts.contains_key(&fact(MESSAGE, None)) || self.facts.contains_key(&own), own)
            }
            DedupeKind::Other => {
                let own = fact(OTHER, Some(key.digest));
                (self.facts.contains_key(&own), own)
            }
        }
    }

    fn append(&mut self, mut event: NewEvent, now: Timestamp) -> Appended {
        let no = self.known(&event.portal).no;
        let (known, fact) = self.is_known(no, &event.dedupe);
        if known {
            return Appended::Duplicate;
        }
        let seq = self.next_seq;
        self.next_seq += 1;
        self.facts.insert(fact, seq);
        self.bodies.insert(seq, std::mem::take(&mut event.body));
        match event.park.take() {
            Some(error) => {
                self.parked.insert(seq, Parked { at: now, error });
            }
            None => {
                self.waiting.insert((no, seq));
            }
        }
        event.read = None;
        self.events.insert(seq, Event { no, fact, event, accepted: now });
        Appended::Fresh(Seq(seq))
    }
}

#[async_trait]
impl Journal for MemoryStore {
    async fn append(&self, events: Vec<NewEvent>, now: Timestamp) -> Result<Vec<Appended>, StoreError> {
        let mut tables = self.tables();
        Ok(events.into_iter().map(|event| tables.append(event, now)).collect())
    }
}
