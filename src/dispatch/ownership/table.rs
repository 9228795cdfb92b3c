//! Sessions in memory: what the store has of each, and what was heard since.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{evidence::Evidence, graph::Holder, kept::Ownership};
use crate::{
    store::{LaneKey, Seq},
    wire::{ChatId, Timestamp},
};

/// Sessions that are kept although nothing happens in them; more are read from the store again when they are needed.
const QUIET: usize = 8_192;

/// The sessions of one portal.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: HashMap<LaneKey, Entry>,
    chats: HashMap<ChatId, LaneKey>,
    room: usize,
}

/// One session. It is what the store has, then what was asked for, then what waiting events say, in this order.
#[derive(Debug, Default)]
pub(super) struct Entry {
    chat: ChatId,
    base: Ownership,
    /// What the store has, once that is known.
    stored: Option<Stored>,
    pending: VecDeque<(Seq, Option<Evidence>)>,
    now: Ownership,
    /// Cancels the running turn.
    cancel: Option<oneshot::Sender<()>>,
    /// Messages to the client on their way.
    under_way: usize,
    asked: Option<Timestamp>,
    /// An answer that named a person since the turn that runs began, and so is not in what that turn began with.
    person_named: Option<Evidence>,
    /// Something has happened since it was asked last: a message to the client may follow.
    stirred: bool,
}

#[derive(Debug, Default)]
struct Stored {
    bytes: Option<Bytes>,
    ownership: Option<Ownership>,
}

impl Table {
    pub(super) fn get(&self, lane: &LaneKey) -> Option<&Entry> {
        self.entries.get(lane)
    }

    pub(super) fn get_mut(&mut self, lane: &LaneKey) -> Option<&mut Entry> {
        self.entries.get_mut(lane)
    }

    pub(super) fn lane_of(&self, chat: ChatId) -> Option<&LaneKey> {
        self.chats.get(&chat)
    }

    /// The entry of a lane, made if need be; quiet ones go when there are many.
    pub(super) fn entry(&mut self, lane: &LaneKey, chat: ChatId) -> &mut Entry {
        if !self.entries.contains_key(lane) {
            self.make_room();
        }
        let entry = self.entries.entry(lane.clone()).or_default();
        if chat.get() > 0 && entry.chat != chat {
            entry.chat = chat;
            self.chats.insert(chat, lane.clone());
        }
        entry
    }

    fn make_room(&mut self) {
        if self.entries.len() < self.room.max(QUIET) {
            return;
        }
        self.entries.retain(|_, entry| !entry.is_quiet());
        let entries = &self.entries;
        self.chats.retain(|_, lane| entries.contains_key(lane));
        self.room = self.entries.len() * 2;
    }

    /// Chats in which something has happened and whose evidence is older than `since`.
    pub(super) fn stale(&self, since: Timestamp, limit: usize) -> Vec<(ChatId, LaneKey)> {
        let wanted = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.chat.get() > 0 && entry.stirred && entry.newest() < Some(since));
        wanted.take(limit).map(|(lane, entry)| (entry.chat, lane.clone())).collect()
    }
}

impl Entry {
    pub(super) fn now(&self) -> &Ownership {
        &self.now
    }

    pub(super) fn stored(&self) -> Option<&Ownership> {
        self.stored.as_ref()?.ownership.as_ref()
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.stored.is_some()
    }

    pub(super) fn chat(&self) -> ChatId {
        self.chat
    }

