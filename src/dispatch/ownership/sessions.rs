//! What is known of the sessions of one portal, shared by those who hear, who answer and who send.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot, watch};

use super::{
    Session,
    evidence::Evidence,
    graph::Holder,
    kept::Ownership,
    table::{Entry, Table},
};
use crate::{
    dispatch::watch::{Watch, What},
    store::{LaneKey, Seq},
    wire::{ChatId, PortalKey, Timestamp},
};

/// What is known of the sessions of one portal.
#[derive(Debug)]
pub(in crate::dispatch) struct Sessions {
    portal: PortalKey,
    watch: Watch,
    table: Mutex<Table>,
    /// How often events were accepted; the first time stands for what was there before.
    accepted: AtomicU64,
    read: watch::Sender<Read>,
    /// Rung when the journal has something new.
    wake: Notify,
}

#[derive(Debug, Clone, Copy, Default)]
struct Read {
    upto: u64,
    over: bool,
}

/// A session at the beginning of a turn.
#[derive(Debug)]
pub(in crate::dispatch) struct Begun {
    /// What the events of the turn make of it.
    pub(in crate::dispatch) ownership: Ownership,
    /// What the store has.
    pub(in crate::dispatch) stored: Option<Ownership>,
    /// A person has it, by these events or by what was heard since.
    pub(in crate::dispatch) human: bool,
    /// Tells that a person has come, if that is to cancel the turn.
    pub(in crate::dispatch) cancelled: Option<oneshot::Receiver<()>>,
}

impl Sessions {
    pub(in crate::dispatch) fn new(portal: PortalKey, watch: Watch) -> Self {
        Self {
            portal,
            watch,
            table: Mutex::default(),
            accepted: AtomicU64::new(1),
            read: watch::Sender::new(Read::default()),
            wake: Notify::new(),
        }
    }

    /// Tells who watches.
    pub(in crate::dispatch) fn tell(&self, chat: ChatId, what: impl FnOnce() -> Option<What>) {
        self.watch.tell(&self.portal, chat, what);
    }

    /// Somebody watches.
    pub(in crate::dispatch) fn is_watched(&self) -> bool {
        self.watch.is_on()
    }

