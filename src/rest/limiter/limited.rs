//! Keeps a portal's rate.

use std::{borrow::Cow, collections::BTreeSet, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;

use super::{
    LevelKeeper, Limits, Operating, Slots, Told,
    portals::Portals,
    turnstile::{Meter, Report, TurnedAway},
};
use crate::{
    clock::Clock,
    rest::{Api, Call, CallError, CallErrorKind},
    wire::Timestamp,
};

/// How long a method over its operating limit waits when the portal does not say.
const OPERATING_WAIT: Duration = Duration::from_secs(30);

const OVER_OPERATING: &str = "OPERATION_TIME_LIMIT";

/// Keeps what every portal allows: a call waits for a slot of its own and goes out when the portal has room. First come,
/// first served within a [`CallPriority`](super::CallPriority). All applications on one portal share its bucket.
///
/// A refusal by the portal's limit was not executed: the call goes back to the head of the line and is made again. A
/// dropped call leaves the line. A method slows down before it reaches its operating limit, by what answers tell of it
/// ([`Call::tell`]); over the limit it waits until the oldest of what was spent is forgotten. A batch is one call for
/// the rate, and each of its calls counts for its method.
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use openlines::{
///     clock::ManualClock,
///     rest::{Api, Call, CallError, CallPriority, Limited, Limits},
///     wire::PortalKey,
/// };
/// use serde_json::{Value, json};
///
/// struct Echo;
///
/// #[async_trait]
/// impl Api for Echo {
///     async fn call(&self, call: Call) -> Result<Value, CallError> {
///         Ok(json!(call.method))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), CallError> {
/// let portal = PortalKey::new("app", "7c1f");
/// let api = Limited::new(Echo, Limits::standard(), Arc::new(ManualClock::at_seconds(1_773_682_918)));
/// let free = api.slots().free(&portal.member);
/// let answer = api.call(Call::new(portal.clone(), "profile", json!({})).priority(CallPriority::Bulk)).await?;
/// assert_eq!(answer, "profile");
/// assert_eq!(api.slots().free(&portal.member), free - 1);
/// # Ok(())
/// # }
/// ```
///
/// **Trap:** it knows of its own calls only. Whatever else calls the portal from the same address uses the same
/// bucket, and shows here as refusals that are waited out.
pub struct Limited<A> {
    inner: A,
    portals: Arc<Portals>,
}

impl<A: Api> Limited<A> {
    /// Limits the calls of `inner`.
    pub fn new(inner: A, limits: Limits, clock: Arc<dyn Clock>) -> Self {
        Self { inner, portals: Arc::new(Portals::new(limits, clock, None)) }
    }

    /// Keeps levels across restarts. [`Slots::save`] saves the last of them.
    #[must_use]
    pub fn keeper(self, keeper: Arc<dyn LevelKeeper>) -> Self {
        Self { portals: Arc::new(self.portals.with(keeper)), inner: self.inner }
    }

    /// What is known of portals, also after this has moved into something around it. Ask for it after
    /// [`keeper`](Self::keeper).
    pub fn slots(&self) -> Slots {
        Slots(Arc::clone(&self.portals))
    }

    /// Waits for `what`, but not beyond the deadline.
    async fn within<F: Future>(
        &self,
        deadline: Option<Timestamp>,
        call: &Call,
        what: F,
    ) -> Result<F::Output, CallError> {
        let Some(deadline) = deadline else { return Ok(what.await) };
        tokio::select! {
            biased;
            done = what => Ok(done),
            () = self.portals.clock.sleep_until(deadline) => {
                Err(CallError::new(CallErrorKind::Limited, call.method.clone())
                    .describe("it waited for the portal's limit until its deadline and was not sent"))
            }
        }
    }
}

#[async_trait]
impl<A: Api> Api for Limited<A> {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let clock = &*self.portals.clock;
        let turnstile = self.portals.turnstile(&call.portal.member);
        let deadline = self.portals.limits().deadline.map(|span| clock.now().plus(span));
        let mut place = turnstile.join(call.priority, meters(&call), !call.unheld, clock);
        self.within(deadline, &call, self.portals.open(&call.portal.member, &turnstile)).await?;
        loop {
            if let Err(turned_away) = self.within(deadline, &call, place.pass()).await? {
                return Err(held_up(turned_away, clock.now()));
            }
            self.portals.sent();
            let told = Told::default();
            let result = self.inner.call(call.clone().telling(told.clone())).await;
            match &result {
                Err(error) if error.kind() == CallErrorKind::Limited => {
                    tracing::debug!(portal = %call.portal, method = %call.method, %error, "waiting for the portal's limit");
                    if error.is(OVER_OPERATING) && call.unheld {
                        place.answered(&over(&call, told.take(), error.retry_after()));
                        return result;
                    } else if error.is(OVER_OPERATING) {
                        place.over_operating(&over(&call, told.take(), error.retry_after()));
                    } else {
                        place.overflowed(error.retry_after());
                    }
                }
                Err(error) if error.kind() == CallErrorKind::Withheld => {
                    place.withheld();
                    return result;
                }
                _ => {
                    place.answered(&report(&call, &result, told.take()));
                    return result;
                }
            }
        }
    }
}

impl<A: fmt::Debug> fmt::Debug for Limited<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited")
            .field("inner", &self.inner)
            .field("limits", self.portals.limits())
            .finish_non_exhaustive()
    }
}

