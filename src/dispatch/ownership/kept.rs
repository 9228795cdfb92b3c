//! What is known of one session, as it is folded from evidence and stored with its lane.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    evidence::{Evidence, Owner, Signal, Stamp, Writer},
    graph::{Fact, Holder},
};
use crate::wire::{SessionId, Timestamp, UserId};

/// The form in which it is written; a newer one cannot be read.
const FORM: u32 = 1;

/// Who has the session of a lane, and how that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dispatch) struct Ownership {
    form: u32,
    pub(super) holder: Holder,
    pub(super) since: Timestamp,
    /// When the newest evidence came, on our clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<Timestamp>,
    #[serde(default)]
    pub(super) stamp: Stamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) operator: Option<UserId>,
    /// The person who owned the chat when it was seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<UserId>,
    /// Whom it was taken back from: that this one still owns the chat says nothing new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) released: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<SessionId>,
    /// A person has it because we gave it away: what was asked for until then is still said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) farewell: bool,
}

impl Ownership {
    /// What was written; the error says why it cannot be read.
    pub(in crate::dispatch) fn read(bytes: &Bytes) -> Result<Self, String> {
        let kept: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if kept.form > FORM {
            return Err(format!("it has the form {}, this program knows {FORM}", kept.form));
        }
        Ok(kept)
    }

    pub(in crate::dispatch) fn written(&self) -> Result<Bytes, serde_json::Error> {
        Ok(serde_json::to_vec(&Self { form: FORM, ..self.clone() })?.into())
    }

    /// Whether this has to be stored when `other` is: it would be another answer after a restart.
    pub(in crate::dispatch) fn differs(&self, other: &Self) -> bool {
        self.holder != other.holder
            || self.operator != other.operator
            || self.released != other.released
            || self.farewell != other.farewell
    }

    /// Whether its evidence is so much newer than what is stored that it is worth storing.
    pub(in crate::dispatch) fn is_fresher(&self, stored: Option<&Self>, span: std::time::Duration) -> bool {
        match (self.seen, stored.and_then(|stored| stored.seen)) {
            (Some(seen), Some(before)) => seen.since(before) > span,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// After one more piece of evidence.
    pub(in crate::dispatch) fn after(&self, evidence: &Evidence) -> Self {
        let later = evidence.asked && self.seen.is_some_and(|seen| seen < evidence.at);
        if !later && evidence.stamp.is_before(self.stamp) {
            return self.clone();
        }
        let mut after = self.clone();
        after.stamp = self.stamp.max(evidence.stamp);
        after.session = evidence.session.or(self.session);
        if evidence.tells() {
            after.seen = self.seen.max(Some(evidence.at));
        }
        if evidence.signal == Some(Signal::Finish) {
            after.end(evidence.at);
            return after;
        }
        let person = match evidence.owner {
            Some(Owner::Free) => {
                (after.owner, after.released) = (None, None);
                None
            }
            Some(Owner::Person(user)) => {
                after.owner = Some(user);
                Some(user).filter(|user| self.released != Some(*user))
            }
            None => None,
        };
        if evidence.signal == Some(Signal::Return) {
            after.give_back(evidence.at);
            return after;
        }
        if let Writer::Operator(user) = evidence.writer {
            after.taken(user, evidence.at);
            return after;
        }
        if let Some(user) = person {
            after.taken(user, evidence.at);
            return after;
        }
        let free = evidence.owner == Some(Owner::Free);
        // Of two events of one second nobody knows which came first, and a person is not passed over by a guess.
        let newer = later || self.stamp.is_before(evidence.stamp);
        match (self.holder, evidence.signal, evidence.writer) {
            // Who asks for people and has one keeps that one.
            (Holder::Human, Some(Signal::HandOver), _) => {}
            (Holder::Human, ..) if free && newer => after.come(Fact::ClientWrites, evidence.at),
            (Holder::Human, ..) => {}
            (_, Some(Signal::HandOver), _) => after.come(Fact::HandedOver, evidence.at),
            (_, _, Writer::Client) => after.come(Fact::ClientWrites, evidence.at),
            _ => {}
        }
        after
    }

    fn taken(&mut self, user: UserId, at: Timestamp) {
        self.come(Fact::TakenOver, at);
        self.operator = Some(user);
        (self.released, self.farewell) = (None, false);
    }

    pub(super) fn come(&mut self, fact: Fact, at: Timestamp) {
        let holder = self.holder.after(fact);
        if holder != self.holder {
            (self.holder, self.since) = (holder, at);
        }
        if holder != Holder::Human {
            self.operator = None;
            self.farewell = false;
        }
    }

    pub(super) fn end(&mut self, at: Timestamp) {
        self.come(Fact::Finished, at);
        (self.owner, self.released, self.session) = (None, None, None);
    }

    pub(super) fn give_back(&mut self, at: Timestamp) {
        self.released = self.owner.or(self.operator).or(self.released);
        self.come(Fact::Returned, at);
    }
}
