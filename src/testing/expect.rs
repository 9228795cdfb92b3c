//! What is expected of the bot.

use std::fmt::Debug;

use super::{
    Conversation,
    sent::{Said, Sent, plain},
};
use crate::{
    dispatch::{DialogState, state_in, states_in},
    store::{InboxEntry, InboxItem, InboxState},
};

/// Entries of the inbox that are looked at; a conversation has few.
const MANY: u32 = 1_000;

impl Conversation {
    /// The next message of the bot that no expectation has seen is this text, with its BB code. The marks that
    /// [`literal`](crate::message::literal()) puts into user text may be left out.
    #[track_caller]
    pub fn expect(&mut self, text: impl AsRef<str>) -> &mut Self {
        let wanted = text.as_ref();
        let said = self.next(&format!("that the bot says\n    {wanted}"));
        if said.text != wanted && said.shown() != plain(wanted) {
            let said = said.shown();
            self.fail(&format!("expected that the bot says\n    {wanted}\nbut it said\n    {said}"));
        }
        self
    }

    /// The next message of the bot has this in its text.
    #[track_caller]
    pub fn expect_containing(&mut self, part: impl AsRef<str>) -> &mut Self {
        let part = part.as_ref();
        let said = self.next(&format!("that the bot says something with\n    {part}"));
        if !said.text.contains(part) && !said.shown().contains(&plain(part)) {
            let said = said.shown();
            self.fail(&format!(
                "expected that the bot says something with\n    {part}\nbut it said\n    {said}"
            ));
        }
        self
    }

    /// The bot has said nothing that no expectation has seen.
    #[track_caller]
    pub fn expect_nothing(&mut self) -> &mut Self {
        if let Some(said) = self.unseen(|sent| sent.said().cloned()) {
            let said = said.shown();
            self.fail(&format!("expected that the bot says nothing more, but it said\n    {said}"));
        }
        self
    }

    /// The bot's last message that was expected has just these buttons.
    #[track_caller]
    pub fn expect_buttons<L: AsRef<str>>(&mut self, labels: impl IntoIterator<Item = L>) -> &mut Self {
        let wanted: Vec<String> = labels.into_iter().map(|label| label.as_ref().to_owned()).collect();
        let last = self.last_seen();
        let has: Option<Vec<String>> =
            last.map(|said| said.buttons.into_iter().map(|button| button.label).collect());
        match has {
            None => self.fail("no message was expected yet whose buttons could be looked at"),
            Some(has) if has != wanted => {
                self.fail(&format!("expected the buttons {wanted:?}, but the message has {has:?}"))
            }
            Some(_) => self,
        }
    }

    /// The next message of the bot is a menu: the prompt, and these labels as buttons or as numbered text, whichever the
    /// channel shows.
    #[track_caller]
    pub fn expect_menu<L: AsRef<str>>(
        &mut self,
        prompt: impl AsRef<str>,
        labels: impl IntoIterator<Item = L>,
    ) -> &mut Self {
        let prompt = prompt.as_ref();
        let wanted: Vec<String> = labels.into_iter().map(|label| label.as_ref().to_owned()).collect();
        let said = self.next(&format!("the menu\n    {prompt} {wanted:?}"));
        let shown = said.shown();
        let has: Vec<String> = match said.buttons.is_empty() {
            false => said.buttons.iter().map(|button| button.label.clone()).collect(),
            true => shown.lines().filter_map(numbered).map(str::to_owned).collect(),
        };
        if has != wanted || !shown.starts_with(&plain(prompt)) {
            self.fail(&format!(
                "expected the menu\n    {prompt} {wanted:?}\nbut the bot said\n    {shown}\nwith the answers {has:?}"
            ));
        }
        self
    }

    /// The bot handed the session over to people, and no expectation has seen that.
    #[track_caller]
    pub fn expect_hand_over(&mut self) -> &mut Self {
        if self.see(|sent| (*sent == Sent::HandOver).then_some(())).is_none() {
            self.fail("expected that the bot hands over, and it did not");
        }
        self
    }