fn key(method: &str) -> Box<str> {
    method.to_ascii_lowercase().into()
}

/// What its operating time is counted by. A batch itself is exempt.
fn meters(call: &Call) -> Arc<[Meter]> {
    let app = || call.portal.app.clone();
    if !is_batch(call) {
        return Arc::new([(app(), key(&call.method))]);
    }
    let methods: BTreeSet<Box<str>> = commands(call).map(|(_, method)| key(method)).collect();
    methods.into_iter().map(|method| (app(), method)).collect()
}

fn is_batch(call: &Call) -> bool {
    call.method.eq_ignore_ascii_case("batch")
}

/// Names and methods of the commands of a batch.
fn commands(call: &Call) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let (map, list) = match &call.params["cmd"] {
        Value::Object(map) => (Some(map), None),
        Value::Array(list) => (None, Some(list)),
        _ => (None, None),
    };
    let named = map.into_iter().flatten().map(|(name, command)| (Cow::Borrowed(name.as_str()), command));
    let counted =
        list.into_iter().flatten().enumerate().map(|(at, command)| (at.to_string().into(), command));
    named.chain(counted).filter_map(|(name, command)| {
        let command = command.as_str()?;
        Some((name, command.split_once('?').map_or(command, |(method, _)| method)))
    })
}

/// What a call hears that would have to wait for its method, as if the portal had said it.
fn held_up(TurnedAway { method, until }: TurnedAway, now: Timestamp) -> CallError {
    CallError::new(CallErrorKind::Limited, String::from(method))
        .code_of_portal(OVER_OPERATING)
        .describe("it was not sent: the method has to wait for its operating limit")
        .retry_after_of_portal(until.since(now))
}

fn over(call: &Call, told: Option<Operating>, wait: Option<Duration>) -> Report {
    let mut report = Report::default();
    report.told.extend(told.map(|told| (key(&call.method), told)));
    report.over.insert(key(&call.method), wait.unwrap_or(OPERATING_WAIT));
    report
}

/// What an answer says of the methods called.
fn report(call: &Call, result: &Result<Value, CallError>, told: Option<Operating>) -> Report {
    let mut report = Report { done: result.is_ok(), ..Report::default() };
    if !is_batch(call) {
        report.told.extend(told.map(|told| (key(&call.method), told)));
        return report;
    }
    let Ok(answer) = result else { return report };
    for (name, method) in commands(call) {
        if let Some(told) = part(&answer["result_time"], &name).and_then(Operating::of_time) {
            let known = report.told.entry(key(method)).or_insert(told);
            if known.spent() < told.spent() {
                *known = told;
            }
        }
        let error = part(&answer["result_error"], &name).and_then(|error| error.get("error")?.as_str());
        if error.is_some_and(|error| error.eq_ignore_ascii_case(OVER_OPERATING)) {
            report.over.insert(key(method), OPERATING_WAIT);
        }
    }
    report
}

/// A map with keys from 0 on arrives as a list.
fn part<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    match of {
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        _ => of.get(name),
    }
}