    /// When it was heard or asked last who has the session.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.now.seen.max(self.asked)
    }

    fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.under_way == 0 && self.cancel.is_none()
    }

    fn is_quiet(&self) -> bool {
        self.is_idle() && !self.base.differs(self.stored().unwrap_or(&Ownership::default()))
    }

    /// Takes in what the store has, unless that is known already. An error says why it cannot be read.
    pub(super) fn load(&mut self, bytes: Option<&Bytes>) -> Result<(), String> {
        if self.stored.as_ref().is_some_and(|stored| stored.bytes.as_ref() == bytes) {
            return Ok(());
        }
        let read = bytes.map(Ownership::read).transpose();
        let ownership = read.as_ref().ok().cloned().flatten();
        self.base = ownership.clone().unwrap_or_default();
        self.stored = Some(Stored { bytes: bytes.cloned(), ownership });
        self.fold();
        read.map(|_| ())
    }

    pub(super) fn arrived(&mut self, seq: Seq, evidence: Option<Evidence>) {
        if self.pending.iter().any(|(known, _)| *known == seq) {
            return;
        }
        self.stirred = true;
        let before = self.now.holder;
        if let Some(evidence) = &evidence {
            self.now = self.now.after(evidence);
        }
        self.pending.push_back((seq, evidence));
        self.compare(before);
    }

    /// The portal was asked at this moment and said so, or did not tell.
    pub(super) fn answered(&mut self, evidence: Option<&Evidence>, asked: Timestamp) {
        let before = self.now.holder;
        self.asked = self.asked.max(Some(asked));
        self.stirred = false;
        if let Some(evidence) = evidence {
            self.base = self.base.after(evidence);
            self.fold();
            self.person_named = Some(evidence.clone()).filter(Evidence::names_a_person);
        }
        self.compare(before);
    }

    /// A turn begins: what its events make of the session, before anything is done about them.
    pub(super) fn begin(&mut self, seqs: &[Seq]) -> Ownership {
        self.person_named = None;
        self.with(seqs)
    }

    /// What a turn makes of the session, and what the portal answered meanwhile. That the session is free was true
    /// when it was asked, and need not be after what the turn has done.
    pub(super) fn meanwhile(&self, ownership: Ownership) -> Ownership {
        self.person_named.as_ref().map(|answer| ownership.after(answer)).unwrap_or(ownership)
    }

    fn with(&self, seqs: &[Seq]) -> Ownership {
        let members = self.pending.iter().filter(|(seq, _)| seqs.contains(seq));
        let evidence = members.filter_map(|(_, evidence)| evidence.as_ref());
        evidence.fold(self.base.clone(), |ownership, evidence| ownership.after(evidence))
    }

    /// A turn begins that a person's taking over is to cancel.
    pub(super) fn cancellable(&mut self) -> oneshot::Receiver<()> {
        let (cancel, cancelled) = oneshot::channel();
        self.cancel = Some(cancel);
        cancelled
    }

    /// The turn of these events was committed, and the store has `bytes` now if they are given.
    pub(super) fn committed(&mut self, seqs: &[Seq], ownership: Ownership, bytes: Option<Bytes>) {
        let before = self.now.holder;
        self.forget(seqs);
        if let Some(bytes) = bytes {
            self.put(ownership.clone(), bytes);
        }
        self.base = self.meanwhile(ownership);
        self.fold();
        self.compare(before);
    }

    /// The store has this now.
    pub(super) fn put(&mut self, ownership: Ownership, bytes: Bytes) {
        self.stored = Some(Stored { bytes: Some(bytes), ownership: Some(ownership) });
    }

    /// These events wait no more, however they ended; what they said stays true.
    pub(super) fn over(&mut self, seqs: &[Seq]) {
        self.cancel = None;
        if self.pending.iter().any(|(seq, _)| seqs.contains(seq)) {
            self.base = self.with(seqs);
            self.forget(seqs);
        }
    }

    pub(super) fn leaves(&mut self) {
        self.under_way += 1;
        self.stirred = true;
    }

    pub(super) fn left(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    fn forget(&mut self, seqs: &[Seq]) {
        self.pending.retain(|(seq, _)| !seqs.contains(seq));
    }

    fn fold(&mut self) {
        let evidence = self.pending.iter().filter_map(|(_, evidence)| evidence.as_ref());
        self.now = evidence.fold(self.base.clone(), |ownership, evidence| ownership.after(evidence));
    }

    /// Cancels the turn that runs if a person has come.
    fn compare(&mut self, before: Holder) {
        if before != Holder::Human
            && self.now.holder == Holder::Human
            && let Some(cancel) = self.cancel.take()
        {
            let _ = cancel.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dispatch::ownership::{
            act::Act,
            evidence::{Owner, Stamp, Writer},
        },
        wire::UserId,
    };
    use proptest::prelude::*;

    fn evidence(writer: Writer, owner: Owner, message: i64) -> Evidence {
        Evidence {
            writer,
            owner: Some(owner),
            signal: None,
            stamp: Stamp { ts: message, message },
            at: Timestamp::from_seconds(message),
            session: None,
            asked: false,
        }
    }

    fn operator(message: i64) -> Evidence {
        evidence(Writer::Operator(UserId::new(27)), Owner::Free, message)
    }

    fn client(message: i64) -> Evidence {
        evidence(Writer::Client, Owner::Free, message)
    }

    fn loaded() -> Entry {
        let mut entry = Entry::default();
        entry.load(None).unwrap();
        entry
    }

    #[test]
    fn a_person_who_comes_cancels_the_turn_that_runs_and_once() {
        let mut entry = loaded();
        entry.arrived(Seq(1), Some(client(1)));
        let mut cancelled = entry.cancellable();
        entry.arrived(Seq(2), Some(client(2)));
        assert!(cancelled.try_recv().is_err());
        entry.arrived(Seq(3), Some(operator(3)));
        assert_eq!(cancelled.try_recv(), Ok(()));
        assert_eq!(entry.now().holder, Holder::Human);
        assert_eq!(entry.with(&[Seq(1)]).holder, Holder::Bot, "for the turn itself it was the bot's");
    }

    #[test]
    fn a_person_of_whom_the_portal_told_during_a_turn_is_not_forgotten_at_its_commit() {
        let mut entry = loaded();
        entry.arrived(Seq(1), Some(client(1)));
        let began = entry.begin(&[Seq(1)]);
        let told = |owner| Evidence {
            asked: true,
            at: Timestamp::from_seconds(2),
            ..evidence(Writer::Nobody, owner, 1)
        };
        entry.answered(Some(&told(Owner::Person(UserId::new(27)))), Timestamp::from_seconds(2));
        assert_eq!(entry.meanwhile(began.clone()).holder, Holder::Human, "to be stored");
        entry.committed(&[Seq(1)], began.clone(), None);
        assert_eq!(entry.now().holder, Holder::Human);

        entry.begin(&[Seq(2)]);
        entry.answered(Some(&told(Owner::Free)), Timestamp::from_seconds(2));
        let given = began.acted(Act::Transfer(UserId::new(27)), Stamp::default(), Timestamp::from_seconds(3));
        entry.committed(&[Seq(2)], given, None);
        assert_eq!(entry.now().holder, Holder::Human, "it was free before the turn gave it away");
    }

    #[test]
    fn what_is_stored_comes_before_what_waits_whenever_it_is_loaded() {
        let mut entry = Entry::default();
        entry.arrived(Seq(5), Some(client(2)));
        let human = Ownership::default().after(&operator(9)).written().unwrap();
        entry.load(Some(&human)).unwrap();
        assert_eq!(entry.now().holder, Holder::Human, "the waiting event is older");
        assert!(entry.load(Some(&Bytes::from_static(b"?"))).is_err());
        assert_eq!(entry.now().holder, Holder::Bot, "what cannot be read is nothing");
    }

    #[test]
    fn sessions_in_which_nothing_happens_go_when_there_are_many() {
        let mut table = Table::default();
        for number in 0..20_000 {
            let lane = LaneKey::new(format!("line|livechat|22|{number}"));
            let entry = table.entry(&lane, ChatId::new(number + 1));
            entry.load(None).unwrap();
            entry.arrived(Seq(number), Some(if number % 1000 == 0 { operator(1) } else { client(1) }));
            entry.over(&[Seq(number)]);
        }
        assert!(table.entries.len() <= 2 * QUIET && table.chats.len() <= table.entries.len());
        let kept = |number: i64| table.get(&LaneKey::new(format!("line|livechat|22|{number}")));
        assert!(kept(1).is_none());
        assert_eq!(kept(0).unwrap().now().holder, Holder::Human, "what the store does not have stays");
    }

    proptest! {
        /// Whichever turns are over by now: who has it is what all events say, in their order.
        #[test]
        fn the_order_of_turns_changes_nothing_of_what_is_known(
            kinds in prop::collection::vec(0..3u8, 1..12),
            done in prop::collection::vec(any::<bool>(), 12),
        ) {
            let all: Vec<Evidence> = (1..).zip(&kinds).map(|(message, kind)| match kind {
                0 => client(message),
                1 => operator(message),
                _ => evidence(Writer::Client, Owner::Person(UserId::new(31)), message),
            }).collect();
            let expected = all.iter().fold(Ownership::default(), |ownership, one| ownership.after(one));
            let mut entry = loaded();
            for (seq, (one, done)) in (1..).zip(all.into_iter().zip(done)) {
                entry.arrived(Seq(seq), Some(one));
                if done {
                    let seqs: Vec<Seq> = entry.pending.iter().map(|(seq, _)| *seq).collect();
                    let ownership = entry.with(&seqs);
                    entry.committed(&seqs, ownership, None);
                }
            }
            prop_assert_eq!(entry.now(), &expected);
        }
    }
}