    /// The dialogue stands here.
    #[track_caller]
    pub fn expect_state<S: DialogState + PartialEq + Debug>(&mut self, state: S) -> &mut Self {
        let is = self.state::<S>();
        if is != state {
            self.fail(&format!("expected the state\n    {state:?}\nbut the dialogue is in\n    {is:?}"));
        }
        self
    }

    /// Where the dialogue stands; the fallback of the type if it never went anywhere.
    #[track_caller]
    pub fn state<S: DialogState>(&self) -> S {
        let records = self.world.portal.ledger().records();
        let key = format!("{}/{}", self.code, S::NAME);
        let record = records.iter().find(|record| states_in(record).contains_key(&key));
        match record.map(|record| state_in::<S>(record, &self.code)) {
            None => S::fallback(),
            Some(Ok(state)) => state,
            Some(Err(why)) => self.fail(&format!("the stored state cannot be read: {why}")),
        }
    }

    /// An event is parked, with an error that has this in it.
    #[track_caller]
    pub fn expect_parked(&mut self, error: &str) -> &mut Self {
        let is_parked = |entry: &InboxEntry| entry.state == InboxState::Parked && entry.error.contains(error);
        if !self.inbox(None).iter().any(is_parked) {
            self.fail(&format!("expected that an event is parked with an error that has `{error}` in it"));
        }
        self
    }

    /// Something the bot asked for was refused by the portal, or was perhaps sent, with an error that has this in it.
    #[track_caller]
    pub fn expect_unsent(&mut self, error: &str) -> &mut Self {
        let is_unsent =
            |entry: &InboxEntry| matches!(entry.item, InboxItem::Call(_)) && entry.error.contains(error);
        if !self.inbox(None).iter().any(is_unsent) {
            self.fail(&format!("expected that a call is shown with an error that has `{error}` in it"));
        }
        self
    }

    /// What needs a person: parked events, calls refused or perhaps made.
    pub(super) fn inbox(&self, state: Option<InboxState>) -> Vec<InboxEntry> {
        self.world.run(self.world.store.inbox(state, MANY)).unwrap_or_default()
    }

    /// The inbox and what is being tried again, in words.
    pub(super) fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        for entry in self.inbox(None) {
            let InboxEntry { state, what, error, .. } = entry;
            troubles.push(match state {
                InboxState::Parked => format!("{what} is parked: {error}"),
                InboxState::Uncertain => format!("{what} was perhaps carried out: {error}"),
                _ => format!("{what} was refused: {error}"),
            });
        }
        for entry in self.inbox(Some(InboxState::Pending)) {
            let InboxEntry { what, error, attempts, .. } = entry;
            troubles
                .push(format!("{what} waits for its next try, `after` a while: {attempts} failed, {error}"));
        }
        troubles
    }

    #[track_caller]
    fn next(&mut self, wanted: &str) -> Said {
        match self.see(|sent| sent.said().cloned()) {
            Some(said) => said,
            None => self.fail(&format!("expected {wanted}\nbut it said nothing more")),
        }
    }

    fn last_seen(&self) -> Option<Said> {
        let ledger = self.world.portal.ledger();
        let seen = ledger.sent.iter().rev().filter(|(_, seen)| *seen);
        seen.filter_map(|(sent, _)| sent.said()).next().cloned()
    }

    fn unseen<T>(&self, pick: impl Fn(&Sent) -> Option<T>) -> Option<T> {
        let ledger = self.world.portal.ledger();
        ledger.sent.iter().filter(|(_, seen)| !seen).find_map(|(sent, _)| pick(sent))
    }

    /// The first unseen effect that `pick` takes; now it is seen.
    fn see<T>(&mut self, pick: impl Fn(&Sent) -> Option<T>) -> Option<T> {
        let mut ledger = self.world.portal.ledger();
        ledger.sent.iter_mut().filter(|(_, seen)| !*seen).find_map(|(sent, seen)| {
            let picked = pick(sent)?;
            *seen = true;
            Some(picked)
        })
    }
}

/// The label of a line of a numbered menu.
fn numbered(line: &str) -> Option<&str> {
    let (number, label) = line.split_once(". ")?;
    number.bytes().all(|digit| digit.is_ascii_digit()).then_some(label)
}
