//! A campaign: who still has to get the message, and that they get it once.
//!
//! So many at a time are asked for, in an order that survives a kill at any point: first the file of results says so, then
//! the database has it, under a key that is accepted once for each campaign and user; then it is looked what came of it.
//!
//! **Trap:** what was asked for when a campaign is stopped is sent by the next start of the bot, whichever command that
//! is: up to 50 messages. Those behind them wait for `send`.

use std::time::Duration;

use openlines::{
    app::Running,
    clock::Clock,
    dispatch::{NetworkOutcome, PortalDesk},
    prelude::*,
    store::Store,
    wire::PortalKey,
};

use super::{OptOuts, Outcome, Person, Results, Row, results::written};

/// Messages that are asked for together.
pub(crate) const AT_ONCE: usize = 50;
/// How long the portal's limit lasts.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
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
    /// What would be done with each who has no final outcome: `None` if it would be sent. Changes nothing.
    pub async fn plan(
        &self,
        store: &dyn Store,
        portal: &PortalKey,
        now: Timestamp,
    ) -> Result<Vec<(&Person, Option<Row>)>, AppError> {
        let mut plan = Vec::new();
        for person in &self.people {
            let ledger = store.ledger(portal, &self.line, person.user).await.map_err(failed)?;
            let next = ledger.map(|entry| entry.at.plus(WEEK)).filter(|next| *next > now);
            let row = |outcome, why: String| Some(Row::new(person.user, outcome, now, why));
            let known = self.results.of(person.user);
            plan.push((
                person,
                match known.map(|row| row.outcome) {
                    Some(outcome) if outcome.is_final() => continue,
                    Some(Outcome::Asked) if known.is_some_and(|row| now.since(row.at()) > KEY_LIFE) => {
                        row(Outcome::Uncertain, "the campaign was stopped too long ago".into())
                    }
                    Some(Outcome::Asked) => None,
                    _ if self.opt_outs.has(portal.member.as_str(), person.user) => {
                        row(Outcome::OptedOut, String::new())
                    }
                    _ => next.and_then(|next| {
                        row(Outcome::TooEarly, format!("the next is allowed at {}", written(next)))
                    }),
                },
            ));
        }
        Ok(plan)
    }

    /// Sends it to all who are still to get it. May be dropped at any point, and run again.
    pub async fn run(
        &mut self,
        running: &Running,
        portal: &str,
        clock: &dyn Clock,
        tell: Progress<'_>,
    ) -> Result<(), AppError> {
        let desk = running
            .portal(portal)
            .ok_or_else(|| AppError::failed(format!("{portal}: the bot is not on it")))?;
        let plan = self.plan(running.store().as_ref(), desk.portal(), clock.now()).await?;
        let early = |row: &Option<Row>| row.as_ref().is_some_and(|row| row.outcome == Outcome::TooEarly);
        // Whether the portal has the limit is asked for once; each would be a call.
        let exempt = match plan.iter().find(|(_, row)| early(row)) {
            Some((person, _)) => {
                desk.network_ledger(&self.line, person.user).await.map_err(failed)?.next_allowed.is_none()
            }
            None => false,
        };
        let (mut due, mut done) = (Vec::new(), Vec::new());
        for (person, row) in plan {
            match row {
                Some(row) if !(exempt && row.outcome == Outcome::TooEarly) => done.push(row),
                _ => due.push(person.clone()),
            }
        }
        self.results.add(done)?;
        let all = self.people.len();
        let mut done = all - due.len();
        let mut settled = |more: usize| {
            done += more;
            tell(done, all);
        };
        settled(0);
        for some in due.chunks(AT_ONCE) {
            self.send(running, &desk, some, clock, &mut settled).await?;
        }
        self.results.close(&self.people)
    }

    async fn send(
        &mut self,
        running: &Running,
        desk: &PortalDesk,
        some: &[Person],
        clock: &dyn Clock,
        settled: &mut (dyn FnMut(usize) + Send),
    ) -> Result<(), AppError> {
        let (now, member) = (clock.now(), desk.portal().member.as_str());
        let known = |user| self.results.of(user).filter(|row| row.outcome == Outcome::Asked).map(Row::at);
        // Somebody may have said STOP meanwhile.
        let stopped = |one: &&Person| known(one.user).is_none() && self.opt_outs.has(member, one.user);
        let (stopped, due): (Vec<&Person>, Vec<&Person>) = some.iter().partition(stopped);
        let mut asked: Vec<_> = due.iter().map(|one| (one.user, known(one.user).unwrap_or(now))).collect();
        let rows = asked.iter().map(|(user, at)| Row::new(*user, Outcome::Asked, *at, ""));
        let rows =
            rows.chain(stopped.iter().map(|one| Row::new(one.user, Outcome::OptedOut, now, ""))).collect();
        self.results.add(rows)?;
        // Who said STOP after they were asked for may have it in the database, or not.
        let wanted = due.iter().filter(|one| !self.opt_outs.has(member, one.user));
        let messages: Vec<_> = wanted.map(|one| (one.user, Reply::text(&one.text))).collect();
        settled(stopped.len());
        desk.broadcast(&self.name, &self.line, messages).await.map_err(failed)?;
        let mut idle = std::pin::pin!(running.idle());
        let mut over = false;
        while !asked.is_empty() {
            let outcomes = desk.network_outcomes(&self.line, &asked).await.map_err(failed)?;
            let mut rows = Vec::new();
            for ((user, at), outcome) in std::mem::take(&mut asked).into_iter().zip(outcomes) {
                rows.push(match outcome {
                    Some(NetworkOutcome::Sent(at)) => Row::new(user, Outcome::Sent, at, ""),
                    Some(NetworkOutcome::Uncertain(why)) => {
                        Row::new(user, Outcome::Uncertain, clock.now(), why)
                    }
                    Some(NetworkOutcome::Refused(why)) => Row::new(user, Outcome::Refused, clock.now(), why),
                    _ if over && self.opt_outs.has(member, user) => {
                        Row::new(user, Outcome::OptedOut, clock.now(), "")
                    }
                    _ if over => Row::new(user, Outcome::Dropped, clock.now(), ""),
                    _ => {
                        asked.push((user, at));
                        continue;
                    }
                });
            }
            settled(rows.len());
            self.results.add(rows)?;
            if !asked.is_empty() {
                tokio::select! {
                    () = &mut idle => over = true,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn failed(error: impl std::fmt::Display) -> AppError {
    AppError::failed(error.to_string())
}