    /// Changes what is known of a session, and tells who watches if somebody else has it now.
    fn change<R>(&self, entry: &mut Entry, change: impl FnOnce(&mut Entry) -> R) -> R {
        let before = (entry.now().holder, entry.now().operator);
        let result = change(entry);
        let Ownership { holder, operator, since, .. } = *entry.now();
        if (holder, operator) != before {
            self.tell(entry.chat(), || Some(What::Session { holder, operator, since }));
        }
        result
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal has something new: until it is read, nothing goes to a client.
    pub(in crate::dispatch) fn accepted(&self) {
        self.accepted.fetch_add(1, Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// Returns when the journal may have something new.
    pub(in crate::dispatch) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// How far the journal is to be read.
    pub(in crate::dispatch) fn to_read(&self) -> u64 {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(in crate::dispatch) fn is_behind(&self) -> bool {
        self.read.borrow().upto < self.to_read()
    }

    /// The journal was read so far, or as far as there is room.
    pub(in crate::dispatch) fn has_read(&self, upto: u64) {
        if self.read.borrow().upto < upto {
            self.read.send_modify(|read| read.upto = upto);
        }
    }

    /// Nobody reads the journal any more.
    pub(in crate::dispatch) fn close(&self) {
        self.read.send_modify(|read| read.over = true);
    }

    /// Waits until everything that was accepted before this call is known here; whether it is.
    pub(super) async fn is_up_to_date(&self) -> bool {
        let wanted = self.to_read();
        if self.read.borrow().upto >= wanted {
            return true;
        }
        let mut read = self.read.subscribe();
        let read = read.wait_for(|read| read.over || read.upto >= wanted).await;
        read.is_ok_and(|read| read.upto >= wanted)
    }

    /// An event of a line came into its lane.
    pub(in crate::dispatch) fn arrived(
        &self,
        lane: &LaneKey,
        seq: Seq,
        chat: ChatId,
        evidence: Option<Evidence>,
    ) {
        self.change(self.table().entry(lane, chat), |entry| entry.arrived(seq, evidence));
    }

    /// The turn of these events begins, with what the store has of the lane. `None` for what is no open line.
    pub(in crate::dispatch) fn begin(
        &self,
        lane: &LaneKey,
        seqs: &[Seq],
        bytes: Option<&Bytes>,
        cancellable: bool,
    ) -> Option<Begun> {
        let mut table = self.table();
        let entry = table.get_mut(lane)?;
        self.change(entry, |entry| load(entry, lane, bytes));
        let ownership = entry.begin(seqs);
        let human = ownership.holder == Holder::Human || entry.now().holder == Holder::Human;
        let cancelled = (cancellable && !human).then(|| entry.cancellable());
        Some(Begun { ownership, stored: entry.stored().cloned(), human, cancelled })
    }

    /// What a turn makes of a session, with what the portal has answered since it began.
    pub(in crate::dispatch) fn meanwhile(&self, lane: &LaneKey, ownership: Ownership) -> Ownership {
        match self.table().get(lane) {
            Some(entry) => entry.meanwhile(ownership),
            None => ownership,
        }
    }

    pub(in crate::dispatch) fn committed(
        &self,
        lane: &LaneKey,
        seqs: &[Seq],
        ownership: Ownership,
        bytes: Option<Bytes>,
    ) {
        if let Some(entry) = self.table().get_mut(lane) {
            self.change(entry, |entry| entry.committed(seqs, ownership, bytes));
        }
    }

    /// The store has this of a session now.
    pub(in crate::dispatch) fn stored(&self, lane: &LaneKey, ownership: Ownership, bytes: Bytes) {
        if let Some(entry) = self.table().get_mut(lane) {
            entry.put(ownership, bytes);
        }
    }

    /// The events are done or parked.
    pub(in crate::dispatch) fn over(&self, lane: &LaneKey, seqs: &[Seq]) {
        if let Some(entry) = self.table().get_mut(lane) {
            entry.over(seqs);
        }
    }

    pub(in crate::dispatch) fn session(&self, lane: &LaneKey, now: Timestamp) -> Option<Session> {
        self.table().get(lane).map(|entry| Session::of(entry.now(), now))
    }

    pub(in crate::dispatch) fn lane_of(&self, chat: ChatId) -> Option<LaneKey> {
        self.table().lane_of(chat).cloned()
    }

    /// What is known of a lane, and when it was heard or asked last; `None` while it is not loaded.
    pub(super) fn known(&self, lane: &LaneKey) -> Option<(Ownership, Option<Timestamp>)> {
        let table = self.table();
        let entry = table.get(lane).filter(|entry| entry.is_loaded())?;
        Some((entry.now().clone(), entry.newest()))
    }

    pub(super) fn load(&self, lane: &LaneKey, chat: ChatId, bytes: Option<&Bytes>) {
        self.change(self.table().entry(lane, chat), |entry| load(entry, lane, bytes));
    }

    pub(super) fn answered(&self, lane: &LaneKey, evidence: Option<&Evidence>, asked: Timestamp) {
        if let Some(entry) = self.table().get_mut(lane) {
            self.change(entry, |entry| entry.answered(evidence, asked));
        }
    }

    pub(super) fn stale(&self, since: Timestamp, limit: usize) -> Vec<(ChatId, LaneKey)> {
        self.table().stale(since, limit)
    }

    /// A message to the client of this chat is on its way, until what is returned is dropped.
    pub(in crate::dispatch) fn under_way(self: &Arc<Self>, lane: &LaneKey, chat: ChatId) -> UnderWay {
        self.table().entry(lane, chat).leaves();
        UnderWay { sessions: self.clone(), lane: lane.clone() }
    }
}

fn load(entry: &mut Entry, lane: &LaneKey, bytes: Option<&Bytes>) {
    if let Err(error) = entry.load(bytes) {
        tracing::error!(
            dialog = lane.as_str(),
            chat = entry.chat().get(),
            error,
            "who has the session was stored and cannot be read; it is found out anew"
        );
    }
}

/// A message on its way: its session is asked for together with others.
#[derive(Debug)]
pub(in crate::dispatch) struct UnderWay {
    sessions: Arc<Sessions>,
    lane: LaneKey,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(entry) = self.sessions.table().get_mut(&self.lane) {
            entry.left();
        }
    }
}
