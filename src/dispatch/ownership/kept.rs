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

    /// Whether who has it has it only since then.
    pub(in crate::dispatch) fn has_begun_since(&self, moment: Timestamp) -> bool {
        self.holder != Holder::Closed && self.since > moment
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::ownership::act::Act;
    use rstest::rstest;

    const IVAN: UserId = UserId::new(27);
    const PETR: UserId = UserId::new(31);

    /// Evidence of message `message`, accepted in second `message`.
    fn said(writer: Writer, owner: Option<Owner>, message: i64) -> Evidence {
        let stamp = Stamp { ts: 100, message };
        let at = Timestamp::from_seconds(message);
        Evidence { writer, owner, signal: None, stamp, at, session: None, asked: false }
    }

    fn signal(signal: Signal, message: i64) -> Evidence {
        Evidence { signal: Some(signal), ..said(Writer::Nobody, None, message) }
    }

    fn client(owner: Option<Owner>, message: i64) -> Evidence {
        said(Writer::Client, owner, message)
    }

    fn operator(message: i64) -> Evidence {
        said(Writer::Operator(IVAN), Some(Owner::Free), message)
    }

    fn after(all: impl IntoIterator<Item = Evidence>) -> Ownership {
        all.into_iter().fold(Ownership::default(), |ownership, evidence| ownership.after(&evidence))
    }

    #[rstest]
    #[case::the_bots(vec![client(Some(Owner::Free), 1)], Holder::Bot)]
    #[case::an_operator_wrote(vec![client(Some(Owner::Free), 1), operator(2)], Holder::Human)]
    #[case::a_person_owns_the_chat(vec![client(Some(Owner::Person(IVAN)), 1)], Holder::Human)]
    #[case::the_owner_says_that_it_is_the_bots_again(vec![operator(2), client(Some(Owner::Free), 3)], Holder::Bot)]
    #[case::an_event_without_an_owner_releases_nobody(vec![operator(2), client(None, 3)], Holder::Human)]
    #[case::an_overtaken_event_releases_nobody(vec![operator(2), client(Some(Owner::Free), 1)], Holder::Human)]
    #[case::an_overtaken_operator_takes_nothing(vec![client(Some(Owner::Free), 3), operator(2)], Holder::Bot)]
    #[case::the_text_0(
        vec![Evidence { signal: Some(Signal::HandOver), ..client(Some(Owner::Free), 1) }],
        Holder::Waiting
    )]
    #[case::who_has_a_person_keeps_that_one(
        vec![operator(1), Evidence { signal: Some(Signal::HandOver), ..client(Some(Owner::Free), 2) }],
        Holder::Human
    )]
    #[case::it_waits_while_nobody_comes(
        vec![Evidence { signal: Some(Signal::HandOver), ..client(None, 1) }, client(Some(Owner::Free), 2)],
        Holder::Waiting
    )]
    #[case::it_is_over(vec![operator(1), signal(Signal::Finish, 0)], Holder::Closed)]
    #[case::a_new_one_begins(vec![operator(1), signal(Signal::Finish, 0), client(None, 2)], Holder::Bot)]
    fn evidence_makes_the_holder(#[case] all: Vec<Evidence>, #[case] holder: Holder) {
        assert_eq!(after(all).holder, holder);
    }

    #[test]
    fn in_one_second_without_message_ids_a_person_is_not_passed_over() {
        let press =
            |owner| Evidence { stamp: Stamp { ts: 100, message: 0 }, ..said(Writer::Nobody, Some(owner), 5) };
        let human = after([press(Owner::Person(IVAN))]);
        assert_eq!(human.after(&press(Owner::Free)).holder, Holder::Human);
        let later = Evidence { stamp: Stamp { ts: 101, message: 0 }, ..press(Owner::Free) };
        assert_eq!(human.after(&later).holder, Holder::Bot);
    }

    #[test]
    fn an_answer_of_the_portal_is_newer_than_what_had_come_in_when_it_was_asked() {
        let human = after([operator(7)]);
        let answer = |seconds| Evidence {
            asked: true,
            at: Timestamp::from_seconds(seconds),
            stamp: Stamp { ts: 0, message: 6 },
            ..said(Writer::Nobody, Some(Owner::Free), 0)
        };
        assert_eq!(human.after(&answer(8)).holder, Holder::Bot);
        assert_eq!(human.after(&answer(7)).holder, Holder::Human, "the operator came while it was asked");
    }

    #[test]
    fn taken_back_the_same_owner_says_nothing_new_and_another_or_a_word_does() {
        let taken = after([client(Some(Owner::Person(IVAN)), 1)]);
        let back = taken.acted(Act::TakeBack, Stamp { ts: 100, message: 2 }, Timestamp::from_seconds(2));
        assert_eq!(back.holder, Holder::Bot);
        let same = back.after(&client(Some(Owner::Person(IVAN)), 3));
        assert_eq!(same.holder, Holder::Bot);
        assert_eq!(same.seen, Some(Timestamp::from_seconds(3)), "and that is evidence");
        assert_eq!(same.after(&client(Some(Owner::Person(PETR)), 4)).holder, Holder::Human);
        assert_eq!(same.after(&operator(4)).holder, Holder::Human);
        let gone = same.after(&client(Some(Owner::Free), 4)).after(&client(Some(Owner::Person(IVAN)), 5));
        assert_eq!(gone.holder, Holder::Human, "who went and came again has it anew");
        assert_eq!(back.after(&operator(1)).holder, Holder::Bot, "what was before is past");
    }

    #[test]
    fn a_transfer_lets_the_bot_finish_its_words_until_the_person_is_seen() {
        let now = Timestamp::from_seconds(9);
        let given = after([client(Some(Owner::Free), 1)]).acted(Act::Transfer(IVAN), Stamp::default(), now);
        assert_eq!((given.holder, given.operator, given.since), (Holder::Human, Some(IVAN), now));
        assert!(given.farewell);
        assert!(!given.after(&client(Some(Owner::Person(IVAN)), 2)).farewell);
    }

    #[test]
    fn what_is_written_reads_back_and_a_newer_form_is_an_error() {
        let kept = after([client(Some(Owner::Person(IVAN)), 7)]);
        let read = Ownership::read(&kept.written().unwrap()).unwrap();
        assert_eq!(Ownership { form: 0, ..read.clone() }, kept);
        assert!(!kept.differs(&read));
        assert!(
            Ownership::read(&Bytes::from_static(b"{\"form\":2,\"holder\":\"bot\",\"since\":0}")).is_err()
        );
        for bytes in [&b""[..], b"{", b"\xff", b"[]", b"{\"form\":1,\"holder\":\"king\",\"since\":0}"] {
            assert!(Ownership::read(&Bytes::from_static(bytes)).is_err());
        }
    }
}
