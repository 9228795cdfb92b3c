//! A campaign: who still has to get the message, and that they get it once.
//!
//! So many at a time are asked for, in an order that survives a kill at any point: first the file of results says so, then
//! the database has it, under a key that is accepted once for each campaign and user; then it is looked what came of it.
//!
//! **Trap:** what was asked for when a campaign is stopped is sent by the next start of the bot, whichever command that
//! is: up to 50 messages. Those behind them wait for `send`.

use std::time::Duration;

use openlines::{
    dispatch::{NetworkOutcome, PortalDesk},
    prelude::*,
    wire::PortalKey,
};

use super::{OptOuts, Outcome, Person, Results, Row};

/// Messages that are asked for together.
const AT_ONCE: usize = 50;
/// The database forgets that something was asked for after 31 days.
const KEY_LIFE: Duration = Duration::from_secs(30 * 86_400);
/// Between two looks at what came of it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Is told of each step: how many of all are done.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Send + Sync);

/// Everything of one campaign.
#[derive(Debug)]
pub struct Campaign {
    /// Its name, which is part of the key of each message.
    pub name: String,
    /// Code of the network line.
    pub line: String,
    /// Whom it is for.
    pub people: Vec<Person>,
    /// What became of it so far.
    pub results: Results,
    /// Who wants none.
    pub opt_outs: OptOuts,
}

impl Campaign {
    /// Who has no final outcome yet.
    pub fn open(&self) -> Vec<Person> {
        let is_final = |user| self.results.of(user).is_some_and(|row| row.outcome.is_final());
        self.people.iter().filter(|one| !is_final(&one.user)).cloned().collect()
    }

    /// Parts those of whom there is something to tell from those who are still to get it, by what their messages have come
    /// to, or would come to.
    pub fn part(
        &self,
        portal: &PortalKey,
        people: Vec<Person>,
        outcomes: Vec<NetworkOutcome>,
        now: Timestamp,
    ) -> (Vec<Row>, Vec<Person>) {
        let (mut told, mut left) = (Vec::new(), Vec::new());
        for (one, outcome) in people.into_iter().zip(outcomes) {
            let row = |outcome, why| Row::new(one.user, outcome, now, why);
            let unasked = matches!(outcome, NetworkOutcome::Due | NetworkOutcome::TooEarly(_));
            told.push(match outcome {
                NetworkOutcome::Sent(at) => Row::new(one.user, Outcome::Sent, at, String::new()),
                NetworkOutcome::Uncertain(why) => row(Outcome::Uncertain, why),
                NetworkOutcome::Refused(why) => row(Outcome::Refused, why),
                NetworkOutcome::Dropped => row(Outcome::Dropped, String::new()),
                // It was, so long ago that the database has forgotten it.
                _ if unasked && self.asked(one.user).is_some_and(|at| now.since(at) > KEY_LIFE) => {
                    row(Outcome::Uncertain, "the campaign was stopped too long ago".into())
                }
                _ if unasked && self.opt_outs.has(portal.member.as_str(), one.user) => {
                    row(Outcome::OptedOut, String::new())
                }
                NetworkOutcome::TooEarly(next) => {
                    row(Outcome::TooEarly, format!("the next is allowed at {next}"))
                }
                _ => {
                    left.push(one);
                    continue;
                }
            });
        }
        (told, left)
    }

    /// Sends it to all who are still to get it. May be dropped at any point, and run again.
    pub async fn run(&mut self, desk: &PortalDesk, tell: Progress<'_>) -> Result<(), AppError> {
        let all = self.people.len();
        let due = self.look(desk, self.open()).await?;
        let mut done = all - due.len();
        tell(done, all);
        for some in due.chunks(AT_ONCE) {
            // Somebody may have said STOP meanwhile.
            let mut left = self.look(desk, some.to_vec()).await?;
            let new = left.iter().filter(|one| self.asked(one.user).is_none());
            let asked =
                new.map(|one| Row::new(one.user, Outcome::Asked, desk.now(), String::new())).collect();
            self.results.add(asked)?;
            let messages = left.iter().map(|one| (one.user, Reply::text(&one.text)));
            desk.broadcast(&self.name, &self.line, messages).await?;
            done += some.len();
            while !left.is_empty() {
                tell(done - left.len(), all);
                tokio::time::sleep(LOOK_EVERY).await;
                left = self.look(desk, left).await?;
            }
            tell(done, all);
        }
        self.results.tidy(self.people.iter().map(|one| one.user))
    }

    /// Writes down what there is to tell of these; who is still to get it.
    async fn look(&mut self, desk: &PortalDesk, people: Vec<Person>) -> Result<Vec<Person>, AppError> {
        let users = people.iter().map(|one| one.user);
        let outcomes = desk.network_outcomes(&self.name, &self.line, users).await?;
        let (told, left) = self.part(desk.portal(), people, outcomes, desk.now());
        self.results.add(told)?;
        Ok(left)
    }

    /// When it was asked for, if that is the last that the file says.
    fn asked(&self, user: UserId) -> Option<Timestamp> {
        let row = self.results.of(&user).filter(|row| row.outcome == Outcome::Asked)?;
        Some(row.when.parse().unwrap_or_default())
    }
}
